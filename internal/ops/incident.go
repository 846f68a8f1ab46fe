package ops

import (
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Incident is the workflow type of an incident; see IncidentID.
const Incident = "Incident"

// Updates, signals and the query of Incident. Every update is checked by a validator: what the incident's state does
// not allow is refused with the reason, and changes nothing.
const (
	UpdateAcknowledge = "acknowledge" // {actor}: paging stops everywhere.
	UpdateInvestigate = "investigate" // {actor}: somebody works on it.
	UpdateAssign      = "assign"      // {actor, to}: hand over; an empty to is nobody.
	UpdateEscalate    = "escalate"    // {actor, severity, text}: without severity one more, or the ladder again.
	UpdateMitigate    = "mitigate"    // {actor, text}: the harm is stopped, and how.
	UpdateResolve     = "resolve"     // {actor, text}: what was wrong, and what was done.
	UpdateReopen      = "reopen"      // {actor, text}
	SignalNote        = "note"        // {actor, text}
	SignalLink        = "link"        // {actor, text, url}
	SignalFailure     = "failure"     // The worker's: another failure belongs to it.
	SignalRecovered   = "recovered"   // The worker's: the day of a vault went on.
	SignalAlert       = "alert"       // The worker's: what becomes of an alert that belongs to it.
	QueryIncident     = "incident"
)

// IncidentID is the id of an incident's workflow. A deployment is a task queue, and each counts its incidents by itself:
// on the usual queue the id is incident/INC-20261125-001, on another one its name follows.
func IncidentID(queue, id string) string {
	if queue == TaskQueue || queue == "" {
		return "incident/" + id
	}
	return "incident/" + id + "/" + queue
}

// IncidentInput starts Incident. The id alone is enough: the incident is then read from the store.
type IncidentInput struct {
	ID      string           `json:"id"`
	Start   *IncidentStart   `json:"start,omitempty"`
	Carried *IncidentCarried `json:"carried,omitempty"` // After continue-as-new.
}

// IncidentStart is an incident as it was opened, with what of the settings its workflow needs.
type IncidentStart struct {
	Incident     domain.Incident `json:"incident"`
	Failure      domain.Failure  `json:"failure"` // The first one.
	Respond      bool            `json:"respond"` // Act by itself; false only tells and pages.
	ReopenWindow time.Duration   `json:"reopen_window_ns"`
}

// IncidentCarried is what the next run of the workflow must know.
type IncidentCarried struct {
	IncidentStart

	Told     int                    `json:"told"`
	Room     string                 `json:"room,omitempty"`
	Begun    []domain.Response      `json:"begun,omitempty"`
	Isolated []string               `json:"isolated,omitempty"`
	Pending  []domain.TimelineEntry `json:"pending,omitempty"` // Not in the store yet.
	Unposted []domain.TimelineEntry `json:"unposted,omitempty"`
	Stopping bool                   `json:"stopping,omitempty"` // The stop has not worked yet.
	Relapses int                    `json:"relapses,omitempty"`
	Well     bool                   `json:"well,omitempty"` // The day of every affected vault goes on.
	Warned   map[string]int         `json:"warned,omitempty"`
}

// Deed is the argument of the updates and of note and link.
type Deed struct {
	Actor    string          `json:"actor"`
	Channel  string          `json:"channel,omitempty"` // cli, slack, …; temporal unless given.
	To       string          `json:"to,omitempty"`
	Severity domain.Severity `json:"severity,omitempty"`
	Text     string          `json:"text,omitempty"`
	URL      string          `json:"url,omitempty"`
}

// By is who did it and through what.
func (d Deed) By() domain.By {
	if d.Channel == "" {
		d.Channel = "temporal"
	}
	return domain.By{Actor: d.Actor, Channel: d.Channel}
}

// IncidentAnswer is the result of an update.
type IncidentAnswer struct {
	ID       string               `json:"id"`
	State    domain.IncidentState `json:"state"`
	Severity domain.Severity      `json:"severity"`
	Holder   string               `json:"holder,omitempty"` // Who has acknowledged it.
	Assignee string               `json:"assignee,omitempty"`
	Saved    bool                 `json:"saved"` // False: the store has not taken it yet; it is tried on and on.
}

// FailureSignal is what an incident hears of a failure that belongs to it.
type FailureSignal struct {
	Failure  domain.Failure  `json:"failure"`
	Severity domain.Severity `json:"severity"` // That the incident must have at least.
	Vaults   int             `json:"vaults"`   // Affected by the incident so far.
	Fleet    bool            `json:"fleet"`    // It concerns several vaults.
}

// AlertSignal is what an incident hears of an alert that belongs to it: that it is there, that somebody has taken it over,
// that it is over. Key and Seq are those of the watch's message; one that comes twice is heard once.
type AlertSignal struct {
	Key      string             `json:"key"` // Of the episode, or of the group that tells many.
	Seq      int                `json:"seq"`
	Kind     domain.MessageKind `json:"kind"`
	Text     string             `json:"text"`
	Severity domain.Severity    `json:"severity"`
	Vaults   []string           `json:"vaults,omitempty"` // The first ones that have joined the incident by it.
	Count    int                `json:"count,omitempty"`  // Affected by the incident so far.
	Fleet    bool               `json:"fleet,omitempty"`  // It concerns several vaults.
	Left     int                `json:"left,omitempty"`   // Alerts of the incident that are still open.
}

// RecoveredSignal says that the day of a vault went on.
type RecoveredSignal struct {
	Vault string `json:"vault"`
	Left  int    `json:"left"` // Vaults of the incident whose days have not.
}

// ReportResult says what became of a reported failure.
type ReportResult struct {
	Incident  string             `json:"incident,omitempty"`
	Severity  domain.Severity    `json:"severity,omitempty"`
	Opened    bool               `json:"opened,omitempty"`
	Recovered []domain.Recovered `json:"recovered,omitempty"`
}

// SaveIncidentInput is an incident with the lines of its timeline that are new. The incident comes without its timeline.
type SaveIncidentInput struct {
	Incident domain.Incident        `json:"incident"`
	Entries  []domain.TimelineEntry `json:"entries"`
}

// TellInput tells people of an incident.
type TellInput struct {
	Incident domain.Incident `json:"incident"` // Without its timeline.
	Occasion string          `json:"occasion"`
	Text     string          `json:"text"`
	Seq      int             `json:"seq"`
	To       []string        `json:"to,omitempty"`       // People; empty: whoever the channels reach.
	Channels []string        `json:"channels,omitempty"` // Empty: those that the routes choose.
}

// TellResult says which channels took it.
type TellResult struct {
	Channels []string `json:"channels"`
}

// RoomInput posts to an incident's room.
type RoomInput struct {
	Incident domain.Incident        `json:"incident"`
	Room     string                 `json:"room,omitempty"` // Empty opens it.
	Entries  []domain.TimelineEntry `json:"entries"`
	Seq      int                    `json:"seq"`
}

// RoomResult is where the room is.
type RoomResult struct {
	Room string `json:"room"`
}

// EscalationQuery asks what comes next for an incident.
type EscalationQuery struct {
	Incident domain.Incident `json:"incident"` // Without its timeline.
	Now      time.Time       `json:"now"`
}

// EscalationAnswer is the next step of the ladder.
type EscalationAnswer struct {
	Kind     string    `json:"kind"` // nothing, page, expire
	At       time.Time `json:"at"`
	To       []string  `json:"to,omitempty"`
	Channels []string  `json:"channels,omitempty"`
	Text     string    `json:"text"`
}

// GuardInput stops everything, or isolates or releases one vault, because of an incident.
type GuardInput struct {
	Incident string `json:"incident"`
	Vault    string `json:"vault,omitempty"`
	Reason   string `json:"reason"`
}

// GuardResult says how it was done.
type GuardResult struct {
	How string `json:"how"`
}

// EvidenceInput takes evidence of an incident.
type EvidenceInput struct {
	Incident domain.Incident `json:"incident"` // Without its timeline.
	Failure  domain.Failure  `json:"failure"`
}

// SecureResult says what was locked and where the snapshot lies.
type SecureResult struct {
	Hash     string          `json:"hash"` // Of the settings that stay as they are.
	Snapshot domain.Evidence `json:"snapshot"`
}

// RecoverInput asks code to mend a vault.
type RecoverInput struct {
	Incident string          `json:"incident"`
	Vault    string          `json:"vault"`
	Day      domain.Day      `json:"day,omitempty"`
	Recovery domain.Recovery `json:"recovery"`
}

// RecoverResult says whether the vault can be paid now.
type RecoverResult struct {
	Worked bool   `json:"worked"`
	Text   string `json:"text"`
}

// The activities of incidents.
var (
	ReportFailure   = Activity[domain.Failure, ReportResult]{"ReportFailure", Tell}
	LoadIncident    = Activity[string, IncidentStart]{"LoadIncident", Save}
	SaveIncident    = Activity[SaveIncidentInput, struct{}]{"SaveIncident", Save}
	FindTwin        = Activity[string, string]{"FindTwin", Read}
	TellIncident    = Activity[TellInput, TellResult]{"TellIncident", Tell}
	PostRoom        = Activity[RoomInput, RoomResult]{"PostRoom", Tell}
	NextEscalation  = Activity[EscalationQuery, EscalationAnswer]{"NextEscalation", Read}
	StopAll         = Activity[GuardInput, GuardResult]{"StopAll", Guard}
	IsolateVault    = Activity[GuardInput, GuardResult]{"IsolateVault", Guard}
	ReleaseVault    = Activity[GuardInput, GuardResult]{"ReleaseVault", Guard}
	SecureState     = Activity[EvidenceInput, SecureResult]{"SecureState", Collect}
	CollectEvidence = Activity[EvidenceInput, domain.Evidence]{"CollectEvidence", Collect}
	RecoverVault    = Activity[RecoverInput, RecoverResult]{"RecoverVault", Pay}
)
