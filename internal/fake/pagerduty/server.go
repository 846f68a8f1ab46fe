// Package pagerduty is a small PagerDuty: the Events API v2 with its documented limits, alerts that open, are taken over
// and end by their dedup key, change events, and signed v3 webhooks for what people do there.
package pagerduty

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/meteora-fee-router/feeops/internal/fake"
)

// Limits of the Events API v2.
const (
	maxSummary = 1024
	maxDedup   = 255
	maxBytes   = 512 << 10
	keyLength  = 32
)

// Alert is what PagerDuty holds under one dedup key since the alert was opened.
type Alert struct {
	Key    string
	Status string // triggered, acknowledged, resolved
	Events []json.RawMessage
}

// Server is a running PagerDuty with one service.
type Server struct {
	*fake.Breaker
	*fake.Server

	key string

	mu      sync.Mutex
	alerts  []*Alert
	changes []json.RawMessage
	dropped int // Acknowledgements and resolves without an open alert.
	hook    hook
}

// Start runs a PagerDuty that knows one integration key of 32 characters.
func Start(ctx context.Context, key string) (*Server, error) {
	s := &Server{Breaker: fake.NewBreaker(), key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/enqueue", s.enqueue)
	mux.HandleFunc("POST /v2/change/enqueue", s.change)
	var err error
	s.Server, err = fake.Listen(ctx, s.Breaker, s.Wrap(mux, refuse))
	return s, err
}

func refuse(w http.ResponseWriter, f fake.Fault) {
	if f.Status == http.StatusTooManyRequests && f.After > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.After/time.Second)))
	}
	answer(w, f.Status, map[string]any{"status": "throttle exceeded", "message": f.Code})
}

// event is the union of both kinds of events.
type event struct {
	RoutingKey string `json:"routing_key"`
	Action     string `json:"event_action"`
	DedupKey   string `json:"dedup_key"`
	Payload    *struct {
		Summary   string          `json:"summary"`
		Source    string          `json:"source"`
		Severity  string          `json:"severity"`
		Timestamp string          `json:"timestamp"`
		Details   json.RawMessage `json:"custom_details"`
	} `json:"payload"`
	Links []struct {
		Href string `json:"href"`
	} `json:"links"`
}

// read reads an event and checks what both kinds need. It answers by itself when something is wrong.
func (s *Server) read(w http.ResponseWriter, r *http.Request) (event, json.RawMessage, bool) {
	var e event
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBytes+1))
	switch {
	case err != nil:
		return e, nil, false
	case len(body) > maxBytes:
		answer(w, http.StatusRequestEntityTooLarge, map[string]any{"status": "invalid event", "message": "Event is larger than 512 KB"})
		return e, nil, false
	case json.Unmarshal(body, &e) != nil:
		invalid(w, "Event object is not JSON")
		return e, nil, false
	}
	var wrong []string
	if len(e.RoutingKey) != keyLength || e.RoutingKey != s.key {
		wrong = append(wrong, "Invalid routing key")
	}
	if utf8.RuneCountInString(e.DedupKey) > maxDedup {
		wrong = append(wrong, "Length of 'dedup_key' is incorrect (should be less than or equal to 255 characters)")
	}
	if e.Payload != nil {
		if n := utf8.RuneCountInString(e.Payload.Summary); n == 0 || n > maxSummary {
			wrong = append(wrong, "Length of 'payload.summary' is incorrect (should be from 1 to 1024 characters)")
		}
		if _, err := time.Parse(time.RFC3339Nano, e.Payload.Timestamp); e.Payload.Timestamp != "" && err != nil {
			wrong = append(wrong, "'payload.timestamp' is no timestamp")
		}
		if d := strings.TrimSpace(string(e.Payload.Details)); d != "" && d[0] != '{' {
			wrong = append(wrong, "'payload.custom_details' is no object")
		}
	}
	if slices.ContainsFunc(e.Links, func(l struct {
		Href string `json:"href"`
	},
	) bool {
		return l.Href == ""
	}) {
		wrong = append(wrong, "'links.href' is missing")
	}
	if len(wrong) > 0 {
		invalid(w, wrong...)
	}
	return e, body, len(wrong) == 0
}

func (s *Server) enqueue(w http.ResponseWriter, r *http.Request) {
	e, body, ok := s.read(w, r)
	if !ok {
		return
	}
	switch {
	case !slices.Contains([]string{"trigger", "acknowledge", "resolve"}, e.Action):
		invalid(w, "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')")
		return
	case e.Action == "trigger" && (e.Payload == nil || e.Payload.Source == ""):
		invalid(w, "'payload.source' is missing or blank")
		return
	case e.Action == "trigger" && !slices.Contains([]string{"critical", "error", "warning", "info"}, e.Payload.Severity):
		invalid(w, "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')")
		return
	case e.Action != "trigger" && e.DedupKey == "":
		invalid(w, "'dedup_key' is missing or blank")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.DedupKey == "" {
		e.DedupKey = fmt.Sprintf("%032x", len(s.alerts)+1)
	}
	open := s.open(e.DedupKey)
	switch {
	case open == nil && e.Action == "trigger":
		s.alerts = append(s.alerts, &Alert{Key: e.DedupKey, Status: "triggered", Events: []json.RawMessage{body}})
	case open == nil:
		s.dropped++
	default:
		open.Events = append(open.Events, body)
		if status := map[string]string{"acknowledge": "acknowledged", "resolve": "resolved"}[e.Action]; status != "" {
			open.Status = status
		}
	}
	answer(w, http.StatusAccepted, map[string]any{"status": "success", "message": "Event processed", "dedup_key": e.DedupKey})
}

func (s *Server) change(w http.ResponseWriter, r *http.Request) {
	e, body, ok := s.read(w, r)
	if !ok {
		return
	}
	if e.Payload == nil {
		invalid(w, "'payload' is missing")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes = append(s.changes, body)
	answer(w, http.StatusAccepted, map[string]any{"status": "success", "message": "Change event processed"})
}

func (s *Server) open(key string) *Alert {
	for _, a := range slices.Backward(s.alerts) {
		if a.Key == key && a.Status != "resolved" {
			return a
		}
	}
	return nil
}

// Alerts are all alerts that were ever opened, each of which has paged somebody once.
func (s *Server) Alerts() []Alert {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Alert, len(s.alerts))
	for i, a := range s.alerts {
		out[i] = *a
	}
	return out
}

// Changes are the change events.
func (s *Server) Changes() []json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.changes)
}

// Dropped counts acknowledgements and resolves that met no open alert.
func (s *Server) Dropped() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}

func invalid(w http.ResponseWriter, errors ...string) {
	answer(w, http.StatusBadRequest, map[string]any{"status": "invalid event", "message": "Event object is invalid", "errors": errors})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // A client that is gone misses its answer.
}
