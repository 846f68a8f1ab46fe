// Package discord is a small Discord: one webhook of a text channel and one of a forum, with the documented limits of
// embeds, rate limits whose body says when to come back, and messages that can be edited.
package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/meteora-fee-router/feeops/internal/fake"
)

// Message is one message of the channel or of a thread.
type Message struct {
	ID       string
	Thread   string // Empty in the text channel.
	Body     json.RawMessage
	Edits    int
	Files    map[string]int // Sizes by name.
	Mentions bool           // It would have mentioned somebody.
}

// Server is a running Discord.
type Server struct {
	*fake.Breaker
	*fake.Server

	mu       sync.Mutex
	next     int
	messages []*Message
	threads  map[string]string // Names by id.
}

// Token is that of both webhooks: who has it can post.
const Token = "q4WmU8hVtIhcR5nQ0dV6SxC0wEQpQ7x2oZ8b3r9K1yT6uJ4fL5aN7gH2sD8mX0cV"

// Start runs a Discord.
func Start(ctx context.Context) (*Server, error) {
	s := &Server{Breaker: fake.NewBreaker(), next: 1_100_000_000_000_000_000 / 1000, threads: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/webhooks/{kind}/{token}", s.execute)
	mux.HandleFunc("PATCH /api/webhooks/{kind}/{token}/messages/{id}", s.edit)
	var err error
	s.Server, err = fake.Listen(ctx, s.Breaker, s.Wrap(mux, refuse))
	return s, err
}

// WebhookURL is the address of the text channel's webhook.
func (s *Server) WebhookURL() string { return s.URL + "/api/webhooks/223704706495545344/" + Token }

// ForumURL is the address of the forum's webhook, where every message begins a thread or goes into one.
func (s *Server) ForumURL() string { return s.URL + "/api/webhooks/223704706495545999/" + Token }

func refuse(w http.ResponseWriter, f fake.Fault) {
	if f.Status == http.StatusTooManyRequests {
		answer(w, f.Status, map[string]any{"message": "You are being rate limited.", "retry_after": f.After.Seconds(), "global": false})
		return
	}
	answer(w, f.Status, map[string]any{"message": f.Code, "code": 0})
}

// webhook finds the webhook. An unknown one is 404 with code 10015, as when somebody has deleted it.
func webhook(w http.ResponseWriter, r *http.Request) (forum, ok bool) {
	kind := r.PathValue("kind")
	if r.PathValue("token") != Token || (kind != "223704706495545344" && kind != "223704706495545999") {
		answer(w, http.StatusNotFound, map[string]any{"message": "Unknown Webhook", "code": 10015})
		return false, false
	}
	return kind == "223704706495545999", true
}

func (s *Server) execute(w http.ResponseWriter, r *http.Request) {
	forum, ok := webhook(w, r)
	if !ok {
		return
	}
	body, files, m, err := read(r)
	if err != nil {
		invalid(w, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	thread := r.URL.Query().Get("thread_id")
	switch {
	case forum && thread == "" && m.ThreadName == "":
		answer(w, http.StatusBadRequest, map[string]any{"message": "Webhooks posted to forum channels must have a thread_name or thread_id", "code": 220001})
		return
	case !forum && m.ThreadName != "":
		answer(w, http.StatusBadRequest, map[string]any{"message": "Webhooks can only create threads in forum channels", "code": 220003})
		return
	case thread != "" && s.threads[thread] == "":
		answer(w, http.StatusNotFound, map[string]any{"message": "Unknown Channel", "code": 10003})
		return
	case m.ThreadName != "":
		thread = s.id()
		s.threads[thread] = m.ThreadName
	}
	one := &Message{ID: s.id(), Thread: thread, Body: body, Files: files, Mentions: m.mentions()}
	s.messages = append(s.messages, one)
	if r.URL.Query().Get("wait") != "true" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	s.show(w, one)
}

func (s *Server) edit(w http.ResponseWriter, r *http.Request) {
	if _, ok := webhook(w, r); !ok {
		return
	}
	body, _, m, err := read(r)
	if err != nil {
		invalid(w, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.messages, func(x *Message) bool {
		return x.ID == r.PathValue("id") && x.Thread == r.URL.Query().Get("thread_id")
	})
	if at < 0 {
		answer(w, http.StatusNotFound, map[string]any{"message": "Unknown Message", "code": 10008})
		return
	}
	one := s.messages[at]
	one.Body, one.Mentions = body, m.mentions()
	one.Edits++
	s.show(w, one)
}

func (s *Server) show(w http.ResponseWriter, m *Message) {
	channel := m.Thread
	if channel == "" {
		channel = "199737254929760256"
	}
	answer(w, http.StatusOK, map[string]any{"id": m.ID, "type": 0, "channel_id": channel})
}

func (s *Server) id() string {
	s.next++
	return fmt.Sprintf("%d000", s.next)
}

// Messages are all messages, oldest first.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Message, len(s.messages))
	for i, m := range s.messages {
		out[i] = *m
	}
	return out
}

// Threads are the forum's threads: names by id.
func (s *Server) Threads() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]string{}
	for id, name := range s.threads {
		out[id] = name
	}
	return out
}

// Delete removes a message, as a moderator can.
func (s *Server) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = slices.DeleteFunc(s.messages, func(m *Message) bool { return m.ID == id })
}

func invalid(w http.ResponseWriter, err error) {
	answer(w, http.StatusBadRequest, map[string]any{"message": "Invalid Form Body", "code": 50035, "errors": map[string]any{"_errors": []any{map[string]any{"message": err.Error()}}}})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // A client that is gone misses its answer.
}
