package report

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var wsol = domain.Token{Mint: "So11", Symbol: "WSOL", Decimals: 9}

// morningOf is nine o'clock (UTC) of a date, when its days are opened.
func morningOf(t testing.TB, date domain.Day) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateOnly, string(date))
	require.NoError(t, err)
	return at.Add(9 * time.Hour)
}

// twoMints are three vaults of two mints with yesterday's and today's days.
func twoMints(t *testing.T) (*Reporter, *store.Store) {
	t.Helper()
	s := newStore(t)
	for _, date := range []domain.Day{"2026-11-22", "2026-11-23"} {
		keep(t, s, paidDay("a", date, usdc, domain.Figures{Claimed: 1_000, Paid: 700, Creator: 300, DustIn: 10, DustOut: 10}), morningOf(t, date), spent{pages: []uint64{5_000, 5_000, 5_000}})
		keep(t, s, paidDay("b", date, usdc, domain.Figures{Claimed: 2_000, Paid: 1_399, Creator: 600, DustOut: 1}), morningOf(t, date), spent{pages: []uint64{5_000}, failed: []uint64{5_001}, expired: 3, accounts: 2, retries: 3})
		keep(t, s, paidDay("c", date, wsol, domain.Figures{Claimed: 5, Paid: 3, Creator: 2}), morningOf(t, date), spent{})
	}
	r := reporter(seen{"a": standing("a", domain.Complete, 11*time.Hour, true), "b": standing("b", domain.Complete, 11*time.Hour, true), "c": standing("c", domain.Complete, 11*time.Hour, true)}, "a", "b", "c")
	c := r.Fleet.(seen)["c"]
	c.Token = wsol
	r.Fleet.(seen)["c"] = c
	r.Books = s
	return r, s
}

func today(t *testing.T) Window {
	t.Helper()
	w, err := DayWindow("2026-11-23", chainNow, time.UTC)
	require.NoError(t, err)
	return w
}

func TestE01_MintsAreNeverAddedAndSumsAreExact(t *testing.T) {
	r, s := twoMints(t)
	require.NoError(t, s.SaveTable(t.Context(), domain.Table{Vault: "b", Address: "lut", Authority: "me", Addresses: make([]string, 20), Slot: 1, Active: true}))
	d, err := r.Daily(t.Context(), DailyInput{Window: today(t)})
	require.NoError(t, err)
	require.Len(t, d.Mints, 2)
	u, w := d.Mints[0], d.Mints[1]
	require.Equal(t, domain.Figures{Claimed: 3_000, Paid: 2_099, Creator: 900, DustIn: 10, DustOut: 11}, u.Figures)
	require.Equal(t, []domain.Amount{2_999, 11, 2_469_134}, []domain.Amount{u.Distributed, u.Residual, *u.Treasury})
	require.Equal(t, "0", u.Difference)
	require.Equal(t, domain.Figures{Claimed: 5, Paid: 3, Creator: 2}, w.Figures)
	require.Equal(t, 2, u.Days, "yesterday is not today (E02)")
	require.Equal(t, []domain.Day{"2026-11-23"}, d.ChainDays)
	require.Len(t, d.Runs, 3)
	run := d.Runs[1]
	require.Equal(t, "http://ui.example/base/namespaces/default/workflows/distribution%2Fb/run-b-2026-11-23/history", run.Link)
	require.EqualValues(t, 31_000, run.DurationMS)
	require.EqualValues(t, 6, run.Slots)
	require.Equal(t, domain.Effort{Steps: 11, Retries: 3, Failures: 3, Requests: 44}, *run.Effort)
	require.Equal(t, Costs{FeeLamports: 15_001, FailedLamports: 5_001, Transactions: 2, Failed: 1, Expired: 3, Accounts: 2, RentLamports: 4_078_560}, run.Cost)
	require.Equal(t, uint64(30_001), d.Costs.FeeLamports)
	require.Equal(t, Deposit{Tables: 1, Lamports: (128 + 56 + 20*32) * 6_960}, d.Deposit)
}

