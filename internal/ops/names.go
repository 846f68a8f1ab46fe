// Package ops is the Temporal interface of the operations: names, ids, inputs, results and options.
// Operators type these names into the temporal CLI, so they change only with a version.
package ops

import "github.com/meteora-fee-router/feeops/internal/domain"

// TaskQueue is the default queue; settings may name another.
const TaskQueue = "feeops"

// Workflow types, as people start them.
const (
	DailyDistribution = "DailyDistribution"
	FleetDistribution = "FleetDistribution"
	FleetMonitor      = "FleetMonitor"
)

// Signals, updates and queries of DailyDistribution and FleetDistribution.
const (
	SignalStop    = "stop"         // {reason, actor}: finish the page in flight, send nothing more, end as stopped.
	SignalPause   = "pause"        // {reason, actor}: the same, but wait for resume.
	SignalResume  = "resume"       // {reason, actor}
	UpdateApprove = "approve-plan" // operator.Approval → ApprovalAnswer, while the day waits for it.
	QueryStatus   = "status"
	QueryPlan     = "plan"
	QueryChecks   = "checks"
	QueryProgress = "progress"
)

// Signals and queries of FleetMonitor.
const (
	SignalMute        = "mute"        // MuteOrder
	SignalUnmute      = "unmute"      // UnmuteOrder
	SignalAcknowledge = "acknowledge" // AcknowledgeOrder
	SignalTick        = "tick"        // No payload: look, judge and show now.
	QueryDashboard    = "dashboard"
)

// MonitorID is the id of the one FleetMonitor.
const MonitorID = "fleet-monitor"

// Search attributes, registered by the development stack and by setup.
const (
	AttrVault    = "FeeopsVault"
	AttrDay      = "FeeopsDay"
	AttrState    = "FeeopsState"
	AttrSeverity = "FeeopsSeverity"
	AttrIncident = "FeeopsIncident"
)

// SearchAttributes lists every search attribute; all are keywords.
func SearchAttributes() []string {
	return []string{AttrVault, AttrDay, AttrState, AttrSeverity, AttrIncident}
}

// DailyID is the id of a vault's run: one at a time, whatever started it (X02).
func DailyID(vault string) string { return "distribution/" + vault }

// FleetID is the id of the fleet's run of a calendar date.
func FleetID(date domain.Day) string { return "fleet-distribution/" + string(date) }
