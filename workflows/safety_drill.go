package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

const (
	drillSamples = 5
	drillLimit   = time.Second
	// drillPause keeps the samples apart, so that they do not measure each other.
	drillPause = 2 * time.Second
)

// StopDrill measures on the live system how long a stop would take from its signal to the gates, with a flag that forbids
// nothing. It fails, and tells people, when the slowest of a hundred would take longer than a second.
func StopDrill(ctx workflow.Context, in ops.DrillInput) (ops.DrillReport, error) {
	if in.Samples <= 0 {
		in.Samples = drillSamples
	}
	if in.Limit <= 0 {
		in.Limit = drillLimit
	}
	report := ops.DrillReport{Limit: float64(in.Limit.Microseconds()) / 1000}
	err := workflow.SetQueryHandlerWithOptions(ctx, ops.QueryResult, func() (ops.DrillReport, error) { return report, nil },
		workflow.QueryHandlerOptions{Description: "What was measured so far"})
	if err != nil {
		return report, fmt.Errorf("register the query: %w", err)
	}
	var took []float64
	for n := range in.Samples {
		one, err := ops.MeasureStop.Do(ctx, ops.DrillSample{ID: fmt.Sprintf("%s-%d", workflow.GetInfo(ctx).WorkflowExecution.RunID, n+1)}, fmt.Sprintf("sample %d of %d", n+1, in.Samples))
		if err != nil {
			report.Reason = reason(err)
			return report, failedDrill(ctx, report)
		}
		took = append(took, one.MS)
		report.Samples, report.Running = len(took), max(report.Running, one.Running)
		report.P50, report.P99 = safety.Percentile(took, 50), safety.Percentile(took, 99)
		if n+1 < in.Samples {
			if err := workflow.Sleep(ctx, drillPause); err != nil {
				return report, err
			}
		}
	}
	if report.P99 > report.Limit {
		report.Reason = fmt.Sprintf("a stop takes %.0f ms from signal to gate, and %.0f ms are promised", report.P99, report.Limit)
		return report, failedDrill(ctx, report)
	}
	report.OK = true
	return report, nil
}

// failedDrill tells people and makes the workflow's error.
func failedDrill(ctx workflow.Context, r ops.DrillReport) error {
	now := workflow.Now(ctx).UTC()
	m := domain.Message{
		Key: "safety/drill/" + workflow.GetInfo(ctx).WorkflowExecution.RunID, Seq: 1, Kind: domain.MessageTrigger, Severity: domain.SeverityHigh,
		Title: "The stop drill failed", Text: r.Reason + ".\nfeeops stop writes the flag into the store itself and does not wait for Temporal. Runbook: drill-stop.", At: now,
	}
	if _, err := ops.TellPeople.Do(ctx, m, "tell people"); err != nil {
		workflow.GetLogger(ctx).Warn("people were not told of the failed drill", "error", err)
	}
	return fault.Seal(fault.New(fault.Human, "drill/slow", errors.New(r.Reason)))
}
