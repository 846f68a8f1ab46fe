package chain

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Ranked is one endpoint as k questions in a row found it (W12).
type Ranked struct {
	Name     string        `json:"name"`
	URL      string        `json:"url"` // Redacted.
	Healthy  bool          `json:"healthy"`
	Reason   string        `json:"reason,omitempty"` // Why not.
	Median   time.Duration `json:"median_ns"`        // Of the answers; 0: none came.
	Asked    int           `json:"asked"`
	Failed   int           `json:"failed"`
	Slot     uint64        `json:"slot"`
	Behind   uint64        `json:"behind"` // Slots behind the best of the same round, at worst.
	Position int           `json:"position"`
	Before   int           `json:"position_before"` // In the order that held.
}

// ErrorPercent is the share of questions without an answer.
func (r Ranked) ErrorPercent() int {
	if r.Asked == 0 {
		return 0
	}
	return 100 * r.Failed / r.Asked
}

// Rank asks every endpoint k times for its slot, all at the same moments, and puts them in order: unhealthy ones always
// last, then fewer failures, then freshness, then speed. It changes nothing.
func (p *Pool) Rank(ctx context.Context, k int) []Ranked {
	held := p.order()
	out := make([]Ranked, len(held))
	times := make([][]time.Duration, len(held))
	for i, e := range held {
		out[i] = Ranked{Name: e.Name, URL: Redact(e.URL), Before: i + 1}
	}
	for range max(k, 1) {
		slots := make([]uint64, len(held))
		took := make([]time.Duration, len(held))
		var wg sync.WaitGroup
		for i, e := range held {
			wg.Go(func() {
				begin := e.now()
				if e.ask(ctx, "getSlot", []any{map[string]any{"commitment": "confirmed"}}, &slots[i]) == nil {
					took[i] = e.now().Sub(begin)
				} else {
					slots[i] = 0
				}
			})
		}
		wg.Wait()
		best := slices.Max(slots)
		for i := range held {
			out[i].Asked++
			if slots[i] == 0 {
				out[i].Failed++
				continue
			}
			times[i] = append(times[i], took[i])
			out[i].Slot, out[i].Behind = slots[i], max(out[i].Behind, best-slots[i])
		}
	}
	for i, e := range held {
		if len(times[i]) > 0 {
			slices.Sort(times[i])
			out[i].Median = times[i][len(times[i])/2]
		}
		e.mu.Lock()
		out[i].Reason, _ = e.verdict(p.o.MaxSlotLag, p.o.FrozenAfter)
		e.mu.Unlock()
		if out[i].Reason == "" && out[i].Failed == out[i].Asked {
			out[i].Reason = "no answer to any question"
		}
		out[i].Healthy = out[i].Reason == ""
	}
	return placed(out)
}

// freshEnough is how many slots behind say nothing: nodes answer a moment apart.
const freshEnough = 4

// placed sorts by what was measured. The coarse steps keep noise from changing the order every week.
func placed(list []Ranked) []Ranked {
	slices.SortStableFunc(list, func(a, b Ranked) int {
		if a.Healthy != b.Healthy {
			if a.Healthy {
				return -1
			}
			return 1
		}
		return cmp.Or(
			cmp.Compare(a.ErrorPercent()/10, b.ErrorPercent()/10),
			cmp.Compare(a.Behind/freshEnough, b.Behind/freshEnough),
			cmp.Compare(a.Median/(10*time.Millisecond), b.Median/(10*time.Millisecond)),
		)
	})
	for i := range list {
		list[i].Position = i + 1
	}
	return list
}

// Cause words a ranking for the record.
func Cause(list []Ranked) string {
	var out []string
	for _, r := range list {
		state := "healthy"
		if !r.Healthy {
			state = "unhealthy (" + r.Reason + ")"
		}
		out = append(out, fmt.Sprintf("%s %s, median %s, %d of %d failed, %d behind", r.Name, state, r.Median.Round(100*time.Microsecond), r.Failed, r.Asked, r.Behind))
	}
	return strings.Join(out, "; ")
}

// order is the endpoints as they are preferred now.
func (p *Pool) order() []*endpoint {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.preferred == nil {
		return p.endpoints
	}
	return p.preferred
}

// Prefer sets the order in which endpoints of about one speed are asked. Names that are not known are passed over, and
// endpoints that are not named come last, in the order of the settings: no order takes an endpoint away.
func (p *Pool) Prefer(names []string) {
	list := slices.Clone(p.endpoints)
	place := func(e *endpoint) int {
		if i := slices.Index(names, e.Name); i >= 0 {
			return i
		}
		return len(names)
	}
	slices.SortStableFunc(list, func(a, b *endpoint) int { return cmp.Compare(place(a), place(b)) })
	p.mu.Lock()
	defer p.mu.Unlock()
	p.preferred = list
}
