package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// IncidentStore keeps incidents and what belongs to them.
type IncidentStore interface {
	incident.Ledger
	incident.Books
	Attempts(ctx context.Context, vault string, day domain.Day, key string) ([]domain.Intent, error)
	RecoverVault(ctx context.Context, vault string, at time.Time) ([]domain.Recovered, error)
	Incident(ctx context.Context, id string) (domain.Incident, bool, error)
	SaveIncident(ctx context.Context, i domain.Incident, entries []domain.TimelineEntry) error
	OpenTwin(ctx context.Context, id string) (string, error)
	Failures(ctx context.Context, incident string, limit int) ([]domain.Failure, error)
	ToldBy(ctx context.Context, key string) ([]domain.Episode, error)
	Episodes(ctx context.Context, since time.Time) ([]domain.Episode, error)
	LockConfig(ctx context.Context, l domain.ConfigLock, by domain.By, at time.Time) error
}

// Door reaches the workflows of incidents.
type Door interface {
	Open(ctx context.Context, start ops.IncidentStart) error
	Failure(ctx context.Context, id string, s ops.FailureSignal) error
	Recovered(ctx context.Context, id string, s ops.RecoveredSignal) error
	Alert(ctx context.Context, id string, s ops.AlertSignal) error
}

// Guard keeps money from moving. Each answer says how it was done.
type Guard interface {
	Stop(ctx context.Context, incident, reason string) (string, error)
	Isolate(ctx context.Context, vault, incident, reason string) (string, error)
	Release(ctx context.Context, vault, incident, reason string) (string, error)
}

// Teller tells people, by the channels that it was given or that the routes choose. It answers with those that took it.
type Teller interface {
	Tell(ctx context.Context, m notify.Message, to, channels []string) ([]string, error)
}

// Witness takes evidence, writes it and lists it on the incident.
type Witness interface {
	Take(ctx context.Context, kind string, s incident.Subject) (domain.Evidence, error)
}

// Mender mends vaults by code.
type Mender interface {
	Mend(ctx context.Context, vault string, r domain.Recovery) (distribution.Mended, error)
}

// IncidentParams are the parts of the activities of incidents.
type IncidentParams struct {
	Desk         incident.Desk
	Store        IncidentStore
	Door         Door
	Guard        Guard
	Teller       Teller
	Rooms        notify.Rooms
	Witness      Witness
	Mender       Mender
	Policy       incident.Policy
	Redact       incident.Redactor
	Surroundings incident.Surroundings
	Teams        map[string]string // By vault.
	Hash         string            // Of the settings that decide who gets how much.
	Respond      bool
	ReopenWindow time.Duration
	Now          func() time.Time
}

// Incidents holds the activities of incidents and the one by which days report to them.
type Incidents struct{ IncidentParams }

// NewIncidents makes them.
func NewIncidents(p IncidentParams) *Incidents { return &Incidents{p} }

// ReportFailure stores a failure, correlates it and lets the incident's workflow hear of it; a recovery goes to every
// incident that waits for it. It may be repeated: the store knows the report by its key.
func (a *Incidents) ReportFailure(ctx context.Context, f domain.Failure) (ops.ReportResult, error) {
	if f.Kind == domain.FailureRecovered {
		return a.recovered(ctx, f)
	}
	f.Message = a.Redact.Text(f.Message)
	f.Signature = a.newest(ctx, f)
	got, err := a.Desk.Record(ctx, f)
	if err != nil {
		// People are told all the same: a store that is gone is the worst time to be silent (S08).
		return ops.ReportResult{}, fault.Seal(errors.Join(fmt.Errorf("report failure %s of %s: %w", f.Code, f.Vault, err), a.tellRaw(ctx, f, err)))
	}
	d := got.Decision
	out := ops.ReportResult{Incident: d.Incident, Severity: d.Severity, Opened: d.Correlation == domain.CorrelateOpen}
	switch {
	case d.Correlation == domain.CorrelateNone || !d.Tell:
		return out, nil
	case out.Opened:
		err = a.Door.Open(ctx, ops.IncidentStart{Incident: got.Incident, Failure: got.Failure, Respond: a.Respond, ReopenWindow: a.ReopenWindow})
	default:
		err = a.Door.Failure(ctx, d.Incident, ops.FailureSignal{Failure: got.Failure, Severity: d.Severity, Vaults: got.Incident.VaultCount, Fleet: got.Incident.Vault == ""})
	}
	if err != nil {
		return out, fault.Seal(fmt.Errorf("tell incident %s of the failure of %s: %w", d.Incident, f.Vault, err))
	}
	return out, nil
}

