package domain

import (
	"fmt"
	"time"
)

// DriftReset is the policy by which a vault that has drifted away from a wanted time of day waits on purpose. Each day of a
// vault is due 24 hours after its last opening, so it only ever drifts later; waiting is the one way back. The zero value
// is none.
type DriftReset struct {
	At    Calendar
	After time.Duration // A day that is due up to so long after the wanted time is left as it is.
}

// On is true when there is one.
func (r DriftReset) On() bool { return r.After > 0 }

// Hold is the second until which a vault waits, later than its due time, or 0 when it does not. It never waits while a day
// is open, because that has a deadline (C06), nor before its first day, nor under a daily cap: what accrues while it waits
// would press on one cap, and what a cap leaves over waits for days.
func (r DriftReset) Hold(t Timing, dailyCap *Amount) int64 {
	if !r.On() || t.NeverRun() || !t.Complete || dailyCap != nil && *dailyCap > 0 {
		return 0
	}
	due := time.Unix(t.Due(), 0)
	if last := r.At.Last(due); !last.IsZero() && due.Sub(last) <= r.After {
		return 0
	}
	return r.At.Next(due).Unix()
}

// Text says what a hold costs.
func (r DriftReset) Text(t Timing, hold int64) string {
	return fmt.Sprintf("due at %s; by distribution.drift_reset it waits on purpose until %s, %s longer",
		time.Unix(t.Due(), 0).UTC().Format(time.RFC3339), time.Unix(hold, 0).In(r.At.Zone).Format("2006-01-02 15:04 MST"), time.Duration(hold-t.Due())*time.Second)
}
