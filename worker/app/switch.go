package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// switchEvery is how often a worker looks whether the switch still runs: somebody may have terminated it.
const switchEvery = 30 * time.Second

// Switch starts the deployment's safety switch and keeps it running.
type Switch struct {
	client client.Client
	store  *store.Store
	s      config.Settings
	clock  Clock
	log    *slog.Logger
	end    context.CancelFunc
	done   chan struct{}
}

func newSwitch(c client.Client, db *store.Store, s config.Settings, clock Clock, log *slog.Logger) *Switch {
	return &Switch{client: c, store: db, s: s, clock: clock, log: log}
}

// SwitchOptions start the switch, for signals that must not depend on whether it runs.
func SwitchOptions(queue string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: ops.SwitchID(queue), TaskQueue: ops.SafetyQueue(queue),
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, StaticSummary: "Stops everything, and lets it go on by two people",
	}
}

// SignalFlag orders the switch to raise a flag, and starts it when it does not run: the order waits there for a worker.
func SignalFlag(ctx context.Context, c client.Client, queue string, f domain.SafetyFlag) error {
	order := map[string]string{"scope": safety.ScopeAll, "reason": f.Reason, "actor": f.Actor, "at": f.At.UTC().Format(time.RFC3339Nano)}
	if f.Vault != "" {
		order["scope"], order["vault"] = safety.ScopeVault, f.Vault
	}
	name := ops.SignalEmergencyStop
	if f.Kind == domain.SafetyIsolate {
		name = ops.SignalIsolate
	}
	return signalSwitch(ctx, c, queue, name, order)
}

func signalSwitch(ctx context.Context, c client.Client, queue, name string, payload any) error {
	if _, err := c.SignalWithStartWorkflow(ctx, ops.SwitchID(queue), name, payload, SwitchOptions(queue), ops.SafetySwitch, ops.SwitchInput{}); err != nil {
		return fmt.Errorf("signal %s to %s: %w", name, ops.SwitchID(queue), err)
	}
	return nil
}

// Start starts or finds the switch and has it read store and settings. With EMERGENCY_STOP it raises the durable stop: in
// the store itself, which needs nobody, and by the switch, which tells runs and people.
func (w *Switch) Start(ctx context.Context) error {
	if w.s.Safety.EmergencyStop {
		if err := w.raise(ctx, "EMERGENCY_STOP is set in the settings of a worker"); err != nil {
			return fault(err)
		}
	}
	if err := w.confirm(ctx); err != nil {
		return fault(err)
	}
	if err := w.look(ctx); err != nil {
		return fault(err)
	}
	loop, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w.end, w.done = cancel, make(chan struct{})
	go func() {
		defer close(w.done)
		for sleep(loop, switchEvery) == nil {
			w.keep(loop)
		}
	}()
	return nil
}

// raise raises the durable stop in the name of the settings: in the store, which needs nobody, and by the switch.
func (w *Switch) raise(ctx context.Context, reason string) error {
	flag := domain.SafetyFlag{Kind: domain.SafetyStop, Reason: reason, Actor: "settings", At: w.clock()}
	if err := w.store.SetSafety(ctx, flag); err != nil {
		return fmt.Errorf("raise the stop (%s): %w", reason, err)
	}
	return w.reach(ctx, func() error { return SignalFlag(ctx, w.client, w.s.Temporal.TaskQueue, flag) })
}

// Stop ends the looking, not the switch.
func (w *Switch) Stop(ctx context.Context) error {
	if w.end == nil {
		return nil
	}
	w.end()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the watch over the safety switch did not end: %w", ctx.Err())
	}
}

// look starts the switch, or has the one that runs read store and settings again.
func (w *Switch) look(ctx context.Context) error {
	return w.reach(ctx, func() error { return signalSwitch(ctx, w.client, w.s.Temporal.TaskQueue, ops.SignalLook, nil) })
}

// reach tries more than once: a Temporal server that is just starting refuses its first calls.
func (w *Switch) reach(ctx context.Context, signal func() error) error {
	var last error
	for range 5 {
		if last = signal(); last == nil {
			return nil
		}
		if err := sleep(ctx, time.Second); err != nil {
			break
		}
	}
	return fmt.Errorf("%w. Without the safety switch nobody can stop by a signal", last)
}

// keep starts the switch again when it is gone.
func (w *Switch) keep(ctx context.Context) {
	soon, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	id := ops.SwitchID(w.s.Temporal.TaskQueue)
	e, err := w.client.DescribeWorkflowExecution(soon, id, "")
	var absent *serviceerror.NotFound
	gone := errors.As(err, &absent) || err == nil && e.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	if !gone {
		return
	}
	w.log.Warn("the safety switch does not run; starting it again", "workflow", id, "status", e.GetWorkflowExecutionInfo().GetStatus())
	if err := w.look(soon); err != nil && ctx.Err() == nil {
		w.log.Error("the safety switch is not started", "error", err)
	}
}
