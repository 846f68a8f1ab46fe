// Package workflows decides. It is deterministic: no I/O, clock, randomness or settings, only names and results of
// activities. What a day does is in activities and internal/distribution.
package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// DailyDistribution pays one vault for one on-chain day: gate, plan, checks, wait until due, accounts, rehearsal, pages,
// finality, reconciliation, report. It believes the chain's cursor and no reply.
//
// It returns the report of a day that ended well or was not to be paid (not due, no fees, stopped). A day that failed
// ends the workflow with an error whose details carry the same report, and the report is in the store either way.
func DailyDistribution(ctx workflow.Context, in ops.DailyInput) (domain.DayReport, error) {
	info := workflow.GetInfo(ctx)
	d := &daily{in: in, started: workflow.Now(ctx)}
	d.status = ops.DailyStatus{Vault: in.Vault, Step: "start", State: domain.Ready, Started: d.started}
	d.report = domain.DayReport{
		Vault: in.Vault, WorkflowID: info.WorkflowExecution.ID, RunID: info.WorkflowExecution.RunID, StartedAt: d.started,
	}
	if err := d.listen(ctx); err != nil { // Orders and questions are answered before any step.
		return d.report, err
	}
	err := d.run(ctx)
	return d.report, d.finish(ctx, err)
}

// daily is one run. It holds no client, logger, setting or clock.
type daily struct {
	in      ops.DailyInput
	started time.Time
	status  ops.DailyStatus
	plan    ops.Plan
	checks  domain.Checks
	report  domain.DayReport
	stopped *ops.Order // Set once by the stop signal.
	paused  *ops.Order // Set by pause, cleared by resume.
	orders  []ops.TakenOrder
	resumed int // Counts resume signals: a run that waits for a human goes on at the next one.
	stalls  int // Pages in a row that did not move the cursor.
	opening workflow.Future
	trouble troubles
	roster  operator.Roster // Who may approve the plan, by the worker's settings.
	yes     *operator.Approval

	shown    domain.State // What the search attributes say.
	shownDay domain.Day
}

// step is one named part of the day; the name is what the status query and the Temporal UI show.
type step struct {
	name string
	do   func(workflow.Context) error
}

// errEnd ends the day early without being a failure: the report says why.
var errEnd = fmt.Errorf("the day ends here")

func (d *daily) run(ctx workflow.Context) error {
	steps := []step{
		{"gate", d.gate},
		{"plan", d.makePlan},
		{"wait until due", d.awaitDue},
		{"checks", d.check},
		{"approval", d.approve},
		{"accounts", d.accounts},
		{"rehearsal", d.rehearse},
		{"pages", d.pages},
		{"finality", d.finality},
		{stepReconcile, d.reconcile},
		{"tables", d.tidy},
	}
	for _, s := range steps {
		if err := d.insist(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// giveUpAfter is how often a step whose activities' own retries are used up is begun again before a day that is not
// open fails: about an hour.
const giveUpAfter = 15

// stepReconcile is the last step. Once every page is final nothing is lost by ending it, so after about half an hour of
// failures a person is told instead of the vault being held for good.
const (
	stepReconcile = "reconciliation"
	auditTries    = 8
)

// replanLimit bounds how often a step may find its plan gone.
const replanLimit = 3

// replan makes the plan again from the chain after the store lost it: the chain knows the day's list and its cursor.
func (d *daily) replan(ctx workflow.Context) error {
	open := d.open()
	if err := d.makePlan(ctx); err != nil {
		return err
	}
	d.opening = nil
	switch {
	case d.plan.State == domain.Ready:
		return nil
	case open && d.plan.State == domain.NotDue:
		return d.unreconciled("day/unreconciled", "the store lost the day's plan after its last page: the chain says that the day is complete, and nothing was reconciled")
	case d.plan.State == domain.Failed:
		return d.fails("check/P02", "%s", d.plan.Reason)
	default:
		return d.end(d.plan.State, "%s", d.plan.Reason)
	}
}

// insist does a step, again and again while the reason is the network or the store: every step may be repeated, since
// it believes the chain and the books. A day that is open is never given up for such a reason (X11).
func (d *daily) insist(ctx workflow.Context, s step) error {
	for try := 1; ; try++ {
		d.show(ctx, s.name)
		if err := d.mayGoOn(ctx); err != nil {
			return err
		}
		err := s.do(ctx)
		if err == nil {
			d.wentOn(ctx)
		}
		if fault.CodeOf(err) == codePlanLost && try <= replanLimit {
			if err := d.replan(ctx); err != nil {
				return err
			}
			continue
		}
		kind := fault.KindOf(err)
		if err == nil || errors.Is(err, errEnd) || temporal.IsCanceledError(err) || kind != fault.Retry && kind != fault.Unknown {
			return err
		}
		if !d.open() && try >= giveUpAfter {
			return err
		}
		if s.name == stepReconcile && try >= auditTries {
			return d.unreconciled("day/books", "every page is turned and final, and the books could not be made: %s", reason(err))
		}
		was := d.status.State
		if err := d.hold(ctx, domain.Stuck, err, min(5*time.Minute, 15*time.Second<<min(try-1, 5))); err != nil {
			return err
		}
		d.status.State, d.status.Reason = was, ""
	}
}

// end closes the day in a state with a reason.
func (d *daily) end(state domain.State, format string, args ...any) error {
	d.status.State, d.status.Reason = state, fmt.Sprintf(format, args...)
	return errEnd
}

// finish saves the report and turns a failure into the workflow's error.
func (d *daily) finish(ctx workflow.Context, err error) error {
	if err != nil && !errors.Is(err, errEnd) {
		if temporal.IsCanceledError(err) {
			d.status.State, d.status.Reason = domain.Stopped, "the run was cancelled"
		} else {
			d.status.State, d.status.Reason = domain.Failed, reason(err)
		}
	}
	if ctx.Err() != nil {
		ctx, _ = workflow.NewDisconnectedContext(ctx) // The report is saved also when the run is cancelled.
	}
	d.report.State, d.report.Reason = d.status.State, d.status.Reason
	d.report.EndedAt = workflow.Now(ctx)
	d.show(ctx, "report")
	d.ended(ctx, err) // Beside the report: a store that holds one up must not keep people from being told.
	saved, saveErr := ops.SaveReport.Do(ctx, ops.ReportInput{Report: d.report, Actor: d.in.Actor, Orders: d.orders}, "")
	d.awaitReports(ctx)
	if saveErr != nil {
		return saveErr
	}
	d.report.Requests = saved.Requests
	d.show(ctx, "end")
	if d.status.State == domain.Failed || d.status.State == domain.CompleteUnreconciled {
		return temporal.NewApplicationErrorWithOptions(d.status.Reason, string(fault.Human),
			temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{d.report}, Cause: cause(err)})
	}
	return nil
}

func cause(err error) error {
	if errors.Is(err, errEnd) {
		return nil
	}
	return err
}

// reason is the innermost message of a failure, which is the one that a person wrote.
func reason(err error) string {
	var app *temporal.ApplicationError
	if !asApp(err, &app) {
		return err.Error()
	}
	if n := fault.TriesOf(err); n > 1 {
		return fmt.Sprintf("%s (tried %d times)", app.Message(), n)
	}
	return app.Message()
}
