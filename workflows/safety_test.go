package workflows_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/workflows"
)

func everything() map[string]any {
	return map[string]any{"scope": "all", "reason": "strange payouts", "actor": "ada"}
}

func TestS11_AStopClosesTheGateTellsRunsAndPeopleAndKeepsEvidence(t *testing.T) {
	b := newBoard(t)
	b.flights = []domain.Flight{{Signature: "s1", Vault: "alpha", Key: "page/0", State: domain.IntentSent, LastValid: 950}, {Signature: "s2", Vault: "beta", Key: "page/9", State: domain.IntentPrepared, LastValid: 970}}
	var during safety.State
	b.broken["settle"] = 5
	after := b.live(plan{1: func() { b.stop(everything()) }, 2: func() { during = b.state() }})
	require.Len(t, b.flags, 1)
	require.Equal(t, domain.SafetyStop, b.flags[0].Kind)
	require.Equal(t, "strange payouts", b.flags[0].Reason)
	require.True(t, during.Stop.Stored.Done)
	require.ElementsMatch(t, []string{"alpha", "beta", "gamma"}, b.signals, "every vault of the settings is told once")
	require.Equal(t, "2 told, 1 vaults without a run", during.Stop.Runs.Text)
	require.Len(t, b.told, 1)
	require.Equal(t, domain.SeverityCritical, b.told[0].Severity)
	require.Contains(t, b.told[0].Text, "Manual intervention is required")
	require.Equal(t, 1, b.evidence)
	require.NotEmpty(t, during.Stop.Bundle.SHA256)
	require.Equal(t, 2, during.Flights.May, "what may still land is listed while it is not settled")
	require.EqualValues(t, 970, during.Flights.Until)
	require.EqualValues(t, 900, during.Flights.Height)
	require.True(t, after.Flights.Settled)
	require.Equal(t, []int{1, 1, 0}, []int{after.Flights.Landed, after.Flights.Expired, after.Flights.May})
}

// S08: the document's sequence told people last, so that a failed file write silenced it. Here no part waits for another.
func TestS08_EachPartOfAStopIsIsolatedFromTheOthers(t *testing.T) {
	const forever = 1 << 30
	tests := []struct {
		name   string
		broken map[string]int
		want   func(*testing.T, *board, safety.State)
	}{
		{"people cannot be told", map[string]int{"tell": forever}, func(t *testing.T, b *board, s safety.State) {
			require.False(t, s.Stop.Told.Done)
			require.True(t, s.Stop.Stored.Done && s.Stop.Runs.Done && s.Stop.Evidence.Done)
		}},
		{"evidence cannot be written", map[string]int{"evidence": forever}, func(t *testing.T, b *board, s safety.State) {
			require.False(t, s.Stop.Evidence.Done)
			require.True(t, s.Stop.Stored.Done && s.Stop.Runs.Done && s.Stop.Told.Done)
		}},
		{"runs cannot be told", map[string]int{"runs": forever}, func(t *testing.T, b *board, s safety.State) {
			require.False(t, s.Stop.Runs.Done)
			require.Contains(t, s.Stop.Runs.Text, "were not told to stop")
			require.True(t, s.Stop.Stored.Done && s.Stop.Told.Done && s.Stop.Evidence.Done)
		}},
		{"the store takes nothing for a while", map[string]int{"store": 7}, func(t *testing.T, b *board, s safety.State) {
			require.True(t, s.Stop.Stored.Done, "it is tried without end")
			require.Empty(t, s.Pending)
		}},
		{"what is in the air cannot be listed", map[string]int{"flights": forever}, func(t *testing.T, b *board, s safety.State) {
			require.Contains(t, s.Flights.Problem, "broken on request")
			require.False(t, s.Flights.Settled)
			require.True(t, s.Stop.Stored.Done && s.Stop.Told.Done)
		}},
		{"no node answers", map[string]int{"chain": forever, "settle": forever}, func(t *testing.T, b *board, s safety.State) {
			require.Equal(t, 1, s.Flights.May)
			require.NotEmpty(t, s.Flights.Problem)
			require.True(t, s.Stop.Stored.Done && s.Stop.Told.Done && s.Stop.Evidence.Done)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBoard(t)
			b.flights = []domain.Flight{{Signature: "s", Vault: "alpha", Key: "page/0", State: domain.IntentSent, LastValid: 9}}
			for what, n := range tt.broken {
				b.broken[what] = n
			}
			state := b.live(plan{1: func() { b.stop(everything()) }})
			require.Len(t, b.flags, 1)
			tt.want(t, b, state)
		})
	}
}

