package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/incident"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

func working(z *time.Location) incident.Hours {
	return incident.Hours{
		Zone: z, From: 9 * time.Hour, To: 17*time.Hour + 30*time.Minute,
		Days: []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday},
	}
}

func TestHours_OpenByTheClockOnTheWall(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	h := working(berlin)
	at := func(text string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", text, berlin)
		require.NoError(t, err)
		return v
	}
	tests := []struct{ name, give, want string }{
		{"in the morning", "2026-11-25 07:10", "2026-11-25 09:00"},
		{"within", "2026-11-25 09:00", "2026-11-25 09:00"},
		{"the close is closed", "2026-11-25 17:30", "2026-11-26 09:00"},
		{"on Friday night", "2026-11-27 22:00", "2026-11-30 09:00"},
		{"on Sunday", "2026-11-29 12:00", "2026-11-30 09:00"},
		{"over the end of summer time", "2026-10-23 18:00", "2026-10-26 09:00"},
		{"over the beginning of summer time", "2026-03-27 18:00", "2026-03-30 09:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.True(t, at(tt.want).Equal(h.Next(at(tt.give))), "%s", h.Next(at(tt.give)))
		})
	}
	require.True(t, incident.Hours{}.Open(at("2026-11-29 03:00")), "without hours it is always open")
}

func TestHours_NextIsOpenAndNeverEarlier(t *testing.T) {
	zones := []*time.Location{time.UTC, zone(t, "Europe/Berlin"), zone(t, "America/New_York"), zone(t, "Pacific/Apia")}
	rapid.Check(t, func(t *rapid.T) {
		h := working(rapid.SampledFrom(zones).Draw(t, "zone"))
		at := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "at"), 0)
		next := h.Next(at)
		require.False(t, next.Before(at))
		require.True(t, h.Open(next))
		require.Less(t, next.Sub(at), 4*24*time.Hour)
	})
}

