package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/inbox"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var now = time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)

// books is a store in memory. It breaks on request.
type books struct {
	mu        sync.Mutex
	episodes  []domain.Episode
	incidents []domain.Incident
	tick      domain.FleetTick
	seen      bool
	flags     []domain.SafetyFlag
	log       []store.AuditEntry
	broken    error // Of every reading.
	full      error // Of the audit log.
}

func (b *books) Episodes(context.Context, time.Time) ([]domain.Episode, error) {
	return append([]domain.Episode{}, b.episodes...), b.broken
}

func (b *books) Incident(_ context.Context, id string) (domain.Incident, bool, error) {
	for _, i := range b.incidents {
		if i.ID == id {
			return i, true, b.broken
		}
	}
	return domain.Incident{}, false, b.broken
}

func (b *books) Incidents(context.Context, store.IncidentFilter) ([]domain.Incident, error) {
	return b.incidents, b.broken
}

func (b *books) LatestTick(context.Context) (domain.FleetTick, bool, error) {
	return b.tick, b.seen, b.broken
}

func (b *books) AllSafety(context.Context) ([]domain.SafetyFlag, error) { return b.flags, b.broken }

func (b *books) Audit(_ context.Context, e store.AuditEntry) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.full != nil {
		return b.full
	}
	b.log = append(b.log, e)
	return nil
}

// lines are the audit log's entries, short.
func (b *books) lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, e := range b.log {
		out = append(out, e.Actor+" "+e.Action+" "+e.Subject)
	}
	return out
}

// hands carry out on paper.
type hands struct {
	did []string
	err error
}

func (h *hands) do(format string, args ...any) (string, error) {
	if h.err != nil {
		return "", h.err
	}
	h.did = append(h.did, fmt.Sprintf(format, args...))
	return "done", nil
}

func (h *hands) AcknowledgeAlert(_ context.Context, episode string, by inbox.Actor) (string, error) {
	return h.do("%s by %s takes over %s", by.Name, by.Channel, episode)
}

func (h *hands) AcknowledgeIncident(_ context.Context, id string, by inbox.Actor) (string, error) {
	return h.do("%s by %s holds %s", by.Name, by.Channel, id)
}

func (h *hands) Mute(_ context.Context, o inbox.MuteOrder, by inbox.Actor) (string, error) {
	return h.do("%s mutes %s of %q for %s as %s", by.Name, o.Alert, o.Vault, o.For, o.ID)
}

func (h *hands) Pause(_ context.Context, vault, _ string, by inbox.Actor) (string, error) {
	return h.do("%s pauses %s", by.Name, vault)
}

func (h *hands) Stop(_ context.Context, vault, reason string, by inbox.Actor) (string, error) {
	return h.do("%s stops %q: %s", by.Name, vault, reason)
}

// roles let ann do everything and bob look.
type roles struct{}

func (roles) May(operator, _ string) error {
	if operator == "ann" {
		return nil
	}
	return errors.New(operator + " may look and do nothing")
}

type paid struct{ err error }

func (p paid) Explain(_ context.Context, vault, investor string) (string, error) {
	return investor + " of " + vault + " got 5 USDC", p.err
}

type scene struct {
	*inbox.Inbox

	books *books
	hands *hands
	paid  *paid
}

func newScene(t *testing.T) scene {
	t.Helper()
	s := scene{books: &books{}, hands: &hands{}, paid: &paid{}}
	s.books.episodes = []domain.Episode{
		{Key: "alpha/payer_low/1", Alert: "payer_low", Subject: "alpha", Vault: "alpha", State: domain.EpisodeOpen, Severity: domain.SeverityMedium, Opened: now.Add(-time.Hour), Detail: "0.01 SOL left", Next: "feeops checks alpha", Runbook: "docs/runbooks/payer_low.md"},
		{Key: "alpha/payer_low/0", Alert: "payer_low", Subject: "alpha", Vault: "alpha", State: domain.EpisodeResolved, Resolved: now.Add(-time.Minute), Resolution: "topped up"},
		{Key: "fleet/rpc_all_down/2", Alert: "rpc_all_down", Subject: "fleet", State: domain.EpisodeAcknowledged, Severity: domain.SeverityCritical, AckedBy: "eve"},
	}
	s.books.incidents = []domain.Incident{
		{ID: "INC-20260301-001", Title: "cursor differs", State: domain.IncidentOpen, Severity: domain.SeverityHigh, Vault: "alpha", OpenedAt: now},
		{ID: "INC-20260301-002", Title: "over", State: domain.IncidentResolved},
		{ID: "INC-20260301-003", Title: "held", State: domain.IncidentAcknowledged, AcknowledgedBy: "ann"},
	}
	s.Inbox = inbox.New(inbox.Params{
		Authorizer: roles{}, Deeds: s.hands, Store: s.books, Payouts: s.paid, Vaults: []string{"alpha", "beta"},
		Alerts: map[string]string{"payer_low": "the fee payer holds little"}, Accounts: map[string]string{"pagerduty:PANN": "ann"},
		Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	return s
}

var (
	ann      = notify.Person{Operator: "ann", Account: "slack:U0ANN"}
	bob      = notify.Person{Operator: "bob", Account: "slack:U0BOB"}
	stranger = notify.Person{Account: "slack:U0EVIL", Name: "<b>ann</b>"}
)

func click(p notify.Person, action, value string) notify.Click {
	return notify.Click{Person: p, Action: notify.Action{Name: action, Value: value}, At: now}
}
