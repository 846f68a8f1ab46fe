package distribution

import (
	"slices"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// split gives one entry for each page that a transaction turned. Our own transactions turn one; a stranger may put
// several calls into one, and then the balances show only their sum: each recipient's gain goes to the page that he is
// on, and one who is on two of them gets what the first page owed him there and the rest on the second.
func (t turned) split(m domain.Manifest) []historyEntry {
	if len(t.pages) <= 1 {
		return []historyEntry{{t.result, t.page.PageEnd}}
	}
	left := map[string]domain.Payout{}
	var order []string
	for _, p := range t.result.Payouts {
		left[p.ATA] = p
		order = append(order, p.ATA)
	}
	out := make([]historyEntry, len(t.pages))
	for i, page := range t.pages {
		one := t.result
		one.Cursor, one.Payouts, one.Paid = page.PageStart, nil, 0
		one.Claimed, one.Creator, one.Closed, one.FeeLamports = 0, 0, false, 0
		if i == 0 {
			one.Claimed, one.FeeLamports = t.result.Claimed, t.result.FeeLamports // Only the first can open the day.
		}
		last := i == len(t.pages)-1
		if last {
			one.Creator, one.Closed = t.result.Creator, t.result.Closed // Only the last can close it.
		}
		for _, ata := range order {
			p := left[ata]
			switch planned, on := plannedOn(m, page, ata); {
			case p.Amount == 0 || !on && !last:
				continue
			case !last && slices.ContainsFunc(t.pages[i+1:], func(later router.InvestorPayoutPage) bool { _, also := plannedOn(m, later, ata); return also }):
				p.Amount = min(p.Amount, planned)
			}
			rest := left[ata]
			rest.Amount -= p.Amount
			left[ata] = rest
			if p.Amount > 0 {
				one.Payouts, one.Paid = append(one.Payouts, p), one.Paid+p.Amount
			}
		}
		out[i] = historyEntry{one, page.PageEnd}
	}
	return out
}

// plannedOn is what a token account is owed on a page, and whether it is on it at all.
func plannedOn(m domain.Manifest, page router.InvestorPayoutPage, ata string) (sum domain.Amount, on bool) {
	for i := int(page.PageStart); i < min(int(page.PageEnd), len(m.Entries)); i++ {
		if m.Entries[i].ATA == ata {
			sum, on = sum+m.Planned(i), true
		}
	}
	return sum, on
}

// closeGaps adds pages whose logs were cut and that moved no money, such as those after the daily cap: where the pages
// that are known leave off, a call with just that cursor turned the page, if nobody on it was owed anything.
func closeGaps(m domain.Manifest, list, maybes []historyEntry) []historyEntry {
	ends := map[uint32]uint32{}
	for _, e := range list {
		ends[e.Cursor] = max(ends[e.Cursor], e.end)
	}
	for at := uint32(0); int(at) < len(m.Entries); {
		if ends[at] > at {
			at = ends[at]
			continue
		}
		i := slices.IndexFunc(maybes, func(e historyEntry) bool { return e.Cursor == at && owedNothing(m, e) })
		if i < 0 {
			return list
		}
		list = append(list, maybes[i])
		ends[at] = maybes[i].end
	}
	return list
}

func owedNothing(m domain.Manifest, e historyEntry) bool {
	for i := int(e.Cursor); i < min(int(e.end), len(m.Entries)); i++ {
		if m.Planned(i) > 0 {
			return false
		}
	}
	return m.Opening != nil
}
