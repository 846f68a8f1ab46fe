package domain

import (
	"fmt"
	"time"
)

// EpisodeState is where an alert's episode stands.
type EpisodeState string

// States of an episode. The only ways are open → acknowledged → resolved and open → resolved; a rise of severity opens
// an acknowledged one again, because what was taken over was something less severe.
const (
	EpisodeOpen         EpisodeState = "open"
	EpisodeAcknowledged EpisodeState = "acknowledged"
	EpisodeResolved     EpisodeState = "resolved"
)

// Episode is one time that an alert held for one subject: from the moment its condition had held long enough until it
// has been gone long enough, or for an event until somebody took it over.
type Episode struct {
	Key     string `json:"key"`             // subject/alert/number, the key of its messages.
	Alert   string `json:"alert"`           // Id of the catalogue.
	Subject string `json:"subject"`         // A vault, a channel, a signer, or "fleet".
	Vault   string `json:"vault,omitempty"` // Empty when it concerns no single vault.
	Number  int    `json:"number"`          // From 1, by alert and subject.
	Cause   string `json:"cause,omitempty"` // What many vaults may have in common: they are told in one message.
	Mark    string `json:"mark,omitempty"`  // Names an event: one event opens one episode.

	State      EpisodeState `json:"state"`
	Severity   Severity     `json:"severity"`
	Opened     time.Time    `json:"opened"`
	Changed    time.Time    `json:"changed"`
	Clear      time.Time    `json:"clear,omitzero"` // Since when it has been seen gone; zero while it holds or is unknown.
	Acked      time.Time    `json:"acked,omitzero"`
	AckedBy    string       `json:"acked_by,omitempty"`
	Resolved   time.Time    `json:"resolved,omitzero"`
	Resolution string       `json:"resolution,omitempty"`
	Flapping   int          `json:"flapping,omitempty"` // How often it opened in the flap window, when that is too often.

	Detail  string  `json:"detail"`  // What was seen, with figures.
	AtRisk  *Amount `json:"at_risk"` // Base units of Token that wait or may be lost; null is unknown or none.
	Token   Token   `json:"token,omitzero"`
	Next    string  `json:"next,omitempty"` // The next safe command.
	Runbook string  `json:"runbook,omitempty"`
	Day     Day     `json:"day,omitempty"`
	Muted   string  `json:"muted,omitempty"` // The mute that keeps it from being told now.
	Group   string  `json:"group,omitempty"` // Key of the group that tells it.
	// Incident is the one that it opened or belongs to. People are told by the incident then, and Heard says that channels
	// had been told of the episode before.
	Incident string `json:"incident,omitempty"`
	Heard    bool   `json:"heard,omitempty"`
	Members  *Group `json:"members,omitzero"` // Of a group only.

	Seq    int       `json:"seq"`               // Messages made so far.
	Unsent []Message `json:"unsent,omitempty"`  // Made and not known to be delivered, oldest first.
	ToldAs Severity  `json:"told_as,omitempty"` // The severity of the newest trigger.
	Told   time.Time `json:"told,omitzero"`     // When a trigger or a reminder was delivered last (M14).
	Times  int       `json:"times,omitempty"`   // How many were delivered.
}

// Group counts the episodes that are told in one message.
type Group struct {
	Joined int `json:"joined"` // All that ever joined.
	Told   int `json:"told"`   // How many of them the delivered messages have counted.
}

// Active is true until the episode is resolved.
func (e Episode) Active() bool { return e.State != EpisodeResolved }

// IsGroup is true for the episode of a group: it stands for others.
func (e Episode) IsGroup() bool { return e.Members != nil }

// EpisodeKey names an episode.
func EpisodeKey(subject, alert string, number int) string {
	return fmt.Sprintf("%s/%s/%d", subject, alert, number)
}

// Delivered stamps a message that has reached its channels.
type Delivered struct {
	Key string    `json:"key"`
	Seq int       `json:"seq"`
	At  time.Time `json:"at"`

	Incident string            `json:"incident,omitempty"` // The one that took it, in place of channels.
	Apart    map[string]string `json:"apart,omitempty"`    // By episode: those of a group that another incident took.
}

// AlertOrder is what a person asks of the watch. Exactly one of the first three is set.
type AlertOrder struct {
	Acknowledge string    `json:"acknowledge,omitempty"` // Key of an episode.
	Mute        *Mute     `json:"mute,omitempty"`
	Unmute      string    `json:"unmute,omitempty"` // Id of a mute.
	Actor       string    `json:"actor"`
	At          time.Time `json:"at"`
}

// AlertEvent is a line of the record of what the watch did and what was done to it (M15). It is written whether or not
// anybody was told.
type AlertEvent struct {
	At       time.Time `json:"at"`
	Episode  string    `json:"episode"` // Or the id of a mute.
	Kind     EventKind `json:"kind"`
	Alert    string    `json:"alert,omitempty"`
	Vault    string    `json:"vault,omitempty"`
	Severity Severity  `json:"severity,omitempty"`
	Actor    string    `json:"actor,omitempty"`
	Detail   string    `json:"detail,omitempty"`
}

// EventKind says what happened.
type EventKind string

// Kinds of events.
const (
	EventOpened       EventKind = "opened"
	EventRaised       EventKind = "raised" // More severe than before.
	EventTold         EventKind = "told"   // A message was delivered.
	EventSuppressed   EventKind = "suppressed"
	EventJoined       EventKind = "joined"   // It is told in a group's message.
	EventIncident     EventKind = "incident" // It opened an incident, or belongs to one.
	EventAcknowledged EventKind = "acknowledged"
	EventResolved     EventKind = "resolved"
	EventMuted        EventKind = "muted"
	EventMuteBegan    EventKind = "mute_began"
	EventMuteEnded    EventKind = "mute_ended"
	EventRefused      EventKind = "refused" // An order that was not followed.
)
