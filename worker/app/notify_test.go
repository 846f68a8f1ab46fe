package app

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/fake"
	fakediscord "github.com/meteora-fee-router/feeops/internal/fake/discord"
	"github.com/meteora-fee-router/feeops/internal/fake/hook"
	fakepd "github.com/meteora-fee-router/feeops/internal/fake/pagerduty"
	fakeslack "github.com/meteora-fee-router/feeops/internal/fake/slack"
	fakesmtp "github.com/meteora-fee-router/feeops/internal/fake/smtp"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/notifytest"
	"github.com/meteora-fee-router/feeops/internal/store"
)

const routingKey = "0123456789abcdef0123456789abcdef"

func quietLog() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// services are all fakes, and settings that name them.
type services struct {
	slack   *fakeslack.Server
	pager   *fakepd.Server
	discord *fakediscord.Server
	mail    *fakesmtp.Server
	hook    *hook.Server
	s       config.Settings
}

func startServices(t *testing.T) *services {
	t.Helper()
	f := &services{s: config.Default()}
	var err error
	f.slack, err = fakeslack.Start(t.Context(), fakeslack.Options{Token: "xoxb-1", AppToken: "xapp-1", Channels: []string{"ops"}, Users: []string{"U0ANN"}})
	fake.ForTest(t, f.slack, err)
	f.pager, err = fakepd.Start(t.Context(), routingKey)
	fake.ForTest(t, f.pager, err)
	f.discord, err = fakediscord.Start(t.Context())
	fake.ForTest(t, f.discord, err)
	f.mail, err = fakesmtp.Start(t.Context(), fakesmtp.Options{TLS: "none"})
	fake.ForTest(t, f.mail, err)
	f.hook, err = hook.Start(t.Context())
	fake.ForTest(t, f.hook, err)
	n := &f.s.Notify
	n.Slack.Token, n.Slack.AppToken, n.Slack.SigningSecret = config.NewSecret("xoxb-1"), config.NewSecret("xapp-1"), config.NewSecret("signing")
	n.Slack.Channel, n.Slack.BaseURL, n.Slack.Members = "ops", f.slack.API(), []config.SlackMember{{Operator: "ann", ID: "U0ANN"}}
	n.PagerDuty.RoutingKey, n.PagerDuty.WebhookSecret, n.PagerDuty.BaseURL = config.NewSecret(routingKey), config.NewSecret("subscription"), f.pager.URL
	n.Discord.WebhookURL, n.Discord.ForumURL = config.NewSecret(f.discord.WebhookURL()), config.NewSecret(f.discord.ForumURL())
	n.SMTP = config.SMTP{Host: f.mail.Host, Port: f.mail.Port, TLS: "none", From: "feeops@example.org", To: []string{"ann@example.org"}}
	n.Webhooks = []config.Webhook{{Name: "sms", URL: config.NewSecret(f.hook.URL), Secret: config.NewSecret("shared")}}
	n.Routes = []config.Route{{Name: "all", Channels: n.Channels(), Fallback: []string{"console"}}}
	return f
}

func openStore(t *testing.T) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestDispatcher_FromSettingsToEveryChannelAndTheConsoleInPlaceOfOne(t *testing.T) {
	f := startServices(t)
	require.NoError(t, f.s.Validate())
	var terminal bytes.Buffer
	channels, err := Channels(f.s, &terminal, time.Now)
	require.NoError(t, err)
	d, err := NewDispatcher(f.s, channels, openStore(t), time.Now, quietLog())
	require.NoError(t, err)
	require.Equal(t, []string{"slack", "discord", "pagerduty", "email", "webhook/sms", "console"}, d.Names())
	require.Equal(t, []string{"slack", "discord"}, d.Rooms())
	f.mail.Break(fake.Fault{Name: fake.Refuse, On: "RCPT", Status: 550, Code: "no such user"})
	report := d.Dispatch(t.Context(), notifytest.Stuck())
	require.Equal(t, []string{"email"}, report.Down)
	require.Len(t, f.slack.Messages("ops"), 1)
	require.Len(t, f.pager.Alerts(), 1)
	require.Len(t, f.discord.Messages(), 1)
	require.Len(t, f.hook.Requests(), 1)
	require.Contains(t, terminal.String(), "Distribution stuck")
}