func TestS11_WhatCannotBeReadStopsEverything(t *testing.T) {
	tests := []struct {
		name   string
		signal string
		give   any
		vault  string // Of the flag; empty is everything.
		kind   domain.SafetyKind
		reason string
	}{
		{"no content", ops.SignalEmergencyStop, nil, "", domain.SafetyStop, "without content"},
		{"no scope", ops.SignalEmergencyStop, map[string]any{"reason": "fire", "vault": "alpha"}, "", domain.SafetyStop, "fire; an emergency stop without a scope"},
		{"a text", ops.SignalEmergencyStop, "STOP IT", "", domain.SafetyStop, "cannot be read"},
		{"a list", ops.SignalEmergencyStop, []int{1}, "", domain.SafetyStop, "cannot be read"},
		{"bytes", ops.SignalEmergencyStop, []byte{0xff, 0, 1}, "", domain.SafetyStop, "cannot be read"},
		{"a number for a reason", ops.SignalEmergencyStop, map[string]any{"scope": "all", "reason": 7}, "", domain.SafetyStop, "no reason was given"},
		{"an unknown scope", ops.SignalEmergencyStop, map[string]any{"scope": "some"}, "", domain.SafetyStop, `scope "some"`},
		{"a vault without a name", ops.SignalEmergencyStop, map[string]any{"scope": "vault"}, "", domain.SafetyStop, "without a vault"},
		{"a vault that does not exist", ops.SignalEmergencyStop, map[string]any{"scope": "vault", "vault": "alhpa"}, "", domain.SafetyStop, `"alhpa", which the settings do not have`},
		{"one vault", ops.SignalEmergencyStop, map[string]any{"scope": "vault", "vault": "alpha", "reason": "fire"}, "alpha", domain.SafetyStop, "fire"},
		{"an isolation", ops.SignalIsolate, map[string]any{"vault": "beta", "reason": "bad list"}, "beta", domain.SafetyIsolate, "bad list"},
		{"an isolation of nobody knows what", ops.SignalIsolate, map[string]any{"reason": "bad list"}, "", domain.SafetyStop, "an isolation without a vault"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBoard(t)
			b.live(plan{1: func() { b.env.SignalWorkflow(tt.signal, tt.give) }})
			require.Len(t, b.flags, 1)
			require.Equal(t, tt.kind, b.flags[0].Kind)
			require.Equal(t, tt.vault, b.flags[0].Vault)
			require.Contains(t, b.flags[0].Reason, tt.reason)
			require.NotEmpty(t, b.flags[0].Actor)
		})
	}
}

func ask() safety.Ask { return safety.Ask{Reason: "the cause is found and mended", Actor: "joe"} }

// TestS11_TwoDifferentPeopleLiftAStop is the one right way.
func TestS11_TwoDifferentPeopleLiftAStop(t *testing.T) {
	b := newBoard(t)
	var asked, first, second *outcome
	state := b.live(plan{
		1:  func() { b.stop(everything()) },
		30: func() { asked = b.update(ops.UpdateRequestResume, ask()) },
		60: func() { first = b.update(ops.UpdateApproveResume, b.sign("ada")) },
		90: func() {
			require.Len(t, b.flags, 1, "one approval lifts nothing")
			second = b.update(ops.UpdateApproveResume, b.sign("bob"))
		},
	})
	for _, o := range []*outcome{asked, first, second} {
		require.True(t, o.ended)
		require.NoError(t, o.failure())
	}
	require.Empty(t, b.flags)
	require.Nil(t, state.Request)
	require.False(t, state.Up())
	answer := second.answer.(ops.ResumeAnswer)
	require.Len(t, answer.Lifted, 1)
	require.Equal(t, domain.MessageResolve, b.told[len(b.told)-1].Kind)
	for i, m := range b.told {
		require.Equal(t, b.told[0].Key, m.Key, "one thread")
		require.Equal(t, i+1, m.Seq)
	}
	var actions []string
	for _, e := range b.audit {
		actions = append(actions, e.Action+" by "+e.Actor)
	}
	require.ElementsMatch(t, []string{"safety.set.stop by ada", "safety.evidence by ada", "safety.resume.requested by joe", "safety.resume.approved by ada", "safety.resume.approved by bob", "safety.lifted by ada and bob"}, actions)
}

