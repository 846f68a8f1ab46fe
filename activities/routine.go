package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// RoutineStep does one step of a routine, as of a moment.
type RoutineStep func(ctx context.Context, at time.Time) (ops.RoutineStep, error)

// Routines hold the activities of MorningCheck, EveningReport, WeeklyMaintenance and MonthlyReview.
type Routines struct {
	steps map[string]RoutineStep
	sum   func(ctx context.Context, in ops.MaintenanceInput) (ops.RoutineStep, error)
}

// NewRoutines makes them: the steps by the names of their activities, and what saves the maintenance as a whole.
func NewRoutines(steps map[string]RoutineStep, sum func(ctx context.Context, in ops.MaintenanceInput) (ops.RoutineStep, error)) *Routines {
	return &Routines{steps, sum}
}

func (r *Routines) one(name string, step RoutineStep) func(context.Context, ops.StepInput) (ops.RoutineStep, error) {
	return func(ctx context.Context, in ops.StepInput) (ops.RoutineStep, error) {
		defer heartbeat(ctx)()
		out, err := step(ctx, in.At)
		if err != nil {
			return out, fault.Seal(fmt.Errorf("%s: %w", name, err))
		}
		return out, nil
	}
}

// ReportMaintenance saves what the steps found as one report.
func (r *Routines) ReportMaintenance(ctx context.Context, in ops.MaintenanceInput) (ops.RoutineStep, error) {
	defer heartbeat(ctx)()
	out, err := r.sum(ctx, in)
	if err != nil {
		return out, fault.Seal(fmt.Errorf("report of the maintenance: %w", err))
	}
	return out, nil
}

// Names are the functions by the names that internal/ops gives them.
func (r *Routines) Names() map[string]any {
	out := map[string]any{ops.ReportMaintenance.Name: r.ReportMaintenance}
	for name, step := range r.steps {
		out[name] = r.one(name, step)
	}
	return out
}
