package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/workflows"
)

const incidentID = "INC-20261125-001"

// hall is everything around an incident's workflow: it keeps what it is told and breaks on request.
type hall struct {
	mu      sync.Mutex // Activities run side by side.
	env     *testsuite.TestWorkflowEnvironment
	policy  incident.Policy
	began   time.Time
	calls   []string // Activities in the order of their beginning, without saves and questions.
	told    []telling
	posts   []ops.RoomInput
	stored  domain.Incident
	entries []domain.TimelineEntry
	broken  map[string]error // By activity.
	repeat  map[string]int   // By activity: how many times it fails; 0 is for ever.
	heals   ops.RecoverResult
	twin    string
	rejects []error
}

type telling struct {
	ops.TellInput

	after time.Duration
}

func newHall(t *testing.T) *hall {
	t.Helper()
	h := &hall{env: newSuite().NewTestWorkflowEnvironment(), broken: map[string]error{}, repeat: map[string]int{}, heals: ops.RecoverResult{Worked: true, Text: "rehearsed"}}
	h.policy = incident.Policy{
		Ladders: []incident.Ladder{
			{Severity: domain.SeverityCritical, Repeat: 1, RepeatAfter: 15 * time.Minute, Steps: []incident.Step{{To: []string{"ada"}}, {After: 5 * time.Minute, To: []string{"bob"}}, {After: 15 * time.Minute}}},
			{Severity: domain.SeverityHigh, Steps: []incident.Step{{To: []string{"ada"}}, {After: 30 * time.Minute, To: []string{"bob"}}}},
			{Severity: domain.SeverityMedium, Steps: []incident.Step{{After: time.Hour, To: []string{"ada"}}}},
		},
		AckExpires: map[domain.Severity]time.Duration{domain.SeverityCritical: 30 * time.Minute},
	}
	h.register()
	h.began = h.env.Now()
	return h
}

func (h *hall) locked() func() {
	h.mu.Lock()
	return h.mu.Unlock
}

// breaks says whether an activity fails now.
func (h *hall) breaks(name string) error {
	err, ok := h.broken[name]
	if !ok {
		return nil
	}
	if h.repeat[name] > 0 {
		if h.repeat[name]--; h.repeat[name] == 0 {
			delete(h.broken, name)
		}
	}
	return fault.Seal(err)
}

