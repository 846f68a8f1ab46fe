package distribution

import (
	"cmp"
	"context"
	"slices"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// ByDue puts vaults into the order in which their days must begin: open days first, by their deadline, then the others by
// their due time. What cannot be read, or is not known here, comes before all: a day of it may be open. Equal ones keep
// their order.
func (f *Fleet) ByDue(ctx context.Context, ids []string) []string {
	var vaults []Vault
	for _, id := range ids {
		if v, err := f.vault(id); err == nil {
			vaults = append(vaults, v)
		}
	}
	views := f.look(ctx, vaults)
	place := make(map[string]urgency, len(ids))
	for _, id := range ids {
		if seen, ok := views[id]; ok && seen.err == nil {
			place[id] = urgencyOf(seen.Timing())
		}
	}
	out := slices.Clone(ids)
	slices.SortStableFunc(out, func(a, b string) int { return place[a].compare(place[b]) })
	return out
}

// urgency is a place in the order; the zero value comes first.
type urgency struct {
	class int
	at    int64 // Unix seconds of the chain's clock.
}

func urgencyOf(t domain.Timing) urgency {
	if t.Phase() == domain.PhaseContinue {
		return urgency{class: 1, at: t.Deadline()}
	}
	return urgency{class: 2, at: t.Due()}
}

func (u urgency) compare(other urgency) int {
	return cmp.Or(cmp.Compare(u.class, other.class), cmp.Compare(u.at, other.at))
}
