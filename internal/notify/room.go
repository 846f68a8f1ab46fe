package notify

import (
	"context"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

// roomRecord is the name under which a channel's rooms stand in the records, beside its messages.
const roomRecord = "/room"

// Rooms lists the channels that can open rooms.
func (d *Dispatcher) Rooms() []string {
	var out []string
	for _, c := range d.p.Channels {
		if _, ok := c.(Rooms); ok {
			out = append(out, c.Name())
		}
	}
	return out
}

// OpenRoom opens a room once: a second call gives the same place, also after a crash.
func (d *Dispatcher) OpenRoom(ctx context.Context, channel string, r Room) (Ref, error) {
	rooms, err := d.rooms(channel)
	if err != nil {
		return "", err
	}
	if r.Key == "" {
		return "", fault.Newf(fault.Human, "notify/invalid", "room %q: a key is needed", r.Name)
	}
	m := Message{Key: r.Key, Seq: 0, Kind: Info, Title: r.Name}
	out, err := d.attempt(ctx, domain.DeliveryClaim{Channel: channel + roomRecord, AnyAge: true}, m, func(ctx context.Context, _ Message, _ Ref) (Ref, error) { return rooms.Open(ctx, r) })
	return out.Ref, err
}

// PostToRoom tells a room of a message, once, also one that comes late: it is an entry of a timeline. A room that was never opened is an error for people.
func (d *Dispatcher) PostToRoom(ctx context.Context, channel string, m Message) (Outcome, error) {
	out := Outcome{Channel: channel, State: domain.DeliveryFailed}
	rooms, err := d.rooms(channel)
	if err != nil {
		return out, err
	}
	if err := m.check(); err != nil {
		return out, err
	}
	return d.attempt(ctx, domain.DeliveryClaim{Channel: channel + roomRecord, AnyAge: true}, m, func(ctx context.Context, m Message, room Ref) (Ref, error) {
		if room == "" {
			return "", fault.Newf(fault.Human, "notify/no-room", "%s has no room for %s", channel, m.Key).WithNext("Open it first.")
		}
		return room, rooms.Post(ctx, room, m)
	})
}

// DescribeRoom changes a room's topic. It may be repeated.
func (d *Dispatcher) DescribeRoom(ctx context.Context, channel string, room Ref, topic string) error {
	rooms, err := d.rooms(channel)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, d.p.Timeout)
	defer cancel()
	return rooms.Describe(ctx, room, topic)
}

func (d *Dispatcher) rooms(channel string) (Rooms, error) {
	if rooms, ok := d.byName[channel].(Rooms); ok {
		return rooms, nil
	}
	return nil, fault.Newf(fault.Human, "notify/no-rooms", "the channel %q cannot open rooms", channel).WithNext("Set up Slack, or a Discord forum.")
}
