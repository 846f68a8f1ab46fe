package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func budgets(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("landed fees count as they were, open ones at their most", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		steps := []struct {
			name string
			give *store.IntentUpdate
			want uint64
		}{
			{"prepared", nil, 9_000},
			{"sent", &store.IntentUpdate{State: domain.IntentSent}, 9_000},
			{"confirmed, not served yet", &store.IntentUpdate{State: domain.IntentConfirmed, Slot: 5}, 9_000},
			{"served", &store.IntentUpdate{State: domain.IntentConfirmed, Slot: 5, FeeLamports: 6_000}, 6_000},
			{"rolled back", &store.IntentUpdate{State: domain.IntentSent}, 9_000},
			{"expired", &store.IntentUpdate{State: domain.IntentExpired}, 0},
		}
		for _, step := range steps {
			if step.give == nil {
				require.NoError(t, s.InsertIntentWithin(ctx, Intent("s1", "page/0", 10), store.Budget{Payer: "p", MaxFee: 9_000}))
			} else {
				require.NoError(t, s.SettleIntent(ctx, "s1", *step.give), step.name)
			}
			got, err := s.FeesSince(ctx, "p", At(0))
			require.NoError(t, err)
			require.Equal(t, step.want, got, step.name)
		}
		require.NoError(t, s.InsertIntentWithin(ctx, Intent("s2", "page/15", 20), store.Budget{Payer: "p", MaxFee: 7_000}))
		require.NoError(t, s.SettleIntent(ctx, "s2", store.IntentUpdate{State: domain.IntentFailed, FeeLamports: 5_001}))
		for seconds, want := range map[int]uint64{0: 5_001, 20: 5_001, 21: 0} {
			got, err := s.FeesSince(ctx, "p", At(seconds))
			require.NoError(t, err)
			require.Equal(t, want, got, "since second %d", seconds)
		}
		got, err := s.FeesSince(ctx, "another", At(0))
		require.NoError(t, err)
		require.Zero(t, got)
	})
	t.Run("a confirmed page is not signed again, a failed one is", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.InsertIntent(ctx, Intent("s1", "page/0", 1)))
		require.NoError(t, s.SettleIntent(ctx, "s1", store.IntentUpdate{State: domain.IntentConfirmed, Slot: 1}))
		require.ErrorIs(t, s.InsertIntent(ctx, Intent("s2", "page/0", 2)), store.ErrOpenIntent)
		require.NoError(t, s.InsertIntent(ctx, Intent("s3", "page/15", 1)))
		require.NoError(t, s.SettleIntent(ctx, "s3", store.IntentUpdate{State: domain.IntentConfirmed, Slot: 1, Err: "router/6007"}))
		require.NoError(t, s.InsertIntent(ctx, Intent("s4", "page/15", 2)))
	})
	t.Run("attempts are those of one deed", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.InsertIntent(ctx, Intent("s1", "page/0", 1)))
		require.NoError(t, s.SettleIntent(ctx, "s1", store.IntentUpdate{State: domain.IntentExpired}))
		require.NoError(t, s.InsertIntent(ctx, Intent("s2", "page/0", 2)))
		require.NoError(t, s.InsertIntent(ctx, Intent("s3", "page/1", 3)))
		require.Equal(t, []string{"s1", "s2"}, signatures(s.Attempts(ctx, vault, day, "page/0")))
		require.Empty(t, signatures(s.Attempts(ctx, vault, "2026-03-02", "page/0")))
	})
	t.Run("many vaults and two workers cannot pass the cap together", func(t *testing.T) {
		ctx, handles := t.Context(), []*store.Store{open(t), open(t)}
		errs := make([]error, 16)
		var group sync.WaitGroup
		for i := range errs {
			group.Go(func() {
				in := Intent(fmt.Sprint("s", i), "page/0", i)
				in.Vault = fmt.Sprint("vault-", i)
				errs[i] = handles[i%2].InsertIntentWithin(ctx, in, store.Budget{Payer: "p", MaxFee: 10, Since: At(0), Cap: 59})
			})
		}
		group.Wait()
		stored := 0
		for _, err := range errs {
			if err == nil {
				stored++
				continue
			}
			require.ErrorIs(t, err, store.ErrBudget)
		}
		require.Equal(t, 5, stored)
		sum, err := handles[0].FeesSince(ctx, "p", At(0))
		require.NoError(t, err)
		require.Equal(t, uint64(50), sum)
	})
}