func (h *hall) register() {
	guard := func(name string) func(context.Context, ops.GuardInput) (ops.GuardResult, error) {
		return func(_ context.Context, in ops.GuardInput) (ops.GuardResult, error) {
			defer h.locked()()
			h.calls = append(h.calls, strings.TrimSpace(name+" "+in.Vault))
			return ops.GuardResult{How: "by a flag"}, h.breaks(name)
		}
	}
	for name, f := range map[string]any{
		ops.SaveIncident.Name: func(_ context.Context, in ops.SaveIncidentInput) error {
			defer h.locked()()
			if err := h.breaks(ops.SaveIncident.Name); err != nil {
				return err
			}
			h.stored = in.Incident
			h.entries = append(h.entries, in.Entries...)
			return nil
		},
		ops.TellIncident.Name: func(_ context.Context, in ops.TellInput) (ops.TellResult, error) {
			defer h.locked()()
			h.calls = append(h.calls, "tell "+in.Occasion)
			if err := h.breaks(ops.TellIncident.Name); err != nil {
				return ops.TellResult{}, err
			}
			h.told = append(h.told, telling{in, h.env.Now().Sub(h.began)})
			return ops.TellResult{}, nil
		},
		ops.PostRoom.Name: func(_ context.Context, in ops.RoomInput) (ops.RoomResult, error) {
			defer h.locked()()
			if err := h.breaks(ops.PostRoom.Name); err != nil {
				return ops.RoomResult{}, err
			}
			h.posts = append(h.posts, in)
			return ops.RoomResult{Room: "room"}, nil
		},
		ops.NextEscalation.Name: func(_ context.Context, q ops.EscalationQuery) (ops.EscalationAnswer, error) {
			defer h.locked()()
			if err := h.breaks(ops.NextEscalation.Name); err != nil {
				return ops.EscalationAnswer{}, err
			}
			i := q.Incident
			n := h.policy.Next(incident.Facts{Severity: i.Severity, State: i.State, LadderAt: i.LadderAt, Steps: i.Steps, AcknowledgedAt: i.AcknowledgedAt}, q.Now)
			return ops.EscalationAnswer{Kind: string(n.Kind), At: n.At, To: n.To, Channels: n.Channels, Text: n.Text}, nil
		},
		ops.StopAll.Name: guard(ops.StopAll.Name), ops.IsolateVault.Name: guard(ops.IsolateVault.Name), ops.ReleaseVault.Name: guard(ops.ReleaseVault.Name),
		ops.SecureState.Name: func(context.Context, ops.EvidenceInput) (ops.SecureResult, error) {
			defer h.locked()()
			h.calls = append(h.calls, "secure")
			return ops.SecureResult{Hash: "abc", Snapshot: domain.Evidence{Kind: "snapshot", Path: "/s", SHA256: "5"}}, h.breaks(ops.SecureState.Name)
		},
		ops.CollectEvidence.Name: func(context.Context, ops.EvidenceInput) (domain.Evidence, error) {
			defer h.locked()()
			h.calls = append(h.calls, "evidence")
			return domain.Evidence{Kind: "bundle", Path: "/e", SHA256: "6", Unknown: []string{"chain"}}, h.breaks(ops.CollectEvidence.Name)
		},
		ops.RecoverVault.Name: func(_ context.Context, in ops.RecoverInput) (ops.RecoverResult, error) {
			defer h.locked()()
			h.calls = append(h.calls, "recover "+in.Vault)
			return h.heals, h.breaks(ops.RecoverVault.Name)
		},
		ops.FindTwin.Name: func(context.Context, string) (string, error) { return h.twin, nil },
		ops.LoadIncident.Name: func(_ context.Context, id string) (ops.IncidentStart, error) {
			defer h.locked()()
			if id != h.stored.ID {
				return ops.IncidentStart{}, fault.Seal(fault.Newf(fault.Human, "incident/unknown", "there is no incident %s", id))
			}
			return ops.IncidentStart{Incident: h.stored, Respond: true, ReopenWindow: time.Hour}, nil
		},
	} {
		h.env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
}

// opened is an incident as the store gives it to its workflow.
func (h *hall) opened(s domain.Severity, r domain.Recovery) ops.IncidentInput {
	i := domain.Incident{
		ID: incidentID, Cause: "cursor", Vault: "alpha", Code: "router/6005", Title: "the cursor differs in alpha", Severity: s, State: domain.IncidentOpen,
		Recovery: r, Runbook: "router-6005", Day: "2026-11-25", OpenedAt: h.began, LadderAt: h.began, VaultCount: 1, Vaults: []domain.IncidentVault{{Vault: "alpha", Since: h.began}},
	}
	i.Add(domain.Auto(), h.began, domain.EntryOpened, "opened")
	return ops.IncidentInput{ID: incidentID, Start: &ops.IncidentStart{Incident: i, Failure: domain.Failure{Key: "k", Vault: "alpha", Code: "router/6005"}, Respond: true, ReopenWindow: time.Hour}}
}

// run plays the workflow until the given time has passed, or until it ends by itself.
func (h *hall) run(t *testing.T, in ops.IncidentInput, until time.Duration) {
	t.Helper()
	h.env.RegisterDelayedCallback(h.env.CancelWorkflow, until)
	h.env.ExecuteWorkflow(workflows.Incident, in)
	require.True(t, h.env.IsWorkflowCompleted())
}

func (h *hall) at(after time.Duration, do func()) { h.env.RegisterDelayedCallback(do, after) }

// update asks for a change and keeps a refusal.
func (h *hall) update(t *testing.T, name string, d ops.Deed) {
	t.Helper()
	h.env.UpdateWorkflow(name, fmt.Sprint(name, h.env.Now().UnixNano()), &testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) { h.rejects = append(h.rejects, err) },
		OnComplete: func(_ any, err error) {
			if err != nil {
				h.rejects = append(h.rejects, err)
			}
		},
	}, d)
}

func (h *hall) now(t *testing.T) domain.Incident {
	t.Helper()
	value, err := h.env.QueryWorkflow(ops.QueryIncident)
	require.NoError(t, err)
	var i domain.Incident
	require.NoError(t, value.Get(&i))
	return i
}

// pages are the ladder's steps with when and whom.
func (h *hall) pages() (out []string) {
	for _, m := range h.told {
		if m.Occasion == "paged" {
			out = append(out, strings.TrimSpace(fmt.Sprint(m.after.Round(time.Second), " ", strings.Join(m.To, ","))))
		}
	}
	return out
}

