package slack

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Answer is what an app told the people who clicked or typed, through a response URL.
type Answer struct {
	ID       string // Of the click or command.
	Text     string `json:"text"`
	Type     string `json:"response_type"`
	Replaces bool   `json:"replace_original"`
}

func (s *Server) respond(w http.ResponseWriter, r *http.Request) {
	a := Answer{ID: r.PathValue("id")}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil || json.Unmarshal(body, &a) != nil {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, a)
	_, _ = io.WriteString(w, "ok") // As Slack does, as text.
}

// Answers are all answers, oldest first.
func (s *Server) Answers() []Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Answer{}, s.answers...)
}

// Click is the payload of a pressed button. The answer comes to the response URL with the click's id.
func (s *Server) Click(id, user string, m Message, actionID, value string) []byte {
	return mustJSON(map[string]any{
		"type": "block_actions", "user": map[string]any{"id": user, "username": "name-of-" + user, "name": "name-of-" + user, "team_id": "T0001"},
		"api_app_id": "A0001", "token": "verification", "trigger_id": "12466734323.1395872398",
		"container": map[string]any{"type": "message_attachment", "message_ts": m.TS, "channel_id": m.Channel, "is_ephemeral": false, "attachment_id": 1},
		"channel":   map[string]any{"id": m.Channel, "name": "ops"}, "message": map[string]any{"type": "message", "ts": m.TS, "text": m.Text},
		"response_url": s.URL + "/respond/" + id,
		"actions": []any{map[string]any{
			"type": "button", "action_id": actionID, "block_id": "actions", "value": value, "action_ts": "1548426417.840180",
			"text": map[string]any{"type": "plain_text", "text": "Acknowledge"},
		}},
	})
}

// Command is a typed slash command, as the fields of a form; JSON of the same fields goes through a socket.
func (s *Server) Command(id, user, channelID, text string) map[string]string {
	return map[string]string{
		"token": "verification", "team_id": "T0001", "team_domain": "example", "channel_id": channelID, "channel_name": "ops", "user_id": user, "user_name": "name-of-" + user,
		"command": "/feeops", "text": text, "api_app_id": "A0001", "is_enterprise_install": "false", "response_url": s.URL + "/respond/" + id, "trigger_id": "13345224609.738474920",
	}
}

// Post sends a form to an app as Slack does, signed at the given time, and gives the status.
func Post(ctx context.Context, to, secret string, form url.Values, at time.Time) (int, string, error) {
	body := []byte(form.Encode())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for name, value := range Sign(secret, body, at) {
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	return resp.StatusCode, strings.TrimSpace(string(said)), err
}

// Sign makes the headers of a signed request.
func Sign(secret string, body []byte, at time.Time) map[string]string {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:%s", timestamp, body)
	return map[string]string{"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": "v0=" + hex.EncodeToString(mac.Sum(nil))}
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // Text and numbers always have a form.
	}
	return b
}
