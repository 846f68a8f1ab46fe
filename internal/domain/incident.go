package domain

import "time"

// IncidentState is where an incident stands (I03).
type IncidentState string

// States of an incident.
const (
	IncidentOpen          IncidentState = "open"          // Nobody has taken it yet, or the acknowledgement has expired.
	IncidentAcknowledged  IncidentState = "acknowledged"  // Somebody has taken it: paging stops.
	IncidentInvestigating IncidentState = "investigating" // Somebody works on it.
	IncidentMitigated     IncidentState = "mitigated"     // The harm is stopped; the cause may remain.
	IncidentResolved      IncidentState = "resolved"
)

// IncidentStates lists them in their order.
func IncidentStates() []IncidentState {
	return []IncidentState{IncidentOpen, IncidentAcknowledged, IncidentInvestigating, IncidentMitigated, IncidentResolved}
}

// Automation is the actor of everything that no person did. It is never an assignee (S01).
const Automation = "automation"

// By is who did something and through what: cli, temporal, slack, automation.
type By struct {
	Actor   string `json:"actor"`
	Channel string `json:"channel"`
}

// Auto is the operations themselves.
func Auto() By { return By{Actor: Automation, Channel: Automation} }

// EntryKind says what a line of the timeline tells.
type EntryKind string

// Kinds of entries.
const (
	EntryOpened      EntryKind = "opened"
	EntryState       EntryKind = "state"    // Acknowledged, investigating, mitigated, resolved, reopened, expired.
	EntrySeverity    EntryKind = "severity" // It rose.
	EntryAssigned    EntryKind = "assigned"
	EntryVault       EntryKind = "vault"    // Another vault has it, or one has recovered.
	EntryResponse    EntryKind = "response" // What the operations did by themselves, and how it ended.
	EntryPaged       EntryKind = "paged"
	EntryTold        EntryKind = "told"
	EntryEvidence    EntryKind = "evidence"
	EntryNote        EntryKind = "note"
	EntryLink        EntryKind = "link"
	EntryAlert       EntryKind = "alert" // An alert belongs to it, was taken over, or is over.
	EntryRecommended EntryKind = "next"  // What people must do now.
)

// TimelineEntry is one line of an incident's timeline. Seq rises by one from 1.
type TimelineEntry struct {
	Seq  int       `json:"seq"`
	At   time.Time `json:"at"`
	By             // Who, and through what channel.
	Kind EntryKind `json:"kind"`
	Text string    `json:"text"`
}

// IncidentLink leads to something outside.
type IncidentLink struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// IncidentRun is a workflow run that the incident is about.
type IncidentRun struct {
	Vault      string `json:"vault,omitempty"`
	WorkflowID string `json:"workflow_id"`
	RunID      string `json:"run_id,omitempty"`
}

// Evidence is the index entry of a bundle on disk. The hash is kept apart from the file, so that a change shows.
type Evidence struct {
	Incident string    `json:"incident"`
	Kind     string    `json:"kind"` // bundle or snapshot.
	Path     string    `json:"path"`
	SHA256   string    `json:"sha256"`
	Bytes    int64     `json:"bytes"`
	Unknown  []string  `json:"unknown,omitempty"` // Parts that could not be read.
	At       time.Time `json:"at"`
}

// IncidentVault is a vault that has the incident's cause.
type IncidentVault struct {
	Vault     string    `json:"vault"`
	Since     time.Time `json:"since"`
	Recovered time.Time `json:"recovered,omitzero"` // Zero: not yet.
}

// Incident is something that people must know of, with everything that was done about it (I02). Times that have not
// come are zero. EndTime is ResolvedAt.
type Incident struct {
	ID          string        `json:"id"`              // INC-YYYYMMDD-NNN, by UTC date.
	Cause       string        `json:"cause"`           // Equal causes are one incident.
	Vault       string        `json:"vault,omitempty"` // Empty: it concerns several vaults, or none.
	Code        string        `json:"code,omitempty"`  // Of the first failure.
	Title       string        `json:"title"`
	Description string        `json:"description"`
	Severity    Severity      `json:"severity"`
	State       IncidentState `json:"state"`
	Recovery    Recovery      `json:"recovery,omitempty"`
	Runbook     string        `json:"runbook,omitempty"` // Name of the file in docs/runbooks, without .md.
	Day         Day           `json:"day,omitempty"`     // Of the first failure.

	OpenedAt       time.Time `json:"opened_at"`
	AcknowledgedAt time.Time `json:"acknowledged_at,omitzero"`
	AcknowledgedBy string    `json:"acknowledged_by,omitempty"`
	MitigatedAt    time.Time `json:"mitigated_at,omitzero"`
	ResolvedAt     time.Time `json:"resolved_at,omitzero"`
	Resolution     string    `json:"resolution,omitempty"`
	Assignee       string    `json:"assignee,omitempty"`  // A person, or nobody (S01).
	Responder      string    `json:"responder,omitempty"` // automation while it acts by itself.
	NeedsHuman     bool      `json:"needs_human,omitempty"`
	AtMost         Response  `json:"at_most,omitempty"`  // While only an alert says that it is so severe: what is done by itself, at most.
	Reopened       int       `json:"reopened,omitempty"` // How often.

	LadderAt time.Time `json:"ladder_at"` // When the present run of the escalation ladder began.
	Steps    int       `json:"steps"`     // How many of its steps were taken.

	VaultCount int             `json:"vault_count"`
	Vaults     []IncidentVault `json:"vaults,omitempty"` // The first ones; VaultCount counts all.
	Runs       []IncidentRun   `json:"runs,omitempty"`
	Alerts     []string        `json:"alerts,omitempty"` // Keys of the episodes, or of their group, that say so; the store has all.
	Links      []IncidentLink  `json:"links,omitempty"`
	Evidence   []Evidence      `json:"evidence,omitempty"`
	Timeline   []TimelineEntry `json:"timeline,omitempty"`
	Seq        int             `json:"seq"` // Of the newest entry: also the version of all the above.
}

// Acknowledged is true while somebody holds the incident: paging stops everywhere.
func (i Incident) Acknowledged() bool { return !i.AcknowledgedAt.IsZero() }

// Over is true once it is resolved.
func (i Incident) Over() bool { return i.State == IncidentResolved }

// Response is what the operations do about it by themselves: what its severity asks for, and no more than was said by
// something else than an alert. Who is told and paged follows the severity alone.
func (i Incident) Response() Response {
	if r := i.Severity.Response(); i.AtMost == "" || r.Rank() < i.AtMost.Rank() {
		return r
	}
	return i.AtMost
}

// Duration is how long it lasted, or has lasted until now.
func (i Incident) Duration(now time.Time) time.Duration {
	if !i.ResolvedAt.IsZero() {
		now = i.ResolvedAt
	}
	return now.Sub(i.OpenedAt)
}
