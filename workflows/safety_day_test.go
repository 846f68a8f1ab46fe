package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// TestS11_AStopAtEveryStepOfADaySendsNothingMoreAndLosesNothing stops a day at each of its activities: the gate closes and
// the run is told, as the switch does it. Nothing is sent from then on; after the resume a second run pays what is left,
// and every page was turned once.
func TestS11_AStopAtEveryStepOfADaySendsNothingMoreAndLosesNothing(t *testing.T) {
	steps := []struct {
		activity string
		nth      int // Which call of it.
		ends     domain.State
		sent     int // Pages that were turned before.
	}{
		{ops.CheckGate.Name, 1, domain.Stopped, 0},
		{ops.PlanDay.Name, 1, domain.Stopped, 0},
		{ops.RunChecks.Name, 1, domain.Stopped, 0},
		{ops.EnsureAccounts.Name, 1, domain.Stopped, 0},
		{ops.Preflight.Name, 1, domain.Stopped, 0},
		{ops.SendPage.Name, 1, domain.Stopped, 0},
		{ops.SendPage.Name, 2, domain.Stopped, 1},
		{ops.SendPage.Name, 3, domain.Stopped, 2},
		{ops.AwaitFinality.Name, 1, domain.Stopped, 3},
		{ops.Reconcile.Name, 1, domain.Stopped, 3},
		{ops.TidyTables.Name, 1, domain.Complete, 3},
		{ops.SaveReport.Name, 1, domain.Complete, 3},
	}
	for _, tt := range steps {
		t.Run(tt.activity, func(t *testing.T) {
			v := newVault(3, 15)
			calls := 0
			report, err := run(t, v, ops.DailyInput{}, needing, func(env *testsuite.TestWorkflowEnvironment) {
				env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
					if info.ActivityType.Name != tt.activity {
						return
					}
					if calls++; calls == tt.nth {
						v.flags = []domain.SafetyFlag{{Kind: domain.SafetyStop, Reason: "strange payouts", Actor: "ada"}}
						env.SignalWorkflow(ops.SignalStop, ops.Order{Actor: "ada", Reason: "strange payouts"})
					}
				})
			})
			require.NoError(t, err, "a stopped day has not failed")
			require.Equal(t, tt.nth, min(calls, tt.nth), "it came to the step")
			require.Equal(t, tt.ends, report.State)
			require.Len(t, v.sent, tt.sent, "nothing is sent from the stop on")
			if report.State == domain.Stopped {
				require.Contains(t, report.Reason, "strange payouts")
			}

			still, err := run(t, v, ops.DailyInput{})
			require.NoError(t, err)
			require.Equal(t, domain.Stopped, still.State, "nor by another run while the stop stands")
			require.Len(t, v.sent, tt.sent)

			v.flags, v.open = nil, len(v.sent) > 0
			report, err = run(t, v, ops.DailyInput{})
			require.NoError(t, err)
			require.Equal(t, domain.Complete, report.State)
			require.Equal(t, []uint32{0, 15, 30}, v.sent, "every page once, in order")
		})
	}
}

// needing makes the day create accounts and close tables, so that it takes every step.
func needing(env *testsuite.TestWorkflowEnvironment) {
	env.OnActivity(ops.PlanDay.Name, mock.Anything, mock.Anything).Return(func(_ context.Context, id string) (ops.Plan, error) {
		return ops.Plan{Vault: id, Day: "2026-11-25", Hash: "h", State: domain.Ready, Pages: 3, PageSize: 15, Investors: 45, NeedATA: 2, Tables: true}, nil
	})
}
