package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/internal/notify"
)

const (
	handleFor  = 30 * time.Second // People wait for the answer; the address for it lives half an hour.
	answerFor  = 10 * time.Second
	maxAnswer  = 3000
	atOnce     = 16 // Clicks and commands that are handled side by side.
	seenFor    = 11 * time.Minute
	maxSeen    = 20_000
	busyAnswer = "Too much is going on at once. Please try again in a moment."
)

// usage is the answer to a command that is none.
const usage = "Use: /feeops status [VAULT] · stop [VAULT] REASON · ack INCIDENT · explain VAULT INVESTOR"

// Inbox is who handles clicks and commands. The text that it returns is shown to the person.
type Inbox interface {
	Clicked(ctx context.Context, c notify.Click) (string, error)
	Commanded(ctx context.Context, c notify.Command) (string, error)
}

// InboundOptions are what both ways in need.
type InboundOptions struct {
	Inbox   Inbox
	Members map[string]string // Account ids by operator: the operator who clicked is found by it.
	BaseURL string            // Of the Web API: answers go to its host only, or to hooks.slack.com.
	HTTP    *http.Client
	Now     func() time.Time
	Log     *slog.Logger
}

// Inbound hands clicks and commands to the inbox and answers people where they are. It says nothing about what may be
// done: that is for the inbox.
type Inbound struct {
	o         InboundOptions
	seen      *notify.Seen
	operators map[string]string // By account.
	slots     chan struct{}
	stops     chan struct{} // Stops have slots of their own: they must not wait behind what is slow.

	ctx    context.Context
	cancel context.CancelFunc
	group  sync.WaitGroup
	mu     sync.Mutex
	closed bool
}

// NewInbound makes the common part of the HTTP handler and the socket. Close ends it.
func NewInbound(o InboundOptions) *Inbound {
	in := &Inbound{o: o, seen: notify.NewSeen(seenFor, maxSeen), operators: map[string]string{}, slots: make(chan struct{}, atOnce), stops: make(chan struct{}, atOnce)}
	in.ctx, in.cancel = context.WithCancel(context.Background())
	for operator, account := range o.Members {
		in.operators["slack:"+account] = operator
	}
	return in
}

// Close lets what is being handled end, at most until ctx ends.
func (in *Inbound) Close(ctx context.Context) error {
	in.mu.Lock()
	in.closed = true
	in.mu.Unlock()
	done := make(chan struct{})
	go func() {
		in.group.Wait()
		close(done)
	}()
	defer in.cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		in.cancel()
		<-done // The handlers end with their context.
		return ctx.Err()
	}
}

// take handles in the background, because Slack gives up after three seconds. A repetition is dropped silently: its
// first time is answered.
func (in *Inbound) take(i inbound) {
	if !in.seen.First(i.id, in.o.Now()) {
		in.o.Log.Warn("a click or command of Slack came twice; the second is dropped", "id", i.id)
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return
	}
	slots := in.slots
	if i.urgent() {
		slots = in.stops
	}
	in.group.Go(func() {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		default:
			in.answer(i.respond, busyAnswer)
			return
		}
		in.answer(i.respond, in.handle(i))
	})
}

// handle gives the text of the answer.
func (in *Inbound) handle(i inbound) string {
	if i.usage {
		return usage
	}
	ctx, cancel := context.WithTimeout(in.ctx, handleFor)
	defer cancel()
	var text string
	var err error
	if i.click != nil {
		i.click.Person.Operator, i.click.At = in.operators[i.click.Person.Account], in.o.Now()
		text, err = in.o.Inbox.Clicked(ctx, *i.click)
	} else {
		i.command.Person.Operator, i.command.At = in.operators[i.command.Person.Account], in.o.Now()
		text, err = in.o.Inbox.Commanded(ctx, *i.command)
	}
	if err != nil {
		in.o.Log.Error("a click or command of Slack failed", "id", i.id, "error", err)
		return "It did not work: " + err.Error()
	}
	return text
}

// answer tells the person, and nobody else, at the address that came with the click. Addresses elsewhere than Slack are
// not called: the request was signed, but what it holds is still input.
func (in *Inbound) answer(to, text string) {
	if to == "" || text == "" {
		return
	}
	if !in.ours(to) {
		in.o.Log.Warn("an answer has no address of Slack")
		return
	}
	body, err := json.Marshal(map[string]any{"response_type": "ephemeral", "replace_original": false, "text": escape(notify.Cut(notify.Plain(text), maxAnswer))})
	if err != nil {
		return // Text always has a form.
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(in.ctx), answerFor)
	defer cancel()
	if err := in.post(ctx, to, body); err != nil {
		in.o.Log.Warn("an answer did not reach Slack", "error", err)
	}
}

func (in *Inbound) post(ctx context.Context, to string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return errors.New("the address is not understood")
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := in.o.HTTP.Do(r)
	if err != nil {
		return notify.Unreachable(notify.ChannelSlack, err)
	}
	defer resp.Body.Close()
	if _, err := notify.ReadReply(resp); err != nil {
		return notify.Unreachable(notify.ChannelSlack, err)
	}
	if resp.StatusCode != http.StatusOK {
		return notify.Refused(notify.ChannelSlack, resp.StatusCode, 0, "", "")
	}
	return nil
}

func (in *Inbound) ours(to string) bool {
	u, err := url.Parse(to)
	if err != nil {
		return false
	}
	base, err := url.Parse(in.o.BaseURL)
	return (u.Scheme == "https" && (u.Host == "hooks.slack.com" || strings.HasSuffix(u.Host, ".slack.com"))) ||
		(err == nil && base.Host != "" && u.Scheme == base.Scheme && u.Host == base.Host)
}
