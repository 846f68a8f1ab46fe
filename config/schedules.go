package config

import (
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Schedules say when Temporal starts what by itself (D01, E01, W01, O01). feeops schedule apply makes the server match.
type Schedules struct {
	TimeZone          string        `json:"time_zone" validate:"time_zone" jsonschema_description:"Time zone of all times below. A time of day that its clock skips or shows twice is refused."`
	CatchUp           time.Duration `json:"catch_up" validate:"min=1m,max=24h" jsonschema_description:"How late a run may still be started after Temporal was down; later it is left out, and shown as missed."`
	Jitter            time.Duration `json:"jitter" validate:"min=0s,max=10m" jsonschema_description:"Longest random delay of a start."`
	DailyDistribution Schedule      `json:"daily_distribution" jsonschema_description:"Starts the fleet's day. Each vault waits for its own due time by the chain's clock, so it belongs before the earliest of them."`
	MorningCheck      Schedule      `json:"morning_check" jsonschema_description:"Health of every vault, and the review of the events."`
	EveningReport     Schedule      `json:"evening_report" jsonschema_description:"Report of the date."`
	WeeklyMaintenance Schedule      `json:"weekly_maintenance" jsonschema_description:"Host, clean-up, endpoints, page sizes, modules, schedules, and the week's report."`
	MonthlyReview     Schedule      `json:"monthly_review" jsonschema_description:"Review of the month before."`
	StopDrill         Schedule      `json:"stop_drill" jsonschema_description:"Measures on the live deployment how fast a stop would be, and stops nothing. A worker makes this schedule when it is absent, as it does those of backup.every and backup.drill_every."`
}

// Schedule is one of them.
type Schedule struct {
	Enabled    bool   `json:"enabled" jsonschema_description:"false: schedule apply removes it from the server."`
	At         string `json:"at" validate:"clock" jsonschema_description:"Time of day, such as 07:00."`
	Weekday    string `json:"weekday,omitempty" validate:"omitempty,oneof=sunday monday tuesday wednesday thursday friday saturday" jsonschema_description:"Only on this day of the week."`
	DayOfMonth uint8  `json:"day_of_month,omitempty" validate:"max=28" jsonschema_description:"Only on this day of the month; 0 is every day. No month lacks one up to 28."`
}

// Calendar is when it starts, in the schedules' time zone.
func (s Schedule) Calendar(zone string) (domain.Calendar, error) {
	return domain.NewCalendar(s.At, s.Weekday, int(s.DayOfMonth), zone)
}

func defaultSchedules() Schedules {
	return Schedules{
		TimeZone: "UTC", CatchUp: time.Hour,
		DailyDistribution: Schedule{Enabled: true, At: "00:05"},
		MorningCheck:      Schedule{Enabled: true, At: "07:00"},
		EveningReport:     Schedule{Enabled: true, At: "20:00"},
		WeeklyMaintenance: Schedule{Enabled: true, At: "04:00", Weekday: "sunday"},
		MonthlyReview:     Schedule{Enabled: true, At: "06:00", DayOfMonth: 1},
		StopDrill:         Schedule{Enabled: true, At: "09:00", Weekday: "monday"}, // People are there to read of a failure.
	}
}

// scheduleRules refuse a time of day that daylight saving would leave out or double.
func (s Settings) scheduleRules() Errors {
	var out Errors
	t := s.Schedules
	for _, one := range []struct {
		key string
		Schedule
	}{
		{"daily_distribution", t.DailyDistribution},
		{"morning_check", t.MorningCheck},
		{"evening_report", t.EveningReport},
		{"weekly_maintenance", t.WeeklyMaintenance},
		{"monthly_review", t.MonthlyReview},
		{"stop_drill", t.StopDrill},
	} {
		c, err := one.Calendar(t.TimeZone)
		if err != nil {
			continue // The field's own check has named it.
		}
		if trouble := c.Trouble(); one.Enabled && trouble != "" {
			out = append(out, Error{Key: "schedules." + one.key + ".at", Got: quote(one.At), Want: "a time of day that every date has once", Next: "The clock is set there: " + trouble + "."})
		}
	}
	if reset := s.Reset(); reset.On() {
		if trouble := reset.At.Trouble(); trouble != "" {
			out = append(out, Error{Key: "distribution.drift_reset.at", Got: quote(s.Distribution.DriftReset.At), Want: "a time of day that every date has once", Next: "The clock is set there: " + trouble + "."})
		}
	}
	return out
}
