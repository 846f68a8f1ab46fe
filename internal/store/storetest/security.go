package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func spending(message string, seconds int, fee, rent uint64) domain.Spending {
	return domain.Spending{Payer: "p", Message: message, At: At(seconds), Fee: fee, Rent: rent}
}

func spendings(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("fees and rent count for 24 hours, each message once", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.Spend(ctx, spending("a", 0, 5_000, 100), domain.SpendCaps{}))
		require.NoError(t, s.Spend(ctx, spending("a", 5, 5_000, 100), domain.SpendCaps{}))
		require.NoError(t, s.Spend(ctx, spending("b", 10, 7_000, 0), domain.SpendCaps{}))
		for seconds, want := range map[int][2]uint64{0: {12_000, 100}, 1: {7_000, 0}, 11: {0, 0}} {
			fees, rent, err := s.SpentSince(ctx, "p", At(seconds))
			require.NoError(t, err)
			require.Equal(t, want, [2]uint64{fees, rent}, "since second %d", seconds)
		}
		fees, _, err := s.SpentSince(ctx, "another", At(0))
		require.NoError(t, err)
		require.Zero(t, fees)
	})
	t.Run("a cap is kept to the lamport and frees itself", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		caps := domain.SpendCaps{Rent: 100, Total: 1_000}
		require.NoError(t, s.Spend(ctx, spending("a", 0, 300, 100), caps))
		require.ErrorIs(t, s.Spend(ctx, spending("b", 1, 0, 1), caps), store.ErrSpend)
		require.NoError(t, s.Spend(ctx, spending("c", 2, 600, 0), caps), "a page needs no rent")
		require.ErrorIs(t, s.Spend(ctx, spending("d", 3, 1, 0), caps), store.ErrSpend)
		require.NoError(t, s.Spend(ctx, spending("a", 3, 300, 100), caps), "the same message costs nothing more")
		later := spending("e", 0, 300, 100)
		later.At = At(0).Add(domain.SpendWindow)
		require.ErrorIs(t, s.Spend(ctx, later, caps), store.ErrSpend, "the first second still counts")
		later.At = later.At.Add(time.Nanosecond)
		require.NoError(t, s.Spend(ctx, later, caps))
		one := spending("f", 9, 0, 1)
		one.Payer = "another"
		require.NoError(t, s.Spend(ctx, one, caps))
	})
	t.Run("what cannot be is refused", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		for name, p := range map[string]domain.Spending{
			"payer": {Message: "m", At: At(1)}, "message": {Payer: "p", At: At(1)}, "time": {Payer: "p", Message: "m"},
			"fee": spending("m", 1, 1<<63, 0), "sum": spending("m", 1, 1<<62, 1<<62),
		} {
			require.ErrorIs(t, s.Spend(ctx, p, domain.SpendCaps{}), store.ErrInvalid, name)
		}
	})
	t.Run("two workers cannot pass a cap together", func(t *testing.T) {
		ctx, handles := t.Context(), []*store.Store{open(t), open(t)}
		errs := make([]error, 16)
		var group sync.WaitGroup
		for i := range errs {
			group.Go(func() {
				errs[i] = handles[i%2].Spend(ctx, spending(fmt.Sprint(i), i, 10, 0), domain.SpendCaps{Total: 59})
			})
		}
		group.Wait()
		counted := 0
		for _, err := range errs {
			if err == nil {
				counted++
				continue
			}
			require.ErrorIs(t, err, store.ErrSpend)
		}
		require.Equal(t, 5, counted)
	})
}

func receipts(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("the same receipt changes nothing, another one leaves a trace", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		_, found, err := s.Receipt(ctx, vault, day)
		require.NoError(t, err)
		require.False(t, found)
		require.NoError(t, s.SaveReceipt(ctx, vault, day, At(1), []byte(`{"a":1}`)))
		require.NoError(t, s.SaveReceipt(ctx, vault, day, At(2), []byte(`{"a":1}`)))
		require.NoError(t, s.SaveReceipt(ctx, vault, "2026-03-02", At(3), []byte(`{}`)))
		require.NoError(t, s.SaveReceipt(ctx, vault, day, At(4), []byte(`{"a":2}`)))
		got, found, err := s.Receipt(ctx, vault, day)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, `{"a":2}`, string(got))
		days, err := s.ReceiptDays(ctx, vault)
		require.NoError(t, err)
		require.Equal(t, []domain.Day{"2026-03-02", day}, days)
		log, err := s.AuditLog(ctx, 0, 10)
		require.NoError(t, err)
		require.Len(t, log, 3)
		require.Equal(t, []string{"receipt.issue", "receipt.issue", "receipt.replace"}, []string{log[0].Action, log[1].Action, log[2].Action})
		require.ErrorIs(t, s.SaveReceipt(ctx, vault, day, At(1), nil), store.ErrInvalid)
	})
}
