package workflows

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// verb changes an incident as somebody asks, or refuses.
type verb func(i *domain.Incident, d ops.Deed, at time.Time) error

// update is one of the updates: its name, what it does, and what people are told of it.
type update struct {
	name, about string
	do          verb
	occasion    string
	// before looks for what the incident itself does not know.
	before func(workflow.Context) error
}

func (r *incidentRun) updates() []update {
	return []update{
		{
			name: ops.UpdateAcknowledge, about: "Take the incident: paging stops everywhere", occasion: "acknowledged",
			do: func(i *domain.Incident, d ops.Deed, at time.Time) error { return i.Acknowledge(d.By(), at) },
		},
		{
			name: ops.UpdateInvestigate, about: "Say that you work on it", occasion: "acknowledged",
			do: func(i *domain.Incident, d ops.Deed, at time.Time) error { return i.Investigate(d.By(), at) },
		},
		{
			name: ops.UpdateAssign, about: "Hand it over to a person", occasion: "changed",
			do: func(i *domain.Incident, d ops.Deed, at time.Time) error { return i.Assign(d.By(), at, d.To) },
		},
		{
			name: ops.UpdateEscalate, about: "Make it more severe, or run the ladder again", occasion: "raised",
			do: func(i *domain.Incident, d ops.Deed, at time.Time) error {
				return i.Escalate(d.By(), at, d.Severity, d.Text)
			},
		},
		{
			name: ops.UpdateMitigate, about: "Say that the harm is stopped, and how", occasion: "mitigated",
			do: func(i *domain.Incident, d ops.Deed, at time.Time) error { return i.Mitigate(d.By(), at, d.Text) },
		},
		{
			name: ops.UpdateResolve, about: "End it: what was wrong, and what was done", occasion: "resolved",
			do: func(i *domain.Incident, d ops.Deed, at time.Time) error { return i.Resolve(d.By(), at, d.Text) },
		},
		{
			name: ops.UpdateReopen, about: "Begin it again", occasion: "reopened", before: r.noTwin,
			do: func(i *domain.Incident, d ops.Deed, at time.Time) error { return i.Reopen(d.By(), at, d.Text) },
		},
	}
}

// listen answers the query and takes the updates.
func (r *incidentRun) listen(ctx workflow.Context) error {
	errs := []error{workflow.SetQueryHandlerWithOptions(ctx, ops.QueryIncident, func() (domain.Incident, error) { return r.i, nil },
		workflow.QueryHandlerOptions{Description: "The incident with the newest lines of its timeline"})}
	for _, u := range r.updates() {
		errs = append(errs, workflow.SetUpdateHandlerWithOptions(ctx, u.name,
			func(ctx workflow.Context, d ops.Deed) (ops.IncidentAnswer, error) { return r.update(ctx, u, d) },
			workflow.UpdateHandlerOptions{Description: u.about, Validator: func(ctx workflow.Context, d ops.Deed) error { return r.validate(ctx, u, d) }}))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("register query and updates: %w", err)
	}
	return nil
}

// codeRefused is the code of an update that the incident's state does not allow.
const codeRefused = "incident/refused"

// validate tries the update on a copy. An update that starts the workflow comes before the incident is loaded; it is
// judged when it is.
func (r *incidentRun) validate(ctx workflow.Context, u update, d ops.Deed) error {
	if !r.loaded {
		return nil
	}
	trial := r.bare()
	return refused(u.do(&trial, d, workflow.Now(ctx)))
}

func refused(err error) error {
	if err == nil {
		return nil
	}
	return fault.Seal(fault.New(fault.Human, codeRefused, err))
}

// savePatience is how long an update waits for the store before it answers all the same.
const savePatience = 5 * time.Second

func (r *incidentRun) update(ctx workflow.Context, u update, d ops.Deed) (ops.IncidentAnswer, error) {
	if err := workflow.Await(ctx, func() bool { return r.loaded }); err != nil {
		return ops.IncidentAnswer{}, err
	}
	if u.before != nil {
		if err := u.before(ctx); err != nil {
			return ops.IncidentAnswer{}, err
		}
	}
	if err := refused(u.do(&r.i, d, workflow.Now(ctx))); err != nil {
		return ops.IncidentAnswer{}, err
	}
	r.changed(ctx)
	r.rung++
	seq := r.i.Seq
	line := r.lastLine()
	if !r.respond(ctx) { // A response that begins tells by itself.
		r.announce(ctx, u.occasion, line)
	}
	if r.i.Over() && len(r.isolated) > 0 {
		r.add(ctx, domain.EntryRecommended, "still isolated: %v. Release each when it is to be paid again", r.isolated)
	}
	saved, err := workflow.AwaitWithTimeout(ctx, savePatience, func() bool { return r.savedTo(seq) })
	return ops.IncidentAnswer{ID: r.id, State: r.i.State, Severity: r.i.Severity, Holder: r.i.AcknowledgedBy, Assignee: r.i.Assignee, Saved: saved}, err
}

func (r *incidentRun) savedTo(seq int) bool { return len(r.pending) == 0 || r.pending[0].Seq > seq }

func (r *incidentRun) lastLine() string {
	if len(r.i.Timeline) == 0 {
		return ""
	}
	return r.i.Timeline[len(r.i.Timeline)-1].Text
}

// noTwin refuses to reopen an incident whose place another has taken: failures would go to one of them by chance.
func (r *incidentRun) noTwin(ctx workflow.Context) error {
	twin, err := ops.FindTwin.Do(ctx, r.id, "is another incident open for the same?")
	if err != nil {
		return err
	}
	if twin != "" {
		return refused(&domain.Refusal{Incident: r.id, Why: "cannot be reopened: " + twin + " is open for the same cause and vault; note it there"})
	}
	return nil
}

