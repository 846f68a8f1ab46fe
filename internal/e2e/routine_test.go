package e2e

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// routine runs one of the operator's routines to its end.
func (w *world) routine(name string, at time.Time) (ops.RoutineResult, client.WorkflowRun) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	run, err := w.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: name + "/" + w.t.Name(), TaskQueue: w.settings.Temporal.TaskQueue}, name, ops.RoutineInput{At: at})
	require.NoError(w.t, err)
	var out ops.RoutineResult
	require.NoError(w.t, run.Get(ctx, &out))
	return out, run
}

func (w *world) chainNow() time.Time { return time.Unix(w.node.Bank().UnixTime(bank.Confirmed), 0) }

func TestRoutines_ReportADayThatWasPaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 9}))
	require.Equal(t, domain.Complete, w.pay("v").State)
	now := w.chainNow()
	for name, want := range map[string]string{
		ops.MorningCheck: "morning-", ops.EveningReport: "daily-report-", ops.WeeklyMaintenance: "maintenance-", ops.MonthlyReview: "monthly-review-",
	} {
		out, run := w.routine(name, now)
		for _, s := range out.Steps {
			require.NotEqual(t, ops.VerdictFail, s.Verdict, "%s: %+v", name, s)
		}
		files, err := filepath.Glob(filepath.Join(w.settings.Reports.Dir, want+"*.html"))
		require.NoError(t, err)
		require.Len(t, files, 1, "%s: %+v", name, out)
		w.keep(map[string]string{ops.MorningCheck: "morning", ops.EveningReport: "evening", ops.WeeklyMaintenance: "weekly", ops.MonthlyReview: "monthly"}[name], run)
	}
	body, err := os.ReadFile(filepath.Join(w.settings.Reports.Dir, "daily-report-"+now.UTC().Format(time.DateOnly)+".md"))
	require.NoError(t, err)
	require.Contains(t, string(body), w.slug("v"))
}

// A run of a schedule is about the time for which it was scheduled, also when it is made up for later.
func TestSchedules_ABackfillReportsItsOwnDate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 3}))
	book, err := app.Schedules(w.settings, w.client.ScheduleClient())
	require.NoError(t, err)
	plan, err := book.Plan(context.Background())
	require.NoError(t, err)
	for _, c := range plan {
		require.NoError(t, book.Apply(context.Background(), c))
	}
	t.Cleanup(func() {
		for _, d := range book.Defs {
			require.NoError(t, w.client.ScheduleClient().GetHandle(context.Background(), d.ID).Delete(context.Background()))
		}
	})
	evening := book.Defs[2]
	require.Equal(t, ops.EveningReport, evening.Workflow)
	h, err := book.Own(context.Background(), evening.ID)
	require.NoError(t, err)
	last := evening.Calendar.Last(time.Now().Add(-48 * time.Hour))
	require.NoError(t, h.Backfill(context.Background(), client.ScheduleBackfillOptions{Backfill: []client.ScheduleBackfill{{Start: last.Add(-time.Second), End: last.Add(time.Second)}}}))
	w.until("the report of "+last.Format(time.DateOnly), func() bool {
		files, err := filepath.Glob(filepath.Join(w.settings.Reports.Dir, "daily-report-"+last.Format(time.DateOnly)+".*"))
		return err == nil && len(files) == 4
	})
}