// TestS11_EveryWrongWayOfResumingIsRefusedWithItsReason: nothing of this takes a flag down.
func TestS11_EveryWrongWayOfResumingIsRefusedWithItsReason(t *testing.T) {
	approve := func(person string, change ...func(*operator.Approval)) func(*board) *outcome {
		return func(b *board) *outcome { return b.update(ops.UpdateApproveResume, b.sign(person, change...)) }
	}
	request := func(change func(*safety.Ask)) func(*board) *outcome {
		return func(b *board) *outcome {
			a := ask()
			change(&a)
			return b.update(ops.UpdateRequestResume, a)
		}
	}
	flawed := func(check string, waivers ...safety.Waiver) func(*board) *outcome {
		return func(b *board) *outcome {
			b.flawed[check] = domain.CheckFail
			a := ask()
			a.Waivers = waivers
			return b.update(ops.UpdateRequestResume, a)
		}
	}
	tests := []struct {
		name    string
		do      func(*board) *outcome // After a request that ada has approved.
		code    string
		says    string
		handler bool // The handler refuses it, not the validator.
	}{
		{"the same person twice", approve("ada"), operator.CodeSame, "two different people", false},
		{"a stale state", approve("bob", func(a *operator.Approval) {
			a.State = "0000000000000000000000000000000000000000000000000000000000000000"
		}), safety.CodeStale, "Something has changed", false},
		{"another request", approve("bob", func(a *operator.Approval) { a.Request = "resume-77" }), safety.CodeStale, "open is resume-1", false},
		{"a wrong key", func(b *board) *outcome {
			a := b.sign("mallory")
			a.Operator = "bob"
			return b.update(ops.UpdateApproveResume, a)
		}, operator.CodeWrongKey, "not bob's", false},
		{"a changed approval", func(b *board) *outcome {
			a := b.sign("bob")
			a.Expires = a.Expires.Add(time.Minute)
			return b.update(ops.UpdateApproveResume, a)
		}, operator.CodeWrongKey, "was changed after it was signed", false},
		{"an unknown operator", approve("mallory"), operator.CodeUnknown, "no operator of the settings", false},
		{"a role that does not approve", approve("joe"), operator.CodeRole, "joe has the roles [operator]", false},
		{"an operator whose time is over", approve("eve"), operator.CodeRetired, "was an operator until", false},
		{"an approval that has expired", approve("bob", func(a *operator.Approval) { a.Expires = a.Expires.Add(-11 * time.Minute) }), operator.CodeExpired, "counted until", false},
		{"an approval that lasts too long", approve("bob", func(a *operator.Approval) { a.Expires = a.Expires.Add(time.Hour) }), operator.CodeTooLong, "15m0s is the longest", false},
		{"an approval of a release", approve("bob", func(a *operator.Approval) { a.Decision = operator.Release }), safety.CodeMalformed, "for a release", false},
		{"no content", func(b *board) *outcome { return b.update(ops.UpdateApproveResume, nil) }, safety.CodeMalformed, "", false},
		{"content that cannot be read", func(b *board) *outcome { return b.update(ops.UpdateApproveResume, []int{1}) }, safety.CodeMalformed, "cannot be read", false},
		{"a request without a reason", request(func(a *safety.Ask) { a.Reason = " " }), safety.CodeMalformed, "needs a reason", false},
		{"a request for a vault that does not exist", request(func(a *safety.Ask) { a.Vault = "delta" }), safety.CodeVault, `"delta"`, false},
		{"a request for a vault that is not stopped", request(func(a *safety.Ask) { a.Vault = "beta" }), safety.CodeNothing, "no stop of its own", true},
		{"a waiver of what cannot be waived", request(func(a *safety.Ask) { a.Waivers = []safety.Waiver{{Check: safety.CheckSignatures, Reason: "hurry"}} }), safety.CodeWaiver, "cannot be waived", false},
		{"a waiver without a reason", request(func(a *safety.Ask) { a.Waivers = []safety.Waiver{{Check: safety.CheckPolicy}} }), safety.CodeWaiver, "needs a reason", false},
		{"books that cannot be read", flawed(safety.CheckBooks), safety.CodeChecklist, "chain_equals_books is unknown", true},
		{"a signer that is away", flawed(safety.CheckSigner), safety.CodeChecklist, "signer_reachable is fail", true},
		{"endpoints that stand still", flawed(safety.CheckRPC), safety.CodeChecklist, "rpc_healthy is fail", true},
		{"a store that does not work", flawed(safety.CheckStore), safety.CodeChecklist, "store_works is fail", true},
		{"a changed policy that nobody waived", flawed(safety.CheckPolicy), safety.CodeChecklist, "policy_unchanged is fail", true},
		{"an open incident that nobody waived", flawed(safety.CheckIncidents), safety.CodeChecklist, "INC-20261125-001", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBoard(t)
			var got *outcome
			b.live(plan{
				1:  func() { b.stop(everything()) },
				30: func() { b.update(ops.UpdateRequestResume, ask()) },
				60: func() { b.update(ops.UpdateApproveResume, b.sign("ada")) },
				90: func() { got = tt.do(b) },
			})
			require.True(t, got.ended)
			require.Error(t, got.failure())
			require.Equal(t, tt.code, fault.CodeOf(got.failure()), got.failure())
			require.Contains(t, got.failure().Error(), tt.says)
			require.Equal(t, tt.handler, got.rejected == nil, "who refuses it")
			require.Len(t, b.flags, 1, "the stop stands")
		})
	}
}