func (h *hall) line(t *testing.T, part string) domain.TimelineEntry {
	t.Helper()
	for _, e := range h.entries {
		if strings.Contains(e.Text, part) {
			return e
		}
	}
	require.Fail(t, "no such line", "%q in %v", part, h.entries)
	return domain.TimelineEntry{}
}

var ada = ops.Deed{Actor: "ada", Channel: "cli"}

func TestI09_LadderIsClimbedToItsEnd(t *testing.T) {
	h := newHall(t)
	h.run(t, h.opened(domain.SeverityCritical, ""), 24*time.Hour)
	require.Equal(t, []string{"0s ada", "5m0s bob", "15m0s", "30m0s ada", "35m0s bob", "45m0s"}, h.pages())
	h.line(t, "the ladder has ended after 6 steps and nobody has acknowledged")
}

func TestI09_AcknowledgementStopsPagingAndExpires(t *testing.T) {
	h := newHall(t)
	h.at(3*time.Minute, func() { h.update(t, ops.UpdateAcknowledge, ada) })
	h.at(20*time.Minute, func() {
		i := h.now(t)
		require.Equal(t, domain.IncidentAcknowledged, i.State)
		require.Equal(t, "ada", i.AcknowledgedBy)
	})
	h.at(34*time.Minute, func() { require.Equal(t, domain.IncidentOpen, h.now(t).State, "it has expired") })
	h.run(t, h.opened(domain.SeverityCritical, ""), 40*time.Minute)
	require.Equal(t, []string{"0s ada", "33m0s ada", "38m0s bob"}, h.pages())
	require.True(t, slices.ContainsFunc(h.told, func(m telling) bool { return m.Occasion == "acknowledged" && m.Incident.AcknowledgedBy == "ada" }), "channels learn of it, to stop paging there")
	require.Equal(t, "cli", h.line(t, "acknowledged by ada").Channel)
	require.Empty(t, h.rejects)
}

func TestI06_RaisedSeverityRunsTheLadderAgain(t *testing.T) {
	h := newHall(t)
	h.at(10*time.Minute, func() { h.update(t, ops.UpdateAcknowledge, ada) })
	h.at(20*time.Minute, func() {
		h.update(t, ops.UpdateEscalate, ops.Deed{Actor: "ada", Severity: domain.SeverityCritical, Text: "it spreads"})
	})
	h.run(t, h.opened(domain.SeverityHigh, ""), 26*time.Minute)
	require.Equal(t, []string{"0s ada", "20m0s ada", "25m0s bob"}, h.pages(), "what was taken as high is paged again as critical")
	require.Contains(t, h.calls, "StopAll", "a rise begins the response of the new severity")
	require.Equal(t, domain.SeverityCritical, h.stored.Severity)
}

func TestI03_WhatTheStateDoesNotAllowIsRefused(t *testing.T) {
	h := newHall(t)
	resolve := ops.Deed{Actor: "ada", Text: "the node lied"}
	h.at(time.Minute, func() { h.update(t, ops.UpdateResolve, resolve) })                  // Nobody has taken it.
	h.at(2*time.Minute, func() { h.update(t, ops.UpdateAcknowledge, ops.Deed{}) })         // No name.
	h.at(3*time.Minute, func() { h.update(t, ops.UpdateReopen, resolve) })                 // It is open.
	h.at(4*time.Minute, func() { h.update(t, ops.UpdateAcknowledge, ada) })                //
	h.at(5*time.Minute, func() { h.update(t, ops.UpdateResolve, ops.Deed{Actor: "ada"}) }) // No text.
	h.at(6*time.Minute, func() { h.update(t, ops.UpdateAssign, ops.Deed{Actor: "ada", To: "automation"}) })
	h.at(7*time.Minute, func() { h.update(t, ops.UpdateResolve, resolve) })
	h.at(8*time.Minute, func() { h.update(t, ops.UpdateAcknowledge, ada) }) // It is over.
	h.run(t, h.opened(domain.SeverityMedium, ""), 9*time.Minute)
	require.Len(t, h.rejects, 6)
	for n, want := range []string{"acknowledge it before", "name of a person", "only a resolved incident", "resolution text", "people only", "reopen it first"} {
		require.ErrorContains(t, h.rejects[n], want)
		require.Equal(t, "incident/refused", fault.CodeOf(h.rejects[n]))
	}
	require.Equal(t, domain.IncidentResolved, h.stored.State)
	require.Equal(t, "the node lied", h.stored.Resolution)
	require.Len(t, h.entries, h.stored.Seq-1, "what was refused is on no timeline; the first line was there")
}

