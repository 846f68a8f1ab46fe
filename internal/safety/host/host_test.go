package host_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/safety"
	"github.com/meteora-fee-router/feeops/internal/safety/host"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// world is a host on a real store; chain and runs keep state and break on request.
type world struct {
	*host.Host

	t     *testing.T
	store *store.Store
	dir   string

	mu      sync.Mutex
	stopped []string
	refuse  map[string]error // By vault: the run cannot be told.
	lands   map[string]domain.IntentState
	stuck   map[string]error // By vault: its signatures cannot be watched.
	drills  func(id string)
	terms   string
}

func key(name string) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, name)
	return ed25519.NewKeyFromSeed(seed)
}

func roster(people ...string) operator.Roster {
	var out operator.Roster
	for _, name := range people {
		out = append(out, operator.Operator{Name: name, Roles: []operator.Role{operator.Approver}, Key: operator.FormatKey(key(name).Public().(ed25519.PublicKey))})
	}
	return out
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, dir: t.TempDir(), refuse: map[string]error{}, lands: map[string]domain.IntentState{}, stuck: map[string]error{}, terms: "p"}
	var err error
	w.store, err = store.Open(t.Context(), "file:"+filepath.Join(w.dir, "feeops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.store.Close()) })
	w.Host = host.New(host.Params{
		Store: w.store, Chain: w, Runs: w, Settle: w.settle, Roster: roster("ada", "bob"), Evidence: host.Folder{Dir: filepath.Join(w.dir, "evidence")},
		Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler),
		Vaults: []string{"alpha", "beta", "gamma"},
		Sources: safety.Sources{
			Vaults: []string{"alpha", "beta", "gamma"}, Store: w.store.Ping, Flights: w.store.Flights, Settings: "settings",
			Witness: func(_ context.Context, v string) (domain.Witness, error) {
				return domain.Witness{Vault: v, Planned: true, Opened: true, Complete: true, Policy: w.terms, PlannedPolicy: "p", Manifest: "m"}, nil
			},
			Signer:    func(context.Context, string) error { return nil },
			Endpoints: func() []safety.Endpoint { return []safety.Endpoint{{Name: "rpc", Usable: true, Advancing: true}} },
		},
	})
	return w
}

func (w *world) Stop(_ context.Context, vault, _, _ string) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.refuse[vault]; err != nil {
		return false, err
	}
	w.stopped = append(w.stopped, vault)
	return vault != "gamma", nil
}

func (w *world) Running(_ context.Context, vault string) (bool, error) { return vault != "gamma", nil }

func (w *world) Drill(_ context.Context, id string) error {
	if w.drills != nil {
		go w.drills(id)
	}
	return nil
}

func (w *world) ExpiryHeight(context.Context) (uint64, int, error) { return 500, 1, nil }

func (w *world) settle(ctx context.Context, vault string) error {
	if err := w.stuck[vault]; err != nil {
		return err
	}
	open, err := w.store.OpenIntents(ctx, vault)
	if err != nil {
		return err
	}
	for _, i := range open {
		if state := w.lands[i.Signature]; state != "" {
			if err := w.store.SettleIntent(ctx, i.Signature, store.IntentUpdate{State: state, At: noon}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *world) flag(vault string) domain.SafetyFlag {
	return domain.SafetyFlag{Kind: domain.SafetyStop, Vault: vault, Reason: "strange payouts", Actor: "ada", At: noon}
}

// approved is a request that two people of the roster approved, made as the switch makes it.
func (w *world) approved(people ...string) safety.Request {
	w.t.Helper()
	facts, checks, err := w.Inspect(w.t.Context(), "", safety.Bundle{})
	require.NoError(w.t, err)
	s := safety.State{}
	s.Adopt(facts, noon)
	require.NoError(w.t, s.Open(safety.Ask{Reason: "mended", Actor: "joe"}, checks, noon))
	r := *s.Request
	for _, name := range people {
		a, err := operator.Sign(key(name), operator.Approval{Decision: operator.Resume, Request: r.ID, State: r.Hash, Operator: name, Expires: noon.Add(10 * time.Minute)})
		require.NoError(w.t, err)
		r.Approvals = append(r.Approvals, a)
	}
	return r
}

func (w *world) up() []domain.SafetyFlag {
	w.t.Helper()
	flags, err := w.store.AllSafety(w.t.Context())
	require.NoError(w.t, err)
	return flags
}

func TestLift_TakesDownWhatTwoPeopleOfTheSettingsApproved(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.Raise(t.Context(), w.flag("")))
	require.NoError(t, w.Raise(t.Context(), w.flag("beta")))
	r := w.approved("ada", "bob")
	require.NoError(t, w.Lift(t.Context(), r))
	require.Empty(t, w.up())
	require.NoError(t, w.Lift(t.Context(), r), "a reply that was lost is asked for again")
	log, err := w.store.AuditLog(t.Context(), 0, 100)
	require.NoError(t, err)
	require.Equal(t, "ada and bob", log[len(log)-1].Actor)
	require.Len(t, log, 5, "two raised, two cleared, one decision; the second asking left nothing")
}

func TestLift_BelievesItsOwnSettingsAlone(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.Raise(t.Context(), w.flag("")))
	for name, r := range map[string]safety.Request{
		"one person": w.approved("ada"), "one person twice": w.approved("ada", "ada"), "a stranger": w.approved("ada", "mallory"), "nobody": w.approved(),
	} {
		require.Equal(t, fault.Human, fault.KindOf(w.Lift(t.Context(), r)), name)
		require.Len(t, w.up(), 1, name)
	}
}

func TestLift_WhatWasRaisedAgainStands(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.Raise(t.Context(), w.flag("")))
	r := w.approved("ada", "bob")
	again := w.flag("")
	again.Reason = "it goes on"
	require.NoError(t, w.Raise(t.Context(), again)) // The flag stays as it is, and still somebody stopped again.
	require.Equal(t, safety.CodeStale, fault.CodeOf(w.Lift(t.Context(), r)))
	require.Len(t, w.up(), 1)
	require.NoError(t, w.Lift(t.Context(), w.approved("ada", "bob")), "whoever looks again may decide again")
	require.Empty(t, w.up())
}

