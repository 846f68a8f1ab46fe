// Package slack tells a Slack workspace, opens rooms for incidents there, and takes clicks and commands from it (N04).
//
// A message key is one message: later messages edit it and stand in its thread (N10). Every message carries its key and
// number as metadata, by which it is found again after a crash.
package slack

import (
	"context"
	"net/http"
	"strings"

	"github.com/slack-go/slack"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

// metadataType names our metadata in Slack.
const metadataType = "feeops_message"

// searched is how many messages of a channel, or of a thread, are looked through for one that may be there already.
const searched = 200

// Options are what a channel needs.
type Options struct {
	Token   string
	BaseURL string // https://slack.com/api/
	Channel string // Id or name.
	HTTP    *http.Client
	Threads bool              // Rooms are threads of the channel, not channels of their own.
	Members map[string]string // Account ids by operator, for invitations.
}

// Channel is one channel of a workspace.
type Channel struct {
	o   Options
	api *slack.Client
}

// New makes a channel. Nothing is asked yet.
func New(o Options) *Channel {
	return &Channel{o: o, api: slack.New(o.Token, slack.OptionAPIURL(baseURL(o.BaseURL)), slack.OptionHTTPClient(o.HTTP))}
}

func baseURL(s string) string { return strings.TrimRight(s, "/") + "/" }

// Name is slack.
func (c *Channel) Name() string { return notify.ChannelSlack }

// place is one message: a Ref is CHANNEL/TIMESTAMP, and only CHANNEL for a room.
type place struct{ channel, ts string }

func parsePlace(ref notify.Ref) place {
	channel, ts, _ := strings.Cut(string(ref), "/")
	return place{channel, ts}
}

func (p place) ref() notify.Ref {
	if p.ts == "" {
		return notify.Ref(p.channel)
	}
	return notify.Ref(p.channel + "/" + p.ts)
}

// Deliver posts the key's first message. A later one is told in its thread, and the message itself is edited to show
// how things stand. When it was deleted in the meantime, the later one takes its place.
func (c *Channel) Deliver(ctx context.Context, m notify.Message, before notify.Ref) (notify.Ref, error) {
	at := parsePlace(before)
	var err error
	if at.ts == "" {
		at, err = c.first(ctx, m)
	} else {
		at, err = c.follow(ctx, m, at)
	}
	if err != nil {
		return at.ref(), err
	}
	return at.ref(), c.attach(ctx, m, at)
}

// first posts, unless an earlier attempt already did.
func (c *Channel) first(ctx context.Context, m notify.Message) (place, error) {
	if m.Repeat {
		found, err := c.inChannel(ctx, c.o.Channel, m)
		if err != nil || found.ts != "" {
			return found, err
		}
	}
	return c.post(ctx, c.o.Channel, m, slack.MsgOptionMetadata(metadata(m)))
}

// follow replies in the thread and edits the first message. The reply comes first, because the edit can be done twice.
func (c *Channel) follow(ctx context.Context, m notify.Message, at place) (place, error) {
	reply := place{}
	var err error
	switch {
	case m.Repeat && m.Seq == 1:
		reply = at // Nothing of the key came before it: the place that is known is its own, of an earlier attempt.
	case m.Repeat:
		if reply, err = c.inThread(ctx, at, m); err != nil {
			return at, err
		}
	}
	if reply.ts == "" {
		options := []slack.MsgOption{slack.MsgOptionTS(at.ts), slack.MsgOptionMetadata(metadata(m))}
		if m.Kind == notify.Trigger {
			options = append(options, slack.MsgOptionBroadcast()) // It has become worse: the channel must see it.
		}
		if reply, err = c.post(ctx, at.channel, m, options...); err != nil {
			return at, err
		}
	}
	_, _, _, err = c.api.UpdateMessageContext(ctx, at.channel, at.ts, compose(m)...)
	switch code := errorCode(err); {
	case code == "message_not_found" && reply == at:
		return c.first(ctx, m) // It was deleted before its files came.
	case code == "message_not_found":
		return reply, nil // It was deleted, and Slack has put the reply into the channel.
	case code == "cant_update_message" || code == "edit_window_closed":
		return at, nil // The workspace forbids edits; the thread tells it.
	case err != nil:
		return at, partly(c.classify(err))
	}
	return at, nil
}

func (c *Channel) post(ctx context.Context, channel string, m notify.Message, more ...slack.MsgOption) (place, error) {
	id, ts, err := c.api.PostMessageContext(ctx, channel, append(compose(m), more...)...)
	if err != nil {
		return place{}, c.classify(err)
	}
	return place{id, ts}, nil
}

// partly marks a failure after a part was done: the next attempt must look before it tells again.
func partly(err error) error {
	if f, ok := err.(*fault.Error); ok && f.Kind == fault.Retry { //nolint:errorlint // It was made just now.
		f.Kind = fault.Unknown
	}
	return err
}

func metadata(m notify.Message) slack.SlackMetadata {
	return slack.SlackMetadata{EventType: metadataType, EventPayload: map[string]any{"key": m.Key, "seq": m.Seq}}
}

// isThis says whether metadata is that of the message. Numbers come back as floats.
func isThis(meta slack.SlackMetadata, m notify.Message) bool {
	seq, ok := meta.EventPayload["seq"].(float64)
	return ok && meta.EventType == metadataType && meta.EventPayload["key"] == m.Key && int(seq) == m.Seq
}

// inChannel looks for a message that an earlier attempt may have posted. Without the right to read, it counts as not
// there: a message that comes twice does less harm than one that does not come.
func (c *Channel) inChannel(ctx context.Context, channel string, m notify.Message) (place, error) {
	id, err := c.channelID(ctx, channel)
	if err != nil || id == "" {
		return place{}, err
	}
	got, err := c.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: id, Limit: searched, IncludeAllMetadata: true})
	if errorCode(err) == "missing_scope" {
		return place{}, nil
	}
	if err != nil {
		return place{}, c.classify(err)
	}
	for _, one := range got.Messages {
		if isThis(one.Metadata, m) {
			return place{id, one.Timestamp}, nil
		}
	}
	return place{}, nil
}

