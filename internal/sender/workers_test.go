package sender_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/sender"
	"github.com/meteora-fee-router/feeops/internal/signer"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// worker is one of several processes that pay the same vault: its own store handle, pool and gate, the same key.
type worker struct {
	*sender.Sender
	gate *gate
	key  *counted
}

// counted is the policy's key with a count of what it signed.
type counted struct {
	signer.Signer
	mu     sync.Mutex
	signed int
	onSign func()
}

func (c *counted) Sign(ctx context.Context, message []byte) (solana.Signature, error) {
	c.mu.Lock()
	c.signed++
	if c.onSign != nil {
		c.onSign()
	}
	c.mu.Unlock()
	return c.Signer.Sign(ctx, message)
}

func (w *world) worker() *worker {
	pool, db := w.connect()
	one := &worker{gate: &gate{}, key: &counted{Signer: w.key}}
	one.Sender = sender.New(pool, db, one.key, one.gate, sender.Options{Now: w.Now, Sleep: w.Sleep, MaxUnitPrice: 1_000_000})
	return one
}

// landed counts the transactions of the vault on chain, failed ones too.
func (w *world) landed() int {
	return len(w.node.Bank().SignaturesFor(w.vault.Addresses.Progress, solana.Signature{}, solana.Signature{}, 1000, bank.Processed))
}

func TestLocalnet_OfTwoWorkersOneSendsThePage(t *testing.T) {
	w := newWorld(t, localnet.VaultSpec{})
	before := w.landed()
	workers := []*worker{w.worker(), w.worker()}
	// Both have found nothing to settle before either signs: the worst moment.
	var meet sync.WaitGroup
	meet.Add(len(workers))
	for _, one := range workers {
		var once sync.Once
		one.gate.open = func() error {
			once.Do(func() { meet.Done(); meet.Wait() })
			return nil
		}
	}
	receipts, errs := make([]sender.Receipt, 2), make([]error, 2)
	var group sync.WaitGroup
	for i, one := range workers {
		group.Go(func() { receipts[i], errs[i] = one.Send(t.Context(), w.page(0)) })
	}
	group.Wait()
	winner := 0
	if errs[0] != nil {
		winner = 1
	}
	loser := 1 - winner
	require.NoError(t, errs[winner])
	require.True(t, receipts[winner].Landed)
	require.Equal(t, fault.Retry, fault.KindOf(errs[loser]), "%v", errs[loser])
	require.True(t, errors.Is(errs[loser], store.ErrOpenIntent) || errors.Is(errs[loser], store.ErrDuplicate), "%v", errs[loser])
	list, err := w.store.Intents(t.Context(), w.vault.ID, "2026-01-01")
	require.NoError(t, err)
	require.Len(t, list, 1, "one signature was stored, and only what is stored leaves")
	require.Equal(t, 1, w.landed()-before)

	signed := workers[loser].key.signed
	again, err := workers[loser].Send(t.Context(), w.page(0))
	require.NoError(t, err)
	require.Equal(t, receipts[winner].Signature, again.Signature)
	require.Equal(t, signed, workers[loser].key.signed, "the next attempt finds the page turned and signs nothing")
	require.Equal(t, 1, w.turned())
}

// dead is a worker that ends between storing its signature and sending it.
func (w *world) dead() (signature string) {
	one := w.worker()
	asked := 0
	one.gate.open = func() error {
		if asked++; asked == 2 {
			return errStop
		}
		return nil
	}
	receipt, err := one.Send(w.t.Context(), w.page(0))
	require.Equal(w.t, fault.Wait, fault.KindOf(err))
	require.Equal(w.t, 1, one.key.signed)
	require.Zero(w.t, w.node.Requests()["sendTransaction"])
	return receipt.Signature
}

func TestLocalnet_TheSecondWorkerSettlesWhatTheFirstStored(t *testing.T) {
	t.Run("while it can land, the same bytes are sent", func(t *testing.T) {
		w := newWorld(t, localnet.VaultSpec{})
		first := w.dead()
		second := w.worker()
		got, err := second.Send(t.Context(), w.page(0))
		require.NoError(t, err)
		require.Equal(t, first, got.Signature)
		require.Zero(t, second.key.signed)
		require.Equal(t, 1, w.turned())
	})
	t.Run("when it cannot any more, the proof comes before the signature", func(t *testing.T) {
		w := newWorld(t, localnet.VaultSpec{})
		first := w.dead()
		w.node.Slots(300)
		w.pool.Probe(t.Context())
		second := w.worker()
		second.key.onSign = func() {
			i, _, err := w.store.Intent(context.Background(), first)
			require.NoError(t, err)
			require.Equal(t, domain.IntentExpired, i.State)
		}
		got, err := second.Send(t.Context(), w.page(0))
		require.NoError(t, err)
		require.NotEqual(t, first, got.Signature)
		require.Equal(t, 1, second.key.signed)
		require.Equal(t, 1, w.turned())
	})
	t.Run("the next page waits for it too", func(t *testing.T) {
		w := newWorld(t, localnet.VaultSpec{})
		first := w.dead()
		second := w.worker()
		second.key.onSign = func() {
			i, _, err := w.store.Intent(context.Background(), first)
			require.NoError(t, err)
			require.Equal(t, domain.IntentConfirmed, i.State)
		}
		_, err := second.Send(t.Context(), w.page(pageSize))
		require.NoError(t, err)
		require.Equal(t, 1, second.key.signed)
		require.Equal(t, 2, w.turned())
	})
}
