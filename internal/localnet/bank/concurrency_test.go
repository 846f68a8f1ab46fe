package bank_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

func TestBank_MayBeUsedByManyAtOnce(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(20))
	v.lookup = false
	page := v.raw(v.call(0, 5))
	raws := make([][]byte, 40)
	for i := range raws {
		raws[i] = v.build([]solana.Instruction{memo(fmt.Sprint(i)), transfer(v.payer.PublicKey(), pub("to"), sol)}, nil)
	}
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := worker; i < len(raws); i += 4 {
				if _, err := v.b.Submit(raws[i], bank.SubmitOptions{}); err != nil {
					t.Errorf("submit %d: %v", i, err)
				}
				if _, err := v.b.Simulate(page, bank.SimulateOptions{}); err != nil {
					t.Errorf("simulate: %v", err)
				}
				v.b.ProduceSlot()
				v.b.ProgramAccounts(streamflow.ProgramMainnet, bank.Confirmed)
				v.b.SetAccount(pub(fmt.Sprint("w", i)), bank.Account{Lamports: 1, Owner: streamflow.ProgramMainnet})
				v.b.RegisterVault(v.spec)
				v.b.PriorityFees(nil)
				v.b.SignaturesFor(pub("to"), solana.Signature{}, solana.Signature{}, 5, bank.Processed)
			}
		})
	}
	wg.Wait()
	v.b.ProduceSlot()
	require.EqualValues(t, 40*sol, v.lamports(pub("to")), "each landed once")
}

func TestRegisterVault_ChangesTheListFromTheNextOpeningOn(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(4))
	v.page(0, 2)
	shorter := v.spec
	shorter.Streams = v.spec.Streams[:1]
	v.b.RegisterVault(shorter)
	require.Equal(t, []bank.VaultSpec{shorter}, v.b.Vaults())
	v.page(2, 2)
	require.True(t, v.progress().DayComplete)
	require.NotZero(t, v.paid("r3"))
}

func TestRegisterVault_AStreamMintMayDifferFromTheQuoteMint(t *testing.T) {
	v := newVault(t, bank.Reference, plainTerms(), investors(2))
	for _, key := range v.spec.Streams {
		a, _ := v.b.Account(key, bank.Processed)
		s, err := streamflow.Decode(a.Data)
		require.NoError(t, err)
		s.Mint = pub("project token")
		v.owned(key, s.Encode(), streamflow.ProgramMainnet)
	}
	v.page(0, 2)
	require.False(t, v.progress().DayComplete, "no stream is valid for the quote mint")
	v.spec.StreamMint = pub("project token")
	v.b.RegisterVault(v.spec)
	v.b.AdvanceClock(24 * time.Hour)
	v.accrue(0, 1_000_000)
	v.page(0, 2)
	require.True(t, v.progress().DayComplete)
}

func TestOptions_ChooseTheInstalledRouters(t *testing.T) {
	custom := pub("my router")
	w := &world{t: t, b: bank.New(bank.Options{Programs: map[solana.PublicKey]bool{custom: true}}), payer: key("payer")}
	w.fund("payer", sol)
	for id, want := range map[solana.PublicKey]string{
		custom: `{"InstructionError":[0,{"Custom":101}]}`, router.ProgramDevnet: `"ProgramAccountNotFound"`,
	} {
		require.Equal(t, want, failure(t, w.run([]solana.Instruction{ix(id, make([]byte, 8))}).Err))
	}
}
