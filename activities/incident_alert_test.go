package activities_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func burning(alert, vault, group string) domain.Episode {
	return domain.Episode{
		Key: domain.EpisodeKey(vault, alert, 1), Alert: alert, Subject: vault, Vault: vault, Number: 1, State: domain.EpisodeOpen, Severity: domain.SeverityCritical,
		Opened: failedAt, Changed: failedAt, Detail: "seen in " + vault, Day: "2026-11-25", Group: group,
	}
}

// fires stores an episode as the judge does before it gives the message.
func (s *street) fires(t *testing.T, alert, vault, group string) domain.Episode {
	t.Helper()
	e := burning(alert, vault, group)
	require.NoError(t, s.store.SaveWatch(t.Context(), store.WatchChange{Episodes: []domain.Episode{e}}))
	return e
}

func (s *street) adopted(t *testing.T, e domain.Episode, incident string, state domain.EpisodeState) {
	t.Helper()
	e.Incident, e.State = incident, state
	require.NoError(t, s.store.SaveWatch(t.Context(), store.WatchChange{Episodes: []domain.Episode{e}}))
}

func trigger(key, alert, vault string) domain.Message {
	return domain.Message{
		Key: key, Seq: 1, Kind: domain.MessageTrigger, Severity: domain.SeverityCritical, Alert: alert, Vault: vault, Day: "2026-11-25", Title: "title", Text: "what was seen, s3cr3t-token", At: failedAt, Opens: true,
		Fields: []domain.MessageField{{Name: "Since", Value: "now"}, {Name: "At risk", Value: "5 USDC"}, {Name: "Next", Value: "feeops checks " + vault}},
	}
}

func TestOpenForAlert_OpensOneIncidentThatMayOnlyTell(t *testing.T) {
	s, a := newStreet(t)
	e := s.fires(t, "base_fee_detected", "alpha", "")
	answer, err := a.OpenForAlert(t.Context(), trigger(e.Key, e.Alert, "alpha"))
	require.NoError(t, err)
	require.Len(t, s.opened, 1)
	i := s.opened[0].Incident
	require.Equal(t, i.ID, answer.Incident)
	require.Equal(t, domain.ResponseStandard, i.Response())
	require.Equal(t, domain.SeverityCritical, i.Severity)
	require.Equal(t, []string{e.Key}, i.Alerts)
	require.Equal(t, "base_fee_detected", i.Runbook)
	require.Equal(t, "base fees in the position in alpha", i.Title)
	require.Equal(t, "what was seen, [redacted]\nAt risk: 5 USDC\nFirst safe command: feeops checks alpha", i.Description)

	again, err := a.OpenForAlert(t.Context(), trigger(e.Key, e.Alert, "alpha")) // A worker that died over it.
	require.NoError(t, err)
	require.Equal(t, answer, again)
	list, err := s.store.Incidents(t.Context(), store.IncidentFilter{})
	require.NoError(t, err)
	require.Len(t, list, 1)
}

func TestOpenForAlert_JoinsWhatARunHasOpenedAndSaysSoOnce(t *testing.T) {
	s, a := newStreet(t)
	run, err := a.ReportFailure(t.Context(), failing("k1", "alpha", "router/6001"))
	require.NoError(t, err)
	e := s.fires(t, "base_fee_detected", "alpha", "")
	answer, err := a.OpenForAlert(t.Context(), trigger(e.Key, e.Alert, "alpha"))
	require.NoError(t, err)
	require.Equal(t, run.Incident, answer.Incident)
	require.Len(t, s.opened, 1, "the run's")
	require.Len(t, s.alerts[run.Incident], 1)
	require.Equal(t, e.Key, s.alerts[run.Incident][0].Key)
}

