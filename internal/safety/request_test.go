package safety_test

import (
	"crypto/ed25519"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

var names = []string{"ada", "bob", "cy", "dan"}

func key(name string) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, name)
	return ed25519.NewKeyFromSeed(seed)
}

// roster: ada, bob and cy approve; dan does not.
func roster() operator.Roster {
	var out operator.Roster
	for _, name := range names {
		role := operator.Approver
		if name == "dan" {
			role = operator.Operate
		}
		out = append(out, operator.Operator{Name: name, Roles: []operator.Role{role}, Key: operator.FormatKey(key(name).Public().(ed25519.PublicKey))})
	}
	return out
}

func stop(vault string, at time.Time) domain.SafetyFlag {
	return domain.SafetyFlag{Kind: domain.SafetyStop, Vault: vault, Reason: "r", Actor: "a", At: at}
}

func good() domain.Checks { return domain.Checks{{Name: safety.CheckStore, Result: domain.CheckOK}} }

func sign(t require.TestingT, name string, r safety.Request, expires time.Time) operator.Approval {
	a, err := operator.Sign(key(name), operator.Approval{Decision: operator.Resume, Request: r.ID, State: r.Hash, Operator: name, Expires: expires.Truncate(time.Second)})
	require.NoError(t, err)
	return a
}

// TestState_NothingIsEverLiftedButByTwoPeople drives the state through any course of events, and holds what the last judge
// says against a plain memory of who signed what.
func TestState_NothingIsEverLiftedButByTwoPeople(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := safety.State{Vaults: vaults, Roster: roster()}
		now, asOf := noon, int64(0)
		var store []domain.SafetyFlag
		signedBy := map[string]map[string]time.Time{} // By state hash: who signed it, and until when it counts.
		lifts := 0
		for range rapid.IntRange(5, 60).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(1, 400).Draw(t, "seconds")) * time.Second)
			switch rapid.SampledFrom([]string{"stop", "stop elsewhere", "look", "request", "approve", "approve", "approve", "replay"}).Draw(t, "event") {
			case "stop":
				f := stop(rapid.SampledFrom([]string{"", "alpha", "beta"}).Draw(t, "vault"), now)
				s.Raise(f)
				asOf++
				if !slices.ContainsFunc(store, f.Names) {
					store = append(store, f)
				}
				s.Stored(f)
				s.Adopt(safety.Facts{Flags: store, AsOf: asOf, Vaults: vaults, Roster: roster()}, now)
			case "stop elsewhere":
				asOf++
				if f := stop("beta", now); !slices.ContainsFunc(store, f.Names) {
					store = append(store, f)
				}
			case "look":
				s.Adopt(safety.Facts{Flags: store, AsOf: asOf, Vaults: vaults, Roster: roster()}, now)
			case "request":
				ask := safety.Ask{Vault: rapid.SampledFrom([]string{"", "alpha", "beta"}).Draw(t, "vault"), Reason: "r", Actor: "dan"}
				require.NoError(t, s.CheckAsk(ask, false))
				s.Adopt(safety.Facts{Flags: store, AsOf: asOf, Vaults: vaults, Roster: roster()}, now)
				if err := s.Open(ask, good(), now); err != nil {
					require.Equal(t, safety.CodeNothing, fault.CodeOf(err))
				}
			case "replay", "approve":
				if s.Request == nil {
					continue
				}
				name := rapid.SampledFrom(names).Draw(t, "who")
				a := sign(t, name, *s.Request, now.Add(time.Duration(rapid.IntRange(-60, 1200).Draw(t, "lasts"))*time.Second))
				if s.CheckApproval(a, false, now) != nil {
					continue
				}
				require.NotEqual(t, "dan", name)
				if signedBy[a.State] == nil {
					signedBy[a.State] = map[string]time.Time{}
				}
				signedBy[a.State][name] = a.Expires
				enough := s.Request.Approve(a, now)
				people := 0
				for _, until := range signedBy[a.State] {
					if now.Before(until) {
						people++
					}
				}
				require.Equal(t, people >= 2, enough, "two different people, and both approvals still count")
				if !enough {
					require.Error(t, safety.VerifyLift(*s.Request, roster(), now))
					continue
				}
				require.NoError(t, safety.VerifyLift(*s.Request, roster(), now))
				if s.Request.AsOf != asOf {
					s.Adopt(safety.Facts{Flags: store, AsOf: asOf, Vaults: vaults, Roster: roster()}, now)
					require.Nil(t, s.Request, "what was stopped meanwhile makes the request void")
					continue
				}
				for _, f := range s.Request.Flags {
					store = slices.DeleteFunc(store, f.Names)
				}
				lifts++
				s.Lifted(s.Request.Flags)
				s.Request = nil
				s.Adopt(safety.Facts{Flags: store, AsOf: asOf, Vaults: vaults, Roster: roster()}, now)
			}
			require.LessOrEqual(t, len(s.History), 50)
			for _, f := range store {
				_, known := s.Find(f.Kind, f.Vault)
				require.True(t, known || asOf > s.AsOf, "what is up is known once it was looked at")
			}
		}
		t.Logf("%d lifts", lifts)
	})
}