// newest is the newest signature of the page that failed. Without one, or when it cannot be read now, the evidence has it.
func (a *Incidents) newest(ctx context.Context, f domain.Failure) string {
	if f.Cursor == nil || f.Signature != "" {
		return f.Signature
	}
	tries, err := a.Store.Attempts(ctx, f.Vault, f.Day, fmt.Sprintf("page/%d", *f.Cursor))
	if err != nil || len(tries) == 0 {
		return ""
	}
	return tries[len(tries)-1].Signature
}

// tellRaw tells of a failure that could not be stored, once and not with every retry.
func (a *Incidents) tellRaw(ctx context.Context, f domain.Failure, cause error) error {
	v := incident.Classify(f)
	if v.Severity == "" || activity.IsActivity(ctx) && activity.GetInfo(ctx).Attempt > 1 {
		return nil
	}
	m := notify.Message{
		Key: "unrecorded/" + f.Key, Seq: 1, Kind: notify.Trigger, Severity: v.Severity, Vault: f.Vault, Day: f.Day, Team: a.Teams[f.Vault], At: a.Now(),
		Title: fmt.Sprintf("[%s] a failure that could not be recorded: %s in %s", strings.ToUpper(string(v.Severity)), v.Title, f.Vault),
		Text:  a.Redact.Text(fmt.Sprintf("%s\nThere is no incident for it yet, because the store does not take it: %s\nNext: repair the store; it is tried again meanwhile", f.Message, cause)),
	}
	_, err := a.Teller.Tell(ctx, m, nil, nil)
	return err
}

func (a *Incidents) recovered(ctx context.Context, f domain.Failure) (ops.ReportResult, error) {
	list, err := a.Store.RecoverVault(ctx, f.Vault, f.At)
	if err != nil {
		return ops.ReportResult{}, fault.Seal(fmt.Errorf("recovery of %s: %w", f.Vault, err))
	}
	for _, r := range list {
		if err := a.Door.Recovered(ctx, r.Incident, ops.RecoveredSignal{Vault: f.Vault, Left: r.Left}); err != nil {
			return ops.ReportResult{}, fault.Seal(fmt.Errorf("tell incident %s that %s goes on: %w", r.Incident, f.Vault, err))
		}
	}
	return ops.ReportResult{Recovered: list}, nil
}

// LoadIncident reads an incident for a workflow that was started by its id alone.
func (a *Incidents) LoadIncident(ctx context.Context, id string) (ops.IncidentStart, error) {
	i, found, err := a.Store.Incident(ctx, id)
	if err != nil {
		return ops.IncidentStart{}, fault.Seal(fmt.Errorf("load incident %s: %w", id, err))
	}
	if !found {
		return ops.IncidentStart{}, fault.Seal(fault.Newf(fault.Human, "incident/unknown", "there is no incident %s", id).WithNext("Look at the ids with feeops incident list"))
	}
	start := ops.IncidentStart{Incident: i, Respond: a.Respond, ReopenWindow: a.ReopenWindow}
	failures, err := a.Store.Failures(ctx, id, 1)
	if err != nil {
		return start, fault.Seal(fmt.Errorf("failures of %s: %w", id, err))
	}
	if len(failures) > 0 {
		start.Failure = failures[0]
	}
	return start, nil
}

// SaveIncident stores an incident with the new lines of its timeline.
func (a *Incidents) SaveIncident(ctx context.Context, in ops.SaveIncidentInput) error {
	return fault.Seal(a.Store.SaveIncident(ctx, in.Incident, in.Entries))
}

// FindTwin names another open incident of the same cause and vault.
func (a *Incidents) FindTwin(ctx context.Context, id string) (string, error) {
	twin, err := a.Store.OpenTwin(ctx, id)
	return twin, fault.Seal(err)
}

