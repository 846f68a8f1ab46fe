package domain

import (
	"fmt"
	"strings"
	"time"
)

// Calendar is a time of day in a time zone, on every day, on one weekday or on one day of the month.
type Calendar struct {
	Hour, Minute int
	Weekday      string // sunday, monday, …; empty: every day.
	DayOfMonth   int    // 1..28, which every month has; 0: every day.
	Zone         *time.Location
}

// NewCalendar reads a time of day such as 07:00.
func NewCalendar(at, weekday string, dayOfMonth int, zone string) (Calendar, error) {
	c := Calendar{Weekday: strings.ToLower(weekday), DayOfMonth: dayOfMonth}
	t, err := time.Parse("15:04", at)
	if err != nil {
		return c, fmt.Errorf("time of day %q: want HH:MM from 00:00 to 23:59", at)
	}
	c.Hour, c.Minute = t.Hour(), t.Minute()
	if c.Zone, err = time.LoadLocation(zone); err != nil {
		return c, fmt.Errorf("time zone %q: %w", zone, err)
	}
	if _, known := c.weekday(); c.Weekday != "" && !known {
		return c, fmt.Errorf("weekday %q: want sunday to saturday", weekday)
	}
	return c, nil
}

// weekday is the one weekday; false when it is every one.
func (c Calendar) weekday() (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), c.Weekday) {
			return d, true
		}
	}
	return 0, false
}

// DayOfWeek is the number of the one weekday, from 0 for Sunday; false when it is every one.
func (c Calendar) DayOfWeek() (int, bool) {
	d, one := c.weekday()
	return int(d), one
}

// on says whether a date is one of the calendar's.
func (c Calendar) on(date time.Time) bool {
	if d, one := c.weekday(); one && date.Weekday() != d {
		return false
	}
	return c.DayOfMonth == 0 || date.Day() == c.DayOfMonth
}

// at is the moment of a date; false where the clock is set forward over it, so that the date does not have it.
func (c Calendar) at(date time.Time) (time.Time, bool) {
	y, m, d := date.Date()
	t := time.Date(y, m, d, c.Hour, c.Minute, 0, 0, c.Zone)
	return t, t.Hour() == c.Hour && t.Minute() == c.Minute && t.Day() == d
}

// horizon is how many days Next and Last look: a leap year and the longest month hold every rule.
const horizon = 70

// Next is the first moment after the given one.
func (c Calendar) Next(after time.Time) time.Time {
	y, m, d := after.In(c.Zone).Date()
	for i := range horizon {
		date := time.Date(y, m, d+i, 12, 0, 0, 0, time.UTC)
		if t, exists := c.at(date); exists && c.on(date) && t.After(after) {
			return t
		}
	}
	return time.Time{}
}

// Last is the last moment at or before the given one.
func (c Calendar) Last(until time.Time) time.Time {
	y, m, d := until.In(c.Zone).Date()
	for i := range horizon {
		date := time.Date(y, m, d-i, 12, 0, 0, 0, time.UTC)
		if t, exists := c.at(date); exists && c.on(date) && !t.After(until) {
			return t
		}
	}
	return time.Time{}
}

// years are those that Trouble looks through: rules of time zones are known for no longer.
const firstYear, lastYear = 2026, 2037

// Trouble finds the first date on which the clock skips the time of day, or shows it twice. A schedule would leave that
// day out, or run twice. Empty: there is none.
func (c Calendar) Trouble() string {
	for date := time.Date(firstYear, 1, 1, 12, 0, 0, 0, time.UTC); date.Year() <= lastYear; date = date.AddDate(0, 0, 1) {
		if !c.on(date) {
			continue
		}
		t, exists := c.at(date)
		if !exists {
			return fmt.Sprintf("on %s there is no %02d:%02d in %s", date.Format(time.DateOnly), c.Hour, c.Minute, c.Zone)
		}
		if c.twice(t) {
			return fmt.Sprintf("on %s there are two %02d:%02d in %s", date.Format(time.DateOnly), c.Hour, c.Minute, c.Zone)
		}
	}
	return ""
}

// twice is true when the clock is set back over a moment: it shows the same time of day before and after.
func (c Calendar) twice(t time.Time) bool {
	_, here := t.Zone()
	for _, near := range []time.Duration{-3 * time.Hour, 3 * time.Hour} {
		_, there := t.Add(near).Zone()
		other := t.Add(time.Duration(here-there) * time.Second)
		if _, zone := other.Zone(); here != there && zone == there && other.Hour() == c.Hour && other.Minute() == c.Minute && other.Day() == t.Day() {
			return true
		}
	}
	return false
}

// String is the calendar for people.
func (c Calendar) String() string {
	day := "every day"
	if d, one := c.weekday(); one {
		day = "every " + d.String()
	}
	if c.DayOfMonth > 0 {
		if c.Weekday == "" {
			day = fmt.Sprintf("on day %d of the month", c.DayOfMonth)
		} else {
			day += fmt.Sprintf(" that is day %d of the month", c.DayOfMonth)
		}
	}
	return fmt.Sprintf("%02d:%02d %s (%s)", c.Hour, c.Minute, day, c.Zone)
}
