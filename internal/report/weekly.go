package report

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

// Weekly is what 168 hours took, against the 168 before (W09), with the days that they paid.
type Weekly struct {
	Window      Window               `json:"window"`
	Before      Window               `json:"window_before"`
	MadeAt      time.Time            `json:"made_at"`
	Verdict     Verdict              `json:"verdict"`
	Performance Workload             `json:"performance"`
	AllBefore   OperationStats       `json:"total_before"`
	RunsBefore  Spread               `json:"runs_before"`
	States      map[domain.State]int `json:"states"` // Of the vault-days.
	VaultDays   int                  `json:"vault_days"`
	Mints       []MintTotal          `json:"mints"`
	Days        []DaySum             `json:"days"`
	Costs       CostLedger           `json:"costs"`
	Advice      []Advice             `json:"recommendations"`
	Sources     []Source             `json:"sources"`
}

// week is the length of the weekly window (W09).
const week = 168 * time.Hour

// WeekWindow is the 168 hours before a moment.
func WeekWindow(end, now time.Time, loc *time.Location) Window {
	return NewWindow("168 h to "+end.In(loc).Format("2006-01-02 15:04"), end.Add(-week), end, now, loc)
}

// Weekly makes the report. Only books that cannot be read make it fail.
func (r *Reporter) Weekly(ctx context.Context, w Window) (Weekly, error) {
	out := Weekly{Window: w, Before: w.Before(), MadeAt: r.Now().In(r.Zone), Verdict: OK, States: map[domain.State]int{}}
	now, _, err := r.used(ctx, w)
	if err != nil {
		return out, fmt.Errorf("weekly report, %s: %w", w.Name, err)
	}
	before, err := r.workload(ctx, out.Before.From, out.Before.To)
	if err != nil {
		return out, fmt.Errorf("weekly report, %s: %w", out.Before.Name, err)
	}
	out.Performance, out.AllBefore, out.RunsBefore = now.Workload, before.Total, before.Runs
	out.VaultDays, out.Costs = len(now.lines), ledger(now.lines)
	for _, l := range now.lines {
		out.States[l.State]++
		out.Advice = append(out.Advice, l.advice()...)
	}
	if out.Mints, err = mintTotals(now.lines, nil); err != nil {
		return out, fmt.Errorf("weekly report, %s: %w", w.Name, err)
	}
	if out.Days, err = daySums(now.lines); err != nil {
		return out, fmt.Errorf("weekly report, %s: %w", w.Name, err)
	}
	out.Sources = []Source{
		{Name: "books", State: SourceRead, Note: plural(out.VaultDays, "vault-day")},
		{Name: "measured steps", State: SourceRead, Note: plural(now.Total.Count, "attempt") + ", by the machine's own clock"},
	}
	out.advise()
	return out, nil
}

// failing is the success rate, in hundredths of a per cent, below which a step wants a look; few is how many attempts say
// nothing.
const (
	failing = 9_500
	few     = 20
)

func (w *Weekly) advise() {
	for _, s := range w.Performance.Operations {
		if s.Count >= few && uint64(s.OK)*10_000 < failing*uint64(s.Count) {
			evidence := fmt.Sprintf("%s of %s succeeded", s.success(), plural(s.Count, "attempt"))
			if len(s.Errors) > 0 {
				evidence += fmt.Sprintf("; most often %s, %d times", cmp.Or(s.Errors[0].Code, "unclassified"), s.Errors[0].Count)
			}
			w.Advice = append(w.Advice, Advice{Rule: "success", Severity: domain.SeverityMedium, Text: s.Name + " fails often", Evidence: evidence, Next: "feeops doctor"})
		}
	}
	if b, n := w.RunsBefore, w.Performance.Runs; b.Count >= few && n.Count >= few && *n.P95 > 2**b.P95 {
		w.Advice = append(w.Advice, Advice{
			Rule: "pace", Severity: domain.SeverityMedium, Text: "days take more than twice as long as the week before",
			Evidence: fmt.Sprintf("p95 %s, %s before", took(n.P95), took(b.P95)), Next: "feeops rpc rank",
		})
	}
	w.Advice = sorted(w.Advice)
	for _, a := range w.Advice {
		one := OK
		switch a.Severity {
		case domain.SeverityCritical:
			one = Fail
		case domain.SeverityHigh, domain.SeverityMedium:
			one = Warn
		}
		if one.worse(w.Verdict) {
			w.Verdict = one
		}
	}
}

// Sheet shows the weekly report.
func (w Weekly) Sheet() sheet.Sheet {
	s := sheet.Sheet{Title: "Weekly report, " + w.Window.Name, Verdict: w.Verdict.cell(), Data: w.Performance.data()}
	s.Facts = append([]sheet.Fact{{Name: "window", Value: w.Window.String()}, {Name: "made", Value: moment(w.MadeAt, w.Window.loc)}}, sourceFacts(w.Sources)...)
	states := statesSection(w.States, w.VaultDays)
	states.Title, states.Tables[0].Columns[1].Name, states.Tables[0].Empty = "Vault-days by state", "Vault-days", "No data: the books know no day of this week."
	money := sheet.Section{Title: "Money"}
	t := sheet.Table{Columns: []sheet.Column{sheet.Left("Mint"), sheet.Left("Figure"), sheet.Right("Amount"), sheet.Right("Base units")}, Empty: "No data: no day of the week moved money."}
	for _, m := range w.Mints {
		for _, row := range []struct {
			name   string
			amount domain.Amount
		}{{"claimed", m.Claimed}, {"paid to investors", m.Paid}, {"paid to creators", m.Creator}, {"dust out", m.DustOut}} {
			t.Rows = append(t.Rows, []sheet.Cell{sheet.T(mintName(m.Token)), sheet.T(row.name), sheet.T(m.Token.Format(row.amount)), sheet.N(row.amount.String())})
		}
		money.Charts = append(money.Charts, dayChart(w.Days, m.Token))
	}
	money.Tables = []sheet.Table{t}
	perf := w.Performance.section()
	b := w.AllBefore
	perf.Text = append(perf.Text, fmt.Sprintf("The 168 h before: %s, success %s, p95 of a run %s.", plural(b.Count, "attempt"), b.success(), took(w.RunsBefore.P95)))
	s.Sections = []sheet.Section{adviceSection("Recommendations", w.Advice), states, money, perf, {Title: "Cost", Tables: []sheet.Table{w.Costs.Costs.table()}}}
	return s
}
