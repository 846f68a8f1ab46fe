package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/ops"
)

// MorningCheck looks where every vault stands, and reviews what the chain recorded since the day before (D01–D24).
func MorningCheck(ctx workflow.Context, in ops.RoutineInput) (ops.RoutineResult, error) {
	return newRoutine(ops.MorningCheck, in).run(ctx, ops.ReportMorning, ops.ReportEvents)
}

// EveningReport reports the date (E01–E08).
func EveningReport(ctx workflow.Context, in ops.RoutineInput) (ops.RoutineResult, error) {
	return newRoutine(ops.EveningReport, in).run(ctx, ops.ReportDaily)
}

// WeeklyMaintenance looks after machine, store, endpoints, page sizes, modules and schedules, and reports the week (W01–W15).
func WeeklyMaintenance(ctx workflow.Context, in ops.RoutineInput) (ops.RoutineResult, error) {
	r := newRoutine(ops.WeeklyMaintenance, in)
	r.sums = true
	steps := []ops.Activity[ops.StepInput, ops.RoutineStep]{ops.InspectHost}
	if workflow.GetVersion(ctx, changeWeeklyBackup, workflow.DefaultVersion, 1) != workflow.DefaultVersion {
		steps = append(steps, ops.EnsureBackup)
	}
	return r.run(ctx, append(steps, ops.CleanUp, ops.RankEndpoints, ops.AdvisePageSize, ops.ReportModules, ops.InspectSchedules, ops.ReportWeekly)...)
}

// MonthlyReview reviews the month before (O01–O05).
func MonthlyReview(ctx workflow.Context, in ops.RoutineInput) (ops.RoutineResult, error) {
	return newRoutine(ops.MonthlyReview, in).run(ctx, ops.ReportMonthly)
}

// routine is one run: its steps one after the other, each a row of the result whatever it comes to (W08).
type routine struct {
	name   string
	in     ops.RoutineInput
	result ops.RoutineResult
	sums   bool // What the steps found is saved as a report of its own.
}

func newRoutine(name string, in ops.RoutineInput) *routine {
	return &routine{name: name, in: in, result: ops.RoutineResult{Verdict: ops.VerdictOK, Steps: []ops.RoutineStep{}}}
}

// scheduledFor is set by Temporal on every run that a schedule starts.
var scheduledFor = temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")

// at is the moment that the run is about: given, scheduled, or now. A run that starts late is about its own time.
func (r *routine) at(ctx workflow.Context) time.Time {
	if !r.in.At.IsZero() {
		return r.in.At
	}
	if t, ok := workflow.GetTypedSearchAttributes(ctx).GetTime(scheduledFor); ok && !t.IsZero() {
		return t
	}
	return workflow.Now(ctx)
}

func (r *routine) run(ctx workflow.Context, steps ...ops.Activity[ops.StepInput, ops.RoutineStep]) (ops.RoutineResult, error) {
	if err := workflow.SetQueryHandler(ctx, ops.QueryResult, func() (ops.RoutineResult, error) { return r.result, nil }); err != nil {
		return r.result, fmt.Errorf("register query: %w", err)
	}
	r.result.At = r.at(ctx)
	for _, step := range steps {
		out, err := step.Do(ctx, ops.StepInput{At: r.result.At}, "")
		r.add(step.Name, out, err)
		if ctx.Err() != nil {
			return r.result, ctx.Err()
		}
	}
	if r.sums {
		out, err := ops.ReportMaintenance.Do(ctx, ops.MaintenanceInput{At: r.result.At, Steps: r.result.Steps}, "")
		r.add(ops.ReportMaintenance.Name, out, err)
	}
	info := workflow.GetInfo(ctx)
	message := ops.RoutineMessage(r.name, info.WorkflowExecution.RunID, r.result, workflow.Now(ctx))
	if _, err := ops.TellPeople.Do(ctx, message, message.Title); err != nil {
		r.add("tell", ops.RoutineStep{}, err)
	}
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("**%s**\n\n%s", r.result.Verdict, message.Text))
	return r.result, ctx.Err()
}

// add keeps a step. One whose activity failed is a failed row, and the next one is done all the same.
func (r *routine) add(name string, s ops.RoutineStep, err error) {
	if err != nil {
		s = ops.RoutineStep{Name: name, Verdict: ops.VerdictFail, Seen: reason(err), Next: "feeops doctor"}
	}
	r.result.Steps = append(r.result.Steps, s)
	if s.Verdict == ops.VerdictFail || s.Verdict == ops.VerdictWarn && r.result.Verdict == ops.VerdictOK {
		r.result.Verdict = s.Verdict
	}
}
