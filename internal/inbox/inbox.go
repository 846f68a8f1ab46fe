// Package inbox carries out what people ask for where they read of it: a button under a message, a typed command, a page
// that was taken over elsewhere. Nobody acts whose account is not an operator's, everything asked is written down, and
// every answer says what was done or why nothing was. It knows neither Slack nor Temporal.
package inbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/deed"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Authorizer says who may do what.
type Authorizer interface {
	// May gives nil, or a refusal that says why and who may. Actions are those of messages.
	May(operator, action string) error
}

// Actor is who acts, and through which service: slack, pagerduty.
type Actor struct{ Name, Channel string }

// MuteOrder asks for quiet of one alert, of a vault or of everything shared. The same ID is one mute.
type MuteOrder struct {
	ID, Vault, Alert, Reason string
	For                      time.Duration
}

// Deeds carry out. Texts are shown to people, errors too, so they hold no secret. All may be repeated.
type Deeds interface {
	AcknowledgeAlert(ctx context.Context, episode string, by Actor) (string, error)
	AcknowledgeIncident(ctx context.Context, id string, by Actor) (string, error)
	Mute(ctx context.Context, o MuteOrder, by Actor) (string, error)
	Pause(ctx context.Context, vault, reason string, by Actor) (string, error)
	// Stop stops a vault, or everything when vault is empty.
	Stop(ctx context.Context, vault, reason string, by Actor) (string, error)
}

// Store is what the inbox reads, and where it writes down what was asked.
type Store interface {
	Episodes(ctx context.Context, since time.Time) ([]domain.Episode, error)
	Incident(ctx context.Context, id string) (domain.Incident, bool, error)
	Incidents(ctx context.Context, f store.IncidentFilter) ([]domain.Incident, error)
	LatestTick(ctx context.Context) (domain.FleetTick, bool, error)
	AllSafety(ctx context.Context) ([]domain.SafetyFlag, error)
	Audit(ctx context.Context, e store.AuditEntry) error
}

// Payouts explains what an investor got of a vault's newest day.
type Payouts interface {
	Explain(ctx context.Context, vault, investor string) (string, error)
}

// Params are what an inbox needs.
type Params struct {
	Authorizer Authorizer
	Deeds      Deeds
	Store      Store
	Payouts    Payouts
	Vaults     []string          // Ids of the settings.
	Alerts     map[string]string // When each alert of the catalogue fires, by id.
	Accounts   map[string]string // Operators by account, for services that know them not: pagerduty:PXPGF42.
	Now        func() time.Time
	Log        *slog.Logger
}

// Inbox implements notify.Inbox.
type Inbox struct{ Params }

// New makes an inbox.
func New(p Params) *Inbox { return &Inbox{p} }

// refusal is why nothing was done. It is an answer and no failure.
type refusal struct{ why string }

func (r refusal) Error() string { return r.why }

// Refuse is an error of a deed that the state of things does not allow.
func Refuse(why string) error { return refusal{why} }

func refuse(format string, args ...any) error { return refusal{fmt.Sprintf(format, args...)} }

// ask is one thing that somebody asks for.
type ask struct {
	action  string // Of messages, for the authorizer; empty for what every operator may.
	name    string // For the audit log.
	subject string
	detail  string
	urgent  bool // Done even when the audit log does not take it, and without waiting for it.
	do      func(ctx context.Context, by Actor) (string, error)
}

// carryOut asks whether the person may, writes down what was asked, and does it. What was refused or failed is written
// down too. A refusal is returned as the answer.
func (in *Inbox) carryOut(ctx context.Context, p notify.Person, a ask) (string, error) {
	service, _, _ := strings.Cut(p.Account, ":")
	entry := store.AuditEntry{At: in.Now().UTC(), Actor: p.Account, Action: service + "." + a.name, Subject: a.subject, Detail: a.detail}
	if p.Operator == "" {
		p.Operator = in.Accounts[p.Account]
	}
	if p.Operator == "" {
		return in.refused(ctx, entry, refuse("your account (%s) belongs to no operator: an admin enters it in the settings, as operators[].%s of your name", p.Account, service))
	}
	entry.Actor = p.Operator
	if a.action != "" {
		if err := in.Authorizer.May(p.Operator, a.action); err != nil {
			return in.refused(ctx, entry, refusal{err.Error()})
		}
	}
	by := Actor{Name: p.Operator, Channel: service}
	text, notRecorded, err := deed.CarryOut(ctx, in.record, entry, a.urgent, func(ctx context.Context) (string, error) { return a.do(ctx, by) })
	var unwritten *deed.NotRecordedError
	if errors.As(err, &unwritten) {
		return "", fmt.Errorf("nothing was done, because the audit log does not take it: %w. feeops doctor says what is wrong with the store", unwritten.Err)
	}
	if err != nil {
		return in.failed(ctx, entry, err)
	}
	if notRecorded != nil {
		text += ". The audit log did not take it: " + notRecorded.Error()
	}
	return text, nil
}

func (in *Inbox) refused(ctx context.Context, entry store.AuditEntry, why error) (string, error) {
	entry.Action, entry.Detail = entry.Action+".refused", why.Error()
	_ = in.record(ctx, entry) // Logged; the refusal holds.
	return "Nothing was done: " + why.Error() + ".", nil
}

func (in *Inbox) failed(ctx context.Context, entry store.AuditEntry, err error) (string, error) {
	if no, ok := err.(refusal); ok { //nolint:errorlint // Only ours, never wrapped.
		return in.refused(ctx, entry, no)
	}
	entry.Action, entry.Detail, entry.At = entry.Action+".failed", err.Error(), in.Now().UTC()
	_ = in.record(ctx, entry) // Logged.
	return "", err
}

func (in *Inbox) record(ctx context.Context, e store.AuditEntry) error {
	err := in.Store.Audit(ctx, e)
	if err != nil {
		in.Log.Error("the audit log does not take what somebody asked for", "actor", e.Actor, "action", e.Action, "subject", e.Subject, "error", err)
	}
	return err //nolint:wrapcheck // The store's errors say what they are about.
}