func TestE02_E04_EveryVaultIsCountedOnceAndUnknownOnesAreListed(t *testing.T) {
	r, s := twoMints(t)
	keep(t, s, paidDay("gone", "2026-11-23", usdc, domain.Figures{Claimed: 7, Paid: 7}), morningOf(t, "2026-11-23"), spent{})
	fleet := r.Fleet.(seen)
	late := standing("b", domain.Overdue, 26*time.Hour, true)
	fleet["b"] = late
	r.Vaults = append(r.Vaults, Vault{ID: "d"}) // Nobody can read it.
	fleet["d"] = unreadable("d")
	d, err := r.Daily(t.Context(), DailyInput{Window: today(t)})
	require.NoError(t, err)
	require.Equal(t, 5, d.Total)
	sum := 0
	for _, n := range d.States {
		sum += n
	}
	require.Equal(t, d.Total, sum)
	require.Equal(t, map[domain.State]int{domain.Complete: 3, domain.Overdue: 1, domain.UnknownState: 1}, d.States)
	require.Equal(t, Fail, d.Verdict)
	byID := map[string]DailyVault{}
	for _, v := range d.Vaults {
		byID[v.ID] = v
	}
	require.Equal(t, domain.UnknownState, byID["d"].State)
	require.Contains(t, byID["d"].Reason, "refused")
	require.Equal(t, []any{"books", false, domain.Complete}, []any{byID["gone"].Source, byID["gone"].Enabled, byID["gone"].State}, "a vault that left the settings still counts with its money")
	require.Len(t, d.Mints, 2)
	require.Equal(t, 1, d.Mints[0].Unknown, "the treasury that was not read")
	require.EqualValues(t, 6, d.Mints[0].Token.Decimals)
}

func TestE03_AWindowThatIsOverIsToldByTheBooks(t *testing.T) {
	r, s := twoMints(t)
	failed := paidDay("b", "2026-11-21", usdc, domain.Figures{})
	failed.State, failed.Reason = domain.Failed, "check P14 fee_payer is fail"
	keep(t, s, failed, time.Time{}, spent{})
	r.Vaults = append(r.Vaults, Vault{ID: "new"})
	w, err := DayWindow("2026-11-21", chainNow, time.UTC)
	require.NoError(t, err)
	d, err := r.Daily(t.Context(), DailyInput{Window: w})
	require.NoError(t, err)
	require.Equal(t, map[domain.State]int{domain.Failed: 1, domain.UnknownState: 2, domain.NeverRun: 1}, d.States, "missed vaults count")
	require.Empty(t, d.Mints[0].Claimed)
	require.Nil(t, d.Mints[0].Treasury, "what they held then is not known")
	for _, v := range d.Vaults {
		require.Equal(t, "books", v.Source)
	}
}

func TestE03_TheWindowIsTheReadersDayAndNamesTheChains(t *testing.T) {
	s := newStore(t)
	// Opened on the 23rd at 00:30 in Vienna, which is the 22nd in UTC.
	r := paidDay("a", "2026-11-22", usdc, domain.Figures{Claimed: 9, Paid: 9})
	keep(t, s, r, time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC), spent{})
	rep := reporter(seen{"a": standing("a", domain.Complete, time.Hour, true)}, "a")
	rep.Books, rep.Zone = s, zone(t, "Europe/Vienna")
	w, err := DayWindow("2026-11-23", chainNow, rep.Zone)
	require.NoError(t, err)
	d, err := rep.Daily(t.Context(), DailyInput{Window: w})
	require.NoError(t, err)
	require.Equal(t, []domain.Day{"2026-11-22"}, d.ChainDays)
	require.Equal(t, domain.Amount(9), d.Mints[0].Claimed)
	text := string(d.Sheet().Markdown())
	require.Contains(t, text, "Europe/Vienna")
	require.Contains(t, text, "on-chain days: 2026-11-22")
}

