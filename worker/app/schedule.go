package app

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/meteora-fee-router/feeops/internal/ops"
)

// schedule makes the schedule of the stop drill what the settings say. A drill that is not scheduled keeps nobody from
// being paid, so a failure is only told.
func (w *Switch) schedule(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	id, cron := ops.DrillSchedule(w.s.Temporal.TaskQueue), w.s.Safety.StopDrill
	handle := w.client.ScheduleClient().GetHandle(ctx, id)
	if cron == "" {
		err := handle.Delete(ctx)
		var absent *serviceerror.NotFound
		if err != nil && !errors.As(err, &absent) {
			w.log.Warn("the schedule of the stop drill was not taken away", "schedule", id, "error", err)
		}
		return
	}
	spec := client.ScheduleSpec{CronExpressions: []string{cron}, Jitter: time.Minute}
	_, err := w.client.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: id, Spec: spec, Note: cron, Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: time.Hour,
		Action: &client.ScheduleWorkflowAction{ID: id, Workflow: ops.StopDrill, TaskQueue: w.s.Temporal.TaskQueue, Args: []any{ops.DrillInput{}}},
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		err = handle.Update(ctx, client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			now := in.Description.Schedule
			if now.State.Note == cron {
				return nil, temporal.ErrSkipScheduleUpdate
			}
			now.Spec, now.State.Note = &spec, cron
			return &client.ScheduleUpdate{Schedule: &now}, nil
		}})
	}
	if err != nil {
		w.log.Warn("the stop drill is not scheduled", "schedule", id, "error", err)
	}
}
