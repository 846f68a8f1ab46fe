package incident

import (
	"context"
	"log/slog"
	"strings"

	"github.com/meteora-fee-router/feeops/internal/notify"
)

// Console tells people through the worker's log, for a deployment without channels. It is also a war room of its own:
// every line of one carries the incident's key.
type Console struct{ Log *slog.Logger }

// Tell writes a message.
func (c Console) Tell(_ context.Context, m notify.Message, to, channels []string) ([]string, error) {
	c.Log.Warn(m.Title, "key", m.Key, "seq", m.Seq, "kind", m.Kind, "to", strings.Join(to, ", "), "channels", strings.Join(channels, ", "), "text", m.Text, "fields", fields(m))
	return []string{"console"}, nil
}

// Open writes that a room was opened. Its place is its key.
func (c Console) Open(_ context.Context, r notify.Room) (notify.Ref, error) {
	c.Log.Warn("war room "+r.Name, "key", r.Key, "topic", r.Topic, "invited", strings.Join(r.Invite, ", "))
	return notify.Ref(r.Key), nil
}

// Post writes what happened.
func (c Console) Post(_ context.Context, room notify.Ref, m notify.Message) error {
	c.Log.Warn("war room", "key", room, "seq", m.Seq, "text", m.Text)
	return nil
}

// Describe writes where the incident stands.
func (c Console) Describe(_ context.Context, room notify.Ref, topic string) error {
	c.Log.Info("war room", "key", room, "topic", topic)
	return nil
}

func fields(m notify.Message) string {
	parts := make([]string, len(m.Fields))
	for n, f := range m.Fields {
		parts[n] = f.Name + ": " + f.Value
	}
	return strings.Join(parts, "; ")
}
