package distribution

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// pastDay are the pages of a day that was opened at a time, each of three places and paying seven base units a place.
func pastDay(v Vault, opened int64, pages int) []turned {
	var out []turned
	for i := range pages {
		page := router.InvestorPayoutPage{Vault: v.Address, PageStart: uint32(3 * i), PageEnd: uint32(3*i + 3), Timestamp: opened + int64(i)}
		t := turned{page: &page, pages: []router.InvestorPayoutPage{page}, crank: v.Payer}
		t.result = domain.PageResult{Vault: v.ID, Cursor: page.PageStart, Signature: fmt.Sprint(opened, " ", i), Slot: uint64(opened) + uint64(i), Paid: 21, FeeLamports: 5000}
		for n := range 3 {
			t.result.Payouts = append(t.result.Payouts, domain.Payout{Recipient: key('r', 3*i+n).String(), ATA: key('a', 3*i+n).String(), Amount: 7, Signature: t.result.Signature})
		}
		if i == 0 {
			t.result.Claimed = domain.Amount(21*pages + 40)
		}
		if i == pages-1 {
			t.result.Creator, t.result.Closed = 30, true
			t.closed = &router.CreatorPayoutDayClosed{Vault: v.Address, TotalDayDistributed: uint64(21*pages + 30), TotalInvestorsProcessed: uint32(3 * pages), FinalDustAmount: 15}
		}
		out = append(out, t)
	}
	return out
}

func TestRebuiltDay_IsWhatTheChainMoved(t *testing.T) {
	v := aVault(6)
	d, why := rebuiltDay(v, pastDay(v, now, 2))
	require.Empty(t, why)
	r := d.Report
	require.Equal(t, domain.DayOf(now), r.Day)
	require.True(t, r.Rebuilt)
	require.Equal(t, domain.CompleteUnreconciled, r.State, "what was planned is not known")
	require.Equal(t, domain.Figures{Claimed: 82, Paid: 42, Creator: 30, DustIn: 5, DustOut: 15}, r.Result.Figures, "claimed + dust in = paid + creator + dust out")
	require.Equal(t, 2, r.Pages)
	require.Equal(t, 6, r.Investors)
	require.EqualValues(t, 10_000, r.FeeLamports)
	require.Len(t, d.Outcomes, 6)
	for _, o := range d.Outcomes {
		require.Equal(t, domain.ReasonRebuilt, o.Reason)
		require.EqualValues(t, 7, o.Paid)
		require.Equal(t, -1, o.Index, "another program's call does not tell whose stream it was")
	}
}

func TestRebuiltDay_WhatIsNotWholeIsAGapOrSaysSo(t *testing.T) {
	v := aVault(9)
	tests := []struct {
		name  string
		give  func(day []turned) []turned
		why   string
		state domain.State
	}{
		{"whole", func(d []turned) []turned { return d }, "", domain.CompleteUnreconciled},
		{"without its opening", func(d []turned) []turned { return d[1:] }, "from cursor 0 to 3", ""},
		{"without a page in its middle", func(d []turned) []turned { return []turned{d[0], d[2]} }, "from cursor 3 to 6", ""},
		{"never closed", func(d []turned) []turned { return d[:2] }, "", domain.Failed},
		{"without any time", func(d []turned) []turned { d[0].page.Timestamp = 0; return d }, "neither a log nor a block time", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, why := rebuiltDay(v, tt.give(pastDay(v, now, 3)))
			if tt.why != "" {
				require.Contains(t, why, tt.why)
				return
			}
			require.Empty(t, why)
			require.Equal(t, tt.state, d.Report.State)
		})
	}
}

// TestRebuiltDays_NothingThatIsMissingIsFilledIn drops pages anywhere from a history: a day that counts as closed has all
// of its pages, and none of another day's.
func TestRebuiltDays_NothingThatIsMissingIsFilledIn(t *testing.T) {
	v := aVault(30)
	rapid.Check(t, func(t *rapid.T) {
		var all []turned
		want := map[domain.Day]domain.Amount{}
		n := rapid.IntRange(1, 5).Draw(t, "days")
		for i := range n {
			day := pastDay(v, now+int64(i)*domain.DaySeconds, rapid.IntRange(1, 5).Draw(t, "pages"))
			want[domain.DayOf(now+int64(i)*domain.DaySeconds)] = domain.Amount(21 * len(day))
			for _, page := range day {
				if rapid.IntRange(0, 4).Draw(t, "dropped") > 0 {
					all = append(all, page)
				}
			}
		}
		seen := map[domain.Day]bool{}
		for _, pages := range daysOf(all) {
			d, why := rebuiltDay(v, pages)
			if why != "" || d.Report.State != domain.CompleteUnreconciled {
				continue
			}
			if seen[d.Report.Day] {
				t.Fatalf("%s twice", d.Report.Day)
			}
			seen[d.Report.Day] = true
			if d.Report.Result.Paid != want[d.Report.Day] {
				t.Fatalf("%s has %d base units to investors, the chain moved %d", d.Report.Day, d.Report.Result.Paid, want[d.Report.Day])
			}
		}
	})
}

func TestRebuilt_DatesWithoutADayAreListed(t *testing.T) {
	r := Rebuilt{Newest: "2026-01-06", Gaps: []Gap{{Day: "2026-01-04", Why: "cut"}}}
	for _, day := range []domain.Day{"2026-01-01", "2026-01-03"} {
		r.Days = append(r.Days, RebuiltDay{Report: domain.DayReport{Day: day}})
	}
	r.missingDates()
	var days []domain.Day
	for _, g := range r.Gaps {
		days = append(days, g.Day)
	}
	require.Equal(t, []domain.Day{"2026-01-04", "2026-01-02", "2026-01-05"}, days)
}