func request(t require.TestingT) safety.Request {
	s := safety.State{Vaults: vaults, Roster: roster(), Flags: []domain.SafetyFlag{stop("", noon), stop("beta", noon)}, AsOf: 3}
	checks := domain.Checks{{Name: safety.CheckStore, Result: domain.CheckOK}, {Name: safety.CheckPolicy, Result: domain.CheckFail, Observed: "changed"}}
	require.NoError(t, s.Open(safety.Ask{Reason: "mended", Actor: "dan", Waivers: []safety.Waiver{{Check: safety.CheckPolicy, Reason: "wanted"}}}, checks, noon))
	return *s.Request
}

// TestSum_CoversEverythingThatIsDecided changes every field of a request, one at a time.
func TestSum_CoversEverythingThatIsDecided(t *testing.T) {
	r := request(t)
	for name, change := range map[string]func(*safety.Request){
		"id":             func(r *safety.Request) { r.ID = "resume-2" },
		"vault":          func(r *safety.Request) { r.Vault = "beta" },
		"reason":         func(r *safety.Request) { r.Reason = "other" },
		"actor":          func(r *safety.Request) { r.Actor = "other" },
		"time":           func(r *safety.Request) { r.At = r.At.Add(1) },
		"mark":           func(r *safety.Request) { r.AsOf++ },
		"a flag less":    func(r *safety.Request) { r.Flags = r.Flags[:1] },
		"a flag's text":  func(r *safety.Request) { r.Flags[0].Reason = "other" },
		"a flag's time":  func(r *safety.Request) { r.Flags[0].At = noon.Add(1) },
		"a check less":   func(r *safety.Request) { r.Checks = r.Checks[:1] },
		"a check's end":  func(r *safety.Request) { r.Checks[1].Result = domain.CheckOK },
		"a waiver less":  func(r *safety.Request) { r.Waivers = nil },
		"a waiver's why": func(r *safety.Request) { r.Waivers[0].Reason = "other" },
	} {
		t.Run(name, func(t *testing.T) {
			changed := request(t)
			change(&changed)
			require.NotEqual(t, r.Hash, changed.Sum())
		})
	}
	covered := reflect.TypeFor[safety.Request]().NumField()
	require.Equal(t, 11, covered, "a new field of a request must be in its hash, or be a reason not to: hash and approvals are")
	same := request(t)
	same.Checks[1].Observed = "changed a little more"
	same.At = same.At.In(time.FixedZone("", 3600))
	same.Flags[0].At = same.Flags[0].At.In(time.FixedZone("", 7200))
	require.Equal(t, r.Hash, same.Sum(), "figures and zones change nothing")
}

// TestVerifyLift_BelievesNoWorkflow: what a forged switch could hand to a worker.
func TestVerifyLift_BelievesNoWorkflow(t *testing.T) {
	two := func(t *testing.T) safety.Request {
		r := request(t)
		r.Approvals = []operator.Approval{sign(t, "ada", r, noon.Add(9*time.Minute)), sign(t, "bob", r, noon.Add(9*time.Minute))}
		return r
	}
	tests := []struct {
		name   string
		change func(*safety.Request)
		code   string
	}{
		{"good", func(*safety.Request) {}, ""},
		{"one approval", func(r *safety.Request) { r.Approvals = r.Approvals[:1] }, safety.CodeNoRequest},
		{"none", func(r *safety.Request) { r.Approvals = nil }, safety.CodeNoRequest},
		{"one approval twice", func(r *safety.Request) { r.Approvals[1] = r.Approvals[0] }, operator.CodeSame},
		{"two of one person", func(r *safety.Request) { r.Approvals[1] = sign(t, "ada", *r, noon.Add(8*time.Minute)) }, operator.CodeSame},
		{"one without the role", func(r *safety.Request) { r.Approvals[1] = sign(t, "dan", *r, noon.Add(8*time.Minute)) }, operator.CodeRole},
		{"one expired", func(r *safety.Request) { r.Approvals[1] = sign(t, "bob", *r, noon.Add(-time.Second)) }, operator.CodeExpired},
		{"more flags than were approved", func(r *safety.Request) { r.Flags = append(r.Flags, stop("alpha", noon)) }, safety.CodeStale},
		{"another hash", func(r *safety.Request) { r.Hash = strings.Repeat("0", 64) }, safety.CodeStale},
		{"a check made good", func(r *safety.Request) { r.Checks[1].Result = domain.CheckOK }, safety.CodeStale},
		{"an approval of another request", func(r *safety.Request) {
			other := *r
			other.ID = "resume-9"
			r.Approvals[1] = sign(t, "bob", other, noon.Add(time.Minute))
		}, safety.CodeStale},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := two(t)
			tt.change(&r)
			require.Equal(t, tt.code, fault.CodeOf(safety.VerifyLift(r, roster(), noon)))
		})
	}
	unwaived := request(t)
	unwaived.Waivers = nil
	unwaived.Hash = unwaived.Sum()
	unwaived.Approvals = []operator.Approval{sign(t, "ada", unwaived, noon.Add(time.Minute)), sign(t, "bob", unwaived, noon.Add(time.Minute))}
	require.Equal(t, safety.CodeChecklist, fault.CodeOf(safety.VerifyLift(unwaived, roster(), noon)), "two signatures do not replace a checklist")
}