func TestS11_AnApprovalCountsAQuarterOfAnHour(t *testing.T) {
	b := newBoard(t)
	var late, again *outcome
	b.live(plan{
		1:    func() { b.stop(everything()) },
		30:   func() { b.update(ops.UpdateRequestResume, ask()) },
		60:   func() { b.update(ops.UpdateApproveResume, b.sign("ada")) },
		1000: func() { late = b.update(ops.UpdateApproveResume, b.sign("bob")) },
		1010: func() {
			require.Len(t, b.flags, 1, "the first approval has expired: the second is alone")
			again = b.update(ops.UpdateApproveResume, b.sign("ada"))
		},
	})
	require.NoError(t, late.failure())
	require.NoError(t, again.failure(), "whoever's approval expired may give another")
	require.Empty(t, b.flags)
}

func TestS11_WhatIsWaivedWithAReasonDoesNotBlock(t *testing.T) {
	b := newBoard(t)
	b.flawed[safety.CheckPolicy], b.flawed[safety.CheckIncidents] = domain.CheckFail, domain.CheckFail
	a := ask()
	a.Waivers = []safety.Waiver{{Check: safety.CheckPolicy, Reason: "the owners voted for it"}, {Check: safety.CheckIncidents, Reason: "it is about this"}}
	b.live(plan{
		1:  func() { b.stop(everything()) },
		30: func() { b.update(ops.UpdateRequestResume, a) },
		60: func() { b.update(ops.UpdateApproveResume, b.sign("ada")) },
		90: func() { b.update(ops.UpdateApproveResume, b.sign("bob")) },
	})
	require.Empty(t, b.flags)
	require.True(t, slices.ContainsFunc(b.audit, func(e store.AuditEntry) bool {
		return e.Action == "safety.lifted" && strings.Contains(e.Detail, "policy_unchanged waived: the owners voted for it")
	}), "the reason is in the audit log")
}

