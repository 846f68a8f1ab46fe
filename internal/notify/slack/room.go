package slack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

const (
	maxTopic    = 250
	maxRoomName = 80
)

// Open opens a channel for an incident (I08), or a thread when the settings or the workspace want it so. Invitations and
// pins that fail do not fail the room: its first message says who could not be invited.
func (c *Channel) Open(ctx context.Context, r notify.Room) (notify.Ref, error) {
	if c.o.Threads {
		return c.openThread(ctx, r, "")
	}
	id, err := c.create(ctx, roomName(r.Name))
	switch errorCode(err) {
	case "restricted_action", "missing_scope", "access_denied", "no_permission", "user_is_restricted":
		return c.openThread(ctx, r, errorCode(err))
	}
	if err != nil {
		return "", c.classify(err)
	}
	room := place{channel: id}
	absent, err := c.invite(ctx, id, r.Invite)
	if err != nil {
		return room.ref(), err
	}
	if r.Topic != "" {
		if err := c.Describe(ctx, room.ref(), r.Topic); err != nil {
			return room.ref(), err
		}
	}
	return room.ref(), c.pin(ctx, id, r, absent)
}

// create makes the channel, or finds the one of that name that an earlier attempt has made.
func (c *Channel) create(ctx context.Context, name string) (string, error) {
	made, err := c.api.CreateConversationContext(ctx, slack.CreateConversationParams{ChannelName: name})
	if err == nil {
		return made.ID, nil
	}
	if errorCode(err) != "name_taken" {
		return "", err
	}
	found, err := c.findChannel(ctx, name)
	switch {
	case err != nil:
		return "", err
	case found == nil:
		return "", fault.Newf(fault.Human, "slack/name_taken", "slack: a channel called %s exists and the app cannot see it", name).
			WithNext("Rename or archive that channel, or invite the app: /invite @feeops.")
	}
	if !found.IsMember {
		if _, _, _, err := c.api.JoinConversationContext(ctx, found.ID); err != nil {
			return "", err
		}
	}
	return found.ID, nil
}

// roomName is what Slack allows: small letters, digits and dashes, up to 80.
func roomName(name string) string {
	out := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return '-'
		}
	}, notify.Line(name))
	if out = strings.Trim(out, "-"); out == "" {
		out = "incident"
	}
	return out[:min(len(out), maxRoomName)]
}

// invite invites operators by the accounts of the settings. One that is there already is well; one without an account,
// or whose account Slack does not know, is named.
func (c *Channel) invite(ctx context.Context, id string, operators []string) ([]string, error) {
	var absent []string
	for _, operator := range operators {
		account := c.o.Members[operator]
		if account == "" {
			absent = append(absent, operator)
			continue
		}
		_, err := c.api.InviteUsersToConversationContext(ctx, id, account)
		switch errorCode(err) {
		case "already_in_channel", "cant_invite_self":
		case "":
			if err != nil {
				return nil, c.classify(err)
			}
		default:
			if f := c.classify(err); fault.KindOf(f) == fault.Retry {
				return nil, f
			}
			absent = append(absent, operator)
		}
	}
	return absent, nil
}

// pin posts the room's first message with its links and pins it. What an earlier attempt has posted is pinned again,
// which Slack refuses harmlessly.
func (c *Channel) pin(ctx context.Context, id string, r notify.Room, absent []string) error {
	first := firstMessage(r, absent)
	at, err := c.inChannel(ctx, id, first)
	if err != nil {
		return err
	}
	if at.ts == "" {
		if at, err = c.post(ctx, id, first, slack.MsgOptionMetadata(metadata(first))); err != nil {
			return err
		}
	}
	err = c.api.AddPinContext(ctx, id, slack.NewRefToMessage(id, at.ts))
	if slices.Contains([]string{"already_pinned", "missing_scope", "permission_denied", "not_pinnable"}, errorCode(err)) || err == nil {
		return nil
	}
	return c.classify(err)
}

func firstMessage(r notify.Room, absent []string) notify.Message {
	m := notify.Message{Key: r.Key, Seq: 0, Kind: notify.Info, Title: r.Name, Text: r.Topic, Links: r.Pins}
	if len(absent) > 0 {
		m.Fields = append(m.Fields, notify.Field{Name: "Could not be invited", Value: strings.Join(absent, ", ")})
	}
	return m
}

// openThread begins a thread in the main channel, with the operators' names in its first message.
func (c *Channel) openThread(ctx context.Context, r notify.Room, why string) (notify.Ref, error) {
	first := firstMessage(r, nil)
	if len(r.Invite) > 0 {
		first.Fields = append(first.Fields, notify.Field{Name: "Wanted", Value: strings.Join(r.Invite, ", ")})
	}
	if why != "" {
		first.Fields = append(first.Fields, notify.Field{Name: "Room", Value: "this thread, because Slack refuses a channel: " + why})
	}
	at, err := c.inChannel(ctx, c.o.Channel, first)
	if err != nil {
		return "", err
	}
	if at.ts == "" {
		if at, err = c.post(ctx, c.o.Channel, first, slack.MsgOptionMetadata(metadata(first))); err != nil {
			return "", err
		}
	}
	return at.ref(), nil
}

// Post writes into a room.
func (c *Channel) Post(ctx context.Context, room notify.Ref, m notify.Message) error {
	at := parsePlace(room)
	if at.channel == "" {
		return fault.New(fault.Human, "slack/room", errors.New("slack: the room has no place")).WithNext("Open it first.")
	}
	if m.Repeat {
		look := func() (place, error) { return c.inChannel(ctx, at.channel, m) }
		if at.ts != "" {
			look = func() (place, error) { return c.inThread(ctx, at, m) }
		}
		found, err := look()
		if err != nil {
			return err
		}
		if found.ts != "" {
			return c.attach(ctx, m, found)
		}
	}
	options := []slack.MsgOption{slack.MsgOptionMetadata(metadata(m))}
	if at.ts != "" {
		options = append(options, slack.MsgOptionTS(at.ts))
	}
	posted, err := c.post(ctx, at.channel, m, options...)
	if err != nil {
		return err
	}
	if at.ts != "" {
		posted.ts = at.ts // Files of a thread's message go into the same thread.
	}
	return c.attach(ctx, m, posted)
}

// Describe sets a channel's topic; in a thread it edits the first message.
func (c *Channel) Describe(ctx context.Context, room notify.Ref, topic string) error {
	at := parsePlace(room)
	if at.ts == "" {
		_, err := c.api.SetTopicOfConversationContext(ctx, at.channel, notify.Cut(notify.Line(topic), maxTopic))
		if errorCode(err) == "missing_scope" || err == nil {
			return nil // The first message has it too.
		}
		return c.classify(fmt.Errorf("topic: %w", err))
	}
	_, _, _, err := c.api.UpdateMessageContext(ctx, at.channel, at.ts, compose(notify.Message{Kind: notify.Info, Title: topic})...)
	if err != nil {
		return c.classify(fmt.Errorf("topic: %w", err))
	}
	return nil
}
