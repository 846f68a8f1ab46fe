package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func pageUnits(t *testing.T, open func(*testing.T) *store.Store) {
	ctx := t.Context()
	s := open(t)
	_, found, err := s.PageUnits(ctx, vault)
	require.NoError(t, err)
	require.False(t, found, "nothing was measured")
	first := domain.PageUnits{Vault: vault, Investors: 12, Units: 870_000, Over: 25, At: At(1)}
	second := domain.PageUnits{Vault: vault, Investors: 17, Units: 1_170_000, At: At(2)}
	other := domain.PageUnits{Vault: "beta", Investors: 1, Units: most, At: At(3)}
	for _, u := range []domain.PageUnits{first, other, second} {
		require.NoError(t, s.SavePageUnits(ctx, u))
	}
	for _, bad := range []domain.PageUnits{{Investors: 1, Units: 1, At: At(1)}, {Vault: vault, Units: 1, At: At(1)}, {Vault: vault, Investors: 1, At: At(1)}, {Vault: vault, Investors: 1, Units: 1}} {
		require.ErrorIs(t, s.SavePageUnits(ctx, bad), store.ErrInvalid)
	}
	for _, want := range []domain.PageUnits{second, other} {
		got, found, err := open(t).PageUnits(ctx, want.Vault)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, want, got, "the newest, and nothing of it is lost")
	}
}
