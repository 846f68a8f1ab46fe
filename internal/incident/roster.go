package incident

import (
	"fmt"
	"time"
)

// Rotation is a list of people who are on call in turn, each for one shift.
type Rotation struct {
	Name   string
	Zone   *time.Location
	Start  time.Time // When the first one's first shift began.
	Shift  time.Duration
	People []string
}

// Override puts another person on call for a while.
type Override struct {
	Rotation string
	Person   string
	From, To time.Time
}

// Roster says who is on call.
type Roster struct {
	Rotations []Rotation
	Overrides []Override
}

// OnCall names the person of a rotation. Of several overrides the last one counts.
func (r Roster) OnCall(rotation string, at time.Time) (string, error) {
	for n := len(r.Overrides) - 1; n >= 0; n-- {
		if o := r.Overrides[n]; o.Rotation == rotation && !at.Before(o.From) && at.Before(o.To) {
			return o.Person, nil
		}
	}
	for _, one := range r.Rotations {
		if one.Name == rotation {
			return one.onCall(at)
		}
	}
	return "", fmt.Errorf("there is no rotation %q", rotation)
}

func (r Rotation) onCall(at time.Time) (string, error) {
	if len(r.People) == 0 || r.Shift <= 0 {
		return "", fmt.Errorf("rotation %q has nobody", r.Name)
	}
	n := r.shift(at) % len(r.People)
	if n < 0 {
		n += len(r.People)
	}
	return r.People[n], nil
}

const day = 24 * time.Hour

// shift counts shifts since the start. Shifts of whole days change hands at the same time by the clock on the wall, so
// that summer time moves nobody's hand-over into the night.
func (r Rotation) shift(at time.Time) int {
	n := int(at.Sub(r.Start) / r.Shift)
	begin := func(n int) time.Time { return r.Start.Add(time.Duration(n) * r.Shift) }
	if r.Shift%day == 0 && r.Zone != nil {
		begin = func(n int) time.Time { return r.Start.In(r.Zone).AddDate(0, 0, n*int(r.Shift/day)) }
	}
	for begin(n).After(at) {
		n--
	}
	for !begin(n + 1).After(at) {
		n++
	}
	return n
}