func (c *Channel) inThread(ctx context.Context, at place, m notify.Message) (place, error) {
	messages, _, _, err := c.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{ChannelID: at.channel, Timestamp: at.ts, Limit: searched, IncludeAllMetadata: true})
	switch code := errorCode(err); {
	case code == "missing_scope" || code == "thread_not_found":
		return place{}, nil
	case err != nil:
		return place{}, c.classify(err)
	}
	for _, one := range messages {
		if isThis(one.Metadata, m) {
			return place{at.channel, one.Timestamp}, nil
		}
	}
	return place{}, nil
}

// channelID finds the id of a channel that the settings call by its name; reading needs the id. Empty when it is not
// found: posting by name still works, or says why not.
func (c *Channel) channelID(ctx context.Context, name string) (string, error) {
	if isID(name) {
		return name, nil
	}
	found, err := c.findChannel(ctx, strings.TrimPrefix(name, "#"))
	if errorCode(err) == "missing_scope" {
		return "", nil
	}
	if err != nil {
		return "", c.classify(err)
	}
	if found == nil {
		return "", nil
	}
	return found.ID, nil
}

// isID is true for C… and G… followed by capitals and digits, as no name is written.
func isID(s string) bool {
	return len(s) >= 9 && (s[0] == 'C' || s[0] == 'G') && !strings.ContainsFunc(s, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') })
}

func (c *Channel) findChannel(ctx context.Context, name string) (*slack.Channel, error) {
	cursor := ""
	for {
		page, next, err := c.api.GetConversationsContext(ctx, &slack.GetConversationsParameters{Cursor: cursor, ExcludeArchived: true, Limit: 1000, Types: []string{"public_channel", "private_channel"}})
		if err != nil {
			return nil, err
		}
		for i := range page {
			if page[i].Name == name {
				return &page[i], nil
			}
		}
		if cursor = next; cursor == "" {
			return nil, nil //nolint:nilnil // There is no such channel, which is an answer.
		}
	}
}