// hear takes signals until the run ends. It looks into the channels rather than waiting at them: a signal that was
// handed to a waiting coroutine is lost when another one begins a new run in the same step.
func (r *incidentRun) hear(ctx workflow.Context) {
	ears := r.ears(ctx)
	come := func() bool { return slices.ContainsFunc(ears, func(e ear) bool { return e.channel.Len() > 0 }) }
	for workflow.Await(ctx, come) == nil {
		r.drain(ctx)
	}
}

// drain takes what has come.
func (r *incidentRun) drain(ctx workflow.Context) {
	for _, one := range r.ears(ctx) {
		for one.channel.Len() > 0 {
			one.take(ctx)
		}
	}
}

// ear is a signal's channel with what to do about one signal.
type ear struct {
	channel workflow.ReceiveChannel
	take    func(workflow.Context)
}

func (r *incidentRun) ears(ctx workflow.Context) []ear {
	return []ear{
		earOf(ctx, ops.SignalNote, r.note), earOf(ctx, ops.SignalLink, r.link),
		earOf(ctx, ops.SignalFailure, r.failed), earOf(ctx, ops.SignalRecovered, r.recovered), earOf(ctx, ops.SignalAlert, r.alert),
	}
}

func earOf[T any](ctx workflow.Context, name string, do func(workflow.Context, T)) ear {
	ch := workflow.GetSignalChannel(ctx, name)
	return ear{channel: ch, take: func(ctx workflow.Context) {
		var v T
		if ch.ReceiveAsync(&v) {
			do(ctx, v)
		}
	}}
}

// note and link are taken in every state: whoever writes something down is never refused.
func (r *incidentRun) note(ctx workflow.Context, d ops.Deed) {
	if d.Text != "" {
		r.i.Add(named(d), workflow.Now(ctx), domain.EntryNote, "%s", d.Text)
		r.changed(ctx)
	}
}

func (r *incidentRun) link(ctx workflow.Context, d ops.Deed) {
	if d.URL == "" {
		return
	}
	r.i.Links = append(r.i.Links, domain.IncidentLink{Text: d.Text, URL: d.URL})
	r.i.Add(named(d), workflow.Now(ctx), domain.EntryLink, "%s: %s", d.Text, d.URL)
	r.changed(ctx)
}

func named(d ops.Deed) domain.By {
	by := d.By()
	if by.Actor == "" {
		by.Actor = "somebody"
	}
	return by
}

// failed hears of another failure with the incident's cause.
func (r *incidentRun) failed(ctx workflow.Context, s ops.FailureSignal) {
	now := workflow.Now(ctx)
	f := s.Failure
	r.well = false
	if r.i.Over() { // It was resolved while the failure was on its way.
		if err := r.i.Reopen(domain.Auto(), now, "it failed again: "+f.Message); err == nil {
			r.begun = nil
		}
	}
	if s.Fleet {
		r.i.Vault = ""
	}
	known := r.i.VaultCount
	fresh := r.i.Affect(f.Vault, now)
	r.i.VaultCount = max(r.i.VaultCount, s.Vaults)
	if f.WorkflowID != "" && len(r.i.Runs) < maxRuns {
		r.i.Runs = append(r.i.Runs, domain.IncidentRun{Vault: f.Vault, WorkflowID: f.WorkflowID, RunID: f.RunID})
	}
	if fresh || r.i.VaultCount > known {
		r.i.Add(domain.Auto(), now, domain.EntryVault, "vault %s has it as well: %d vaults by now", f.Vault, r.i.VaultCount)
	}
	if r.i.State == domain.IncidentMitigated {
		if err := r.i.Relapse(now, f.Message); err == nil {
			r.begun, r.relapses = nil, r.relapses+1
		}
	}
	if s.Severity.Rank() > r.i.Severity.Rank() {
		if err := r.i.Raise(domain.Auto(), now, s.Severity, fmt.Sprintf("%d vaults have this cause", r.i.VaultCount)); err != nil {
			workflow.GetLogger(ctx).Error("the incident could not be raised", "error", err)
		}
	}
	if r.i.Confirm(s.Severity) {
		r.i.Add(domain.Auto(), now, domain.EntryResponse, "not only an alert says so any more: the response to what is %s begins", s.Severity)
	}
	r.changed(ctx)
	r.rung++
	r.respond(ctx)
	if r.i.Response() == domain.ResponseHigh && fresh {
		r.healSoon(ctx, f.Vault)
	}
}

// maxRuns bounds the list of runs; the store has every failure with its run.
const maxRuns = 20

// recovered hears that a vault's day went on.
func (r *incidentRun) recovered(ctx workflow.Context, s ops.RecoveredSignal) {
	if r.i.Over() {
		return
	}
	r.i.Recover(s.Vault, workflow.Now(ctx))
	r.well = s.Left == 0
	r.changed(ctx)
}

// settle ends the incident by itself when the day of every affected vault goes on, nothing is under way and nobody's
// decision is wanted.
func (r *incidentRun) settle(ctx workflow.Context) {
	for {
		if workflow.Await(ctx, func() bool { return r.well && r.busy == 0 && !r.i.NeedsHuman && !r.i.Over() }) != nil {
			return
		}
		r.well = false
		if err := r.i.Settle(workflow.Now(ctx), "the day of every affected vault goes on"); err != nil {
			continue
		}
		r.changed(ctx)
		r.rung++
		r.announce(ctx, "resolved", r.lastLine())
	}
}
