package incident

import (
	"context"
	"log/slog"
	"strings"

	"github.com/meteora-fee-router/feeops/internal/notify"
)

// Console is the war room of a deployment whose channels have none: the worker's log. Every line carries the incident's
// key.
type Console struct{ Log *slog.Logger }

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
