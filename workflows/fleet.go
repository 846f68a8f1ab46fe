package workflows

import (
	"errors"
	"fmt"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// FleetDistribution starts the day of every enabled vault side by side and waits for all of them. One vault's failure
// is a row of its report and never another vault's (X23). The runs outlive it: ending the fleet ends no payment.
func FleetDistribution(ctx workflow.Context, in ops.FleetInput) (ops.FleetReport, error) {
	var report ops.FleetReport
	if err := workflow.SetQueryHandler(ctx, ops.QueryProgress, func() (ops.FleetReport, error) { return report, nil }); err != nil {
		return report, fmt.Errorf("register query: %w", err)
	}
	list, err := ops.ListVaults.Do(ctx, ops.ListInput{Vaults: in.Vaults}, "vaults of the settings")
	if err != nil {
		return report, err
	}
	wait := workflow.NewSelector(ctx)
	for i, vault := range list.Vaults {
		report.Rows = append(report.Rows, ops.FleetRow{Vault: vault, State: domain.Running})
		child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID:            ops.DailyID(vault),
			ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_ABANDON,
			WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
			StaticSummary:         "the day of " + vault,
		}), DailyDistribution, ops.DailyInput{Vault: vault, WaitDue: in.WaitDue, Actor: in.Actor})
		wait.AddFuture(child, func(f workflow.Future) { report.Rows[i] = fleetRow(ctx, vault, f) })
	}
	for range list.Vaults {
		wait.Select(ctx)
	}
	return report, nil
}

// fleetRow turns a child's end into a row. A vault whose day already runs is left to that run (X02).
func fleetRow(ctx workflow.Context, vault string, f workflow.Future) ops.FleetRow {
	var day domain.DayReport
	err := f.Get(ctx, &day)
	if err == nil {
		return ops.FleetRow{Vault: vault, Day: day.Day, State: day.State, Reason: day.Reason}
	}
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.HasDetails() && app.Details(&day) == nil && day.Vault == vault {
		return ops.FleetRow{Vault: vault, Day: day.Day, State: day.State, Reason: day.Reason}
	}
	var started *temporal.ChildWorkflowExecutionAlreadyStartedError
	if errors.As(err, &started) {
		return ops.FleetRow{Vault: vault, State: domain.Running, Reason: "a run of this vault was already under way"}
	}
	return ops.FleetRow{Vault: vault, State: domain.Failed, Reason: err.Error()}
}
