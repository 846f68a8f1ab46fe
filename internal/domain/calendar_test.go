package domain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

func calendar(t require.TestingT, at, weekday string, day int, zone string) domain.Calendar {
	c, err := domain.NewCalendar(at, weekday, day, zone)
	require.NoError(t, err)
	return c
}

func TestCalendar_KeepsTheTimeOfDayWhenTheClockIsSet(t *testing.T) {
	vienna := func(text string) time.Time {
		at, err := time.Parse("2006-01-02 15:04 -0700", text)
		require.NoError(t, err)
		return at
	}
	tests := []struct {
		name         string
		give         domain.Calendar
		after, wants string
	}{
		{"spring forward: the day has 23 hours", calendar(t, "07:00", "", 0, "Europe/Vienna"), "2027-03-27 07:00 +0100", "2027-03-28 07:00 +0200"},
		{"autumn back: the day has 25 hours", calendar(t, "07:00", "", 0, "Europe/Vienna"), "2027-10-30 07:00 +0200", "2027-10-31 07:00 +0100"},
		{"a skipped time waits for the next date", calendar(t, "02:30", "", 0, "Europe/Vienna"), "2027-03-27 02:30 +0100", "2027-03-29 02:30 +0200"},
		{"one weekday", calendar(t, "03:00", "sunday", 0, "UTC"), "2026-11-25 22:00 +0000", "2026-11-29 03:00 +0000"},
		{"the first of the month", calendar(t, "06:00", "", 1, "UTC"), "2026-11-25 22:00 +0000", "2026-12-01 06:00 +0000"},
		{"just passed", calendar(t, "06:00", "", 1, "UTC"), "2026-12-01 06:00 +0000", "2027-01-01 06:00 +0000"},
		{"a date line away", calendar(t, "07:00", "", 0, "Pacific/Kiritimati"), "2026-11-25 22:00 +0000", "2026-11-27 07:00 +1400"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.True(t, vienna(tt.wants).Equal(tt.give.Next(vienna(tt.after))), "%s", tt.give.Next(vienna(tt.after)))
		})
	}
}

func TestCalendar_LastAndNextMeet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom([]string{"UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago"}).Draw(t, "zone")
		weekday := rapid.SampledFrom([]string{"", "", "sunday", "wednesday"}).Draw(t, "weekday")
		day := 0
		if weekday == "" {
			day = rapid.SampledFrom([]int{0, 0, 1, 28}).Draw(t, "day")
		}
		at := time.Date(2026, 1, 1, rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), 0, 0, time.UTC)
		c := calendar(t, at.Format("15:04"), weekday, day, zone)
		now := time.Unix(rapid.Int64Range(1_780_000_000, 2_000_000_000).Draw(t, "now"), 0)
		next, last := c.Next(now), c.Last(now)
		require.True(t, next.After(now))
		require.False(t, last.After(now))
		require.True(t, c.Next(last).Equal(next), "nothing lies between: %s, %s", last, next)
		require.Equal(t, at.Format("15:04"), next.In(c.Zone).Format("15:04"))
	})
}

func TestCalendar_NamesTheDateOnWhichATimeIsSkippedOrDoubled(t *testing.T) {
	tests := []struct {
		name string
		give domain.Calendar
		want string
	}{
		{"morning", calendar(t, "07:00", "", 0, "Europe/Vienna"), ""},
		{"skipped", calendar(t, "02:30", "", 0, "Europe/Vienna"), "on 2026-03-29 there is no 02:30 in Europe/Vienna"},
		{"doubled", calendar(t, "01:30", "sunday", 0, "America/New_York"), "on 2026-11-01 there are two 01:30 in America/New_York"},
		{"the clock is set on Sundays", calendar(t, "02:30", "monday", 0, "Europe/Vienna"), ""},
		{"half an hour", calendar(t, "01:45", "", 0, "Australia/Lord_Howe"), "on 2026-04-05 there are two 01:45 in Australia/Lord_Howe"},
		{"UTC is never set", calendar(t, "02:30", "", 0, "UTC"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, tt.give.Trouble()) })
	}
}

func TestCalendar_RefusesWhatIsNone(t *testing.T) {
	for _, tt := range []struct{ at, weekday, zone, want string }{
		{"7", "", "UTC", "HH:MM"}, {"07:00", "someday", "UTC", "sunday"}, {"07:00", "", "Mars/Olympus", "time zone"},
	} {
		_, err := domain.NewCalendar(tt.at, tt.weekday, 0, tt.zone)
		require.ErrorContains(t, err, tt.want)
	}
}
