package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// Search attributes that operators filter by in the Temporal UI.
var (
	attrVault = temporal.NewSearchAttributeKeyKeyword(ops.AttrVault)
	attrDay   = temporal.NewSearchAttributeKeyKeyword(ops.AttrDay)
	attrState = temporal.NewSearchAttributeKeyKeyword(ops.AttrState)
)

// listen answers the queries and takes the orders for the whole run.
func (d *daily) listen(ctx workflow.Context) error {
	err := errors.Join(
		workflow.SetQueryHandlerWithOptions(ctx, ops.QueryStatus, func() (ops.DailyStatus, error) { return d.status, nil },
			workflow.QueryHandlerOptions{Description: "Where the day stands"}),
		workflow.SetQueryHandlerWithOptions(ctx, ops.QueryPlan, func() (ops.Plan, error) { return d.plan, nil },
			workflow.QueryHandlerOptions{Description: "The plan of the day"}),
		workflow.SetQueryHandlerWithOptions(ctx, ops.QueryChecks, func() (domain.Checks, error) { return d.checks, nil },
			workflow.QueryHandlerOptions{Description: "The pre-distribution checks"}),
		workflow.SetUpdateHandlerWithOptions(ctx, ops.UpdateApprove, d.approved, workflow.UpdateHandlerOptions{
			Validator: d.mayApprove, Description: "A signed yes to a plan outside the vault's usual figures",
		}),
	)
	if err != nil {
		return fmt.Errorf("register queries and updates: %w", err)
	}
	stop, pause, resume := workflow.GetSignalChannel(ctx, ops.SignalStop), workflow.GetSignalChannel(ctx, ops.SignalPause), workflow.GetSignalChannel(ctx, ops.SignalResume)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for ctx.Err() == nil {
			workflow.NewSelector(ctx).
				AddReceive(stop, func(c workflow.ReceiveChannel, _ bool) { d.stopped = d.take(ctx, c, ops.SignalStop) }).
				AddReceive(pause, func(c workflow.ReceiveChannel, _ bool) { d.paused = d.take(ctx, c, ops.SignalPause) }).
				AddReceive(resume, func(c workflow.ReceiveChannel, _ bool) {
					d.take(ctx, c, ops.SignalResume)
					d.paused = nil
					d.resumed++
				}).
				AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {}).
				Select(ctx)
		}
	})
	return workflow.UpsertTypedSearchAttributes(ctx, attrVault.ValueSet(d.in.Vault))
}

// mostOrders bounds what a run remembers of its orders: a loop that signals must not fill the history.
const mostOrders = 200

// take reads an order and keeps it for the audit log.
func (d *daily) take(ctx workflow.Context, c workflow.ReceiveChannel, name string) *ops.Order {
	var o ops.Order
	c.Receive(ctx, &o)
	if len(d.orders) < mostOrders {
		d.orders = append(d.orders, ops.TakenOrder{Order: o, Name: name, At: workflow.Now(ctx)})
	}
	return &o
}

// mayGoOn is asked before every step and every page: stop ends the day, pause holds it (X05).
func (d *daily) mayGoOn(ctx workflow.Context) error {
	if d.stopped == nil && d.paused != nil {
		was := d.status.State
		d.status.State, d.status.Reason = domain.Paused, fmt.Sprintf("paused by %s: %s", d.paused.Actor, d.paused.Reason)
		d.show(ctx, d.status.Step)
		if err := d.wait(ctx, func() bool { return d.paused == nil || d.stopped != nil }, 0); err != nil {
			return err
		}
		d.status.State, d.status.Reason = was, ""
	}
	if d.stopped != nil {
		return d.end(domain.Stopped, "stopped by %s: %s", d.stopped.Actor, d.stopped.Reason)
	}
	return ctx.Err()
}

// wait sleeps until the condition holds, at most for limit (0 = as long as it takes).
func (d *daily) wait(ctx workflow.Context, until func() bool, limit time.Duration) error {
	if limit <= 0 {
		return workflow.Await(ctx, until)
	}
	_, err := workflow.AwaitWithTimeout(ctx, limit, until)
	return err
}

// sleep is a durable timer that a stop cuts short (X05, X09).
func (d *daily) sleep(ctx workflow.Context, limit time.Duration) error {
	if limit <= 0 {
		return nil
	}
	resumed := d.resumed
	if err := d.wait(ctx, func() bool { return d.stopped != nil || d.resumed != resumed }, limit); err != nil {
		return err
	}
	return d.mayGoOn(ctx)
}

// show keeps the status query, the search attributes and the details in the Temporal UI true.
func (d *daily) show(ctx workflow.Context, name string) {
	changed := d.shown != d.status.State || d.plan.Day != d.shownDay
	d.status.Step = name
	if changed {
		attrs := []temporal.SearchAttributeUpdate{attrState.ValueSet(string(d.status.State))}
		if d.plan.Day != "" {
			attrs = append(attrs, attrDay.ValueSet(string(d.plan.Day)))
		}
		// An upsert fails only for an attribute that the namespace does not have; the day goes on without it.
		if err := workflow.UpsertTypedSearchAttributes(ctx, attrs...); err != nil {
			workflow.GetLogger(ctx).Warn("search attributes were not set", "error", err)
		}
		d.shown, d.shownDay = d.status.State, d.plan.Day
	}
	s := d.status
	workflow.SetCurrentDetails(ctx, fmt.Sprintf("**%s** · %s · page %d of %d · paid %s\n\n%s",
		s.State, s.Step, s.Page, s.Pages, s.Token.Format(s.Paid), s.Reason))
}

// asApp finds an application error without naming the type at every caller.
func asApp(err error, app **temporal.ApplicationError) bool { return errors.As(err, app) }
