package report

import (
	"fmt"
	"testing"
	"time"
	_ "time/tzdata" // The tests do not hang on the machine's zones.

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

func zone(t require.TestingT, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

func TestE05_ADateIsAsLongAsItIsInItsZone(t *testing.T) {
	tests := []struct {
		zone string
		date domain.Day
		from string
		long time.Duration
	}{
		{"UTC", "2026-11-23", "2026-11-23T00:00:00Z", 24 * time.Hour},
		{"Europe/Vienna", "2026-11-23", "2026-11-22T23:00:00Z", 24 * time.Hour},
		{"Europe/Vienna", "2026-03-29", "2026-03-28T23:00:00Z", 23 * time.Hour},
		{"Europe/Vienna", "2026-10-25", "2026-10-24T22:00:00Z", 25 * time.Hour},
		{"America/New_York", "2026-11-01", "2026-11-01T04:00:00Z", 25 * time.Hour},
		{"Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z", 24*time.Hour + 30*time.Minute},
		{"Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00Z", 23 * time.Hour},        // 00:00 does not exist.
		{"America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", 25 * time.Hour},     // 00:00 comes twice.
		{"Pacific/Kiritimati", "2026-11-23", "2026-11-22T10:00:00Z", 24 * time.Hour}, // UTC+14.
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.zone, tt.date), func(t *testing.T) {
			w, err := DayWindow(tt.date, time.Now(), zone(t, tt.zone))
			require.NoError(t, err)
			require.Equal(t, tt.from, w.From.UTC().Format(time.RFC3339))
			require.Equal(t, tt.long, w.To.Sub(w.From))
		})
	}
}

func TestWindows_FollowEachOtherWithoutGap(t *testing.T) {
	zones := []string{"UTC", "Europe/Vienna", "America/Sao_Paulo", "Asia/Beirut", "America/Havana", "Africa/Cairo", "Asia/Tehran", "Australia/Lord_Howe", "Pacific/Apia", "America/Asuncion"}
	rapid.Check(t, func(t *rapid.T) {
		loc := zone(t, rapid.SampledFrom(zones).Draw(t, "zone"))
		at := time.Date(2009, 1, 1+rapid.IntRange(0, 9_000).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
		one, err := DayWindow(domain.Day(at.Format(time.DateOnly)), at, loc)
		require.NoError(t, err)
		two, err := DayWindow(domain.Day(at.AddDate(0, 0, 1).Format(time.DateOnly)), at, loc)
		require.NoError(t, err)
		require.True(t, one.To.Equal(two.From))
		month := MonthWindow(at.Year(), at.Month(), at, loc)
		require.True(t, month.Before().To.Equal(month.From))
		require.Equal(t, 1, month.From.Day())
	})
}

func TestO05_OnTheFirstTheMonthIsTheOneThatEnded(t *testing.T) {
	vienna := zone(t, "Europe/Vienna")
	for now, want := range map[string]string{
		"2026-11-01T00:30:00+01:00": "2026-10", // Still October in UTC.
		"2026-10-31T23:30:00+01:00": "2026-09",
		"2026-01-15T12:00:00+01:00": "2025-12",
		"2026-03-31T12:00:00+02:00": "2026-02",
	} {
		at, err := time.Parse(time.RFC3339, now)
		require.NoError(t, err)
		w := PreviousMonth(at, vienna)
		require.Equal(t, want, w.Name, now)
		require.False(t, w.Partial)
	}
	require.Equal(t, "2025-12", MonthWindow(2026, 1, time.Now(), vienna).Before().Name)
}

func TestWindow_ADayBelongsWhereItWasOpened(t *testing.T) {
	w, err := DayWindow("2026-11-23", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), zone(t, "Europe/Vienna"))
	require.NoError(t, err)
	opened := func(text string) *int64 {
		at, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		unix := at.Unix()
		return &unix
	}
	require.True(t, w.Holds(domain.BookedDay{Day: "2026-11-22", Opened: opened("2026-11-22T23:00:00Z")}), "named by UTC, opened on the 23rd here")
	require.False(t, w.Holds(domain.BookedDay{Day: "2026-11-23", Opened: opened("2026-11-23T23:00:00Z")}))
	require.True(t, w.Holds(domain.BookedDay{Day: "2026-11-23"}), "not opened: by its name")
	require.False(t, w.Holds(domain.BookedDay{Day: "2026-11-22"}))
	first, last := w.Days()
	require.Equal(t, []domain.Day{"2026-11-21", "2026-11-24"}, []domain.Day{first, last})
	require.Contains(t, w.String(), "Europe/Vienna")
	_, err = DayWindow("23.11.2026", time.Now(), time.UTC)
	require.ErrorContains(t, err, "YYYY-MM-DD")
}

func TestWindow_OneThatIsNotOverSaysHowFarItWasSeen(t *testing.T) {
	now := time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
	w, err := DayWindow("2026-11-23", now, time.UTC)
	require.NoError(t, err)
	require.True(t, w.Partial)
	require.Equal(t, now, w.Seen)
	require.Contains(t, w.String(), "seen until 2026-11-23 20:00")
}

func TestWords(t *testing.T) {
	require.Equal(t, "1.3 h", hours(80*time.Minute))
	require.Equal(t, "5 min", hours(359*time.Second))
	require.Equal(t, "99.99 %", shareText(9_999, 10_000))
	require.Equal(t, "100.00 %", shareText(1<<63, 1<<63))
	require.Equal(t, "no data", shareText(0, 0), "an empty window is not 0 %")
	require.Equal(t, "1.5 KiB", size(1_536))
	require.Equal(t, "12 B", size(12))
	require.Equal(t, "0.005000001 SOL", sol(5_000_001))
	require.Equal(t, "2 h 5 min", duration(125*time.Minute))
	require.Equal(t, "59.9 s", duration(59_999*time.Millisecond))
	day := domain.Timing{ChainNow: 100_000, LastTS: 100_000 - domain.DaySeconds}
	require.Equal(t, "overdue 0 min", dueIn(day))
	day.ChainNow -= 3_600
	require.Equal(t, "in 1.0 h", dueIn(day))
	require.Equal(t, "now (first day)", dueIn(domain.Timing{ChainNow: 5}))
}
