package inbox

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

// Commanded does what somebody typed.
func (in *Inbox) Commanded(ctx context.Context, c notify.Command) (string, error) {
	words := strings.Fields(c.Text)
	switch c.Name {
	case notify.CommandStatus:
		return in.carryOut(ctx, c.Person, ask{
			name: "status", subject: c.Text,
			do: func(ctx context.Context, _ Actor) (string, error) { return in.status(ctx, words) },
		})
	case notify.CommandStop:
		return in.stop(ctx, c.Person, c.Text)
	case notify.CommandAck:
		if len(words) != 1 {
			return "Use: /feeops ack INCIDENT, such as INC-20261125-001, or the key of an alert. Nothing was done.", nil
		}
		return in.acknowledge(ctx, c.Person, words[0])
	case notify.CommandExplain:
		return in.carryOut(ctx, c.Person, ask{
			name: "explain", subject: c.Text,
			do: func(ctx context.Context, _ Actor) (string, error) {
				if len(words) != 2 {
					return "", refuse("use: /feeops explain VAULT INVESTOR")
				}
				if !slices.Contains(in.Vaults, words[0]) {
					return "", refuse("vault %q is not in the settings of this worker", words[0])
				}
				return in.Payouts.Explain(ctx, words[0], words[1])
			},
		})
	}
	return "Use: /feeops " + strings.Join(notify.Commands(), " | "), nil
}

// stop takes a vault's name as first word; whatever else it is belongs to the reason, and everything is stopped. A name
// that is mistyped stops too much rather than nothing, and the answer says so.
func (in *Inbox) stop(ctx context.Context, p notify.Person, text string) (string, error) {
	first, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	vault, reason := "", strings.TrimSpace(text)
	if slices.Contains(in.Vaults, first) {
		vault, reason = first, strings.TrimSpace(rest)
	}
	subject := vault
	if vault == "" {
		subject = "all"
	}
	return in.carryOut(ctx, p, ask{
		action: domain.ActionStop, name: "stop", subject: subject, detail: reason, urgent: true,
		do: func(ctx context.Context, by Actor) (string, error) {
			if reason == "" {
				// An emergency is no moment for a form: it is stopped, and the reason is asked for afterwards.
				reason = "no reason was given in " + by.Channel
			}
			answer, err := in.Deeds.Stop(ctx, vault, reason, by)
			if err == nil && vault == "" && first != "" {
				answer += fmt.Sprintf(". %q is no vault of the settings, so it was read as part of the reason", first)
			}
			return answer, err
		},
	})
}
