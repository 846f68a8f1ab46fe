package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func manifests(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("the first plan of a day is frozen", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		first, second := Manifest(t, 40, 5), Manifest(t, 40, 6)
		stored, err := s.SaveManifest(ctx, first)
		require.NoError(t, err)
		require.Equal(t, first, stored)

		stored, err = s.SaveManifest(ctx, first)
		require.NoError(t, err, "a retried step saves again")
		require.Equal(t, first, stored)

		stored, err = s.SaveManifest(ctx, second)
		require.ErrorIs(t, err, store.ErrFrozen)
		require.Equal(t, first, stored, "the stored plan is the one to follow")

		got, found, err := s.Manifest(ctx, vault, day)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, first, got)
	})
	t.Run("the opened days of a vault's past, newest first", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		var want []domain.Manifest
		for i, day := range []domain.Day{"2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04"} {
			m := Manifest(t, 2, 5)
			m.Day = day
			m, err := m.Seal()
			require.NoError(t, err)
			_, err = s.SaveManifest(ctx, m)
			require.NoError(t, err)
			if i != 1 {
				o := domain.Opening{TS: int64(i + 1), Claimed: most}
				require.NoError(t, s.SetOpening(ctx, vault, day, o))
				m.Opening = &o
				want = append([]domain.Manifest{m}, want...)
			}
		}
		got, err := s.OpenedManifests(ctx, vault, "2026-03-04", 5)
		require.NoError(t, err)
		require.Equal(t, want[1:], got, "the day itself, and one that was not opened, are no past")
		got, err = s.OpenedManifests(ctx, vault, "2026-03-09", 1)
		require.NoError(t, err)
		require.Equal(t, want[:1], got)
		got, err = s.OpenedManifests(ctx, "beta", "2026-03-09", 5)
		require.NoError(t, err)
		require.Empty(t, got)
	})
	t.Run("a plan whose hash does not fit is refused", func(t *testing.T) {
		m := Manifest(t, 2, 5)
		m.Entries[1].Recipient = "thief"
		_, err := open(t).SaveManifest(t.Context(), m)
		require.ErrorIs(t, err, store.ErrInvalid)
	})
	t.Run("nothing stored is not an error", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		_, found, err := s.Manifest(ctx, vault, day)
		require.NoError(t, err)
		require.False(t, found)
		_, found, err = s.LatestManifest(ctx, vault)
		require.NoError(t, err)
		require.False(t, found)
	})
	t.Run("the latest is of the newest day of its vault", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		for _, d := range []domain.Day{"2026-03-02", "2026-02-28", "2026-03-01"} {
			m := Manifest(t, 1, 5)
			m.Day = d
			m, err := m.Seal()
			require.NoError(t, err)
			_, err = s.SaveManifest(ctx, m)
			require.NoError(t, err)
		}
		m, found, err := s.LatestManifest(ctx, vault)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, domain.Day("2026-03-02"), m.Day)
		_, found, err = s.LatestManifest(ctx, "other")
		require.NoError(t, err)
		require.False(t, found)
	})
	t.Run("the opening is set once", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		o := domain.Opening{TS: 1_772_000_060, Slot: 9, Signature: "sig", Claimed: most, Locked: []domain.Amount{most, 1}, Expected: []domain.Amount{2, 3}}
		require.ErrorIs(t, s.SetOpening(ctx, vault, day, o), store.ErrNotFound)
		m, err := s.SaveManifest(ctx, Manifest(t, 2, 5))
		require.NoError(t, err)
		require.NoError(t, s.SetOpening(ctx, vault, day, o))
		require.NoError(t, s.SetOpening(ctx, vault, day, o))
		other := o
		other.Claimed--
		require.ErrorIs(t, s.SetOpening(ctx, vault, day, other), store.ErrOpened)

		m.Opening = &o
		got, _, err := s.Manifest(ctx, vault, day)
		require.NoError(t, err)
		require.Equal(t, m, got)
		got, err = s.SaveManifest(ctx, m)
		require.NoError(t, err, "a resumed day saves what it read")
		require.Equal(t, &o, got.Opening)
	})
	t.Run("a plan is replaced only before its day was opened, and only the one that was seen", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		first, second, third := Manifest(t, 2, 5), Manifest(t, 2, 6), Manifest(t, 2, 7)
		require.ErrorIs(t, s.ReplaceManifest(ctx, second, first.Hash), store.ErrNotFound)
		_, err := s.SaveManifest(ctx, first)
		require.NoError(t, err)
		require.ErrorIs(t, s.ReplaceManifest(ctx, third, second.Hash), store.ErrFrozen)
		require.NoError(t, s.ReplaceManifest(ctx, second, first.Hash))
		require.NoError(t, s.ReplaceManifest(ctx, second, first.Hash), "a retried step replaces again")
		got, _, err := s.Manifest(ctx, vault, day)
		require.NoError(t, err)
		require.Equal(t, second, got)

		require.NoError(t, s.SetOpening(ctx, vault, day, domain.Opening{TS: 1}))
		require.ErrorIs(t, s.ReplaceManifest(ctx, third, second.Hash), store.ErrOpened)
		broken := third
		broken.Claimable++
		require.ErrorIs(t, s.ReplaceManifest(ctx, broken, second.Hash), store.ErrInvalid)
	})
	t.Run("an opening that was rolled back gives way to another", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		m, err := s.SaveManifest(ctx, Manifest(t, 2, 5))
		require.NoError(t, err)
		require.NoError(t, s.SetOpening(ctx, vault, day, domain.Opening{TS: 1}))
		require.NoError(t, s.ClearOpening(ctx, vault, day))
		got, _, err := s.Manifest(ctx, vault, day)
		require.NoError(t, err)
		require.Equal(t, m, got)
		require.NoError(t, s.SetOpening(ctx, vault, day, domain.Opening{TS: 2}))
		got, _, err = s.Manifest(ctx, vault, day)
		require.NoError(t, err)
		require.EqualValues(t, 2, got.Opening.TS)
	})
}
