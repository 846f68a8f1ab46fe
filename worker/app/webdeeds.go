package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	feefault "github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/web"
)

// channelWeb is how timelines and records name the page.
const channelWeb = "web"

// webDeeds carry out what people ask for on the page, with the same signals and updates that commands use.
type webDeeds struct {
	client client.Client
	door   Door
	guard  guard
}

// AcknowledgeAlert lets the watch take an episode over in a person's name.
func (d webDeeds) AcknowledgeAlert(ctx context.Context, episode, actor string) (string, error) {
	if err := d.watch(ctx, ops.SignalAcknowledge, ops.AcknowledgeOrder{Episode: episode, Actor: actor}); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s takes over %s. The watch tells the channels and ends the reminders; the page shows it within seconds", actor, episode), nil
}

// AcknowledgeIncident makes a person hold an incident.
func (d webDeeds) AcknowledgeIncident(ctx context.Context, id, actor string) (string, error) {
	answer, err := d.door.Update(ctx, id, ops.UpdateAcknowledge, ops.Deed{Actor: actor, Channel: channelWeb})
	switch {
	case err == nil:
		return fmt.Sprintf("%s is %s and held by %s: paging stops everywhere", answer.ID, answer.State, answer.Holder), nil
	case feefault.CodeOf(err) == "incident/refused":
		return "", web.Refuse(plain(err))
	case ctx.Err() != nil:
		return "", fmt.Errorf("no worker has answered for %s in time; it may still be acknowledged", id)
	}
	return "", fmt.Errorf("acknowledge %s: %s", id, plain(err))
}

// Mute keeps alerts quiet for a while.
func (d webDeeds) Mute(ctx context.Context, o web.MuteOrder) (string, error) {
	order := ops.MuteOrder{ID: o.ID, Vault: o.Vault, Alert: o.Alert, Minutes: int(o.For / time.Minute), Reason: o.Reason, Actor: o.Actor}
	if err := d.watch(ctx, ops.SignalMute, order); err != nil {
		return "", err
	}
	return "The watch keeps it quiet for an hour and tells when that begins and ends. Alerts are recorded all the same; the page shows the mute within seconds", nil
}

func (d webDeeds) watch(ctx context.Context, signal string, payload any) error {
	if err := d.client.SignalWorkflow(ctx, ops.MonitorID, "", signal, payload); err != nil {
		return fmt.Errorf("the watch (%s) was not reached: %w", ops.MonitorID, err)
	}
	return nil
}

// Pause holds a vault's run before its next step or page.
func (d webDeeds) Pause(ctx context.Context, vault, reason, actor string) (string, error) {
	err := d.client.SignalWorkflow(ctx, ops.DailyID(vault), "", ops.SignalPause, ops.Order{Reason: reason, Actor: actor})
	var none *serviceerror.NotFound
	switch {
	case errors.As(err, &none):
		return "", web.Refuse(fmt.Sprintf("no run of %s is under way, so there is nothing to pause", vault))
	case err != nil:
		return "", fmt.Errorf("the run of %s was not reached: %w", vault, err)
	}
	return fmt.Sprintf("the run of %s waits before its next step or page, until somebody resumes it: temporal workflow signal --workflow-id %s --name %s --input '{\"actor\":\"…\",\"reason\":\"…\"}'",
		vault, ops.DailyID(vault), ops.SignalResume), nil
}

// Stop raises the flag that every send reads, and tells the safety switch.
func (d webDeeds) Stop(ctx context.Context, reason, actor string) (string, error) {
	how, err := d.guard.StopBy(ctx, actor, reason)
	if err != nil {
		return "", fmt.Errorf("NOT STOPPED: %w. End the workers, or take the fee payer's key away", err)
	}
	return "Everything is stopped: " + how, nil
}

// plain takes Temporal's frames off a failure.
func plain(err error) string {
	var inner *temporal.ApplicationError
	if errors.As(err, &inner) {
		return inner.Message()
	}
	return err.Error()
}
