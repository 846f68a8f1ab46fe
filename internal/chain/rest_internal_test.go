package chain

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRest_EndsEarlyWhenTheClockJumps(t *testing.T) {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r := rest{began, 10 * time.Second}
	for name, tt := range map[string]struct {
		later, left time.Duration
	}{
		"at once":         {0, 10 * time.Second},
		"half way":        {4 * time.Second, 6 * time.Second},
		"over":            {10 * time.Second, 0},
		"a day forth":     {24 * time.Hour, 0},
		"a day back":      {-24 * time.Hour, 0},
		"a moment before": {-time.Second, 9 * time.Second},
	} {
		require.Equal(t, tt.left, r.left(began.Add(tt.later)), name)
	}
	require.Zero(t, rest{}.left(began), "nobody rests who was never sent to")
}

func TestRetryAfter_IsBoundedAndJudgedByTheServersOwnDate(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	tests := []struct {
		name, after, date string
		want              time.Duration
	}{
		{"nothing", "", "", 0},
		{"seconds", "7", "", 7 * time.Second},
		{"parts of a second", "0.5", "", 500 * time.Millisecond},
		{"more than anybody waits", "3600", "", longestRest},
		{"nonsense", "soon", "", 0},
		{"less than nothing", "-5", "", 0},
		{"a date", date(30 * time.Second), "", 30 * time.Second},
		{"a date that is past", date(-time.Hour), "", 0},
		{"this machine is a day behind", date(24*time.Hour + 20*time.Second), date(24 * time.Hour), 20 * time.Second},
		{"this machine is a day ahead", date(-24*time.Hour + 20*time.Second), date(-24 * time.Hour), 20 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := &endpoint{now: func() time.Time { return now }}
			h := http.Header{}
			h.Set("Retry-After", tt.after)
			if tt.date != "" {
				h.Set("Date", tt.date)
			}
			require.Equal(t, tt.want, e.retryAfter(h))
		})
	}
}
