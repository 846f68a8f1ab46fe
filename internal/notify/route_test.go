package notify_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

func TestDefaultRoutes_OneChannelIsEnoughAndManyShareTheWork(t *testing.T) {
	all := []string{"slack", "discord", "pagerduty", "email", "webhook/sms"}
	tests := []struct {
		name     string
		have     []string
		severity domain.Severity
		kind     notify.Kind
		want     []string
		fallback []string
	}{
		{"all, critical", all, "critical", notify.Trigger, []string{"slack", "discord", "pagerduty", "webhook/sms"}, []string{"email"}},
		{"all, high", all, "high", notify.Resolve, []string{"slack", "discord", "pagerduty", "webhook/sms"}, []string{"email"}},
		{"all, medium", all, "medium", notify.Trigger, []string{"slack", "discord"}, []string{"pagerduty", "email", "webhook/sms"}},
		{"all, information", all, "critical", notify.Info, []string{"slack", "discord"}, []string{"pagerduty", "email", "webhook/sms"}},
		{"all, a change", all, "low", notify.Change, []string{"slack", "discord", "pagerduty"}, []string{"email", "webhook/sms"}},
		{"a change without a severity", all, "", notify.Change, []string{"slack", "discord", "pagerduty"}, []string{"email", "webhook/sms"}},
		{"mail and gateway, a change", []string{"email", "webhook/sms"}, "low", notify.Change, []string{"email"}, []string{"webhook/sms"}},
		{"all, severity unknown", all, "odd", notify.Trigger, []string{"slack", "discord", "pagerduty", "webhook/sms"}, []string{"email"}},
		{"only a pager, low", []string{"pagerduty"}, "low", notify.Trigger, []string{"pagerduty"}, nil},
		{"only mail, critical", []string{"email"}, "critical", notify.Trigger, []string{"email"}, nil},
		{"mail and pager, low", []string{"pagerduty", "email"}, "low", notify.Trigger, []string{"email"}, []string{"pagerduty"}},
		{"mail and pager, high", []string{"pagerduty", "email"}, "high", notify.Trigger, []string{"pagerduty"}, []string{"email"}},
		{"only the console", []string{"console"}, "critical", notify.Trigger, []string{"console"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := notify.NewRouter(nil, nil, tt.have)
			require.NoError(t, err)
			c := r.Choose(notify.Message{Kind: tt.kind, Severity: tt.severity}, time.Time{})
			require.Equal(t, tt.want, c.Channels)
			require.ElementsMatch(t, tt.fallback, c.Fallback)
		})
	}
}

func TestChoose_RulesAskForWhatTheyName(t *testing.T) {
	office, err := notify.ParseHours("08:00", "18:00", []string{"mon", "tue", "wed", "thu", "fri"}, "Europe/Berlin")
	require.NoError(t, err)
	channels := []string{"slack", "pagerduty", "email"}
	r, err := notify.NewRouter([]notify.Route{
		{Name: "vault", Vaults: []string{"alpha"}, Channels: []string{"email"}, Continue: true},
		{Name: "team", Teams: []string{"treasury"}, AtLeast: domain.SeverityMedium, Channels: []string{"slack"}, Fallback: []string{"email"}},
		{Name: "office", Hours: &office, Kinds: []notify.Kind{notify.Trigger}, Channels: []string{"slack", "email"}},
	}, nil, channels)
	require.NoError(t, err)
	monday := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	tests := []struct {
		name string
		give notify.Message
		at   time.Time
		want []string
	}{
		{"vault and team", notify.Message{Vault: "alpha", Team: "treasury", Severity: "high"}, monday, []string{"email", "slack"}},
		{"team, too low", notify.Message{Team: "treasury", Severity: "low", Kind: notify.Trigger}, monday, []string{"slack", "email"}},
		{"office hours", notify.Message{Severity: "low", Kind: notify.Trigger}, monday, []string{"slack", "email"}},
		{"out of hours falls through to the default", notify.Message{Severity: "high", Kind: notify.Trigger}, monday.Add(12 * time.Hour), []string{"slack", "pagerduty"}},
		{"another kind falls through too", notify.Message{Severity: "low", Kind: notify.Update}, monday, []string{"slack"}},
		{"a rule that continues into nothing stands alone", notify.Message{Vault: "alpha", Severity: "low", Kind: notify.Update}, monday, []string{"email"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, r.Choose(tt.give, tt.at).Channels) })
	}
	_, err = notify.NewRouter([]notify.Route{{Name: "x", Channels: []string{"telex"}}}, nil, channels)
	require.ErrorContains(t, err, `route "x" names the channel "telex", which is not set up; known are slack, pagerduty, email`)
	_, err = notify.NewRouter([]notify.Route{{Name: "x", Channels: []string{"slack"}, Fallback: []string{"telex"}}}, nil, channels)
	require.ErrorContains(t, err, "telex")
	_, err = notify.NewRouter([]notify.Route{{Name: "x"}}, nil, channels)
	require.ErrorContains(t, err, `route "x" tells nobody`)
}