// The checklist is evaluated once more after the second approval.
func TestS11_AChecklistThatBecameWorseLiftsNothing(t *testing.T) {
	for _, check := range []string{safety.CheckBooks, safety.CheckSigner, safety.CheckPolicy} {
		t.Run(check, func(t *testing.T) {
			b := newBoard(t)
			var second *outcome
			state := b.live(plan{
				1:  func() { b.stop(everything()) },
				30: func() { b.update(ops.UpdateRequestResume, ask()) },
				60: func() { b.update(ops.UpdateApproveResume, b.sign("ada")) },
				90: func() {
					b.flawed[check] = domain.CheckFail
					second = b.update(ops.UpdateApproveResume, b.sign("bob"))
				},
			})
			require.Error(t, second.err)
			require.Contains(t, second.err.Error(), check)
			require.Len(t, b.flags, 1)
			require.Nil(t, state.Request, "it must be asked for again")
		})
	}
}

// TestS11_AStopThatComesInBetweenWins: whenever somebody stops while a resume is decided, the stop stands in the end.
func TestS11_AStopThatComesInBetweenWins(t *testing.T) {
	signal := func(b *board) { b.stop(map[string]any{"scope": "all", "reason": "again", "actor": "joe"}) }
	store := func(b *board) { // As the command line does it.
		_ = b.SetSafety(context.Background(), domain.SafetyFlag{Kind: domain.SafetyStop, Reason: "again", Actor: "joe", At: b.env.Now()})
	}
	tests := []struct {
		name string
		when string // Before which part of the second approval; "": between the approvals.
		how  func(*board)
	}{
		{"a signal between the approvals", "", signal},
		{"the command line between the approvals", "", store},
		{"a signal while the checklist is evaluated", "read", signal},
		{"the command line while the checklist is evaluated", "read", store},
		{"the command line at the moment of the lifting", "lift", store},
		{"a signal at the moment of the lifting", "lift", signal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBoard(t)
			b.live(plan{
				1:  func() { b.stop(everything()) },
				30: func() { b.update(ops.UpdateRequestResume, ask()) },
				60: func() { b.update(ops.UpdateApproveResume, b.sign("ada")) },
				75: func() {
					if tt.when == "" {
						tt.how(b)
					}
				},
				90: func() {
					if b.state().Request == nil {
						return // The signal made it void.
					}
					done := false
					b.between = func(what string) {
						if what == tt.when && !done {
							done = true
							tt.how(b)
						}
					}
					b.update(ops.UpdateApproveResume, b.sign("bob"))
				},
			})
			require.Len(t, b.flags, 1, "the second stop stands")
		})
	}
}

// A worker that starts at the moment of the lifting has the switch look at a store that says more than the switch knows.
func TestS11_ALookAtTheMomentOfTheLiftingRaisesNothing(t *testing.T) {
	for _, when := range []string{"lift", "read"} {
		t.Run(when, func(t *testing.T) {
			b := newBoard(t)
			b.live(plan{
				1:  func() { b.stop(everything()) },
				30: func() { b.update(ops.UpdateRequestResume, ask()) },
				60: func() { b.update(ops.UpdateApproveResume, b.sign("ada")) },
				90: func() {
					looks := 0
					b.between = func(what string) {
						if what == when && looks < 3 {
							looks++
							b.env.SignalWorkflow(ops.SignalLook, nil)
						}
					}
					b.update(ops.UpdateApproveResume, b.sign("bob"))
				},
			})
			require.Empty(t, b.flags)
		})
	}
}

func TestS11_AStopAfterAResumeIsCarriedOutWholeAlthoughTheFirstOneIsStillBeingTold(t *testing.T) {
	b := newBoard(t)
	b.broken["tell"] = 5
	b.live(plan{
		1:  func() { b.stop(everything()) },
		10: func() { b.update(ops.UpdateRequestResume, ask()) },
		11: func() { b.update(ops.UpdateApproveResume, b.sign("ada")) },
		12: func() { b.update(ops.UpdateApproveResume, b.sign("bob")) },
		20: func() {
			require.Empty(t, b.flags)
			b.signals = nil
			b.stop(everything())
		},
	})
	require.Len(t, b.flags, 1)
	require.ElementsMatch(t, []string{"alpha", "beta", "gamma"}, b.signals)
}

