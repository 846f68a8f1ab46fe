package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// pages turns the day's pages one after the other. The next cursor is always the one that the chain showed.
func (d *daily) pages(ctx workflow.Context) error {
	d.status.State = domain.Running
	d.show(ctx, "pages")
	for cursor := d.plan.Cursor; cursor < d.lastCursor() && !d.plan.Closed; {
		if err := d.mayGoOn(ctx); err != nil {
			return err
		}
		d.status.Cursor, d.status.Page = cursor, int(cursor/d.plan.PageSize)
		if d.status.PagesAt.IsZero() {
			d.status.PagesAt = workflow.Now(ctx)
		}
		turned, err := d.turn(ctx, cursor)
		if fault.CodeOf(err) == codeDayLost {
			return d.lost(ctx, err)
		}
		if err != nil {
			return err
		}
		if err := d.stall(ctx, cursor, turned); err != nil {
			return err
		}
		cursor = turned.Cursor
		d.plan.Cursor, d.plan.Closed = cursor, turned.Closed
		if err := d.betweenPages(ctx); err != nil {
			return err
		}
	}
	d.status.Cursor, d.status.Page, d.trouble.page = d.plan.Cursor, d.plan.Pages, nil
	return nil
}

// lost closes a day that cannot be paid to its end: what was paid and who got nothing is worked out and kept, and the
// day ends as failed.
func (d *daily) lost(ctx workflow.Context, why error) error {
	if err := d.reconcile(ctx); err != nil && !errors.Is(err, errEnd) {
		return d.fails(codeDayLost, "%s. Who got nothing is not assessed: %s", reason(why), reason(err))
	}
	return d.fails(codeDayLost, "%s. %d investors got nothing", reason(why), d.report.Result.Missed)
}

// stallLimit is how often in a row the chain's cursor may stay where it was before a human is asked.
const stallLimit = 5

// stall notices a page that was reported as done and did not move the chain's cursor. It backs off, and after five in
// a row it asks a human.
func (d *daily) stall(ctx workflow.Context, cursor uint32, turned ops.PageResult) error {
	if turned.Cursor != cursor || turned.Closed {
		d.stalls = 0
		d.wentOn(ctx) // Only a page that moved the cursor is one: a reply is none.
		return nil
	}
	d.stalls++
	if d.stalls < stallLimit {
		return d.sleep(ctx, time.Duration(d.stalls)*2*time.Second)
	}
	d.stalls = 0
	return d.hold(ctx, domain.Stuck, fault.Newf(fault.Human, "day/stalled", "page at cursor %d was sent %d times and the chain's cursor does not move: look at its transactions", cursor, stallLimit), stuckInterval)
}

// betweenPages is the pause that the settings ask for: not after the last page, and not when it could cost the day
// its deadline (X09, X22). Before the first opening ever there is no deadline to come near.
func (d *daily) betweenPages(ctx workflow.Context) error {
	left := d.lastCursor() - min(d.plan.Cursor, d.lastCursor())
	if left == 0 || d.plan.Closed {
		return nil
	}
	if deadline := d.plan.Timing.Deadline(); deadline > 0 && d.plan.Continued {
		pages := time.Duration(left/d.plan.PageSize + 1)
		if time.Unix(deadline, 0).Sub(workflow.Now(ctx)) < 2*pages*(d.plan.PageDelay+pageTime) {
			return nil
		}
	}
	return d.sleep(ctx, d.plan.PageDelay)
}

// pageTime is a generous guess of what a page takes, for the distance to the deadline.
const pageTime = 10 * time.Second

// turn turns one page and counts it.
func (d *daily) turn(ctx workflow.Context, cursor uint32) (ops.PageResult, error) {
	var turned ops.PageResult
	d.trouble.page = &cursor
	if cursor == 0 {
		d.opening = nil // A day that is opened again has other figures.
	}
	stopped, err := d.pay(ctx, func(ctx workflow.Context) error {
		var err error
		turned, err = ops.SendPage.Do(ctx, ops.PageInput{Vault: d.in.Vault, Day: d.plan.Day, Hash: d.plan.Hash, Cursor: cursor},
			fmt.Sprintf("page %d of %d, cursor %d", cursor/d.plan.PageSize+1, d.plan.Pages, cursor))
		return err
	})
	if err != nil || stopped {
		return turned, err
	}
	d.status.Paid += turned.Paid
	if turned.SentSlot > 0 && d.report.FirstSlot == 0 {
		d.report.FirstSlot = turned.SentSlot
	}
	if turned.Closed {
		d.report.CloseSlot = turned.Slot
	}
	if d.opening == nil && turned.Cursor > 0 {
		// The first page fixed the claim: work the figures out beside the next pages.
		d.opening = ops.FixOpening.Start(ctx, d.ref(), "exact figures of the opening")
	}
	return turned, nil
}

// pay runs a step that may send. A closed gate, or a failure that no code may decide, does not end an open day: it
// stays open until a resume, a stop, or its deadline, because ending it would lose the investors that are left (X11).
func (d *daily) pay(ctx workflow.Context, send func(workflow.Context) error) (stopped bool, err error) {
	for try := 0; ; try++ {
		err := send(ctx)
		switch fault.KindOf(err) {
		case "", fault.Done:
			return false, nil
		case fault.Wait:
			if err := d.hold(ctx, domain.Stopped, err, gatePause(try)); err != nil {
				return true, err
			}
		case fault.Human:
			if code := fault.CodeOf(err); code == codeDayLost || code == codePlanLost || !d.open() {
				return false, err
			}
			if err := d.hold(ctx, domain.Stuck, err, stuckInterval); err != nil {
				return true, err
			}
		default:
			return false, err
		}
		d.status.State, d.status.Reason = domain.Running, ""
	}
}

const (
	// codeDayLost ends a day: what is left of it cannot be paid any more.
	codeDayLost = "day_lost"
	// codePlanLost means that the store no longer knows the day's plan: it is made again from the chain.
	codePlanLost = "manifest/missing"
	// gateInterval is how often a stopped day asks at first whether it may go on.
	gateInterval = 15 * time.Second
	// stuckInterval is how often a stuck day tries again by itself; a resume signal tries at once.
	stuckInterval = 15 * time.Minute
)

// gatePause grows from a quarter of a minute to five: a gate that stays closed for a day must not fill the history, which
// the server ends at some fifty thousand events. A resume signal asks at once.
func gatePause(asked int) time.Duration {
	switch {
	case asked < 20:
		return gateInterval
	case asked < 60:
		return time.Minute
	}
	return 5 * time.Minute
}

// open is true once the chain's day has begun, so that giving up loses money for somebody.
func (d *daily) open() bool { return d.plan.Continued || d.plan.Cursor > 0 }

// hold shows why the day waits, and waits.
func (d *daily) hold(ctx workflow.Context, state domain.State, why error, interval time.Duration) error {
	d.status.State, d.status.Reason = state, reason(why)
	d.show(ctx, d.status.Step)
	if state == domain.Stuck {
		d.stuck(ctx, why)
	}
	return d.sleep(ctx, interval)
}
