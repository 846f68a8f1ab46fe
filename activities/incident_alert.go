package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

const (
	// listedVaults bounds the vaults that an incident hears of in one signal; the store has all.
	listedVaults = 50
	// memberLife is how far back the ends of a group's members are looked for.
	memberLife = 48 * time.Hour
)

// taken is one incident that a message of the watch has come to.
type taken struct {
	id     string
	opened bool
	last   domain.Recorded
	vaults []string
}

// OpenForAlert opens an incident for the episodes that a message is about, or lets the one that is open for the same hear
// of them. It may be repeated: each episode is one report, which the store knows by its key.
func (a *Incidents) OpenForAlert(ctx context.Context, m domain.Message) (ops.TellAnswer, error) {
	episodes, err := a.Store.ToldBy(ctx, m.Key)
	if err != nil {
		return ops.TellAnswer{}, fmt.Errorf("episodes of %s: %w", m.Key, err)
	}
	many := len(episodes) > 1
	fresh := slices.DeleteFunc(slices.Clone(episodes), func(e domain.Episode) bool { return e.Incident != "" })
	if len(episodes) == 0 { // It was over before anybody could be told; people are told all the same.
		fresh = []domain.Episode{{Key: m.Key, Alert: m.Alert, Vault: m.Vault, Day: m.Day, Severity: m.Severity, Detail: m.Text}}
	}
	if len(fresh) == 0 && m.Incident != "" {
		return ops.TellAnswer{Incident: m.Incident}, nil
	}
	var all []*taken
	answer := ops.TellAnswer{Incident: m.Incident}
	for _, e := range fresh {
		f := domain.Failure{
			Key: "alert/" + e.Key, Vault: e.Vault, Day: e.Day, Kind: domain.FailureAlert, Code: "alert/" + e.Alert, Message: a.Redact.Text(e.Detail),
			Severity: e.Severity, Episode: e.Key, At: m.At,
		}
		if !many {
			f.Message = a.Redact.Text(alertText(m))
		}
		got, err := a.Desk.Record(ctx, f)
		if err != nil {
			return ops.TellAnswer{}, fmt.Errorf("report %s: %w", f.Key, err)
		}
		id := got.Incident.ID
		i := slices.IndexFunc(all, func(t *taken) bool { return t.id == id })
		if i < 0 {
			i, all = len(all), append(all, &taken{id: id})
		}
		t := all[i]
		t.opened, t.last = t.opened || got.Decision.Correlation == domain.CorrelateOpen, got
		if e.Vault != "" {
			t.vaults = append(t.vaults, e.Vault)
		}
		if answer.Incident == "" {
			answer.Incident = id
		}
		if id != answer.Incident {
			if answer.Apart == nil {
				answer.Apart = map[string]string{}
			}
			answer.Apart[e.Key] = id
		}
	}
	for _, t := range all {
		if err := a.hear(ctx, t, m); err != nil {
			return ops.TellAnswer{}, err
		}
	}
	return answer, nil
}

// hear starts a new incident's workflow, or signals the one that runs: once a message, however many vaults it is about.
func (a *Incidents) hear(ctx context.Context, t *taken, m domain.Message) error {
	i := t.last.Incident
	if !t.opened {
		return a.Door.Alert(ctx, t.id, ops.AlertSignal{
			Key: m.Key, Seq: m.Seq, Kind: m.Kind, Text: a.Redact.Text(alertText(m)), Severity: m.Severity,
			Vaults: t.vaults[:min(listedVaults, len(t.vaults))], Count: i.VaultCount, Fleet: i.Vault == "",
		})
	}
	if len(t.vaults) > 1 {
		i.Title, i.Description, i.Alerts = m.Title, a.Redact.Text(alertText(m)), []string{m.Key}
	}
	return a.Door.Open(ctx, ops.IncidentStart{Incident: i, Failure: t.last.Failure, Respond: a.Respond, ReopenWindow: a.ReopenWindow})
}

// alertText is what the watch has to say: what was seen, what is at risk, what to do first.
func alertText(m domain.Message) string {
	lines := []string{m.Text}
	for _, f := range m.Fields {
		switch f.Name {
		case "At risk":
			lines = append(lines, "At risk: "+f.Value)
		case "Next":
			lines = append(lines, "First safe command: "+f.Value)
		}
	}
	return strings.Join(lines, "\n")
}

// NoteAlert tells incidents that an alert of theirs was taken over, or is over. It does not end them.
func (a *Incidents) NoteAlert(ctx context.Context, m domain.Message) error {
	episodes, err := a.Store.Episodes(ctx, m.At.Add(-memberLife))
	if err != nil {
		return fmt.Errorf("episodes of %s: %w", m.Key, err)
	}
	ids, left := []string{m.Incident}, map[string]int{}
	for _, e := range episodes {
		if e.Incident == "" || e.IsGroup() {
			continue
		}
		if (e.Key == m.Key || e.Group == m.Key) && !slices.Contains(ids, e.Incident) {
			ids = append(ids, e.Incident)
		}
		if e.Active() && e.Key != m.Key {
			left[e.Incident]++
		}
	}
	for _, id := range ids {
		s := ops.AlertSignal{Key: m.Key, Seq: m.Seq, Kind: m.Kind, Text: a.Redact.Text(m.Text), Severity: m.Severity, Left: left[id]}
		if err := a.Door.Alert(ctx, id, s); err != nil {
			return fmt.Errorf("tell incident %s of %s: %w", id, m.Key, err)
		}
	}
	return nil
}
