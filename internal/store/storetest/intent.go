package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func intents(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("an intent comes back as it was stored", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		in := Intent("s1", "page/0", 1)
		require.NoError(t, s.InsertIntent(ctx, in))
		got, found, err := s.Intent(ctx, "s1")
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, in, got)
		_, found, err = s.Intent(ctx, "s2")
		require.NoError(t, err)
		require.False(t, found)
	})
	t.Run("a signature is stored once", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.InsertIntent(ctx, Intent("s1", "page/0", 1)))
		require.ErrorIs(t, s.InsertIntent(ctx, Intent("s1", "page/15", 1)), store.ErrDuplicate)
	})
	t.Run("a page is not signed again while it may land", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.InsertIntent(ctx, Intent("s1", "page/0", 1)))
		require.ErrorIs(t, s.InsertIntent(ctx, Intent("s2", "page/0", 2)), store.ErrOpenIntent)
		require.NoError(t, s.InsertIntent(ctx, Intent("s3", "page/15", 2)), "the next page is another matter")
		require.NoError(t, s.SettleIntent(ctx, "s1", store.IntentUpdate{State: domain.IntentSent, At: At(3)}))
		require.ErrorIs(t, s.InsertIntent(ctx, Intent("s2", "page/0", 2)), store.ErrOpenIntent)
		require.NoError(t, s.SettleIntent(ctx, "s1", store.IntentUpdate{State: domain.IntentExpired, At: At(4)}))
		require.NoError(t, s.InsertIntent(ctx, Intent("s2", "page/0", 5)))
	})
	t.Run("an incomplete intent is refused", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		for name, change := range map[string]func(*domain.Intent){
			"signature": func(i *domain.Intent) { i.Signature = "" },
			"vault":     func(i *domain.Intent) { i.Vault = "" },
			"key":       func(i *domain.Intent) { i.Key = "" },
			"bytes":     func(i *domain.Intent) { i.Raw = nil },
			"time":      func(i *domain.Intent) { i.CreatedAt = domain.Intent{}.CreatedAt },
			"state":     func(i *domain.Intent) { i.State = domain.IntentFinalized },
		} {
			in := Intent("s1", "page/0", 1)
			change(&in)
			require.ErrorIs(t, s.InsertIntent(ctx, in), store.ErrInvalid, name)
		}
	})
	t.Run("what is learned is kept, and a rollback takes the slot back", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.InsertIntent(ctx, Intent("s1", "page/0", 1)))
		steps := []struct {
			give store.IntentUpdate
			slot uint64
			fee  uint64
		}{
			{store.IntentUpdate{State: domain.IntentSent, At: At(2)}, 0, 0},
			{store.IntentUpdate{State: domain.IntentConfirmed, Slot: 50, FeeLamports: 5_000, Units: 9, At: At(3)}, 50, 5_000},
			{store.IntentUpdate{State: domain.IntentConfirmed, At: At(4)}, 50, 5_000},
			{store.IntentUpdate{State: domain.IntentSent, At: At(5)}, 0, 0},
			{store.IntentUpdate{State: domain.IntentConfirmed, Slot: 60, FeeLamports: most, At: At(6)}, 60, most},
			{store.IntentUpdate{State: domain.IntentFinalized, At: At(7)}, 60, most},
			{store.IntentUpdate{State: domain.IntentFinalized, At: At(8)}, 60, most},
		}
		for _, step := range steps {
			require.NoError(t, s.SettleIntent(ctx, "s1", step.give))
			got, _, err := s.Intent(ctx, "s1")
			require.NoError(t, err)
			require.Equal(t, step.give.State, got.State)
			require.Equal(t, step.slot, got.Slot)
			require.Equal(t, step.fee, got.FeeLamports)
			require.Equal(t, step.give.At, got.UpdatedAt)
		}
		require.ErrorIs(t, s.SettleIntent(ctx, "gone", store.IntentUpdate{State: domain.IntentSent}), store.ErrNotFound)
	})
	t.Run("open ones are those that are not settled", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		states := []domain.IntentState{domain.IntentPrepared, domain.IntentSent, domain.IntentConfirmed, domain.IntentFinalized, domain.IntentFailed, domain.IntentExpired}
		for i, state := range states {
			in := Intent("s-"+string(state), "page/"+string(state), 10-i)
			require.NoError(t, s.InsertIntent(ctx, in))
			require.NoError(t, s.SettleIntent(ctx, in.Signature, store.IntentUpdate{State: state, Err: "e"}))
		}
		other := Intent("other", "page/0", 1)
		other.Vault = "beta"
		require.NoError(t, s.InsertIntent(ctx, other))
		require.Equal(t, []string{"s-confirmed", "s-sent", "s-prepared"}, signatures(s.OpenIntents(ctx, vault)))
		require.Equal(t, []string{"s-expired", "s-failed", "s-finalized", "s-confirmed", "s-sent", "s-prepared"}, signatures(s.Intents(ctx, vault, day)))
		require.Empty(t, signatures(s.Intents(ctx, vault, "2026-03-02")))
	})
	t.Run("no walk leaves a settled state", func(t *testing.T) { walks(t, open(t)) })
}

// walks tries any order of states: a settled intent stays settled, a prepared one is never reached again.
func walks(t *testing.T, s *store.Store) {
	ctx, n := t.Context(), 0
	all := []domain.IntentState{domain.IntentPrepared, domain.IntentSent, domain.IntentConfirmed, domain.IntentFinalized, domain.IntentFailed, domain.IntentExpired}
	rapid.Check(t, func(t *rapid.T) {
		n++
		in := Intent("walk-"+string(rune('0'+n%10))+rapid.StringMatching(`[a-z]{12}`).Draw(t, "name"), "walk", 1)
		in.Kind = domain.IntentTable
		require.NoError(t, s.InsertIntent(ctx, in))
		at := domain.IntentPrepared
		for _, to := range rapid.SliceOfN(rapid.SampledFrom(all), 1, 6).Draw(t, "states") {
			err := s.SettleIntent(ctx, in.Signature, store.IntentUpdate{State: to})
			legal := to == at || !at.Settled() && to != domain.IntentPrepared && (at != domain.IntentConfirmed || to != domain.IntentExpired)
			if !legal {
				require.ErrorIs(t, err, store.ErrTransition, "%s to %s", at, to)
				continue
			}
			require.NoError(t, err, "%s to %s", at, to)
			at = to
		}
		got, _, err := s.Intent(ctx, in.Signature)
		require.NoError(t, err)
		require.Equal(t, at, got.State)
	})
}

func signatures(list []domain.Intent, err error) []string {
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	for _, i := range list {
		out = append(out, i.Signature)
	}
	return out
}