func TestRoster_ShiftsChangeHandsByTheClock(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	start := time.Date(2026, 10, 19, 9, 0, 0, 0, berlin) // A Monday in summer time.
	r := incident.Roster{
		Rotations: []incident.Rotation{
			{Name: "primary", Zone: berlin, Start: start, Shift: 7 * 24 * time.Hour, People: []string{"ada", "bob", "cy"}},
			{Name: "halves", Zone: berlin, Start: start, Shift: 12 * time.Hour, People: []string{"day", "night"}},
			{Name: "empty", Zone: berlin, Start: start, Shift: time.Hour},
		},
		Overrides: []incident.Override{
			{Rotation: "primary", Person: "dan", From: start.AddDate(0, 0, 1), To: start.AddDate(0, 0, 2)},
			{Rotation: "primary", Person: "eve", From: start.AddDate(0, 0, 1), To: start.AddDate(0, 0, 1).Add(time.Hour)},
		},
	}
	tests := []struct {
		name     string
		rotation string
		at       time.Time
		want     string
	}{
		{"at the start", "primary", start, "ada"},
		{"before the hand-over after summer time", "primary", time.Date(2026, 10, 26, 8, 59, 0, 0, berlin), "ada"},
		{"at the hand-over after summer time", "primary", time.Date(2026, 10, 26, 9, 0, 0, 0, berlin), "bob"},
		{"the third week", "primary", start.AddDate(0, 0, 15), "cy"},
		{"round again", "primary", start.AddDate(0, 0, 22), "ada"},
		{"before the start the order goes back", "primary", start.Add(-time.Minute), "cy"},
		{"an override", "primary", start.AddDate(0, 0, 1).Add(2 * time.Hour), "dan"},
		{"of two overrides the later one", "primary", start.AddDate(0, 0, 1), "eve"},
		{"after it", "primary", start.AddDate(0, 0, 2), "ada"},
		{"half days", "halves", start.Add(13 * time.Hour), "night"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := r.OnCall(tt.rotation, tt.at)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
	_, err := r.OnCall("empty", start)
	require.ErrorContains(t, err, "has nobody")
	_, err = r.OnCall("other", start)
	require.ErrorContains(t, err, "no rotation")
}

func policy(t testing.TB) incident.Policy {
	return incident.Policy{
		Hours: working(zone(t, "UTC")),
		Roster: incident.Roster{Rotations: []incident.Rotation{
			{Name: "primary", Zone: time.UTC, Start: night.Add(-time.Hour), Shift: 24 * time.Hour, People: []string{"ada", "bob"}},
		}},
		Ladders: []incident.Ladder{
			{Severity: domain.SeverityCritical, Repeat: 1, RepeatAfter: 30 * time.Minute, Steps: []incident.Step{
				{To: []string{"oncall:primary"}, Channels: []string{"pagerduty"}},
				{After: 5 * time.Minute, To: []string{"oncall:primary", "carol"}},
				{After: 15 * time.Minute, To: []string{"oncall:nobody", "dan"}},
			}},
			{Severity: domain.SeverityMedium, BusinessHours: true, Steps: []incident.Step{{}}},
			{Severity: domain.SeverityCritical, Team: "treasury", Steps: []incident.Step{{To: []string{"tess"}}}},
		},
		AckExpires: map[domain.Severity]time.Duration{domain.SeverityCritical: 30 * time.Minute},
	}
}

func TestI09_TheLadderClimbsToItsEnd(t *testing.T) {
	p := policy(t)
	f := incident.Facts{Severity: domain.SeverityCritical, State: domain.IncidentOpen, LadderAt: night}
	want := []struct {
		after time.Duration
		to    []string
	}{
		{0, []string{"ada"}},
		{5 * time.Minute, []string{"ada", "carol"}},
		{15 * time.Minute, []string{"dan"}},
		{45 * time.Minute, []string{"ada"}},
		{50 * time.Minute, []string{"ada", "carol"}},
		{60 * time.Minute, []string{"dan"}},
	}
	for n, w := range want {
		f.Steps = n
		next := p.Next(f, night)
		require.Equal(t, incident.NextPage, next.Kind)
		require.Equal(t, night.Add(w.after), next.At, "step %d", n)
		require.Equal(t, w.to, next.To, "step %d", n)
	}
	f.Steps = len(want)
	next := p.Next(f, night)
	require.Equal(t, incident.NextNothing, next.Kind)
	require.Contains(t, next.Text, "nobody has acknowledged")
}

func TestLadder_ARotationWithoutAnybodyIsSaid(t *testing.T) {
	f := incident.Facts{Severity: domain.SeverityCritical, LadderAt: night, Steps: 2}
	require.Equal(t, `step 3 of 3: dan by all channels (there is no rotation "nobody")`, policy(t).Next(f, night).Text)
}

func TestLadder_WhoIsOnCallWhenItIsDoneIsPaged(t *testing.T) {
	f := incident.Facts{Severity: domain.SeverityCritical, LadderAt: night}
	late := policy(t).Next(f, night.Add(24*time.Hour)) // The worker was away for a day.
	require.Equal(t, []string{"bob"}, late.To)
	require.Equal(t, night, late.At)
}

func TestLadder_BusinessHoursWaitForTheMorning(t *testing.T) {
	f := incident.Facts{Severity: domain.SeverityMedium, LadderAt: night}
	require.Equal(t, time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), policy(t).Next(f, night).At)
}

func TestLadder_ATeamsOwnLadderComesFirst(t *testing.T) {
	f := incident.Facts{Severity: domain.SeverityCritical, LadderAt: night, Team: "treasury"}
	require.Equal(t, []string{"tess"}, policy(t).Next(f, night).To)
	f.Team = "other"
	require.Equal(t, []string{"ada"}, policy(t).Next(f, night).To)
}

func TestI09_AnAcknowledgementStopsTheLadderAndExpires(t *testing.T) {
	p := policy(t)
	f := incident.Facts{Severity: domain.SeverityCritical, State: domain.IncidentAcknowledged, LadderAt: night, Steps: 1, AcknowledgedAt: night.Add(time.Minute)}
	next := p.Next(f, night.Add(2*time.Minute))
	require.Equal(t, incident.NextExpire, next.Kind)
	require.Equal(t, night.Add(31*time.Minute), next.At)
	f.Severity = domain.SeverityHigh
	require.Equal(t, incident.NextNothing, p.Next(f, night).Kind, "no expiry is set for it")
	for _, over := range []domain.IncidentState{domain.IncidentMitigated, domain.IncidentResolved} {
		f.State = over
		require.Equal(t, incident.NextNothing, p.Next(f, night).Kind)
	}
	require.Equal(t, incident.NextNothing, p.Next(incident.Facts{Severity: domain.SeverityLow}, night).Kind, "no ladder")
}

// TestLadder_StepsComeInOrderAndEnd holds for every ladder that the settings allow.
func TestLadder_StepsComeInOrderAndEnd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := incident.Ladder{Severity: domain.SeverityHigh, Repeat: rapid.IntRange(0, 4).Draw(t, "repeat"), RepeatAfter: time.Duration(rapid.IntRange(0, 120).Draw(t, "again")) * time.Minute, BusinessHours: rapid.Bool().Draw(t, "hours")}
		after := time.Duration(0)
		for range rapid.IntRange(1, 5).Draw(t, "steps") {
			l.Steps = append(l.Steps, incident.Step{After: after})
			after += time.Duration(rapid.IntRange(0, 600).Draw(t, "after")) * time.Minute
		}
		p := incident.Policy{Ladders: []incident.Ladder{l}, Hours: working(time.UTC)}
		f := incident.Facts{Severity: domain.SeverityHigh, State: domain.IncidentOpen, LadderAt: night}
		last := night
		for {
			next := p.Next(f, night)
			if next.Kind == incident.NextNothing {
				break
			}
			require.Equal(t, incident.NextPage, next.Kind)
			require.False(t, next.At.Before(last))
			last = next.At
			f.Steps++
			require.LessOrEqual(t, f.Steps, 25)
		}
		require.Equal(t, len(l.Steps)*(l.Repeat+1), f.Steps)
	})
}
