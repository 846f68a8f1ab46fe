package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

// switchHost is a host that breaks on request.
type switchHost struct {
	fail   error
	drills []string
}

func (g *switchHost) Facts(context.Context) (safety.Facts, error) {
	return safety.Facts{AsOf: 7}, g.fail
}

func (g *switchHost) Raise(context.Context, domain.SafetyFlag) error { return g.fail }

func (g *switchHost) StopRuns(context.Context, domain.SafetyFlag) (safety.Runs, error) {
	return safety.Runs{Signalled: 2}, g.fail
}

func (g *switchHost) TakeEvidence(context.Context, domain.SafetyFlag) (safety.Bundle, error) {
	return safety.Bundle{Path: "p"}, g.fail
}

func (g *switchHost) Flights(context.Context) (safety.Flights, error) {
	return safety.Flights{May: 3}, g.fail
}

func (g *switchHost) SettleFlights(context.Context, []domain.Flight) (safety.Flights, error) {
	return safety.Flights{Landed: 3}, g.fail
}

func (g *switchHost) Inspect(context.Context, string, safety.Bundle) (safety.Facts, domain.Checks, error) {
	return safety.Facts{AsOf: 8}, domain.Checks{{Name: safety.CheckStore}}, g.fail
}

func (g *switchHost) Lift(context.Context, safety.Request) error { return g.fail }

func (g *switchHost) Release(context.Context, safety.Back, domain.SafetyFlag, int64, domain.Checks) error {
	return g.fail
}

func (g *switchHost) Record(context.Context, safety.Entry) error { return g.fail }

func (g *switchHost) MeasureStop(_ context.Context, id string) (time.Duration, int, error) {
	g.drills = append(g.drills, id)
	return 1500 * time.Microsecond, 4, g.fail
}

func safetyEnvironment(g *switchHost) *testsuite.TestActivityEnvironment {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	for name, f := range activities.NewSafety(g).Names() {
		env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
	return env
}

// safetyInputs are all activities of the switch with something to give them.
func safetyInputs() map[string]any {
	return map[string]any{
		ops.ReadSafety.Name: struct{}{}, ops.StoreFlag.Name: domain.SafetyFlag{}, ops.StopRuns.Name: ops.StopOrder{},
		ops.TakeEvidence.Name: ops.StopOrder{}, ops.ListFlights.Name: struct{}{}, ops.SettleFlights.Name: ops.SettleInput{},
		ops.InspectSafety.Name: ops.InspectInput{}, ops.LiftStop.Name: ops.LiftInput{}, ops.LiftIsolation.Name: ops.BackInput{},
		ops.AuditSafety.Name: safety.Entry{}, ops.MeasureStop.Name: ops.DrillSample{},
	}
}

func TestSafety_ErrorsAreSealedWithTheirKind(t *testing.T) {
	require.Len(t, safetyInputs(), len(activities.NewSafety(nil).Names()), "every activity is tried")
	for name, in := range safetyInputs() {
		t.Run(name, func(t *testing.T) {
			_, err := safetyEnvironment(&switchHost{}).ExecuteActivity(name, in)
			require.NoError(t, err)
			_, err = safetyEnvironment(&switchHost{fail: fault.New(fault.Human, safety.CodeStale, errors.New("x"))}).ExecuteActivity(name, in)
			require.Equal(t, fault.Human, fault.KindOf(err))
			require.Equal(t, safety.CodeStale, fault.CodeOf(err))
			_, err = safetyEnvironment(&switchHost{fail: errors.New("disk full")}).ExecuteActivity(name, in)
			require.Equal(t, fault.Unknown, fault.KindOf(err), "what nobody classified is tried again")
		})
	}
}

func TestSafety_ResultsComeBackWhole(t *testing.T) {
	env := safetyEnvironment(&switchHost{})
	value, err := env.ExecuteActivity(ops.InspectSafety.Name, ops.InspectInput{})
	require.NoError(t, err)
	var seen ops.InspectResult
	require.NoError(t, value.Get(&seen))
	require.EqualValues(t, 8, seen.AsOf)
	require.Len(t, seen.Checks, 1)
}

// A second attempt must not see the flag of the first one.
func TestMeasureStop_EachAttemptHasAFlagOfItsOwn(t *testing.T) {
	g := &switchHost{}
	value, err := safetyEnvironment(g).ExecuteActivity(ops.MeasureStop.Name, ops.DrillSample{ID: "run-3"})
	require.NoError(t, err)
	var took ops.DrillTook
	require.NoError(t, value.Get(&took))
	require.InDelta(t, 1.5, took.MS, 0)
	require.Equal(t, []string{"run-3-1"}, g.drills)
}
