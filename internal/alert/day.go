package alert

import (
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// markLife is how long an event's mark is looked at.
const markLife = 24 * time.Hour

func failed(c *Case) Verdict {
	b, r := c.Vault.Books, c.Vault.Run
	switch {
	case b == nil:
		return Unknown
	case r != nil && r.Live:
		return Unknown // A later run works on it; its end will tell.
	case b.Last != nil && b.Last.State == domain.Failed:
		return Firing
	case r == nil:
		return Unknown // A run that died before its report shows in Temporal only.
	default:
		return truth(diedSilently(c))
	}
}

// diedSilently is true for a run that failed without leaving a report.
func diedSilently(c *Case) bool {
	r, last := c.Vault.Run, c.Vault.Books.Last
	return r != nil && !r.Failed.IsZero() && (last == nil || last.RunID != r.RunID && r.Failed.After(last.Ended))
}

func failedDetail(c *Case) string {
	if last := c.Vault.Books.Last; last != nil && !diedSilently(c) {
		return fmt.Sprintf("The run of %s failed at %s: %s", last.Day, stamp(last.Ended), last.Reason)
	}
	return fmt.Sprintf("The run that ended at %s failed before it had a report; the Temporal UI has its error", stamp(c.Vault.Run.Failed))
}

func stuck(c *Case) Verdict {
	switch {
	case c.work != Firing:
		return c.work
	case c.Vault.Track == nil:
		return Unknown
	case idle(c) < c.Limits.Stuck:
		return Clear
	case c.held == Unknown:
		return Unknown
	default:
		return truth(c.held == Clear)
	}
}

// idle is how long the cursor has stood still, by the chain's clock: measured by ours, an outage of the endpoints would
// look like a stuck day.
func idle(c *Case) time.Duration {
	return time.Duration(c.timing.ChainNow-c.Vault.Track.Progress) * time.Second
}

func stuckDetail(c *Case) string {
	return fmt.Sprintf("The cursor has stood at %d of %s for %s. %s. The day is lost in %s.",
		c.Vault.Day.Cursor, investors(c.Vault), short(idle(c)), runWord(c.Vault.Run), short(left(c)))
}

func runWord(r *domain.RunView) string {
	switch {
	case r == nil:
		return "Whether a run is under way is unknown"
	case r.Live:
		return fmt.Sprintf("A run is under way and says %s", r.State)
	default:
		return "No run is under way"
	}
}

func overdue(c *Case) Verdict {
	v := c.Vault
	late := -c.timing.UntilDue()
	onPurpose := c.Limits.Reset.On() && v.Run != nil && v.Run.Live && v.Run.State == domain.NotDue
	if onPurpose && v.Policy != nil {
		if hold := c.Limits.Reset.Hold(c.timing, v.Policy.DailyCap); hold > 0 {
			late -= time.Duration(hold-c.timing.Due()) * time.Second // A run that sleeps past it, as one without a worker does, is late.
		}
	}
	switch {
	case c.phase != domain.PhaseNewDay || c.timing.NeverRun() || late <= c.Limits.Overdue:
		return Clear
	case onPurpose && v.Policy == nil:
		return Unknown
	case v.Fees == nil || c.held == Unknown:
		return Unknown
	default:
		return truth(c.held == Clear && v.Fees.Quote >= c.Limits.MinClaimable)
	}
}

func overdueDetail(c *Case) string {
	return fmt.Sprintf("The day was due %s ago and is not open. %s to claim. %s.", short(-c.timing.UntilDue()), c.Vault.Token.Format(c.Vault.Fees.Quote), runWord(c.Vault.Run))
}

// deadline fires also for a vault that is held: the money is lost all the same.
func deadline(within time.Duration) func(*Case) Verdict {
	return func(c *Case) Verdict {
		if c.work != Firing {
			return c.work
		}
		return truth(left(c) <= within)
	}
}

func left(c *Case) time.Duration {
	return time.Duration(c.timing.Deadline()-c.timing.ChainNow) * time.Second
}

func deadlineDetail(c *Case) string {
	return fmt.Sprintf("%s left until the open day is lost, and the cursor is at %d of %s. %s.", short(left(c)), c.Vault.Day.Cursor, investors(c.Vault), runWord(c.Vault.Run))
}

func deadlineOver(c *Case) string {
	if c.phase == domain.PhaseNewDay && !c.Vault.Day.Complete {
		return "the deadline has passed and the day is lost: see day_lost"
	}
	return "the day is complete"
}

func dayLost(c *Case) Verdict {
	if c.Vault.Track == nil {
		return Unknown
	}
	lost := c.Vault.Track.Lost
	return truth(lost != nil && c.Vault.At.Sub(lost.At) < markLife)
}

func lostDetail(c *Case) string {
	lost := c.Vault.Track.Lost
	return fmt.Sprintf("The day opened at %s ended at cursor %d of %s. Whoever was left gets nothing for it from the program.", unix(lost.LastTS), lost.Cursor, investors(c.Vault))
}

func lostMark(c *Case) string          { return fmt.Sprint(c.Vault.Track.Lost.LastTS) }
func lostMoney(c *Case) *domain.Amount { return c.Vault.Track.Lost.Owed }

func capped(c *Case) Verdict {
	switch {
	case c.Vault.Policy == nil:
		return Unknown
	case c.phase != domain.PhaseContinue && c.phase != domain.PhaseComplete:
		return Clear
	default:
		return truth(c.capped())
	}
}

func cappedDetail(c *Case) string {
	v := c.Vault
	out := fmt.Sprintf("Investors got %s, the day's cap is %s. What is above it is carried on.", v.Token.Format(v.Day.Distributed), v.Token.Format(*v.Policy.DailyCap))
	if v.Behaviour == domain.Published && !v.Day.Complete {
		out += " This program does not complete the day: the creator's part waits for the next one."
	}
	return out
}

func noFees(c *Case) Verdict {
	v := c.Vault
	switch {
	case c.timing.NeverRun():
		return Clear
	case c.phase == domain.PhaseNewDay && v.Fees == nil:
		return Unknown
	case c.phase == domain.PhaseNewDay:
		return truth(v.Fees.Quote < c.Limits.MinClaimable)
	case c.phase == domain.PhaseContinue && v.Day.Cursor == 0:
		held, known := v.Day.Treasury.Held()
		if !known {
			return Unknown
		}
		return truth(held == 0)
	default:
		return Clear
	}
}

func noFeesDetail(c *Case) string {
	if c.phase == domain.PhaseContinue {
		return "The day was opened without fees: it cannot complete, and the next one is due in " + short(left(c)) + "."
	}
	return fmt.Sprintf("A day is due, and %s can be claimed: opening it would use up its 24 hours.", c.Vault.Token.Format(c.Vault.Fees.Quote))
}
