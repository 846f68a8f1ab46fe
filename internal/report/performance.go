package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// lastFailures is how many failures of an operation are shown one by one (F04).
const lastFailures = 3

// Performance is how the steps of a window went (F02). One definition holds for all of it: every attempt counts, also a
// failed one, with the time that it took.
type Performance struct {
	From       time.Time        `json:"from"`
	To         time.Time        `json:"to"`
	Total      OperationStats   `json:"total"`
	Operations []OperationStats `json:"operations"` // By name.
}

// Spread says how long something took. Without a single measurement there are no figures: null is no data, which is not
// 0 ms (F03). Percentiles are times that were measured.
type Spread struct {
	Count   int            `json:"count"`
	Average *time.Duration `json:"average_ns"`
	P50     *time.Duration `json:"p50_ns"`
	P95     *time.Duration `json:"p95_ns"`
	Max     *time.Duration `json:"max_ns"`
}

// OperationStats are one operation's figures. Count counts attempts; without any, success is no data, which is not 0 %.
type OperationStats struct {
	Name string `json:"name"`
	Spread
	OK       int         `json:"ok"`
	Success  *string     `json:"success_percent"` // Two decimals, rounded down: 99.995 is not 100.
	Retries  int         `json:"retries"`         // Attempts after the first.
	Requests uint64      `json:"rpc_requests"`
	Errors   []CodeCount `json:"errors"` // Most frequent first.
	Last     []Failure   `json:"last_failures"`
}

// CodeCount counts failures of one code; empty is a failure that nobody classified.
type CodeCount struct {
	Code  string `json:"code"`
	Count int    `json:"count"`
}

// Failure is one attempt that failed.
type Failure struct {
	At       time.Time     `json:"at"`
	Vault    string        `json:"vault,omitempty"`
	Code     string        `json:"code"`
	Attempt  int32         `json:"attempt,omitempty"`
	Duration time.Duration `json:"duration_ns"`
	Workflow string        `json:"workflow_id,omitempty"`
}

// NewPerformance makes the report of the attempts that began in [from, to).
func NewPerformance(from, to time.Time, all []domain.Operation) Performance {
	g := newGathering()
	for _, o := range all {
		g.add(o)
	}
	return g.performance(from, to)
}

// gathering takes attempts one by one, so that a month of them need not be held: of each it keeps the time it took.
type gathering struct {
	all    tally
	byName map[string]*tally
}

func newGathering() *gathering { return &gathering{byName: map[string]*tally{}} }

func (g *gathering) add(o domain.Operation) {
	one := g.byName[o.Name]
	if one == nil {
		one = &tally{}
		g.byName[o.Name] = one
	}
	one.add(o)
	g.all.add(o)
}

func (g *gathering) performance(from, to time.Time) Performance {
	p := Performance{From: from.UTC(), To: to.UTC(), Total: g.all.stats("all"), Operations: []OperationStats{}}
	for _, name := range slices.Sorted(maps.Keys(g.byName)) {
		p.Operations = append(p.Operations, g.byName[name].stats(name))
	}
	return p
}

// tally counts the attempts of one operation.
type tally struct {
	times       []time.Duration
	ok, retries int
	requests    uint64
	codes       map[string]int
	last        []Failure
}

func (t *tally) add(o domain.Operation) {
	t.times = append(t.times, o.Duration)
	t.requests += o.Requests
	if o.Attempt > 1 {
		t.retries++
	}
	if o.OK {
		t.ok++
		return
	}
	if t.codes == nil {
		t.codes = map[string]int{}
	}
	t.codes[o.Code]++
	t.last = append(t.last, Failure{At: o.Started.UTC(), Vault: o.Vault, Code: o.Code, Attempt: o.Attempt, Duration: o.Duration, Workflow: o.WorkflowID})
	slices.SortStableFunc(t.last, func(a, b Failure) int { return b.At.Compare(a.At) })
	t.last = t.last[:min(lastFailures, len(t.last))]
}

func (t *tally) stats(name string) OperationStats {
	s := OperationStats{Name: name, Spread: spreadOf(t.times), OK: t.ok, Retries: t.retries, Requests: t.requests, Errors: []CodeCount{}, Last: []Failure{}}
	s.Last = append(s.Last, t.last...)
	if s.Count > 0 {
		success := percent(s.OK, s.Count)
		s.Success = &success
	}
	for code, n := range t.codes {
		s.Errors = append(s.Errors, CodeCount{code, n})
	}
	slices.SortFunc(s.Errors, func(a, b CodeCount) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code)) })
	return s
}

// spreadOf sorts the times.
func spreadOf(times []time.Duration) Spread {
	if len(times) == 0 {
		return Spread{}
	}
	slices.Sort(times)
	var sum time.Duration
	for _, t := range times {
		sum += t
	}
	average, p50, p95, most := sum/time.Duration(len(times)), rank(times, 50), rank(times, 95), times[len(times)-1]
	return Spread{Count: len(times), Average: &average, P50: &p50, P95: &p95, Max: &most}
}

// rank is the nearest-rank percentile: the smallest time that at least so many percent of the attempts kept to. It is
// always one that was measured.
func rank(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)*percent+99)/100-1]
}

// percent writes a share with two decimals, in integers and rounded down.
func percent(part, whole int) string {
	hundredths := int64(part) * 10_000 / int64(whole)
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}
