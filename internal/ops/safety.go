package ops

import (
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

// SafetySwitch is the entity that stops and, with two people, lets go on again.
const SafetySwitch = "SafetySwitch"

// StopDrill measures how fast a stop would be.
const StopDrill = "StopDrill"

// Signals, updates and queries of SafetySwitch. Payloads are in docs/emergency.md.
const (
	SignalEmergencyStop = "emergency-stop" // {scope: all|vault, vault, reason, actor}. What cannot be read stops everything.
	SignalIsolate       = "isolate-vault"  // {vault, reason, actor}
	SignalLook          = "look"           // No payload: read flags, operators and vaults again.
	SignalDrill         = "drill"          // {id}: raise a flag that forbids nothing, in the way of a stop.

	UpdateRequestResume = "request-resume" // safety.Ask → ResumeAnswer
	UpdateApproveResume = "approve-resume" // operator.Approval → ResumeAnswer
	UpdateReleaseVault  = "release-vault"  // safety.Back → ReleaseAnswer

	QueryState  = "state"
	QueryResult = "result"
)

// SwitchID is the id of a deployment's switch. A deployment is a task queue: two of them in one namespace must not stop
// each other. The usual queue has the plain name, which operators type.
func SwitchID(queue string) string { return idOf("safety-switch", queue) }

// DrillSchedule is the id of the schedule of StopDrill.
func DrillSchedule(queue string) string { return idOf("stop-drill", queue) }

func idOf(name, queue string) string {
	if queue == TaskQueue || queue == "" {
		return name
	}
	return name + "/" + queue
}

// SafetyQueue is the task queue of the switch. It has its own pollers in every worker, so that a thousand runs in the other
// one cannot keep a stop waiting.
func SafetyQueue(queue string) string { return queue + "-safety" }

// SwitchInput starts SafetySwitch. A new switch has no state; it reads the store.
type SwitchInput struct {
	State safety.State `json:"state,omitzero"`
}

// DrillOrder is the payload of the drill signal.
type DrillOrder struct {
	ID string `json:"id"`
}

// ResumeAnswer is how a resume stands after an update.
type ResumeAnswer struct {
	Request   *safety.Request     `json:"request,omitempty"` // The open request; absent once it is carried out.
	Approvals int                 `json:"approvals"`
	Needed    int                 `json:"needed"`
	Lifted    []domain.SafetyFlag `json:"lifted,omitempty"`
	Flags     []domain.SafetyFlag `json:"flags,omitempty"` // What is up now.
}

// ReleaseAnswer is what a release changed.
type ReleaseAnswer struct {
	Released domain.SafetyFlag   `json:"released"`
	Flags    []domain.SafetyFlag `json:"flags,omitempty"`
}

// StopOrder is told to running distributions and kept with the evidence.
type StopOrder struct {
	Flag domain.SafetyFlag `json:"flag"`
}

// SettleInput names what was listed before, so that what its own run settles meanwhile is counted.
type SettleInput struct {
	Known []domain.Flight `json:"known,omitempty"`
}

// InspectInput asks for a live checklist: of everything, or of one vault.
type InspectInput struct {
	Vault  string        `json:"vault,omitempty"`
	Bundle safety.Bundle `json:"bundle,omitzero"` // Evidence of the stop, to compare with.
}

// InspectResult is the checklist with what the switch learns on the way.
type InspectResult struct {
	safety.Facts

	Checks domain.Checks `json:"checks"`
}

// LiftInput is a request that was approved.
type LiftInput struct {
	Request safety.Request `json:"request"`
}

// BackInput is the release of an isolated vault as it was checked.
type BackInput struct {
	Back   safety.Back       `json:"back"`
	Flag   domain.SafetyFlag `json:"flag"`
	AsOf   int64             `json:"as_of"`
	Checks domain.Checks     `json:"checks"`
}

// DrillInput starts StopDrill. The zero value measures five times and allows a second.
type DrillInput struct {
	Samples int           `json:"samples,omitempty"`
	Limit   time.Duration `json:"limit_ns,omitempty"`
}

// DrillSample asks for one measurement.
type DrillSample struct {
	ID string `json:"id"`
}

// DrillTook is one measurement.
type DrillTook struct {
	MS      float64 `json:"ms"`      // From the signal until this worker's gate read the flag.
	Running int     `json:"running"` // Distributions that were running.
}

// DrillReport is the result of a drill.
type DrillReport struct {
	OK      bool    `json:"ok"`
	Running int     `json:"running"`
	Samples int     `json:"samples"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	Limit   float64 `json:"limit_ms"`
	Reason  string  `json:"reason,omitempty"`

	Alarm *DrillAlarm `json:"alarm,omitempty"` // Still open after a good drill: nobody took the message that it is over.
}

// DrillAlarm is what people were told of drills that went badly, and not yet that it is over.
type DrillAlarm struct {
	Key      string          `json:"key"`
	Seq      int             `json:"seq"`
	Severity domain.Severity `json:"severity"`
}
