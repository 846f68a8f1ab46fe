package activities_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// day is a vault's day that keeps a cursor and breaks on request.
type day struct {
	fail   error // Every call gives it while it is set.
	flags  []domain.SafetyFlag
	cursor uint32
	slow   time.Duration
}

func (d *day) Flags(context.Context, string) ([]domain.SafetyFlag, error) { return d.flags, d.fail }

func (d *day) Prepare(context.Context, string) (distribution.Prepared, error) {
	m := domain.Manifest{Day: "2026-01-01", Hash: "h", PageSize: 2, Pages: domain.PlanPages(3, 2), Entries: []domain.Entry{{}, {NeedsATA: true}, {}}, Quarantined: []domain.Quarantined{{}}}
	return distribution.Prepared{Manifest: m, State: domain.Ready, Cursor: d.cursor, CreatorMissing: true}, d.fail
}

func (d *day) Check(context.Context, string, domain.Day, string) (domain.Checks, error) {
	return domain.Checks{{Row: "P02", Result: domain.CheckOK}}, d.fail
}

func (d *day) EnsureAccounts(context.Context, string, domain.Day, string) (distribution.Ready, error) {
	return distribution.Ready{Created: 1}, d.fail
}

func (d *day) Rehearse(context.Context, string, domain.Day, string, uint32) (distribution.Rehearsal, error) {
	return distribution.Rehearsal{OK: true}, d.fail
}

func (d *day) TurnPage(ctx context.Context, _ string, _ domain.Day, _ string, cursor uint32) (distribution.Turned, error) {
	select {
	case <-ctx.Done():
		return distribution.Turned{}, ctx.Err()
	case <-time.After(d.slow):
	}
	if d.fail == nil && cursor == d.cursor {
		d.cursor += 2
	}
	return distribution.Turned{Cursor: d.cursor, Ours: true}, d.fail
}

func (d *day) FixOpening(context.Context, string, domain.Day, string) (domain.Opening, error) {
	return domain.Opening{TS: 5}, d.fail
}

func (d *day) AwaitFinality(context.Context, string, domain.Day, string) (distribution.Finality, error) {
	return distribution.Finality{Complete: true}, d.fail
}

func (d *day) TidyTables(context.Context, string, domain.Day) (distribution.Tidied, error) {
	return distribution.Tidied{Closed: 1}, d.fail
}

func (d *day) Books(context.Context, string, domain.Day, string) (domain.Reconciliation, []domain.PageResult, error) {
	return domain.Reconciliation{}, []domain.PageResult{
		{Signature: "b", Slot: 9, FeeLamports: 5, Closed: true}, {Signature: "a", Slot: 7, FeeLamports: 5},
	}, d.fail
}

// environment runs the activities as a worker does: arguments and errors go through Temporal's converters.
func environment(t *testing.T, d *day) *testsuite.TestActivityEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	for name, f := range activities.NewDistribution(d).Names() {
		env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
	return env
}

// inputs are all activities with something to give them.
func inputs() map[string]any {
	ref := ops.DayRef{Vault: "v", Day: "2026-01-01", Hash: "h"}
	page := ops.PageInput{Vault: "v", Day: "2026-01-01", Hash: "h"}
	return map[string]any{
		ops.PlanDay.Name: "v", ops.RunChecks.Name: ref, ops.EnsureAccounts.Name: ref, ops.Preflight.Name: page, ops.SendPage.Name: page,
		ops.FixOpening.Name: ref, ops.AwaitFinality.Name: ref, ops.Reconcile.Name: ref,
		ops.TidyTables.Name: ref,
	}
}

func TestErrorsAreSealedWithTheirKind(t *testing.T) {
	tests := []struct {
		name  string
		give  error
		kind  fault.Kind
		code  string
		final bool
	}{
		{"network", fault.New(fault.Retry, "rpc/unavailable", errors.New("x")), fault.Retry, "rpc/unavailable", false},
		{"unknown", fault.New(fault.Unknown, "sender/unsettled", errors.New("x")), fault.Unknown, "sender/unsettled", false},
		{"unclassified", errors.New("x"), fault.Unknown, "", false},
		{"stopped", fault.New(fault.Wait, "stopped", errors.New("x")), fault.Wait, "stopped", true},
		{"already so", fault.New(fault.Done, "router/6020", errors.New("x")), fault.Done, "router/6020", true},
		{"program error", fault.New(fault.Human, "router/6001", errors.New("x")).WithNext("look"), fault.Human, "router/6001", true},
	}
	for _, tt := range tests {
		for name, in := range inputs() {
			t.Run(tt.name+" "+name, func(t *testing.T) {
				_, err := environment(t, &day{fail: tt.give}).ExecuteActivity(name, in)
				require.Equal(t, tt.kind, fault.KindOf(err))
				require.Equal(t, tt.code, fault.CodeOf(err))
				var app *temporal.ApplicationError
				require.ErrorAs(t, err, &app)
				require.Equal(t, tt.final, app.NonRetryable(), "whether the retry policy or the workflow decides")
			})
		}
	}
}

