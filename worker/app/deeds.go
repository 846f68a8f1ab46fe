package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	feefault "github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// deeds carry out what people ask for on the page and in channels, with the same signals and updates that commands use.
// What they return is shown to people.
type deeds struct {
	client client.Client
	door   Door
	guard  guard
}

// refusedDeed is why the state of things does not allow a deed; nothing went wrong.
type refusedDeed struct{ why string }

func (r refusedDeed) Error() string { return r.why }

// acknowledgeAlert lets the watch take an episode over in a person's name.
func (d deeds) acknowledgeAlert(ctx context.Context, episode, actor string) (string, error) {
	if err := d.watch(ctx, ops.SignalAcknowledge, ops.AcknowledgeOrder{Episode: episode, Actor: actor}); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s takes over %s. The watch tells the channels and ends the reminders within seconds", actor, episode), nil
}

// holdIncident makes a person hold an incident.
func (d deeds) holdIncident(ctx context.Context, id, actor, channel string) (string, error) {
	answer, err := d.door.Update(ctx, id, ops.UpdateAcknowledge, ops.Deed{Actor: actor, Channel: channel})
	switch {
	case err == nil:
		return fmt.Sprintf("%s is %s and held by %s: paging stops everywhere", answer.ID, answer.State, answer.Holder), nil
	case feefault.CodeOf(err) == "incident/refused":
		return "", refusedDeed{plain(err)}
	case ctx.Err() != nil:
		return "", fmt.Errorf("no worker has answered for %s in time; it may still be acknowledged", id)
	}
	return "", fmt.Errorf("acknowledge %s: %s", id, plain(err))
}

// mute keeps alerts quiet for a while.
func (d deeds) mute(ctx context.Context, o ops.MuteOrder) (string, error) {
	if err := d.watch(ctx, ops.SignalMute, o); err != nil {
		return "", err
	}
	of := strings.TrimSpace(o.Alert + " " + o.Vault)
	return fmt.Sprintf("The watch keeps %s quiet for %d minutes and tells when that begins and ends. What happens is recorded all the same. To end it: feeops mute end %s", of, o.Minutes, o.ID), nil
}

func (d deeds) watch(ctx context.Context, signal string, payload any) error {
	if err := d.client.SignalWorkflow(ctx, ops.MonitorID, "", signal, payload); err != nil {
		return fmt.Errorf("the watch (%s) was not reached: %w", ops.MonitorID, err)
	}
	return nil
}

// pause holds a vault's run before its next step or page.
func (d deeds) pause(ctx context.Context, vault, reason, actor string) (string, error) {
	err := d.client.SignalWorkflow(ctx, ops.DailyID(vault), "", ops.SignalPause, ops.Order{Reason: reason, Actor: actor})
	var none *serviceerror.NotFound
	switch {
	case errors.As(err, &none):
		return "", refusedDeed{fmt.Sprintf("no run of %s is under way, so there is nothing to pause", vault)}
	case err != nil:
		return "", fmt.Errorf("the run of %s was not reached: %w", vault, err)
	}
	return fmt.Sprintf("The run of %s waits before its next step or page, until somebody resumes it: temporal workflow signal --workflow-id %s --name %s --input '{\"actor\":\"…\",\"reason\":\"…\"}'",
		vault, ops.DailyID(vault), ops.SignalResume), nil
}

// stop stops a vault, or everything when vault is empty: it raises the flag that every send reads, and tells the safety
// switch.
func (d deeds) stop(ctx context.Context, vault, reason, actor string) (string, error) {
	how, err := d.guard.StopBy(ctx, vault, actor, reason)
	if err != nil {
		return "", fmt.Errorf("NOT STOPPED: %w. End the workers, or take the fee payer's key away", err)
	}
	what := "Everything is"
	if vault != "" {
		what = "Vault " + vault + " is"
	}
	return fmt.Sprintf("%s stopped: %s. What was in the air may still land: feeops resume status", what, how), nil
}

// minutes are how signals carry lengths of time.
func minutes(d time.Duration) int { return int(d / time.Minute) }

// plain takes Temporal's frames off a failure.
func plain(err error) string {
	var inner *temporal.ApplicationError
	if errors.As(err, &inner) {
		return inner.Message()
	}
	return err.Error()
}
