package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

// order carries out a stop or an isolation. Its parts run side by side and none waits for another: the store may be
// away, Slack may hang, and still the runs are told (S08).
func (s *safetySwitch) order(ctx workflow.Context, o safety.Order) {
	f := o.Flag(workflow.Now(ctx).UTC())
	fresh := s.state.Raise(f)
	s.state.Note(safety.Entry{At: f.At, Actor: f.Actor, What: string(f.Kind), Vault: f.Vault, Text: f.Reason})
	stop := s.begin(f, fresh)
	s.work(ctx, func(ctx workflow.Context) { s.store(ctx, f, &stop.Stored) }) // Always: what was up may just be coming down.
	s.follow(ctx, stop, fresh)
}

// begin is the record of an order. The newest one is shown; one that repeats an order that stands keeps its record.
func (s *safetySwitch) begin(f domain.SafetyFlag, fresh bool) *safety.Stop {
	if old := s.state.Stop; old != nil && old.Flag.Names(f) && !fresh {
		return old
	}
	s.state.Stop = &safety.Stop{Flag: f}
	return s.state.Stop
}

func nameOf(f domain.SafetyFlag) string { return string(f.Kind) + "/" + f.Vault }

// follow does what follows from a flag, wherever it came from. An order that repeats one is told to the runs again, since
// somebody may have started some; people have heard of it, and the evidence is that of the first.
func (s *safetySwitch) follow(ctx workflow.Context, stop *safety.Stop, fresh bool) {
	f := stop.Flag
	name := nameOf(f)
	if s.busy[name] && !fresh {
		return
	}
	s.busy[name] = true
	parts := 1 // Until all have begun.
	ended := func() {
		if parts--; parts == 0 {
			delete(s.busy, name)
		}
	}
	defer ended()
	part := func(step *safety.Step, do func(workflow.Context) (string, error)) {
		parts++
		s.work(ctx, func(ctx workflow.Context) {
			text, err := do(ctx)
			finish(ctx, step, text, err)
			ended()
		})
	}
	if f.ByIncident() {
		// Its incident mends the vault, tells people and lets the run go on, which waits at its gate meanwhile.
		stop.Runs, stop.Told = safety.Step{Done: true, At: f.At, Text: "waits at its gate"}, safety.Step{Done: true, At: f.At, Text: "by its incident"}
	} else {
		part(&stop.Runs, func(ctx workflow.Context) (string, error) {
			runs, err := ops.StopRuns.Do(ctx, ops.StopOrder{Flag: f}, "tell the running distributions")
			return fmt.Sprintf("%d told, %d vaults without a run", runs.Signalled, runs.Absent), err
		})
	}
	if fresh {
		s.state.Flights = nil
	}
	if fresh && !f.ByIncident() {
		m := s.stopMessage(f)
		part(&stop.Told, func(ctx workflow.Context) (string, error) {
			_, err := ops.TellPeople.Do(ctx, m, "tell people")
			return "told", err
		})
	}
	if fresh || s.state.Episode.Bundle.Path == "" {
		part(&stop.Evidence, func(ctx workflow.Context) (string, error) {
			bundle, err := ops.TakeEvidence.Do(ctx, ops.StopOrder{Flag: f}, "flags, signatures, vaults, plans")
			s.kept(ctx, stop, bundle)
			return bundle.Path, err
		})
	}
	s.settle(ctx)
}

// kept notes the evidence. A resume compares with the first of the episode: a later one may already show what somebody
// changed meanwhile.
func (s *safetySwitch) kept(ctx workflow.Context, stop *safety.Stop, bundle safety.Bundle) {
	if bundle.Path == "" {
		return
	}
	stop.Bundle = bundle
	s.record(ctx, safety.Entry{At: workflow.Now(ctx).UTC(), Actor: stop.Flag.Actor, What: "evidence", Vault: stop.Flag.Vault, Text: bundle.Path + " sha256 " + bundle.SHA256})
	if s.state.Episode.Bundle.Path == "" && s.state.Up() {
		s.state.Episode.Bundle = bundle
	}
}

func finish(ctx workflow.Context, step *safety.Step, text string, err error) {
	step.Done, step.At, step.Text = err == nil, workflow.Now(ctx).UTC(), text
	if err != nil {
		step.Text = reason(err)
	}
}

// raise stores a flag: within this very workflow task, and when that does not go within a second, as a durable activity
// that is tried without end.
func raise(ctx workflow.Context, f domain.SafetyFlag) error {
	if _, err := ops.StoreFlag.Now(ctx, f); err == nil {
		return nil
	}
	_, err := ops.StoreFlag.Do(ctx, f, "raise the flag that every send reads")
	return err
}

// store raises the flag where every gate reads it. As long as the store takes nothing, no signature can be stored either,
// and none that is not stored is sent.
func (s *safetySwitch) store(ctx workflow.Context, f domain.SafetyFlag, step *safety.Step) {
	err := raise(ctx, f)
	finish(ctx, step, "stored", err)
	if err != nil {
		return
	}
	s.state.Stored(f)
	s.changes++
	s.look(ctx)
	s.settle(ctx) // From here on nothing new is signed: what is listed now is all there is.
}