func TestCheckGate_UnreadableFlagsAreAClosedGate(t *testing.T) {
	tests := []struct {
		name string
		day  day
		open bool
		err  bool
	}{
		{"open", day{}, true, false},
		{"a flag", day{flags: []domain.SafetyFlag{{Kind: domain.SafetyStop}}}, false, false},
		{"unreadable", day{fail: fault.New(fault.Wait, "stopped", errors.New("disk"))}, false, false},
		{"a vault that does not exist", day{fail: fault.New(fault.Human, "vault/unknown", errors.New("x"))}, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			value, err := environment(t, &tt.day).ExecuteActivity(ops.CheckGate.Name, "v")
			require.Equal(t, tt.err, err != nil)
			if tt.err {
				return
			}
			var got ops.GateResult
			require.NoError(t, value.Get(&got))
			require.Equal(t, tt.open, got.Open)
		})
	}
}

func TestCheckGate_ARunUnderAnotherIDThanTheVaultsIsRefused(t *testing.T) {
	tests := []struct {
		name, id, vault string
		refused         bool
	}{
		{"the vault's own", "distribution/v", "v", false},
		{"one of somebody's choice, as the plain CLI takes", "once-more", "v", true},
		{"another vault's", "distribution/w", "v", true},
		{"no vault at all", "distribution/v", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestWorkflowEnvironment()
			env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: tt.id})
			env.RegisterActivityWithOptions(activities.NewDistribution(&day{}).CheckGate, activity.RegisterOptions{Name: ops.CheckGate.Name})
			env.RegisterWorkflowWithOptions(func(ctx workflow.Context, vault string) (ops.GateResult, error) {
				return ops.CheckGate.Do(ctx, vault, "")
			}, workflow.RegisterOptions{Name: ops.DailyDistribution})
			env.ExecuteWorkflow(ops.DailyDistribution, tt.vault)
			err := env.GetWorkflowError()
			require.Equal(t, tt.refused, err != nil, err)
			if tt.refused {
				require.Equal(t, fault.Human, fault.KindOf(err))
				require.Equal(t, "run/foreign_id", fault.CodeOf(err))
				require.ErrorContains(t, err, "distribution/"+tt.vault)
			}
		})
	}
}

func TestPlanDay_CountsWhatMustBeMadeFirst(t *testing.T) {
	value, err := environment(t, &day{}).ExecuteActivity(ops.PlanDay.Name, "v")
	require.NoError(t, err)
	var plan ops.Plan
	require.NoError(t, value.Get(&plan))
	require.Equal(t, 2, plan.NeedATA, "an investor's token account and the creator's")
	require.Equal(t, []int{4, 1, 2}, []int{plan.Investors, plan.Quarantined, plan.Pages}, "everybody registered, also who is left out")
}

func TestReconcile_TakesSlotsAndFeesFromThePages(t *testing.T) {
	value, err := environment(t, &day{}).ExecuteActivity(ops.Reconcile.Name, ops.DayRef{Vault: "v"})
	require.NoError(t, err)
	var got ops.ReconcileResult
	require.NoError(t, value.Get(&got))
	require.Equal(t, ops.ReconcileResult{Signatures: []string{"b", "a"}, FeeLamports: 10, FirstSlot: 7, CloseSlot: 9}, got)
}

func TestSendPage_RepeatedIsNotTurnedAgain(t *testing.T) {
	d := &day{}
	for range 2 {
		_, err := environment(t, d).ExecuteActivity(ops.SendPage.Name, ops.PageInput{Vault: "v"})
		require.NoError(t, err)
	}
	require.EqualValues(t, 2, d.cursor)
}

func TestHeartbeat_EndsWithTheActivity(t *testing.T) {
	d := &day{slow: 50 * time.Millisecond}
	env := environment(t, d)
	_, err := env.ExecuteActivity(ops.SendPage.Name, ops.PageInput{Vault: "v"})
	require.NoError(t, err)
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	require.False(t, strings.Contains(string(stacks), "activities.heartbeat"), "its goroutine is gone when the activity returns")
}
