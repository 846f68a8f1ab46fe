// Package notify tells people. A message goes to every channel that a route names, side by side, each channel with
// retries, a record and a fallback of its own: one that hangs delays no other (N05).
package notify

import (
	"context"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Message is one thing to tell people, the same for all channels. It is domain's, so that workflows can carry what channels
// deliver: Message(m) and domain.Message(m) turn one into the other. Every text in it may be hostile.
type Message domain.Message

// The parts of a message, by the names by which channels know them.
type (
	// Kind says what a message does to the thing that its key names.
	Kind = domain.MessageKind
	// Field is a labelled figure.
	Field = domain.MessageField
	// Link leads to a runbook, a run in the Temporal UI, a transaction in an explorer.
	Link = domain.MessageLink
	// Action is a button.
	Action = domain.MessageAction
)

// Kinds of messages.
const (
	Trigger     = domain.MessageTrigger
	Update      = domain.MessageUpdate
	Acknowledge = domain.MessageAcknowledge
	Resolve     = domain.MessageResolve
	Info        = domain.MessageInfo
	Change      = domain.MessageChange
)

// wakesNobody is true for what is said when nothing is wrong.
func (m Message) wakesNobody() bool { return m.Kind == Info || m.Kind == Change }

// Actions that people can take from where they are.
const (
	ActionAcknowledge = domain.ActionAcknowledge
	ActionMute        = domain.ActionMute
	ActionPause       = domain.ActionPause
	ActionStop        = domain.ActionStop
	ActionExplain     = domain.ActionExplain
)

// Ref is where a channel keeps a key's messages, so that it can edit or thread them: a Slack channel and timestamp, a
// Discord message id, a PagerDuty dedup key. Its form is the channel's own; empty before the first delivery.
type Ref string

// Channel delivers messages to one place. Errors carry a fault kind: Retry with After for rate limits and outages,
// Unknown when the other side may have taken it, Human for what only people can mend (a revoked token, a refused
// address). Deliver must tolerate being called again with a message that was delivered before its record was kept.
type Channel interface {
	Name() string
	Deliver(ctx context.Context, m Message, before Ref) (Ref, error)
}

// Room is a place that is opened for one incident (I08): a Slack channel or thread, a Discord thread.
type Room struct {
	Key    string   `json:"key"`  // As Message.Key of the incident.
	Name   string   `json:"name"` // Such as inc-20261125-001-alpha.
	Topic  string   `json:"topic"`
	Invite []string `json:"invite,omitempty"` // Operators by name; the channel knows their accounts.
	Pins   []Link   `json:"pins,omitempty"`
}

// Rooms opens and keeps rooms. All calls may be repeated.
type Rooms interface {
	Open(ctx context.Context, r Room) (Ref, error)
	Post(ctx context.Context, room Ref, m Message) error
	Describe(ctx context.Context, room Ref, topic string) error
}