// NextEscalation says what comes next for an incident by the settings of now.
func (a *Incidents) NextEscalation(_ context.Context, q ops.EscalationQuery) (ops.EscalationAnswer, error) {
	i := q.Incident
	n := a.Policy.Next(incident.Facts{
		Severity: i.Severity, Team: a.team(i), State: i.State, LadderAt: i.LadderAt, Steps: i.Steps, AcknowledgedAt: i.AcknowledgedAt,
	}, q.Now)
	return ops.EscalationAnswer{Kind: string(n.Kind), At: n.At, To: n.To, Channels: n.Channels, Text: n.Text}, nil
}

// team is whose incident it is: that of its vault, or of all its vaults when they have one team.
func (a *Incidents) team(i domain.Incident) string {
	if i.Vault != "" {
		return a.Teams[i.Vault]
	}
	team := ""
	for n, v := range i.Vaults {
		if n == 0 {
			team = a.Teams[v.Vault]
		}
		if a.Teams[v.Vault] != team {
			return ""
		}
	}
	return team
}

// StopAll orders the emergency stop of everything.
func (a *Incidents) StopAll(ctx context.Context, in ops.GuardInput) (ops.GuardResult, error) {
	how, err := a.Guard.Stop(ctx, in.Incident, in.Reason)
	return ops.GuardResult{How: how}, fault.Seal(err)
}

// IsolateVault keeps one vault out of every run.
func (a *Incidents) IsolateVault(ctx context.Context, in ops.GuardInput) (ops.GuardResult, error) {
	how, err := a.Guard.Isolate(ctx, in.Vault, in.Incident, in.Reason)
	return ops.GuardResult{How: how}, fault.Seal(err)
}

// ReleaseVault takes back what IsolateVault did for this incident, and nothing that anybody else did.
func (a *Incidents) ReleaseVault(ctx context.Context, in ops.GuardInput) (ops.GuardResult, error) {
	how, err := a.Guard.Release(ctx, in.Vault, in.Incident, in.Reason)
	return ops.GuardResult{How: how}, fault.Seal(err)
}

// SecureState locks the settings and keeps a snapshot of all vaults (S12).
func (a *Incidents) SecureState(ctx context.Context, in ops.EvidenceInput) (ops.SecureResult, error) {
	lock := domain.ConfigLock{Incident: in.Incident.ID, Hash: a.Hash, Reason: in.Incident.Title}
	if err := a.Store.LockConfig(ctx, lock, domain.Auto(), a.Now()); err != nil {
		return ops.SecureResult{}, fault.Seal(fmt.Errorf("lock the settings for %s: %w", in.Incident.ID, err))
	}
	snapshot, err := a.Witness.Take(ctx, incident.KindSnapshot, incident.Subject{Incident: in.Incident, Failure: in.Failure})
	return ops.SecureResult{Hash: a.Hash, Snapshot: snapshot}, fault.Seal(err)
}

// CollectEvidence takes a bundle (S13).
func (a *Incidents) CollectEvidence(ctx context.Context, in ops.EvidenceInput) (domain.Evidence, error) {
	e, err := a.Witness.Take(ctx, incident.KindBundle, incident.Subject{Incident: in.Incident, Failure: in.Failure})
	return e, fault.Seal(err)
}

// RecoverVault mends a vault by code.
func (a *Incidents) RecoverVault(ctx context.Context, in ops.RecoverInput) (ops.RecoverResult, error) {
	defer heartbeat(ctx)()
	m, err := a.Mender.Mend(ctx, in.Vault, in.Recovery)
	return ops.RecoverResult{Worked: m.Worked, Text: a.Redact.Text(m.Text)}, fault.Seal(err)
}

// Names are the functions by the names that internal/ops gives them.
func (a *Incidents) Names() map[string]any {
	return map[string]any{
		ops.ReportFailure.Name: a.ReportFailure, ops.LoadIncident.Name: a.LoadIncident, ops.SaveIncident.Name: a.SaveIncident, ops.FindTwin.Name: a.FindTwin,
		ops.NextEscalation.Name: a.NextEscalation, ops.TellIncident.Name: a.TellIncident, ops.PostRoom.Name: a.PostRoom,
		ops.StopAll.Name: a.StopAll, ops.IsolateVault.Name: a.IsolateVault, ops.ReleaseVault.Name: a.ReleaseVault,
		ops.SecureState.Name: a.SecureState, ops.CollectEvidence.Name: a.CollectEvidence, ops.RecoverVault.Name: a.RecoverVault,
	}
}
