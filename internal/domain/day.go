// Package domain holds the words of the operations: money, day, page, manifest, outcome, state.
// It imports the standard library only and does no I/O; a clock is always an argument.
package domain

import (
	"fmt"
	"time"
)

// DaySeconds is the length of the program's gate between two openings (C04).
const DaySeconds int64 = 86_400

// Day names one on-chain day of a vault: the UTC date on which it was due or, for the first day ever, planned.
// Openings are at least 86,400 s apart and a day's date is never after its opening's date, so no two days
// of a vault share a name.
type Day string

// DayOf names the day that chain time ts (unix seconds) falls on.
func DayOf(ts int64) Day { return Day(time.Unix(ts, 0).UTC().Format(time.DateOnly)) }

// ParseDay reads YYYY-MM-DD.
func ParseDay(s string) (Day, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", fmt.Errorf("day %q: want YYYY-MM-DD (UTC)", s)
	}
	return Day(s), nil
}

// Since counts the days from earlier to d; negative when d is the earlier one.
func (d Day) Since(earlier Day) (int, error) {
	var at [2]time.Time
	for i, day := range []Day{earlier, d} {
		t, err := time.Parse(time.DateOnly, string(day))
		if err != nil {
			return 0, fmt.Errorf("day %q: want YYYY-MM-DD (UTC)", day)
		}
		at[i] = t
	}
	return int(at[1].Sub(at[0]) / (24 * time.Hour)), nil
}

// Phase is what the program would do with a call now (CHAIN.md §1, Timing).
type Phase string

// Phases of a vault's day.
const (
	PhaseNewDay    Phase = "new_day"   // A call at cursor 0 opens a day.
	PhaseContinue  Phase = "continue"  // The open day still has pages to turn.
	PhaseComplete  Phase = "complete"  // The day is closed and the next is not due: 6020.
	PhaseBackwards Phase = "backwards" // The chain clock lies before the last opening: 6002.
)

// Timing is a vault's place in its day, judged by the chain's clock alone (P02).
type Timing struct {
	ChainNow int64 `json:"chain_now"` // Unix seconds of the chain's clock.
	LastTS   int64 `json:"last_ts"`   // The last opening; 0 means never.
	Complete bool  `json:"complete"`
}

// NeverRun is true before the first opening ever (D12).
func (t Timing) NeverRun() bool { return t.LastTS == 0 }

// Due is the first second at which a new day may open; 0 for a vault that never ran: it is due at once.
func (t Timing) Due() int64 {
	if t.NeverRun() {
		return 0
	}
	return t.LastTS + DaySeconds
}

// Deadline is the second at which the open day is lost (C06). It equals the next due time; 0 when no day is open.
func (t Timing) Deadline() int64 {
	if t.NeverRun() || t.Complete {
		return 0
	}
	return t.LastTS + DaySeconds
}

// UntilDue is signed: negative once the day is overdue (C20). A vault that never ran is due now, not 54 years late.
func (t Timing) UntilDue() time.Duration {
	if t.NeverRun() {
		return 0
	}
	return time.Duration(t.Due()-t.ChainNow) * time.Second
}

// Phase mirrors the order of the program's own checks: a new day comes before everything else.
func (t Timing) Phase() Phase {
	switch {
	case t.NeverRun() || t.ChainNow >= t.Due():
		return PhaseNewDay
	case t.ChainNow < t.LastTS:
		return PhaseBackwards
	case !t.Complete:
		return PhaseContinue
	default:
		return PhaseComplete
	}
}

// Day names the day that a run at this moment pays: the open one, or the one that is due.
func (t Timing) Day() Day {
	if !t.NeverRun() && t.Phase() != PhaseNewDay {
		return DayOf(t.LastTS)
	}
	return DayOf(t.ChainNow)
}
