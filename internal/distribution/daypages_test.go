package distribution

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// seen is a turned page as the history shows it: its log's time and its block's time may be missing.
func seen(slot uint64, cursor uint32, logged, block int64) turned {
	page := router.InvestorPayoutPage{PageStart: cursor, PageEnd: cursor + 5, Timestamp: logged}
	return turned{page: &page, pages: []router.InvestorPayoutPage{page}, block: block, result: domain.PageResult{Slot: slot, Cursor: cursor}}
}

func slotsOf(list []turned) (slots []uint64) {
	for _, t := range list {
		slots = append(slots, t.result.Slot)
	}
	return slots
}

func TestPagesOfDay_WithoutAnyTimeTheOpeningTells(t *testing.T) {
	yesterday, today := now-domain.DaySeconds-60, now
	all := []turned{seen(100, 0, 0, 0), seen(102, 5, 0, 0), seen(9_000, 0, 0, 0), seen(9_002, 5, 0, 0)}
	got, from, to := pagesOfDay(all, today, nil)
	require.Equal(t, []uint64{9_000, 9_002}, slotsOf(got), "the newest day")
	require.Equal(t, []uint64{9_000, ^uint64(0)}, []uint64{from, to})
	got, from, to = pagesOfDay(all, yesterday, &domain.Opening{TS: yesterday, Slot: 100})
	require.Equal(t, []uint64{100, 102}, slotsOf(got), "the day of the known opening")
	require.Equal(t, []uint64{100, 9_000}, []uint64{from, to})
	got, _, _ = pagesOfDay(all, today, &domain.Opening{TS: today, Slot: 9_010})
	require.Equal(t, []uint64{9_000, 9_002}, slotsOf(got), "on another fork it opened a little earlier")
	got, _, _ = pagesOfDay(nil, today, nil)
	require.Empty(t, got)
	// The list begins in the middle of a day whose opening an index has lost.
	got, _, _ = pagesOfDay(all[3:], today, nil)
	require.Equal(t, []uint64{9_002}, slotsOf(got))
}

// Whatever times are missing, every page of the day is found and none of another day.
func TestPagesOfDay_OneKnownTimeOfADayIsEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.IntRange(1, 5).Draw(t, "days")
		var all []turned
		var want [][]uint64
		slot := uint64(1_000)
		for d := range days {
			ts := now + int64(d)*(domain.DaySeconds+30)
			pages := rapid.IntRange(1, 4).Draw(t, "pages")
			known := rapid.IntRange(0, pages-1).Draw(t, "known")
			want = append(want, nil)
			for p := range pages {
				at, block := ts+int64(3*p), ts+int64(3*p)-rapid.Int64Range(0, 1).Draw(t, "behind")
				if p != known && rapid.Bool().Draw(t, "cut") {
					at = 0
				}
				if p != known && rapid.Bool().Draw(t, "no block time") {
					block = 0
				}
				if p == known && rapid.Bool().Draw(t, "only its block tells") {
					at = 0
				}
				all = append(all, seen(slot, uint32(5*p), at, block))
				want[d] = append(want[d], slot)
				slot += rapid.Uint64Range(1, 9).Draw(t, "slots")
			}
			slot += 200_000
		}
		d := rapid.IntRange(0, days-1).Draw(t, "asked")
		got, _, _ := pagesOfDay(all, now+int64(d)*(domain.DaySeconds+30), nil)
		require.Equal(t, want[d], slotsOf(got))
	})
}
