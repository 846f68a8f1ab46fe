package domain

import "time"

// SafetyKind is what a flag forbids.
type SafetyKind string

// Kinds of flags.
const (
	SafetyStop    SafetyKind = "stop"    // Nothing is sent, for any vault or for one.
	SafetyIsolate SafetyKind = "isolate" // One vault is kept out of every run.
	SafetyPause   SafetyKind = "pause"   // One vault's run waits.
)

// SafetyFlag is one reason why nothing may be sent (P13, S11). An empty Vault means all vaults.
type SafetyFlag struct {
	Kind   SafetyKind `json:"kind"`
	Vault  string     `json:"vault,omitempty"`
	Reason string     `json:"reason"`
	Actor  string     `json:"actor"`
	At     time.Time  `json:"at"`
}
