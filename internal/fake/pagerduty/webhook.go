package pagerduty

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// hook is a v3 webhook subscription.
type hook struct{ url, secret string }

// Subscribe lets the service send what people do to an address, signed with the secret.
func (s *Server) Subscribe(url, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = hook{url, secret}
}

// Acknowledge is a person taking an alert over in PagerDuty's own pages. It returns the status that the subscriber
// answered with.
func (s *Server) Acknowledge(ctx context.Context, key, person string, at time.Time) (int, error) {
	return s.act(ctx, key, "acknowledged", person, at)
}

// Resolve is a person ending an alert there.
func (s *Server) Resolve(ctx context.Context, key, person string, at time.Time) (int, error) {
	return s.act(ctx, key, "resolved", person, at)
}

func (s *Server) act(ctx context.Context, key, status, person string, at time.Time) (int, error) {
	s.mu.Lock()
	alert, to := s.open(key), s.hook
	if alert != nil {
		alert.Status = status
	}
	s.mu.Unlock()
	if alert == nil {
		return 0, fmt.Errorf("no open alert %q", key)
	}
	body := Event("01"+status+at.Format("150405"), "incident."+status, key, person, at)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-PagerDuty-Signature", Sign(body, to.secret))
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	return reply.StatusCode, reply.Body.Close()
}

// Event is the body of a v3 webhook about an incident.
func Event(id, kind, key, person string, at time.Time) []byte {
	b, err := json.Marshal(map[string]any{"event": map[string]any{
		"id": id, "event_type": kind, "resource_type": "incident", "occurred_at": at.UTC().Format("2006-01-02T15:04:05.000Z"),
		"agent":  map[string]any{"id": person, "summary": "Name of " + person, "type": "user_reference"},
		"client": nil,
		"data": map[string]any{
			"id": "PGR0VU2", "type": "incident", "number": 2, "status": kind, "incident_key": key, "title": "A little bump in the road",
			"service": map[string]any{"id": "PF9KMXH", "type": "service_reference", "summary": "feeops"},
		},
	}})
	if err != nil {
		panic(err) // Text and numbers always have a form.
	}
	return b
}

// Sign makes the value of X-PagerDuty-Signature.
func Sign(body []byte, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}