// look reads the store and the worker's settings again, beside everything else. What was read before this switch changed
// something itself is out of date, and read once more.
func (s *safetySwitch) look(ctx workflow.Context) {
	s.unseen = true
	if s.looking {
		return
	}
	s.looking = true
	s.work(ctx, func(ctx workflow.Context) {
		defer func() { s.looking = false }()
		for s.unseen {
			s.unseen = false
			if workflow.Await(ctx, func() bool { return !s.lifting }) != nil {
				return
			}
			at := s.changes
			facts, err := ops.ReadSafety.Do(ctx, struct{}{}, "flags, vaults and operators")
			if err != nil {
				return
			}
			if s.unseen = s.unseen || s.lifting || at != s.changes; !s.unseen {
				s.adopt(ctx, facts)
			}
		}
	})
}

// adopt takes over what the store says. A flag that was raised without this switch, as the command line does while
// Temporal is away, is followed like any other. One that is gone without having been lifted is raised again.
func (s *safetySwitch) adopt(ctx workflow.Context, facts safety.Facts) {
	now := workflow.Now(ctx).UTC()
	fresh, gone, mended := s.state.Adopt(facts, now)
	for _, f := range fresh {
		s.state.Note(safety.Entry{At: f.At, Actor: f.Actor, What: string(f.Kind), Vault: f.Vault, Text: f.Reason + " (found in the store)"})
		stop := s.begin(f, true)
		stop.Stored = safety.Step{Done: true, At: f.At, Text: "stored by another way"}
		s.follow(ctx, stop, true)
	}
	for _, f := range gone {
		s.state.Note(safety.Entry{At: now, Actor: f.Actor, What: string(f.Kind), Vault: f.Vault, Text: "gone from the store without having been lifted: raised again"})
		s.state.Raise(f)
		s.work(ctx, func(ctx workflow.Context) { s.store(ctx, f, &safety.Step{}) })
	}
	for _, f := range mended {
		delete(s.busy, nameOf(f))
		s.state.Note(safety.Entry{At: now, Actor: f.Actor, What: "released", Vault: f.Vault, Text: "its incident has mended it"})
	}
	s.state.Calm()
}

const (
	// lookAgain is after what time an empty list is believed: a worker that passed the gate just before it closed stores
	// its signature within it.
	lookAgain = 5 * time.Second
	// troubled is the pause when the store cannot be read.
	troubled = 30 * time.Second
)

// settle lists what may still land and watches it to its end.
func (s *safetySwitch) settle(ctx workflow.Context) {
	s.again = true
	if s.settling || s.watching.Err() != nil {
		return
	}
	s.settling = true
	s.work(s.watching, func(ctx workflow.Context) {
		defer func() { s.settling = false }()
		calm := false
		for ctx.Err() == nil {
			calm = calm && !s.again
			s.again = false
			pause := lookAgain
			listed, err := ops.ListFlights.Do(ctx, struct{}{}, "what may still land")
			s.fly(listed, err)
			switch {
			case temporal.IsCanceledError(err):
				return
			case err != nil:
				calm, pause = false, troubled
			case listed.May > 0:
				calm = false
				settled, err := ops.SettleFlights.Do(ctx, ops.SettleInput{Known: listed.List}, fmt.Sprintf("%d signatures, until block %d", listed.May, listed.Until))
				if err == nil {
					s.landed(settled)
				}
				if err != nil || settled.Problem != "" {
					pause = troubled
				}
			case calm:
				s.state.Flights.Settled, s.state.Flights.SettledAt = true, workflow.Now(ctx).UTC()
				return
			default:
				calm = true
			}
			if workflow.Sleep(ctx, pause) != nil {
				return
			}
		}
	})
}

// fly takes a list into the answer.
func (s *safetySwitch) fly(listed safety.Flights, err error) {
	if s.state.Flights == nil {
		s.state.Flights = &safety.Flights{At: listed.At}
	}
	f := s.state.Flights
	f.Settled = false
	if err != nil {
		f.Problem = reason(err)
		return
	}
	f.May, f.List, f.Until, f.Height, f.Problem = listed.May, listed.List, max(f.Until, listed.Until), listed.Height, listed.Problem
}

// landed counts what has come to its end.
func (s *safetySwitch) landed(settled safety.Flights) {
	f := s.state.Flights
	if f == nil { // Another stop began a new list meanwhile.
		f = &safety.Flights{At: settled.At}
		s.state.Flights = f
	}
	f.May, f.List, f.Problem = settled.May, settled.List, settled.Problem
	f.Landed, f.Failed, f.Expired = f.Landed+settled.Landed, f.Failed+settled.Failed, f.Expired+settled.Expired
}

// drill raises a flag that forbids nothing, by the way that a stop takes. It leaves no trace in the switch.
func (s *safetySwitch) drill(ctx workflow.Context, raw converter.RawValue) {
	in, err := take[ops.DrillOrder](raw)
	if err != nil || in.ID == "" || len(in.ID) > 100 {
		return // Nobody measures it.
	}
	f := domain.SafetyFlag{Kind: domain.SafetyDrill, Vault: in.ID, Reason: "a drill", Actor: "stop-drill", At: workflow.Now(ctx).UTC()}
	s.work(ctx, func(ctx workflow.Context) {
		if err := raise(ctx, f); err != nil {
			workflow.GetLogger(ctx).Warn("the drill's flag was not stored", "error", err)
		}
	})
}
