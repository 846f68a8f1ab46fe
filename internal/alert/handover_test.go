package alert_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// people are the messages that channels get.
func people(all []domain.Message) []domain.Message {
	var out []domain.Message
	for _, m := range all {
		if !m.Opens && !m.Quiet {
			out = append(out, m)
		}
	}
	return out
}

func TestHandOver_WhatAnIncidentTellsIsNotToldTwice(t *testing.T) {
	w := newWatch(t)
	w.incident = "INC-1"
	first := w.look(0, broken())
	require.Len(t, first, 1)
	require.True(t, first[0].Opens)
	for d := time.Minute; d < 16*time.Hour; d += 30 * time.Minute {
		require.Empty(t, w.look(d, broken()), "no reminder: the incident has a ladder of its own")
	}
	require.Equal(t, "INC-1", w.s.Active()[0].Incident)
	require.Equal(t, 1, w.happened(domain.EventIncident))

	taken := w.look(16*time.Hour, broken(), domain.AlertOrder{Acknowledge: first[0].Key, Actor: "ann"})
	over := w.look(17*time.Hour, quietScene())
	require.Equal(t, []domain.MessageKind{domain.MessageAcknowledge, domain.MessageResolve}, kinds(append(taken, over...)))
	for _, m := range append(taken, over...) {
		require.True(t, m.Quiet)
		require.Equal(t, "INC-1", m.Incident, "the incident hears of it")
	}
	require.Empty(t, people(w.sent))
}

func TestHandOver_NoIncidentMeansThatPeopleAreToldAndItIsTriedAgain(t *testing.T) {
	w := newWatch(t)
	require.True(t, w.look(0, broken())[0].Opens) // Delivered to the channels: no incident could be opened.
	require.Empty(t, w.look(30*time.Minute, broken()))
	again := w.look(61*time.Minute, broken())
	require.Equal(t, []domain.MessageKind{domain.MessageUpdate}, kinds(again))
	require.True(t, again[0].Opens, "a reminder tries again")
	w.told[0].Incident = "INC-1"
	over := w.look(2*time.Hour, quietScene())
	require.Len(t, over, 1)
	require.False(t, over[0].Quiet, "whoever was told that it began is told that it is over")
	require.Equal(t, "INC-1", over[0].Incident)
}

func TestHandOver_WhatBecomesCriticalOpensAnIncidentThenOnly(t *testing.T) {
	w := newWatch(t)
	w.incident = "INC-1"
	s := quietScene()
	s.v.Books.Last.State = domain.CompleteUnreconciled
	require.Empty(t, w.look(0, s))
	high := w.look(3*time.Minute, s)
	require.Len(t, high, 1)
	require.False(t, high[0].Opens)
	w.told[0].Incident = ""
	s.v.Books.Last.PaidTwice = 1
	graver := w.look(4*time.Minute, s)
	require.Len(t, graver, 1)
	require.True(t, graver[0].Opens)
	w.look(5*time.Minute, s)
	over := w.look(10*time.Minute, quietScene())
	require.Len(t, over, 1)
	require.False(t, over[0].Quiet, "the channels had it as high")
}

func TestHandOver_AMuteKeepsTheIncidentShutUntilItEnds(t *testing.T) {
	w := newWatch(t)
	mute := domain.Mute{ID: "mute/m", Kind: domain.MuteAlerts, Vault: "alpha", Critical: true, From: noon, Until: noon.Add(time.Hour), Reason: "known", Actor: "ann"}
	for _, m := range w.look(0, broken(), domain.AlertOrder{Mute: &mute, Actor: "ann"}) {
		require.False(t, m.Opens)
	}
	require.Empty(t, w.look(30*time.Minute, broken()))
	sent := w.look(61*time.Minute, broken())
	require.True(t, sent[0].Opens)
}

func TestHandOver_AGroupIsOneIncidentAndMembersMayBelongToOthers(t *testing.T) {
	w := newWatch(t)
	w.incident = "INC-1"
	s := quietScene()
	vaults, ids := herd(s, 6, everyone, withBaseFees)
	w.known = append(ids, "late")
	sent := w.see(noon, &s.f, vaults)
	require.Len(t, sent, 1)
	require.True(t, sent[0].Opens)
	w.told[0].Apart = map[string]string{"v0003/base_fee_detected/1": "INC-2"}
	w.see(noon.Add(time.Second), &s.f, vaults)
	for _, e := range w.s.Active() {
		want := map[bool]string{true: "INC-2", false: "INC-1"}[e.Subject == "v0003"]
		require.Equal(t, want, e.Incident, e.Key)
	}
	late := broken()
	late.v.Vault = "late"
	grown := w.see(noon.Add(2*time.Second), &s.f, append(vaults, late.v))
	require.Len(t, grown, 1, "one that joins is taken in at once, and nobody is told")
	require.True(t, grown[0].Opens)
	require.Equal(t, "INC-1", grown[0].Incident)
}

// An alert that can be critical says why it opens an incident; docs/alerts.md shows it.
func TestCatalogue_EveryCriticalAlertOpensAnIncidentForAReason(t *testing.T) {
	opening := map[string]bool{}
	for _, r := range alert.Catalogue() {
		opening[r.ID] = r.Incident != ""
		if r.Severity == domain.SeverityCritical {
			require.NotEmpty(t, r.Incident, r.ID)
		}
	}
	require.True(t, opening["reconcile_mismatch"], "it becomes critical when somebody was paid twice or wrongly")
	require.False(t, opening["payer_low"])
}
