// Package slack is a small Slack workspace at the wire: the Web API methods that feeops uses with their documented
// limits and error codes, Socket Mode, response URLs, signed requests. It keeps what was posted and breaks on request.
package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/internal/fake"
)

// Options say who is in the workspace.
type Options struct {
	Token    string // Of the bot.
	AppToken string // For Socket Mode.
	Channels []string
	Users    []string // Account ids.
	// NoCreate refuses conversations.create, as workspaces do whose administrators keep that right.
	NoCreate bool
	// NoFiles answers missing_scope to uploads, as for an app without files:write.
	NoFiles bool
	// NoHistory answers missing_scope to reading messages, as for an app without channels:history.
	NoHistory bool
}

// Bot is the bot's own account.
const Bot = "U0BOT"

// Message is one message of a channel.
type Message struct {
	Channel     string
	TS          string
	Thread      string // The timestamp of the thread's first message; empty outside of threads.
	Text        string
	Attachments json.RawMessage
	Blocks      json.RawMessage
	Metadata    json.RawMessage
	At          time.Time  // When it was posted; unlike TS, which is the workspace's own count.
	Params      url.Values // As they came, without the token.
	Edits       int
	Broadcast   bool
	Mentions    []string // Whom it would call: <!channel>, <@U1>.
	Files       []string
	Bodies      map[string][]byte // Of the files, by name.
}

// channel is one conversation.
type channel struct {
	id, name, topic string
	archived        bool
	members         map[string]bool
	pins            []string
	messages        []*Message
}

// Server is a running workspace.
type Server struct {
	*fake.Breaker
	*fake.Server

	o Options

	mu       sync.Mutex
	channels []*channel
	clock    int64
	uploads  map[string]*upload
	answers  []Answer
	tickets  int

	socket sockets
}

// Start runs a workspace.
func Start(ctx context.Context, o Options) (*Server, error) {
	s := &Server{Breaker: fake.NewBreaker(), o: o, clock: 1_772_000_000_000_000, uploads: map[string]*upload{}, socket: newSockets()}
	for _, name := range o.Channels {
		s.add(name, true)
	}
	mux := http.NewServeMux()
	for method, f := range map[string]method{
		"auth.test": s.authTest, "chat.postMessage": s.postMessage, "chat.update": s.update,
		"conversations.create": s.create, "conversations.list": s.list, "conversations.join": s.join, "conversations.invite": s.invite,
		"conversations.setTopic": s.setTopic, "conversations.history": s.history, "conversations.replies": s.replies, "pins.add": s.pin,
		"files.getUploadURLExternal": s.uploadURL, "files.completeUploadExternal": s.completeUpload,
	} {
		mux.HandleFunc("POST /api/"+method, s.call(f))
	}
	mux.HandleFunc("POST /api/apps.connections.open", s.openConnection)
	mux.HandleFunc("POST /upload/{id}", s.upload)
	mux.HandleFunc("POST /respond/{id}", s.respond)
	mux.HandleFunc("GET /socket", s.serveSocket)
	var err error
	s.Server, err = fake.Listen(ctx, s.Breaker, s.Wrap(mux, refuse))
	return s, err
}

// API is the address for clients.
func (s *Server) API() string { return s.URL + "/api/" }

// Close ends the workspace and its sockets.
func (s *Server) Close() error {
	s.socket.close()
	return s.Server.Close()
}

// refuse answers in Slack's way: errors have status 200, rate limits 429, outages an HTML page.
func refuse(w http.ResponseWriter, f fake.Fault) {
	switch {
	case f.Status == http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(int(f.After/time.Second)))
		reply(w, f.Status, map[string]any{"ok": false, "error": "ratelimited"})
	case f.Status >= http.StatusInternalServerError:
		http.Error(w, "<html>Server Error</html>", f.Status)
	default:
		reply(w, http.StatusOK, map[string]any{"ok": false, "error": f.Code})
	}
}

// method answers a call with fields, or with an error code.
type method func(p url.Values) (map[string]any, string)

func (s *Server) call(f method) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			reply(w, http.StatusOK, map[string]any{"ok": false, "error": "invalid_form_data"})
			return
		}
		token := r.PostForm.Get("token")
		if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
			token = bearer
		}
		if token != s.o.Token {
			reply(w, http.StatusOK, map[string]any{"ok": false, "error": map[bool]string{true: "not_authed", false: "invalid_auth"}[token == ""]})
			return
		}
		r.PostForm.Del("token")
		s.mu.Lock()
		defer s.mu.Unlock()
		fields, code := f(r.PostForm)
		if code != "" {
			code, detail, _ := strings.Cut(code, ": ")
			out := map[string]any{"ok": false, "error": code}
			if detail != "" {
				out["response_metadata"] = map[string]any{"messages": []string{"[ERROR] " + detail}}
			}
			reply(w, http.StatusOK, out)
			return
		}
		if fields == nil {
			fields = map[string]any{}
		}
		fields["ok"] = true
		reply(w, http.StatusOK, fields)
	}
}

func (s *Server) authTest(url.Values) (map[string]any, string) {
	return map[string]any{"user_id": Bot, "user": "feeops", "team_id": "T0001", "bot_id": "B0BOT"}, ""
}

// add makes a channel.
func (s *Server) add(name string, bot bool) *channel {
	c := &channel{id: fmt.Sprintf("C%09d", len(s.channels)+1), name: name, members: map[string]bool{Bot: bot}}
	s.channels = append(s.channels, c)
	return c
}

// ts is the next message's timestamp, which is also its id.
func (s *Server) ts() string {
	s.clock += 1_000_001
	return fmt.Sprintf("%d.%06d", s.clock/1_000_000, s.clock%1_000_000)
}

// find takes an id or a name.
func (s *Server) find(name string) *channel {
	for _, c := range s.channels {
		if c.id == name || "#"+c.name == name || c.name == name {
			return c
		}
	}
	return nil
}

// Messages are the messages of a channel, oldest first, those in threads too.
func (s *Server) Messages(name string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Message
	if c := s.find(name); c != nil {
		for _, m := range c.messages {
			out = append(out, *m)
		}
	}
	return out
}

// Place is what a channel looks like.
type Place struct {
	ID, Name, Topic string
	Members         []string
	Pins            []string
}

// Channel describes a channel by id or name; the zero value when there is none.
func (s *Server) Channel(name string) Place {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.find(name)
	if c == nil {
		return Place{}
	}
	p := Place{ID: c.id, Name: c.name, Topic: c.topic, Pins: append([]string{}, c.pins...)}
	for _, u := range append([]string{Bot}, s.o.Users...) {
		if c.members[u] {
			p.Members = append(p.Members, u)
		}
	}
	return p
}

// Delete removes a message, as people can.
func (s *Server) Delete(name, ts string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.find(name); c != nil {
		for i, m := range c.messages {
			if m.TS == ts {
				c.messages = append(c.messages[:i], c.messages[i+1:]...)
				return
			}
		}
	}
}

// Archive closes a channel, and Kick takes the bot out of it.
func (s *Server) Archive(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.find(name).archived = true
}

// Kick takes the bot out of a channel.
func (s *Server) Kick(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.find(name).members[Bot] = false
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // A client that is gone misses its answer.
}
