package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

func TestAlertsAck_SaysThatAnIncidentGoesOnPaging(t *testing.T) {
	ep := domain.Episode{Key: "fleet/rpc_all_down/1"}
	require.Equal(t, "fleet/rpc_all_down/1 is taken over by ann", takenOver(ep, "ann"))

	ep.Incident = "20260302-1200-ab"
	require.Equal(t, "fleet/rpc_all_down/1 is taken over by ann. Its incident goes on paging until it is taken over too: feeops incident ack 20260302-1200-ab", takenOver(ep, "ann"))
}
