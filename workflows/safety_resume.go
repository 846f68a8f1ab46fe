package workflows

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

// Validators run before an update is taken into the history, and leave no trace there; the worker writes what they refuse
// into the audit log.

func (s *safetySwitch) mayRequest(_ workflow.Context, raw converter.RawValue) error {
	ask, err := take[safety.Ask](raw)
	if err == nil {
		err = s.state.CheckAsk(ask, s.deciding)
	}
	return fault.Seal(err)
}

func (s *safetySwitch) mayApprove(ctx workflow.Context, raw converter.RawValue) error {
	a, err := take[operator.Approval](raw)
	if err == nil {
		err = s.state.CheckApproval(a, s.deciding, workflow.Now(ctx))
	}
	return fault.Seal(err)
}

func (s *safetySwitch) mayRelease(ctx workflow.Context, raw converter.RawValue) error {
	b, err := take[safety.Back](raw)
	if err == nil {
		err = s.state.CheckBack(b, s.deciding, workflow.Now(ctx))
	}
	return fault.Seal(err)
}

// requestResume evaluates the checklist and, when nothing blocks, opens the request that two people approve.
func (s *safetySwitch) requestResume(ctx workflow.Context, raw converter.RawValue) (ops.ResumeAnswer, error) {
	ask, err := take[safety.Ask](raw)
	if err != nil {
		return ops.ResumeAnswer{}, fault.Seal(err)
	}
	ctx, done := s.decide(ctx)
	defer done()
	seen, err := s.inspect(ctx, ask.Vault)
	if err != nil {
		return ops.ResumeAnswer{}, err
	}
	now := workflow.Now(ctx).UTC()
	if err := s.state.Open(ask, seen.Checks, now); err != nil {
		return ops.ResumeAnswer{Flags: s.state.Flags}, fault.Seal(err)
	}
	r := s.state.Request
	s.record(ctx, safety.Entry{At: now, Actor: ask.Actor, What: "resume.requested", Vault: r.Vault, Text: fmt.Sprintf("%s (%.12s): %s", r.ID, r.Hash, r.Reason)})
	s.update(ctx, fmt.Sprintf("%s asks for a resume", ask.Actor), fmt.Sprintf("%s: %s. Two operators approve with: feeops resume approve --key FILE", r.ID, r.Reason))
	return s.answer(), nil
}

// approveResume takes one signed approval. After the second, of another person, the checklist is evaluated once more, and
// only then the stops come down.
func (s *safetySwitch) approveResume(ctx workflow.Context, raw converter.RawValue) (ops.ResumeAnswer, error) {
	a, err := take[operator.Approval](raw)
	if err != nil {
		return ops.ResumeAnswer{}, fault.Seal(err)
	}
	if s.state.Request == nil {
		return ops.ResumeAnswer{}, fault.Seal(fault.Newf(fault.Human, safety.CodeNoRequest, "no resume is requested"))
	}
	now := workflow.Now(ctx).UTC()
	enough := s.state.Request.Approve(a, now)
	r := *s.state.Request
	s.record(ctx, safety.Entry{At: now, Actor: a.Operator, What: "resume.approved", Vault: r.Vault, Text: fmt.Sprintf("%s (%.12s)", r.ID, r.Hash)})
	if !enough {
		s.update(ctx, a.Operator+" approves the resume", fmt.Sprintf("%s: one more approval, by another operator, within %s", r.ID, operator.Lifetime))
		return s.answer(), nil
	}
	ctx, done := s.decide(ctx)
	defer done()
	lifted, err := s.lift(ctx, r)
	if err != nil {
		s.state.Void(workflow.Now(ctx).UTC(), reason(err))
		return ops.ResumeAnswer{}, err
	}
	out := s.answer()
	out.Lifted = lifted
	return out, nil
}

