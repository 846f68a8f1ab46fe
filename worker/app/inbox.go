package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

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
	carried := deeds{
		client: p.Client, door: Door{Client: p.Client, Queue: queue},
		guard: guard{client: p.Client, store: p.Store, queue: queue, now: p.Clock},
	}
	return inbox.New(inbox.Params{
		Authorizer: roles{s.Roster(), p.Clock}, Deeds: inboxDeeds{carried}, Store: p.Store, Payouts: payouts{p.Service, p.Store},
		Vaults: named(s), Alerts: alerts, Accounts: accounts, Now: p.Clock, Log: p.Log,
	})
}

// inboxDeeds are deeds as channels ask for them.
type inboxDeeds struct{ deeds deeds }

// forInbox gives a refusal the inbox's form.
func forInbox(text string, err error) (string, error) {
	var no refusedDeed
	if errors.As(err, &no) {
		return "", inbox.Refuse(no.why)
	}
	return text, err
}

// AcknowledgeAlert lets the watch take an episode over in a person's name.
func (d inboxDeeds) AcknowledgeAlert(ctx context.Context, episode string, by inbox.Actor) (string, error) {
	return forInbox(d.deeds.acknowledgeAlert(ctx, episode, by.Name))
}

// AcknowledgeIncident makes a person hold an incident.
func (d inboxDeeds) AcknowledgeIncident(ctx context.Context, id string, by inbox.Actor) (string, error) {
	return forInbox(d.deeds.holdIncident(ctx, id, by.Name, by.Channel))
}

// Mute keeps alerts quiet for a while.
func (d inboxDeeds) Mute(ctx context.Context, o inbox.MuteOrder, by inbox.Actor) (string, error) {
	return forInbox(d.deeds.mute(ctx, ops.MuteOrder{ID: o.ID, Vault: o.Vault, Alert: o.Alert, Minutes: minutes(o.For), Reason: o.Reason, Actor: by.Name}))
}

// Pause holds a vault's run before its next step or page.
func (d inboxDeeds) Pause(ctx context.Context, vault, reason string, by inbox.Actor) (string, error) {
	return forInbox(d.deeds.pause(ctx, vault, reason, by.Name))
}

// Stop stops a vault, or everything.
func (d inboxDeeds) Stop(ctx context.Context, vault, reason string, by inbox.Actor) (string, error) {
	return forInbox(d.deeds.stop(ctx, vault, reason, by.Name))
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
