package report

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Monthly is the review of a full month in a time zone, against the month before (O01–O05).
type Monthly struct {
	Window      Window       `json:"window"`
	Before      Window       `json:"window_before"`
	MadeAt      time.Time    `json:"made_at"`
	Verdict     Verdict      `json:"verdict"`
	Metrics     Metrics      `json:"metrics"`
	Trends      []Trend      `json:"trends"`
	Capacity    []Limit      `json:"capacity"`
	Security    []Assessment `json:"security"`
	Costs       CostLedger   `json:"costs"`
	Objectives  []Objective  `json:"objectives"`
	Drills      []Assessment `json:"drills"`
	Alerts      Notices      `json:"alerts"`
	Incidents   Notices      `json:"incidents"`
	Advice      []Advice     `json:"recommendations"`
	Sources     []Source     `json:"sources"`
	Performance Workload     `json:"performance"`
	Days        []DaySum     `json:"days"`
}

// Metrics are a month's figures (O01).
type Metrics struct {
	Vaults       int                  `json:"vaults"` // With at least one day.
	VaultDays    int                  `json:"vault_days"`
	States       map[domain.State]int `json:"states"` // Of the vault-days.
	Expected     int                  `json:"vault_days_expected"`
	Missed       int                  `json:"vault_days_missed"`
	Mints        []MintTotal          `json:"mints"`
	Investors    int                  `json:"investor_payments_planned"` // Streams of all lists, left-out ones not counted.
	Quarantined  int                  `json:"quarantined"`
	Mismatches   int                  `json:"mismatches"`
	PaidTwice    int                  `json:"paid_twice"`
	Missing      int                  `json:"investors_missed"`
	Pages        int                  `json:"pages"`
	Requests     uint64               `json:"rpc_requests"`
	StoreBytes   uint64               `json:"store_bytes"`
	DaysWithData int                  `json:"days_with_data"`
}

// CostLedger says what a month cost.
type CostLedger struct {
	Costs
	PerVaultDay *uint64     `json:"lamports_per_vault_day"` // Fees and rent; null: no data.
	PerInvestor *uint64     `json:"lamports_per_investor"`
	Deposit     Deposit     `json:"deposit_now"`
	Vaults      []VaultCost `json:"vaults"` // The dearest first.
}

// VaultCost is what one vault cost.
type VaultCost struct {
	Vault string `json:"vault"`
	Days  int    `json:"vault_days"`
	Costs
}

// DaySum is one on-chain day of all vaults, for the charts.
type DaySum struct {
	Day    domain.Day  `json:"day"`
	Closed int         `json:"closed"`
	Mints  []MintTotal `json:"mints"`
}

// MonthlyParams are what a month's review needs beside the reporter.
type MonthlyParams struct {
	Window   Window
	Bounds   Bounds
	Security SecurityBooks // Nil: those lines are not assessed.
	Others   []Assessment  // Answers to lines of the checklist, by name.
}

// Monthly makes the review. Only books that cannot be read make it fail.
func (r *Reporter) Monthly(ctx context.Context, p MonthlyParams) (Monthly, error) {
	m := Monthly{Window: p.Window, Before: p.Window.Before(), MadeAt: r.Now().In(r.Zone), Verdict: OK}
	now, booked, err := r.used(ctx, m.Window)
	if err != nil {
		return m, fmt.Errorf("monthly review of %s: %w", m.Window.Name, err)
	}
	before, _, err := r.used(ctx, m.Before)
	if err != nil {
		return m, fmt.Errorf("monthly review of %s: %w", m.Before.Name, err)
	}
	volume, err := r.Books.Volume(ctx)
	if err != nil {
		return m, fmt.Errorf("monthly review of %s: %w", m.Window.Name, err)
	}
	a := attend(m.Window, booked, r.enabled)
	if m.Metrics, err = metricsOf(now, a, volume); err != nil {
		return m, fmt.Errorf("monthly review of %s: %w", m.Window.Name, err)
	}
	if m.Days, err = daySums(now.lines); err != nil {
		return m, fmt.Errorf("monthly review of %s: %w", m.Window.Name, err)
	}
	m.Performance = now.Workload
	m.Trends, err = trends(now, before)
	if err != nil {
		return m, fmt.Errorf("monthly review of %s: %w", m.Window.Name, err)
	}
	disk, note := freeDisk(p.Bounds)
	m.Capacity = capacity(m.Window, now, before, volume, p.Bounds, disk, note)
	m.Drills = drills(ctx, p.Security, m.Window)
	m.Security = security(ctx, p.Security, m.Window, m.Drills[0], p.Others)
	m.Costs = ledger(now.lines)
	if m.Costs.Deposit, err = r.deposit(ctx); err != nil {
		return m, fmt.Errorf("monthly review of %s: %w", m.Window.Name, err)
	}
	m.Alerts = notices(ctx, r.Alerts, m.Window, "no alert feed is connected")
	m.Incidents = notices(ctx, r.Incidents, m.Window, "no incident feed is connected")
	m.Objectives = objectives(m.Window, a, m.Alerts)
	m.Sources = []Source{
		{Name: "books", State: SourceRead, Note: fmt.Sprintf("%s, %s before", plural(len(now.lines), "vault-day"), plural(len(before.lines), "vault-day"))},
		{Name: "measured steps", State: SourceRead, Note: fmt.Sprintf("%s, %s before, by the machine's own clock", plural(now.Total.Count, "attempt"), plural(before.Total.Count, "attempt"))},
	}
	m.Advice = sorted(m.advise())
	m.judge()
	return m, nil
}