func TestChoose_QuietHoursWakeNobodyForWhatCanWait(t *testing.T) {
	hours, err := notify.ParseHours("22:00", "07:00", nil, "Europe/Berlin")
	require.NoError(t, err)
	night, day := time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	choose := func(channels []string, severity domain.Severity, kind notify.Kind, at time.Time) []string {
		quiet := &notify.Quiet{Hours: hours, Below: domain.SeverityHigh, Silence: notify.Pagers(channels)}
		r, err := notify.NewRouter([]notify.Route{{Name: "all", Channels: channels[:1], Fallback: channels[1:]}}, quiet, channels)
		require.NoError(t, err)
		return r.Choose(notify.Message{Severity: severity, Kind: kind}, at).Channels
	}
	require.Equal(t, []string{"slack"}, choose([]string{"pagerduty", "webhook/sms", "slack"}, "medium", notify.Trigger, night), "the next channel takes its place")
	require.Equal(t, []string{"slack"}, choose([]string{"pagerduty", "slack"}, "", notify.Info, night))
	require.Equal(t, []string{"pagerduty"}, choose([]string{"pagerduty", "slack"}, "low", notify.Change, night), "a change wakes nobody there")
	require.Equal(t, []string{"slack"}, choose([]string{"webhook/sms", "slack"}, "low", notify.Change, night))
	require.Equal(t, []string{"pagerduty"}, choose([]string{"pagerduty", "slack"}, "high", notify.Trigger, night))
	require.Equal(t, []string{"pagerduty"}, choose([]string{"pagerduty", "slack"}, "odd", notify.Trigger, night), "an unknown severity may be the highest")
	require.Equal(t, []string{"pagerduty"}, choose([]string{"pagerduty", "slack"}, "medium", notify.Trigger, day))
	require.Equal(t, []string{"pagerduty"}, choose([]string{"pagerduty"}, "low", notify.Trigger, night), "a message that nobody gets is worse than one at night")
}

func TestHours(t *testing.T) {
	at := func(text string) time.Time {
		v, err := time.Parse(time.RFC3339, text)
		require.NoError(t, err)
		return v
	}
	tests := []struct {
		name           string
		from, to, zone string
		days           []string
		at             string
		want           bool
	}{
		{"within", "08:00", "18:00", "UTC", nil, "2026-03-02T08:00:00Z", true},
		{"the end is outside", "08:00", "18:00", "UTC", nil, "2026-03-02T18:00:00Z", false},
		{"over midnight, evening", "22:00", "07:00", "UTC", nil, "2026-03-02T23:00:00Z", true},
		{"over midnight, morning", "22:00", "07:00", "UTC", nil, "2026-03-02T06:59:59Z", true},
		{"over midnight, day", "22:00", "07:00", "UTC", nil, "2026-03-02T12:00:00Z", false},
		{"the night of Friday reaches into Saturday", "22:00", "07:00", "UTC", []string{"fri"}, "2026-03-07T03:00:00Z", true},
		{"the morning of Friday belongs to Thursday", "22:00", "07:00", "UTC", []string{"fri"}, "2026-03-06T03:00:00Z", false},
		{"the whole day", "00:00", "00:00", "UTC", []string{"sun"}, "2026-03-01T23:59:59Z", true},
		{"another day", "00:00", "00:00", "UTC", []string{"Sun"}, "2026-03-02T00:00:00Z", false},
		{"another zone", "08:00", "18:00", "Asia/Tokyo", nil, "2026-03-02T00:00:00Z", true},
		{"before the clocks change", "22:00", "07:00", "Europe/Berlin", nil, "2026-03-28T21:30:00Z", true},
		{"after the clocks changed", "22:00", "07:00", "Europe/Berlin", nil, "2026-03-29T20:30:00Z", true},
		{"after the clocks changed, an hour earlier", "22:00", "07:00", "Europe/Berlin", nil, "2026-03-29T19:30:00Z", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, err := notify.ParseHours(tt.from, tt.to, tt.days, tt.zone)
			require.NoError(t, err)
			require.Equal(t, tt.want, h.Contain(at(tt.at)))
		})
	}
	for name, give := range map[string][4]string{
		`time zone "Mars/Olympus"`: {"08:00", "18:00", "", "Mars/Olympus"}, `time of day "8"`: {"8", "18:00", "", "UTC"}, `time of day "24:00"`: {"08:00", "24:00", "", "UTC"}, `day "someday"`: {"08:00", "18:00", "someday", "UTC"},
	} {
		var days []string
		if give[2] != "" {
			days = []string{give[2]}
		}
		_, err := notify.ParseHours(give[0], give[1], days, give[3])
		require.ErrorContains(t, err, name)
	}
}

func TestHours_ASpanAndItsOppositeShareNoMoment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := rapid.Custom(func(t *rapid.T) string {
			return time.Date(2026, 1, 1, rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), 0, 0, time.UTC).Format("15:04")
		})
		from, to := clock.Draw(t, "from"), clock.Draw(t, "to")
		if from == to {
			return
		}
		zone := rapid.SampledFrom([]string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"}).Draw(t, "zone")
		a, err := notify.ParseHours(from, to, nil, zone)
		require.NoError(t, err)
		b, err := notify.ParseHours(to, from, nil, zone)
		require.NoError(t, err)
		at := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "at"), 0)
		require.NotEqual(t, a.Contain(at), b.Contain(at))
	})
}
