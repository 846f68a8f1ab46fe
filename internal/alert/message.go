package alert

import (
	"fmt"
	"strings"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// named is how many members a group's message names.
const named = 10

func nextFor(next, vault string) string { return strings.ReplaceAll(next, "VAULT", vault) }

// message says everything about one episode that its reader needs to act.
func (t *turn) message(ep domain.Episode, kind domain.MessageKind) domain.Message {
	m := t.frame(ep, kind, t.subject(ep))
	m.Text = ep.Detail
	switch kind {
	case domain.MessageResolve:
		m.Text = fmt.Sprintf("Over after %s: %s. It was: %s", short(ep.Resolved.Sub(ep.Opened)), ep.Resolution, ep.Detail)
	case domain.MessageAcknowledge:
		m.Text = fmt.Sprintf("%s has taken it over. %s", ep.AckedBy, ep.Detail)
	case domain.MessageUpdate:
		m.Text = fmt.Sprintf("Still so after %s. %s", short(t.in.Now.Sub(ep.Opened)), ep.Detail)
	}
	if ep.Flapping > 0 && kind != domain.MessageResolve {
		m.Text += fmt.Sprintf("\nIt began %d times within %s: it now stays open until it has been gone for %s.", ep.Flapping, short(flapWindow), short(flapQuiet))
	}
	if ep.AtRisk != nil {
		m.Fields = append(m.Fields, domain.MessageField{Name: "At risk", Value: ep.Token.Format(*ep.AtRisk)})
	}
	if r := t.rule(ep.Alert); r != nil && r.all && kind != domain.MessageResolve {
		m.Fields = append(m.Fields, riskFields(t.everything())...)
	}
	return t.close(m, ep)
}

func (t *turn) groupMessage(ep domain.Episode, kind domain.MessageKind, members []domain.Episode) domain.Message {
	m := t.frame(ep, kind, fmt.Sprintf("%d %s", len(members), t.noun(ep.Alert)))
	var lines []string
	for _, one := range members[:min(named, len(members))] {
		lines = append(lines, fmt.Sprintf("%s: %s", one.Subject, one.Detail))
	}
	if more := len(members) - named; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more; feeops alerts list has them all", more))
	}
	m.Text = strings.Join(lines, "\n")
	m.Fields = append(m.Fields, riskFields(atRisk(members))...)
	return t.close(m, ep)
}

// riskFields are one line per mint.
func riskFields(totals []riskTotal) []domain.MessageField {
	var out []domain.MessageField
	for _, total := range totals {
		value := total.token.Format(total.amount)
		if total.unknown > 0 {
			value = fmt.Sprintf("%s, and unknown for %d", value, total.unknown)
		}
		out = append(out, domain.MessageField{Name: "At risk", Value: value})
	}
	return out
}

// frame is what all messages of an episode have.
func (t *turn) frame(ep domain.Episode, kind domain.MessageKind, about string) domain.Message {
	title := ep.Alert
	if r := t.rule(ep.Alert); r != nil {
		title = r.Title
	}
	return domain.Message{
		Key: ep.Key, Kind: kind, Severity: ep.Severity, Title: about + ": " + title, Vault: ep.Vault, Day: ep.Day, Alert: ep.Alert, At: t.in.Now,
		Fields: []domain.MessageField{{Name: "Since", Value: stamp(ep.Opened)}},
	}
}

func (t *turn) close(m domain.Message, ep domain.Episode) domain.Message {
	if ep.Cause != "" {
		m.Fields = append(m.Fields, domain.MessageField{Name: "Cause", Value: ep.Cause})
	}
	if m.Kind != domain.MessageResolve {
		m.Fields = append(m.Fields, domain.MessageField{Name: "Next", Value: ep.Next}, domain.MessageField{Name: "Runbook", Value: ep.Runbook})
		m.Actions = actions(m.Kind, ep)
	}
	m.Links = t.links(ep)
	return m
}

// actions are the buttons. What stops everything is offered only when it may be needed.
func actions(kind domain.MessageKind, ep domain.Episode) []domain.MessageAction {
	var out []domain.MessageAction
	if kind != domain.MessageAcknowledge {
		out = append(out, domain.MessageAction{Name: domain.ActionAcknowledge, Value: ep.Key})
	}
	out = append(out, domain.MessageAction{Name: domain.ActionMute, Value: ep.Key})
	if ep.Vault != "" {
		out = append(out, domain.MessageAction{Name: domain.ActionPause, Value: ep.Vault})
	}
	if ep.Severity.Rank() >= domain.SeverityHigh.Rank() {
		out = append(out, domain.MessageAction{Name: domain.ActionStop, Value: ep.Key})
	}
	return append(out, domain.MessageAction{Name: domain.ActionExplain, Value: ep.Key})
}

func (t *turn) subject(ep domain.Episode) string {
	if !ep.IsGroup() {
		return ep.Subject
	}
	return fmt.Sprintf("%d %s", ep.Members.Joined, t.noun(ep.Alert))
}

func (t *turn) noun(alert string) string {
	if t.perVault(alert) {
		return "vaults"
	}
	return "parts"
}
