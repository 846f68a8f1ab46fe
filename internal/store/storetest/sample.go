package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Tick is a look at n vaults, so many minutes after the tests' time.
func Tick(n, minutes int) domain.FleetTick {
	at := At(0).Add(time.Duration(minutes) * time.Minute)
	t := domain.FleetTick{Fleet: domain.FleetSample{At: at, Good: at, Vaults: n, Read: n, Requests: most, Endpoints: []domain.EndpointSample{{Name: "a", Usable: true}}}}
	owed := domain.Amount(most)
	for i := range n {
		t.Vaults = append(t.Vaults, domain.VaultSample{
			Vault: fmt.Sprintf("v%04d", i), At: at, Token: domain.Token{Mint: "mint", Symbol: "USDC", Decimals: 6}, State: domain.Running, Reason: "it's \"open\"\n",
			Day: &domain.DayFigures{
				Slot: most, Endpoint: "a", ChainTime: at.Unix(), LastTS: 1_772_000_000, Cursor: uint32(i + minutes), Distributed: most - domain.Amount(i),
				Treasury: domain.Balance{State: domain.BalanceValue, Amount: domain.Amount(i)},
			},
			Books: &domain.Books{Pending: i, Owed: &owed}, Track: &domain.Track{Seen: at, Progress: at.Unix()},
		})
	}
	return t
}

func ticks(t *testing.T, s *store.Store, from, to time.Time) []domain.FleetTick {
	t.Helper()
	var out []domain.FleetTick
	require.NoError(t, s.EachTick(t.Context(), from, to, func(one domain.FleetTick) error {
		out = append(out, one)
		return nil
	}))
	return out
}

func samples(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("looks come back as they were, the newest by itself", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		_, found, err := s.LatestTick(ctx)
		require.NoError(t, err)
		require.False(t, found)
		for m := range 3 {
			for range 2 { // A step that is retried.
				require.NoError(t, s.SaveTick(ctx, Tick(120, m)))
			}
		}
		got, found, err := s.LatestTick(ctx)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, Tick(120, 2), got)
		require.Equal(t, []domain.FleetTick{Tick(120, 0), Tick(120, 1)}, ticks(t, s, At(0), At(0).Add(2*time.Minute)))
		looked, err := s.Looks(ctx, At(0), At(0).Add(2*time.Minute))
		require.NoError(t, err)
		require.Equal(t, store.Looked{First: At(0), Last: At(0).Add(time.Minute), Count: 2}, looked)
		looked, err = s.Looks(ctx, At(0).Add(-time.Hour), At(0))
		require.NoError(t, err)
		require.Zero(t, looked)
		require.ErrorIs(t, s.SaveTick(ctx, domain.FleetTick{}), store.ErrInvalid)
		require.ErrorIs(t, s.SaveTick(ctx, domain.FleetTick{Fleet: domain.FleetSample{At: At(0)}, Vaults: []domain.VaultSample{{}}}), store.ErrInvalid)
	})
	t.Run("a look without vaults is one too", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.SaveTick(ctx, Tick(0, 1)))
		got, found, err := s.LatestTick(ctx)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, Tick(0, 1), got)
	})
	t.Run("one vault's history is its own", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		for m := range 4 {
			require.NoError(t, s.SaveTick(ctx, Tick(120, m)))
		}
		for _, i := range []int{0, 49, 50, 119} {
			got, err := s.VaultSamples(ctx, fmt.Sprintf("v%04d", i), At(0).Add(time.Minute), At(0).Add(3*time.Minute))
			require.NoError(t, err)
			require.Equal(t, []domain.VaultSample{Tick(120, 1).Vaults[i], Tick(120, 2).Vaults[i]}, got)
		}
		got, err := s.VaultSamples(ctx, "v0049x", At(0), At(0).Add(time.Hour))
		require.NoError(t, err)
		require.Empty(t, got)
	})
	t.Run("old looks are thinned out to five minutes, an hour, nothing", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		for m := range 180 {
			require.NoError(t, s.SaveTick(ctx, Tick(2, m)))
		}
		all, r := At(0).Add(-time.Hour), store.Retention{Raw: 30 * time.Minute, Fine: 90 * time.Minute, Keep: 4 * time.Hour}
		now := At(0).Add(180 * time.Minute)
		for range 2 { // Again changes nothing.
			require.NoError(t, s.Prune(ctx, now, r))
			got := ticks(t, s, all, now)
			require.Equal(t, 1+18+30, len(got), "an hour by the hour, an hour and a half by five minutes, half an hour in full")
			require.Equal(t, Tick(2, 59), got[0], "what stays is a real look, the last of its hour")
			require.Equal(t, Tick(2, 64), got[1])
			require.Equal(t, Tick(2, 179), got[len(got)-1])
		}
		for _, later := range []int{181, 182, 189} { // Buckets are thinned out once, however often it runs.
			require.NoError(t, s.Prune(ctx, At(0).Add(time.Duration(later)*time.Minute), r))
		}
		require.Equal(t, Tick(2, 154), ticks(t, s, At(0).Add(150*time.Minute), At(0).Add(155*time.Minute))[0])
		require.NoError(t, s.Prune(ctx, now.Add(5*time.Hour), r))
		require.Empty(t, ticks(t, s, all, now))
	})
	t.Run("62 days stay by default", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.SaveTick(ctx, Tick(1, 0)))
		require.NoError(t, s.Prune(ctx, At(0).Add(62*24*time.Hour), store.DefaultRetention()))
		require.Len(t, ticks(t, s, At(0).Add(-time.Hour), At(0).Add(time.Hour)), 1)
	})
	t.Run("old operations go, new ones stay", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		for _, at := range []time.Time{At(0), At(0).Add(100 * 24 * time.Hour)} {
			require.NoError(t, s.RecordOperation(ctx, domain.Operation{Name: "page", Started: at}))
		}
		require.NoError(t, s.Prune(ctx, At(0).Add(101*24*time.Hour), store.DefaultRetention()))
		left, err := s.Operations(ctx, At(0), At(0).Add(200*24*time.Hour))
		require.NoError(t, err)
		require.Len(t, left, 1)
	})
}
