package domain

import "time"

// FailureKind says how a day, or a part of the system, went wrong.
type FailureKind string

// Kinds of failures. Recovered is the end of one: the day of the vault went on.
const (
	FailureFailed       FailureKind = "failed"       // The day ended without being paid.
	FailureStuck        FailureKind = "stuck"        // The day is open and waits for a cure.
	FailureUnreconciled FailureKind = "unreconciled" // Paid, and the books do not equal the chain.
	FailureLost         FailureKind = "lost"         // The day cannot be paid to its end any more.
	FailureStated       FailureKind = "stated"       // A person says so.
	FailureAlert        FailureKind = "alert"        // An alert of the watch says so; no run has failed by it yet.
	FailureRecovered    FailureKind = "recovered"
)

// Response is what the operations do by themselves about a failure (S03).
type Response string

// Responses, from least to most.
const (
	ResponseNone     Response = "none"     // It is no incident.
	ResponseStandard Response = "standard" // The day's own retries go on; the incident watches (S10).
	ResponseHigh     Response = "high"     // The vault is isolated and mended by code where that exists (S09).
	ResponseCritical Response = "critical" // Everything stops, and people are told and paged (S08).
)

// Rank orders responses from least to most.
func (r Response) Rank() int {
	switch r {
	case ResponseStandard:
		return 1
	case ResponseHigh:
		return 2
	case ResponseCritical:
		return 3
	default:
		return 0
	}
}

// Response is what the operations do by themselves at a severity.
func (s Severity) Response() Response {
	switch s {
	case SeverityCritical:
		return ResponseCritical
	case SeverityHigh:
		return ResponseHigh
	case SeverityMedium, SeverityLow:
		return ResponseStandard
	}
	return ResponseNone
}

// Recovery names what code can do about a failure (S09).
type Recovery string

// Recoveries. None means that only people can mend it.
const (
	RecoverNothing  Recovery = ""
	RecoverCursor   Recovery = "reread_cursor"     // Read the chain's cursor again and rehearse from there.
	RecoverAccounts Recovery = "recreate_accounts" // Create the token accounts that are missing.
	RecoverEndpoint Recovery = "other_endpoint"    // Judge the endpoints again and read through a usable one.
	RecoverManifest Recovery = "rebuild_manifest"  // Plan the day again from the chain.
)

// CauseStated begins the causes that people stated. A day that goes on ends none of these: it is not what
// they were about.
const CauseStated = "stated"

// Failure is one thing that went wrong, as it was reported. Key makes a report that is repeated the same report.
type Failure struct {
	Key        string      `json:"key"`
	Vault      string      `json:"vault,omitempty"` // Empty: it concerns no single vault.
	Day        Day         `json:"day,omitempty"`
	Kind       FailureKind `json:"kind"`
	Code       string      `json:"code"` // As the fault carried it, such as router/6001; empty when nobody classified it.
	Message    string      `json:"message,omitempty"`
	Severity   Severity    `json:"severity,omitempty"` // The reporter's own judgement: the incident has at least this one.
	WorkflowID string      `json:"workflow_id,omitempty"`
	RunID      string      `json:"run_id,omitempty"`
	Cursor     *uint32     `json:"cursor,omitempty"` // The page that failed; nil when it was none.
	PageSize   uint32      `json:"page_size,omitempty"`
	Signature  string      `json:"signature,omitempty"` // The newest one of the page, if there is any.
	Actor      string      `json:"actor,omitempty"`     // Who reported it by hand.
	Episode    string      `json:"episode,omitempty"`   // The alert's episode that says so.
	At         time.Time   `json:"at"`

	Cause    string `json:"cause,omitempty"`    // What it was classified as; equal causes are correlated.
	Incident string `json:"incident,omitempty"` // The incident that it belongs to.
}
