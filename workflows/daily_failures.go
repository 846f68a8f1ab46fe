package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// troubles are what a day has reported of itself.
type troubles struct {
	sent    int               // Reports of this run: each has a key of its own.
	known   map[string]bool   // By kind and code: a page that is tried again is not another failure.
	open    bool              // A failure was reported, and the day has not gone on since.
	waiting []workflow.Future // Reports under way.
	page    *uint32           // The page that is being turned.
	code    string            // Why the day ends as failed or unreconciled, when no error says it.
}

// fails ends the day as failed, with the code of the reason.
func (d *daily) fails(code, format string, args ...any) error {
	d.trouble.code = code
	return d.end(domain.Failed, format, args...)
}

// unreconciled ends a day whose pages are turned and whose books do not equal the chain.
func (d *daily) unreconciled(code, format string, args ...any) error {
	d.trouble.code = code
	return d.end(domain.CompleteUnreconciled, format, args...)
}

// stuck reports a failure that the day waits out.
func (d *daily) stuck(ctx workflow.Context, why error) {
	d.reportFailure(ctx, domain.FailureStuck, fault.CodeOf(why), reason(why))
	d.trouble.open = true
}

// wentOn reports that the day goes on after a failure that it had reported.
func (d *daily) wentOn(ctx workflow.Context) {
	if d.trouble.open {
		d.trouble.open, d.trouble.known = false, nil
		d.send(ctx, domain.Failure{Kind: domain.FailureRecovered}, "the day goes on")
	}
}

// ended reports how the day ended. A complete day says so as well: an incident of an earlier run may wait for it.
func (d *daily) ended(ctx workflow.Context, err error) {
	switch d.status.State {
	case domain.Complete:
		d.send(ctx, domain.Failure{Kind: domain.FailureRecovered}, "the day is complete")
	case domain.CompleteUnreconciled:
		d.reportFailure(ctx, domain.FailureUnreconciled, d.trouble.code, d.status.Reason)
	case domain.Failed:
		kind, code := domain.FailureFailed, d.trouble.code
		if err != nil && !errors.Is(err, errEnd) {
			code = fault.CodeOf(err)
		}
		if code == codeDayLost {
			kind = domain.FailureLost
		}
		d.reportFailure(ctx, kind, code, d.status.Reason)
	}
}

// awaitReports waits for what is under way: an end of the run would take it back.
func (d *daily) awaitReports(ctx workflow.Context) {
	for _, report := range d.trouble.waiting {
		if err := report.Get(ctx, nil); err != nil {
			workflow.GetLogger(ctx).Error("a failure was not reported", "error", err)
		}
	}
	d.trouble.waiting = nil
}

func (d *daily) reportFailure(ctx workflow.Context, kind domain.FailureKind, code, message string) {
	id := string(kind) + " " + code
	if d.trouble.known[id] {
		return
	}
	if d.trouble.known == nil {
		d.trouble.known = map[string]bool{}
	}
	d.trouble.known[id] = true
	d.send(ctx, domain.Failure{Kind: kind, Code: code, Message: message, Cursor: d.trouble.page, PageSize: d.plan.PageSize}, fmt.Sprintf("%s: %s", kind, code))
}

// send reports beside the main line: the day does not wait for it before it ends.
func (d *daily) send(ctx workflow.Context, f domain.Failure, summary string) {
	if !reportsFailures(ctx) {
		return
	}
	d.trouble.sent++
	f.Key = fmt.Sprintf("%s/%d", d.report.RunID, d.trouble.sent)
	f.Vault, f.Day, f.WorkflowID, f.RunID, f.At = d.in.Vault, d.plan.Day, d.report.WorkflowID, d.report.RunID, workflow.Now(ctx)
	d.trouble.waiting = append(d.trouble.waiting, ops.ReportFailure.Start(ctx, f, summary))
}