func TestRelease_ByOneSignatureForThatVaultAlone(t *testing.T) {
	w := newWorld(t)
	flag := domain.SafetyFlag{Kind: domain.SafetyIsolate, Vault: "beta", Reason: "bad list", Actor: "joe", At: noon}
	require.NoError(t, w.Raise(t.Context(), flag))
	facts, checks, err := w.Inspect(t.Context(), "beta", safety.Bundle{})
	require.NoError(t, err)
	b := safety.Back{Vault: "beta", Reason: "corrected"}
	hash := b.Sum(flag)
	sign := func(who string, state string) {
		b.Approval, err = operator.Sign(key(who), operator.Approval{Decision: operator.Release, Request: "beta", State: state, Operator: who, Expires: noon.Add(time.Minute)})
		require.NoError(t, err)
	}
	sign("mallory", hash)
	require.Equal(t, operator.CodeUnknown, fault.CodeOf(w.Release(t.Context(), b, flag, facts.AsOf, checks)))
	sign("ada", hash)
	unread := domain.Checks{{Name: safety.CheckBooks, Result: domain.CheckUnknown}}
	require.Equal(t, safety.CodeChecklist, fault.CodeOf(w.Release(t.Context(), b, flag, facts.AsOf, unread)))
	require.NoError(t, w.Release(t.Context(), b, flag, facts.AsOf, checks))
	require.Empty(t, w.up())
}

func TestStopRuns_TellsEveryVaultThatTheFlagConcerns(t *testing.T) {
	w := newWorld(t)
	runs, err := w.StopRuns(t.Context(), w.flag(""))
	require.NoError(t, err)
	require.Equal(t, safety.Runs{Signalled: 2, Absent: 1}, runs)
	w.stopped = nil
	_, err = w.StopRuns(t.Context(), w.flag("beta"))
	require.NoError(t, err)
	require.Equal(t, []string{"beta"}, w.stopped)
	w.refuse["alpha"], w.stopped = errors.New("no connection"), nil
	runs, err = w.StopRuns(t.Context(), w.flag(""))
	require.Equal(t, fault.Retry, fault.KindOf(err))
	require.Equal(t, []string{"alpha"}, runs.Failed)
	slices.Sort(w.stopped)
	require.Equal(t, []string{"beta", "gamma"}, w.stopped, "one that cannot be told keeps no other from it")
}

// fly stores signatures that are on their way.
func (w *world) fly(vault string, n int, lastValid uint64) {
	w.t.Helper()
	for i := range n {
		sig := fmt.Sprintf("%s-%d", vault, i)
		require.NoError(w.t, w.store.InsertIntent(w.t.Context(), domain.Intent{
			Signature: sig, Vault: vault, Day: "2026-11-25", Kind: domain.IntentPage, Key: fmt.Sprintf("page/%d", i), State: domain.IntentPrepared,
			Raw: []byte{1}, LastValid: lastValid + uint64(i), CreatedAt: noon,
		}))
	}
}

