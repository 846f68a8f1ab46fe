package distribution

import (
	"context"
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// judgeExactly holds a rehearsed opening against the program's own arithmetic, investor by investor and to the base unit.
// The simulation tells the second at which the day would open and what it would claim, and the streams are weighed at
// that second. A list that differs from the program's in a single stream changes everybody's weight: it is found here,
// before the day is open, and not by the page that reaches that stream.
func (s *Service) judgeExactly(ctx context.Context, v Vault, m domain.Manifest, p page, before chain.Snapshot, sim chain.SimResult, r Rehearsal) (Rehearsal, error) {
	o, err := openingOf(v, before, sim)
	if err != nil {
		return r, err
	}
	shares, err := s.weigh(ctx, v, m, o.ts)
	if err != nil {
		return r, err
	}
	want, err := payouts(m, p, shares, o.claimed)
	if err != nil {
		return r, vaultFault(v, "arithmetic", err, "")
	}
	for i := p.plan.Cursor; int(i) < int(p.plan.Cursor)+p.plan.Count; i++ {
		e := m.Entries[i]
		planned, known := want[e.Recipient]
		if !known || e.ATA == v.Accounts.Creator.String() && r.Closes {
			continue // The creator's growth at the close holds his own part too; the sum was judged.
		}
		delete(want, e.Recipient)
		if got := o.grown[e.ATA]; got != planned {
			r.OK, r.Code, r.Replan = false, "preflight/amount", true
			r.Reason = fmt.Sprintf("the opening would pay %s %d base units, and by the plan's list it is %d: the program's list of streams is another one", e.Recipient, got, planned)
			return r, nil
		}
	}
	return r, nil
}

// rehearsedOpening is what a simulated first page would fix.
type rehearsedOpening struct {
	ts      int64
	claimed domain.Amount
	grown   map[string]domain.Amount // By token account.
}

// openingOf takes it from the accounts before and after. What came into the treasury is what stayed and what went out.
func openingOf(v Vault, before chain.Snapshot, sim chain.SimResult) (rehearsedOpening, error) {
	out := rehearsedOpening{grown: map[string]domain.Amount{}}
	var f flow
	for _, a := range sim.Accounts {
		switch a.Key {
		case v.Accounts.Progress:
			progress, err := router.DecodeProgress(a.Owner, v.Program, a.Data)
			if err != nil {
				return out, vaultFault(v, "progress_bad", fmt.Errorf("rehearsed progress: %w", err), "")
			}
			out.ts = progress.LastDistributionTS
		case v.Accounts.Treasury:
			was, is := tokenView(before.Accounts[a.Key], a.Key, v.QuoteMint), tokenView(a, a.Key, v.QuoteMint)
			f.treasury(was.Amount, is.Amount)
		default:
			if _, seen := out.grown[a.Key.String()]; seen {
				continue // The creator may be one of the investors.
			}
			gained := grown(before.Accounts[a.Key], a, a.Key, v.QuoteMint)
			out.grown[a.Key.String()] = gained
			f.paid(gained)
		}
	}
	claimed, lost := f.claimed()
	if lost > 0 {
		return out, vaultFault(v, "treasury", fmt.Errorf("the rehearsal takes %d base units out of the treasury that nobody gets", lost), "Do not pay this vault before the program is understood")
	}
	out.claimed = claimed
	return out, nil
}

// payouts are the page's amounts by recipient, as the program computes them for a claim.
func payouts(m domain.Manifest, p page, shares []router.Share, claimed domain.Amount) (map[string]domain.Amount, error) {
	terms := dayTerms(m.Behaviour, m.Terms, claimed)
	opening, err := router.OpenDay(terms, shares)
	if err != nil {
		return nil, fmt.Errorf("rehearse the opening: %w", err)
	}
	paid, err := router.PayPage(opening, terms, shares[p.plan.Cursor:int(p.plan.Cursor)+p.plan.Count], 0)
	if err != nil {
		return nil, fmt.Errorf("rehearse the first page: %w", err)
	}
	out := make(map[string]domain.Amount, len(paid.Payouts))
	for _, one := range paid.Payouts {
		out[one.Recipient.String()] += domain.Amount(one.Paid)
	}
	return out, nil
}
