package pagerduty

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/PagerDuty/go-pagerduty/webhookv3"

	"github.com/meteora-fee-router/feeops/internal/notify"
)

const (
	maxWebhook = 256 << 10 // PagerDuty drops webhooks that are larger.
	// replayWindow is how old an event may be. PagerDuty signs no time, so that of the event has to do; it repeats a
	// webhook for about 20 minutes, and later ones wait behind it.
	replayWindow = 2 * time.Hour
	ahead        = 5 * time.Minute
	maxSeen      = 20_000
	handleFor    = 4 * time.Second // PagerDuty waits for 5.
)

// Inbox is who handles what happened to a page.
type Inbox interface {
	Paged(ctx context.Context, p notify.Page) error
}

// Handler takes v3 webhooks: POST with the event, signed.
type Handler struct {
	secret string
	inbox  Inbox
	seen   *notify.Seen
	now    func() time.Time
	log    *slog.Logger
}

// NewHandler makes a handler. Without a secret nothing is ever accepted.
func NewHandler(secret string, inbox Inbox, now func() time.Time, log *slog.Logger) *Handler {
	return &Handler{secret: secret, inbox: inbox, seen: notify.NewSeen(replayWindow+ahead, maxSeen), now: now, log: log}
}

// ServeHTTP checks the signature before it looks at anything else. What concerns us not is accepted, because PagerDuty
// turns a webhook off that is refused three times.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxWebhook)
	if err := h.verify(r); err != nil {
		h.log.Warn("a PagerDuty webhook is refused", "error", err, "from", r.RemoteAddr)
		http.Error(w, "the signature does not fit", http.StatusForbidden)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	page, ok, err := Decode(body)
	switch {
	case err != nil:
		http.Error(w, "the event is not understood", http.StatusBadRequest)
		return
	case !ok:
		w.WriteHeader(http.StatusAccepted)
		return
	}
	if age := h.now().Sub(page.At); age > replayWindow || age < -ahead {
		h.log.Warn("an old PagerDuty webhook is refused", "id", page.ID, "age", age)
		http.Error(w, "the event is too old", http.StatusBadRequest)
		return
	}
	if !h.seen.First(page.ID, h.now()) {
		w.WriteHeader(http.StatusAccepted) // Delivered at least once is PagerDuty's promise; once is ours.
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), handleFor)
	defer cancel()
	if err := h.inbox.Paged(ctx, page); err != nil {
		h.seen.Forget(page.ID)
		h.log.Error("a PagerDuty event could not be handled; PagerDuty will send it again", "id", page.ID, "key", page.Key, "error", err)
		http.Error(w, "it could not be handled now", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func (h *Handler) verify(r *http.Request) error {
	switch {
	case r.Method != http.MethodPost:
		return fmt.Errorf("method %s", r.Method)
	case h.secret == "":
		return errors.New("no webhook secret is set")
	}
	return webhookv3.VerifySignature(r, h.secret)
}

// Decode reads a v3 event. False means that it is of a kind that is not needed here, or that its incident was not made
// by a key of ours.
func Decode(body []byte) (notify.Page, bool, error) {
	var in struct {
		Event struct {
			ID    string    `json:"id"`
			Type  string    `json:"event_type"`
			At    time.Time `json:"occurred_at"`
			Agent *struct {
				ID      string `json:"id"`
				Summary string `json:"summary"`
			} `json:"agent"`
			Data struct {
				Key string `json:"incident_key"`
			} `json:"data"`
		} `json:"event"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return notify.Page{}, false, fmt.Errorf("pagerduty: webhook: %w", err)
	}
	e := in.Event
	kind := map[string]notify.Kind{"incident.acknowledged": notify.Acknowledge, "incident.resolved": notify.Resolve}[e.Type]
	if kind == "" || e.Data.Key == "" {
		return notify.Page{}, false, nil
	}
	if e.ID == "" || e.At.IsZero() {
		return notify.Page{}, false, errors.New("pagerduty: webhook: an event without id or time")
	}
	p := notify.Page{ID: e.ID, Kind: kind, Key: e.Data.Key, At: e.At}
	if e.Agent != nil { // Null when a rule did it.
		p.Person = notify.Person{Account: "pagerduty:" + notify.Line(e.Agent.ID), Name: notify.Line(e.Agent.Summary)}
	}
	return p, true, nil
}
