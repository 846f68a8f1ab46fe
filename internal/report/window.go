// Package report writes what the operations did and how they stand: the morning's health, the day, the week, the month, an
// investor's statement. It reads books and chain through interfaces and knows no Temporal.
//
// A report says its window, its sources and how far they reach. What could not be read is unknown, what nobody looked at
// is not assessed, and where there are no figures it says so: nothing of these is ever 0 or "ok" (DESIGN.md §1.8).
package report

import (
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Window is a stretch of chain time under the name that people give it.
type Window struct {
	Name    string    `json:"name"` // 2026-11-23, 2026-11, or such as 168 h to 2026-11-23 20:00.
	From    time.Time `json:"from"`
	To      time.Time `json:"to"` // Not included.
	Zone    string    `json:"time_zone"`
	Seen    time.Time `json:"seen_until"` // How far it could be seen when the report was made.
	Partial bool      `json:"partial"`    // It was not over then.

	loc *time.Location
}

// NewWindow makes a window of any two moments.
func NewWindow(name string, from, to, now time.Time, loc *time.Location) Window {
	w := Window{Name: name, From: from.In(loc), To: to.In(loc), Zone: loc.String(), Seen: to.In(loc), loc: loc}
	if now.Before(to) {
		w.Partial, w.Seen = true, now.In(loc)
	}
	return w
}

// DayWindow is a calendar date in a time zone, from midnight to midnight: 23 or 25 hours where the clock is set (E05).
func DayWindow(date domain.Day, now time.Time, loc *time.Location) (Window, error) {
	at, err := time.Parse(time.DateOnly, string(date))
	if err != nil {
		return Window{}, fmt.Errorf("date %q: want YYYY-MM-DD", date)
	}
	y, m, d := at.Date()
	return NewWindow(string(date), midnight(y, m, d, loc), midnight(y, m, d+1, loc), now, loc), nil
}

// MonthWindow is a calendar month in a time zone.
func MonthWindow(year int, month time.Month, now time.Time, loc *time.Location) Window {
	name := fmt.Sprintf("%04d-%02d", year, month)
	return NewWindow(name, midnight(year, month, 1, loc), midnight(year, month+1, 1, loc), now, loc)
}

// PreviousMonth is the last full month before now: on the 1st it is the month that ended last night (O05).
func PreviousMonth(now time.Time, loc *time.Location) Window {
	y, m, _ := now.In(loc).Date()
	first := time.Date(y, m-1, 1, 0, 0, 0, 0, time.UTC)
	return MonthWindow(first.Year(), first.Month(), now, loc)
}

// Before is the window of the same kind that ends where this one begins: the month before a month, else equally long.
func (w Window) Before() Window {
	if at, err := time.Parse("2006-01", w.Name); err == nil {
		at = at.AddDate(0, -1, 0)
		return MonthWindow(at.Year(), at.Month(), w.From, w.loc)
	}
	from := w.From.Add(-w.To.Sub(w.From))
	return NewWindow("before "+w.Name, from, w.From, w.From, w.loc)
}

// midnight is the first moment of a date. Where the clock is set at midnight itself, a date may begin at 01:00, or have
// two midnights, of which the first counts; so dates always follow each other without gap.
func midnight(y int, m time.Month, d int, loc *time.Location) time.Time {
	y, m, d = time.Date(y, m, d, 12, 0, 0, 0, time.UTC).Date()
	at := time.Date(y, m, d, 0, 0, 0, 0, loc)
	if at.Day() != d { // Midnight was skipped, and Go took the hour before.
		_, end := at.ZoneBounds()
		return end
	}
	begin, _ := at.ZoneBounds()
	_, now := at.Zone()
	_, was := begin.Add(-1).In(loc).Zone()
	if earlier := at.Add(-time.Duration(was-now) * time.Second); was > now && !earlier.After(begin) && earlier.Day() == d && earlier.Before(begin) {
		return earlier
	}
	return at
}

// Days are the names of the days that may have been opened within the window. A day is named when it is planned, and may
// be opened on the date after.
func (w Window) Days() (first, last domain.Day) {
	return domain.DayOf(w.From.Add(-24 * time.Hour).Unix()), domain.DayOf(w.To.Add(24 * time.Hour).Unix())
}

// Holds says whether a day belongs to the window: by the chain's time of its opening, or by its name when it was not
// opened.
func (w Window) Holds(b domain.BookedDay) bool {
	if b.Opened != nil {
		return w.HoldsTime(*b.Opened)
	}
	first, last := w.From.In(w.loc).Format(time.DateOnly), w.To.Add(-1).In(w.loc).Format(time.DateOnly)
	return string(b.Day) >= first && string(b.Day) <= last
}

// HoldsTime says whether a moment of the chain, in unix seconds, lies within the window.
func (w Window) HoldsTime(unix int64) bool {
	at := time.Unix(unix, 0)
	return !at.Before(w.From) && at.Before(w.To)
}

// String is the window for the head of a report, with its time zone (E05).
func (w Window) String() string {
	const minute = "2006-01-02 15:04 -0700"
	text := fmt.Sprintf("%s: %s to %s (%s)", w.Name, w.From.Format(minute), w.To.Format(minute), w.Zone)
	if w.Partial {
		text += ", not over: seen until " + w.Seen.Format(minute)
	}
	return text
}
