package app

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/pagerduty"
	"github.com/meteora-fee-router/feeops/internal/notify/slack"
)

// hooks are what services call, by path. They lie beside health and metrics; a proxy that opens them to the world passes
// /hooks/ and nothing else.
type hooks map[string]http.Handler

type hookParams struct {
	fx.In

	Lifecycle fx.Lifecycle
	Settings  config.Settings
	Clock     Clock
	Log       *slog.Logger
	Inbox     notify.Inbox `optional:"true"` // Without one, nothing comes in.
	Buttons   *buttons
}

// newHooks takes clicks, commands and acknowledgements from the services whose secrets are set.
func newHooks(p hookParams) hooks {
	out := hooks{}
	if p.Inbox == nil {
		return out
	}
	n := p.Settings.Notify
	if secret := n.PagerDuty.WebhookSecret; !secret.IsZero() {
		out["/hooks/pagerduty"] = pagerduty.NewHandler(secret.Reveal(), p.Inbox, p.Clock, p.Log)
	}
	if n.Slack.AppToken.IsZero() && n.Slack.SigningSecret.IsZero() {
		return out
	}
	client := notify.NewHTTPClient()
	inbound := slack.NewInbound(slack.InboundOptions{Inbox: p.Inbox, Members: members(p.Settings), BaseURL: n.Slack.BaseURL, HTTP: client, Now: p.Clock, Log: p.Log})
	p.Lifecycle.Append(fx.StopHook(inbound.Close))
	if secret := n.Slack.SigningSecret; !secret.IsZero() {
		out["/hooks/slack"] = slack.NewHandler(secret.Reveal(), inbound)
	}
	if token := n.Slack.AppToken; !token.IsZero() {
		socket := slack.NewSocket(token.Reveal(), n.Slack.BaseURL, client, inbound)
		p.Buttons.socket.Store(socket)
		keepOpen(p.Lifecycle, socket, p.Log)
	}
	return out
}

// keepOpen runs the socket from start to stop. A token that Slack refuses ends it: buttons are dead then, and the log
// and channel_down say what to do, but vaults are paid all the same.
func keepOpen(lc fx.Lifecycle, s *slack.Socket, log *slog.Logger) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	lc.Append(fx.StartStopHook(
		func() {
			group.Go(func() {
				if err := s.Run(ctx); err != nil {
					log.Error("Slack's Socket Mode ended: buttons and commands do nothing", "error", err)
				}
			})
		},
		func() {
			cancel()
			group.Wait()
		},
	))
}
