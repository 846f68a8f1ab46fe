package distribution

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// asTurned gives the manifest as the chain really turned it. A stranger may turn a page of any size, and then the cuts
// behind it are others than planned (X25). Everybody's amount follows from the cuts that were made: it is computed
// again, to the base unit. A day of planned cuts comes back unchanged, also when pages of it are missing.
func asTurned(m domain.Manifest, turned []historyEntry) (domain.Manifest, error) {
	ends := map[int]int{}
	planned := true
	for _, page := range turned {
		_, known := m.PageAt(page.Cursor)
		planned = planned && known && page.end == page.Cursor+m.PageSize
		ends[int(page.Cursor)] = max(ends[int(page.Cursor)], int(page.end))
	}
	if planned || m.Opening == nil {
		return m, nil
	}
	m.Pages = nil
	for at := 0; at < len(m.Entries); {
		end := at + int(m.PageSize) // Not reached.
		if ends[at] > at {
			end = ends[at]
		}
		end = min(end, len(m.Entries))
		m.Pages = append(m.Pages, domain.PagePlan{Cursor: uint32(at), Count: end - at})
		at = end
	}
	shares, err := openingShares(m)
	if err != nil {
		return m, err
	}
	figures, err := compute(dayTerms(m.Behaviour, m.Terms, m.Opening.Claimed), shares, m.Pages)
	if err != nil {
		return m, fmt.Errorf("amounts of the pages as they were turned: %w", err)
	}
	opening := *m.Opening
	opening.Expected = figures.expected
	m.Opening = &opening
	return m, nil
}

// cutsOf are the cuts of the pages that the books know: each page ends where the next one begins. The last one ends as
// planned, or at the list's end when it closed the day.
func cutsOf(m domain.Manifest, pages []domain.PageResult) []historyEntry {
	pages = slices.Clone(pages)
	slices.SortFunc(pages, func(a, b domain.PageResult) int { return cmp.Compare(a.Cursor, b.Cursor) })
	out := make([]historyEntry, len(pages))
	for i, p := range pages {
		end := p.Cursor + m.PageSize
		_, planned := m.PageAt(p.Cursor)
		switch {
		case i+1 < len(pages):
			end = pages[i+1].Cursor
		case p.Closed && !planned:
			end = max(p.Cursor+1, uint32(len(m.Entries)))
		}
		out[i] = historyEntry{p, end}
	}
	return out
}

// openingShares are the entries with what was locked at the opening, or what the plan foresees before it.
func openingShares(m domain.Manifest) ([]router.Share, error) {
	shares := make([]router.Share, len(m.Entries))
	for i, e := range m.Entries {
		recipient, err := solana.PublicKeyFromBase58(e.Recipient)
		if err != nil {
			return nil, fmt.Errorf("manifest of %s: entry %d: recipient %q: %w", m.Vault, i, e.Recipient, err)
		}
		shares[i] = router.Share{Recipient: recipient, Locked: uint64(e.Locked)}
		if m.Opening != nil {
			shares[i].Locked = uint64(m.Opening.Locked[i])
		}
	}
	return shares, nil
}

// plannedFor is what a page should pay: exact once the day is open, from what its earlier pages paid, and a forecast
// before.
func plannedFor(m domain.Manifest, plan domain.PagePlan, distributed uint64) (domain.Amount, error) {
	at, end, claimed := int(plan.Cursor), int(plan.Cursor)+plan.Count, m.Claimable
	if m.Opening != nil {
		claimed = m.Opening.Claimed
	}
	shares, err := openingShares(m)
	if err != nil {
		return 0, err
	}
	terms := dayTerms(m.Behaviour, m.Terms, claimed)
	opening, err := router.OpenDay(terms, shares)
	if err != nil {
		return 0, fmt.Errorf("plan of the page at cursor %d: %w", at, err)
	}
	page, err := router.PayPage(opening, terms, shares[at:end], distributed)
	if err != nil {
		return 0, fmt.Errorf("plan of the page at cursor %d: %w", at, err)
	}
	return domain.Amount(page.Total), nil
}
