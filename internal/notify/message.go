// Package notify tells people. A message goes to every channel that a route names, side by side, each channel with
// retries, a record and a fallback of its own: one that hangs delays no other (N05).
package notify

import (
	"context"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Kind says what a message does to the thing that its key names.
type Kind string

// Kinds of messages.
const (
	Trigger     Kind = "trigger"     // It has begun, or has become more severe.
	Update      Kind = "update"      // Something about it changed.
	Acknowledge Kind = "acknowledge" // Somebody has taken it over: paging stops everywhere.
	Resolve     Kind = "resolve"     // It is over (N10).
	Info        Kind = "info"        // Nothing is wrong: a report, a drill, a window that begins.
)

// Message is one thing to tell people, the same for all channels. Every text in it may be hostile, since names come
// from settings and errors from the network: channels escape it and cut it to their limits.
type Message struct {
	Key      string            `json:"key"` // What it is about, such as "alpha/distribution_stuck/3" or "incident/INC-20261125-001".
	Seq      int               `json:"seq"` // Rises by one with each message of a key, from 1. Key and Seq are delivered to a channel once.
	Kind     Kind              `json:"kind"`
	Severity domain.Severity   `json:"severity"`
	Title    string            `json:"title"`
	Text     string            `json:"text"` // Plain text, several lines.
	Vault    string            `json:"vault,omitempty"`
	Team     string            `json:"team,omitempty"`
	Day      domain.Day        `json:"day,omitempty"`
	Alert    string            `json:"alert,omitempty"`    // Id of the catalogue.
	Incident string            `json:"incident,omitempty"` // INC-YYYYMMDD-NNN.
	Fields   []Field           `json:"fields,omitempty"`
	Links    []Link            `json:"links,omitempty"`
	Actions  []Action          `json:"actions,omitempty"`
	At       time.Time         `json:"at"`
	Files    map[string][]byte `json:"files,omitempty"` // Attachments by name, for channels that can; reports use them.

	// Repeat is set by the dispatcher when an earlier attempt may have been taken although no reply came: a channel that
	// can looks for the message before it tells again.
	Repeat bool `json:"-"`
}

// Field is a labelled figure, in the order in which people should read it.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Link leads to a runbook, a run in the Temporal UI, a transaction in an explorer.
type Link struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// Action is a button. Its name is one of the constants; Value names what it acts on.
type Action struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Actions that people can take from where they are.
const (
	ActionAcknowledge = "acknowledge"
	ActionMute        = "mute_1h"
	ActionPause       = "pause_vault"
	ActionStop        = "stop_all"
	ActionExplain     = "explain"
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
