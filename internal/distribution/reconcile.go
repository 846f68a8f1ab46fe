package distribution

import (
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Ledger is what the finalized chain shows of a day: every transaction that turned a page, and the end state.
type Ledger struct {
	Pages    []domain.PageResult // Oldest first, ours and strangers'.
	Complete bool
	Dust     domain.Amount // carry_over_dust after the close.
	Treasury domain.Amount // The treasury's balance.
}

// Reconcile compares the plan with the chain, investor by investor, to the base unit (DESIGN.md §4). Planned amounts
// are those of the opening; without one nothing was paid.
func Reconcile(m domain.Manifest, l Ledger) (domain.Reconciliation, []domain.Outcome) {
	r := tally{domain.Reconciliation{Quarantined: len(m.Quarantined), Residual: l.Treasury}}
	r.DustIn, r.DustOut = m.Terms.DustIn, l.Dust
	byCursor := map[uint32][]domain.PageResult{}
	for _, page := range l.Pages {
		byCursor[page.Cursor] = append(byCursor[page.Cursor], page)
		r.Claimed += page.Claimed
		r.Creator += page.Creator
		r.Paid += page.Paid
		switch {
		case !page.Ours:
			r.Notes = append(r.Notes, fmt.Sprintf("page at cursor %d was turned by a foreign crank: %s, %s", page.Cursor, page.Signature, page.Note))
		case page.Note != "":
			r.Notes = append(r.Notes, fmt.Sprintf("page at cursor %d: %s: %s", page.Cursor, page.Signature, page.Note))
		}
	}
	var outcomes []domain.Outcome
	for _, plan := range m.Pages {
		outcomes = append(outcomes, r.page(m, plan, byCursor[plan.Cursor])...)
		delete(byCursor, plan.Cursor)
	}
	for cursor, pages := range byCursor {
		r.Mismatches++
		r.Notes = append(r.Notes, fmt.Sprintf("cursor %d was turned but never planned: %s", cursor, pages[0].Signature))
	}
	for _, q := range m.Quarantined {
		outcomes = append(outcomes, domain.Outcome{Index: -1, Stream: q.Stream, Recipient: q.Recipient, Reason: domain.ReasonQuarantined, Note: q.Reason})
	}
	r.totals(m, l)
	return r.Reconciliation, outcomes
}

// tally is a reconciliation in the making.
type tally struct{ domain.Reconciliation }

// note counts a mismatch and says which.
func (r *tally) note(format string, args ...any) {
	r.Mismatches++
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// page compares one page. Streams of one recipient within it are one payment, shown with the first of them.
func (r *tally) page(m domain.Manifest, plan domain.PagePlan, turned []domain.PageResult) []domain.Outcome {
	paid, times, signature := map[string]domain.Amount{}, map[string]int{}, map[string]string{}
	for _, page := range turned {
		for _, p := range page.Payouts {
			paid[p.ATA] += p.Amount
			times[p.ATA]++
			signature[p.ATA] = p.Signature
		}
	}
	if len(turned) > 1 {
		r.note("page at cursor %d was turned %d times", plan.Cursor, len(turned))
	}
	var out []domain.Outcome
	seen := map[string]bool{}
	for i := int(plan.Cursor); i < int(plan.Cursor)+plan.Count; i++ {
		e := m.Entries[i]
		o := domain.Outcome{Index: e.Index, Stream: e.Stream, Recipient: e.Recipient, Planned: m.Planned(i)}
		if seen[e.ATA] {
			o.Planned, o.Reason = 0, domain.ReasonShared
			out = append(out, o)
			continue
		}
		seen[e.ATA] = true
		o.Paid, o.Signature = paid[e.ATA], signature[e.ATA]
		if len(turned) > 0 && o.Signature == "" {
			o.Signature = turned[0].Signature
		}
		o.Reason = r.judge(m, i, o, len(turned) > 0, times[e.ATA])
		delete(paid, e.ATA)
		out = append(out, o)
	}
	for ata, amount := range paid {
		r.note("page at cursor %d paid %d base units to %s, who is not on it", plan.Cursor, amount, ata)
	}
	return out
}

// judge gives the reason for one investor's result and counts what is wrong with it.
func (r *tally) judge(m domain.Manifest, i int, o domain.Outcome, reached bool, times int) domain.Reason {
	switch {
	case m.Behaviour == domain.Published && reached && o.Paid == 0:
		return domain.ReasonNoTransfer // A stated rule of that program, listed with what he is owed.
	case o.Paid > o.Planned && times > 1:
		r.PaidTwice++
		r.note("%s was paid %d times, %d instead of %d base units", o.Recipient, times, o.Paid, o.Planned)
		return domain.ReasonMismatch
	case o.Paid == 0 && o.Planned > 0:
		r.Missed++
		r.note("%s got nothing instead of %d base units", o.Recipient, o.Planned)
		if !reached {
			return domain.ReasonNotReached
		}
		return domain.ReasonMismatch
	case o.Paid != o.Planned:
		r.note("%s got %d instead of %d base units", o.Recipient, o.Paid, o.Planned)
		return domain.ReasonMismatch
	case o.Paid > 0:
		return domain.ReasonPaid
	case !reached:
		return domain.ReasonNotReached
	default:
		return nothingBecause(m, i)
	}
}

// nothingBecause says why an investor's exact payout is nothing.
func nothingBecause(m domain.Manifest, i int) domain.Reason {
	locked := m.Entries[i].Locked
	pool, total := m.Pool, m.LockedTotal
	if m.Opening != nil {
		locked, pool, total = m.Opening.Locked[i], m.Opening.Pool, m.Opening.LockedTotal
	}
	if locked == 0 || total == 0 || pool == 0 {
		return domain.ReasonNothing
	}
	if m.Terms.DailyCap != nil && *m.Terms.DailyCap < pool {
		return domain.ReasonCapped
	}
	return domain.ReasonBelowMinimum
}

// totals checks the day's sums: what came in must be what went out and what stayed.
func (r *tally) totals(m domain.Manifest, l Ledger) {
	if !l.Complete {
		return
	}
	if o := m.Opening; o != nil {
		if r.Claimed != o.Claimed {
			r.note("claimed %d base units, the opening says %d", r.Claimed, o.Claimed)
		}
		if r.Creator != o.Creator {
			r.note("the creator got %d base units instead of %d", r.Creator, o.Creator)
		}
	}
	if m.Behaviour == domain.Published {
		return // The published program does not conserve: what it logs and does not pay stays in the treasury.
	}
	if r.Claimed+r.DustIn != r.Paid+r.Creator+r.DustOut {
		r.note("claimed %d + dust in %d is not paid %d + creator %d + dust out %d", r.Claimed, r.DustIn, r.Paid, r.Creator, r.DustOut)
	}
	if r.Residual < r.DustOut {
		r.note("the treasury holds %d base units, less than the dust of %d", r.Residual, r.DustOut)
	}
}
