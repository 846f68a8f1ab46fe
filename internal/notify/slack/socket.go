package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// maxFrame bounds a message of the socket.
const maxFrame = 1 << 20

// Socket takes clicks and commands over Socket Mode: the connection goes out, so that no port is open to the world.
type Socket struct {
	client *socketmode.Client
	in     *Inbound
	token  string

	mu       sync.Mutex
	standing Standing
}

// Standing is how a socket stands. The zero value is one that has not heard from Slack yet.
type Standing struct {
	Connected bool
	Ended     bool      // Slack refuses the token: it is not tried again.
	Since     time.Time // It is so.
	Why       string    // Not connected.
}

// Standing tells how it stands now.
func (s *Socket) Standing() Standing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.standing
}

// stands keeps the time at which a state began.
func (s *Socket) stands(now Standing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Since = s.standing.Since; now.Connected != s.standing.Connected || now.Since.IsZero() {
		now.Since = s.in.o.Now()
	}
	s.standing = now
}

// NewSocket makes a socket for the app-level token (xapp-…). Run opens it.
func NewSocket(appToken, apiURL string, client *http.Client, in *Inbound) *Socket {
	api := slack.New("", slack.OptionAppLevelToken(appToken), slack.OptionAPIURL(baseURL(apiURL)), slack.OptionHTTPClient(client))
	return &Socket{client: socketmode.New(api, socketmode.OptionReadLimit(maxFrame)), in: in, token: appToken}
}

// Run stays connected until ctx ends, which gives nil, or until Slack refuses the token. The library connects anew by
// itself, with a growing wait.
func (s *Socket) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.client.RunContext(ctx) }()
	for {
		select {
		case e := <-s.client.Events:
			s.event(ctx, e)
		case err := <-ended:
			if ctx.Err() != nil || errors.Is(err, context.Canceled) {
				return nil
			}
			failed := classify(err, s.token)
			var f *fault.Error
			if errors.As(failed, &f) && f.Kind == fault.Human {
				f.Next = "Make a new app-level token with the scope connections:write and put it into notify.slack.app_token."
			}
			s.stands(Standing{Ended: true, Why: failed.Error()})
			return failed
		}
	}
}

// event acknowledges first: what is not acknowledged within three seconds, Slack shows as failed.
func (s *Socket) event(ctx context.Context, e socketmode.Event) {
	switch e.Type {
	case socketmode.EventTypeConnected:
		s.stands(Standing{Connected: true})
		s.in.o.Log.Info("connected with Slack's Socket Mode")
		return
	case socketmode.EventTypeConnectionError:
		s.stands(Standing{Why: "it cannot be reached; it is tried again"})
		s.in.o.Log.Warn("Slack's Socket Mode cannot be reached; it is tried again")
		return
	case socketmode.EventTypeInteractive, socketmode.EventTypeSlashCommand:
	default:
		return
	}
	if e.Request == nil {
		return
	}
	if err := s.client.AckCtx(ctx, e.Request.EnvelopeID, nil); err != nil {
		s.in.o.Log.Warn("a click or command of Slack could not be acknowledged", "error", err)
		return
	}
	var i inbound
	var err error
	if e.Type == socketmode.EventTypeInteractive {
		i, err = decodeClick(e.Request.Payload)
	} else {
		var c slack.SlashCommand
		if err = json.Unmarshal(e.Request.Payload, &c); err == nil {
			i, err = decodeCommand(c)
		}
	}
	if err != nil {
		s.in.o.Log.Warn("what Slack sent is not understood", "error", err)
		return
	}
	s.in.take(i)
}
