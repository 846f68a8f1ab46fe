package workflows_test

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/workflows"
)

// TestHistoriesReplay holds today's workflow code against runs of earlier code: a run that is under way when a worker
// is replaced must go on. New histories are recorded with
//
//	go test ./internal/e2e -run TestRecord -record
//
// and stand beside the old ones; an old one is removed only with the code that it needs.
func TestHistoriesReplay(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "histories", "*.json"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 5)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			replayer := worker.NewWorkflowReplayer()
			workflows.Register(replayer)
			workflows.RegisterSafety(replayer)
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), file))
		})
	}
}

// TestHistories_AnIncompatibleChangeIsRefused shows that replaying sees what it is there for: code that does one thing
// more, one less, or another thing than the run did.
func TestHistories_AnIncompatibleChangeIsRefused(t *testing.T) {
	file := filepath.Join("testdata", "histories", "2026-11-25-daily-plain.json")
	tests := []struct {
		name   string
		change func(ctx workflow.Context, in ops.DailyInput) (domain.DayReport, error)
	}{
		{"a timer before the first step", func(ctx workflow.Context, in ops.DailyInput) (domain.DayReport, error) {
			if err := workflow.Sleep(ctx, time.Second); err != nil {
				return domain.DayReport{}, err
			}
			return workflows.DailyDistribution(ctx, in)
		}},
		{"another activity first", func(ctx workflow.Context, in ops.DailyInput) (domain.DayReport, error) {
			if _, err := ops.PlanDay.Do(ctx, in.Vault, ""); err != nil {
				return domain.DayReport{}, err
			}
			return workflows.DailyDistribution(ctx, in)
		}},
		{"the end at once", func(workflow.Context, ops.DailyInput) (domain.DayReport, error) { return domain.DayReport{}, nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			replayer := worker.NewWorkflowReplayer()
			replayer.RegisterWorkflowWithOptions(tt.change, workflow.RegisterOptions{Name: ops.DailyDistribution})
			require.ErrorContains(t, replayer.ReplayWorkflowHistoryFromJSONFile(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), file), "TMPRL1100", "Temporal's code for a run that its code does not fit")
		})
	}
}
