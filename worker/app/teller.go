package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	feefault "github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

// teller tells people of incidents through the channels of the settings.
type teller struct {
	dispatcher *notify.Dispatcher
	log        *slog.Logger
}

// Tell makes one attempt in each channel, side by side. It fails while any channel should be tried again; what was told
// is not told again then. A channel that only people can mend is replaced by its fallback at once.
func (t teller) Tell(ctx context.Context, m notify.Message, _, channels []string) ([]string, error) {
	if len(channels) == 0 {
		channels = t.dispatcher.Plan(ctx, m)
	}
	var mu sync.Mutex
	var told []string
	var again []error
	tried := slices.Clone(channels)
	var group sync.WaitGroup
	for _, name := range channels {
		group.Go(func() {
			for {
				_, err := t.dispatcher.DeliverTo(ctx, name, m)
				mu.Lock()
				next, more := "", false
				switch {
				case err == nil:
					told = append(told, name)
				case feefault.KindOf(err) != feefault.Human:
					again = append(again, fmt.Errorf("%s: %w", name, err))
				default:
					t.log.Error("a channel cannot be told and others take its place", "channel", name, "key", m.Key, "error", err)
					if giveUp := t.dispatcher.GiveUp(ctx, name, m, err); giveUp != nil {
						t.log.Warn("the end of a delivery cannot be recorded", "channel", name, "key", m.Key, "error", giveUp)
					}
					if next, more = t.dispatcher.Next(m, tried); more {
						tried = append(tried, next)
					}
				}
				mu.Unlock()
				if !more {
					return
				}
				name = next
			}
		})
	}
	group.Wait()
	slices.Sort(told)
	switch {
	case len(again) > 0:
		return told, errors.Join(again...)
	case len(told) == 0:
		return nil, feefault.Newf(feefault.Human, "notify/nobody", "no channel has taken %s", m.Key).WithNext("Set one up, and try it with feeops notify test")
	}
	return told, nil
}

// rooms opens an incident's war room in the first channel that has rooms, and else in the log. A room's place is the
// channel and what the channel calls it.
type rooms struct {
	dispatcher *notify.Dispatcher
	console    incident.Console
}

const roomSeparator = "|"

// Open opens a room, once.
func (r rooms) Open(ctx context.Context, room notify.Room) (notify.Ref, error) {
	channels := r.dispatcher.Rooms()
	if len(channels) == 0 {
		return r.console.Open(ctx, room)
	}
	ref, err := r.dispatcher.OpenRoom(ctx, channels[0], room)
	return notify.Ref(channels[0] + roomSeparator + string(ref)), err
}

// Post tells the room.
func (r rooms) Post(ctx context.Context, place notify.Ref, m notify.Message) error {
	channel, _, ok := strings.Cut(string(place), roomSeparator)
	if !ok {
		return r.console.Post(ctx, place, m)
	}
	_, err := r.dispatcher.PostToRoom(ctx, channel, m)
	return err
}

// Describe changes the room's topic.
func (r rooms) Describe(ctx context.Context, place notify.Ref, topic string) error {
	channel, ref, ok := strings.Cut(string(place), roomSeparator)
	if !ok {
		return r.console.Describe(ctx, place, topic)
	}
	return r.dispatcher.DescribeRoom(ctx, channel, notify.Ref(ref), topic)
}
