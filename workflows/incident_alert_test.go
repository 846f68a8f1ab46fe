package workflows_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// byAlert is an incident that only an alert has opened.
func (h *hall) byAlert() ops.IncidentInput {
	in := h.opened(domain.SeverityCritical, domain.RecoverNothing)
	in.Start.Incident.AtMost, in.Start.Incident.Alerts = domain.ResponseStandard, []string{"alpha/day_lost/1"}
	return in
}

func (h *hall) did(deeds ...string) []string {
	return slices.DeleteFunc(slices.Clone(h.calls), func(c string) bool {
		return !slices.ContainsFunc(deeds, func(d string) bool { return strings.HasPrefix(c, d) })
	})
}

func (h *hall) alert(after time.Duration, s ops.AlertSignal) {
	h.at(after, func() { h.env.SignalWorkflow(ops.SignalAlert, s) })
}

func contained(h *hall) []string {
	return h.did(ops.StopAll.Name, ops.IsolateVault.Name, "secure", "recover")
}

func TestAlert_AnAlertAloneStopsAndIsolatesNothing(t *testing.T) {
	h := newHall(t)
	h.run(t, h.byAlert(), 20*time.Minute)
	require.Empty(t, contained(h))
	require.Equal(t, []string{"evidence"}, h.did("evidence"))
	require.Len(t, h.did("tell opened"), 1)
	require.GreaterOrEqual(t, len(h.did("tell paged")), 2, "people are paged as for all that is critical")
	require.True(t, h.now(t).NeedsHuman)
	require.Equal(t, domain.SeverityCritical, h.now(t).Severity)
}

func TestAlert_ARunThatSaysSoTooBeginsTheWholeResponse(t *testing.T) {
	h := newHall(t)
	h.at(time.Minute, func() {
		h.env.SignalWorkflow(ops.SignalFailure, ops.FailureSignal{Failure: domain.Failure{Vault: "alpha", Message: "6001"}, Severity: domain.SeverityCritical, Vaults: 1})
	})
	h.run(t, h.byAlert(), 2*time.Minute)
	require.Equal(t, []string{ops.StopAll.Name, "secure"}, contained(h))
	require.Empty(t, h.now(t).AtMost)
}

func TestAlert_ALesserFailureWidensOnlyToItsOwnResponse(t *testing.T) {
	h := newHall(t)
	h.at(time.Minute, func() {
		h.env.SignalWorkflow(ops.SignalFailure, ops.FailureSignal{Failure: domain.Failure{Vault: "alpha", Message: "lost"}, Severity: domain.SeverityHigh, Vaults: 1})
	})
	h.run(t, h.byAlert(), 2*time.Minute)
	require.Equal(t, []string{ops.IsolateVault.Name + " alpha"}, contained(h))
	require.Equal(t, domain.SeverityCritical, h.now(t).Severity)
}

func TestAlert_OneThatJoinsRaisesAndPagesAndDoesNotWidenWhatIsDone(t *testing.T) {
	for _, severity := range []domain.Severity{domain.SeverityMedium, domain.SeverityHigh} {
		t.Run(string(severity), func(t *testing.T) {
			alone := newHall(t)
			alone.run(t, alone.opened(severity, domain.RecoverNothing), 10*time.Minute)
			h := newHall(t)
			h.alert(time.Minute, ops.AlertSignal{Key: "alpha/deadline_30m/1", Seq: 1, Kind: domain.MessageTrigger, Severity: domain.SeverityCritical, Text: "29m left", Vaults: []string{"alpha"}, Count: 1})
			h.run(t, h.opened(severity, domain.RecoverNothing), 10*time.Minute)
			require.Equal(t, contained(alone), contained(h))
			i := h.now(t)
			require.Equal(t, domain.SeverityCritical, i.Severity)
			require.True(t, i.NeedsHuman)
			require.Equal(t, []string{"alpha/deadline_30m/1"}, i.Alerts)
			require.Len(t, h.did("tell raised"), 1)
			require.NotEmpty(t, h.did("tell paged"))
		})
	}
}