// lift evaluates the checklist once more and takes the stops of the request down.
func (s *safetySwitch) lift(ctx workflow.Context, r safety.Request) ([]domain.SafetyFlag, error) {
	seen, err := s.inspect(ctx, r.Vault)
	if err != nil {
		return nil, err
	}
	if open := s.state.Request; open == nil || open.Hash != r.Hash {
		return nil, fault.Seal(fault.Newf(fault.Human, safety.CodeStale, "request %s fell while it was decided: somebody stopped again", r.ID))
	}
	if err := errors.Join(safety.Passes(seen.Checks, r.Waivers), safety.Worse(r.Checks, seen.Checks)); err != nil {
		return nil, fault.Seal(err)
	}
	s.lifting = true
	_, err = ops.LiftStop.Do(ctx, ops.LiftInput{Request: r}, fmt.Sprintf("%s, approved by %d", r.ID, len(r.Approvals)))
	s.lifting = false
	if err != nil {
		s.look(ctx)
		return nil, plain(err)
	}
	s.state.Request = nil
	now := workflow.Now(ctx).UTC()
	s.state.Note(safety.Entry{At: now, Actor: r.Approvals[0].Operator + " and " + r.Approvals[1].Operator, What: "resumed", Vault: r.Vault, Text: r.ID + ": " + r.Reason})
	s.over(ctx, r.Flags, fmt.Sprintf("Resumed by %s and %s", r.Approvals[0].Operator, r.Approvals[1].Operator), r.Reason)
	return r.Flags, nil
}

// releaseVault brings an isolated vault back by one person's signature, when its checklist passes.
func (s *safetySwitch) releaseVault(ctx workflow.Context, raw converter.RawValue) (ops.ReleaseAnswer, error) {
	b, err := take[safety.Back](raw)
	if err != nil {
		return ops.ReleaseAnswer{}, fault.Seal(err)
	}
	ctx, done := s.decide(ctx)
	defer done()
	seen, err := s.inspect(ctx, b.Vault)
	if err != nil {
		return ops.ReleaseAnswer{}, err
	}
	flag, up := s.state.Find(domain.SafetyIsolate, b.Vault)
	if !up {
		return ops.ReleaseAnswer{}, fault.Seal(fault.Newf(fault.Human, safety.CodeNothing, "vault %s is not isolated any more", b.Vault))
	}
	if err := safety.Passes(seen.Checks, b.Waivers); err != nil {
		return ops.ReleaseAnswer{}, fault.Seal(err)
	}
	s.lifting = true
	_, err = ops.LiftIsolation.Do(ctx, ops.BackInput{Back: b, Flag: flag, AsOf: seen.AsOf, Checks: seen.Checks}, "release "+b.Vault)
	s.lifting = false
	if err != nil {
		s.look(ctx)
		return ops.ReleaseAnswer{}, plain(err)
	}
	s.state.Note(safety.Entry{At: workflow.Now(ctx).UTC(), Actor: b.Approval.Operator, What: "released", Vault: b.Vault, Text: b.Reason})
	s.over(ctx, []domain.SafetyFlag{flag}, fmt.Sprintf("Vault %s was released by %s", b.Vault, b.Approval.Operator), b.Reason)
	return ops.ReleaseAnswer{Released: flag, Flags: s.state.Flags}, nil
}

// decide keeps decisions apart: while one is made, another is refused. The context outlives a cancel order, like the
// switch.
func (s *safetySwitch) decide(ctx workflow.Context) (workflow.Context, func()) {
	s.deciding = true
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	return ctx, func() {
		s.deciding = false
		s.show(ctx)
	}
}

// inspect evaluates the checklist on the live chain and takes over what it found of flags and operators. Signatures that
// turn out to be open are watched again.
func (s *safetySwitch) inspect(ctx workflow.Context, vault string) (ops.InspectResult, error) {
	in := ops.InspectInput{Vault: vault, Bundle: s.state.Episode.Bundle}
	at := s.changes
	seen, err := ops.InspectSafety.Do(ctx, in, "checklist of the resume")
	if err != nil {
		return seen, plain(err)
	}
	if at != s.changes {
		return seen, fault.Seal(fault.Newf(fault.Human, safety.CodeStale, "somebody stopped while the checklist was evaluated").WithNext("Look at feeops resume status, and ask again"))
	}
	s.adopt(ctx, seen.Facts)
	if slices.ContainsFunc(seen.Checks, func(c domain.Check) bool { return c.Name == safety.CheckSignatures && c.Result != domain.CheckOK }) {
		s.settle(ctx)
	}
	return seen, nil
}