func TestLifts_IsolationsHaveTheirOwnWayBack(t *testing.T) {
	flags := []domain.SafetyFlag{stop("", noon), stop("beta", noon), {Kind: domain.SafetyIsolate, Vault: "beta"}, {Kind: domain.SafetyDrill, Vault: "x"}, {Kind: domain.SafetyPause, Vault: "beta"}}
	require.Len(t, safety.Lifts(flags, ""), 2)
	require.Equal(t, []domain.SafetyFlag{stop("beta", noon)}, safety.Lifts(flags, "beta"))
	require.Empty(t, safety.Lifts(flags, "alpha"))
}

func TestWorse_NamesWhatBecameWorse(t *testing.T) {
	was := domain.Checks{{Name: "a", Result: domain.CheckWarn}, {Name: "b", Result: domain.CheckOK}}
	for _, tt := range []struct {
		now  domain.Checks
		want string
	}{
		{domain.Checks{{Name: "a", Result: domain.CheckWarn}, {Name: "b", Result: domain.CheckOK}}, ""},
		{domain.Checks{{Name: "a", Result: domain.CheckOK}, {Name: "b", Result: domain.CheckOK}}, ""},
		{domain.Checks{{Name: "a", Result: domain.CheckWarn}, {Name: "b", Result: domain.CheckWarn}}, "b was ok and is warn"},
		{domain.Checks{{Name: "a", Result: domain.CheckFail}, {Name: "b", Result: domain.CheckOK}}, "a was warn and is fail"},
		{domain.Checks{{Name: "c", Result: domain.CheckUnknown}}, "c was ok and is unknown"},
	} {
		err := safety.Worse(was, tt.now)
		require.Equal(t, tt.want == "", err == nil)
		if err != nil {
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, safety.CodeStale, fault.CodeOf(err))
		}
	}
}

func TestPercentile_IsAlwaysAMeasuredValue(t *testing.T) {
	require.Zero(t, safety.Percentile(nil, 99))
	for _, tt := range []struct {
		p    float64
		want float64
	}{{0, 1}, {50, 3}, {60, 3}, {61, 4}, {99, 5}, {100, 5}} {
		require.InDelta(t, tt.want, safety.Percentile([]float64{5, 1, 4, 2, 3}, tt.p), 0, fmt.Sprint(tt.p))
	}
}

// An incident takes down the isolation that it put up by itself. A store that was lost says nothing of it, and what a
// person raised ends by people alone.
func TestAdopt_OnlyAnIncidentsOwnIsolationEndsWithoutTheSwitch(t *testing.T) {
	isolation := func(actor string) domain.SafetyFlag {
		return domain.SafetyFlag{Kind: domain.SafetyIsolate, Vault: "alpha", Reason: "r", Actor: actor, At: noon}
	}
	stopped := stop("", noon)
	stopped.Actor = domain.Automation
	for name, c := range map[string]struct {
		flag   domain.SafetyFlag
		asOf   int64
		mended bool
	}{
		"its isolation":             {isolation(domain.Automation), 7, true},
		"its isolation, store lost": {isolation(domain.Automation), 6, false},
		"a person's isolation":      {isolation("ada"), 7, false},
		"its stop":                  {stopped, 7, false},
	} {
		s := safety.State{Flags: []domain.SafetyFlag{c.flag}, AsOf: 7}
		fresh, gone, mended := s.Adopt(safety.Facts{AsOf: c.asOf}, noon)
		require.Empty(t, fresh, name)
		require.Equal(t, c.mended, len(mended) == 1 && len(gone) == 0 && !s.Up(), name)
		require.Equal(t, !c.mended, len(gone) == 1 && len(mended) == 0 && s.Up(), name)
	}
}
