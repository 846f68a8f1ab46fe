package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func endpointOrders(t *testing.T, open func(*testing.T) *store.Store) {
	ctx := context.Background()
	s := open(t)
	none, err := s.EndpointOrders(ctx, 2)
	require.NoError(t, err)
	require.Empty(t, none)
	first := domain.EndpointOrder{At: At(1), Actor: "ada", Cause: "b is faster", Names: []string{"b", "a"}}
	second := domain.EndpointOrder{At: At(2), Actor: "bob", Cause: "back again", Names: []string{"a", "b"}}
	require.NoError(t, s.SaveEndpointOrder(ctx, first))
	require.NoError(t, s.SaveEndpointOrder(ctx, second))
	require.ErrorIs(t, s.SaveEndpointOrder(ctx, domain.EndpointOrder{At: At(3), Actor: "ada", Cause: "none"}), store.ErrInvalid)
	first.Seq, second.Seq = 1, 2
	got, err := open(t).EndpointOrders(ctx, 5)
	require.NoError(t, err)
	require.Equal(t, []domain.EndpointOrder{second, first}, got, "newest first, and nothing is lost")
	log, err := s.AuditLog(ctx, 0, 10)
	require.NoError(t, err)
	require.Len(t, log, 2)
	require.Equal(t, "rpc.order", log[0].Action)
}