func TestFlights_AreListedAndSettled(t *testing.T) {
	w := newWorld(t)
	empty, err := w.Flights(t.Context())
	require.NoError(t, err)
	require.True(t, empty.Settled)
	w.fly("alpha", 3, 700)
	w.fly("beta", 1, 900)
	w.fly("gamma", 1, 800)
	listed, err := w.Flights(t.Context())
	require.NoError(t, err)
	require.Equal(t, []any{5, uint64(900), uint64(500), false}, []any{listed.May, listed.Until, listed.Height, listed.Settled})
	require.NoError(t, w.store.SettleIntent(t.Context(), "gamma-0", store.IntentUpdate{State: domain.IntentConfirmed, At: noon})) // By its own run, meanwhile.
	w.lands = map[string]domain.IntentState{"alpha-0": domain.IntentConfirmed, "alpha-1": domain.IntentExpired, "alpha-2": domain.IntentFailed}
	w.stuck["beta"] = errors.New("the vault has no fee payer")
	settled, err := w.SettleFlights(t.Context(), listed.List)
	require.NoError(t, err, "a vault that cannot be watched keeps the others from nothing")
	require.Equal(t, []int{2, 1, 1, 1}, []int{settled.Landed, settled.Failed, settled.Expired, settled.May})
	require.Equal(t, "beta-0", settled.List[0].Signature)
	require.Contains(t, settled.Problem, "no fee payer")
}

func TestFlights_AreAllCountedAndAHundredShown(t *testing.T) {
	w := newWorld(t)
	w.fly("alpha", 130, 700)
	listed, err := w.Flights(t.Context())
	require.NoError(t, err)
	require.Equal(t, 130, listed.May)
	require.Len(t, listed.List, 100)
	require.EqualValues(t, 829, listed.Until, "of all")
}

func TestTakeEvidence_IsWrittenOnceAndAChangeShows(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.Raise(t.Context(), w.flag("")))
	b, err := w.TakeEvidence(t.Context(), w.flag(""))
	require.NoError(t, err)
	info, err := os.Stat(b.Path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	same, err := w.TakeEvidence(t.Context(), w.flag(""))
	require.NoError(t, err)
	require.Equal(t, b, same)
	manifest := func(b safety.Bundle) domain.Check {
		_, checks, err := w.Inspect(t.Context(), "", b)
		require.NoError(t, err)
		i := slices.IndexFunc(checks, func(c domain.Check) bool { return c.Name == safety.CheckManifest })
		return checks[i]
	}
	require.Equal(t, domain.CheckOK, manifest(b).Result)
	require.Equal(t, domain.CheckWarn, manifest(safety.Bundle{}).Result, "nothing to compare with")
	require.Equal(t, domain.CheckWarn, manifest(safety.Bundle{Path: "/etc/passwd", SHA256: b.SHA256}).Result, "no file but of the folder is read")
	body, err := os.ReadFile(b.Path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(b.Path, append(body, ' '), 0o600))
	require.Equal(t, domain.CheckFail, manifest(b).Result)
}

func TestTakeEvidence_NamesWhatItCouldNotRead(t *testing.T) {
	w := newWorld(t)
	w.Sources.Witness = func(_ context.Context, v string) (domain.Witness, error) {
		if v == "beta" {
			return domain.Witness{}, errors.New("no node answers")
		}
		return domain.Witness{Vault: v}, nil
	}
	b, err := w.TakeEvidence(t.Context(), w.flag(""))
	require.NoError(t, err)
	require.Equal(t, []string{"vault beta: no node answers"}, b.Unknown)
}

func TestMeasureStop_SeesItsOwnFlagAndLeavesNothing(t *testing.T) {
	w := newWorld(t)
	left := domain.SafetyFlag{Kind: domain.SafetyDrill, Vault: "of-yesterday", Reason: "a drill", Actor: "x", At: noon}
	require.NoError(t, w.store.SetSafety(t.Context(), left))
	began := time.Now()
	w.Now = time.Now
	w.drills = func(id string) {
		if err := w.Raise(context.Background(), domain.SafetyFlag{Kind: domain.SafetyDrill, Vault: id, Reason: "a drill", Actor: "stop-drill", At: noon}); err != nil {
			panic(err)
		}
	}
	took, running, err := w.MeasureStop(t.Context(), "sample-1")
	require.NoError(t, err)
	require.Positive(t, took)
	require.LessOrEqual(t, took, time.Since(began))
	require.Equal(t, 2, running)
	require.Empty(t, w.up())
	log, err := w.store.AuditLog(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, log, 4, "a drill is in the audit log, and stops nothing")
}

func TestRecord_WritesTheAuditLog(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.Record(t.Context(), safety.Entry{At: noon, Actor: "ada", What: "resume.approved", Vault: "beta", Text: "t"}))
	log, err := w.store.AuditLog(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Equal(t, "safety.resume.approved", log[0].Action)
}
