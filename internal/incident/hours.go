package incident

import "time"

// Hours are business hours in a time zone. The zero value is always open.
type Hours struct {
	Zone     *time.Location
	Days     []time.Weekday
	From, To time.Duration // Since midnight by the clock on the wall.
}

// Open is true within the hours.
func (h Hours) Open(t time.Time) bool {
	if len(h.Days) == 0 || h.Zone == nil {
		return true
	}
	from, to := h.on(t.In(h.Zone))
	return h.works(t.In(h.Zone)) && !t.Before(from) && t.Before(to)
}

// Next is t when the hours are open, else the moment at which they open next.
func (h Hours) Next(t time.Time) time.Time {
	if h.Open(t) {
		return t
	}
	day := t.In(h.Zone)
	for range 8 { // A week has them all.
		if from, _ := h.on(day); h.works(day) && !from.Before(t) {
			return from.In(t.Location())
		}
		day = time.Date(day.Year(), day.Month(), day.Day()+1, 12, 0, 0, 0, h.Zone)
	}
	return t
}

func (h Hours) works(day time.Time) bool {
	for _, d := range h.Days {
		if d == day.Weekday() {
			return true
		}
	}
	return false
}

// on gives the opening and the close of a date. They are made from the clock's hours and minutes, so that a day with
// 23 or 25 hours opens when the clock says so.
func (h Hours) on(day time.Time) (from, to time.Time) {
	at := func(d time.Duration) time.Time {
		return time.Date(day.Year(), day.Month(), day.Day(), int(d/time.Hour), int(d%time.Hour/time.Minute), 0, 0, h.Zone)
	}
	return at(h.From), at(h.To)
}