func TestI03_ReopenedIncidentPagesAgain(t *testing.T) {
	h := newHall(t)
	h.at(time.Minute, func() { h.update(t, ops.UpdateAcknowledge, ada) })
	h.at(2*time.Minute, func() { h.update(t, ops.UpdateResolve, ops.Deed{Actor: "ada", Text: "done"}) })
	h.at(30*time.Minute, func() { h.update(t, ops.UpdateReopen, ops.Deed{Actor: "bob", Text: "it is back"}) })
	h.run(t, h.opened(domain.SeverityHigh, ""), 70*time.Minute)
	require.Equal(t, []string{"0s ada", "30m0s ada", "1h0m0s bob"}, h.pages())
	require.Equal(t, domain.IncidentOpen, h.stored.State)
	require.Equal(t, 1, h.stored.Reopened)
	require.Empty(t, h.rejects)
	require.Equal(t, 1, countOf(h.calls, "IsolateVault alpha"), "a person's reopening lets automation do nothing again")
}

func countOf(list []string, want string) (n int) {
	for _, one := range list {
		if one == want {
			n++
		}
	}
	return n
}

func TestI04_ReopeningIsRefusedWhileAnotherHasItsPlace(t *testing.T) {
	h := newHall(t)
	h.twin = "INC-20261125-007"
	h.at(time.Minute, func() { h.update(t, ops.UpdateAcknowledge, ada) })
	h.at(2*time.Minute, func() { h.update(t, ops.UpdateResolve, ops.Deed{Actor: "ada", Text: "done"}) })
	h.at(3*time.Minute, func() { h.update(t, ops.UpdateReopen, ops.Deed{Actor: "bob", Text: "it is back"}) })
	h.run(t, h.opened(domain.SeverityMedium, ""), 10*time.Minute)
	require.Len(t, h.rejects, 1)
	require.ErrorContains(t, h.rejects[0], "INC-20261125-007 is open for the same")
}

func TestIncident_EndsAfterTheTimeInWhichItCanBeReopened(t *testing.T) {
	h := newHall(t)
	h.at(time.Minute, func() { h.update(t, ops.UpdateAcknowledge, ada) })
	h.at(2*time.Minute, func() { h.update(t, ops.UpdateResolve, ops.Deed{Actor: "ada", Text: "done"}) })
	h.env.ExecuteWorkflow(workflows.Incident, h.opened(domain.SeverityMedium, ""))
	require.NoError(t, h.env.GetWorkflowError())
	var end domain.Incident
	require.NoError(t, h.env.GetWorkflowResult(&end))
	require.Equal(t, domain.IncidentResolved, end.State)
	require.GreaterOrEqual(t, h.env.Now().Sub(h.began), time.Hour)
}

func TestS08_CriticalStopsAndTellsBeforeAnythingElse(t *testing.T) {
	h := newHall(t)
	h.run(t, h.opened(domain.SeverityCritical, ""), time.Minute)
	deeds := slices.DeleteFunc(slices.Clone(h.calls), func(s string) bool { return s == "tell paged" })
	require.ElementsMatch(t, []string{"StopAll", "tell opened"}, deeds[:2])
	require.Equal(t, []string{"secure", "evidence", "tell manual"}, deeds[2:])
	require.Contains(t, h.calls, "tell paged")
	require.True(t, h.stored.NeedsHuman)
	require.Empty(t, h.stored.Assignee, "automation is no owner (S01)")
	require.Empty(t, h.stored.Responder, "and responds no more")
	mark := h.line(t, "critical response")
	for _, e := range h.entries {
		if e.Kind == domain.EntryResponse && e.Seq != mark.Seq {
			require.Less(t, mark.Seq, e.Seq, "it is marked before anything is done (S01)")
		}
	}
	h.line(t, "manual intervention required")
	require.Len(t, h.stored.Evidence, 2)
	require.Equal(t, []string{"chain"}, h.stored.Evidence[1].Unknown)
}

