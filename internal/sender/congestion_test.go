package sender_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/gagliardetto/solana-go"
	computebudget "github.com/gagliardetto/solana-go/programs/compute-budget"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
	"github.com/meteora-fee-router/feeops/internal/sender"
)

const (
	spamUnits   = 300_000    // Exactly what one of crowd's transactions uses.
	accountRoom = 12_000_000 // Compute units of a block for one writable account.
)

// crowd queues what fills the fee payer's account in so many slots to the last compute unit, at a price in
// micro-lamports per unit. The page writes the same account.
func (w *world) crowd(slots int, price uint64) {
	hash, _ := w.node.Bank().LatestBlockhash(bank.Confirmed)
	for n := range slots * accountRoom / spamUnits {
		list := []solana.Instruction{
			computebudget.NewSetComputeUnitLimitInstruction(spamUnits).Build(),
			computebudget.NewSetComputeUnitPriceInstruction(price).Build(),
		}
		// Both above use 150 units; 50 memos use 5,000 each and 100 for each of 497 bytes.
		for i := range 50 {
			text := fmt.Sprintf("%010d", n)
			if i < 3 {
				text = text[1:]
			}
			list = append(list, solana.NewInstruction(solana.MemoProgramID, nil, []byte(text)))
		}
		tx, err := solana.NewTransaction(list, hash, solana.TransactionPayer(w.vault.Payer.PublicKey()))
		require.NoError(w.t, err)
		_, err = tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &w.vault.Payer })
		require.NoError(w.t, err)
		raw, err := tx.MarshalBinary()
		require.NoError(w.t, err)
		_, err = w.node.Bank().Submit(raw, bank.SubmitOptions{})
		require.NoError(w.t, err)
	}
}

func TestLocalnet_AfterAnExpiryTheHigherOfferGetsIntoACrowdedSlot(t *testing.T) {
	const slots, price = 4, 1_500
	t.Run("without one it waits behind the crowd", func(t *testing.T) {
		w := newWorld(t, localnet.VaultSpec{})
		w.crowd(slots, price)
		got, err := w.s.Send(t.Context(), w.page(0))
		require.NoError(t, err)
		require.GreaterOrEqual(t, got.Slot, got.SentSlot+slots)
	})
	t.Run("with one it goes first", func(t *testing.T) {
		w := newWorld(t, localnet.VaultSpec{}, localnet.Fault{Name: faults.Drop})
		w.node.SetFault(localnet.Fault{Name: faults.Drop})
		first, err := w.s.Send(t.Context(), w.page(0))
		require.Equal(t, sender.CodeExpired, fault.CodeOf(err), "%v", err)
		w.node.ClearFaults()

		w.restart() // The offer rises although another process makes it.
		w.crowd(slots, price)
		got, err := w.s.Send(t.Context(), w.page(0))
		require.NoError(t, err)
		require.LessOrEqual(t, got.Slot, got.SentSlot+1)
		before, after := w.intent(first.Signature), w.intent(got.Signature)
		require.Zero(t, before.UnitPrice, "nobody had paid for the accounts lately")
		require.Equal(t, uint64(2_000), after.UnitPrice)
		require.Greater(t, got.Fee, uint64(5_000))

		_, err = w.s.Send(t.Context(), w.page(pageSize))
		require.NoError(t, err)
		list, err := w.store.Attempts(t.Context(), w.vault.ID, "2026-01-01", fmt.Sprintf("page/%d", pageSize))
		require.NoError(t, err)
		require.Less(t, list[0].UnitPrice, uint64(2_000), "another page does not inherit it")
	})
}

func (w *world) intent(sig string) domain.Intent {
	i, found, err := w.store.Intent(w.t.Context(), sig)
	require.NoError(w.t, err)
	require.True(w.t, found)
	return i
}

func TestLocalnet_TheEscalatedOfferStopsAtBothCaps(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts sender.Options
		want uint64
	}{
		{"price", sender.Options{MaxUnitPrice: 1_700}, 1_700},
		// 5 investors of 12,000 units and 30,000, two budget instructions of 150, 15 % and 300: 104,145 units for 100 lamports.
		{"fee of the transaction", sender.Options{MaxUnitPrice: 1_000_000, MaxFeeLamports: 5_100}, 960},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, localnet.VaultSpec{}, localnet.Fault{Name: faults.Drop})
			w.node.SetFault(localnet.Fault{Name: faults.Drop})
			tt.opts.Now, tt.opts.Sleep = w.Now, w.Sleep
			w.s = sender.New(w.pool, w.store, w.key, w.gate, tt.opts)
			_, err := w.s.Send(t.Context(), w.page(0))
			require.Equal(t, sender.CodeExpired, fault.CodeOf(err), "%v", err)
			w.node.ClearFaults()
			got, err := w.s.Send(t.Context(), w.page(0))
			require.NoError(t, err)
			require.Equal(t, tt.want, w.intent(got.Signature).UnitPrice)
		})
	}
}

// cheapView is an endpoint whose simulation saw the accounts when they cost less.
type cheapView struct {
	*chain.Pool
	units uint64
}

func (v cheapView) Simulate(ctx context.Context, raw []byte, accounts []solana.PublicKey) (chain.SimResult, error) {
	r, err := v.Pool.Simulate(ctx, raw, accounts)
	r.Units = min(r.Units, v.units)
	return r, err
}

func TestLocalnet_TooLowAComputeLimitGrowsUntilItSuffices(t *testing.T) {
	w := newWorld(t, localnet.VaultSpec{})
	w.s = sender.New(cheapView{w.pool, 50_000}, w.store, w.key, w.gate, sender.Options{Now: w.Now, Sleep: w.Sleep})
	var used []uint64
	for range 2 {
		got, err := w.s.Send(t.Context(), w.page(0))
		require.Equal(t, sender.CodeMoreUnits, fault.CodeOf(err), "%v", err)
		require.Equal(t, fault.Retry, fault.KindOf(err))
		require.True(t, got.Landed)
		used = append(used, got.Units)
		require.Zero(t, w.turned())
	}
	require.Equal(t, []uint64{57_800, 86_700}, used, "all of the limit was used: 50,000 with margin, then half as much again")
	got, err := w.s.Send(t.Context(), w.page(0))
	require.NoError(t, err)
	require.Greater(t, got.Units, used[1])
	require.Equal(t, 1, w.turned())
}
