package inbox_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/inbox"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

func TestCommanded_StopsOneVaultOrEverything(t *testing.T) {
	tests := []struct{ name, text, did, says string }{
		{"one vault", "alpha odd payouts", `ann stops "alpha": odd payouts`, "done"},
		{"one vault without a reason", "beta", `ann stops "beta": no reason was given in slack`, "done"},
		{"everything", "odd payouts", `ann stops "": odd payouts`, `"odd" is no vault of the settings`},
		{"everything without a reason", "", `ann stops "": no reason was given in slack`, "done"},
		{"a mistyped vault stops too much, not nothing", "alhpa odd", `ann stops "": alhpa odd`, `"alhpa" is no vault of the settings, so it was read as part of the reason`},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			s := newScene(t)
			text, err := s.Commanded(t.Context(), notify.Command{Person: ann, Name: notify.CommandStop, Text: tc.text})
			require.NoError(t, err)
			require.Contains(t, text, tc.says)
			require.Equal(t, []string{tc.did}, s.hands.did)
		})
	}
	s := newScene(t)
	text, err := s.Commanded(t.Context(), notify.Command{Person: bob, Name: notify.CommandStop, Text: "alpha fun"})
	require.NoError(t, err)
	require.Contains(t, text, "bob may look and do nothing")
	require.Empty(t, s.hands.did)
}

func TestCommanded_AcksByNumberOrKey(t *testing.T) {
	s := newScene(t)
	for _, typed := range []string{"INC-20260301-001", "inc-20260301-001", "alpha/payer_low/1"} {
		_, err := s.Commanded(t.Context(), notify.Command{Person: ann, Name: notify.CommandAck, Text: typed})
		require.NoError(t, err)
	}
	require.Equal(t, []string{"ann by slack holds INC-20260301-001", "ann by slack holds INC-20260301-001", "ann by slack takes over alpha/payer_low/1"}, s.hands.did)
	text, err := s.Commanded(t.Context(), notify.Command{Person: ann, Name: notify.CommandAck, Text: "one two"})
	require.NoError(t, err)
	require.Contains(t, text, "Use: /feeops ack INCIDENT")
}

func TestCommanded_ExplainsAPayoutToOperatorsOnly(t *testing.T) {
	s := newScene(t)
	explain := func(p notify.Person, typed string) string {
		text, err := s.Commanded(t.Context(), notify.Command{Person: p, Name: notify.CommandExplain, Text: typed})
		require.NoError(t, err)
		return text
	}
	require.Equal(t, "X of alpha got 5 USDC", explain(bob, "alpha X"))
	require.Contains(t, explain(stranger, "alpha X"), "belongs to no operator")
	require.Contains(t, explain(bob, "gamma X"), `vault "gamma" is not in the settings`)
	require.Contains(t, explain(bob, "alpha"), "use: /feeops explain VAULT INVESTOR")
	s.paid.err = inbox.Refuse("no such investor")
	require.Contains(t, explain(bob, "alpha X"), "no such investor")
}

func TestCommanded_StatusSaysHowOldItIs(t *testing.T) {
	s := newScene(t)
	status := func(typed string) string {
		text, err := s.Commanded(t.Context(), notify.Command{Person: bob, Name: notify.CommandStatus, Text: typed})
		require.NoError(t, err)
		return text
	}
	require.Contains(t, status(""), "No look has been kept yet")
	s.books.seen = true
	s.books.tick = domain.FleetTick{
		Fleet: domain.FleetSample{At: now.Add(-90 * time.Second), Read: 1, Error: "the node hangs"},
		Vaults: []domain.VaultSample{
			{Vault: "alpha", State: domain.Complete, Day: &domain.DayFigures{Complete: true, Distributed: 5_000_000}, Token: domain.Token{Symbol: "USDC", Decimals: 6}},
			{Vault: "beta", State: domain.Running, Error: "the node hangs", Run: &domain.RunView{Live: true, State: domain.Running}},
		},
	}
	s.books.flags = []domain.SafetyFlag{{Kind: domain.SafetyStop, Reason: "odd", Actor: "ann", At: now}, {Kind: domain.SafetyIsolate, Vault: "beta", Reason: "list", Actor: "ann", At: now}}
	text := status("")
	for _, want := range []string{
		"Seen 1m30s ago", "2 vaults: 1 complete, 1 running", "Not read from the chain: 1 of them. the node hangs", "ALL STOPPED: odd, by ann", "ISOLATED beta: list",
		"Alert alpha/payer_low/1 (medium, open): 0.01 SOL left", "INC-20260301-001 (high, open): cursor differs",
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "payer_low/0", "it is over")
	require.Contains(t, status("alpha"), "Its day is complete: 5.000000 USDC went to investors.")
	require.Contains(t, status("beta"), "Its day is unknown: the node hangs\nA run is under way, running.")
	require.Contains(t, status("gamma"), `vault "gamma" is not in the newest look`)
	s.books.broken = errors.New("locked")
	_, err := s.Commanded(t.Context(), notify.Command{Person: bob, Name: notify.CommandStatus})
	require.ErrorContains(t, err, "cannot be read: locked")
}

func TestPaged_TakesOverWhatWasTakenOverThere(t *testing.T) {
	page := func(account, key string, kind notify.Kind) notify.Page {
		return notify.Page{ID: "1", Kind: kind, Key: key, Person: notify.Person{Account: account, Name: "A"}, At: now}
	}
	s := newScene(t)
	require.NoError(t, s.Paged(t.Context(), page("pagerduty:PANN", "alpha/payer_low/1", notify.Acknowledge)))
	require.NoError(t, s.Paged(t.Context(), page("pagerduty:PWHO", "incident/INC-20260301-001", notify.Resolve)))
	require.Equal(t, []string{"ann by pagerduty takes over alpha/payer_low/1", "pagerduty:PWHO by pagerduty holds INC-20260301-001"}, s.hands.did)
	require.Equal(t, []string{"pagerduty:PANN pagerduty.acknowledge alpha/payer_low/1", "pagerduty:PWHO pagerduty.resolve incident/INC-20260301-001"}, s.books.lines())
	require.NoError(t, s.Paged(t.Context(), page("", "alpha/payer_low/1", notify.Acknowledge)), "our own acknowledgement coming back")
	require.NoError(t, s.Paged(t.Context(), page("pagerduty:PANN", "gone/payer_low/7", notify.Acknowledge)), "sending it again would change nothing")
	require.Len(t, s.hands.did, 2)
	s.hands.err = errors.New("Temporal is away")
	require.ErrorContains(t, s.Paged(t.Context(), page("pagerduty:PANN", "alpha/payer_low/1", notify.Acknowledge)), "away", "PagerDuty sends it again")
}
