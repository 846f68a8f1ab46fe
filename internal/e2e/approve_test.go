package e2e

import (
	"context"
	"crypto/ed25519"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// A day with twenty times the usual fees waits, is signed, and is then paid to the base unit.
func TestApproval_AnUnusualDayWaitsForASignature(t *testing.T) {
	t.Parallel()
	key := ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", ed25519.SeedSize)))
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 5}), with(func(s *config.Settings) {
		s.Distribution.Anomaly.Least = 2
		s.Operators = []config.Operator{{Name: "ann", Roles: []string{"approver"}, PublicKey: operator.FormatKey(key.Public().(ed25519.PublicKey))}}
	}))
	usual := w.pay("v")
	require.Equal(t, domain.Complete, usual.State)
	w.nextDay()
	require.Equal(t, domain.Complete, w.pay("v").State)
	w.nextDay()
	require.NoError(t, w.node.AccrueFees(w.slug("v"), uint64(20*usual.Result.Claimed), 0))
	w.slots(3)
	run := w.start("v")
	s := w.state(run, domain.WaitingApproval)
	require.Contains(t, s.Reason, "claimed is")
	require.Zero(t, s.Paid)
	a, err := operator.Sign(key, operator.Approval{Decision: operator.Plan, Request: s.Approval.Request, State: s.Approval.Hash, Operator: "ann", Expires: time.Now().Add(10 * time.Minute).Truncate(time.Second)})
	require.NoError(t, err)
	handle, err := w.client.UpdateWorkflow(context.Background(), client.UpdateWorkflowOptions{
		WorkflowID: run.GetID(), UpdateName: ops.UpdateApprove, Args: []any{a}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(t, err)
	require.NoError(t, handle.Get(context.Background(), nil))
	report := w.end(run)
	require.Equal(t, domain.Complete, report.State, report.Reason)
	require.Greater(t, report.Result.Claimed, 15*usual.Result.Claimed)
	require.True(t, report.Result.Clean())
	log, err := w.store().AuditLog(context.Background(), 0, 1_000)
	require.NoError(t, err)
	approved := 0
	for _, e := range log {
		if e.Action == "plan.approve" {
			approved++
			require.Equal(t, "ann", e.Actor)
			require.Contains(t, e.Detail, s.Approval.Hash)
		}
	}
	require.Equal(t, 1, approved)
	w.keep("daily-approved", run)
}
