package report

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// twoMonths are September and October 2026 of one vault, each day at nine and claiming a little more; missed leaves dates out.
func twoMonths(t *testing.T, missed ...domain.Day) (*Reporter, *store.Store) {
	t.Helper()
	s := newStore(t)
	for d := time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC); d.Before(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)); d = d.AddDate(0, 0, 1) {
		date := domain.DayOf(d.Unix())
		left := false
		for _, m := range missed {
			left = left || m == date
		}
		if left {
			continue
		}
		claimed := domain.Amount(1_000)
		if d.Month() == time.October {
			claimed = 1_200
		}
		r := paidDay("a", date, usdc, domain.Figures{Claimed: claimed, Paid: claimed - 300, Creator: 300})
		keep(t, s, r, d, spent{pages: []uint64{5_000, 5_000, 5_000}})
		require.NoError(t, s.RecordOperation(t.Context(), domain.Operation{Name: lastStep, Vault: "a", RunID: r.RunID, Attempt: 1, OK: true, Started: r.StartedAt.Add(20 * time.Second), Duration: 10 * time.Second, Requests: 8}))
	}
	rep := reporter(seen{}, "a")
	rep.Books = s
	rep.Now = func() time.Time { return time.Date(2026, 11, 1, 7, 0, 0, 0, time.UTC) }
	return rep, s
}

func october(t *testing.T, r *Reporter, change func(*MonthlyParams)) Monthly {
	t.Helper()
	p := MonthlyParams{Window: PreviousMonth(r.Now(), time.UTC)}
	if change != nil {
		change(&p)
	}
	m, err := r.Monthly(t.Context(), p)
	require.NoError(t, err)
	return m
}

func TestO01_MetricsAreComputed(t *testing.T) {
	r, _ := twoMonths(t)
	m := october(t, r, nil)
	require.Equal(t, "2026-10", m.Window.Name)
	x := m.Metrics
	require.Equal(t, []int{1, 31, 31, 0, 31, 620, 93}, []int{x.Vaults, x.VaultDays, x.Expected, x.Missed, x.DaysWithData, x.Investors, x.Pages})
	require.Equal(t, domain.Figures{Claimed: 31 * 1_200, Paid: 31 * 900, Creator: 31 * 300}, x.Mints[0].Figures)
	require.Equal(t, "0", x.Mints[0].Difference)
	require.Equal(t, map[domain.State]int{domain.Complete: 31}, x.States)
	require.EqualValues(t, 31*(8*4+8), x.Requests)
	half := 30 * time.Second
	require.Equal(t, Spread{Count: 31, Average: &half, P50: &half, P95: &half, Max: &half}, m.Performance.Runs)
	require.Equal(t, "100.00 %", m.Performance.Total.success())
	require.EqualValues(t, 31*15_000, m.Costs.FeeLamports)
	require.EqualValues(t, 15_000, *m.Costs.PerVaultDay)
	require.EqualValues(t, 750, *m.Costs.PerInvestor)
	require.Equal(t, OK, m.Verdict, "%+v", m.Advice)
	require.Len(t, m.Days, 31)
}

func TestO02_TrendsNeedDataOnBothSides(t *testing.T) {
	r, _ := twoMonths(t)
	byName := map[string]Trend{}
	for _, tr := range october(t, r, nil).Trends {
		byName[tr.Name] = tr
	}
	claimed := byName["claimed, USDC"]
	require.Equal(t, []string{"30000", "37200", "+24.00 %", trendUp}, []string{claimed.Before, claimed.Now, claimed.Change, claimed.Word})
	require.Equal(t, trendSteady, byName["days closed"].Word, "30 and 31 days")
	require.Equal(t, trendSteady, byName["RPC requests of a closed day"].Word)

	rep, err := r.Monthly(t.Context(), MonthlyParams{Window: MonthWindow(2026, 9, r.Now(), time.UTC)})
	require.NoError(t, err)
	for _, tr := range rep.Trends {
		require.Equal(t, trendInsufficient, tr.Word, "there is no August: %s", tr.Name)
		require.Contains(t, tr.Rule, "has 0 and 30")
	}
	require.Equal(t, "−50.00 %", trendOf("x", "", known(10), known(5), 20, 20).Change)
	require.Equal(t, trendInsufficient, trendOf("x", "", known(0), known(5), 20, 20).Word, "growth from nothing is no percentage")
	require.Equal(t, trendInsufficient, trendOf("x", "", figure{}, known(5), 20, 20).Word)
	require.Equal(t, trendSteady, trendOf("x", "", known(10_000), known(10_499), 20, 20).Word)
}

