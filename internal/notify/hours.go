package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Hours are a part of the day, on some days of the week, in one time zone. From and To count from midnight; To before
// From reaches into the next day, and equal ones are the whole day. A span belongs to the day on which it begins.
type Hours struct {
	From, To time.Duration
	Days     []time.Weekday // Empty is every day.
	Zone     *time.Location
}

// ParseHours reads "22:00", "07:00" and days such as "mon".
func ParseHours(from, to string, days []string, zone string) (Hours, error) {
	h := Hours{}
	var err error
	if h.Zone, err = time.LoadLocation(zone); err != nil {
		return h, fmt.Errorf("time zone %q: want a name such as Europe/Berlin", zone)
	}
	if h.From, err = clock(from); err != nil {
		return h, err
	}
	if h.To, err = clock(to); err != nil {
		return h, err
	}
	for _, d := range days {
		day := slices.Index(weekdays(), strings.ToLower(d))
		if day < 0 {
			return h, fmt.Errorf("day %q: want one of %s", d, strings.Join(weekdays(), ", "))
		}
		h.Days = append(h.Days, time.Weekday(day))
	}
	return h, nil
}

func weekdays() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

func clock(text string) (time.Duration, error) {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("time of day %q: want HH:MM from 00:00 to 23:59", text)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

// Contain says whether a moment lies in the hours. The clock on the wall decides, so that 22:00 stays 22:00 when the
// clocks are changed.
func (h Hours) Contain(t time.Time) bool {
	t = t.In(h.Zone)
	at := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
	switch {
	case h.From == h.To:
		return h.on(t.Weekday())
	case h.From < h.To:
		return at >= h.From && at < h.To && h.on(t.Weekday())
	case at >= h.From:
		return h.on(t.Weekday())
	default:
		return at < h.To && h.on((t.Weekday()+6)%7)
	}
}

func (h Hours) on(day time.Weekday) bool { return len(h.Days) == 0 || slices.Contains(h.Days, day) }
