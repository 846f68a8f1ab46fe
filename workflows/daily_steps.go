package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// gate ends the day before anything is read when a stop is in force (DESIGN.md §1.4).
func (d *daily) gate(ctx workflow.Context) error {
	res, err := ops.CheckGate.Do(ctx, d.in.Vault, "may anything be sent?")
	if err != nil {
		return err
	}
	if !res.Open {
		return d.end(domain.Stopped, "%s", describe(res.Flags))
	}
	return nil
}

func describe(flags []domain.SafetyFlag) string {
	if len(flags) == 0 {
		return "the safety flags cannot be read, which counts as stopped"
	}
	f := flags[0]
	return fmt.Sprintf("%s by %s: %s", f.Kind, f.Actor, f.Reason)
}

// makePlan reads the vault and freezes the manifest of the day that can be paid now.
func (d *daily) makePlan(ctx workflow.Context) error {
	plan, err := ops.PlanDay.Do(ctx, d.in.Vault, "snapshot and manifest")
	if err != nil {
		return err
	}
	d.plan = plan
	d.report.Day, d.report.Behaviour, d.report.Token, d.report.Manifest = plan.Day, plan.Behaviour, plan.Token, plan.Hash
	d.report.Investors, d.report.Pages = plan.Investors, plan.Pages
	d.report.Result.Quarantined = plan.Quarantined
	s := &d.status
	s.Day, s.Pages, s.Token, s.Investors, s.Cursor = plan.Day, plan.Pages, plan.Token, plan.Investors, plan.Cursor
	s.Due, s.Deadline, s.State, s.Reason = plan.Timing.Due(), plan.Timing.Deadline(), plan.State, plan.Reason
	return nil
}

// untilOpening is how long a run sleeps before it asks again: until the day is due, or, when its due time has drifted away
// from the wanted one, on purpose until that. The chain has closed its day then, so that nothing has a deadline.
func (d *daily) untilOpening() time.Duration {
	t := d.plan.Timing
	wait := max(time.Second, t.UntilDue()) + dueMargin
	if d.plan.Hold > t.Due() {
		wait += time.Duration(d.plan.Hold-t.Due()) * time.Second
	}
	return wait
}

// awaitDue ends a run that came too early, or, when asked to, sleeps until the chain's clock allows the day and plans
// it then: a plan made hours before would be of another list (P02). The chain's clock may run slower than ours, so the
// plan is asked again rather than believed.
func (d *daily) awaitDue(ctx workflow.Context) error {
	for {
		switch {
		case d.plan.State == domain.Ready:
			return nil
		case d.plan.State == domain.NotDue && d.in.WaitDue:
			due, held := d.plan.Timing.Due(), d.plan.Hold > 0
			if err := d.sleep(ctx, d.untilOpening()); err != nil {
				return err
			}
			if err := d.makePlan(ctx); err != nil {
				return err
			}
			if held && d.plan.State == domain.Ready {
				d.report.Held = max(0, d.plan.Timing.ChainNow-due)
			}
			continue
		case d.plan.State == domain.Failed:
			return d.fails("check/P02", "%s", d.plan.Reason)
		default:
			return d.end(d.plan.State, "%s", d.plan.Reason)
		}
	}
}

// dueMargin lets the chain's clock, which is an estimate of its validators, surely pass the due second.
const dueMargin = 2 * time.Second