func TestS08_AStepThatFailsKeepsNoOtherFromHappening(t *testing.T) {
	for _, name := range []string{ops.StopAll.Name, ops.TellIncident.Name, ops.SecureState.Name, ops.CollectEvidence.Name, ops.PostRoom.Name, ops.NextEscalation.Name, ops.SaveIncident.Name} {
		t.Run(name, func(t *testing.T) {
			h := newHall(t)
			h.broken[name] = errors.New("broken on purpose")
			h.at(50*time.Minute, func() {
				i := h.now(t)
				require.True(t, i.NeedsHuman)
				require.Contains(t, i.Timeline[len(i.Timeline)-1].Text+lines(i), "manual intervention required")
				delete(h.broken, name)
			})
			h.run(t, h.opened(domain.SeverityCritical, ""), 2*time.Hour)
			for _, want := range []string{"StopAll", "tell opened", "secure", "evidence", "tell manual", "tell paged"} {
				require.Contains(t, h.calls, want)
			}
			require.NotEmpty(t, h.entries, "what was not stored at first is stored later")
			if name == ops.TellIncident.Name {
				require.Less(t, h.line(t, "the settings are locked").At.Sub(h.began), time.Minute, "a channel that is down holds nothing up")
			}
		})
	}
}

func lines(i domain.Incident) string {
	var out []string
	for _, e := range i.Timeline {
		out = append(out, e.Text)
	}
	return strings.Join(out, "\n")
}

func TestS08_AStopThatFailsIsOrderedAgainUntilItWorks(t *testing.T) {
	h := newHall(t)
	h.broken[ops.StopAll.Name], h.repeat[ops.StopAll.Name] = errors.New("nobody answers"), 20
	h.run(t, h.opened(domain.SeverityCritical, ""), time.Hour)
	h.line(t, "THE STOP FAILED")
	h.line(t, "everything is stopped at last")
}

func TestS09_HighIsolatesMendsAndReleases(t *testing.T) {
	h := newHall(t)
	h.at(20*time.Minute, func() {
		require.Equal(t, domain.IncidentMitigated, h.now(t).State)
		h.env.SignalWorkflow(ops.SignalRecovered, ops.RecoveredSignal{Vault: "alpha"})
	})
	h.run(t, h.opened(domain.SeverityHigh, domain.RecoverCursor), 30*time.Minute)
	require.Less(t, slices.Index(h.calls, "IsolateVault alpha"), slices.Index(h.calls, "recover alpha"))
	require.Less(t, slices.Index(h.calls, "recover alpha"), slices.Index(h.calls, "ReleaseVault alpha"))
	require.NotContains(t, h.calls, "StopAll")
	require.Equal(t, domain.IncidentResolved, h.stored.State)
	require.Contains(t, h.stored.Resolution, "goes on")
}

func TestS09_ARecoveryThatFailsMakesItCritical(t *testing.T) {
	for name, spoil := range map[string]func(*hall){
		"it did not work": func(h *hall) { h.heals = ops.RecoverResult{Text: "the rehearsal refuses"} },
		"it broke":        func(h *hall) { h.broken[ops.RecoverVault.Name] = fault.New(fault.Human, "x", errors.New("broke")) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHall(t)
			spoil(h)
			h.run(t, h.opened(domain.SeverityHigh, domain.RecoverCursor), time.Minute)
			require.Equal(t, domain.SeverityCritical, h.stored.Severity)
			require.Contains(t, h.calls, "StopAll")
			require.NotContains(t, h.calls, "ReleaseVault alpha")
			h.line(t, "recovery of alpha failed")
		})
	}
}

// Making accounts sends, and nothing is sent for an isolated vault.
func TestS09_AccountsAreMadeWhileTheVaultIsReleased(t *testing.T) {
	h := newHall(t)
	h.run(t, h.opened(domain.SeverityHigh, domain.RecoverAccounts), 10*time.Minute)
	require.Less(t, slices.Index(h.calls, "ReleaseVault alpha"), slices.Index(h.calls, "recover alpha"))
	require.Equal(t, 1, countOf(h.calls, "ReleaseVault alpha"))
	require.Equal(t, domain.IncidentMitigated, h.stored.State)

	h = newHall(t)
	h.heals = ops.RecoverResult{Text: "the rehearsal refuses"}
	h.run(t, h.opened(domain.SeverityHigh, domain.RecoverAccounts), time.Minute)
	require.Equal(t, 2, countOf(h.calls, "IsolateVault alpha"), "it is isolated again")
	require.Equal(t, domain.SeverityCritical, h.stored.Severity)
}