func TestO03_CapacityIsMeasuredAndExtrapolated(t *testing.T) {
	w := MonthWindow(2026, 10, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.UTC)
	tests := []struct {
		name               string
		used, most, before figure
		want, share        string
	}{
		{"grows", known(60), known(100), known(50), "in 4 months at the present trend, 2027-02", "60.00 %"},
		{"rounds up", known(65), known(100), known(50), "in 3 months at the present trend, 2027-01", "65.00 %"},
		{"shrinks", known(40), known(100), known(50), limitNever, "40.00 %"},
		{"stands still", known(50), known(100), known(50), limitNever, "50.00 %"},
		{"is there", known(100), known(100), known(50), limitReached, "100.00 %"},
		{"creeps", known(50), known(1_000_000), known(49), limitFar, "0.00 %"},
		{"nothing before", known(50), known(100), figure{}, trendInsufficient, "50.00 %"},
		{"no limit", known(50), figure{}, known(40), trendInsufficient, noData},
		{"nothing measured", figure{}, known(100), figure{}, trendInsufficient, noData},
	}
	for _, tt := range tests {
		l := limitOf("x", "", tt.used, tt.most, tt.before, w, "")
		require.Equal(t, []string{tt.want, tt.share}, []string{l.Reached, l.Share}, tt.name)
	}

	r, _ := twoMonths(t)
	m := october(t, r, func(p *MonthlyParams) {
		p.Bounds = Bounds{RequestsPerSecond: 50, DeadlineMargin: 2 * time.Minute, FreeDisk: func() (uint64, error) { return 10 << 30, nil }}
	})
	require.Equal(t, "3000", m.Capacity[0].Used, "3 pages of 1 s each")
	require.Equal(t, fmt.Sprint((86_400-120)*1_000), m.Capacity[0].Most)
	require.Contains(t, m.Capacity[0].Evidence, "3 pages × 1.0 s (p95)")
	require.Equal(t, "40", m.Capacity[1].Used)
	require.Equal(t, "180000", m.Capacity[1].Most)
	require.Contains(t, m.Capacity[2].Evidence, "61 vault-days")
	require.Contains(t, m.Capacity[2].Evidence, "10.0 GiB are free")
	require.Contains(t, m.Capacity[2].Reached, "at the present trend")

	blind := october(t, r, func(p *MonthlyParams) {
		p.Bounds = Bounds{FreeDisk: func() (uint64, error) { return 0, errors.New("no such disk") }}
	})
	require.Equal(t, noData, blind.Capacity[1].Most)
	require.Equal(t, trendInsufficient, blind.Capacity[2].Reached)
}

func TestO04_EveryLineIsEvidenceOrNotAssessed(t *testing.T) {
	r, s := twoMonths(t)
	m := october(t, r, nil)
	for _, a := range m.Security {
		require.Equal(t, string(SourceNotAssessed), a.State, a.Name)
	}
	require.NotContains(t, string(m.Sheet().Markdown()), "compliant")
	ctx := t.Context()
	require.NoError(t, s.Audit(ctx, store.AuditEntry{At: r.Now(), Actor: "ann", Action: "note"}))
	require.NoError(t, s.SaveChecks(ctx, "a", "2026-10-05", domain.Checks{{Row: "P18", Name: "unchanged", Result: domain.CheckOK}}))
	require.NoError(t, s.SavePage(ctx, domain.PageResult{Vault: "a", Day: "2026-10-05", Signature: "x"}))
	m = october(t, r, func(p *MonthlyParams) {
		p.Security = s
		p.Others = []Assessment{{Name: "fee payer keys", State: assessedOK, Evidence: "1 file, readable by its owner only"}, {Name: "a new line", State: assessedWarn, Evidence: "odd"}}
	})
	byName := map[string]Assessment{}
	for _, a := range m.Security {
		require.NotEmpty(t, a.Evidence, a.Name)
		byName[a.Name] = a
	}
	require.Contains(t, byName["audit log"].Evidence, "1 entries")
	require.Contains(t, byName["program and policy unchanged"].Evidence, "1 ok, 0 not")
	require.Equal(t, assessedWarn, byName["pages of strangers"].State)
	require.Equal(t, assessedOK, byName["fee payer keys"].State)
	require.Equal(t, assessedWarn, byName["a new line"].State)
	require.Equal(t, string(SourceNotAssessed), byName["dependencies and vulnerabilities"].State)
	require.Equal(t, Warn, m.Verdict)
}

