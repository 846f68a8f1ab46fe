package router

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTiming_JudgesACallByTheChainsClock(t *testing.T) {
	const opened = 1_767_225_600
	tests := []struct {
		name     string
		last     int64
		complete bool
		now      int64
		want     Timing
		err      error
	}{
		{"never run", 0, false, 5, NewDay, nil},
		{"never run, before the epoch", 0, false, -5, NewDay, nil},
		{"the opening second", opened, false, opened, ContinueSameDay, nil},
		{"the last second of an open day", opened, false, opened + DaySeconds - 1, ContinueSameDay, nil},
		{"an open day that ran out", opened, false, opened + DaySeconds, NewDay, nil},
		{"a complete day", opened, true, opened + DaySeconds - 1, Complete, CodeDayAlreadyComplete},
		{"a complete day that ran out", opened, true, opened + DaySeconds, NewDay, nil},
		{"clock behind an open day", opened, false, opened - 1, ClockBackwards, CodeCooldownNotElapsed},
		{"clock behind a complete day", opened, true, opened - 1, ClockBackwards, CodeCooldownNotElapsed},
		{"opening time at the end of time", math.MaxInt64 - 1, false, math.MaxInt64 - 1, ContinueSameDay, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Progress{LastDistributionTS: tt.last, DayComplete: tt.complete}.Timing(tt.now)
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.err, got.Err())
			require.NotEqual(t, "unknown", got.String())
		})
	}
}

func TestDeadline_StandsOnlyWhileADayIsOpen(t *testing.T) {
	require.EqualValues(t, 0, Progress{}.Due())
	require.EqualValues(t, 0, Progress{}.Deadline())
	require.EqualValues(t, 100+DaySeconds, Progress{LastDistributionTS: 100}.Due())
	require.EqualValues(t, 100+DaySeconds, Progress{LastDistributionTS: 100}.Deadline())
	require.EqualValues(t, 100+DaySeconds, Progress{LastDistributionTS: 100, DayComplete: true}.Due())
	require.EqualValues(t, 0, Progress{LastDistributionTS: 100, DayComplete: true}.Deadline())
	require.EqualValues(t, int64(math.MaxInt64), Progress{LastDistributionTS: math.MaxInt64}.Due())
}

func TestGuard_NewDayResetsTheCursorFirst(t *testing.T) {
	at := func(c uint32) *uint32 { return &c }
	p := Progress{Vault: named("vault"), LastDistributionTS: 100, CurrentDayDistributed: 9, CarryOverDust: 4, PaginationCursor: 20}
	tests := []struct {
		name     string
		progress Progress
		cursor   *uint32
		noop     bool
		err      error
	}{
		{"behind: succeeds and does nothing", p, at(0), true, nil},
		{"equal: runs", p, at(20), false, nil},
		{"ahead: refused", p, at(40), false, CodeInvalidPaginationCursor},
		{"absent: runs unguarded", p, nil, false, nil},
		{"page 20 of the old day after the rollover: refused", p.StartDay(90_000), at(20), false, CodeInvalidPaginationCursor},
		{"page 0 of the old day after the rollover: opens the next day", p.StartDay(90_000), at(0), false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			noop, err := tt.progress.Guard(tt.cursor)
			require.Equal(t, tt.noop, noop)
			require.Equal(t, tt.err, err)
		})
	}
	require.Equal(t, Progress{Vault: p.Vault, LastDistributionTS: 90_000, CarryOverDust: 4}, p.StartDay(90_000))
}
