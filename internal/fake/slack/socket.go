package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// sockets are the open Socket Mode connections.
type sockets struct {
	ctx    context.Context
	cancel context.CancelFunc
	open   chan *websocket.Conn // A connection that has said hello, for the next envelope.
	drop   chan struct{}
	acks   chan string

	mu     *sync.Mutex
	opened *int
	serves *sync.WaitGroup
}

func newSockets() sockets {
	ctx, cancel := context.WithCancel(context.Background())
	return sockets{
		ctx: ctx, cancel: cancel, open: make(chan *websocket.Conn), drop: make(chan struct{}), acks: make(chan string, 100),
		mu: &sync.Mutex{}, opened: new(int), serves: &sync.WaitGroup{},
	}
}

func (k sockets) close() {
	k.cancel()
	k.serves.Wait()
}

// openConnection is apps.connections.open, which wants the app's token.
func (s *Server) openConnection(w http.ResponseWriter, r *http.Request) {
	if token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); token != s.o.AppToken || token == "" {
		reply(w, http.StatusOK, map[string]any{"ok": false, "error": "invalid_auth"})
		return
	}
	s.mu.Lock()
	s.tickets++
	ticket := s.tickets
	s.mu.Unlock()
	reply(w, http.StatusOK, map[string]any{"ok": true, "url": fmt.Sprintf("ws%s/socket?ticket=%d", strings.TrimPrefix(s.URL, "http"), ticket)})
}

// Connections counts the sockets that were ever opened.
func (s *Server) Connections() int {
	s.socket.mu.Lock()
	defer s.socket.mu.Unlock()
	return *s.socket.opened
}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	// The client names https://api.slack.com as its origin, which this host is not.
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	s.socket.serves.Add(1)
	defer s.socket.serves.Done()
	defer func() { _ = c.CloseNow() }()
	ctx, cancel := context.WithCancel(s.socket.ctx)
	defer cancel()
	hello := mustJSON(map[string]any{"type": "hello", "num_connections": 1, "debug_info": map[string]any{"host": "applink-1", "approximate_connection_time": 18060}, "connection_info": map[string]any{"app_id": "A0001"}})
	if c.Write(ctx, websocket.MessageText, hello) != nil {
		return
	}
	s.socket.mu.Lock()
	*s.socket.opened++
	s.socket.mu.Unlock()
	gone := make(chan struct{})
	go s.readAcks(ctx, c, gone)
	ping := time.NewTicker(5 * time.Second)
	defer ping.Stop()
	for {
		select {
		case s.socket.open <- c:
		case <-s.socket.drop:
			_ = c.Write(ctx, websocket.MessageText, mustJSON(map[string]any{"type": "disconnect", "reason": "refresh_requested"}))
			<-gone // The client reconnects and closes this one.
			return
		case <-ping.C:
			go func() { _ = c.Ping(ctx) }()
		case <-gone:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (s *Server) readAcks(ctx context.Context, c *websocket.Conn, gone chan<- struct{}) {
	defer close(gone)
	for {
		_, data, err := c.Read(ctx)
		if err != nil {
			return
		}
		var ack struct {
			EnvelopeID string `json:"envelope_id"`
		}
		if json.Unmarshal(data, &ack) == nil && ack.EnvelopeID != "" {
			s.socket.acks <- ack.EnvelopeID
		}
	}
}

// Send puts an envelope on an open socket and waits until the app has acknowledged it. Kind is interactive or
// slash_commands.
func (s *Server) Send(ctx context.Context, kind, envelope string, payload []byte) error {
	body := mustJSON(map[string]any{"type": kind, "envelope_id": envelope, "accepts_response_payload": true, "payload": json.RawMessage(payload)})
	select {
	case c := <-s.socket.open:
		if err := c.Write(ctx, websocket.MessageText, body); err != nil {
			return err
		}
	case <-ctx.Done():
		return errors.Join(errors.New("no app is connected"), ctx.Err())
	}
	for {
		select {
		case ack := <-s.socket.acks:
			if ack == envelope {
				return nil
			}
		case <-ctx.Done():
			return errors.Join(errors.New("the app did not acknowledge "+envelope), ctx.Err())
		}
	}
}

// Refresh tells an open socket to connect anew, as Slack does every few hours.
func (s *Server) Refresh(ctx context.Context) error {
	select {
	case s.socket.drop <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
