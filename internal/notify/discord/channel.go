// Package discord tells a Discord channel through its webhook (N01, N06).
//
// A webhook can post and edit, and cannot search: an attempt whose reply was lost is made again and may show twice.
package discord

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

// maxKept is how many messages of one key are kept up to date.
const maxKept = 5

// Options are what a channel needs.
type Options struct {
	WebhookURL string
	ForumURL   string // The webhook of a forum channel, for incident rooms; empty for none.
	HTTP       *http.Client
	Now        func() time.Time
}

// Channel is one webhook.
type Channel struct{ hook webhook }

// New makes a channel; with a forum it opens rooms too.
func New(o Options) (notify.Channel, error) {
	hook, err := newWebhook(o.WebhookURL, o)
	if err != nil {
		return nil, err
	}
	c := &Channel{hook: hook}
	if o.ForumURL == "" {
		return c, nil
	}
	forum, err := newWebhook(o.ForumURL, o)
	if err != nil {
		return nil, err
	}
	return &WithForum{Channel: c, forum: forum}, nil
}

// Name is discord.
func (c *Channel) Name() string { return notify.ChannelDiscord }

// Deliver posts the key's first message and edits it with later ones. An edit calls nobody, so a new trigger, which is
// a rise in severity, is posted as well. The earlier messages are edited before: an edit does no harm when it is done
// twice, a post does.
func (c *Channel) Deliver(ctx context.Context, m notify.Message, before notify.Ref) (notify.Ref, error) {
	kept := []string{}
	var without error // It is told, and lacks its files.
	for id := range strings.SplitSeq(string(before), ",") {
		if id == "" {
			continue
		}
		err := c.hook.edit(ctx, id, "", m)
		switch {
		case fault.CodeOf(err) == codeUnknownMessage:
			continue // A moderator has deleted it.
		case err != nil:
			return before, err
		}
		kept = append(kept, id)
	}
	if m.Kind == notify.Trigger || len(kept) == 0 {
		posted, err := c.hook.post(ctx, url.Values{}, "", m)
		if posted.ID == "" {
			return before, err
		}
		kept, without = append(kept, posted.ID), err
	}
	return notify.Ref(strings.Join(kept[max(0, len(kept)-maxKept):], ",")), without
}

// WithForum is a channel with a forum, where each incident gets a thread.
type WithForum struct {
	*Channel

	forum webhook
}

// Open begins a thread. Its first message is the topic, who is wanted, and the links.
func (c *WithForum) Open(ctx context.Context, r notify.Room) (notify.Ref, error) {
	posted, err := c.forum.post(ctx, url.Values{}, notify.Cut(notify.Line(r.Name), 100), roomMessage(r.Name, r.Topic, r.Invite, r.Pins))
	if err != nil {
		return "", err
	}
	return notify.Ref(posted.ChannelID + "/" + posted.ID), nil
}

func roomMessage(name, topic string, invite []string, pins []notify.Link) notify.Message {
	m := notify.Message{Kind: notify.Info, Title: name, Text: topic, Links: pins}
	if m.Title == "" {
		m.Title = "Incident"
	}
	if len(invite) > 0 {
		m.Fields = []notify.Field{{Name: "Wanted", Value: strings.Join(invite, ", ")}}
	}
	return m
}

// Post writes into a thread.
func (c *WithForum) Post(ctx context.Context, room notify.Ref, m notify.Message) error {
	thread, _, ok := strings.Cut(string(room), "/")
	if !ok {
		return badRoom(room)
	}
	_, err := c.forum.post(ctx, url.Values{"thread_id": {thread}}, "", m)
	return err
}

// Describe changes the thread's first message, since a webhook can rename no thread.
func (c *WithForum) Describe(ctx context.Context, room notify.Ref, topic string) error {
	thread, first, ok := strings.Cut(string(room), "/")
	if !ok {
		return badRoom(room)
	}
	return c.forum.edit(ctx, first, thread, roomMessage("", topic, nil, nil))
}

func badRoom(room notify.Ref) error {
	return fault.Newf(fault.Human, "discord/room", "%q is no room of Discord", notify.Cut(notify.Line(string(room)), 60))
}

// webhook is an address that nobody may see.
type webhook struct {
	address *url.URL
	secret  string // The last part of the path.
	http    *http.Client
	now     func() time.Time
}