func TestAlert_ARecoveryThatFailsIsNoAlertsWord(t *testing.T) {
	h := newHall(t)
	h.heals = ops.RecoverResult{Text: "the cursor still differs"}
	h.broken[ops.CollectEvidence.Name], h.repeat[ops.CollectEvidence.Name] = fmt.Errorf("busy"), 2 // The alert comes before the recovery is tried.
	h.alert(time.Second, ops.AlertSignal{Key: "k", Seq: 1, Kind: domain.MessageTrigger, Severity: domain.SeverityCritical, Text: "29m left"})
	h.run(t, h.opened(domain.SeverityHigh, domain.RecoverCursor), 10*time.Minute)
	require.Contains(t, contained(h), ops.StopAll.Name, "high, and the recovery failed: it is critical by itself")
	require.Empty(t, h.now(t).AtMost)
}

func TestAlert_ItsEndIsNotedAndTheIncidentStays(t *testing.T) {
	h := newHall(t)
	over := ops.AlertSignal{Key: "alpha/day_lost/1", Seq: 2, Kind: domain.MessageResolve, Text: "Over after 5m: the condition is gone"}
	h.alert(2*time.Minute, over)
	h.alert(3*time.Minute, over) // It comes twice when a worker dies over it.
	h.run(t, h.byAlert(), 4*time.Minute)
	i := h.now(t)
	require.False(t, i.Over())
	notes := slices.DeleteFunc(slices.Clone(i.Timeline), func(e domain.TimelineEntry) bool { return e.Kind != domain.EntryAlert })
	require.Len(t, notes, 1)
	require.Contains(t, notes[0].Text, "alpha/day_lost/1")
	require.Len(t, h.did("tell changed"), 1)
}

func TestAlert_WhileOthersAreOpenAnEndIsOnlyNoted(t *testing.T) {
	h := newHall(t)
	h.alert(2*time.Minute, ops.AlertSignal{Key: "alpha/day_lost/1", Seq: 2, Kind: domain.MessageResolve, Text: "Over", Left: 1})
	h.run(t, h.byAlert(), 3*time.Minute)
	require.Empty(t, h.did("tell changed"))
}

func TestAlert_ThatComesAgainForACriticalIncidentDoesNothingAgain(t *testing.T) {
	h := newHall(t)
	h.alert(time.Minute, ops.AlertSignal{Key: "beta/base_fee_detected/1", Seq: 1, Kind: domain.MessageTrigger, Severity: domain.SeverityCritical, Text: "7 base units", Vaults: []string{"beta"}, Count: 2, Fleet: true})
	h.run(t, h.opened(domain.SeverityCritical, domain.RecoverNothing), 3*time.Minute)
	require.Len(t, h.did(ops.StopAll.Name), 1)
	require.Empty(t, h.did("tell raised"))
	i := h.now(t)
	require.Equal(t, 2, i.VaultCount)
	require.Empty(t, i.AtMost, "what was said by a run is not taken back")
}

func TestAlert_AMitigatedIncidentBeginsAgainWithoutItsResponse(t *testing.T) {
	h := newHall(t)
	h.at(time.Minute, func() { h.update(t, ops.UpdateAcknowledge, ops.Deed{Actor: "ada"}) })
	h.at(2*time.Minute, func() { h.update(t, ops.UpdateMitigate, ops.Deed{Actor: "ada", Text: "fees claimed"}) })
	h.alert(3*time.Minute, ops.AlertSignal{Key: "k", Seq: 1, Kind: domain.MessageTrigger, Severity: domain.SeverityCritical, Text: "again"})
	h.run(t, h.opened(domain.SeverityCritical, domain.RecoverNothing), 4*time.Minute)
	require.Empty(t, h.rejects)
	require.Len(t, h.did(ops.StopAll.Name), 1, "nothing is stopped a second time by an alert's word")
	require.Equal(t, domain.IncidentOpen, h.now(t).State)
	require.Len(t, h.did("tell reopened"), 1)
}