// What the command line raised while Temporal was away is found when the switch looks, and followed like any other.
func TestS11_AFlagThatWasRaisedWithoutTheSwitchIsFollowed(t *testing.T) {
	b := newBoard(t)
	var found *outcome
	state := b.live(plan{
		1: func() {
			require.NoError(t, b.SetSafety(context.Background(), domain.SafetyFlag{Kind: domain.SafetyStop, Vault: "beta", Reason: "by hand", Actor: "joe", At: b.env.Now()}))
		},
		2: func() { b.env.SignalWorkflow(ops.SignalLook, nil) },
		3: func() {
			require.Equal(t, []string{"beta"}, b.signals, "its run is told, and no other")
			a := ask()
			a.Vault = "beta"
			found = b.update(ops.UpdateRequestResume, a)
		},
	})
	require.NoError(t, found.failure())
	require.Len(t, b.told, 2)
	require.Equal(t, "beta", state.Request.Vault)
}

// A stop does not end with the loss of the store, nor with a hand in it.
func TestS11_AFlagThatVanishesFromTheStoreIsRaisedAgain(t *testing.T) {
	b := newBoard(t)
	state := b.live(plan{
		1: func() { b.stop(everything()) },
		60: func() {
			b.flags, b.audit = nil, nil
			b.env.SignalWorkflow(ops.SignalLook, nil)
		},
	})
	require.Len(t, b.flags, 1)
	require.Equal(t, "strange payouts", b.flags[0].Reason)
	require.Contains(t, state.History[len(state.History)-1].Text, "raised again")
}

// An incident isolates a vault and, once it is mended, takes its own isolation down: the switch learns both, and tells
// people of the end. What a person isolated, or everything's stop, does not end so.
func TestS09_TheIsolationOfAnIncidentEndsWithoutTheSwitch(t *testing.T) {
	b := newBoard(t)
	own := domain.SafetyFlag{Kind: domain.SafetyIsolate, Vault: "beta", Reason: "INC-1: stuck", Actor: domain.Automation, At: b.env.Now().UTC()}
	person := own
	person.Vault, person.Actor = "alpha", "ada"
	state := b.live(plan{
		1: func() {
			require.NoError(t, b.SetSafety(context.Background(), own))
			require.NoError(t, b.SetSafety(context.Background(), person))
			b.env.SignalWorkflow(ops.SignalLook, nil)
		},
		60: func() {
			b.flags = nil
			b.env.SignalWorkflow(ops.SignalLook, nil)
		},
	})
	require.Equal(t, []domain.SafetyFlag{person}, b.flags)
	require.Equal(t, []domain.SafetyFlag{person}, state.Flags)
	require.Len(t, b.told, 1, "the incident tells of its own isolation itself")
	require.Equal(t, "Vault alpha is isolated", b.told[0].Title)
	require.Equal(t, []string{"alpha"}, b.signals, "the run of the incident's vault waits at its gate, to go on")
}

// A person who isolates what an incident has isolated takes it over: the run is told, and people.
func TestS11_APersonTakesOverTheIsolationOfAnIncident(t *testing.T) {
	b := newBoard(t)
	state := b.live(plan{
		1: func() {
			require.NoError(t, b.SetSafety(context.Background(), domain.SafetyFlag{Kind: domain.SafetyIsolate, Vault: "beta", Reason: "INC-1: stuck", Actor: domain.Automation, At: b.env.Now()}))
			b.env.SignalWorkflow(ops.SignalLook, nil)
		},
		30: func() {
			require.Empty(t, b.signals)
			b.env.SignalWorkflow(ops.SignalIsolate, map[string]string{"vault": "beta", "reason": "I look into it", "actor": "ada"})
		},
	})
	require.Equal(t, []string{"beta"}, b.signals)
	require.Len(t, b.told, 1)
	require.Equal(t, "ada", b.flags[0].Actor)
	require.Equal(t, "ada", state.Flags[0].Actor)
}

