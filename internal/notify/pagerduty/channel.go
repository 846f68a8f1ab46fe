// Package pagerduty pages people through PagerDuty's Events API v2, and takes what they do there through v3 webhooks.
//
// One message key is one alert: its dedup key is the message's key, so a message that is told twice pages once (N07).
package pagerduty

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/PagerDuty/go-pagerduty"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

// Limits of the Events API v2. The event as a whole may have 512 KB; the details get what is left beside the rest.
const (
	maxSummary = 1024
	maxDedup   = 255
	maxDetails = 400 << 10
	maxDetail  = 16 << 10
	maxLinks   = 20
)

// Channel is one integration of one service.
type Channel struct {
	key    string
	client *pagerduty.Client
	now    func() time.Time
}

// Options are what a channel needs.
type Options struct {
	RoutingKey string
	BaseURL    string // https://events.pagerduty.com
	HTTP       *http.Client
	Now        func() time.Time
}

// New makes a channel. Nothing is asked yet.
func New(o Options) *Channel {
	client := pagerduty.NewClient("", pagerduty.WithV2EventsAPIEndpoint(strings.TrimRight(o.BaseURL, "/")))
	client.HTTPClient = recorder{o.HTTP}
	return &Channel{key: o.RoutingKey, client: client, now: o.Now}
}

// Name is pagerduty.
func (c *Channel) Name() string { return notify.ChannelPagerDuty }

// Deliver triggers, acknowledges or resolves the key's alert. What is only information, a change, or an update, becomes a
// change event: it is shown beside the alert and wakes nobody. An update must not be a trigger, because it would open an alert
// again that somebody has resolved in PagerDuty.
func (c *Channel) Deliver(ctx context.Context, m notify.Message, _ notify.Ref) (notify.Ref, error) {
	dedup := DedupKey(m.Key)
	ctx, reply := record(ctx)
	var err error
	switch m.Kind {
	case notify.Info, notify.Change, notify.Update:
		_, err = c.client.CreateChangeEventWithContext(ctx, c.change(m))
	case notify.Trigger, notify.Acknowledge, notify.Resolve:
		_, err = c.client.ManageEventWithContext(ctx, c.event(m, dedup))
	}
	return notify.Ref(dedup), c.classify(err, reply)
}

