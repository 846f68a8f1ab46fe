package domain

import (
	"fmt"
	"time"
)

// OverdueAfter is how long after its due time a day that has not begun is overdue (M12).
const OverdueAfter = time.Hour

// Look is what decides where a vault's day stands. A nil amount is unknown and never taken for nothing.
type Look struct {
	Timing       Timing
	Behaviour    Behaviour
	Cursor       uint32
	Claimable    *Amount // Quote fees that an opening would claim.
	MinClaimable Amount  // Below it a day is not opened.
	Treasury     *Amount // Nothing when there is no account.
	Distributed  Amount  // Of the open day.
	Cap          *Amount // The policy's daily cap; nil is no cap or unknown.
	Flags        []SafetyFlag
	Report       *DayReport // Of the day that the chain opened last.
}

// Judge gives the one state and why. Flags come first, then a new day before the old day's figures, so that yesterday's
// end never reads as today's (D10, M19).
func (l Look) Judge() (State, string) {
	t := l.Timing
	phase := t.Phase()
	switch {
	case len(l.Flags) > 0:
		f := l.Flags[0]
		return flagState(f.Kind), fmt.Sprintf("%s by %s: %s", f.Kind, f.Actor, f.Reason)
	case phase == PhaseBackwards:
		return UnknownState, "the chain's clock is before the last opening"
	case phase == PhaseNewDay:
		return l.judgeDue()
	case phase == PhaseContinue:
		return l.judgeOpen()
	case l.Report != nil && l.Report.State == CompleteUnreconciled:
		return CompleteUnreconciled, l.Report.Reason
	case l.Report != nil && l.Report.State != Complete:
		return CompleteUnreconciled, "closed on chain, and our books of it are not: start it again to make them"
	default:
		return Complete, ""
	}
}

func (l Look) judgeDue() (State, string) {
	late := -l.Timing.UntilDue()
	switch {
	case l.Claimable != nil && *l.Claimable < max(1, l.MinClaimable):
		return NoFees, "due, and there are no fees to claim"
	case l.Timing.NeverRun():
		return NeverRun, "its first day may be opened"
	case late > OverdueAfter:
		return Overdue, fmt.Sprintf("overdue %s", late)
	default:
		return Ready, fmt.Sprintf("due for %s", late)
	}
}

func (l Look) judgeOpen() (State, string) {
	switch {
	case l.Cursor == 0 && l.Treasury != nil && *l.Treasury == 0:
		return NoFees, "the day was opened without fees and cannot complete"
	case l.Behaviour == Published && l.Capped():
		return Capped, "the daily cap is reached: this program moves its cursor no further until the next day"
	default:
		return Stuck, fmt.Sprintf("open at cursor %d with no run; lost at %s", l.Cursor, time.Unix(l.Timing.Deadline(), 0).UTC().Format(time.RFC3339))
	}
}

// Capped is true when the open day has paid its investors what the policy allows for a day (C11).
func (l Look) Capped() bool { return l.Cap != nil && *l.Cap > 0 && l.Distributed >= *l.Cap }

func flagState(k SafetyKind) State {
	switch k {
	case SafetyIsolate:
		return Isolated
	case SafetyPause:
		return Paused
	default:
		return Stopped
	}
}
