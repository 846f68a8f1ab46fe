package domain

import "time"

// MessageKind says what a message does to the thing that its key names.
type MessageKind string

// Kinds of messages.
const (
	MessageTrigger     MessageKind = "trigger"     // It has begun, or has become more severe.
	MessageUpdate      MessageKind = "update"      // Something about it changed, or it still goes on.
	MessageAcknowledge MessageKind = "acknowledge" // Somebody has taken it over: paging stops everywhere.
	MessageResolve     MessageKind = "resolve"     // It is over (N10).
	MessageInfo        MessageKind = "info"        // Nothing is wrong: a report, a window that begins.
	MessageChange      MessageKind = "change"      // Nothing is wrong, and what people look at may be of it: a deploy, a drill that went well.
)

// Message is one thing to tell people, the same for all channels. Every text in it may be hostile, since names come
// from settings and errors from the network: channels escape it and cut it to their limits.
type Message struct {
	Key      string            `json:"key"` // What it is about, such as "alpha/distribution_stuck/3" or "incident/INC-20261125-001".
	Seq      int               `json:"seq"` // Rises by one with each message of a key, from 1. Key and Seq are delivered to a channel once.
	Kind     MessageKind       `json:"kind"`
	Severity Severity          `json:"severity"`
	Title    string            `json:"title"`
	Text     string            `json:"text"` // Plain text, several lines.
	Vault    string            `json:"vault,omitempty"`
	Team     string            `json:"team,omitempty"`
	Day      Day               `json:"day,omitempty"`
	Alert    string            `json:"alert,omitempty"`    // Id of the catalogue.
	Incident string            `json:"incident,omitempty"` // INC-YYYYMMDD-NNN.
	Opens    bool              `json:"opens,omitempty"`    // An incident takes it and tells people; channels get it only when none can be opened.
	Quiet    bool              `json:"quiet,omitempty"`    // For the incident alone: no channel has ever had a message of this key.
	Fields   []MessageField    `json:"fields,omitempty"`
	Links    []MessageLink     `json:"links,omitempty"`
	Actions  []MessageAction   `json:"actions,omitempty"`
	At       time.Time         `json:"at"`
	Files    map[string][]byte `json:"files,omitempty"` // Attachments by name, for channels that can.

	// Attach names saved reports by their file names. Whoever tells the message reads them from the directory of reports
	// into Files, so that no history carries them.
	Attach []string `json:"attach,omitempty"`
	// Lacks says why files that Attach names could not be read where the message was told.
	Lacks string `json:"-"`

	// Repeat is set by the dispatcher when an earlier attempt may have been taken although no reply came: a channel that
	// can looks for the message before it tells again.
	Repeat bool `json:"-"`
}

// MessageField is a labelled figure, in the order in which people should read it.
type MessageField struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// MessageLink leads to a runbook, a run in the Temporal UI, a transaction in an explorer.
type MessageLink struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// MessageAction is a button. Its name is one of the constants; Value names what it acts on.
type MessageAction struct {
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
