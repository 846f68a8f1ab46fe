package bench

import (
	"fmt"
	"math"
)

// Verdict says how a figure has moved.
type Verdict string

// Verdicts. A figure that only one of two runs has is missing, and neither better nor worse.
const (
	Same    Verdict = "same"
	Better  Verdict = "better"
	Worse   Verdict = "worse"
	Missing Verdict = "not in both"
)

// noise is how far a figure may move on one machine from run to run without meaning anything, in percent.
const noise = 15

// Change is one figure in two runs.
type Change struct {
	Figure  string   `json:"figure"`
	Before  *float64 `json:"before"`
	Now     *float64 `json:"now"`
	Percent *float64 `json:"change_percent"` // Null when there was nothing, or zero, before.
	Verdict Verdict  `json:"verdict"`
}

// Comparison holds a run against a saved one.
type Comparison struct {
	Changes []Change `json:"changes"`
	// Unlike says why the two runs should not be held against each other: another machine, other slots.
	Unlike []string `json:"unlike"`
}

// Worse is true when a figure got worse by more than the noise, on a machine of which that can be said.
func (c Comparison) Worse() bool {
	if len(c.Unlike) > 0 {
		return false
	}
	for _, ch := range c.Changes {
		if ch.Verdict == Worse {
			return true
		}
	}
	return false
}

// figure is one that is compared. Of most of them less is better.
type figure struct {
	name string
	of   func(Result) *float64
	more bool // More is better.
}

func figures() []figure {
	out := []figure{
		{"slots_per_page", func(r Result) *float64 { return r.SlotsPerPage }, false},
		{"orchestration_ms_per_page", func(r Result) *float64 { return r.Orchestration }, false},
		{"rpc_requests_per_day", func(r Result) *float64 { return r.RequestsPerDay }, false},
		{"pages_per_second", func(r Result) *float64 { return r.PagesPerSecond }, true},
		{"tick_ms_1000", func(r Result) *float64 { return r.TickMS1000 }, false},
		{"tick_requests_1000", func(r Result) *float64 { return r.TickRequests }, false},
		{"stop_p99_ms", func(r Result) *float64 { return r.StopP99 }, false},
		{"rss_mib", func(r Result) *float64 { return r.RSSMiB }, false},
	}
	return out
}

// Compare holds now against before, figure by figure and case by case.
func Compare(before, now Result) Comparison {
	c := Comparison{Unlike: []string{}}
	for _, f := range figures() {
		c.Changes = append(c.Changes, f.change(f.name, f.of(before), f.of(now)))
	}
	for _, n := range now.Cases {
		for _, b := range before.Cases {
			if b.Vaults == n.Vaults && b.Investors == n.Investors && b.paid() != nil && n.paid() != nil {
				f := figure{more: false}
				name := fmt.Sprintf("%d × %d: seconds of the last day", n.Vaults, n.Investors)
				c.Changes = append(c.Changes, f.change(name, &b.paid().Seconds, &n.paid().Seconds))
			}
		}
	}
	for _, u := range []struct {
		what   string
		before any
		now    any
	}{
		{"processors", before.Machine.Processors, now.Machine.Processors},
		{"platform", before.Machine.Platform, now.Machine.Platform},
		{"milliseconds of a slot", before.SlotMS, now.SlotMS},
		{"days", before.Days, now.Days},
		{"vaults of the largest fleet", largestOf(before), largestOf(now)},
		{"investors of the largest vault", longestOf(before), longestOf(now)},
	} {
		if u.before != u.now {
			c.Unlike = append(c.Unlike, fmt.Sprintf("%s: %v before, %v now", u.what, u.before, u.now))
		}
	}
	return c
}

func largestOf(r Result) int {
	if c := r.largest(); c != nil {
		return c.Vaults
	}
	return 0
}

func longestOf(r Result) int {
	if c := r.longest(); c != nil {
		return c.Investors
	}
	return 0
}

func (f figure) change(name string, before, now *float64) Change {
	c := Change{Figure: name, Before: before, Now: now, Verdict: Missing}
	if before == nil || now == nil {
		return c
	}
	percent := math.Inf(1) // From nothing to something is more than any noise.
	switch {
	case *before == *now:
		percent = 0
	case *before != 0:
		percent = (*now - *before) / *before * 100
	}
	if *before != 0 {
		c.Percent = &percent
	}
	c.Verdict = Same
	switch {
	case percent > noise && f.more, percent < -noise && !f.more:
		c.Verdict = Better
	case percent > noise, percent < -noise:
		c.Verdict = Worse
	}
	return c
}
