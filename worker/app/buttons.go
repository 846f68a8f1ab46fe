package app

import (
	"sync/atomic"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/notify/slack"
)

// buttonsName is what channel_down calls the way back from Slack.
const buttonsName = "slack buttons"

// deafAfter is how long the socket may be gone before that is worth an alert: Slack itself ends connections now and then.
const deafAfter = 5 * time.Minute

// buttons is the way back from Slack, as the watch sees it: buttons that do nothing look like those that work, and are
// found out in the worst moment.
type buttons struct {
	socket atomic.Pointer[slack.Socket]
	now    Clock
}

func newButtons(now Clock) *buttons { return &buttons{now: now} }

// conditions gives one, or none where Socket Mode is off.
func (b *buttons) conditions() []domain.Condition {
	s := b.socket.Load()
	if s == nil {
		return nil
	}
	c, at, now := domain.Condition{Name: buttonsName, At: b.now().UTC()}, s.Standing(), b.now()
	switch {
	case at.Connected:
		c.OK, c.Detail = true, "connected since "+at.Since.UTC().Format(time.RFC3339)
	case at.Ended, !at.Since.IsZero() && now.Sub(at.Since) > deafAfter:
		c.Detail = "buttons and /feeops do nothing: " + at.Why
	default:
		c.Unknown, c.Detail = true, "not connected yet"
	}
	return []domain.Condition{c}
}
