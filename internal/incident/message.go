package incident

import (
	"fmt"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

// Occasion is why people are told.
type Occasion string

// Occasions.
const (
	Opened       Occasion = "opened"
	Raised       Occasion = "raised"
	Paged        Occasion = "paged"
	Acknowledged Occasion = "acknowledged"
	Changed      Occasion = "changed" // Anything that people should see and need not act on.
	Manual       Occasion = "manual"  // Manual intervention required.
	Mitigated    Occasion = "mitigated"
	Reopened     Occasion = "reopened"
	Resolved     Occasion = "resolved"
)

func (o Occasion) kind() notify.Kind {
	switch o {
	case Opened, Raised, Paged, Manual, Reopened:
		return notify.Trigger
	case Acknowledged:
		return notify.Acknowledge
	case Resolved:
		return notify.Resolve
	}
	return notify.Update
}

// Surroundings are what a message needs besides the incident.
type Surroundings struct {
	Money      string // At risk; see TotalRisk.
	Team       string
	Runbooks   string // Address before NAME.md; empty: the name alone is given.
	TemporalUI string // Address of the Web UI; empty: no links.
	Namespace  string
	WorkflowID func(id string) string // Of an incident; nil: its key.
}

// Key is what all messages of an incident are about.
func Key(id string) string { return "incident/" + id }

// Message tells people of an incident (S15): what, whose, how much money, what to do now, and where to look.
func Message(i domain.Incident, o Occasion, text string, seq int, at time.Time, s Surroundings) notify.Message {
	m := notify.Message{
		Key: Key(i.ID), Seq: seq, Kind: o.kind(), Severity: i.Severity, Incident: i.ID, Vault: i.Vault, Team: s.Team, Day: i.Day, At: at,
		Title: fmt.Sprintf("[%s] %s: %s", strings.ToUpper(string(i.Severity)), i.ID, i.Title),
	}
	lines := []string{text}
	if i.Description != "" && (o == Opened || o == Raised || o == Paged || o == Manual) {
		lines = append(lines, i.Description)
	}
	next := NextStep(i)
	if next != "" {
		lines = append(lines, "Next: "+next)
	}
	m.Text = strings.Join(lines, "\n")
	m.Fields = []notify.Field{
		{Name: "State", Value: string(i.State)},
		{Name: "Vaults", Value: VaultsText(i)},
		{Name: "Money at risk", Value: s.Money},
		{Name: "Since", Value: i.OpenedAt.UTC().Format(time.RFC3339)},
		{Name: "Owner", Value: owner(i)},
	}
	if i.Code != "" {
		m.Fields = append(m.Fields, notify.Field{Name: "Code", Value: i.Code})
	}
	if i.Resolution != "" {
		m.Fields = append(m.Fields, notify.Field{Name: "Resolution", Value: i.Resolution})
	}
	m.Links = Links(i, s)
	if o.kind() == notify.Trigger {
		m.Actions = []notify.Action{{Name: notify.ActionAcknowledge, Value: Key(i.ID)}}
		if i.Vault != "" {
			m.Actions = append(m.Actions, notify.Action{Name: notify.ActionPause, Value: i.Vault})
		}
		if i.Severity.Rank() >= domain.SeverityHigh.Rank() {
			m.Actions = append(m.Actions, notify.Action{Name: notify.ActionStop, Value: Key(i.ID)})
		}
		m.Actions = append(m.Actions, notify.Action{Name: notify.ActionExplain, Value: Key(i.ID)})
	}
	return m
}

// Links lead to the runbook, the incident and the runs.
func Links(i domain.Incident, s Surroundings) []notify.Link {
	var out []notify.Link
	if i.Runbook != "" {
		name := "docs/runbooks/" + i.Runbook + ".md"
		if s.Runbooks != "" {
			name = strings.TrimSuffix(s.Runbooks, "/") + "/" + i.Runbook + ".md"
		}
		out = append(out, notify.Link{Text: "Runbook", URL: name})
	}
	if s.TemporalUI != "" {
		ui := func(id string) string {
			return strings.TrimSuffix(s.TemporalUI, "/") + "/namespaces/" + s.Namespace + "/workflows/" + strings.ReplaceAll(id, "/", "%2F")
		}
		id := Key(i.ID)
		if s.WorkflowID != nil {
			id = s.WorkflowID(i.ID)
		}
		out = append(out, notify.Link{Text: "Incident", URL: ui(id)})
		for _, r := range i.Runs {
			out = append(out, notify.Link{Text: "Run of " + r.Vault, URL: ui(r.WorkflowID)})
		}
	}
	for _, l := range i.Links {
		out = append(out, notify.Link(l))
	}
	return out
}

// NextStep is the one thing to do now.
func NextStep(i domain.Incident) string {
	switch {
	case i.Over():
		return ""
	case !i.Acknowledged() && i.State == domain.IncidentOpen:
		return fmt.Sprintf("take it with feeops incident ack %s, then follow the runbook", i.ID)
	case i.NeedsHuman:
		return "manual intervention required: follow the runbook; nothing goes on by itself"
	case i.State == domain.IncidentMitigated:
		return fmt.Sprintf("look whether it stays well, then feeops incident resolve %s --resolution TEXT", i.ID)
	}
	return fmt.Sprintf("follow the runbook; feeops incident note %s TEXT keeps the others informed", i.ID)
}

func owner(i domain.Incident) string {
	switch {
	case i.Assignee != "":
		return i.Assignee
	case i.AcknowledgedBy != "":
		return i.AcknowledgedBy
	}
	return "nobody"
}

// VaultsText names a few and counts the rest.
func VaultsText(i domain.Incident) string {
	if i.VaultCount == 0 {
		return "none"
	}
	const shown = 5
	var names []string
	for _, v := range i.Vaults[:min(shown, len(i.Vaults))] {
		names = append(names, v.Vault)
	}
	if more := i.VaultCount - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// Room is the place where people work on an incident (I08).
func Room(i domain.Incident, invite []string, s Surroundings) notify.Room {
	name := strings.ToLower(i.ID)
	if i.Vault != "" {
		name += "-" + i.Vault
	}
	return notify.Room{Key: Key(i.ID), Name: name, Topic: Topic(i), Invite: invite, Pins: Links(i, s)}
}

// Topic shows where the incident stands.
func Topic(i domain.Incident) string {
	return fmt.Sprintf("%s · %s · %s · owner %s", i.Severity, i.State, i.Title, owner(i))
}
