package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// startDay starts a vault's run. A second run of the same vault is refused by Temporal, whoever started the first (X02).
func startDay(ctx context.Context, tc client.Client, queue string, in ops.DailyInput) (client.WorkflowRun, error) {
	run, err := tc.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: ops.DailyID(in.Vault), TaskQueue: queue,
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary:                            "Pays the day of vault " + in.Vault,
	}, ops.DailyDistribution, in)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", ops.DailyID(in.Vault), err)
	}
	return run, nil
}

// queryStatus asks a run where it stands. A worker that is just being started again does not answer; then the caller
// keeps what it knew.
func queryStatus(ctx context.Context, tc client.Client, id, runID string) (ops.DailyStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	var s ops.DailyStatus
	value, err := tc.QueryWorkflow(ctx, id, runID, ops.QueryStatus)
	if err != nil {
		return s, fmt.Errorf("query %s of %s: %w", ops.QueryStatus, id, err)
	}
	if err := value.Get(&s); err != nil {
		return s, fmt.Errorf("query %s of %s: %w", ops.QueryStatus, id, err)
	}
	return s, nil
}

// followDay waits for a run's end and tells where it stands in between. A run that fails loses its result; what it
// last said and the error stand in for it.
func followDay(ctx context.Context, tc client.Client, run client.WorkflowRun, tell func(ops.DailyStatus)) (domain.DayReport, error) {
	type end struct {
		report domain.DayReport
		err    error
	}
	ended := make(chan end, 1)
	go func() {
		var e end
		e.err = run.Get(ctx, &e.report)
		ended <- e
	}()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	var last ops.DailyStatus
	for {
		select {
		case e := <-ended:
			if e.err != nil {
				if cause := context.Cause(ctx); cause != nil {
					return lastWords(run, last, last.State), cause // It may still run; only the watching ended.
				}
				if report, ok := failedReport(e.err); ok {
					return report, nil // It says how the day failed; the row tells it.
				}
				return lastWords(run, last, domain.Failed), plainReason(e.err)
			}
			return e.report, nil
		case <-ticker.C:
			if s, err := queryStatus(ctx, tc, run.GetID(), run.GetRunID()); err == nil {
				last = s
				tell(s)
			}
		}
	}
}

// plainReason takes Temporal's frames off a workflow's failure: an operator wants the cause, and the ids are known.
func plainReason(err error) error {
	var app *temporal.ApplicationError
	if errors.As(err, &app) {
		return errors.New(app.Message())
	}
	return err
}

// failedReport takes the report out of a failed run's error, which carries it (a failed workflow has no result).
func failedReport(err error) (domain.DayReport, bool) {
	var app *temporal.ApplicationError
	var report domain.DayReport
	if errors.As(err, &app) && app.HasDetails() && app.Details(&report) == nil && report.State != "" {
		return report, true
	}
	return domain.DayReport{}, false
}

// lastWords is what is known of a run that left no report.
func lastWords(run client.WorkflowRun, s ops.DailyStatus, state domain.State) domain.DayReport {
	return domain.DayReport{
		Vault: s.Vault, Day: s.Day, State: cmp.Or(state, domain.UnknownState), Reason: s.Reason, Investors: s.Investors, Pages: s.Page,
		Result: domain.Reconciliation{Figures: domain.Figures{Paid: s.Paid}}, Token: s.Token,
		WorkflowID: run.GetID(), RunID: run.GetRunID(),
	}
}
