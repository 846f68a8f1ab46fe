package domain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

func TestDriftReset_WaitsOnlyWhenItCostsNobodyADay(t *testing.T) {
	zone := "Europe/Vienna"
	reset := domain.DriftReset{At: calendar(t, "07:00", "", 0, zone), After: 4 * time.Hour}
	due := func(text string, complete bool) domain.Timing {
		at, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		return domain.Timing{LastTS: at.Unix() - domain.DaySeconds, Complete: complete, ChainNow: at.Unix() - 600}
	}
	limit, none := domain.Amount(5), domain.Amount(0)
	tests := []struct {
		name  string
		reset domain.DriftReset
		give  domain.Timing
		limit *domain.Amount
		want  string // Empty: it does not wait.
	}{
		{"no policy", domain.DriftReset{}, due("2026-11-25T12:00:00+01:00", true), nil, ""},
		{"at the wanted time", reset, due("2026-11-25T07:00:00+01:00", true), nil, ""},
		{"drifted, not far enough", reset, due("2026-11-25T11:00:00+01:00", true), nil, ""},
		{"drifted past it", reset, due("2026-11-25T11:00:01+01:00", true), nil, "2026-11-26T07:00:00+01:00"},
		{"a little early waits a little", reset, due("2026-11-25T06:59:50+01:00", true), nil, "2026-11-25T07:00:00+01:00"},
		{"an open day has a deadline", reset, due("2026-11-25T12:00:00+01:00", false), nil, ""},
		{"never run", reset, domain.Timing{ChainNow: 1_795_000_000}, nil, ""},
		{"a daily cap", reset, due("2026-11-25T12:00:00+01:00", true), &limit, ""},
		{"a cap of nothing is none", reset, due("2026-11-25T12:00:00+01:00", true), &none, "2026-11-26T07:00:00+01:00"},
		{"the clock is set back: an hour early", reset, due("2027-10-31T06:00:30+01:00", true), nil, "2027-10-31T07:00:00+01:00"},
		{"the clock is set forward: an hour late is no drift", reset, due("2027-03-28T08:00:30+02:00", true), nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.reset.Hold(tt.give, tt.limit)
			if tt.want == "" {
				require.Zero(t, got)
				return
			}
			want, err := time.Parse(time.RFC3339, tt.want)
			require.NoError(t, err)
			require.Equal(t, want.Unix(), got)
			require.Contains(t, tt.reset.Text(tt.give, got), want.Format("2006-01-02 15:04"))
		})
	}
}

func TestDriftReset_IsBoundedAndEndsWithOneWait(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom([]string{"UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe"}).Draw(t, "zone")
		reset := domain.DriftReset{At: calendar(t, "07:00", "", 0, zone), After: time.Duration(rapid.IntRange(2, 23).Draw(t, "after")) * time.Hour}
		last := rapid.Int64Range(1_780_000_000, 2_000_000_000).Draw(t, "last")
		timing := domain.Timing{LastTS: last, ChainNow: last + 100, Complete: true}
		hold := reset.Hold(timing, nil)
		if hold == 0 {
			return
		}
		wait := time.Duration(hold-timing.Due()) * time.Second
		require.Positive(t, wait)
		require.LessOrEqual(t, wait, 25*time.Hour-reset.After, "never a day")
		at := time.Unix(hold, 0).In(reset.At.Zone)
		require.Equal(t, "07:00", at.Format("15:04"))
		opened := domain.Timing{LastTS: hold + rapid.Int64Range(0, 60).Draw(t, "slow"), Complete: true}
		if again := reset.Hold(opened, nil); again != 0 {
			require.LessOrEqual(t, again-opened.Due(), int64(3_600), "only a clock that is set back asks for another hour")
		}
	})
}
