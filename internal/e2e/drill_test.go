package e2e

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	fakepd "github.com/meteora-fee-router/feeops/internal/fake/pagerduty"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// pager connects a worker to a PagerDuty of its own.
func (w *world) pager() *fakepd.Server {
	w.t.Helper()
	const key = "0123456789abcdef0123456789abcdef"
	s, err := fakepd.Start(context.Background(), key)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, s.Close()) })
	w.settings.Notify.PagerDuty.RoutingKey, w.settings.Notify.PagerDuty.BaseURL = config.NewSecret(key), s.URL
	return s
}

// statuses are those of all alerts, in the order in which they were opened.
func statuses(s *fakepd.Server) string {
	var out []string
	for _, a := range s.Alerts() {
		out = append(out, a.Status)
	}
	return strings.Join(out, " ")
}

// TestDrills_AScheduleTellsOfEveryDrillAndEndsItsOwnAlarm runs drills as their schedules do, with a PagerDuty on the
// wire: one that fails opens an alert, a second failure opens no second one, the next good one resolves it, and good ones
// are change events. What is open is known from nothing but what Temporal hands from run to run.
func TestDrills_AScheduleTellsOfEveryDrillAndEndsItsOwnAlarm(t *testing.T) {
	t.Parallel()
	w := newChain(t, specs(localnet.VaultSpec{Investors: 3}), backedUp)
	pager := w.pager()
	w.startWorker()
	w.safetyState()
	w.backup()
	archives := strings.TrimPrefix(w.settings.Backup.Place.Reveal(), "file:")
	ctx := context.Background()
	changes := len(pager.Changes())

	restore := w.client.ScheduleClient().GetHandle(ctx, ops.RestoreDrillSchedule(w.settings.Temporal.TaskQueue))
	require.NoError(t, os.Rename(archives, archives+".away"))
	require.NoError(t, restore.Trigger(ctx, client.ScheduleTriggerOptions{}))
	w.until("an alarm", func() bool { return statuses(pager) == "triggered" })
	w.idle(restore)
	require.NoError(t, os.RemoveAll(archives))
	require.NoError(t, os.Rename(archives+".away", archives))
	require.NoError(t, restore.Trigger(ctx, client.ScheduleTriggerOptions{}))
	w.until("its end", func() bool { return statuses(pager) == "resolved" })
	w.idle(restore)
	require.Len(t, pager.Changes(), changes, "the end is told once")
	require.NoError(t, restore.Trigger(ctx, client.ScheduleTriggerOptions{}))
	w.until("a change", func() bool { return len(pager.Changes()) == changes+1 })

	slow := ops.DrillInput{Samples: 1, Limit: time.Nanosecond}
	action := client.ScheduleWorkflowAction{ID: "stop-drill/" + t.Name(), Workflow: ops.StopDrill, TaskQueue: w.settings.Temporal.TaskQueue, Args: []any{slow}}
	stop, err := w.client.ScheduleClient().Create(ctx, client.ScheduleOptions{ID: "stop-drill/" + t.Name(), Action: &action})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, stop.Delete(context.Background())) })
	for n := range 2 {
		require.NoError(t, stop.Trigger(ctx, client.ScheduleTriggerOptions{}))
		w.until("an alarm, and the same again", func() bool {
			alerts := pager.Alerts()
			return len(alerts) == 2 && len(alerts[1].Events) == n+1
		})
		w.idle(stop)
	}
	action.Args = []any{ops.DrillInput{Samples: 1, Limit: time.Minute}}
	require.NoError(t, stop.Update(ctx, client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
		in.Description.Schedule.Action = &action
		return &client.ScheduleUpdate{Schedule: &in.Description.Schedule}, nil
	}}))
	require.NoError(t, stop.Trigger(ctx, client.ScheduleTriggerOptions{}))
	w.until("its end", func() bool { return statuses(pager) == "resolved resolved" })
}

// idle waits until a schedule knows that its runs have ended: what one left is handed to the next only then.
func (w *world) idle(s client.ScheduleHandle) {
	w.t.Helper()
	w.until("the schedule knows the end", func() bool {
		d, err := s.Describe(context.Background())
		return err == nil && len(d.Info.RunningWorkflows) == 0
	})
}
