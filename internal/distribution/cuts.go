package distribution

import (
	"fmt"

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

// openingShares are the entries with what was locked at the opening.
func openingShares(m domain.Manifest) ([]router.Share, error) {
	shares := make([]router.Share, len(m.Entries))
	for i, e := range m.Entries {
		recipient, err := solana.PublicKeyFromBase58(e.Recipient)
		if err != nil {
			return nil, fmt.Errorf("manifest of %s: entry %d: recipient %q: %w", m.Vault, i, e.Recipient, err)
		}
		shares[i] = router.Share{Recipient: recipient, Locked: uint64(m.Opening.Locked[i])}
	}
	return shares, nil
}

// plannedFor is what a page should pay: exact once the day is open, from what its earlier pages paid, and a forecast
// before.
func plannedFor(m domain.Manifest, plan domain.PagePlan, distributed uint64) (domain.Amount, error) {
	at, end := int(plan.Cursor), int(plan.Cursor)+plan.Count
	if m.Opening == nil {
		var sum domain.Amount
		for i := at; i < end; i++ {
			sum += m.Planned(i)
		}
		return sum, nil
	}
	shares, err := openingShares(m)
	if err != nil {
		return 0, err
	}
	terms := dayTerms(m.Behaviour, m.Terms, m.Opening.Claimed)
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