// over takes down what was lifted, and tells people.
func (s *safetySwitch) over(ctx workflow.Context, lifted []domain.SafetyFlag, title, text string) {
	s.state.Lifted(lifted)
	for _, f := range lifted {
		delete(s.busy, nameOf(f)) // A new stop begins anew, whatever is still under way of this one.
	}
	s.changes++
	s.update(ctx, title, text)
	s.state.Calm()
	s.look(ctx)
	s.show(ctx)
}

func (s *safetySwitch) answer() ops.ResumeAnswer {
	out := ops.ResumeAnswer{Needed: safety.Needed, Flags: s.state.Flags}
	if r := s.state.Request; r != nil {
		shown := *r
		out.Request, out.Approvals = &shown, len(r.Approvals)
	}
	return out
}

// record keeps an accepted step in the audit log, however long that takes.
func (s *safetySwitch) record(ctx workflow.Context, e safety.Entry) {
	s.state.Note(e)
	s.aside(ctx, func(ctx workflow.Context) {
		if _, err := ops.AuditSafety.Do(ctx, e, e.What); err != nil {
			workflow.GetLogger(ctx).Warn("a step is not in the audit log", "step", e.What, "error", err)
		}
	})
}

// aside is work of an update's handler that its answer does not wait for.
func (s *safetySwitch) aside(ctx workflow.Context, do func(workflow.Context)) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	s.work(ctx, do)
}

// update tells people how the episode goes on, or that it is over.
func (s *safetySwitch) update(ctx workflow.Context, title, text string) {
	m := s.message(workflow.Now(ctx).UTC(), domain.MessageUpdate, domain.SeverityHigh, title, text)
	if !s.state.Up() {
		m.Kind = domain.MessageResolve
	}
	s.aside(ctx, func(ctx workflow.Context) {
		if _, err := ops.TellPeople.Do(ctx, m, title); err != nil {
			workflow.GetLogger(ctx).Warn("people were not told", "title", title, "error", err)
		}
	})
}

// stopMessage says what stopped and what follows from it (S15).
func (s *safetySwitch) stopMessage(f domain.SafetyFlag) domain.Message {
	severity, what, next := domain.SeverityCritical, "All vaults are stopped", "feeops resume request --reason …, approved by two operators"
	switch {
	case f.Kind == domain.SafetyIsolate:
		severity, what, next = domain.SeverityHigh, fmt.Sprintf("Vault %s is isolated", f.Vault), fmt.Sprintf("feeops release %s --key FILE --reason …", f.Vault)
	case f.Vault != "":
		severity, what = domain.SeverityHigh, fmt.Sprintf("Vault %s is stopped", f.Vault)
	}
	m := s.message(f.At, domain.MessageTrigger, severity, what,
		fmt.Sprintf("%s, by %s.\nNothing new is sent. What was in the air may still land: feeops resume status says how many and until which block.\nManual intervention is required: find the cause, then %s.", f.Reason, f.Actor, next))
	m.Vault = f.Vault
	m.Fields = []domain.MessageField{{Name: "Reason", Value: f.Reason}, {Name: "By", Value: f.Actor}, {Name: "Since", Value: f.At.Format(time.RFC3339)}}
	return m
}

func (s *safetySwitch) message(at time.Time, kind domain.MessageKind, severity domain.Severity, title, text string) domain.Message {
	key, seq := s.state.Next(at)
	return domain.Message{Key: key, Seq: seq, Kind: kind, Severity: severity, Title: title, Text: text, At: at}
}

// plain takes Temporal's frames off an activity's failure, so that who asked reads the reason.
func plain(err error) error {
	kind, code := fault.KindOf(err), fault.CodeOf(err)
	return fault.Seal(fault.New(kind, code, errors.New(reason(err))))
}