func TestS11_TheStateSurvivesContinueAsNew(t *testing.T) {
	b := newBoard(t)
	state := b.live(plan{
		1:  func() { b.stop(everything()) },
		30: func() { b.update(ops.UpdateRequestResume, ask()) },
		60: func() { b.update(ops.UpdateApproveResume, b.sign("ada")) },
	})
	require.NotNil(t, state.Request)
	require.Len(t, state.Request.Approvals, 1)
	next := newBoard(t)
	next.flags, next.audit = b.flags, b.audit
	next.env.SetStartTime(time.Date(2026, 11, 25, 12, 2, 0, 0, time.UTC))
	var same *outcome
	next.live(plan{
		1: func() { same = next.update(ops.UpdateApproveResume, next.sign("ada")) },
		2: func() { next.update(ops.UpdateApproveResume, next.sign("bob")) },
	}, state)
	require.Equal(t, operator.CodeSame, fault.CodeOf(same.failure()), "who approved before is known after")
	require.Empty(t, next.flags)
}

// A flag whose storing was under way is stored by the next run; one that waits keeps the run from ending.
func TestS11_AFlagThatIsNotStoredYetIsCarriedOn(t *testing.T) {
	b := newBoard(t)
	flag := domain.SafetyFlag{Kind: domain.SafetyStop, Reason: "carried", Actor: "ada", At: b.env.Now()}
	b.live(plan{}, safety.State{Flags: []domain.SafetyFlag{flag}, Pending: []domain.SafetyFlag{flag}})
	require.Len(t, b.flags, 1)
	require.Equal(t, "carried", b.flags[0].Reason)
}

func TestIsolateAndRelease(t *testing.T) {
	sign := func(b *board, person, vault, reason string) safety.Back {
		flag, up := b.state().Find(domain.SafetyIsolate, vault)
		require.True(t, up)
		back := safety.Back{Vault: vault, Reason: reason}
		hash := back.Sum(flag)
		var err error
		back.Approval, err = operator.Sign(b.keys[person], operator.Approval{
			Decision: operator.Release, Request: vault, State: hash, Operator: person, Expires: b.env.Now().Add(5 * time.Minute).Truncate(time.Second),
		})
		require.NoError(t, err)
		return back
	}
	b := newBoard(t)
	var other, wrong, right, twice *outcome
	b.live(plan{
		1: func() {
			b.env.SignalWorkflow(ops.SignalIsolate, map[string]any{"vault": "beta", "reason": "bad list", "actor": "joe"})
		},
		5: func() {
			back := sign(b, "joe", "beta", "list corrected")
			back.Reason = "another reason"
			wrong = b.update(ops.UpdateReleaseVault, back)
			back = sign(b, "joe", "beta", "list corrected")
			back.Vault = "alpha"
			other = b.update(ops.UpdateReleaseVault, back)
		},
		9: func() {
			back := sign(b, "joe", "beta", "list corrected")
			right = b.update(ops.UpdateReleaseVault, back)
			twice = b.update(ops.UpdateReleaseVault, back)
		},
	})
	require.Equal(t, safety.CodeStale, fault.CodeOf(wrong.failure()))
	require.Equal(t, safety.CodeNothing, fault.CodeOf(other.failure()))
	require.NoError(t, right.failure())
	require.Error(t, twice.failure())
	require.Empty(t, b.flags)
	require.Equal(t, []string{"beta"}, b.signals)
	require.Equal(t, domain.MessageResolve, b.told[len(b.told)-1].Kind)
}

func TestSwitch_ManyStopsAreOneAndItStillContinuesAsNew(t *testing.T) {
	b := newBoard(t)
	state := b.live(plan{1: func() {
		for range 200 {
			b.stop(everything())
		}
	}})
	require.Len(t, b.flags, 1)
	require.Len(t, b.told, 1, "people are told once")
	require.Len(t, b.signals, 3, "runs are told once")
	require.Equal(t, 1, b.evidence, "the first evidence is what a resume compares with")
	require.LessOrEqual(t, len(state.History), 50)
	require.Len(t, b.audit, 201, "every order is in the audit log, and the evidence")
}

func TestSwitch_ACancelOrderDoesNotSwitchItOff(t *testing.T) {
	b := newBoard(t)
	b.live(plan{1: func() { b.env.CancelWorkflow() }, 2: func() { b.stop(everything()) }})
	require.Len(t, b.flags, 1)
	require.Len(t, b.told, 1)
}

// drillEnv runs StopDrill beside a gate that takes the given times to close.
func drillEnv(t *testing.T, took ...any) (ops.DrillReport, []domain.Message, error) {
	return drillAfter(t, nil, took...)
}

