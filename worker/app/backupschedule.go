package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// routine is a schedule that the worker keeps.
type routine struct {
	id       string
	workflow string
	input    any
	every    time.Duration
	now      bool // Once at once, when it is made.
	note     string
}

// backupRoutines are those of backups; none without a place.
func backupRoutines(s config.Settings) []routine {
	if s.Backup.Place.Reveal() == "" {
		return nil
	}
	queue := s.Temporal.TaskQueue
	out := []routine{{id: ops.BackupSchedule(queue), workflow: ops.Backup, input: ops.BackupInput{}, every: s.Backup.Every, now: true, note: "Backs up the store, evidence and reports"}}
	if s.Backup.IdentityFile != "" {
		out = append(out, routine{id: ops.RestoreDrillSchedule(queue), workflow: ops.RestoreDrill, input: ops.RestoreDrillInput{}, every: s.Backup.DrillEvery, note: "Restores the newest backup beside the store and judges it"})
	}
	return out
}

// startSchedules makes the schedules, or brings them to the settings' intervals. It tries until it has: payments do not
// wait for it.
func startSchedules(lc fx.Lifecycle, s config.Settings, c client.Client, log *slog.Logger) {
	list := backupRoutines(s)
	if len(list) == 0 {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	lc.Append(fx.StartStopHook(
		func() {
			go func() {
				defer close(done)
				for wait := time.Duration(0); sleep(ctx, wait) == nil; wait = 15 * time.Second {
					err := keepSchedules(ctx, s, c, list)
					if err == nil || ctx.Err() != nil {
						return
					}
					log.Error("the schedules could not be made; it is tried again", "error", err)
				}
			}()
		},
		func(stop context.Context) error {
			cancel()
			select {
			case <-done:
				return nil
			case <-stop.Done():
				return fmt.Errorf("the schedules' keeper did not end in time: %w", stop.Err())
			}
		},
	))
}

func keepSchedules(ctx context.Context, s config.Settings, c client.Client, list []routine) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for _, r := range list {
		_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
			ID: r.id, Spec: r.spec(), Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: r.every, TriggerImmediately: r.now, Note: r.note,
			Action: &client.ScheduleWorkflowAction{ID: r.id, Workflow: r.workflow, Args: []any{r.input}, TaskQueue: s.Temporal.TaskQueue, StaticSummary: r.note},
		})
		if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
			err = r.adjust(ctx, c)
		}
		if err != nil {
			return fmt.Errorf("schedule %s: %w", r.id, err)
		}
	}
	return nil
}

func (r routine) spec() client.ScheduleSpec {
	return client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: r.every}}, Jitter: min(r.every/10, 10*time.Minute)}
}

// adjust takes the settings' interval over. Whether somebody has paused the schedule stays as it is.
func (r routine) adjust(ctx context.Context, c client.Client) error {
	return c.ScheduleClient().GetHandle(ctx, r.id).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			schedule := in.Description.Schedule
			if i := schedule.Spec.Intervals; len(i) == 1 && i[0].Every == r.every {
				return nil, temporal.ErrSkipScheduleUpdate
			}
			spec := r.spec()
			schedule.Spec = &spec
			return &client.ScheduleUpdate{Schedule: &schedule}, nil
		},
	})
}
