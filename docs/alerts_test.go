package docs_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

const (
	beginCatalogue = "<!-- begin catalogue -->\n"
	endCatalogue   = "<!-- end catalogue -->\n"
)

// catalogueTable writes the catalogue as its document shows it.
func catalogueTable() string {
	var b strings.Builder
	b.WriteString("| Alert | Severity | Fires when | Hold | Ends when | Quiet | Covers | Money at risk | Next safe command | Incident | Runbook |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range alert.Catalogue() {
		when := r.When
		if r.Event {
			when = "event: " + when
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | %s | `%s` | %s | [%s](%s) |\n",
			r.ID, r.Severity, when, minutes(r.Hold), r.Ends, minutes(r.Quiet), strings.Join(r.Weaker, ", "), orNone(r.AtRisk), r.Next, opens(r), r.ID, strings.TrimPrefix(r.Runbook(), "docs/"))
	}
	return b.String()
}

// openingTable writes which alerts open incidents, and why.
func openingTable() string {
	var b strings.Builder
	b.WriteString("| Alert | Severity | Opens an incident because |\n|---|---|---|\n")
	for _, r := range alert.Catalogue() {
		if r.Incident != "" {
			fmt.Fprintf(&b, "| [`%s`](runbooks/%s.md) | %s | %s |\n", r.ID, r.ID, r.Severity, r.Incident)
		}
	}
	return b.String()
}

func minutes(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return fmt.Sprintf("%d min", d/time.Minute)
}

func opens(r alert.Rule) string {
	switch {
	case r.Incident == "":
		return "–"
	case r.Severity == domain.SeverityCritical:
		return "opens one"
	}
	return "opens one when critical"
}

func orNone(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// TestAlerts_ListsTheCatalogue holds the table of alerts.md against the catalogue.
func TestAlerts_ListsTheCatalogue(t *testing.T) {
	holds(t, "alerts.md", catalogueTable())
}

// TestAlerts_IncidentsSayWhichOnesOpenThem holds the table of incidents.md against the catalogue.
func TestAlerts_IncidentsSayWhichOnesOpenThem(t *testing.T) {
	holds(t, "incidents.md", openingTable())
}

// holds compares the table between the marks of a document, or writes it anew.
func holds(t *testing.T, file, table string) {
	t.Helper()
	text := read(t, file)
	head, rest, ok := strings.Cut(text, beginCatalogue)
	require.True(t, ok)
	got, tail, ok := strings.Cut(rest, endCatalogue)
	require.True(t, ok)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(head+beginCatalogue+table+endCatalogue+tail), 0o644))
		return
	}
	require.Equal(t, table, got, "write it anew: go test ./docs -run TestAlerts -update")
}

// TestRunbooks_OfAlertsSayWhatIsNeededAtNight looks for the five parts in every runbook of the catalogue.
func TestRunbooks_OfAlertsSayWhatIsNeededAtNight(t *testing.T) {
	for _, r := range alert.Catalogue() {
		text := read(t, strings.TrimPrefix(r.Runbook(), "docs/"))
		require.Contains(t, text, "Alert `"+r.ID+"`")
		for _, part := range []string{"**Symptom.**", "**Money at risk.**", "**First command.**", "**Way back.**", "**Verification.**"} {
			require.Contains(t, text, part, r.ID)
		}
		require.Contains(t, text, "`"+r.Next+"`", "%s names another first command than its message", r.ID)
	}
}
