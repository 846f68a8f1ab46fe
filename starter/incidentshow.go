package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func (c *cli) printIncidents(list []domain.Incident, f store.IncidentFilter) {
	if len(list) == 0 {
		fmt.Fprintln(c.stdout, "No incident"+map[bool]string{true: " is open", false: ""}[f.Open]+".")
		return
	}
	t := newTable("", "Incident", "Severity", "State", "Opened (UTC)", "Holder", "Vaults", "What")
	for _, i := range list {
		t.AppendRow([]any{i.ID, i.Severity, i.State, i.OpenedAt.UTC().Format("01-02 15:04"), or(i.Assignee, i.AcknowledgedBy, "–"), i.VaultCount, wrap(i.Title, 24)})
	}
	rightFrom(t, 6, 6)
	fmt.Fprintln(c.stdout, t.Render())
	if f.Limit > 0 && len(list) == f.Limit {
		fmt.Fprintf(c.stdout, "Only the newest %d; --limit shows more.\n", f.Limit)
	}
}

// or is the first text that is not empty.
func or(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

func (c *cli) printIncident(v incidentView) {
	i := v.Incident
	say := func(name, format string, args ...any) {
		fmt.Fprintf(c.stdout, "%-14s %s\n", name, oneLine(fmt.Sprintf(format, args...)))
	}
	fmt.Fprintf(c.stdout, "%s  %s, %s\n%s\n", i.ID, i.Severity, i.State, oneLine(i.Title))
	if i.Description != "" {
		fmt.Fprintln(c.stdout, wrap(oneLine(i.Description), width))
	}
	fmt.Fprintln(c.stdout)
	say("Cause", "%s, code %s", i.Cause, or(i.Code, "none"))
	say("Vaults", "%s", incident.VaultsText(i))
	say("Money at risk", "%s", v.AtRisk)
	say("Opened", "%s, %s", stampUTC(i.OpenedAt), lastedText(i))
	say("Holder", "%s, assigned to %s", or(i.AcknowledgedBy, "nobody"), or(i.Assignee, "nobody"))
	if i.Runbook != "" {
		say("Runbook", "docs/runbooks/%s.md", i.Runbook)
	}
	for _, e := range v.Alerts[:min(listedAlerts, len(v.Alerts))] {
		say("Alert", "%s, %s since %s", e.Key, e.State, stampUTC(e.Changed))
	}
	if more := len(v.Alerts) - listedAlerts; more > 0 {
		say("Alerts", "%d more; feeops alerts list --all has them", more)
	}
	for _, r := range i.Runs {
		say("Run", "%s %s", r.WorkflowID, r.RunID)
	}
	for _, l := range i.Links {
		say("Link", "%s %s", l.Text, l.URL)
	}
	for _, e := range v.Evidence {
		state := "verified"
		if !e.OK {
			state = e.Problem
		}
		if len(e.Unknown) > 0 {
			state += ", unknown: " + strings.Join(e.Unknown, ", ")
		}
		say("Evidence", "%s (%s)", e.Path, state)
	}
	if i.Resolution != "" {
		say("Resolution", "%s", i.Resolution)
	}
	t := newTable("Timeline", "Time (UTC)", "Who", "What")
	for _, e := range i.Timeline {
		t.AppendRow([]any{e.At.UTC().Format("01-02 15:04:05"), wrap(who(e.By), 22), wrap(oneLine(e.Text), 56)})
	}
	fmt.Fprintf(c.stdout, "\n%s\n", t.Render())
	if v.Next != "" {
		fmt.Fprintln(c.stdout, "Next:", v.Next)
	}
}

// listedAlerts is how many of an incident's alerts are listed.
const listedAlerts = 10

func who(b domain.By) string {
	if b == domain.Auto() {
		return b.Actor
	}
	return b.Actor + " by " + b.Channel
}

// oneLine keeps text from outside from drawing on the terminal.
func oneLine(s string) string { return printable(s) }

func stampUTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func lastedText(i domain.Incident) string {
	if i.Over() {
		return "lasted " + i.Duration(i.ResolvedAt).Round(time.Second).String()
	}
	return "not over"
}