func TestE06_RecommendationsComeFromRulesWithEvidence(t *testing.T) {
	r, s := twoMints(t)
	odd := paidDay("x", "2026-11-23", usdc, domain.Figures{Claimed: 1_000, Paid: 500, Creator: 300, DustOut: 199})
	odd.State, odd.Result.Mismatches, odd.Result.Missed, odd.Result.Quarantined = domain.CompleteUnreconciled, 1, 1, 2
	keep(t, s, odd, time.Date(2026, 11, 23, 11, 30, 0, 0, time.UTC), spent{})
	keep(t, s, paidDay("x", "2026-11-22", usdc, domain.Figures{}), morningOf(t, "2026-11-22"), spent{})
	poor := r.Fleet.(seen)["b"]
	poor.Payer = 20_000_000
	r.Fleet.(seen)["b"] = poor
	d, err := r.Daily(t.Context(), DailyInput{Window: today(t)})
	require.NoError(t, err)
	rules := map[string]Advice{}
	for _, a := range d.Advice {
		require.NotEmpty(t, a.Evidence, a.Rule)
		rules[a.Vault+" "+a.Rule] = a
	}
	for _, want := range []struct{ rule, evidence string }{
		{"x state/complete_unreconciled", "complete_unreconciled"},
		{"x not_exact", "1 mismatches, 0 paid twice, 1 missed"},
		{"x quarantined", "2 of 20"},
		{"x drift", "2.5 h after it was due"},
		{"x dust", "0.000199 USDC of 0.001000 USDC"},
		{" sums", "leaves 1 base units"},
		{"b retries", "3 of 11 steps were retries"},
		{"b failed", "1 transaction, 0.000005001 SOL"},
		{"b expired", "3 for 3 pages"},
		{"b runway", "lasts 4 days"},
	} {
		require.Contains(t, rules[want.rule].Evidence, want.evidence, want.rule)
	}
	require.Equal(t, domain.SeverityCritical, d.Advice[0].Severity, "the most urgent first")
	require.NotContains(t, rules, "a drift")
	require.NotContains(t, rules, "a retries")
	require.Equal(t, Fail, d.Verdict)
}

func TestDaily_WhatNobodyAssessesIsNotNone(t *testing.T) {
	r, _ := twoMints(t)
	d, err := r.Daily(t.Context(), DailyInput{Window: today(t)})
	require.NoError(t, err)
	require.Equal(t, SourceNotAssessed, d.Alerts.State)
	require.Contains(t, string(d.Sheet().Markdown()), "Not assessed: no incident feed is connected.")
	r.Alerts = func(_ context.Context, w Window) ([]Notice, string, error) {
		require.Equal(t, d.Window, w)
		return []Notice{{ID: "A1", Severity: domain.SeverityHigh, Title: "overdue", State: "open", Open: true, At: w.From}}, "", nil
	}
	r.Incidents = func(context.Context, Window) ([]Notice, string, error) { return nil, "", errors.New("disk gone") }
	d, err = r.Daily(t.Context(), DailyInput{Window: today(t)})
	require.NoError(t, err)
	require.Equal(t, SourceRead, d.Alerts.State)
	require.Len(t, d.Alerts.List, 1)
	require.Equal(t, Notices{State: SourceUnknown, Note: "disk gone", List: []Notice{}}, d.Incidents)
}

