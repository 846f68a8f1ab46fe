package workflows_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
	"github.com/meteora-fee-router/feeops/internal/safety/host"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/workflows"
)

// board stands in for store, chain, runs and people: it keeps what it is told and breaks on request.
type board struct {
	t   *testing.T
	env *testsuite.TestWorkflowEnvironment

	mu       sync.Mutex
	flags    []domain.SafetyFlag
	audit    []store.AuditEntry
	lifted   map[string]bool
	flights  []domain.Flight
	signals  []string // Vaults whose runs were told.
	told     []domain.Message
	evidence int
	broken   map[string]int // By what: how often it still fails.
	between  func(what string)

	roster  operator.Roster
	keys    map[string]ed25519.PrivateKey
	sources safety.Sources
	flawed  map[string]domain.CheckResult // By check.
	updates int
}

var errBroken = errors.New("broken on request")

// fails uses up one failure of the part.
func (b *board) fails(what string) error {
	if b.between != nil {
		b.between(what)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken[what] > 0 {
		b.broken[what]--
		return errBroken
	}
	return nil
}

func (b *board) SetSafety(_ context.Context, f domain.SafetyFlag) error {
	if err := b.fails("store"); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.flags, f.Names)
	switch {
	case i < 0:
		b.flags = append(b.flags, f)
	case b.flags[i].ByIncident() && !f.ByIncident():
		b.flags[i] = f
	}
	b.append(store.AuditEntry{At: f.At, Actor: f.Actor, Action: "safety.set." + string(f.Kind), Subject: f.Vault, Detail: f.Reason})
	return nil
}

func (b *board) append(e store.AuditEntry) {
	e.Seq = int64(len(b.audit) + 1)
	b.audit = append(b.audit, e)
}

func (b *board) ClearSafety(_ context.Context, f domain.SafetyFlag) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flags = slices.DeleteFunc(b.flags, f.Names)
	return nil
}

func (b *board) mark() int64 {
	var mark int64
	for _, e := range b.audit {
		if strings.HasPrefix(e.Action, "safety.set.") && e.Action != "safety.set.drill" {
			mark = e.Seq
		}
	}
	return mark
}

func (b *board) SafetyMark(context.Context) ([]domain.SafetyFlag, int64, error) {
	if err := b.fails("read"); err != nil {
		return nil, 0, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.flags), b.mark(), nil
}

func (b *board) Safety(context.Context, string) ([]domain.SafetyFlag, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.flags), nil
}

func (b *board) LiftSafety(_ context.Context, l store.Lift) error {
	if err := b.fails("lift"); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lifted[l.Subject] {
		return nil
	}
	if b.mark() != l.AsOf {
		return store.ErrRaised
	}
	for _, f := range l.Flags {
		b.flags = slices.DeleteFunc(b.flags, f.Names)
	}
	b.lifted[l.Subject] = true
	b.append(store.AuditEntry{At: l.At, Actor: l.Actor, Action: "safety.lifted", Subject: l.Subject, Detail: l.Reason})
	return nil
}

func (b *board) Audit(_ context.Context, e store.AuditEntry) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.append(e)
	return nil
}

func (b *board) Flights(context.Context) ([]domain.Flight, error) {
	if err := b.fails("flights"); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.flights), func(f domain.Flight) bool { return f.State != domain.IntentSent && f.State != domain.IntentPrepared }), nil
}

func (b *board) Intent(_ context.Context, signature string) (domain.Intent, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.flights {
		if f.Signature == signature {
			return domain.Intent{Signature: signature, State: f.State}, true, nil
		}
	}
	return domain.Intent{}, false, nil
}

