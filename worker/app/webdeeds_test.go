package app

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	feefault "github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/web"
)

// post takes signals and updates instead of a Temporal server, and keeps them.
type post struct {
	client.Client

	err     error
	sent    []string
	payload []any
	answer  ops.IncidentAnswer
}

func (p *post) SignalWorkflow(_ context.Context, id, _, name string, payload any) error {
	p.sent, p.payload = append(p.sent, id+" "+name), append(p.payload, payload)
	return p.err
}

func (p *post) SignalWithStartWorkflow(_ context.Context, id, name string, payload any, _ client.StartWorkflowOptions, _ any, _ ...any) (client.WorkflowRun, error) {
	p.sent, p.payload = append(p.sent, id+" "+name), append(p.payload, payload)
	return nil, p.err
}

func (p *post) NewWithStartWorkflowOperation(client.StartWorkflowOptions, any, ...any) client.WithStartWorkflowOperation {
	return nil
}

func (p *post) UpdateWithStartWorkflow(_ context.Context, o client.UpdateWithStartWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	p.sent, p.payload = append(p.sent, o.UpdateOptions.WorkflowID+" "+o.UpdateOptions.UpdateName), append(p.payload, o.UpdateOptions.Args[0])
	return answered{answer: p.answer}, p.err
}

type answered struct {
	client.WorkflowUpdateHandle

	answer ops.IncidentAnswer
}

func (a answered) Get(_ context.Context, into any) error {
	*into.(*ops.IncidentAnswer) = a.answer
	return nil
}

func newDeeds(t *testing.T) (webDeeds, *post) {
	t.Helper()
	g, _ := newGuard(t)
	p := &post{}
	g.client = p
	return webDeeds{deeds{client: p, door: Door{Client: p, Queue: ops.TaskQueue}, guard: g}}, p
}

func TestWebDeeds_TakeTheSameWayAsCommands(t *testing.T) {
	d, p := newDeeds(t)
	p.answer = ops.IncidentAnswer{ID: "INC-1", State: domain.IncidentAcknowledged, Holder: "ann"}
	tests := []struct {
		name    string
		do      func() (string, error)
		sent    string
		payload any
		says    string
	}{
		{"acknowledge an alert", func() (string, error) { return d.AcknowledgeAlert(t.Context(), "alpha/payer_low/1", "ann") }, "fleet-monitor acknowledge", ops.AcknowledgeOrder{Episode: "alpha/payer_low/1", Actor: "ann"}, "ann takes over alpha/payer_low/1"},
		{"mute", func() (string, error) {
			return d.Mute(t.Context(), web.MuteOrder{ID: "mute-web-1", Vault: "alpha", For: time.Hour, Reason: "we know", Actor: "ann"})
		}, "fleet-monitor mute", ops.MuteOrder{ID: "mute-web-1", Vault: "alpha", Minutes: 60, Reason: "we know", Actor: "ann"}, "quiet for 60 minutes"},
		{"hold an incident", func() (string, error) { return d.AcknowledgeIncident(t.Context(), "INC-1", "ann") }, ops.IncidentID(ops.TaskQueue, "INC-1") + " acknowledge", ops.Deed{Actor: "ann", Channel: "web"}, "INC-1 is acknowledged and held by ann"},
		{"pause", func() (string, error) { return d.Pause(t.Context(), "alpha", "look", "ann") }, "distribution/alpha pause", ops.Order{Reason: "look", Actor: "ann"}, "until somebody resumes it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			said, err := tt.do()
			require.NoError(t, err)
			require.Contains(t, said, tt.says)
			require.Equal(t, tt.sent, p.sent[len(p.sent)-1])
			require.Equal(t, tt.payload, p.payload[len(p.payload)-1])
		})
	}
}

func TestWebDeeds_AStopRaisesTheFlagInTheNameOfWhoPressed(t *testing.T) {
	d, p := newDeeds(t)
	p.err = errors.New("no server")
	said, err := d.Stop(t.Context(), "two payouts too many", "ann")
	require.NoError(t, err)
	require.Contains(t, said, "Everything is stopped: the flag is up; the safety switch was not reached")
	flags, err := d.deeds.guard.store.Safety(t.Context(), "any")
	require.NoError(t, err)
	require.Len(t, flags, 1)
	require.Equal(t, "ann", flags[0].Actor)
	require.Equal(t, "two payouts too many", flags[0].Reason)
	require.NoError(t, d.deeds.guard.store.Close())
	_, err = d.Stop(t.Context(), "again", "ann")
	require.ErrorContains(t, err, "NOT STOPPED")
	require.ErrorContains(t, err, "take the fee payer's key away")
}

func TestWebDeeds_SayWhatIsNotKnown(t *testing.T) {
	d, p := newDeeds(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	refused := feefault.Seal(feefault.Newf(feefault.Human, "incident/refused", "it is resolved"))
	tests := []struct {
		name string
		err  error
		do   func() (string, error)
		want string
	}{
		{"no run to pause", serviceerror.NewNotFound("workflow not found"), func() (string, error) { return d.Pause(t.Context(), "alpha", "r", "ann") }, "No run of alpha is under way"},
		{"the watch is away", errors.New("no server"), func() (string, error) { return d.AcknowledgeAlert(t.Context(), "a/b/1", "ann") }, "the watch (fleet-monitor) was not reached"},
		{"no mute", errors.New("no server"), func() (string, error) { return d.Mute(t.Context(), web.MuteOrder{}) }, "was not reached"},
		{"no answer in time", context.Canceled, func() (string, error) { return d.AcknowledgeIncident(ended, "INC-1", "ann") }, "it may still be acknowledged"},
		{"refused by the incident", refused, func() (string, error) { return d.AcknowledgeIncident(t.Context(), "INC-1", "ann") }, "It is resolved"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p.err = tt.err
			said, err := tt.do()
			require.Empty(t, said)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestWebPage_IsMadeFromTheSettings(t *testing.T) {
	s := config.Default()
	s.Store.DSN = config.NewURL("file:" + filepath.Join(t.TempDir(), "feeops.db"))
	g, _ := newGuard(t)
	page, err := newWeb(webParams{Settings: s, Client: &post{}, Store: g.store, Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	require.NotNil(t, page)
	s.Worker.Web.Enabled = false
	page, err = newWeb(webParams{Settings: s, Client: &post{}, Store: g.store, Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	require.Nil(t, page, "the settings leave it out")
}

func TestWebLinks_LeadWhereTheSettingsSay(t *testing.T) {
	s := config.Default()
	s.Network, s.Temporal.UIURL, s.Monitor.RunbooksURL = "devnet", "https://temporal.test/", "https://runbooks.test/docs"
	l := webLinks{s}
	require.Equal(t, "https://temporal.test/namespaces/default/workflows/distribution%2Falpha/run-1/history", l.VaultRun("alpha", "run-1"))
	require.Equal(t, "https://temporal.test/namespaces/default/workflows/distribution%2Falpha", l.VaultRun("alpha", ""))
	require.Equal(t, "https://explorer.solana.com/tx/sig?cluster=devnet", l.Transaction("sig"))
	require.Equal(t, "https://runbooks.test/docs/payer_low.md", l.Runbook("payer_low"))
	s.Network, s.Temporal.UIURL, s.Monitor.RunbooksURL, s.Incidents.RunbooksURL = "localnet", "", "", ""
	l = webLinks{s}
	require.Empty(t, l.VaultRun("alpha", "run-1")+l.IncidentRun("INC-1")+l.Address("a")+l.Transaction("sig")+l.Runbook("payer_low"), "what is not known is no link")
}