// TestE07_TotalsAreTheSameInEveryFormatAndInTheStore reads each format back and adds up.
func TestE07_TotalsAreTheSameInEveryFormatAndInTheStore(t *testing.T) {
	r, s := twoMints(t)
	d, err := r.Daily(t.Context(), DailyInput{Window: today(t)})
	require.NoError(t, err)
	stored := map[string]uint64{}
	for _, vault := range []string{"a", "b", "c"} {
		report, found, err := s.Report(t.Context(), vault, "2026-11-23")
		require.NoError(t, err)
		require.True(t, found)
		stored[report.Token.Symbol] += uint64(report.Result.Claimed)*1_000_003 + uint64(report.Result.Paid)*101 + uint64(report.Result.Creator)
	}
	mixed := func(claimed, paid, creator uint64) uint64 { return claimed*1_000_003 + paid*101 + creator }

	body, err := sheet.Render(d, "json")
	require.NoError(t, err)
	var doc struct {
		Mints []struct {
			Token                  struct{ Symbol string }
			Claimed, Paid, Creator string
		}
		Runs []struct {
			Token                  struct{ Symbol string }
			Claimed, Paid, Creator string
		}
	}
	require.NoError(t, json.Unmarshal(body, &doc))
	number := func(text string) uint64 {
		n, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		return n
	}
	totals, lines := map[string]uint64{}, map[string]uint64{}
	for _, m := range doc.Mints {
		totals[m.Token.Symbol] += mixed(number(m.Claimed), number(m.Paid), number(m.Creator))
	}
	for _, l := range doc.Runs {
		lines[l.Token.Symbol] += mixed(number(l.Claimed), number(l.Paid), number(l.Creator))
	}
	require.Equal(t, stored, totals, "JSON")
	require.Equal(t, stored, lines, "JSON, line by line")

	body, err = sheet.Render(d, "csv")
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(string(body))).ReadAll()
	require.NoError(t, err)
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	fromCSV := map[string]uint64{}
	for _, row := range rows[1:] {
		fromCSV[row[at["symbol"]]] += mixed(number(row[at["claimed_base_units"]]), number(row[at["paid_base_units"]]), number(row[at["creator_base_units"]]))
	}
	require.Equal(t, stored, fromCSV, "CSV")

	for _, format := range []string{"md", "html"} {
		body, err := sheet.Render(d, format)
		require.NoError(t, err)
		for _, m := range d.Mints {
			for _, a := range []domain.Amount{m.Claimed, m.Paid, m.Creator, m.Distributed, m.DustOut} {
				require.Contains(t, string(body), m.Token.Format(a), format)
				require.Regexp(t, `[|>] ?`+a.String()+` ?[|<]`, string(body), "%s: base units", format)
			}
		}
	}
}

func TestDaily_TheChainsWordIsComparedWhenItWasAsked(t *testing.T) {
	r, _ := twoMints(t)
	review := &Review{Complete: true, Vaults: []Reviewed{{Days: []ReviewedDay{{Books: booksEqual}, {Books: booksDiffer}, {Books: booksNone}}}}}
	d, err := r.Daily(t.Context(), DailyInput{Window: today(t), Review: review})
	require.NoError(t, err)
	require.Equal(t, []int{3, 1, 1, 1}, []int{d.Chain.Days, d.Chain.Equal, d.Chain.Differ, d.Chain.Unknown})
	require.Equal(t, Fail, d.Verdict)
	without, err := r.Daily(t.Context(), DailyInput{Window: today(t)})
	require.NoError(t, err)
	require.Nil(t, without.Chain)
	require.Contains(t, string(without.Sheet().Markdown()), "chain's transactions: not assessed")
}

func TestDaily_AnEmptyWindowHasNoDataAndNoZeroes(t *testing.T) {
	r := reporter(seen{}, "a")
	r.Fleet, r.Books = nil, newStore(t)
	w, err := DayWindow("2026-01-01", chainNow, time.UTC)
	require.NoError(t, err)
	d, err := r.Daily(t.Context(), DailyInput{Window: w})
	require.NoError(t, err)
	require.Empty(t, d.Mints)
	text := string(d.Sheet().Markdown())
	require.Contains(t, text, "No data: no day of the window moved money.")
	require.Contains(t, text, "No data: the books know no run of this window.")
}