func TestObjectives_WhatWasMissedShowsByTheOpeningsAroundIt(t *testing.T) {
	r, s := twoMonths(t, "2026-10-10", "2026-10-11", "2026-10-31")
	late := paidDay("a", "2026-11-01", usdc, domain.Figures{Claimed: 1, Paid: 1})
	keep(t, s, late, time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC), spent{})
	r.Now = func() time.Time { return time.Date(2026, 11, 1, 20, 0, 0, 0, time.UTC) }
	wrong := paidDay("b", "2026-10-05", usdc, domain.Figures{Claimed: 5, Paid: 5})
	wrong.Result.Missed = 1
	wrong.State = domain.CompleteUnreconciled
	keep(t, s, wrong, time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC), spent{})
	m := october(t, r, nil)
	byName := map[string]Objective{}
	for _, o := range m.Objectives {
		byName[o.Name] = o
	}
	require.Equal(t, []int{29, 31}, []int{byName["days closed in time"].Good, byName["days closed in time"].Of},
		"28 and another vault's one, of these and of the 10th and 11th; the 31st was due at 9 and opened the morning after, 23 h late: that is one day, opened in November")
	require.Equal(t, objectiveMissed, byName["days closed in time"].State)
	require.Equal(t, []int{28, 29}, []int{byName["days paid exactly"].Good, byName["days paid exactly"].Of})
	require.Equal(t, []int{27, 28}, []int{byName["days opened in time"].Good, byName["days opened in time"].Of})
	require.Equal(t, string(SourceNotAssessed), byName["alerts acknowledged in time"].State)
	require.Equal(t, noData, byName["alerts acknowledged in time"].Share)
	require.Equal(t, Fail, m.Verdict, "somebody was not paid exactly")

	r.Vaults = append(r.Vaults, Vault{ID: "b"})
	m = october(t, r, nil)
	require.Equal(t, 31+26, m.Objectives[0].Of, "an enabled vault that stopped on the 5th misses every day since")

	r.Alerts = func(_ context.Context, w Window) ([]Notice, string, error) {
		return []Notice{
			{Severity: domain.SeverityHigh, At: w.From, Acked: w.From.Add(10 * time.Minute)},
			{Severity: domain.SeverityCritical, At: w.From},
			{Severity: domain.SeverityLow, At: w.From},
			{Severity: domain.SeverityCritical, At: w.From.Add(-time.Hour)}, // Another month's; it only lasted into this one.
		}, "", nil
	}
	acked := october(t, r, nil).Objectives[3]
	require.Equal(t, []any{1, 2, objectiveMissed, "50.00 %"}, []any{acked.Good, acked.Of, acked.State, acked.Share})
}

func TestO05_AMonthWithoutDaysHasNoDataInEveryFormat(t *testing.T) {
	r := reporter(seen{}, "a")
	r.Books = newStore(t)
	m, err := r.Monthly(t.Context(), MonthlyParams{Window: MonthWindow(2026, 10, chainNow, time.UTC)})
	require.NoError(t, err)
	require.Nil(t, m.Costs.PerVaultDay)
	for _, o := range m.Objectives {
		require.NotEqual(t, objectiveMet, o.State, "%s: nothing was reached by doing nothing", o.Name)
	}
	require.Equal(t, noData, m.Performance.Total.success(), "an empty window is not 0 %% (F03)")
	for _, format := range sheet.Formats() {
		body, err := sheet.Render(m, format)
		require.NoError(t, err)
		require.Contains(t, string(body), noData, format)
	}
}

func TestW09_TheWeekIsTheDurableRecordAgainstTheWeekBefore(t *testing.T) {
	r, s := twoMonths(t)
	end := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for i := range 30 {
		require.NoError(t, s.RecordOperation(t.Context(), domain.Operation{Name: "PlanDay", Vault: "a", RunID: "x", Attempt: 1, OK: i%3 != 0, Code: []string{"rpc/unavailable", "", ""}[i%3], Started: end.Add(-time.Hour), Duration: time.Duration(i+1) * time.Second}))
	}
	w, err := r.Weekly(t.Context(), WeekWindow(end, r.Now(), time.UTC))
	require.NoError(t, err)
	require.Equal(t, 7, w.VaultDays)
	require.Equal(t, domain.Amount(7*1_200), w.Mints[0].Claimed)
	byName := map[string]OperationStats{}
	for _, s := range w.Performance.Operations {
		byName[s.Name] = s
	}
	plan := byName["PlanDay"]
	require.Equal(t, []any{30, 20, "66.66 %"}, []any{plan.Count, plan.OK, plan.success()})
	require.Equal(t, []int64{15_500, 15_000, 29_000, 30_000}, []int64{plan.Average.Milliseconds(), plan.P50.Milliseconds(), plan.P95.Milliseconds(), plan.Max.Milliseconds()})
	require.Equal(t, []CodeCount{{"rpc/unavailable", 10}}, plan.Errors)
	require.Equal(t, 7*8, byName[pageStep].Count)
	require.Equal(t, 7*9, w.AllBefore.Count)
	require.Equal(t, Warn, w.Verdict)
	require.Equal(t, "success", w.Advice[0].Rule)
	require.Contains(t, w.Advice[0].Evidence, "rpc/unavailable, 10 times")
	require.Equal(t, 168*time.Hour, w.Window.To.Sub(w.Window.From))
	text := string(w.Sheet().Markdown())
	require.Contains(t, text, "The 168 h before: 63 attempts, success 100.00 %")
}