// DedupKey is the key under which PagerDuty keeps a message's alert: the message's key, or a digest of one that is too
// long.
func DedupKey(key string) string {
	if len(key) <= maxDedup {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return notify.Cut(key, 180) + "#" + hex.EncodeToString(sum[:])
}

func (c *Channel) event(m notify.Message, dedup string) *pagerduty.V2Event {
	e := &pagerduty.V2Event{
		RoutingKey: c.key, DedupKey: dedup, Client: "feeops",
		Action: map[notify.Kind]string{notify.Trigger: "trigger", notify.Acknowledge: "acknowledge", notify.Resolve: "resolve"}[m.Kind],
		Payload: &pagerduty.V2Payload{
			Summary: summary(m), Source: source(m), Severity: severity(m.Severity), Timestamp: m.At.UTC().Format(time.RFC3339Nano),
			Component: short(m.Vault), Group: short(m.Team), Class: short(m.Alert), Details: details(m),
		},
	}
	for i, l := range m.SafeLinks() {
		if i < maxLinks {
			e.Links = append(e.Links, link{Href: l.URL, Text: l.Text})
		}
	}
	return e
}

type link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

func (c *Channel) change(m notify.Message) pagerduty.ChangeEvent {
	e := pagerduty.ChangeEvent{RoutingKey: c.key, Payload: pagerduty.ChangeEventPayload{
		Summary: summary(m), Source: source(m), Timestamp: m.At.UTC().Format(time.RFC3339Nano), CustomDetails: details(m),
	}}
	for i, l := range m.SafeLinks() {
		if i < maxLinks {
			e.Links = append(e.Links, pagerduty.ChangeEventLink{Href: l.URL, Text: l.Text})
		}
	}
	return e
}

func summary(m notify.Message) string {
	text := m.Headline()
	if m.Title == "" {
		text += " · " + notify.Line(m.Text)
	}
	return notify.Cut(text, maxSummary)
}

// source is where it happens: the vault, as in the operations document, or the operations as a whole.
func source(m notify.Message) string {
	if v := short(m.Vault); v != "" {
		return "vault-" + v
	}
	return "feeops"
}

// short is a name of which PagerDuty documents no limit, so that it takes no room from the details.
func short(name string) string { return notify.Cut(notify.Line(name), maxDedup) }

// severity maps ours to PagerDuty's. One that is unknown is an error, which pages.
func severity(s domain.Severity) string {
	switch s {
	case domain.SeverityCritical:
		return "critical"
	case domain.SeverityHigh:
		return "error"
	case domain.SeverityMedium:
		return "warning"
	case domain.SeverityLow:
		return "info"
	default:
		return "error"
	}
}

// details are the text and the fields, cut to their share of the event. Fields of one name keep apart by a number.
func details(m notify.Message) map[string]any {
	out, size := map[string]any{}, 0
	add := func(name, value string) {
		value = notify.Cut(value, maxDetail)
		for n, base := 2, name; out[name] != nil; n++ {
			name = fmt.Sprintf("%s (%d)", base, n)
		}
		encoded, err := json.Marshal(map[string]string{name: value}) // As it will be sent: quotes and signs take more.
		if err != nil || size+len(encoded) > maxDetails {
			out["cut"] = "more fields did not fit"
			return
		}
		size += len(encoded)
		out[name] = value
	}
	add("key", m.Key)
	if text := notify.Plain(m.Text); text != "" {
		add("text", text)
	}
	for _, f := range m.Facts() {
		add(notify.Cut(f.Name, 200), f.Value)
	}
	return out
}

// classify turns the library's error into one with a kind. The library gives neither the status nor the cause of a
// failure in a usable form, so both were noted on the way.
func (c *Channel) classify(err error, reply *reply) error {
	switch {
	case err == nil:
		return nil
	case reply.failed != nil:
		return notify.Unreachable(c.Name(), reply.failed)
	case reply.status == 0:
		return fault.New(fault.Human, "pagerduty/request", fmt.Errorf("pagerduty: the event could not be made: %s", notify.Hide(err.Error(), c.key)))
	case reply.status >= 200 && reply.status < 300:
		// It was taken; only the confirmation is not understood. The dedup key makes another attempt harmless.
		return fault.New(fault.Unknown, "pagerduty/reply", fmt.Errorf("pagerduty took the event and its reply is not understood: %s", notify.Cut(notify.Line(err.Error()), 200)))
	}
	next := "Look at the event in the log; PagerDuty does not accept its form."
	if strings.Contains(strings.ToLower(reply.said), "routing key") || reply.status == http.StatusForbidden || reply.status == http.StatusUnauthorized {
		next = "Correct notify.pagerduty.routing_key (PAGERDUTY_INTEGRATION_KEY): take the 32 characters of an Events API v2 integration of the service."
	}
	return notify.Refused(c.Name(), reply.status, notify.RetryAfter(reply.header, c.now()), notify.Hide(reply.said, c.key), next)
}

// reply is what came back on one request.
type reply struct {
	status int
	header http.Header
	said   string
	failed error
}

type replyKey struct{}

func record(ctx context.Context) (context.Context, *reply) {
	r := &reply{}
	return context.WithValue(ctx, replyKey{}, r), r
}

// recorder notes replies in the context of their request.
type recorder struct{ client *http.Client }

// Do sends a request.
func (r recorder) Do(req *http.Request) (*http.Response, error) {
	resp, err := r.client.Do(req)
	note, ok := req.Context().Value(replyKey{}).(*reply)
	if !ok {
		return resp, err
	}
	if err != nil {
		note.failed = err
		return resp, err
	}
	defer resp.Body.Close()
	body, err := notify.ReadReply(resp)
	note.status, note.header, note.said, note.failed = resp.StatusCode, resp.Header, meaning(body), err
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	return resp, err
}

// meaning takes the sentences out of an error's JSON.
func meaning(body []byte) string {
	var e pagerduty.EventsAPIV2ErrorObject
	if json.Unmarshal(body, &e) != nil {
		return string(body)
	}
	return strings.Join(append([]string{e.Message}, e.Errors...), "; ")
}
