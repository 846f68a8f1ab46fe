// Package app is the worker as an fx application: each domain a module, with hooks for a clean start and drain. Only
// this package and starter know fx.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/meteora-fee-router/feeops/config"
)

// startTimeout bounds the start of all parts together.
const startTimeout = 45 * time.Second

// Run starts the worker, runs until ctx ends, and drains: activities under way get worker.drain_timeout to end.
func Run(ctx context.Context, s config.Settings, changes ...Change) error {
	collectSooner(os.LookupEnv, debug.SetGCPercent)
	a := New(s, changes...)
	if err := a.Err(); err != nil {
		return explain(err)
	}
	startCtx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := a.Start(startCtx); err != nil {
		return errors.Join(explain(err), stop(ctx, a, s))
	}
	var failed error
	select {
	case <-ctx.Done():
	case signal := <-a.Wait():
		if signal.ExitCode == 0 {
			break // fx saw the same interrupt first.
		}
		failed = fmt.Errorf("a part of the worker ended by itself (exit code %d); its last log line says why", signal.ExitCode)
	}
	return errors.Join(failed, stop(ctx, a, s))
}

func stop(ctx context.Context, a *fx.App, s config.Settings) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Worker.DrainTimeout+5*time.Second)
	defer cancel()
	if err := a.Stop(ctx); err != nil {
		return fmt.Errorf("stop the worker: %w", err)
	}
	return nil
}

// explain takes fx's frame off a constructor's error: an operator wants the cause.
func explain(err error) error {
	for at := err; at != nil; at = errors.Unwrap(at) {
		if isOurs(at) {
			return at
		}
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

// New assembles the worker without starting anything. changes replace parts of it, as WithClock does.
func New(s config.Settings, changes ...Change) *fx.App {
	return fx.New(
		fx.Supply(s),
		fx.Options(changes...),
		fx.WithLogger(func(log *slog.Logger) fxevent.Logger {
			l := &fxevent.SlogLogger{Logger: log}
			l.UseLogLevel(slog.LevelDebug)
			l.UseErrorLevel(slog.LevelDebug) // Run gives the cause once, without fx's frames.
			return l
		}),
		fx.StartTimeout(startTimeout),
		Modules(),
	)
}

// Modules lists every part of the worker.
func Modules() fx.Option {
	return fx.Options(clockModule, logModule, storeModule, chainModule, senderModule, distributionModule, auditModule, notifyModule, monitorModule, incidentModule, safetyModule, routineModule, backupModule,
		metricsModule, webModule, inboxModule, httpModule, temporalModule, watchModule)
}
