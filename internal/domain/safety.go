package domain

import "time"

// SafetyKind is what a flag forbids.
type SafetyKind string

// Kinds of flags.
const (
	SafetyStop    SafetyKind = "stop"    // Nothing is sent, for any vault or for one.
	SafetyIsolate SafetyKind = "isolate" // One vault is kept out of every run.
	SafetyPause   SafetyKind = "pause"   // One vault's run waits.
	SafetyDrill   SafetyKind = "drill"   // Forbids nothing: it takes a stop's way, so that the way can be measured.
)

// Closes is true for a flag that keeps transactions in. An unknown kind does: a newer program may have raised it.
func (k SafetyKind) Closes() bool { return k != SafetyDrill }

// SafetyFlag is one reason why nothing may be sent (P13, S11). An empty Vault means all vaults.
type SafetyFlag struct {
	Kind   SafetyKind `json:"kind"`
	Vault  string     `json:"vault,omitempty"`
	Reason string     `json:"reason"`
	Actor  string     `json:"actor"`
	At     time.Time  `json:"at"`
}

// Concerns is true when the flag holds for the vault; an empty vault asks for those of all vaults.
func (f SafetyFlag) Concerns(vault string) bool { return f.Vault == "" || f.Vault == vault }

// Names is true when two flags are one in the store: kind and vault are its key.
func (f SafetyFlag) Names(other SafetyFlag) bool {
	return f.Kind == other.Kind && f.Vault == other.Vault
}

// ByIncident is true for an isolation that an incident put up by itself. The incident mends the vault and takes it down
// again (S09); what a person raises, or a stop, only people lift.
func (f SafetyFlag) ByIncident() bool { return f.Kind == SafetyIsolate && f.Actor == Automation }

// Flight is a signature that may still land.
type Flight struct {
	Signature string      `json:"signature"`
	Vault     string      `json:"vault"`
	Day       Day         `json:"day,omitempty"`
	Key       string      `json:"key"` // What it does, such as page/40.
	State     IntentState `json:"state"`
	LastValid uint64      `json:"last_valid"` // Block height after which it cannot land.
}

// Witness is what the chain and the books say of a vault at one moment: a stop keeps it, a resume compares it.
type Witness struct {
	Vault string `json:"vault"`
	Slot  uint64 `json:"slot"`

	// The chain's progress account, terms in words, and deployment.
	LastTS   int64  `json:"last_ts"`
	Cursor   uint32 `json:"cursor"`
	Complete bool   `json:"complete"`
	Policy   string `json:"policy"`
	Program  string `json:"program"`

	// The books' last plan of the vault, if there is one.
	Planned        bool   `json:"planned"`
	Day            Day    `json:"day,omitempty"`
	Manifest       string `json:"manifest,omitempty"` // Hash.
	Corrupt        string `json:"corrupt,omitempty"`  // Why the stored plan is not what was frozen.
	PlannedPolicy  string `json:"planned_policy,omitempty"`
	PlannedProgram string `json:"planned_program,omitempty"`
	Opened         bool   `json:"opened,omitempty"`      // The chain's last opened day is this plan's.
	BooksLeast     uint32 `json:"books_least,omitempty"` // The chain's cursor cannot be before this: so far its pages are in the books.
	BooksMost      uint32 `json:"books_most,omitempty"`  // Nor behind this by our own doing: so far our signatures landed.
}