func TestChannels_WithoutAnyTheConsoleIsOne(t *testing.T) {
	var terminal bytes.Buffer
	channels, err := Channels(config.Default(), &terminal, time.Now)
	require.NoError(t, err)
	d, err := NewDispatcher(config.Default(), channels, openStore(t), time.Now, quietLog())
	require.NoError(t, err)
	require.True(t, d.Dispatch(t.Context(), notifytest.Stuck()).Told)
	require.Contains(t, terminal.String(), "HIGH · alpha · Distribution stuck")
}

func TestRouter_HoursAndQuietHoursOfTheSettings(t *testing.T) {
	s := config.Default()
	s.Notify.TimeZone = "Europe/Berlin"
	s.Notify.QuietHours = config.QuietHours{From: "22:00", To: "07:00", Below: "high"}
	s.Notify.Routes = []config.Route{
		{Name: "office", Hours: config.Hours{From: "08:00", To: "18:00"}, Kinds: []string{"trigger"}, Channels: []string{"email"}},
		{Name: "else", Channels: []string{"pagerduty"}, Fallback: []string{"email"}},
	}
	r, err := Router(s, []string{"pagerduty", "email"})
	require.NoError(t, err)
	m := notify.Message{Kind: notify.Trigger, Severity: "medium"}
	noon, evening, night := time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 19, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 23, 0, 0, 0, time.UTC)
	require.Equal(t, []string{"email"}, r.Choose(m, noon).Channels)
	require.Equal(t, []string{"pagerduty"}, r.Choose(m, evening).Channels)
	require.Equal(t, []string{"email"}, r.Choose(m, night).Channels, "the pager sleeps")
	s.Notify.Routes[0].Hours.From = "8"
	_, err = Router(s, []string{"pagerduty", "email"})
	require.ErrorContains(t, err, "route office")
}

// desk is an inbox that keeps what came.
type desk struct {
	clicks chan notify.Click
	pages  chan notify.Page
}

func (d *desk) Clicked(_ context.Context, c notify.Click) (string, error) {
	d.clicks <- c
	return "done", nil
}

func (d *desk) Commanded(context.Context, notify.Command) (string, error) { return "", nil }

func (d *desk) Paged(_ context.Context, p notify.Page) error {
	d.pages <- p
	return nil
}

func TestHooks_ServicesReachTheInboxThroughSocketAndWebhook(t *testing.T) {
	f := startServices(t)
	in := &desk{clicks: make(chan notify.Click, 1), pages: make(chan notify.Page, 1)}
	var called hooks
	a := fxtest.New(t, fx.Supply(f.s, quietLog()), clockModule, fx.Provide(newButtons, newHooks, func() notify.Inbox { return in }), fx.Populate(&called))
	a.RequireStart()
	require.Len(t, called, 2)
	m := fakeslack.Message{Channel: "C000000001", TS: "1.000001"}
	require.NoError(t, f.slack.Send(t.Context(), "interactive", "e1", f.slack.Click("one", "U0ANN", m, "feeops/acknowledge", "alpha/x")))
	require.Equal(t, "ann", (<-in.clicks).Person.Operator)

	server := httptest.NewServer(called["/hooks/pagerduty"])
	t.Cleanup(server.Close)
	f.pager.Subscribe(server.URL, "subscription")
	channels, err := Channels(f.s, io.Discard, time.Now)
	require.NoError(t, err)
	_, err = channels[2].Deliver(t.Context(), notifytest.Stuck(), "")
	require.NoError(t, err)
	status, err := f.pager.Acknowledge(t.Context(), notifytest.Stuck().Key, "PANN", time.Now())
	require.NoError(t, err)
	require.Equal(t, 202, status)
	require.Equal(t, notify.Acknowledge, (<-in.pages).Kind)
	a.RequireStop()

	called = nil
	fxtest.New(t, fx.Supply(f.s, quietLog()), clockModule, fx.Provide(newButtons, newHooks), fx.Populate(&called)).RequireStart().RequireStop()
	require.Empty(t, called, "without an inbox nothing comes in")
}
