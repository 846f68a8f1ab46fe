package domain

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// MuteKind is why something is not told.
type MuteKind string

// Kinds of mutes.
const (
	MuteAlerts      MuteKind = "mute"
	MuteMaintenance MuteKind = "maintenance"
)

const (
	// MutePrefix begins every mute's id: no episode's key does, and both are keys of messages.
	MutePrefix = "mute/"

	mostID     = 100
	mostReason = 500
)

// Mute keeps alerts from being told, never from being recorded, for a time that always ends (N09). Empty Vault and
// Alert mean all. Critical ones are told in spite of it, unless it names the alert or says Critical.
type Mute struct {
	ID       string    `json:"id"`
	Kind     MuteKind  `json:"kind"`
	Vault    string    `json:"vault,omitempty"`
	Alert    string    `json:"alert,omitempty"`
	Critical bool      `json:"critical,omitempty"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
	Reason   string    `json:"reason"`
	Actor    string    `json:"actor"`

	Began  bool      `json:"began,omitempty"` // Its beginning was announced.
	Ended  bool      `json:"ended,omitempty"` // So was its end: it is over.
	Seq    int       `json:"seq,omitempty"`
	Unsent []Message `json:"unsent,omitempty"`
}

// ErrMute means that a mute cannot be taken as it is.
var ErrMute = errors.New("the mute is refused")

// Check says what is wrong with a mute. longest bounds its length: nothing is silenced for good.
func (m Mute) Check(now time.Time, longest time.Duration) error {
	switch {
	case !strings.HasPrefix(m.ID, MutePrefix) || len(m.ID) > mostID:
		return fmt.Errorf("%w: its id must begin with %s and have at most %d letters", ErrMute, MutePrefix, mostID)
	case m.Kind != MuteAlerts && m.Kind != MuteMaintenance:
		return fmt.Errorf("%w: kind %q, want %s or %s", ErrMute, m.Kind, MuteAlerts, MuteMaintenance)
	case m.Reason == "" || m.Actor == "" || len(m.Reason) > mostReason || len(m.Actor) > mostID:
		return fmt.Errorf("%w: a reason and who asks are needed, in at most %d and %d letters", ErrMute, mostReason, mostID)
	case !m.Until.After(m.From):
		return fmt.Errorf("%w: it ends at %s and begins at %s", ErrMute, m.Until.Format(time.RFC3339), m.From.Format(time.RFC3339))
	case m.Until.Sub(m.From) > longest:
		return fmt.Errorf("%w: it lasts %s, the longest is %s (monitor.max_mute)", ErrMute, m.Until.Sub(m.From), longest)
	case !m.Until.After(now):
		return fmt.Errorf("%w: it ended at %s", ErrMute, m.Until.Format(time.RFC3339))
	}
	return nil
}

// Holds is true while the mute is in force.
func (m Mute) Holds(now time.Time) bool {
	return !m.Ended && !now.Before(m.From) && now.Before(m.Until)
}

// Covers says whether the mute keeps an episode from being told. A group is covered by its alert and, since it concerns
// many vaults, by no single vault's mute.
func (m Mute) Covers(e Episode) bool {
	switch {
	case m.Vault != "" && m.Vault != e.Vault:
		return false
	case m.Alert != "" && m.Alert != e.Alert:
		return false
	default:
		return e.Severity != SeverityCritical || m.Critical || m.Alert != ""
	}
}
