package app

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func TestW14_NoHealthyEndpointChangesNothing(t *testing.T) {
	db, err := store.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	dead := []chain.Ranked{{Name: "a", Reason: "unreachable"}, {Name: "b", Reason: "frozen"}}
	require.ErrorIs(t, ApplyRanking(t.Context(), db, dead, "ann", time.Now()), ErrNoneHealthy)
	orders, err := db.EndpointOrders(t.Context(), 1)
	require.NoError(t, err)
	require.Empty(t, orders)
	dead[1].Healthy, dead[1].Reason = true, ""
	require.NoError(t, ApplyRanking(t.Context(), db, dead, "ann", time.Now()))
	orders, err = db.EndpointOrders(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, orders[0].Names)
	require.Contains(t, orders[0].Cause, "a unhealthy (unreachable)")
}