// check runs every pre-distribution check and refuses the day when one fails or stays unknown. A day that is open on
// chain is not given up: it waits for the cure, and tries again.
func (d *daily) check(ctx workflow.Context) error {
	for try := 0; !d.plan.Closed; try++ {
		res, err := ops.RunChecks.Do(ctx, d.ref(), "P01–P21")
		if err != nil {
			return err
		}
		d.checks = res.Checks
		blocking := d.checks.Blocking()
		if len(blocking) == 0 {
			return nil
		}
		b := blocking[0]
		code := b.Code
		if code == "" {
			code = "check/" + b.Row
		}
		why := fault.Newf(fault.Human, code, "check %s %s is %s: %s. Wanted: %s. %s", b.Row, b.Name, b.Result, b.Observed, b.Threshold, b.Next)
		switch {
		case d.checks.Worst() != domain.CheckFail && try < unknownTries:
			err = d.sleep(ctx, min(30*time.Second, 2*time.Second<<try)) // An unknown answer is asked for again.
		case d.open():
			err = d.hold(ctx, domain.Stuck, why, stuckInterval)
		default:
			err = d.fails(code, "%s", why)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unknownTries is how often an unknown answer is asked for again, over about two minutes, before the day is refused.
const unknownTries = 7

// accounts creates missing token accounts and lookup tables before the first page needs them.
func (d *daily) accounts(ctx workflow.Context) error {
	if d.plan.Closed || d.plan.NeedATA == 0 && !d.plan.Tables {
		return nil
	}
	_, err := d.pay(ctx, func(ctx workflow.Context) error {
		_, err := ops.EnsureAccounts.Do(ctx, d.ref(), fmt.Sprintf("%d token accounts, tables %t", d.plan.NeedATA, d.plan.Tables))
		return err
	})
	return err
}

// rehearse simulates the first page of this run and refuses one that would close the day early, pay twice or skip
// (X21). When the list changed since the snapshot, or the page needs more compute than a transaction may use (U-P3), and the
// day is not open yet, it is planned once more.
func (d *daily) rehearse(ctx workflow.Context) error {
	if d.plan.Continued {
		return nil // Its first page is past; every send is simulated anyway.
	}
	for try, size := 0, d.plan.PageSize; ; try++ {
		res, err := ops.Preflight.Do(ctx, ops.PageInput{Vault: d.in.Vault, Day: d.plan.Day, Hash: d.plan.Hash, Cursor: d.plan.Cursor}, "rehearsal of the first page")
		if err != nil {
			return err
		}
		if res.OK {
			return nil
		}
		if !res.Replan || try > 0 && (res.Code != codeCompute || d.plan.PageSize >= size) {
			if res.Code == "" {
				res.Code = "day/rehearsal"
			}
			return d.fails(res.Code, "rehearsal: %s", res.Reason)
		}
		size = d.plan.PageSize
		for _, again := range []func(workflow.Context) error{d.makePlan, d.awaitDue, d.check, d.approve, d.accounts} {
			if err := again(ctx); err != nil {
				return err
			}
		}
	}
}

// codeCompute asks for a plan with shorter pages. It may ask again as long as they get shorter, which has an end.
const codeCompute = "preflight/compute"

// lastCursor is the cursor after the last page.
func (d *daily) lastCursor() uint32 { return uint32(d.plan.Pages) * d.plan.PageSize }

func (d *daily) ref() ops.DayRef {
	return ops.DayRef{Vault: d.in.Vault, Day: d.plan.Day, Hash: d.plan.Hash}
}

// finality waits until every signature of the day is finalized. What was confirmed can be rolled back; then the day
// goes back to where the chain is and pays again from there.
func (d *daily) finality(ctx workflow.Context) error {
	for {
		res, err := ops.AwaitFinality.Do(ctx, d.ref(), "every signature finalized")
		if err != nil {
			return err
		}
		if res.Complete {
			d.report.CloseSlot = max(d.report.CloseSlot, res.CloseSlot)
			return nil
		}
		workflow.GetLogger(ctx).Warn("the chain went back", "cursor", res.Cursor, "lost", res.Lost)
		d.plan.Cursor, d.plan.Closed, d.status.Cursor = res.Cursor, false, res.Cursor
		if err := d.pages(ctx); err != nil {
			return err
		}
	}
}

// reconcile compares plan and chain to the base unit.
func (d *daily) reconcile(ctx workflow.Context) error {
	if err := d.fixed(ctx); err != nil {
		return err
	}
	res, err := ops.Reconcile.Do(ctx, d.ref(), "plan against token balances")
	if err != nil {
		return err
	}
	d.report.Result, d.report.Signatures, d.report.FeeLamports = res.Result, res.Signatures, res.FeeLamports
	d.report.CloseSlot = max(d.report.CloseSlot, res.CloseSlot)
	if res.FirstSlot > 0 && (d.report.FirstSlot == 0 || res.FirstSlot < d.report.FirstSlot) {
		d.report.FirstSlot = res.FirstSlot
	}
	d.status.Paid = res.Result.Paid
	if !res.Result.Clean() {
		return d.unreconciled("day/unreconciled", "%d mismatches, %d paid twice, %d missed: %v",
			res.Result.Mismatches, res.Result.PaidTwice, res.Result.Missed, res.Result.Notes)
	}
	d.status.State, d.status.Reason = domain.Complete, ""
	return nil
}

// tidy gets the rent of lookup tables back that no page needs any more. The day is paid and its books are right: whatever
// goes wrong here waits for the next day.
func (d *daily) tidy(ctx workflow.Context) error {
	if d.status.State != domain.Complete || workflow.GetVersion(ctx, changeTidyTables, workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return nil
	}
	if _, err := ops.TidyTables.Do(ctx, d.ref(), "lookup tables that no page needs"); err != nil && !temporal.IsCanceledError(err) {
		workflow.GetLogger(ctx).Warn("lookup tables were not tidied", "error", err)
	}
	return nil
}

// fixed waits for the opening's figures, which were read beside the pages.
func (d *daily) fixed(ctx workflow.Context) error {
	if d.opening == nil {
		d.opening = ops.FixOpening.Start(ctx, d.ref(), "exact figures of the opening")
	}
	var res ops.OpeningResult
	err := d.opening.Get(ctx, &res)
	if err != nil && fault.KindOf(err) != fault.Human {
		d.opening = nil // Ask again: a rolled-back opening has other figures.
		return ops.FixOpening.Start(ctx, d.ref(), "exact figures of the opening").Get(ctx, &res)
	}
	return err
}