// around is how many days before and after a window are read: what was missed shows by the openings around it.
const around = 8

// used reads what a window used, and the days around it.
func (r *Reporter) used(ctx context.Context, w Window) (usage, []domain.BookedDay, error) {
	var u usage
	first, last := w.From.AddDate(0, 0, -around), w.To.AddDate(0, 0, around)
	booked, err := r.Books.BookedDays(ctx, "", domain.DayOf(first.Unix()), domain.DayOf(last.Unix()))
	if err != nil {
		return u, nil, err
	}
	for _, b := range booked {
		if w.Holds(b) && (b.Report != nil || b.Opened != nil) {
			u.lines = append(u.lines, r.line(b))
		}
	}
	if err := r.addCosts(ctx, u.lines); err != nil {
		return u, nil, err
	}
	if u.Workload, err = r.workload(ctx, w.From, w.To); err != nil {
		return u, nil, err
	}
	hours, err := r.Books.Load(ctx, w.From, w.To)
	if err != nil {
		return u, nil, err
	}
	for _, h := range hours {
		if !u.busiest.known || h.Requests > u.busiest.value {
			u.busiest, u.busiestAt = known(h.Requests), h.Hour
		}
	}
	return u, booked, nil
}

func freeDisk(b Bounds) (figure, string) {
	if b.FreeDisk == nil {
		return figure{}, "nobody looks at the disk from here"
	}
	free, err := b.FreeDisk()
	if err != nil {
		return figure{}, "the free space is not known: " + err.Error()
	}
	return known(free), ""
}

func metricsOf(u usage, a attendance, v domain.Volume) (Metrics, error) {
	m := Metrics{States: map[domain.State]int{}, VaultDays: len(u.lines), Expected: a.expected(), Missed: a.missed, StoreBytes: v.Bytes, Requests: u.Total.Requests}
	vaults := map[string]bool{}
	for _, l := range u.lines {
		vaults[l.Vault] = true
		m.States[l.State]++
		m.Investors += l.Investors - min(l.Investors, l.Quarantined)
		m.Quarantined += l.Quarantined
		m.Mismatches += l.Mismatches
		m.PaidTwice += l.PaidTwice
		m.Missing += l.Missed
		m.Pages += l.Pages
	}
	m.Vaults, m.DaysWithData = len(vaults), u.daysWithData()
	var err error
	m.Mints, err = mintTotals(u.lines, nil)
	return m, err
}

// daysWithData are the on-chain days on which at least one vault closed its day.
func (u usage) daysWithData() int {
	days := map[domain.Day]bool{}
	for _, l := range u.lines {
		if l.State == domain.Complete || l.State == domain.CompleteUnreconciled {
			days[l.Day] = true
		}
	}
	return len(days)
}

// trends compares volume, pace, errors and requests (O02).
func trends(now, before usage) ([]Trend, error) {
	mints, err := mintTotals(now.lines, nil)
	if err != nil {
		return nil, err
	}
	old, err := mintTotals(before.lines, nil)
	if err != nil {
		return nil, err
	}
	was, is := before.daysWithData(), now.daysWithData()
	out := []Trend{trendOf("days closed", "vault-days", known(uint64(closedOf(before.lines))), known(uint64(closedOf(now.lines))), was, is)}
	for _, m := range mints {
		i := slices.IndexFunc(old, func(o MintTotal) bool { return o.Token.Mint == m.Token.Mint })
		then := figure{}
		if i >= 0 {
			then = known(uint64(old[i].Claimed))
		}
		out = append(out, trendOf("claimed, "+mintName(m.Token), "base units", then, known(uint64(m.Claimed)), was, is))
	}
	measured := func(d *time.Duration) figure {
		if d == nil {
			return figure{}
		}
		return known(uint64(max(0, d.Milliseconds())))
	}
	errors := func(u usage) figure {
		return figure{share(uint64(u.Total.Count-u.Total.OK), uint64(max(1, u.Total.Count)), 1_000_000), u.Total.Count > 0}
	}
	perDay := func(u usage) figure {
		return figure{u.Total.Requests / uint64(max(1, closedOf(u.lines))), u.Total.Count > 0 && closedOf(u.lines) > 0}
	}
	return append(out,
		trendOf("time from first page to books, p95", "ms", measured(before.Runs.P95), measured(now.Runs.P95), was, is),
		trendOf("failed attempts", "in a million", errors(before), errors(now), was, is),
		trendOf("RPC requests of a closed day", "requests", perDay(before), perDay(now), was, is),
	), nil
}

func closedOf(lines []DayLine) int {
	n := 0
	for _, l := range lines {
		if l.State == domain.Complete || l.State == domain.CompleteUnreconciled {
			n++
		}
	}
	return n
}