func TestS09_WhereCodeKnowsNoCureTheVaultStaysIsolated(t *testing.T) {
	h := newHall(t)
	h.run(t, h.opened(domain.SeverityHigh, domain.RecoverNothing), time.Hour)
	require.Equal(t, domain.SeverityHigh, h.stored.Severity)
	require.NotContains(t, h.calls, "recover alpha")
	require.NotContains(t, h.calls, "ReleaseVault alpha")
	require.True(t, h.stored.NeedsHuman)
	h.line(t, "code knows no cure")
}

func TestS09_AMitigationThatDoesNotLastIsTakenBack(t *testing.T) {
	h := newHall(t)
	again := ops.FailureSignal{Failure: domain.Failure{Vault: "alpha", Code: "router/6005", Message: "again"}, Severity: domain.SeverityHigh, Vaults: 1}
	for n := 1; n <= 3; n++ {
		h.at(time.Duration(n)*10*time.Minute, func() { h.env.SignalWorkflow(ops.SignalFailure, again) })
	}
	h.run(t, h.opened(domain.SeverityHigh, domain.RecoverCursor), time.Hour)
	require.Equal(t, 2, countOf(h.calls, "recover alpha"), "the same cure is not tried for ever")
	require.Equal(t, domain.IncidentOpen, h.stored.State)
	require.True(t, h.stored.NeedsHuman)
}

func TestS10_StandardWatchesAndEndsWhenTheDayGoesOn(t *testing.T) {
	h := newHall(t)
	h.at(10*time.Minute, func() { h.env.SignalWorkflow(ops.SignalRecovered, ops.RecoveredSignal{Vault: "alpha"}) })
	h.run(t, h.opened(domain.SeverityMedium, ""), 20*time.Minute)
	require.Equal(t, domain.IncidentResolved, h.stored.State)
	require.Equal(t, domain.Automation, h.line(t, "resolved:").Actor)
	require.ElementsMatch(t, []string{"tell opened", "evidence", "tell resolved"}, h.calls, "nobody was paged, nothing was stopped")
}

func TestS10_AnIncidentOfSeveralVaultsWaitsForTheLast(t *testing.T) {
	h := newHall(t)
	h.at(10*time.Minute, func() { h.env.SignalWorkflow(ops.SignalRecovered, ops.RecoveredSignal{Vault: "alpha", Left: 1}) })
	h.run(t, h.opened(domain.SeverityMedium, ""), 20*time.Minute)
	require.Equal(t, domain.IncidentOpen, h.stored.State)
	h.line(t, "the day of alpha goes on")
}

func TestIncident_SettingsCanForbidToActByItself(t *testing.T) {
	for _, s := range []domain.Severity{domain.SeverityHigh, domain.SeverityCritical} {
		h := newHall(t)
		in := h.opened(s, domain.RecoverCursor)
		in.Start.Respond = false
		h.run(t, in, time.Minute)
		require.ElementsMatch(t, []string{"tell opened", "evidence", "tell paged"}, h.calls, s)
		require.True(t, h.stored.NeedsHuman)
	}
}

// TestStorm_AThousandVaultsAreToldOfAtMostTenTimes plays what the correlator lets through.
func TestStorm_AThousandVaultsAreToldOfAtMostTenTimes(t *testing.T) {
	h := newHall(t)
	rules := incident.DefaultRules()
	severity := domain.SeverityMedium
	for n := 1; n < 1000; n++ {
		f := domain.Failure{Vault: fmt.Sprintf("v%04d", n), Code: "rpc/all_down", Message: "no endpoint answers"}
		d := rules.Correlate(f, incident.Classify(f), domain.Known{Others: n, Fleet: &domain.Candidate{ID: incidentID, Severity: severity, State: domain.IncidentOpen, Vaults: n}})
		severity = d.Severity
		if d.Tell {
			h.at(time.Duration(n)*time.Millisecond, func() {
				h.env.SignalWorkflow(ops.SignalFailure, ops.FailureSignal{Failure: f, Severity: d.Severity, Vaults: n + 1, Fleet: true})
			})
		}
	}
	h.run(t, h.opened(domain.SeverityMedium, domain.RecoverEndpoint), 4*time.Minute)
	require.Equal(t, domain.SeverityCritical, h.stored.Severity)
	require.GreaterOrEqual(t, h.stored.VaultCount, 768)
	require.Equal(t, 1, countOf(h.calls, "StopAll"))
	t.Logf("%d notifications, %d posts in the room", len(h.told), len(h.posts))
	require.LessOrEqual(t, len(h.told), 10)
	require.LessOrEqual(t, len(h.posts), 10)
}

