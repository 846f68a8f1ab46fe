package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	feefault "github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/inbox"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var inboxModule = fx.Module("inbox", fx.Provide(fx.Annotate(newInbox, fx.As(new(notify.Inbox)))))

type inboxParams struct {
	fx.In

	Settings config.Settings
	Client   client.Client
	Store    *store.Store
	Service  *distribution.Service
	Clock    Clock
	Log      *slog.Logger
}

// newInbox lets people act from Slack and PagerDuty, with the same signals and updates that commands use.
func newInbox(p inboxParams) *inbox.Inbox {
	s := p.Settings
	queue := s.Temporal.TaskQueue
	alerts := map[string]string{}
	for _, rule := range alert.Catalogue() {
		alerts[rule.ID] = rule.When
	}
	accounts := map[string]string{}
	for _, o := range s.Operators {
		if o.PagerDuty != "" {
			accounts["pagerduty:"+o.PagerDuty] = o.Name
		}
	}
	deeds := webDeeds{
		client: p.Client, door: Door{Client: p.Client, Queue: queue},
		guard: guard{client: p.Client, store: p.Store, queue: queue, now: p.Clock},
	}
	return inbox.New(inbox.Params{
		Authorizer: webRoles{s.Roster(), p.Clock}, Deeds: inboxDeeds{deeds}, Store: p.Store, Payouts: payouts{p.Service, p.Store},
		Vaults: named(s), Alerts: alerts, Accounts: accounts, Now: p.Clock, Log: p.Log,
	})
}

// inboxDeeds carry out what comes from channels.
type inboxDeeds struct{ deeds webDeeds }

// AcknowledgeAlert lets the watch take an episode over in a person's name.
func (d inboxDeeds) AcknowledgeAlert(ctx context.Context, episode string, by inbox.Actor) (string, error) {
	order := ops.AcknowledgeOrder{Episode: episode, Actor: by.Name}
	if err := d.deeds.watch(ctx, ops.SignalAcknowledge, order); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s takes over %s. The watch tells the channels and ends the reminders within seconds", by.Name, episode), nil
}

// AcknowledgeIncident makes a person hold an incident.
func (d inboxDeeds) AcknowledgeIncident(ctx context.Context, id string, by inbox.Actor) (string, error) {
	answer, err := d.deeds.door.Update(ctx, id, ops.UpdateAcknowledge, ops.Deed{Actor: by.Name, Channel: by.Channel})
	switch {
	case err == nil:
		return fmt.Sprintf("%s is %s and held by %s: paging stops everywhere", answer.ID, answer.State, answer.Holder), nil
	case feefault.CodeOf(err) == "incident/refused":
		return "", inbox.Refuse(plain(err))
	case ctx.Err() != nil:
		return "", fmt.Errorf("no worker has answered for %s in time; it may still be acknowledged", id)
	}
	return "", fmt.Errorf("acknowledge %s: %s", id, plain(err))
}

// Mute keeps alerts quiet for a while.
func (d inboxDeeds) Mute(ctx context.Context, o inbox.MuteOrder, by inbox.Actor) (string, error) {
	order := ops.MuteOrder{ID: o.ID, Vault: o.Vault, Alert: o.Alert, Minutes: int(o.For / time.Minute), Reason: o.Reason, Actor: by.Name}
	if err := d.deeds.watch(ctx, ops.SignalMute, order); err != nil {
		return "", err
	}
	of := strings.TrimSpace(o.Alert + " " + o.Vault)
	return fmt.Sprintf("The watch keeps %s quiet for %d minutes and tells when that begins and ends. What happens is recorded all the same. To end it: feeops mute end %s", of, order.Minutes, o.ID), nil
}

// Pause holds a vault's run before its next step or page.
func (d inboxDeeds) Pause(ctx context.Context, vault, reason string, by inbox.Actor) (string, error) {
	err := d.deeds.client.SignalWorkflow(ctx, ops.DailyID(vault), "", ops.SignalPause, ops.Order{Reason: reason, Actor: by.Name})
	var none *serviceerror.NotFound
	switch {
	case errors.As(err, &none):
		return "", inbox.Refuse(fmt.Sprintf("no run of %s is under way, so there is nothing to pause", vault))
	case err != nil:
		return "", fmt.Errorf("the run of %s was not reached: %w", vault, err)
	}
	return fmt.Sprintf("The run of %s waits before its next step or page, until somebody resumes it: temporal workflow signal --workflow-id %s --name %s --input '{\"actor\":\"…\",\"reason\":\"…\"}'",
		vault, ops.DailyID(vault), ops.SignalResume), nil
}

// Stop raises the flag that every send reads, and tells the safety switch.
func (d inboxDeeds) Stop(ctx context.Context, vault, reason string, by inbox.Actor) (string, error) {
	how, err := d.deeds.guard.stopVaultBy(ctx, vault, by.Name, reason)
	if err != nil {
		return "", fmt.Errorf("NOT STOPPED: %w. End the workers, or take the fee payer's key away", err)
	}
	what := "Everything is"
	if vault != "" {
		what = "Vault " + vault + " is"
	}
	return fmt.Sprintf("%s stopped: %s. What was in the air may still land: feeops resume status", what, how), nil
}

// payouts explain an investor's share in a few lines.
type payouts struct {
	service *distribution.Service
	store   *store.Store
}

// Explain answers for a wallet or a stream on the vault's newest day.
func (p payouts) Explain(ctx context.Context, vault, investor string) (string, error) {
	list, err := p.service.Explain(ctx, vault, investor, "")
	switch {
	case feefault.KindOf(err) == feefault.Human:
		return "", inbox.Refuse(err.Error())
	case err != nil:
		return "", err //nolint:wrapcheck // It says what was looked for.
	}
	m, found, err := p.store.LatestManifest(ctx, vault)
	if err != nil {
		return "", fmt.Errorf("the token of %s: %w", vault, err)
	}
	token := domain.Token{}
	if found {
		token = m.Token
	}
	var b strings.Builder
	for _, x := range list {
		fmt.Fprintf(&b, "%s on %s, stream %s\n", vault, x.Day, x.Stream)
		if x.Reason == domain.ReasonQuarantined {
			fmt.Fprintf(&b, "Not on the day's list (%s): it got nothing.\n", x.Note)
			continue
		}
		fmt.Fprintf(&b, "Planned %s, paid by our books %s (%s) %s\n", token.Format(x.Planned), token.Format(x.Paid), x.Reason, x.Note)
		fmt.Fprintf(&b, "Gained on chain: %s\n", x.OnChain)
		if x.Signature != "" {
			fmt.Fprintf(&b, "Signature: %s\n", x.Signature)
		}
		if !x.Agree {
			b.WriteString("Books and chain do not agree, or the chain could not be asked.\n")
		}
	}
	return b.String(), nil
}