// settle brings what is in the air down: prepared ones expire, sent ones land.
func (b *board) settle(_ context.Context, vault string) error {
	if err := b.fails("settle"); err != nil {
		return fault.New(fault.Retry, "rpc/all_down", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, f := range b.flights {
		switch {
		case f.Vault != vault:
		case f.State == domain.IntentPrepared:
			b.flights[i].State = domain.IntentExpired
		case f.State == domain.IntentSent:
			b.flights[i].State = domain.IntentConfirmed
		}
	}
	return nil
}

func (b *board) Stop(_ context.Context, vault, _, _ string) (bool, error) {
	if err := b.fails("runs"); err != nil {
		return false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.signals = append(b.signals, vault)
	return vault != "gamma", nil // One vault has no run.
}

func (b *board) Running(context.Context, string) (bool, error) { return true, nil }

func (b *board) Drill(_ context.Context, id string) error {
	b.env.SignalWorkflow(ops.SignalDrill, ops.DrillOrder{ID: id})
	return nil
}

func (b *board) ExpiryHeight(context.Context) (uint64, int, error) {
	return 900, 1, b.fails("chain")
}

func (b *board) Tell(_ context.Context, m domain.Message) error {
	if err := b.fails("tell"); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told = append(b.told, m)
	return nil
}

func (b *board) Keep(_ context.Context, name string, _ []byte) (string, error) {
	if err := b.fails("evidence"); err != nil {
		return "", err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.evidence++
	return "/evidence/" + name, nil
}

func (b *board) Read(context.Context, string) ([]byte, error) {
	return nil, errors.New("on another machine")
}

// newBoard has three vaults and five people; ada and bob approve, eve's time is over, joe only runs the day.
func newBoard(t *testing.T) *board {
	b := &board{
		t: t, env: newSuite().NewTestWorkflowEnvironment(), lifted: map[string]bool{}, broken: map[string]int{},
		keys: map[string]ed25519.PrivateKey{}, flawed: map[string]domain.CheckResult{},
	}
	b.env.SetStartTime(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC))
	for i, person := range []operator.Operator{
		{Name: "ada", Roles: []operator.Role{operator.Approver}},
		{Name: "bob", Roles: []operator.Role{operator.Admin}},
		{Name: "joe", Roles: []operator.Role{operator.Operate}},
		{Name: "eve", Roles: []operator.Role{operator.Approver}, Expires: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)},
	} {
		seed := make([]byte, ed25519.SeedSize)
		seed[0] = byte(i + 1)
		b.keys[person.Name] = ed25519.NewKeyFromSeed(seed)
		person.Key = operator.FormatKey(b.keys[person.Name].Public().(ed25519.PublicKey))
		b.roster = append(b.roster, person)
	}
	b.keys["mallory"] = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	b.sources = safety.Sources{
		Vaults: []string{"alpha", "beta", "gamma"}, Flights: b.Flights,
		Store: func(context.Context) error { return b.flaw(safety.CheckStore) },
		Witness: func(_ context.Context, vault string) (domain.Witness, error) {
			w := domain.Witness{Vault: vault, Planned: true, Opened: true, Complete: true, Policy: "p", PlannedPolicy: "p", Program: "q", PlannedProgram: "q"}
			if b.flaw(safety.CheckPolicy) != nil {
				w.Policy = "another"
			}
			return w, b.flaw(safety.CheckBooks)
		},
		Signer: func(context.Context, string) error { return b.flaw(safety.CheckSigner) },
		Endpoints: func() []safety.Endpoint {
			return []safety.Endpoint{{Name: "rpc", Usable: true, Advancing: b.flaw(safety.CheckRPC) == nil}}
		},
		Criticals: func(context.Context) ([]string, error) {
			open := map[bool][]string{true: {"INC-20261125-001"}}
			return open[b.flaw(safety.CheckIncidents) != nil], nil
		},
	}
	h := host.New(host.Params{
		Store: b, Chain: b, Runs: b, Settle: b.settle, Sources: b.sources, Roster: b.roster, Evidence: b,
		Vaults: b.sources.Vaults, Now: b.env.Now, Log: slog.New(slog.DiscardHandler),
	})
	for name, f := range activities.NewSafety(h).Names() {
		b.env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
	people := activities.NewMonitor(activities.MonitorParams{People: b, Log: slog.New(slog.DiscardHandler)})
	b.env.RegisterActivityWithOptions(people.Tell, activity.RegisterOptions{Name: ops.TellPeople.Name})
	b.env.RegisterWorkflow(workflows.SafetySwitch)
	return b
}

func (b *board) flaw(check string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.flawed[check] != "" {
		return fmt.Errorf("%s: %w", check, errBroken)
	}
	return nil
}

// plan is what happens at what second.
type plan map[int]func()

// live runs the switch through the plan; it ends by continuing as new a minute after the last step, and its state is
// given back.
func (b *board) live(p plan, in ...safety.State) safety.State {
	b.t.Helper()
	last := 0
	for at, do := range p {
		b.env.RegisterDelayedCallback(do, time.Duration(at)*time.Second)
		last = max(last, at)
	}
	var state safety.State
	b.env.RegisterDelayedCallback(func() { state = b.state() }, time.Duration(last+600)*time.Second)
	b.env.RegisterDelayedCallback(func() {
		b.env.SetContinueAsNewSuggested(true)
		b.env.SignalWorkflow(ops.SignalLook, nil)
	}, time.Duration(last+601)*time.Second)
	b.env.SetTestTimeout(20 * time.Second)
	input := ops.SwitchInput{}
	if len(in) > 0 {
		input.State = in[0]
	}
	b.env.ExecuteWorkflow(workflows.SafetySwitch, input)
	require.True(b.t, b.env.IsWorkflowCompleted())
	require.ErrorContains(b.t, b.env.GetWorkflowError(), "continue as new", "the switch never ends by itself")
	return state
}

func (b *board) state() safety.State {
	b.t.Helper()
	value, err := b.env.QueryWorkflow(ops.QueryState)
	require.NoError(b.t, err)
	var s safety.State
	require.NoError(b.t, value.Get(&s))
	return s
}

// outcome is how an update ended.
type outcome struct {
	rejected error // By its validator.
	err      error // By its handler.
	answer   any
	ended    bool
}

func (o *outcome) failure() error { return errors.Join(o.rejected, o.err) }

// update sends an update and gives its outcome once the workflow has run on.
func (b *board) update(name string, arg any) *outcome {
	out := &outcome{}
	b.updates++
	b.env.UpdateWorkflow(name, fmt.Sprintf("%s-%d", name, b.updates), &testsuite.TestUpdateCallback{
		OnAccept:   func() {},
		OnReject:   func(err error) { out.rejected, out.ended = err, true },
		OnComplete: func(answer any, err error) { out.answer, out.err, out.ended = answer, err, true },
	}, arg)
	return out
}

// stop is the signal as the temporal CLI sends it.
func (b *board) stop(fields map[string]any) {
	b.env.SignalWorkflow(ops.SignalEmergencyStop, fields)
}

// sign makes an approval of the open request.
func (b *board) sign(person string, change ...func(*operator.Approval)) operator.Approval {
	b.t.Helper()
	r := b.state().Request
	require.NotNil(b.t, r, "no request is open")
	a := operator.Approval{Decision: operator.Resume, Request: r.ID, State: r.Hash, Operator: person, Expires: b.env.Now().Add(10 * time.Minute).Truncate(time.Second)}
	for _, c := range change {
		c(&a)
	}
	key, known := b.keys[person]
	if !known {
		key = b.keys["mallory"]
	}
	signed, err := operator.Sign(key, a)
	require.NoError(b.t, err)
	return signed
}
