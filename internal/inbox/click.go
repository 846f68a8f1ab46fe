package inbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

// muteFor is what the button says.
const muteFor = time.Hour

// incidentKey stands before an incident's number in the keys of its messages.
const incidentKey = "incident/"

// Clicked does what a button says.
func (in *Inbox) Clicked(ctx context.Context, c notify.Click) (string, error) {
	value := c.Action.Value
	where := "pressed under a message, by " + c.Person.Account
	switch c.Action.Name {
	case domain.ActionAcknowledge:
		return in.acknowledge(ctx, c.Person, value)
	case domain.ActionMute:
		return in.carryOut(ctx, c.Person, ask{
			action: domain.ActionMute, name: "mute", subject: value, detail: where,
			do: func(ctx context.Context, by Actor) (string, error) { return in.mute(ctx, value, c.At, by) },
		})
	case domain.ActionPause:
		return in.carryOut(ctx, c.Person, ask{
			action: domain.ActionPause, name: "pause", subject: value, detail: where,
			do: func(ctx context.Context, by Actor) (string, error) {
				if !slices.Contains(in.Vaults, value) {
					return "", refuse("vault %q is not in the settings of this worker", value)
				}
				return in.Deeds.Pause(ctx, value, "paused in "+by.Channel, by)
			},
		})
	case domain.ActionStop:
		return in.carryOut(ctx, c.Person, ask{
			action: domain.ActionStop, name: "stop", subject: "all", detail: "because of " + value, urgent: true,
			do: func(ctx context.Context, by Actor) (string, error) {
				return in.Deeds.Stop(ctx, "", fmt.Sprintf("stopped in %s because of %s", by.Channel, value), by)
			},
		})
	case domain.ActionExplain:
		return in.carryOut(ctx, c.Person, ask{
			name: "explain", subject: value,
			do: func(ctx context.Context, _ Actor) (string, error) { return in.meaning(ctx, value) },
		})
	}
	return in.carryOut(ctx, c.Person, ask{
		name: "click", subject: value, detail: c.Action.Name,
		do: func(context.Context, Actor) (string, error) {
			return "", refuse("the button %q is not one of this version: look for a newer message", c.Action.Name)
		},
	})
}

// acknowledge takes over what a key names: an alert's episode or an incident, by its number or its key.
func (in *Inbox) acknowledge(ctx context.Context, p notify.Person, key string) (string, error) {
	return in.carryOut(ctx, p, ask{
		action: domain.ActionAcknowledge, name: "acknowledge", subject: key,
		do: func(ctx context.Context, by Actor) (string, error) { return in.takeOver(ctx, key, by) },
	})
}

func (in *Inbox) takeOver(ctx context.Context, key string, by Actor) (string, error) {
	if id, ok := incidentOf(key); ok {
		i, found, err := in.Store.Incident(ctx, id)
		switch {
		case err != nil:
			return "", fmt.Errorf("incident %s: %w", id, err)
		case !found:
			return "", refuse("there is no incident %s", id)
		case i.Over():
			return "", refuse("%s is %s already", id, i.State)
		case i.AcknowledgedBy == by.Name:
			return fmt.Sprintf("%s is yours already", id), nil
		}
		return in.Deeds.AcknowledgeIncident(ctx, id, by)
	}
	ep, err := in.episode(ctx, key)
	switch {
	case err != nil:
		return "", err
	case !ep.Active():
		return "", refuse("%s is over since %s", key, ep.Resolved.UTC().Format(time.RFC3339))
	case ep.AckedBy != "":
		return fmt.Sprintf("%s has been taken over by %s", key, ep.AckedBy), nil
	}
	return in.Deeds.AcknowledgeAlert(ctx, key, by)
}

// incidentOf reads an incident's number from a message's key, or from what somebody typed.
func incidentOf(key string) (string, bool) {
	if id, ok := strings.CutPrefix(key, incidentKey); ok {
		return id, true
	}
	id := strings.ToUpper(key)
	return id, strings.HasPrefix(id, "INC-")
}

// episode finds one that is open, or was lately.
func (in *Inbox) episode(ctx context.Context, key string) (domain.Episode, error) {
	list, err := in.Store.Episodes(ctx, in.Now().Add(-domain.RecentWindow))
	if err != nil {
		return domain.Episode{}, fmt.Errorf("the alerts cannot be read: %w", err)
	}
	i := slices.IndexFunc(list, func(e domain.Episode) bool { return e.Key == key })
	if i < 0 {
		return domain.Episode{}, refuse("no alert %q is open, nor was in the last hour", key)
	}
	return list[i], nil
}

func (in *Inbox) mute(ctx context.Context, key string, at time.Time, by Actor) (string, error) {
	if id, ok := incidentOf(key); ok {
		return "", refuse("%s is an incident: those are acknowledged, not muted", id)
	}
	ep, err := in.episode(ctx, key)
	if err != nil {
		return "", err
	}
	// A click that is delivered twice is one mute: the name is made of the click.
	sum := sha256.Sum256([]byte(by.Name + "\n" + key + "\n" + at.UTC().Format("200601021504")))
	return in.Deeds.Mute(ctx, MuteOrder{
		ID: domain.MutePrefix + by.Channel + "-" + hex.EncodeToString(sum[:6]), Vault: ep.Vault, Alert: ep.Alert, For: muteFor, Reason: "muted in " + by.Channel + ", from " + key,
	}, by)
}

// meaning says what an alert or an incident is about and what to do.
func (in *Inbox) meaning(ctx context.Context, key string) (string, error) {
	var b strings.Builder
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, text)
		}
	}
	if id, ok := incidentOf(key); ok {
		i, found, err := in.Store.Incident(ctx, id)
		if err != nil {
			return "", fmt.Errorf("incident %s: %w", id, err)
		}
		if !found {
			return "", refuse("there is no incident %s", id)
		}
		fmt.Fprintf(&b, "%s: %s\n", i.ID, i.Title)
		line("State", fmt.Sprintf("%s, %s, since %s", i.State, i.Severity, i.OpenedAt.UTC().Format(time.RFC3339)))
		line("Held by", i.AcknowledgedBy)
		line("Runbook", i.Runbook)
		line("Whole story", "feeops incident show "+i.ID)
		return b.String(), nil
	}
	ep, err := in.episode(ctx, key)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "%s, %s, %s since %s\n", ep.Key, ep.Severity, ep.State, ep.Opened.UTC().Format(time.RFC3339))
	line("Seen", ep.Detail)
	line("It fires when", in.Alerts[ep.Alert])
	if ep.AtRisk != nil {
		line("At risk", ep.Token.Format(*ep.AtRisk))
	}
	line("Taken over by", ep.AckedBy)
	line("Over", ep.Resolution)
	line("Next safe command", ep.Next)
	line("Runbook", ep.Runbook)
	return b.String(), nil
}
