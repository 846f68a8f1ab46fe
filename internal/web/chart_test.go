package web

import (
	"math"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

func TestScale_NeverLeavesTheBoxAndNeverDrawsSomethingAsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.Uint64Min(1).Draw(t, "most")
		a, b := rapid.Uint64Max(most).Draw(t, "a"), rapid.Uint64Max(most).Draw(t, "b")
		height := rapid.IntRange(1, 1_000).Draw(t, "height")
		h := scale(domain.Amount(a), domain.Amount(most), height)
		require.Equal(t, a == 0, h == 0)
		require.LessOrEqual(t, h, height)
		require.Equal(t, height, scale(domain.Amount(most), domain.Amount(most), height))
		if a < b {
			require.LessOrEqual(t, h, scale(domain.Amount(b), domain.Amount(most), height), "more is never lower")
		}
	})
	require.Equal(t, 50, scale(math.MaxUint64/2, math.MaxUint64, 100), "at the ends of u64 too")
	require.Zero(t, scale(0, 0, 100))
}

func dayOf(day domain.Day, state domain.State, claimed, paid domain.Amount) domain.DayReport {
	r := domain.DayReport{Vault: "alpha", Day: day, State: state, FeeLamports: 5_000, Token: domain.Token{Symbol: "USDC", Decimals: 6}}
	r.Result.Claimed, r.Result.Paid = claimed, paid
	return r
}

func TestChart_AMissingDayIsAGapAndNotAZero(t *testing.T) {
	v := history("alpha", "2026-03-05", []domain.DayReport{
		dayOf("2026-03-06", domain.Failed, 9, 9), dayOf("2026-03-05", domain.Complete, 4_000_000, 2_000_000), dayOf("2026-03-04", domain.Stopped, 0, 0), dayOf("2026-03-02", domain.CompleteUnreconciled, 0, 0),
	})
	require.Len(t, v.Rows, 4)
	require.EqualValues(t, 20_000, v.Fees)
	require.True(t, v.Rows[1].Current)
	c := v.Chart
	require.Equal(t, domain.Day("2026-03-02"), c.First)
	require.Equal(t, domain.Day("2026-03-05"), c.Last, "a day that is not complete has no figures to draw")
	require.Equal(t, 4*chartColumn, c.Width)
	require.Equal(t, "4.000000 USDC", c.Top)
	kinds := map[string][]int{}
	for _, b := range c.Bars {
		kinds[b.Kind] = append(kinds[b.Kind], b.H)
		require.GreaterOrEqual(t, b.Y, 0)
		require.Equal(t, chartHeight, b.Y+b.H)
		require.LessOrEqual(t, b.X+b.W, c.Width)
	}
	require.Equal(t, map[string][]int{"claimed": {0, 100}, "paid": {0, 50}, "gap": {1, 1}}, kinds)
	require.Equal(t, "2026-03-03: no data", c.Bars[2].Tip)
}

func TestChart_ShowsTheNewestDaysOnly(t *testing.T) {
	var reports []domain.DayReport
	first, err := domain.ParseDay("2026-03-02")
	require.NoError(t, err)
	reports = append(reports, dayOf(first, domain.Complete, 1, 1), dayOf("2025-03-02", domain.Complete, 100, 100))
	c := history("alpha", first, reports).Chart
	require.Equal(t, chartColumn, c.Width)
	require.Equal(t, "0.000001 USDC", c.Top, "what is not drawn is no scale of what is")
	require.Nil(t, history("alpha", "", nil).Chart)
	require.Nil(t, history("alpha", "", []domain.DayReport{dayOf(first, domain.Failed, 1, 1)}).Chart)
}

func TestCut_EveryEntryIsOnOnePage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, size := rapid.IntRange(0, 500).Draw(t, "n"), rapid.IntRange(1, 60).Draw(t, "size")
		u := &url.URL{Path: "/list", RawQuery: "q=a%20b&page=1"}
		seen := 0
		for {
			from, to, p := cut(u, n, size)
			require.Equal(t, seen, from)
			require.LessOrEqual(t, to-from, size)
			require.Equal(t, n, p.Total)
			seen = to
			if p.Next == "" {
				break
			}
			next, err := url.Parse(p.Next)
			require.NoError(t, err)
			require.Equal(t, "a b", next.Query().Get("q"), "the search goes along")
			u = next
		}
		require.Equal(t, n, seen)
	})
	for _, page := range []string{"0", "-3", "x", strconv.Itoa(math.MaxInt), "99999999999999999999999"} {
		from, to, _ := cut(&url.URL{RawQuery: "page=" + page}, 10, 4)
		require.True(t, from >= 0 && from < to && to <= 10, page)
	}
}

func TestWords_OfTimesThatComeAndGo(t *testing.T) {
	due := map[int64]string{1: "in 1s", 119: "in 119s", 120: "in 2m", 3_599: "in 59m", 3_600: "in 1h00m", 172_800: "in 2d00h", 0: "now", -59: "now", -60: "overdue 60s", -7_260: "overdue 2h01m"}
	for sec, want := range due {
		require.Equal(t, want, dueText(sec))
	}
	for sec, want := range map[int64]string{7_200: "2h00m", 1: "1s", 0: "lost", -5: "lost"} {
		require.Equal(t, want, leftText(sec))
	}
}

func TestWords_EveryStateHasAMarkAWordAndATone(t *testing.T) {
	for _, s := range domain.States() {
		require.NotEmpty(t, stateMark(s))
		require.NotEmpty(t, stateTone(s))
		require.NotContains(t, stateWord(s), "_")
	}
	require.Equal(t, toneBad, stateTone("a state of a later version"), "what is not known asks for somebody")
}

func TestFlags_ThoseForAllAreNeverCutAway(t *testing.T) {
	var all []domain.SafetyFlag
	for i := range 20 {
		all = append(all, domain.SafetyFlag{Kind: domain.SafetyIsolate, Vault: "v" + strconv.Itoa(i)})
	}
	all = append(all, domain.SafetyFlag{Kind: domain.SafetyStop})
	shown, more := flagsOf(all, "")
	require.Equal(t, domain.SafetyStop, shown[0].Kind)
	require.Len(t, shown, 1+mostFlags)
	require.Equal(t, 20-mostFlags, more)
	shown, more = flagsOf(all, "v19")
	require.Equal(t, []domain.SafetyFlag{{Kind: domain.SafetyStop}, all[19]}, shown)
	require.Zero(t, more)
}
