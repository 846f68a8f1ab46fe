package app

import (
	"context"
	"errors"

	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/web"
)

// channelWeb is how timelines and records name the page.
const channelWeb = "web"

// webDeeds are deeds as the page asks for them.
type webDeeds struct{ deeds deeds }

// forWeb gives a refusal the page's form.
func forWeb(text string, err error) (string, error) {
	var no refusedDeed
	if errors.As(err, &no) {
		return "", web.Refuse(no.why)
	}
	return text, err
}

// AcknowledgeAlert lets the watch take an episode over in a person's name.
func (d webDeeds) AcknowledgeAlert(ctx context.Context, episode, actor string) (string, error) {
	return forWeb(d.deeds.acknowledgeAlert(ctx, episode, actor))
}

// AcknowledgeIncident makes a person hold an incident.
func (d webDeeds) AcknowledgeIncident(ctx context.Context, id, actor string) (string, error) {
	return forWeb(d.deeds.holdIncident(ctx, id, actor, channelWeb))
}

// Mute keeps alerts quiet for a while.
func (d webDeeds) Mute(ctx context.Context, o web.MuteOrder) (string, error) {
	return forWeb(d.deeds.mute(ctx, ops.MuteOrder{ID: o.ID, Vault: o.Vault, Alert: o.Alert, Minutes: minutes(o.For), Reason: o.Reason, Actor: o.Actor}))
}

// Pause holds a vault's run before its next step or page.
func (d webDeeds) Pause(ctx context.Context, vault, reason, actor string) (string, error) {
	return forWeb(d.deeds.pause(ctx, vault, reason, actor))
}

// Stop stops everything.
func (d webDeeds) Stop(ctx context.Context, reason, actor string) (string, error) {
	return forWeb(d.deeds.stop(ctx, "", reason, actor))
}
