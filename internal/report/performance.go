// Package report turns what was recorded into figures. It asks nobody: what is not in the records is "no data".
package report

import (
	"cmp"
	"fmt"
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

// OperationStats are one operation's figures. Without a single attempt there are none: null is no data, which is neither
// 0 % nor 0 ms (F03).
type OperationStats struct {
	Name    string         `json:"name"`
	Count   int            `json:"count"`
	OK      int            `json:"ok"`
	Success *string        `json:"success_percent"` // Two decimals, rounded down: 99.995 is not 100.
	P50     *time.Duration `json:"p50_ns"`
	P95     *time.Duration `json:"p95_ns"`
	Max     *time.Duration `json:"max_ns"`
	Errors  []CodeCount    `json:"errors"` // Most frequent first.
	Last    []Failure      `json:"last_failures"`
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
	byName := map[string][]domain.Operation{}
	for _, o := range all {
		byName[o.Name] = append(byName[o.Name], o)
	}
	p := Performance{From: from.UTC(), To: to.UTC(), Total: stats("all", all), Operations: []OperationStats{}}
	for name, some := range byName {
		p.Operations = append(p.Operations, stats(name, some))
	}
	slices.SortFunc(p.Operations, func(a, b OperationStats) int { return cmp.Compare(a.Name, b.Name) })
	return p
}

func stats(name string, all []domain.Operation) OperationStats {
	s := OperationStats{Name: name, Count: len(all), Errors: []CodeCount{}, Last: []Failure{}}
	if len(all) == 0 {
		return s
	}
	times := make([]time.Duration, 0, len(all))
	codes := map[string]int{}
	for _, o := range all {
		times = append(times, o.Duration)
		if o.OK {
			s.OK++
			continue
		}
		codes[o.Code]++
		s.Last = append(s.Last, Failure{At: o.Started.UTC(), Vault: o.Vault, Code: o.Code, Attempt: o.Attempt, Duration: o.Duration, Workflow: o.WorkflowID})
	}
	slices.Sort(times)
	p50, p95, most := rank(times, 50), rank(times, 95), times[len(times)-1]
	success := percent(s.OK, s.Count)
	s.P50, s.P95, s.Max, s.Success = &p50, &p95, &most, &success
	for code, n := range codes {
		s.Errors = append(s.Errors, CodeCount{code, n})
	}
	slices.SortFunc(s.Errors, func(a, b CodeCount) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code)) })
	slices.SortStableFunc(s.Last, func(a, b Failure) int { return b.At.Compare(a.At) })
	s.Last = s.Last[:min(lastFailures, len(s.Last))]
	return s
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
