package inbox_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/inbox"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

func TestClicked_DoesWhatTheButtonSays(t *testing.T) {
	tests := []struct {
		name, action, value string
		did                 string // Empty: nothing was to do.
		says                string
		logged              string
	}{
		{"take over an alert", notify.ActionAcknowledge, "alpha/payer_low/1", "ann by slack takes over alpha/payer_low/1", "done", "ann slack.acknowledge alpha/payer_low/1"},
		{"take over an incident", notify.ActionAcknowledge, "incident/INC-20260301-001", "ann by slack holds INC-20260301-001", "done", "ann slack.acknowledge incident/INC-20260301-001"},
		{"a second click on what is hers", notify.ActionAcknowledge, "incident/INC-20260301-003", "", "INC-20260301-003 is yours already", "ann slack.acknowledge incident/INC-20260301-003"},
		{"somebody else has it", notify.ActionAcknowledge, "fleet/rpc_all_down/2", "", "taken over by eve", "ann slack.acknowledge fleet/rpc_all_down/2"},
		{"mute", notify.ActionMute, "alpha/payer_low/1", `ann mutes payer_low of "alpha" for 1h0m0s as mute/slack-ba413a82b728`, "done", "ann slack.mute alpha/payer_low/1"},
		{"pause", notify.ActionPause, "alpha", "ann pauses alpha", "done", "ann slack.pause alpha"},
		{"stop", notify.ActionStop, "incident/INC-20260301-001", `ann stops "": stopped in slack because of incident/INC-20260301-001`, "done", "ann slack.stop all"},
		{"explain an alert", notify.ActionExplain, "alpha/payer_low/1", "", "It fires when: the fee payer holds little\nNext safe command: feeops checks alpha\n", "ann slack.explain alpha/payer_low/1"},
		{"explain an incident", notify.ActionExplain, "incident/INC-20260301-001", "", "Whole story: feeops incident show INC-20260301-001", "ann slack.explain incident/INC-20260301-001"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			s := newScene(t)
			text, err := s.Clicked(t.Context(), click(ann, tc.action, tc.value))
			require.NoError(t, err)
			require.Contains(t, text, tc.says)
			if tc.did == "" {
				require.Empty(t, s.hands.did)
			} else {
				require.Equal(t, []string{tc.did}, s.hands.did)
			}
			require.Equal(t, []string{tc.logged}, s.books.lines())
		})
	}
}

func TestClicked_RefusesWithTheReasonAndWritesItDown(t *testing.T) {
	tests := []struct {
		name          string
		person        notify.Person
		action, value string
		says          string
		logged        string // The last line.
	}{
		{"somebody unknown", stranger, notify.ActionStop, "all", "your account (slack:U0EVIL) belongs to no operator", "slack:U0EVIL slack.stop.refused all"},
		{"somebody unknown asks what it means", stranger, notify.ActionExplain, "alpha/payer_low/1", "belongs to no operator", "slack:U0EVIL slack.explain.refused alpha/payer_low/1"},
		{"a viewer", bob, notify.ActionPause, "alpha", "bob may look and do nothing", "bob slack.pause.refused alpha"},
		{"an alert that is over", ann, notify.ActionAcknowledge, "alpha/payer_low/0", "is over since 2026-03-01T12:29:00Z", "ann slack.acknowledge.refused alpha/payer_low/0"},
		{"an alert that never was", ann, notify.ActionMute, "alpha/nothing/9", `no alert "alpha/nothing/9" is open`, "ann slack.mute.refused alpha/nothing/9"},
		{"an incident that is over", ann, notify.ActionAcknowledge, "incident/INC-20260301-002", "resolved already", "ann slack.acknowledge.refused incident/INC-20260301-002"},
		{"an incident that never was", ann, notify.ActionAcknowledge, "incident/INC-1", "there is no incident INC-1", "ann slack.acknowledge.refused incident/INC-1"},
		{"an incident is not muted", ann, notify.ActionMute, "incident/INC-20260301-001", "those are acknowledged, not muted", "ann slack.mute.refused incident/INC-20260301-001"},
		{"a vault of another worker", ann, notify.ActionPause, "gamma\n<script>", "is not in the settings", "ann slack.pause.refused gamma\n<script>"},
		{"a button of another version", ann, "launch", "x", `the button "launch" is not one of this version`, "ann slack.click.refused x"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			s := newScene(t)
			text, err := s.Clicked(t.Context(), click(tc.person, tc.action, tc.value))
			require.NoError(t, err)
			require.Contains(t, text, "Nothing was done: ")
			require.Contains(t, text, tc.says)
			require.Empty(t, s.hands.did)
			lines := s.books.lines()
			require.Equal(t, tc.logged, lines[len(lines)-1])
		})
	}
}

func TestClicked_WhatCannotBeWrittenDownIsNotDoneExceptAStop(t *testing.T) {
	s := newScene(t)
	s.books.full = errors.New("disk full")
	_, err := s.Clicked(t.Context(), click(ann, notify.ActionPause, "alpha"))
	require.ErrorContains(t, err, "nothing was done, because the audit log does not take it: disk full")
	require.Empty(t, s.hands.did)
	text, err := s.Clicked(t.Context(), click(ann, notify.ActionStop, "all"))
	require.NoError(t, err)
	require.Equal(t, "done. The audit log did not take it: disk full", text)
	require.Len(t, s.hands.did, 1)
}

func TestClicked_AStopWorksWithoutReadingAnything(t *testing.T) {
	s := newScene(t)
	s.books.broken = errors.New("locked")
	_, err := s.Clicked(t.Context(), click(ann, notify.ActionStop, "all"))
	require.NoError(t, err)
	require.Len(t, s.hands.did, 1)
	_, err = s.Clicked(t.Context(), click(ann, notify.ActionAcknowledge, "alpha/payer_low/1"))
	require.ErrorContains(t, err, "the alerts cannot be read: locked")
}

func TestClicked_FailuresAreWrittenDown(t *testing.T) {
	s := newScene(t)
	s.hands.err = errors.New("the watch was not reached")
	_, err := s.Clicked(t.Context(), click(ann, notify.ActionMute, "alpha/payer_low/1"))
	require.ErrorContains(t, err, "the watch was not reached")
	require.Equal(t, []string{"ann slack.mute alpha/payer_low/1", "ann slack.mute.failed alpha/payer_low/1"}, s.books.lines())
	s.hands.err = inbox.Refuse("no run of alpha is under way")
	text, err := s.Clicked(t.Context(), click(ann, notify.ActionPause, "alpha"))
	require.NoError(t, err)
	require.Equal(t, "Nothing was done: no run of alpha is under way.", text)
}
