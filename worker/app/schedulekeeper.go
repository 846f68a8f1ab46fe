package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/schedule"
)

// keepSchedules makes the schedules that a worker may make and says in the log how the others differ from the settings.
// It tries until it has: payments do not wait for it.
func keepSchedules(lc fx.Lifecycle, s config.Settings, c client.Client, log *slog.Logger) error {
	book, err := Schedules(s, c.ScheduleClient())
	if err != nil {
		return fault(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	lc.Append(fx.StartStopHook(
		func() {
			go func() {
				defer close(done)
				for wait := time.Duration(0); sleep(ctx, wait) == nil; wait = 15 * time.Second {
					err := ensureSchedules(ctx, book, log)
					if err == nil || ctx.Err() != nil {
						return
					}
					log.Error("the schedules could not be looked at; it is tried again", "error", err)
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
	return nil
}

func ensureSchedules(ctx context.Context, book schedule.Book, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	left, err := book.Ensure(ctx)
	if err != nil {
		return err
	}
	what := make([]string, 0, len(left))
	for _, c := range left {
		what = append(what, c.ID+": "+c.Text())
	}
	if len(what) > 0 {
		log.Warn("schedules are not as the settings have them; look with feeops schedule apply --dry-run", "schedules", what)
	}
	return nil
}
