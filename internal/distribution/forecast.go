package distribution

import (
	"fmt"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// amounts are a day's figures, computed for one list of locked amounts and one claim.
type amounts struct {
	opening  router.Opening
	expected []domain.Amount // By entry; streams of one recipient in a page are paid with the first of them.
	raw      []domain.Amount // By entry, before minimum and cap.
	capped   []bool          // By entry: the cap cut its page.
}

// compute runs the program's own arithmetic over the whole day, cut into pages (CHAIN.md §1). The cuts matter: streams of
// one recipient are added up within a page only, and a cap is met in the order of the pages.
func compute(terms router.DayTerms, shares []router.Share, pages []domain.PagePlan) (amounts, error) {
	out := amounts{expected: make([]domain.Amount, len(shares)), raw: make([]domain.Amount, len(shares)), capped: make([]bool, len(shares))}
	var err error
	if out.opening, err = router.OpenDay(terms, shares); err != nil {
		return amounts{}, fmt.Errorf("open the day: %w", err)
	}
	var distributed uint64
	for _, plan := range pages {
		at := int(plan.Cursor)
		page, err := router.PayPage(out.opening, terms, shares[at:at+plan.Count], distributed)
		if err != nil {
			return amounts{}, fmt.Errorf("page at cursor %d: %w", plan.Cursor, err)
		}
		distributed = page.Cumulative
		paid := map[solana.PublicKey]router.Payout{}
		for _, p := range page.Payouts {
			paid[p.Recipient] = p
		}
		for i := at; i < at+plan.Count; i++ {
			if p, first := paid[shares[i].Recipient]; first {
				out.expected[i], out.raw[i] = domain.Amount(p.Paid), domain.Amount(p.Raw)
				delete(paid, shares[i].Recipient)
			}
			out.capped[i] = page.Capped
		}
	}
	return out, nil
}

// terms turns the policy into the figures that a manifest freezes.
func terms(p router.Policy, dust uint64) domain.Terms {
	t := domain.Terms{ShareBPS: p.InvestorFeeShareBPS, Y0: domain.Amount(p.Y0TotalAllocation), MinPayout: domain.Amount(p.MinPayout), DustIn: domain.Amount(dust)}
	if p.DailyCap != nil {
		limit := domain.Amount(*p.DailyCap)
		t.DailyCap = &limit
	}
	return t
}

// dayTerms is the inverse of terms, with the claim of the day. The published program splits the claim alone; its dust
// is never paid to anybody.
func dayTerms(b domain.Behaviour, t domain.Terms, claimed domain.Amount) router.DayTerms {
	out := router.DayTerms{Claimed: uint64(claimed), DustIn: uint64(t.DustIn), ShareBPS: t.ShareBPS, Y0: uint64(t.Y0), MinPayout: uint64(t.MinPayout)}
	if b == domain.Published {
		out.DustIn = 0
	}
	if t.DailyCap != nil {
		limit := uint64(*t.DailyCap)
		out.Cap = &limit
	}
	return out
}
