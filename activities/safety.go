package activities

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

// SwitchHost is what the activities of the safety switch need.
type SwitchHost interface {
	Facts(ctx context.Context) (safety.Facts, error)
	Raise(ctx context.Context, f domain.SafetyFlag) error
	StopRuns(ctx context.Context, f domain.SafetyFlag) (safety.Runs, error)
	TakeEvidence(ctx context.Context, f domain.SafetyFlag) (safety.Bundle, error)
	Flights(ctx context.Context) (safety.Flights, error)
	SettleFlights(ctx context.Context, known []domain.Flight) (safety.Flights, error)
	Inspect(ctx context.Context, vault string, b safety.Bundle) (safety.Facts, domain.Checks, error)
	Lift(ctx context.Context, r safety.Request) error
	Release(ctx context.Context, b safety.Back, f domain.SafetyFlag, asOf int64, checks domain.Checks) error
	Record(ctx context.Context, e safety.Entry) error
	MeasureStop(ctx context.Context, id string) (time.Duration, int, error)
}

// Safety holds the activities of SafetySwitch and StopDrill. They tell people by Monitor.Tell.
type Safety struct{ host SwitchHost }

// NewSafety makes them.
func NewSafety(h SwitchHost) *Safety { return &Safety{h} }

// ReadSafety reads the flags, the vaults and the operators. What a workflow knows of operators comes from here alone.
func (a *Safety) ReadSafety(ctx context.Context, _ struct{}) (safety.Facts, error) {
	facts, err := a.host.Facts(ctx)
	return facts, fault.Seal(err)
}

// StoreFlag raises a flag in the store, where every gate reads it before every send.
func (a *Safety) StoreFlag(ctx context.Context, f domain.SafetyFlag) (struct{}, error) {
	return struct{}{}, fault.Seal(a.host.Raise(ctx, f))
}

// StopRuns tells the running distributions.
func (a *Safety) StopRuns(ctx context.Context, o ops.StopOrder) (safety.Runs, error) {
	runs, err := a.host.StopRuns(ctx, o.Flag)
	return runs, fault.Seal(err)
}

// TakeEvidence keeps what the stop found.
func (a *Safety) TakeEvidence(ctx context.Context, o ops.StopOrder) (safety.Bundle, error) {
	b, err := a.host.TakeEvidence(ctx, o.Flag)
	return b, fault.Seal(err)
}

// ListFlights says what may still land, and until which block.
func (a *Safety) ListFlights(ctx context.Context, _ struct{}) (safety.Flights, error) {
	f, err := a.host.Flights(ctx)
	return f, fault.Seal(err)
}

// SettleFlights watches what was in the air to its end. It sends nothing.
func (a *Safety) SettleFlights(ctx context.Context, in ops.SettleInput) (safety.Flights, error) {
	defer heartbeat(ctx)()
	f, err := a.host.SettleFlights(ctx, in.Known)
	return f, fault.Seal(err)
}

// InspectSafety evaluates the checklist now.
func (a *Safety) InspectSafety(ctx context.Context, in ops.InspectInput) (ops.InspectResult, error) {
	facts, checks, err := a.host.Inspect(ctx, in.Vault, in.Bundle)
	return ops.InspectResult{Facts: facts, Checks: checks}, fault.Seal(err)
}

// LiftStop judges the approvals once more, by this worker's settings, and takes the stops down.
func (a *Safety) LiftStop(ctx context.Context, in ops.LiftInput) (struct{}, error) {
	return struct{}{}, fault.Seal(a.host.Lift(ctx, in.Request))
}

// LiftIsolation judges the signature once more and takes the isolation down.
func (a *Safety) LiftIsolation(ctx context.Context, in ops.BackInput) (struct{}, error) {
	return struct{}{}, fault.Seal(a.host.Release(ctx, in.Back, in.Flag, in.AsOf, in.Checks))
}

// AuditSafety writes a line of the audit log.
func (a *Safety) AuditSafety(ctx context.Context, e safety.Entry) (struct{}, error) {
	return struct{}{}, fault.Seal(a.host.Record(ctx, e))
}

// MeasureStop measures once how fast a stop would be. Each attempt raises a flag of its own: an earlier one's would be
// seen at once.
func (a *Safety) MeasureStop(ctx context.Context, in ops.DrillSample) (ops.DrillTook, error) {
	took, running, err := a.host.MeasureStop(ctx, fmt.Sprintf("%s-%d", in.ID, activity.GetInfo(ctx).Attempt))
	return ops.DrillTook{MS: float64(took.Microseconds()) / 1000, Running: running}, fault.Seal(err)
}

// Names are the functions by the names that internal/ops gives them.
func (a *Safety) Names() map[string]any {
	return map[string]any{
		ops.ReadSafety.Name: a.ReadSafety, ops.StoreFlag.Name: a.StoreFlag, ops.StopRuns.Name: a.StopRuns,
		ops.TakeEvidence.Name: a.TakeEvidence, ops.ListFlights.Name: a.ListFlights, ops.SettleFlights.Name: a.SettleFlights,
		ops.InspectSafety.Name: a.InspectSafety, ops.LiftStop.Name: a.LiftStop, ops.LiftIsolation.Name: a.LiftIsolation,
		ops.AuditSafety.Name: a.AuditSafety, ops.MeasureStop.Name: a.MeasureStop,
	}
}
