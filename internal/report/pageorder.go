package report

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// When the effect of an approved page size is judged, and what counts as worse (W10). A tenth and two points are above
// what pages differ by from day to day.
const (
	trialLeast  = 5 * 24 * time.Hour
	trialBefore = 28 * 24 * time.Hour // How far back the pages from before count at most.
	worseTime   = 10                  // Per cent more time an investor.
	worsePoints = 2                   // Points of success less.
)

// PageTrial is an order whose effect is not judged yet.
type PageTrial struct {
	Order     domain.PageOrder
	From      time.Time // Pages from before count from here on: since the change before, if there was one.
	Investors int       // Of the vault's newest plan.
}

// PageJudgement is what an order did to its vault's pages.
type PageJudgement struct {
	Order domain.PageOrder
	State domain.PageOrderState // PageApplied: it is too early to say.
	Was   *domain.PageFigures   // Nil: no data from before.
	Is    *domain.PageFigures
	Why   string
}

// NewPageTrial finds from when on a vault's pages were cut as before the order. history are all orders of the vault.
func NewPageTrial(o domain.PageOrder, history []domain.PageOrder, investors int) PageTrial {
	t := PageTrial{Order: o, From: o.AppliedAt.Add(-trialBefore), Investors: investors}
	for _, h := range history {
		if h.Seq == o.Seq || h.AppliedAt.IsZero() {
			continue
		}
		for _, change := range []time.Time{h.AppliedAt, h.EndedAt} {
			if h.State == domain.PageKept && change.Equal(h.EndedAt) {
				continue // Keeping it changed nothing.
			}
			if change.After(t.From) && change.Before(o.AppliedAt) {
				t.From = change
			}
		}
	}
	return t
}

// JudgePages holds the pages since each order against those from before, up to at.
func (r *Reporter) JudgePages(ctx context.Context, at time.Time, trials []PageTrial) ([]PageJudgement, error) {
	if len(trials) == 0 {
		return nil, nil
	}
	type pages struct {
		took   []time.Duration
		failed int
	}
	was, is, of := make([]pages, len(trials)), make([]pages, len(trials)), map[string]int{}
	from := at
	for i, t := range trials {
		of[t.Order.Vault] = i
		if t.From.Before(from) {
			from = t.From
		}
	}
	err := r.Books.EachOperation(ctx, from, at, func(o domain.Operation) error {
		i, tried := of[o.Vault]
		if o.Name != pageStep || !tried || o.Started.Before(trials[i].From) {
			return nil
		}
		into := &is[i]
		if o.Started.Before(trials[i].Order.AppliedAt) {
			into = &was[i]
		}
		if o.OK {
			into.took = append(into.took, o.Duration)
		} else {
			into.failed++
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("page orders: measured pages: %w", err)
	}
	out := make([]PageJudgement, len(trials))
	for i, t := range trials {
		before := pageFigures(was[i].took, was[i].failed, t.Investors, t.Order.Before)
		after := pageFigures(is[i].took, is[i].failed, t.Investors, t.Order.Size)
		out[i] = judgePages(t.Order, before, after, at.Sub(t.Order.AppliedAt))
	}
	return out, nil
}

func pageFigures(took []time.Duration, failed, investors int, size uint32) domain.PageFigures {
	f := domain.PageFigures{Pages: len(took), Failed: failed}
	if len(took) > 0 {
		slices.Sort(took)
		f.Median = took[len(took)/2]
		f.PerInvestor = domain.PerInvestor(f.Median, investors, size)
	}
	return f
}

// enough is true for figures that say something.
func enough(f domain.PageFigures) bool { return f.Pages+f.Failed >= pageSamples && f.PerInvestor > 0 }

// judgePages is the rule. Without figures from before it is the advisor's own bounds that decide. Shorter pages may cost
// an investor more time and still be right: when they cured failures, or pages that were slow.
func judgePages(o domain.PageOrder, was, is domain.PageFigures, age time.Duration) PageJudgement {
	j := PageJudgement{Order: o, State: domain.PageApplied, Is: &is}
	failing := is.Pages+is.Failed >= pageSamples && is.Pages == 0
	switch {
	case age < trialLeast:
		j.Why = fmt.Sprintf("it is judged %s after its first day at the earliest", plural(int(trialLeast/(24*time.Hour)), "day"))
		return j
	case failing:
		j.State, j.Why = domain.PageTakenBack, fmt.Sprintf("worse: all of %s failed", plural(is.Failed, "attempt"))
		return j
	case !enough(is):
		j.Why = fmt.Sprintf("insufficient data: %s of at least %d", plural(is.Pages+is.Failed, "page"), pageSamples)
		return j
	case !enough(was):
		j.State, j.Why = domain.PageKept, "no figures from before, and the pages are neither slow nor failing: "+is.String()
		if is.Median > pageSlow || is.Success() < pageSuccess {
			j.State, j.Why = domain.PageTakenBack, "no figures from before, and the pages are slow or fail: "+is.String()
		}
		return j
	}
	j.Was = &was
	figures := fmt.Sprintf("%s; before: %s", is, was)
	shorter := o.Size < o.Before
	switch {
	case is.Success()+worsePoints < was.Success():
		j.State, j.Why = domain.PageTakenBack, "worse, pages fail more often: "+figures
	case shorter && (is.Success() > was.Success()+worsePoints || was.Median > pageSlow && is.Median <= pageSlow):
		j.State, j.Why = domain.PageKept, "shorter pages cured what they were for: "+figures
	case 100*is.PerInvestor > (100+worseTime)*was.PerInvestor:
		j.State, j.Why = domain.PageTakenBack, "worse, an investor takes longer: "+figures
	default:
		j.State, j.Why = domain.PageKept, "not worse: "+figures
	}
	return j
}
