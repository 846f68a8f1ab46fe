package workflows

import (
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

// SafetySwitch stops what moves money and, by the signatures of two people, lets it go on again (S08, S11). One runs for
// each deployment, from the first worker's start on; it continues as new and never ends. The flags that keep
// transactions in are in the store, so that they hold also while this workflow is away.
func SafetySwitch(ctx workflow.Context, in ops.SwitchInput) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx) // A cancel order is no way to switch the switch off.
	s := &safetySwitch{state: in.State, busy: map[string]bool{}}
	s.watching, s.endWatch = workflow.WithCancel(ctx)
	if err := s.listen(ctx); err != nil {
		return err
	}
	s.pickUp(ctx)
	for {
		s.takeSignals(ctx)
		s.show(ctx)
		if s.old(ctx) {
			s.endWatch() // What it watches is taken up by the next run.
			if s.quiet(ctx) {
				return workflow.NewContinueAsNewError(ctx, ops.SafetySwitch, ops.SwitchInput{State: s.state})
			}
		}
		if err := workflow.Await(ctx, func() bool { return s.signalled() || s.old(ctx) && (s.watching.Err() == nil || s.quiet(ctx)) }); err != nil {
			return err
		}
	}
}

// restAfter is after how many events a run makes room for the next. It is far below the server's own limits: a worker
// that takes the switch over reads the history first, and a stop waits for that.
const restAfter = 1500

// safetySwitch is one run.
type safetySwitch struct {
	state safety.State

	stops, isolations, looks, drills workflow.ReceiveChannel

	working  int             // Steps under way.
	busy     map[string]bool // Flags whose steps are under way.
	deciding bool            // A checklist is being evaluated, or a stop lifted.
	lifting  bool            // The store may have lifted what this switch still believes to be up.

	changes int  // Counts what this switch has changed in the store: what was read before is not believed after.
	looking bool // The store is being read.
	unseen  bool // It must be read again.

	watching workflow.Context // Of what watches signatures for minutes.
	endWatch workflow.CancelFunc
	settling bool // Signatures are watched.
	again    bool // Another stop came meanwhile.
}

// listen answers the query and takes the orders. Payloads are taken as they come: one that cannot be decoded would be
// dropped by a typed channel, and an emergency stop must not be.
func (s *safetySwitch) listen(ctx workflow.Context) error {
	s.stops, s.isolations = workflow.GetSignalChannel(ctx, ops.SignalEmergencyStop), workflow.GetSignalChannel(ctx, ops.SignalIsolate)
	s.looks, s.drills = workflow.GetSignalChannel(ctx, ops.SignalLook), workflow.GetSignalChannel(ctx, ops.SignalDrill)
	err := errors.Join(
		workflow.SetQueryHandlerWithOptions(ctx, ops.QueryState, func() (safety.State, error) { return s.state, nil },
			workflow.QueryHandlerOptions{Description: "What is stopped, what may still land, and the open request"}),
		workflow.SetUpdateHandlerWithOptions(ctx, ops.UpdateRequestResume, s.requestResume,
			workflow.UpdateHandlerOptions{Validator: s.mayRequest, Description: "Open a resume: evaluates the checklist"}),
		workflow.SetUpdateHandlerWithOptions(ctx, ops.UpdateApproveResume, s.approveResume,
			workflow.UpdateHandlerOptions{Validator: s.mayApprove, Description: "A signed approval of the open request; the second one lifts the stop"}),
		workflow.SetUpdateHandlerWithOptions(ctx, ops.UpdateReleaseVault, s.releaseVault,
			workflow.UpdateHandlerOptions{Validator: s.mayRelease, Description: "Bring an isolated vault back"}),
	)
	if err != nil {
		return fmt.Errorf("register the switch's handlers: %w", err)
	}
	return nil
}

func (s *safetySwitch) signalled() bool {
	return s.stops.Len()+s.isolations.Len()+s.looks.Len()+s.drills.Len() > 0
}

// takeSignals takes everything that has come, stops first.
func (s *safetySwitch) takeSignals(ctx workflow.Context) {
	for {
		var raw converter.RawValue
		switch {
		case s.stops.ReceiveAsync(&raw):
			s.order(ctx, safety.ReadStop(bytesOf(raw), s.state.Vaults))
		case s.isolations.ReceiveAsync(&raw):
			s.order(ctx, safety.ReadIsolate(bytesOf(raw), s.state.Vaults))
		case s.drills.ReceiveAsync(&raw):
			s.drill(ctx, raw)
		case s.looks.ReceiveAsync(&raw):
			s.look(ctx)
		default:
			return
		}
	}
}

func bytesOf(raw converter.RawValue) []byte {
	if raw.Payload() == nil {
		return nil
	}
	return raw.Payload().GetData()
}

// take decodes an update's argument. Updates are taken as they come for the same reason as signals: one that cannot be
// decoded is refused by our own words, and the refusal is in the audit log.
func take[T any](raw converter.RawValue) (T, error) {
	var out T
	if raw.Payload() == nil {
		return out, fault.Newf(fault.Human, safety.CodeMalformed, "the update came without content")
	}
	if err := converter.GetDefaultDataConverter().FromPayload(raw.Payload(), &out); err != nil {
		return out, fault.Newf(fault.Human, safety.CodeMalformed, "the update cannot be read: %w", err)
	}
	return out, nil
}

// work does something beside everything else. A run continues as new only when nothing is under way.
func (s *safetySwitch) work(ctx workflow.Context, do func(workflow.Context)) {
	s.working++
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer func() { s.working-- }()
		do(ctx)
	})
}

func (s *safetySwitch) old(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	return info.GetContinueAsNewSuggested() || info.GetCurrentHistoryLength() > restAfter
}

func (s *safetySwitch) quiet(ctx workflow.Context) bool {
	return s.working == 0 && workflow.AllHandlersFinished(ctx) && !s.signalled()
}

// pickUp goes on with what the run before left: flags that are not stored yet, signatures that are not settled. It reads
// store and settings first of all, since both may have changed while no switch ran.
func (s *safetySwitch) pickUp(ctx workflow.Context) {
	for _, f := range s.state.Pending {
		s.work(ctx, func(ctx workflow.Context) { s.store(ctx, f, &safety.Step{}) })
	}
	s.look(ctx)
	if f := s.state.Flights; f != nil && !f.Settled {
		s.settle(ctx)
	}
}

// show keeps the details in the Temporal UI true.
func (s *safetySwitch) show(ctx workflow.Context) {
	var lines []string
	for _, f := range s.state.Flags {
		vault := "all vaults"
		if f.Vault != "" {
			vault = "vault " + f.Vault
		}
		lines = append(lines, fmt.Sprintf("**%s** of %s by %s since %s: %s", f.Kind, vault, f.Actor, f.At.Format("2006-01-02 15:04:05 MST"), f.Reason))
	}
	if len(lines) == 0 {
		lines = append(lines, "nothing is stopped")
	}
	if r := s.state.Request; r != nil {
		lines = append(lines, fmt.Sprintf("%s by %s: %d of %d approvals", r.ID, r.Actor, len(r.Approvals), safety.Needed))
	}
	workflow.SetCurrentDetails(ctx, strings.Join(lines, "\n\n"))
}