func TestIncident_NotesAndLinksAreTakenInEveryState(t *testing.T) {
	h := newHall(t)
	h.at(time.Minute, func() {
		h.env.SignalWorkflow(ops.SignalNote, ops.Deed{Actor: "ada", Text: "looks like the provider"})
		h.env.SignalWorkflow(ops.SignalNote, ops.Deed{Actor: "ada"}) // Nothing is no note.
		h.env.SignalWorkflow(ops.SignalLink, ops.Deed{Actor: "ada", Text: "status page", URL: "https://status.example.org"})
	})
	h.run(t, h.opened(domain.SeverityHigh, ""), 10*time.Minute)
	require.Equal(t, "temporal", h.line(t, "looks like the provider").Channel)
	require.Equal(t, []domain.IncidentLink{{Text: "status page", URL: "https://status.example.org"}}, h.stored.Links)
	var posted []string
	for _, p := range h.posts {
		for _, e := range p.Entries {
			posted = append(posted, e.Text)
		}
	}
	require.Contains(t, posted, "opened", "the room has every line from the first on")
	require.Contains(t, posted, "looks like the provider")
	require.Empty(t, h.posts[0].Room)
	require.Equal(t, "room", h.posts[1].Room)
}

func TestIncident_GoesOnInANewRunWithEverythingItKnew(t *testing.T) {
	h := newHall(t)
	h.broken[ops.SaveIncident.Name] = errors.New("the store is down")
	h.at(10*time.Minute, func() { h.update(t, ops.UpdateAcknowledge, ada) })
	h.at(19*time.Minute, func() { h.env.SignalWorkflow(ops.SignalNote, ops.Deed{Actor: "ada", Text: "still at it"}) })
	h.at(20*time.Minute, func() { h.env.SetContinueAsNewSuggested(true) })
	h.run(t, h.opened(domain.SeverityHigh, ""), time.Hour)
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, h.env.GetWorkflowError(), &again)

	next := newHall(t)
	var in ops.IncidentInput
	require.NoError(t, decode(again, &in))
	require.NotEmpty(t, in.Carried.Pending, "what the store had not taken goes on")
	next.run(t, in, 10*time.Minute)
	require.Equal(t, "ada", next.stored.AcknowledgedBy)
	require.Equal(t, domain.IncidentAcknowledged, next.stored.State)
	next.line(t, "acknowledged by ada")
	next.line(t, "still at it")
	require.NotContains(t, next.calls, "IsolateVault alpha", "what was done is not done again")
	require.Empty(t, next.pages(), "it is held")
}

func TestIncident_StartedByItsIDAloneItGoesOnWhereTheStoreSays(t *testing.T) {
	h := newHall(t)
	in := h.opened(domain.SeverityHigh, domain.RecoverCursor)
	h.stored = in.Start.Incident
	require.NoError(t, h.stored.Acknowledge(domain.By{Actor: "ada", Channel: "cli"}, h.began))
	h.stored.Timeline = nil
	h.at(time.Minute, func() { h.update(t, ops.UpdateResolve, ops.Deed{Actor: "ada", Text: "done"}) })
	h.run(t, ops.IncidentInput{ID: incidentID}, 10*time.Minute)
	require.Equal(t, domain.IncidentResolved, h.stored.State)
	require.NotContains(t, h.calls, "IsolateVault alpha")

	h = newHall(t)
	h.env.ExecuteWorkflow(workflows.Incident, ops.IncidentInput{ID: "INC-20261125-999"})
	require.ErrorContains(t, h.env.GetWorkflowError(), "there is no incident")
}

func TestI09_ALadderThatCannotBeReadPagesEverybody(t *testing.T) {
	h := newHall(t)
	h.broken[ops.NextEscalation.Name] = fault.New(fault.Human, "x", errors.New("the settings are broken"))
	h.run(t, h.opened(domain.SeverityCritical, ""), 11*time.Minute)
	require.Equal(t, []string{"0s", "5m0s", "10m0s"}, h.pages())
}

// decode reads the input of the next run.
func decode(again *workflow.ContinueAsNewError, into *ops.IncidentInput) error {
	return converter.GetDefaultDataConverter().FromPayloads(again.Input, into)
}
