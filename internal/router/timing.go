package router

import "math"

// DaySeconds is the length of the distribution window on the chain's clock.
const DaySeconds = 86_400

// Timing is what the program would do with a call at a given chain time (CHAIN.md §1, rows C04–C06).
type Timing uint8

// The four answers. NewDay resets the cursor before the cursor guard looks at it, so a page 0 sent for the old day
// opens the next one.
const (
	NewDay Timing = iota + 1
	ContinueSameDay
	Complete       // The call fails with 6020.
	ClockBackwards // The call fails with 6002.
)

// String names the answer in snake case.
func (t Timing) String() string {
	switch t {
	case NewDay:
		return "new_day"
	case ContinueSameDay:
		return "continue_same_day"
	case Complete:
		return "complete"
	case ClockBackwards:
		return "clock_backwards"
	}
	return "unknown"
}

// Err is the program's refusal as a Code, or nil when the call may run.
func (t Timing) Err() error {
	switch t {
	case Complete:
		return CodeDayAlreadyComplete
	case ClockBackwards:
		return CodeCooldownNotElapsed
	}
	return nil
}

// Timing judges a call at chain time now (unix seconds).
func (p Progress) Timing(now int64) Timing {
	switch {
	case p.LastDistributionTS == 0 || now >= p.Due():
		return NewDay
	case now < p.LastDistributionTS:
		return ClockBackwards
	case p.DayComplete:
		return Complete
	default:
		return ContinueSameDay
	}
}

// Due is the first chain time (unix seconds) at which a new day can be opened; 0 when the vault has never run, because
// it may then be opened at once.
func (p Progress) Due() int64 {
	if p.LastDistributionTS == 0 {
		return 0
	}
	if p.LastDistributionTS > math.MaxInt64-DaySeconds {
		return math.MaxInt64
	}
	return p.LastDistributionTS + DaySeconds
}

// Deadline is the chain time (unix seconds) at which an open day is lost: from then on the next call starts a new day
// and drops the unpaid investors (row C06). It is 0 when no day is open, that is never run or already complete.
func (p Progress) Deadline() int64 {
	if p.DayComplete {
		return 0
	}
	return p.Due()
}

// StartDay is the account after the program's timing step on a new day; dust stays.
func (p Progress) StartDay(now int64) Progress {
	p.LastDistributionTS, p.CurrentDayDistributed, p.PaginationCursor, p.DayComplete = now, 0, 0, false
	return p
}

// Guard is the program's cursor check, run after the timing step. noop means that the call succeeds and does nothing;
// err is 6005 when the requested cursor is ahead of the chain's. A nil cursor always runs (row C07).
func (p Progress) Guard(cursor *uint32) (noop bool, err error) {
	switch {
	case cursor == nil || *cursor == p.PaginationCursor:
		return false, nil
	case *cursor < p.PaginationCursor:
		return true, nil
	default:
		return false, CodeInvalidPaginationCursor
	}
}

// CheckPageSize refuses a page outside 1–50 with 6005 (row C08).
func CheckPageSize(size uint32) error {
	if size == 0 || size > MaxPageSize {
		return CodeInvalidPaginationCursor
	}
	return nil
}
