package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
)

// specText is a calendar in short: the usual ones read as people say them, any other lists its ranges.
func specText(s client.ScheduleSpec) string {
	var out []string
	for _, c := range s.Calendars {
		out = append(out, calendarText(c))
	}
	for _, i := range s.Intervals {
		out = append(out, fmt.Sprintf("every %s offset %s", i.Every, i.Offset))
	}
	out = append(out, s.CronExpressions...)
	for _, c := range s.Skip {
		out = append(out, "not "+calendarText(c))
	}
	if len(out) == 0 {
		return "never"
	}
	return strings.Join(out, "; ")
}

func calendarText(c client.ScheduleCalendarSpec) string {
	month, year := rangesText(c.Month), rangesText(c.Year)
	at := fmt.Sprintf("%s:%s", rangesText(c.Hour), rangesText(c.Minute))
	if h, ok := single(c.Hour); ok {
		if m, ok := single(c.Minute); ok {
			at = fmt.Sprintf("%02d:%02d", h, m)
		}
	}
	if s, ok := single(c.Second); !ok || s != 0 {
		at += ":" + rangesText(c.Second)
	}
	if days := rangesText(c.DayOfWeek); days != "0-6" {
		if n, ok := single(c.DayOfWeek); ok {
			days = time.Weekday(n % 7).String()
		}
		at += " on " + days
	}
	if days := rangesText(c.DayOfMonth); days != "1-31" {
		at += " on day " + days
	}
	if month != "1-12" {
		at += " in month " + month
	}
	if year != "" {
		at += " in " + year
	}
	return at
}

func single(list []client.ScheduleRange) (int, bool) {
	if len(list) != 1 {
		return 0, false
	}
	r := normal(list[0])
	return r.Start, r.Start == r.End
}

// normal spells out what a range leaves to its defaults: the server gives some of it back, and some not.
func normal(r client.ScheduleRange) client.ScheduleRange {
	r.End, r.Step = max(r.Start, r.End), max(r.Step, 1)
	return r
}

func rangesText(list []client.ScheduleRange) string {
	var out []string
	for _, r := range list {
		r = normal(r)
		text := fmt.Sprint(r.Start)
		if r.End > r.Start {
			text += fmt.Sprintf("-%d", r.End)
		}
		if r.Step > 1 {
			text += fmt.Sprintf("/%d", r.Step)
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return strings.Join(out, ",")
}

// boundsText names a begin and an end, which the settings never set.
func boundsText(s client.ScheduleSpec) string {
	if s.StartAt.Unix() <= 0 && s.EndAt.Unix() <= 0 {
		return "none"
	}
	return fmt.Sprintf("from %s to %s", s.StartAt, s.EndAt)
}
