package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	fakeslack "github.com/meteora-fee-router/feeops/internal/fake/slack"
	"github.com/meteora-fee-router/feeops/internal/localnet"
)

// workspace connects a worker to a Slack of its own. Ann is an operator, Bob looks, and nobody knows the third.
func (w *world) workspace() *fakeslack.Server {
	w.t.Helper()
	slack, err := fakeslack.Start(context.Background(), fakeslack.Options{Token: "xoxb-1", AppToken: "xapp-1", Channels: []string{"ops"}, Users: []string{"U0ANN"}})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, slack.Close()) })
	s := &w.settings
	s.Notify.Slack.Token, s.Notify.Slack.AppToken = config.NewSecret("xoxb-1"), config.NewSecret("xapp-1")
	s.Notify.Slack.Channel, s.Notify.Slack.BaseURL = "ops", slack.API()
	s.Operators = append(
		s.Operators, config.Operator{Name: "ann", Roles: []string{"operator"}, Slack: "U0ANN"}, config.Operator{Name: "bob", Roles: []string{"viewer"}, Slack: "U0BOB"},
	)
	return slack
}

// asked sends an envelope through the socket and waits for the answer.
func (w *world) asked(slack *fakeslack.Server, kind, id string, payload []byte) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	require.NoError(w.t, slack.Send(ctx, kind, id, payload))
	var text string
	w.until("the answer to "+id, func() bool {
		for _, a := range slack.Answers() {
			if a.ID == id {
				text = a.Text
				return true
			}
		}
		return false
	})
	return text
}

// N01: people act from where they read of it. A click of somebody unknown and one of a viewer change nothing; the
// operator's stops a day that is running, and all of them are in the audit log.
func TestSlack_AStopButtonStopsADayThatRuns(t *testing.T) {
	t.Parallel()
	w := newChain(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3), with(slowly))
	slack := w.workspace()
	w.startWorker()
	run := w.start("v")
	w.cursor("v", 3)
	message := fakeslack.Message{Channel: "C000000001", TS: "1.000001"}
	press := func(id, user string) string {
		payload := slack.Click(id, user, message, "feeops/"+domain.ActionStop, "alpha/distribution_stuck/1")
		// Every click has a trigger of its own; Slack repeats it when it delivers a click again.
		return w.asked(slack, "interactive", id, []byte(strings.Replace(string(payload), "12466734323.1395872398", id, 1)))
	}
	require.Contains(t, press("c1", "U0EVIL"), "your account (slack:U0EVIL) belongs to no operator")
	require.Contains(t, press("c2", "U0BOB"), "bob may look and do nothing")
	flags, err := w.store().AllSafety(context.Background())
	require.NoError(t, err)
	require.Empty(t, flags)

	require.Contains(t, press("c3", "U0ANN"), "Everything is stopped")
	flags, err = w.store().AllSafety(context.Background())
	require.NoError(t, err)
	require.NotEmpty(t, flags)
	require.Equal(t, domain.SafetyStop, flags[0].Kind)
	require.Equal(t, "ann", flags[0].Actor)
	w.state(run, domain.Stopped)

	command, err := json.Marshal(slack.Command("s1", "U0BOB", "C000000001", "status"))
	require.NoError(t, err)
	require.Contains(t, w.asked(slack, "slash_commands", "s1", command), "ALL STOPPED")

	log, err := w.store().AuditLog(context.Background(), 0, 100)
	require.NoError(t, err)
	var lines []string
	for _, e := range log {
		if strings.HasPrefix(e.Action, "slack.") {
			lines = append(lines, fmt.Sprintf("%s %s", e.Actor, e.Action))
		}
	}
	require.ElementsMatch(t, []string{"slack:U0EVIL slack.stop.refused", "bob slack.stop.refused", "ann slack.stop", "bob slack.status"}, lines)
}
