package bank_test

import (
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

func BenchmarkProduceSlot_Idle(b *testing.B) {
	v := newVault(b, bank.Reference, plainTerms(), investors(10_000))
	for b.Loop() {
		v.b.ProduceSlot()
	}
}

func BenchmarkSubmitAndLand_Transfer(b *testing.B) {
	v := newVault(b, bank.Reference, plainTerms(), investors(10_000))
	raws := make([][]byte, 100)
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		if i%100 == 0 {
			b.StopTimer()
			for j := range raws {
				raws[j] = v.build([]solana.Instruction{price(uint64(i + j)), transfer(v.payer.PublicKey(), pub("to"), sol/1000)}, nil)
			}
			v.fund("payer", 1000*sol)
			b.StartTimer()
		}
		_, err := v.b.Submit(raws[i%100], bank.SubmitOptions{})
		require.NoError(b, err)
		if i%100 == 99 {
			require.Len(b, v.b.ProduceSlot().Executed, 100)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
}

func BenchmarkSimulate_PageOf25Pairs(b *testing.B) {
	v := newVault(b, bank.Reference, plainTerms(), investors(100))
	v.page(0, 25)
	raw := v.raw(v.call(25, 25))
	for b.Loop() {
		r, err := v.b.Simulate(raw, bank.SimulateOptions{SigVerify: true})
		require.NoError(b, err)
		require.Nil(b, r.Err)
	}
}

func BenchmarkSimulate_OpeningWith10000Streams(b *testing.B) {
	v := newVault(b, bank.Reference, plainTerms(), investors(10_000))
	raw := v.raw(v.call(0, 25))
	for b.Loop() {
		r, err := v.b.Simulate(raw, bank.SimulateOptions{})
		require.NoError(b, err)
		require.Nil(b, r.Err)
	}
}

func BenchmarkProgramAccounts_10000Streams(b *testing.B) {
	v := newVault(b, bank.Reference, plainTerms(), investors(10_000))
	for b.Loop() {
		require.Len(b, v.b.ProgramAccounts(streamflow.ProgramMainnet, bank.Confirmed), 10_000)
	}
}
