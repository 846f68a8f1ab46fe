package workflows

import (
	"cmp"
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
// nothing. It fails, and raises an alarm, when the slowest of a hundred would take longer than a second; people are told of
// every drill.
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
	told := newDrillTold(ctx, "safety/drill")
	var took []float64
	for n := range in.Samples {
		one, err := ops.MeasureStop.Do(ctx, ops.DrillSample{ID: fmt.Sprintf("%s-%d", workflow.GetInfo(ctx).WorkflowExecution.RunID, n+1)}, fmt.Sprintf("sample %d of %d", n+1, in.Samples))
		if err != nil {
			report.Reason = reason(err)
			if ctx.Err() != nil {
				return report, err
			}
			return report, failedDrill(ctx, told, report, cmp.Or(fault.CodeOf(err), "drill/unseen"))
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
		return report, failedDrill(ctx, told, report, "drill/slow")
	}
	report.OK = true
	told.well(ctx, "The stop drill went well", fmt.Sprintf(
		"%d measured with %d running distributions: half within %.0f ms, 99 of 100 within %.0f ms, of %.0f ms promised. Nothing was stopped.",
		report.Samples, report.Running, report.P50, report.P99, report.Limit))
	report.Alarm = told.alarm
	return report, nil
}

// failedDrill tells people and makes the workflow's error.
func failedDrill(ctx workflow.Context, told *drillTold, r ops.DrillReport, code string) error {
	told.badly(ctx, domain.SeverityHigh, "The stop drill failed", r.Reason+".\nfeeops stop writes the flag into the store itself and does not wait for Temporal.", "drill-stop", "feeops drill stop --live")
	return told.failure(fault.New(fault.Human, code, errors.New(r.Reason)))
}
