package bank_test

import (
	"errors"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// FuzzSimulate feeds any bytes to the decoder and, unsigned, to the programs: whatever comes, the ledger
// answers and does not change.
func FuzzSimulate(f *testing.F) {
	v := newVault(f, bank.Reference, plainTerms(), investors(3))
	f.Add([]byte{})
	f.Add(v.raw(v.call(0, 3)))
	v.lookup = false
	f.Add(v.raw(v.call(0, 2)))
	f.Add(v.build([]solana.Instruction{transfer(v.payer.PublicKey(), pub("to"), sol), memo("x"), limit(5)}, nil))
	me := v.payer.PublicKey()
	_, create := createATA(me, pub("new"), v.quote)
	f.Add(v.build([]solana.Instruction{create, tokenTransfer(v.payees[0].ATA, v.payees[1].ATA, me, 1)}, nil))
	f.Add(v.build([]solana.Instruction{lookupIx(0, append(le64(nil, 1), 255), rw(pub("t")), ros(me), rws(me), ro(solana.SystemProgramID))}, nil))
	before := dump(v.world, []string{"payer", "to"})
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := v.b.Simulate(raw, bank.SimulateOptions{ReplaceBlockhash: true})
		var reject *bank.RejectError
		require.True(t, err == nil || errors.As(err, &reject))
		if r.Err != nil {
			require.NotEmpty(t, failure(t, r.Err))
		}
		require.NotEqual(t, `"UnbalancedTransaction"`, failure(t, r.Err))
		_, err = v.b.Submit(raw, bank.SubmitOptions{DelaySlots: 1 << 40})
		require.True(t, err == nil || errors.As(err, &reject))
		_, _ = v.b.FeeForMessage(raw)
		require.Equal(t, before, dump(v.world, []string{"payer", "to"}))
	})
}
