package workflows

import (
	"errors"
	"fmt"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// FleetDistribution starts the day of every enabled vault, the most urgent first, and waits for all of them. So many are
// open at the same time as the input says; the next one is started when one has ended. One vault's failure is a row of its
// report and never another vault's (X23). The runs outlive it: ending the fleet ends no payment.
func FleetDistribution(ctx workflow.Context, in ops.FleetInput) (ops.FleetReport, error) {
	f := &fleet{in: in}
	if err := workflow.SetQueryHandler(ctx, ops.QueryProgress, func() (ops.FleetReport, error) { return f.report, nil }); err != nil {
		return f.report, fmt.Errorf("register query: %w", err)
	}
	list, err := ops.ListVaults.Do(ctx, ops.ListInput{Vaults: in.Vaults}, "vaults of the settings, the most urgent first")
	if err != nil {
		return f.report, err
	}
	f.vaults = list.Vaults
	return f.report, f.run(ctx)
}

// fleet is one run. Its rows lie in the order of its vaults.
type fleet struct {
	in     ops.FleetInput
	vaults []string
	report ops.FleetReport
}

func (f *fleet) run(ctx workflow.Context) error {
	room := len(f.vaults)
	if workflow.GetVersion(ctx, changeFleetWindow, workflow.DefaultVersion, 1) != workflow.DefaultVersion {
		room = f.in.Room()
		switch n := len(f.vaults); {
		case n > ops.FleetMost:
			return fault.Seal(fault.Newf(fault.Human, "fleet/too_large", "%d vaults in one fleet run, at most %d can be", n, ops.FleetMost).
				WithNext("Give the vaults to several deployments: docs/scaling.md"))
		case n > ops.FleetPart:
			return f.parts(ctx, (n+ops.FleetPart-1)/ops.FleetPart, room)
		}
	}
	for _, vault := range f.vaults {
		f.report.Rows = append(f.report.Rows, ops.FleetRow{Vault: vault, State: domain.Ready, Reason: "waits for the end of a more urgent day"})
	}
	wait, open := workflow.NewSelector(ctx), 0
	for i := range f.vaults {
		if open == room {
			wait.Select(ctx)
			open--
		}
		f.start(ctx, wait, i)
		open++
	}
	for ; open > 0; open-- {
		wait.Select(ctx)
	}
	return nil
}

// start starts one vault's day.
func (f *fleet) start(ctx workflow.Context, wait workflow.Selector, i int) {
	vault := f.vaults[i]
	f.report.Rows[i] = ops.FleetRow{Vault: vault, State: domain.Running}
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            ops.DailyID(vault),
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		StaticSummary:         "the day of " + vault,
	}), DailyDistribution, ops.DailyInput{Vault: vault, WaitDue: f.in.WaitDue, Actor: f.in.Actor})
	wait.AddFuture(child, func(done workflow.Future) { f.report.Rows[i] = fleetRow(ctx, vault, done) })
}

// parts gives a large fleet to runs of their own, because the history of one would grow too long. The vaults are dealt out
// like cards and the room is shared, so that the order of urgency holds over all parts.
func (f *fleet) parts(ctx workflow.Context, n, room int) error {
	id := workflow.GetInfo(ctx).WorkflowExecution.ID
	f.report.Rows = make([]ops.FleetRow, len(f.vaults))
	wait := workflow.NewSelector(ctx)
	for p := range n {
		in, name := f.in, fmt.Sprintf("%s/part-%d", id, p+1)
		in.Vaults, in.AtOnce = nil, max(1, room/n)
		for i := p; i < len(f.vaults); i += n {
			in.Vaults = append(in.Vaults, f.vaults[i])
			f.report.Rows[i] = ops.FleetRow{Vault: f.vaults[i], State: domain.Running, Reason: "see " + name}
		}
		child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
			WorkflowID: name, ParentClosePolicy: enums.PARENT_CLOSE_POLICY_ABANDON,
			WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, StaticSummary: fmt.Sprintf("%d vaults of the fleet", len(in.Vaults)),
		}), FleetDistribution, in)
		wait.AddFuture(child, func(done workflow.Future) { f.join(ctx, name, in.Vaults, done) })
	}
	for range n {
		wait.Select(ctx)
	}
	return nil
}

// mostReason bounds a row of a large fleet's report: Temporal takes no result above 2 MiB. The whole reason is in the
// vault's own run and in the store.
const mostReason = 200

// join takes a part's rows over. A part that failed says nothing of its vaults, whose own runs may go on.
func (f *fleet) join(ctx workflow.Context, name string, vaults []string, done workflow.Future) {
	var part ops.FleetReport
	err := done.Get(ctx, &part)
	rows := map[string]ops.FleetRow{}
	for _, v := range vaults {
		rows[v] = ops.FleetRow{Vault: v, State: domain.UnknownState, Reason: name + " gave no row for it"}
		if err != nil {
			rows[v] = ops.FleetRow{Vault: v, State: domain.UnknownState, Reason: cut(name+": "+err.Error(), mostReason)}
		}
	}
	for _, r := range part.Rows {
		r.Reason = cut(r.Reason, mostReason)
		rows[r.Vault] = r
	}
	for i, v := range f.vaults {
		if row, its := rows[v]; its {
			f.report.Rows[i] = row
		}
	}
}

func cut(text string, most int) string {
	if list := []rune(text); len(list) > most {
		return string(list[:most]) + "…"
	}
	return text
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