// drillAfter runs StopDrill as a schedule whose last run failed so; nil when it did not.
func drillAfter(t *testing.T, last error, took ...any) (ops.DrillReport, []domain.Message, error) {
	env := newSuite().NewTestWorkflowEnvironment()
	if last != nil {
		env.SetLastError(last)
	}
	var told []domain.Message
	n := 0
	env.RegisterActivityWithOptions(func(_ context.Context, in ops.DrillSample) (ops.DrillTook, error) {
		one := took[n%len(took)]
		n++
		if err, broken := one.(error); broken {
			return ops.DrillTook{}, fault.Seal(err)
		}
		return ops.DrillTook{MS: one.(float64), Running: 40 + n}, nil
	}, activity.RegisterOptions{Name: ops.MeasureStop.Name})
	env.RegisterActivityWithOptions(func(_ context.Context, m domain.Message) (struct{}, error) {
		told = append(told, m)
		return struct{}{}, nil
	}, activity.RegisterOptions{Name: ops.TellPeople.Name})
	env.ExecuteWorkflow(workflows.StopDrill, ops.DrillInput{})
	require.True(t, env.IsWorkflowCompleted())
	var report ops.DrillReport
	value, err := env.QueryWorkflow(ops.QueryResult)
	require.NoError(t, err)
	require.NoError(t, value.Get(&report))
	return report, told, env.GetWorkflowError()
}

func TestStopDrill_ReportsWhatItMeasured(t *testing.T) {
	report, told, err := drillEnv(t, 30.0, 10.0, 20.0, 50.0, 40.0)
	require.NoError(t, err)
	require.Equal(t, ops.DrillReport{OK: true, Running: 45, Samples: 5, P50: 30, P99: 50, Limit: 1000}, report)
	require.Len(t, told, 1)
	require.Equal(t, domain.MessageChange, told[0].Kind, "it wakes nobody")
	require.Contains(t, told[0].Text, "5 measured with 45 running distributions: half within 30 ms, 99 of 100 within 50 ms")
}

func TestStopDrill_TheNextGoodRunEndsTheAlarm(t *testing.T) {
	_, first, err := drillEnv(t, 1200.0)
	require.Error(t, err)
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "drill/slow", fault.CodeOf(err))
	_, second, err := drillAfter(t, failed, fault.New(fault.Human, "drill/unseen", errors.New("not seen at the gate")))
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "drill/unseen", fault.CodeOf(err))
	report, third, err := drillAfter(t, failed, 20.0)
	require.NoError(t, err)
	require.Nil(t, report.Alarm)
	for n, told := range [][]domain.Message{first, second, third} {
		require.Len(t, told, 1)
		require.Equal(t, first[0].Key, told[0].Key, "one alarm from its beginning to its end")
		require.Equal(t, n+1, told[0].Seq)
		require.Equal(t, []domain.MessageKind{domain.MessageTrigger, domain.MessageTrigger, domain.MessageResolve}[n], told[0].Kind)
	}
	_, told, err := drillAfter(t, temporal.NewTimeoutError(enums.TIMEOUT_TYPE_START_TO_CLOSE, nil), 20.0)
	require.NoError(t, err)
	require.Equal(t, domain.MessageChange, told[0].Kind, "a run that was cut off raised no alarm")
}

func TestStopDrill_FailsOverASecondAndTellsPeople(t *testing.T) {
	report, told, err := drillEnv(t, 30.0, 10.0, 20.0, 1200.0, 40.0)
	require.ErrorContains(t, err, "a stop takes 1200 ms from signal to gate, and 1000 ms are promised")
	require.False(t, report.OK)
	require.Len(t, told, 1)
	require.Equal(t, domain.SeverityHigh, told[0].Severity)
}

func TestStopDrill_AGateThatIsNotSeenFails(t *testing.T) {
	report, told, err := drillEnv(t, 30.0, fault.New(fault.Human, "drill/unseen", errors.New("not seen at the gate")))
	require.ErrorContains(t, err, "not seen at the gate")
	require.Equal(t, 1, report.Samples)
	require.Len(t, told, 1)
}
