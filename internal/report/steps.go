package report

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

// Pace is how long one vault's pages take.
type Pace struct {
	Vault string `json:"vault"`
	Spread
}

// Workload is how the steps, the runs and the pages of a window went.
type Workload struct {
	Performance
	Runs  Spread `json:"runs"`  // From a run's first page to its books, without waiting until due.
	Paces []Pace `json:"paces"` // Pages that landed by vault, the slowest first.
}

// pageStep and lastStep bound the paying part of a run.
const (
	pageStep = "SendPage"
	lastStep = "Reconcile"
)

// workload reads the measured steps of a window, by the machine's own clock: they are not on the chain.
func (r *Reporter) workload(ctx context.Context, from, to time.Time) (Workload, error) {
	type span struct{ first, last time.Time }
	steps, vaults, runs := newGathering(), map[string][]time.Duration{}, map[string]*span{}
	err := r.Books.EachOperation(ctx, from, to, func(o domain.Operation) error {
		steps.add(o)
		if o.Name == pageStep && o.OK {
			vaults[o.Vault] = append(vaults[o.Vault], o.Duration)
		}
		at := runs[o.RunID]
		switch {
		case at == nil && o.Name == pageStep:
			runs[o.RunID] = &span{first: o.Started}
		case at != nil && o.Name == lastStep && o.OK:
			at.last = o.Started.Add(o.Duration)
		}
		return nil
	})
	if err != nil {
		return Workload{}, fmt.Errorf("measured steps: %w", err)
	}
	w := Workload{Performance: steps.performance(from, to), Paces: []Pace{}}
	var took []time.Duration
	for _, s := range runs {
		if !s.last.IsZero() {
			took = append(took, s.last.Sub(s.first))
		}
	}
	w.Runs = spreadOf(took)
	for _, vault := range slices.Sorted(maps.Keys(vaults)) {
		w.Paces = append(w.Paces, Pace{vault, spreadOf(vaults[vault])})
	}
	slices.SortStableFunc(w.Paces, func(a, b Pace) int { return cmp.Compare(*b.P95, *a.P95) })
	return w, nil
}

// Performance reports the steps that began in [from, to).
func (r *Reporter) Performance(ctx context.Context, from, to time.Time) (Performance, error) {
	w, err := r.workload(ctx, from, to)
	return w.Performance, err
}

// took writes a measured time, or that there is none.
func took(d *time.Duration) string {
	if d == nil {
		return noData
	}
	return duration(*d)
}

// success writes a share of attempts, or that there were none.
func (s OperationStats) success() string {
	if s.Success == nil {
		return noData
	}
	return *s.Success + " %"
}

// Sheet shows the steps of a window by themselves.
func (p Performance) Sheet() sheet.Sheet {
	s := sheet.Sheet{Title: "Performance", Data: p.data(), Sections: []sheet.Section{p.section()}}
	s.Facts = []sheet.Fact{
		{Name: "window", Value: fmt.Sprintf("%s to %s", p.From.Format(time.RFC3339), p.To.Format(time.RFC3339))},
		{Name: "source", Value: plural(p.Total.Count, "attempt") + ", measured by the worker's own clock"},
	}
	return s
}

func (p Performance) section() sheet.Section {
	t := sheet.Table{
		Columns: []sheet.Column{
			sheet.Left("Step"), sheet.Right("Attempts"), sheet.Right("Success"), sheet.Right("Retries"), sheet.Right("Average"), sheet.Right("p50"), sheet.Right("p95"), sheet.Right("Longest"), sheet.Right("RPC"),
		},
		Empty: "No data: no step was measured in this window.",
	}
	failed := sheet.Table{Title: "Failures by code", Columns: []sheet.Column{sheet.Left("Step"), sheet.Left("Code"), sheet.Right("Count")}, Empty: "No attempt failed."}
	for _, s := range p.lines() {
		t.Rows = append(t.Rows, []sheet.Cell{
			sheet.T(s.Name), sheet.N(fmt.Sprint(s.Count)), sheet.T(s.success()), sheet.N(fmt.Sprint(s.Retries)), sheet.T(took(s.Average)), sheet.T(took(s.P50)), sheet.T(took(s.P95)), sheet.T(took(s.Max)), sheet.N(fmt.Sprint(s.Requests)),
		})
	}
	for _, s := range p.Operations {
		for _, f := range s.Errors {
			failed.Rows = append(failed.Rows, []sheet.Cell{sheet.T(s.Name), sheet.T(cmp.Or(f.Code, "unclassified")), sheet.N(fmt.Sprint(f.Count))})
		}
	}
	s := sheet.Section{Title: "Performance", Text: []string{"Times are over all attempts, failed ones too; percentiles are measured values."}, Tables: []sheet.Table{t}}
	if len(p.Operations) > 0 {
		s.Tables = append(s.Tables, failed)
	}
	return s
}

// lines are the operations and their sum; nothing when nothing was measured.
func (p Performance) lines() []OperationStats {
	if len(p.Operations) == 0 {
		return nil
	}
	return append(slices.Clone(p.Operations), p.Total)
}

func (p Performance) data() sheet.Table {
	t := sheet.Table{Columns: columns("step", "attempts", "ok", "success_percent", "retries", "average_ms", "p50_ms", "p95_ms", "max_ms", "rpc_requests")}
	ms := func(d *time.Duration) sheet.Cell {
		if d == nil {
			return sheet.N("")
		}
		return sheet.N(fmt.Sprint(d.Milliseconds()))
	}
	for _, s := range append(slices.Clone(p.Operations), p.Total) {
		success := noData
		if s.Success != nil {
			success = *s.Success
		}
		t.Rows = append(t.Rows, []sheet.Cell{
			sheet.T(s.Name), sheet.N(fmt.Sprint(s.Count)), sheet.N(fmt.Sprint(s.OK)), sheet.N(success), sheet.N(fmt.Sprint(s.Retries)), ms(s.Average), ms(s.P50), ms(s.P95), ms(s.Max), sheet.N(fmt.Sprint(s.Requests)),
		})
	}
	return t
}

// section adds the slowest vaults to the steps.
func (w Workload) section() sheet.Section {
	s := w.Performance.section()
	s.Text = append(s.Text, fmt.Sprintf("From the first page to the books: %s on average, %s p95, over %s.", took(w.Runs.Average), took(w.Runs.P95), plural(w.Runs.Count, "run")))
	if len(w.Paces) == 0 {
		return s
	}
	paces := sheet.Table{Title: "Slowest vaults, pages that landed", Columns: []sheet.Column{sheet.Left("Vault"), sheet.Right("Pages"), sheet.Right("p50"), sheet.Right("p95"), sheet.Right("Longest")}}
	chart := sheet.Chart{Title: "Time of a page, p95", Series: []string{"p95"}}
	for _, v := range w.Paces[:min(charted, len(w.Paces))] {
		paces.Rows = append(paces.Rows, []sheet.Cell{sheet.T(v.Vault), sheet.N(fmt.Sprint(v.Count)), sheet.T(took(v.P50)), sheet.T(took(v.P95)), sheet.T(took(v.Max))})
		chart.Bars = append(chart.Bars, sheet.Bar{Label: v.Vault, Total: took(v.P95), Parts: []sheet.Part{{Size: uint64(v.P95.Milliseconds()), Text: took(v.P95)}}})
	}
	s.Tables, s.Charts = append(s.Tables, paces), []sheet.Chart{chart}
	return s
}
