package distribution

import (
	"fmt"
	"math/bits"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// asIfValid is what a refused stream would lock at chain time at if what refuses it were not so: its closed flag is not
// looked at, its mint counts as the right one, its times are taken as they stand. The rest is the router's own rule
// (CHAIN.md §2). nil is unknown: no account, an account of another program (its bytes may say anything), too few bytes
// or no magic. A second mention of a stream locks nothing of its own and is unknown too.
func asIfValid(s streamflow.Stream, reason string, at int64) *domain.Amount {
	if !readable(reason) {
		return nil
	}
	s.Closed = false
	locked := domain.Amount(s.Locked(at))
	return &locked
}

// readable says whether a quarantine's reason leaves the stream's bytes to be believed.
func readable(reason string) bool {
	switch streamflow.Reason(reason) {
	case streamflow.WrongMint, streamflow.Closed, streamflow.BadTimes:
		return true
	}
	return false
}

// counterfactual gives what each quarantined stream would have got, by place in m.Quarantined; nil is unknown. locked
// holds their weights in the same order, nil for unknown ones.
//
// It is one day, computed by the program's own arithmetic: the same claim, dust and terms, and a list on which every
// quarantined stream with a known weight stands at its registered place among the entries, cut into pages of the plan's
// size (one page for the published program). All of them are on it at once, so they also share with each other; streams
// of unknown weight are left out, as if they locked nothing. Once the day is open the weights of the entries
// are those of the opening. What one recipient gets for several streams of a page is split among them by weight,
// rounded down.
func counterfactual(m domain.Manifest, locked []*domain.Amount) ([]*domain.Amount, error) {
	out := make([]*domain.Amount, len(m.Quarantined))
	if len(locked) == 0 {
		return out, nil
	}
	shares, places, err := counterfactualList(m, locked)
	if err != nil {
		return out, err
	}
	pages := domain.PlanPages(len(shares), max(1, m.PageSize))
	if m.Behaviour == domain.Published {
		pages = []domain.PagePlan{{Count: len(shares)}}
	}
	claimed := m.Claimable
	if m.Opening != nil {
		claimed = m.Opening.Claimed
	}
	figures, err := compute(dayTerms(m.Behaviour, m.Terms, claimed), shares, pages)
	if err != nil {
		return out, fmt.Errorf("the day with the quarantined streams: %w", err)
	}
	for _, page := range pages {
		at, end := int(page.Cursor), int(page.Cursor)+page.Count
		paid, weight := map[solana.PublicKey]domain.Amount{}, map[solana.PublicKey]uint64{}
		for i := at; i < end; i++ {
			paid[shares[i].Recipient] += figures.expected[i] // All but the first are 0.
			weight[shares[i].Recipient] += shares[i].Locked  // At most the day's total, which did not overflow.
		}
		for i := at; i < end; i++ {
			if q, is := places[i]; is {
				part := partOf(paid[shares[i].Recipient], shares[i].Locked, weight[shares[i].Recipient])
				out[q] = &part
			}
		}
	}
	return out, nil
}

// forecastQuarantined adds to a plan what its quarantined streams would get. An amount that cannot be computed, as when
// the bytes of a refused stream hold nonsense, stays unknown: it must not keep the others from being paid.
func forecastQuarantined(m *domain.Manifest) {
	locked := make([]*domain.Amount, len(m.Quarantined))
	for i, q := range m.Quarantined {
		locked[i] = q.Locked
	}
	would, err := counterfactual(*m, locked)
	for i := range m.Quarantined {
		if err == nil {
			m.Quarantined[i].Would = would[i]
		}
	}
}

// counterfactualList merges entries and quarantined streams in registered order. places leads from a place of the list
// to the place in m.Quarantined.
func counterfactualList(m domain.Manifest, locked []*domain.Amount) (shares []router.Share, places map[int]int, err error) {
	places = map[int]int{}
	at := map[int]int{} // Registered place to place in m.Quarantined.
	for q := range m.Quarantined {
		at[m.Quarantined[q].Index] = q
	}
	entry := 0
	for index := range len(m.Entries) + len(m.Quarantined) {
		recipient, weight := "", domain.Amount(0)
		q, is := at[index]
		switch {
		case is && locked[q] == nil:
			continue
		case is:
			places[len(shares)] = q
			recipient, weight = m.Quarantined[q].Recipient, *locked[q]
		case entry < len(m.Entries):
			recipient, weight = m.Entries[entry].Recipient, m.Entries[entry].Locked
			if m.Opening != nil {
				weight = m.Opening.Locked[entry]
			}
			entry++
		}
		key, err := solana.PublicKeyFromBase58(recipient)
		if err != nil {
			return nil, nil, fmt.Errorf("manifest of %s: registered stream %d: recipient %q: %w", m.Vault, index, recipient, err)
		}
		shares = append(shares, router.Share{Recipient: key, Locked: uint64(weight)})
	}
	return shares, places, nil
}

// partOf is floor(amount · part / whole) for part ≤ whole; of nothing it is nothing.
func partOf(amount domain.Amount, part, whole uint64) domain.Amount {
	if whole == 0 {
		return 0
	}
	if part >= whole {
		return amount
	}
	hi, lo := bits.Mul64(uint64(amount), part)
	quotient, _ := bits.Div64(hi, lo, whole) // hi < whole, because part < whole.
	return domain.Amount(quotient)
}