func TestOpenForAlert_ADeadlineIsNewsOfWhateverHoldsTheVault(t *testing.T) {
	s, a := newStreet(t)
	run, err := a.ReportFailure(t.Context(), failing("k1", "alpha", "treasury_low"))
	require.NoError(t, err)
	for _, id := range []string{"deadline_30m", "day_lost"} {
		e := s.fires(t, id, "alpha", "")
		answer, err := a.OpenForAlert(t.Context(), trigger(e.Key, e.Alert, "alpha"))
		require.NoError(t, err)
		require.Equal(t, run.Incident, answer.Incident)
	}
	e := s.fires(t, "program_upgraded", "alpha", "")
	other, err := a.OpenForAlert(t.Context(), trigger(e.Key, e.Alert, "alpha"))
	require.NoError(t, err)
	require.NotEqual(t, run.Incident, other.Incident, "another trouble is another incident")
}

func TestOpenForAlert_ARunThatFailsLaterJoinsAndIsHeard(t *testing.T) {
	s, a := newStreet(t)
	e := s.fires(t, "base_fee_detected", "alpha", "")
	answer, err := a.OpenForAlert(t.Context(), trigger(e.Key, e.Alert, "alpha"))
	require.NoError(t, err)
	run, err := a.ReportFailure(t.Context(), failing("k1", "alpha", "router/6001"))
	require.NoError(t, err)
	require.Equal(t, answer.Incident, run.Incident)
	require.Len(t, s.failures, 1, "the incident must hear that not only an alert says so")
	require.Equal(t, domain.SeverityCritical, s.failures[0].Severity)

	lost := s.fires(t, "day_lost", "beta", "")
	answer, err = a.OpenForAlert(t.Context(), trigger(lost.Key, lost.Alert, "beta"))
	require.NoError(t, err)
	f := failing("k2", "beta", "treasury_low")
	f.Kind = domain.FailureLost
	run, err = a.ReportFailure(t.Context(), f)
	require.NoError(t, err)
	require.Equal(t, answer.Incident, run.Incident, "the run that lost the day speaks of the same day")
}

func TestOpenForAlert_EndpointsThatAreDownAreWhatTheFirstVaultFailedBy(t *testing.T) {
	s, a := newStreet(t)
	run, err := a.ReportFailure(t.Context(), failing("k1", "alpha", "rpc/all_down"))
	require.NoError(t, err)
	e := s.fires(t, "rpc_all_down", "fleet", "")
	e.Vault = ""
	s.adopted(t, e, "", domain.EpisodeOpen)
	answer, err := a.OpenForAlert(t.Context(), trigger(e.Key, e.Alert, ""))
	require.NoError(t, err)
	require.Equal(t, run.Incident, answer.Incident)
	require.True(t, s.alerts[run.Incident][0].Fleet)
}

func TestOpenForAlert_AStormIsOneIncidentAndOneWorkflow(t *testing.T) {
	s, a := newStreet(t)
	const group = "group/base_fee_detected/1"
	for n := range 200 {
		s.fires(t, "base_fee_detected", fmt.Sprintf("v%03d", n), group)
	}
	m := trigger(group, "base_fee_detected", "")
	m.Title = "200 vaults: Base fees in the position"
	answer, err := a.OpenForAlert(t.Context(), m)
	require.NoError(t, err)
	require.Empty(t, answer.Apart)
	require.Len(t, s.opened, 1)
	require.Empty(t, s.alerts)
	i := s.opened[0].Incident
	require.Equal(t, 200, i.VaultCount)
	require.Empty(t, i.Vault)
	require.Equal(t, m.Title, i.Title)
	require.Equal(t, []string{group}, i.Alerts)
	list, err := s.store.Incidents(t.Context(), store.IncidentFilter{})
	require.NoError(t, err)
	require.Len(t, list, 1)

	for n := range 200 {
		e, err := s.store.ToldBy(t.Context(), fmt.Sprintf("v%03d/base_fee_detected/1", n))
		require.NoError(t, err)
		s.adopted(t, e[0], answer.Incident, domain.EpisodeOpen)
	}
	s.fires(t, "base_fee_detected", "late", group)
	m.Seq, m.Kind, m.Incident = 2, domain.MessageUpdate, answer.Incident
	_, err = a.OpenForAlert(t.Context(), m)
	require.NoError(t, err)
	require.Equal(t, []string{"late"}, s.alerts[answer.Incident][0].Vaults)
	require.Equal(t, 201, s.alerts[answer.Incident][0].Count)
}

