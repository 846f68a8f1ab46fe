package workflows_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/workflows"
)

// many counts how many days are open at the same time, over all parts of a fleet, and in which order they were begun.
type many struct {
	mu         sync.Mutex
	open, most int
	begun      []string
	parts      map[string]bool
}

func (m *many) day(ctx workflow.Context, in ops.DailyInput) (domain.DayReport, error) {
	m.mu.Lock()
	m.open++
	m.most = max(m.most, m.open)
	m.begun = append(m.begun, in.Vault)
	m.parts[workflow.GetInfo(ctx).ParentWorkflowExecution.ID] = true
	m.mu.Unlock()
	err := workflow.Sleep(ctx, time.Minute)
	m.mu.Lock()
	m.open--
	m.mu.Unlock()
	switch {
	case err != nil:
		return domain.DayReport{}, err
	case strings.HasSuffix(in.Vault, "7"):
		return domain.DayReport{}, temporal.NewNonRetryableApplicationError(strings.Repeat("x", 5_000), "human", nil)
	}
	return domain.DayReport{Vault: in.Vault, Day: "2026-11-23", State: domain.Complete}, nil
}

// inOrder holds the beginnings against the order of urgency: nobody begins further from his turn than days are open.
func (m *many) inOrder(t *testing.T, ids []string, room int) {
	t.Helper()
	require.ElementsMatch(t, ids, m.begun)
	place := map[string]int{}
	for i, v := range m.begun {
		place[v] = i
	}
	for i, v := range ids {
		require.Less(t, max(i, place[v])-min(i, place[v]), room, v)
	}
}

// runFleet runs a fleet of n vaults whose days last a minute each.
func runFleet(t *testing.T, n int, in ops.FleetInput) (*many, ops.FleetReport, []string, error) {
	t.Helper()
	m := &many{parts: map[string]bool{}}
	suite := newSuite()
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(2 * time.Minute)
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("v%04d", i)
	}
	env.RegisterWorkflow(workflows.FleetDistribution)
	env.RegisterWorkflowWithOptions(m.day, workflow.RegisterOptions{Name: ops.DailyDistribution})
	env.RegisterActivityWithOptions(func(_ context.Context, in ops.ListInput) (ops.ListResult, error) {
		if len(in.Vaults) > 0 {
			return ops.ListResult(in), nil
		}
		return ops.ListResult{Vaults: ids}, nil
	}, activity.RegisterOptions{Name: ops.ListVaults.Name})
	env.ExecuteWorkflow(workflows.FleetDistribution, in)
	require.True(t, env.IsWorkflowCompleted())
	if err := env.GetWorkflowError(); err != nil {
		return m, ops.FleetReport{}, ids, err
	}
	var report ops.FleetReport
	require.NoError(t, env.GetWorkflowResult(&report))
	return m, report, ids, nil
}

func TestFleet_OpensSoManyDaysAtOnceAndTheMostUrgentFirst(t *testing.T) {
	m, report, ids, err := runFleet(t, 25, ops.FleetInput{AtOnce: 4})
	require.NoError(t, err)
	require.Equal(t, 4, m.most)
	m.inOrder(t, ids, 4)
	require.Len(t, report.Rows, 25)
	for i, row := range report.Rows {
		require.Equal(t, ids[i], row.Vault)
		if i%10 == 7 {
			require.Equal(t, domain.Failed, row.State)
			continue
		}
		require.Equal(t, domain.Complete, row.State, row.Reason)
	}
}

// Temporal refuses a workflow more than 2,000 open children, and ends one whose history grows too long.
func TestFleet_ALargeOneHasPartsWithinTheBounds(t *testing.T) {
	m, report, ids, err := runFleet(t, 2_100, ops.FleetInput{AtOnce: 300})
	require.NoError(t, err)
	require.Len(t, m.parts, 3)
	require.LessOrEqual(t, m.most, 300)
	require.Len(t, report.Rows, 2_100)
	for i, row := range report.Rows {
		require.Equal(t, ids[i], row.Vault)
		require.LessOrEqual(t, len(row.Reason), 210)
		want := domain.Complete
		if i%10 == 7 {
			want = domain.Failed
		}
		require.Equal(t, want, row.State, row.Reason)
	}
	m.inOrder(t, ids, 300)
}

func TestFleet_TooLargeForOneRunIsRefusedBeforeAnythingBegins(t *testing.T) {
	m, _, _, err := runFleet(t, ops.FleetMost+1, ops.FleetInput{})
	require.Equal(t, "fleet/too_large", fault.CodeOf(err))
	require.Empty(t, m.begun)
}

func TestFleetInput_RoomIsNeverMoreThanTemporalTakes(t *testing.T) {
	for give, want := range map[int]int{-1: 1_000, 0: 1_000, 1: 1, 1_000: 1_000, 5_000: 1_000} {
		require.Equal(t, want, ops.FleetInput{AtOnce: give}.Room())
	}
}
