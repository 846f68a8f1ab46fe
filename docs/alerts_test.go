package docs_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/alert"
)

const (
	beginCatalogue = "<!-- begin catalogue -->\n"
	endCatalogue   = "<!-- end catalogue -->\n"
)

// catalogueTable writes the catalogue as its document shows it.
func catalogueTable() string {
	var b strings.Builder
	b.WriteString("| Alert | Severity | Fires when | Hold | Ends when | Quiet | Covers | Money at risk | Next safe command | Runbook |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range alert.Catalogue() {
		when := r.When
		if r.Event {
			when = "event: " + when
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | %s | `%s` | [%s](%s) |\n",
			r.ID, r.Severity, when, minutes(r.Hold), r.Ends, minutes(r.Quiet), strings.Join(r.Weaker, ", "), orNone(r.AtRisk), r.Next, r.ID, strings.TrimPrefix(r.Runbook(), "docs/"))
	}
	return b.String()
}

func minutes(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return fmt.Sprintf("%d min", d/time.Minute)
}

func orNone(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// TestAlerts_ListsTheCatalogue holds the table of alerts.md against the catalogue.
func TestAlerts_ListsTheCatalogue(t *testing.T) {
	text := read(t, "alerts.md")
	head, rest, ok := strings.Cut(text, beginCatalogue)
	require.True(t, ok)
	got, tail, ok := strings.Cut(rest, endCatalogue)
	require.True(t, ok)
	if *update {
		require.NoError(t, os.WriteFile("alerts.md", []byte(head+beginCatalogue+catalogueTable()+endCatalogue+tail), 0o644))
		return
	}
	require.Equal(t, catalogueTable(), got, "write it anew: go test ./docs -run TestAlerts -update")
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
