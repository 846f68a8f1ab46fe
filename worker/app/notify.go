package app

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/console"
	"github.com/meteora-fee-router/feeops/internal/notify/discord"
	"github.com/meteora-fee-router/feeops/internal/notify/email"
	"github.com/meteora-fee-router/feeops/internal/notify/heartbeat"
	"github.com/meteora-fee-router/feeops/internal/notify/pagerduty"
	"github.com/meteora-fee-router/feeops/internal/notify/slack"
	"github.com/meteora-fee-router/feeops/internal/notify/webhook"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var notifyModule = fx.Module("notify",
	fx.Provide(newDispatcher, newHeartbeat, newButtons, newHooks),
	// Made at the start, so that settings which cannot tell anybody are found then and not at the first alert.
	fx.Invoke(func(*notify.Dispatcher) {}),
)

const (
	// tellTimeout bounds one attempt in one channel. It ends before the activity that makes it (profile Tell), so that
	// the end is recorded.
	tellTimeout  = 8 * time.Second
	tellAttempts = 3
	tellPatience = 30 * time.Second
)

func newDispatcher(s config.Settings, db *store.Store, clock Clock, log *slog.Logger) (*notify.Dispatcher, error) {
	channels, err := Channels(s, os.Stderr, clock)
	if err != nil {
		return nil, fault(err)
	}
	d, err := NewDispatcher(s, channels, db, clock, log)
	if err != nil {
		return nil, fault(err)
	}
	return d, nil
}

// NewDispatcher puts channels and the settings' routes together.
func NewDispatcher(s config.Settings, channels []notify.Channel, records notify.Records, clock Clock, log *slog.Logger) (*notify.Dispatcher, error) {
	names := make([]string, len(channels))
	for i, c := range channels {
		names[i] = c.Name()
	}
	router, err := Router(s, names)
	if err != nil {
		return nil, err
	}
	return notify.NewDispatcher(notify.Params{
		Channels: channels, Router: router, Records: records, Timeout: tellTimeout, Attempts: tellAttempts, Patience: tellPatience,
		Now: clock, Sleep: sleep, Jitter: func(d time.Duration) time.Duration { return rand.N(d/2 + 1) }, Log: log,
	})
}

// Channels makes the channels that the settings set up; commands use the same. The console is one when a route names it
// or when there is no other: a message always has a place.
func Channels(s config.Settings, terminal io.Writer, clock Clock) ([]notify.Channel, error) {
	n, client := s.Notify, notify.NewHTTPClient()
	var out []notify.Channel
	if !n.Slack.Token.IsZero() {
		out = append(out, slack.New(slack.Options{
			Token: n.Slack.Token.Reveal(), BaseURL: n.Slack.BaseURL, Channel: n.Slack.Channel, HTTP: client, Threads: n.Slack.Rooms == "thread", Members: members(s),
		}))
	}
	if !n.Discord.WebhookURL.IsZero() {
		c, err := discord.New(discord.Options{WebhookURL: n.Discord.WebhookURL.Reveal(), ForumURL: n.Discord.ForumURL.Reveal(), HTTP: client, Now: clock})
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if !n.PagerDuty.RoutingKey.IsZero() {
		out = append(out, pagerduty.New(pagerduty.Options{RoutingKey: n.PagerDuty.RoutingKey.Reveal(), BaseURL: n.PagerDuty.BaseURL, HTTP: client, Now: clock}))
	}
	if m := n.SMTP; m.Host != "" {
		out = append(out, email.New(email.Options{Host: m.Host, Port: m.Port, Username: m.Username, Password: m.Password.Reveal(), TLS: m.TLS, From: m.From, To: m.To}))
	}
	for _, w := range n.Webhooks {
		c, err := webhook.New(webhook.Options{Name: w.Name, URL: w.URL.Reveal(), Secret: w.Secret.Reveal(), HTTP: client, Now: clock})
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	named := slices.ContainsFunc(n.Routes, func(r config.Route) bool {
		return slices.Contains(r.Channels, notify.ChannelConsole) || slices.Contains(r.Fallback, notify.ChannelConsole)
	})
	if len(out) == 0 || named {
		out = append(out, console.New(terminal))
	}
	return out, nil
}

// members are the accounts by operator: of the operators' list, and of those who are named for Slack alone.
func members(s config.Settings) map[string]string {
	out := map[string]string{}
	for _, o := range s.Operators {
		if o.Slack != "" {
			out[o.Name] = o.Slack
		}
	}
	for _, m := range s.Notify.Slack.Members {
		out[m.Operator] = m.ID
	}
	return out
}

// Router turns the settings' rules into the router's.
func Router(s config.Settings, channels []string) (*notify.Router, error) {
	n := s.Notify
	var routes []notify.Route
	for _, r := range n.Routes {
		route := notify.Route{Name: r.Name, AtLeast: r.MinSeverity, Vaults: r.Vaults, Teams: r.Teams, Channels: r.Channels, Fallback: r.Fallback, Continue: r.Continue}
		for _, k := range r.Kinds {
			route.Kinds = append(route.Kinds, notify.Kind(k))
		}
		if r.Hours.From != "" {
			hours, err := notify.ParseHours(r.Hours.From, r.Hours.To, r.Hours.Days, n.TimeZone)
			if err != nil {
				return nil, fmt.Errorf("route %s: %w", r.Name, err)
			}
			route.Hours = &hours
		}
		routes = append(routes, route)
	}
	var quiet *notify.Quiet
	if q := n.QuietHours; q.From != "" {
		hours, err := notify.ParseHours(q.From, q.To, q.Days, n.TimeZone)
		if err != nil {
			return nil, fmt.Errorf("quiet hours: %w", err)
		}
		quiet = &notify.Quiet{Hours: hours, Below: q.Below, Silence: q.Silence}
		if len(q.Silence) == 0 {
			quiet.Silence = notify.Pagers(channels)
		}
	}
	return notify.NewRouter(routes, quiet, channels)
}

func newHeartbeat(s config.Settings, clock Clock) *heartbeat.Heartbeat {
	return heartbeat.New(s.Notify.Heartbeat.URL.Reveal(), s.Notify.Heartbeat.Interval, notify.NewHTTPClient(), clock)
}