func TestOpenForAlert_WhatIsOverBeforeAnybodyWasToldIsNotLost(t *testing.T) {
	s, a := newStreet(t)
	answer, err := a.OpenForAlert(t.Context(), trigger("alpha/rpc_all_down/1", "rpc_all_down", ""))
	require.NoError(t, err)
	require.NotEmpty(t, answer.Incident)
	require.Len(t, s.opened, 1)
}

func TestNoteAlert_ReachesEveryIncidentOfAGroupAndCountsWhatIsOpen(t *testing.T) {
	s, a := newStreet(t)
	s.adopted(t, s.fires(t, "base_fee_detected", "alpha", "g"), "INC-1", domain.EpisodeResolved)
	s.adopted(t, s.fires(t, "base_fee_detected", "beta", "g"), "INC-2", domain.EpisodeResolved)
	s.adopted(t, s.fires(t, "day_lost", "beta", ""), "INC-2", domain.EpisodeOpen)
	m := domain.Message{Key: "g", Seq: 2, Kind: domain.MessageResolve, Incident: "INC-1", Text: "all are over", At: failedAt.Add(time.Hour)}
	require.NoError(t, a.NoteAlert(t.Context(), m))
	require.Zero(t, s.alerts["INC-1"][0].Left)
	require.Equal(t, 1, s.alerts["INC-2"][0].Left)
}

func TestTell_AnIncidentTakesWhatIsItsAndChannelsTheRest(t *testing.T) {
	e := &eye{}
	env := watching(e, &bytes.Buffer{})
	value, err := env.ExecuteActivity(ops.TellPeople.Name, domain.Message{Key: "a", Seq: 1, Alert: "day_lost", Opens: true})
	require.NoError(t, err)
	var answer ops.TellAnswer
	require.NoError(t, value.Get(&answer))
	require.Equal(t, "INC-1", answer.Incident)
	_, err = env.ExecuteActivity(ops.TellPeople.Name, domain.Message{Key: "a", Seq: 2, Alert: "day_lost", Incident: "INC-1", Quiet: true})
	require.NoError(t, err)
	require.Empty(t, e.told, "nobody is told twice")
	_, err = env.ExecuteActivity(ops.TellPeople.Name, domain.Message{Key: "b", Seq: 2, Alert: "day_lost", Incident: "INC-1"})
	require.NoError(t, err)
	require.Len(t, e.notes, 2)
	require.Len(t, e.told, 1, "a channel that told of its beginning tells of its end")

	e.desk = errors.New("the store is gone")
	_, err = env.ExecuteActivity(ops.TellPeople.Name, domain.Message{Key: "c", Seq: 1, Alert: "day_lost", Opens: true})
	require.Error(t, err, "it is tried again first")
	require.Len(t, e.told, 1)
}

// BenchmarkOpenForAlert1000 reports a storm of a thousand alerts with one cause to a real store.
func BenchmarkOpenForAlert1000(b *testing.B) {
	const group = "group/base_fee_detected/1"
	for b.Loop() {
		b.StopTimer()
		s, a := newStreet(b)
		all := make([]domain.Episode, 1_000)
		for n := range all {
			all[n] = burning("base_fee_detected", fmt.Sprintf("v%03d", n), group)
		}
		require.NoError(b, s.store.SaveWatch(b.Context(), store.WatchChange{Episodes: all}))
		b.StartTimer()
		_, err := a.OpenForAlert(b.Context(), trigger(group, "base_fee_detected", ""))
		require.NoError(b, err)
		require.Len(b, s.opened, 1)
	}
}