func newWebhook(raw string, o Options) (webhook, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return webhook{}, errors.New("discord: the webhook is no address") // Whatever it is, it is secret.
	}
	parts := strings.Split(strings.TrimRight(u.Path, "/"), "/")
	u.Path = strings.TrimRight(u.Path, "/")
	return webhook{address: u, secret: parts[len(parts)-1], http: o.HTTP, now: o.Now}, nil
}

// posted is what Discord says of a message that it has taken.
type posted struct {
	ID        string `json:"id"`
	ChannelID string `json:"channel_id"`
}

// post waits for the confirmation: without wait=true a message that is not saved gives no error.
func (h webhook) post(ctx context.Context, query url.Values, thread string, m notify.Message) (posted, error) {
	query.Set("wait", "true")
	var out posted
	reply, err := h.send(ctx, http.MethodPost, "", query, compose(m, thread), m.Files)
	var without error
	if refusesFiles(err) && len(m.Files) > 0 {
		without = &notify.Unattached{Why: err}
		reply, err = h.send(ctx, http.MethodPost, "", query, compose(m, thread), nil)
	}
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(reply, &out); err != nil || out.ID == "" {
		return out, fault.Newf(fault.Unknown, "discord/reply", "discord took the message and its reply is not understood")
	}
	return out, without
}

// refusesFiles is true for what Discord says to a message that it might take without its files: too large a body, or a
// form that it does not accept.
func refusesFiles(err error) bool {
	return slices.Contains([]string{"discord/413", "discord/400", "discord/422"}, fault.CodeOf(err))
}

func (h webhook) edit(ctx context.Context, id, thread string, m notify.Message) error {
	if strings.ContainsFunc(id, func(r rune) bool { return r < '0' || r > '9' }) {
		return fault.Newf(fault.Human, codeUnknownMessage, "%q is no message of Discord", notify.Cut(notify.Line(id), 60))
	}
	query := url.Values{}
	if thread != "" {
		query.Set("thread_id", thread)
	}
	_, err := h.send(ctx, http.MethodPatch, "/messages/"+id, query, compose(m, ""), nil)
	return err
}

const (
	codeUnknownMessage = "discord/10008"
	unknownMessage     = 10008
	unknownWebhook     = 10015
)

func (h webhook) send(ctx context.Context, method, path string, query url.Values, body payload, files map[string][]byte) ([]byte, error) {
	u := *h.address
	u.Path += path
	all := u.Query()
	for k, v := range query {
		all[k] = v
	}
	u.RawQuery = all.Encode()
	reader, kind, err := encode(body, files)
	if err != nil {
		return nil, fault.New(fault.Human, "discord/request", errors.New("discord: the message could not be encoded"))
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), reader)
	if err != nil {
		return nil, fault.New(fault.Human, "discord/request", errors.New("discord: the request could not be made"))
	}
	r.Header.Set("Content-Type", kind)
	resp, err := h.http.Do(r)
	if err != nil {
		return nil, notify.Unreachable(notify.ChannelDiscord, err)
	}
	defer resp.Body.Close()
	reply, err := notify.ReadReply(resp)
	if err != nil {
		return nil, notify.Unreachable(notify.ChannelDiscord, err)
	}
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return reply, nil
	}
	return nil, h.refused(resp, reply)
}

// refused reads Discord's error: a code of its own, and for a rate limit the seconds to wait, which are more exact in
// the body than in the header.
func (h webhook) refused(resp *http.Response, reply []byte) error {
	var said struct {
		Code       int             `json:"code"`
		Message    string          `json:"message"`
		RetryAfter float64         `json:"retry_after"`
		Errors     json.RawMessage `json:"errors"`
	}
	after := notify.RetryAfter(resp.Header, h.now())
	if json.Unmarshal(reply, &said) == nil && said.RetryAfter > 0 {
		after = notify.Seconds(said.RetryAfter)
	}
	if said.Code == unknownMessage {
		return fault.Newf(fault.Human, codeUnknownMessage, "discord does not know the message any more")
	}
	next := "Look at the message in the log; Discord does not accept its form."
	if said.Code == unknownWebhook || slices.Contains([]int{http.StatusNotFound, http.StatusUnauthorized, http.StatusForbidden}, resp.StatusCode) {
		next = "The webhook is gone: make a new one in the channel's settings and put it into DISCORD_WEBHOOK_URL."
	}
	return notify.Refused(notify.ChannelDiscord, resp.StatusCode, after, notify.Hide(said.Message+" "+string(said.Errors), h.secret), next)
}
