package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/workflows"
)

// bureau stands in for the activities of the routines: it notes what was asked for when, and breaks on request.
type bureau struct {
	verdicts map[string]string
	broken   map[string]error
	asked    []string
	at       []time.Time
	summed   []ops.RoutineStep
	told     []domain.Message
}

func (b *bureau) register(env *testsuite.TestWorkflowEnvironment) {
	for _, a := range []ops.Activity[ops.StepInput, ops.RoutineStep]{
		ops.ReportMorning, ops.ReportEvents, ops.ReportDaily, ops.ReportWeekly, ops.ReportMonthly, ops.InspectHost, ops.EnsureBackup, ops.CleanUp, ops.RankEndpoints,
		ops.AdvisePageSize, ops.ReportModules, ops.InspectSchedules,
	} {
		env.RegisterActivityWithOptions(func(_ context.Context, in ops.StepInput) (ops.RoutineStep, error) {
			b.asked, b.at = append(b.asked, a.Name), append(b.at, in.At)
			if err := b.broken[a.Name]; err != nil {
				return ops.RoutineStep{}, fault.Seal(err)
			}
			verdict := b.verdicts[a.Name]
			if verdict == "" {
				verdict = ops.VerdictOK
			}
			return ops.RoutineStep{Name: a.Name, Verdict: verdict, Seen: "seen"}, nil
		}, activity.RegisterOptions{Name: a.Name})
	}
	env.RegisterActivityWithOptions(func(_ context.Context, in ops.MaintenanceInput) (ops.RoutineStep, error) {
		b.summed = in.Steps
		return ops.RoutineStep{Name: "maintenance", Verdict: ops.VerdictOK}, nil
	}, activity.RegisterOptions{Name: ops.ReportMaintenance.Name})
	env.RegisterActivityWithOptions(func(_ context.Context, m domain.Message) (struct{}, error) {
		b.told = append(b.told, m)
		return struct{}{}, fault.Seal(b.broken["Tell"])
	}, activity.RegisterOptions{Name: ops.TellPeople.Name})
}

func (b *bureau) run(t *testing.T, workflow any, in ops.RoutineInput) ops.RoutineResult {
	t.Helper()
	env := newSuite().NewTestWorkflowEnvironment()
	b.register(env)
	env.ExecuteWorkflow(workflow, in)
	require.NoError(t, env.GetWorkflowError())
	var out, queried ops.RoutineResult
	require.NoError(t, env.GetWorkflowResult(&out))
	value, err := env.QueryWorkflow(ops.QueryResult)
	require.NoError(t, err)
	require.NoError(t, value.Get(&queried))
	require.Equal(t, out.Verdict, queried.Verdict, "E08: the query answers with the result")
	return out
}

var sunday = time.Date(2026, 11, 29, 4, 0, 0, 0, time.UTC)

func TestRoutines_DoTheirStepsAsOfTheirTimeAndTellPeople(t *testing.T) {
	tests := []struct {
		name string
		give any
		want []string
	}{
		{"morning", workflows.MorningCheck, []string{"ReportMorning", "ReportEvents"}},
		{"evening", workflows.EveningReport, []string{"ReportDaily"}},
		{"weekly", workflows.WeeklyMaintenance, []string{"InspectHost", "EnsureBackup", "CleanUp", "RankEndpoints", "AdvisePageSize", "ReportModules", "InspectSchedules", "ReportWeekly"}},
		{"monthly", workflows.MonthlyReview, []string{"ReportMonthly"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := &bureau{}
			out := b.run(t, tt.give, ops.RoutineInput{At: sunday})
			require.Equal(t, tt.want, b.asked)
			for _, at := range b.at {
				require.True(t, sunday.Equal(at), "a late run is about its own time")
			}
			require.Equal(t, ops.VerdictOK, out.Verdict)
			require.Len(t, b.told, 1)
			require.Equal(t, domain.MessageInfo, b.told[0].Kind)
		})
	}
}

func TestW08_AStepThatFailsIsARowAndKeepsNoOtherFromBeingDone(t *testing.T) {
	b := &bureau{broken: map[string]error{"InspectHost": errors.New("no such disk")}, verdicts: map[string]string{"RankEndpoints": ops.VerdictWarn}}
	out := b.run(t, workflows.WeeklyMaintenance, ops.RoutineInput{At: sunday})
	require.Equal(t, ops.VerdictFail, out.Verdict, "completed is not what it says when something failed")
	require.Len(t, b.summed, 8)
	require.Equal(t, ops.VerdictFail, b.summed[0].Verdict)
	require.Contains(t, b.summed[0].Seen, "no such disk")
	require.Equal(t, ops.VerdictWarn, b.summed[3].Verdict)
	require.Equal(t, domain.SeverityHigh, b.told[0].Severity)
	require.Contains(t, b.told[0].Text, "no such disk")
}

func TestRoutines_PeopleThatCannotBeToldAreARowToo(t *testing.T) {
	b := &bureau{broken: map[string]error{"Tell": fault.Newf(fault.Human, "notify/nobody", "no channel took it")}}
	out := b.run(t, workflows.EveningReport, ops.RoutineInput{})
	require.Equal(t, ops.VerdictFail, out.Verdict)
	require.Equal(t, "tell", out.Steps[1].Name)
}
