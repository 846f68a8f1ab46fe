package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/incident"
)

// TestRunbooks_EveryRowFromMediumOnHasOne holds the runbooks against the classification: whoever is woken has something
// to follow, with all that he needs.
func TestRunbooks_EveryRowFromMediumOnHasOne(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range incident.Table() {
		if row.Runbook == "" {
			require.Less(t, row.Severity.Rank(), domain.SeverityMedium.Rank(), row.Code)
			continue
		}
		text := read(t, filepath.Join("runbooks", row.Runbook+".md"))
		last := 0
		for _, section := range []string{"## Symptom", "## Money at risk", "## First command", "## Verification", "## Way back"} {
			at := strings.Index(text, "\n"+section+"\n")
			require.Greater(t, at, last, "%s.md: %s is missing or out of order", row.Runbook, section)
			last = at
		}
		head, _, _ := strings.Cut(text, "## Symptom")
		kind, _, _ := strings.Cut(row.Code, "/")
		named := strings.Contains(head, "`"+row.Code+"`") || strings.Contains(head, "`"+kind+"/*`") || strings.Contains(head, "unknown numbers of the router") || strings.Contains(head, "every code without a row")
		require.True(t, named, "%s.md does not name %s", row.Runbook, row.Code)
		seen[row.Runbook] = true
	}
	require.Greater(t, len(seen), 60)
}

// TestRunbooks_NameNoCodeThatIsGone finds runbooks of codes that the classification no longer has.
func TestRunbooks_NameNoCodeThatIsGone(t *testing.T) {
	used := map[string]bool{}
	for _, row := range incident.Table() {
		used[row.Runbook] = true
	}
	files, err := os.ReadDir("runbooks")
	require.NoError(t, err)
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".md")
		if strings.HasPrefix(name, "router-") || strings.HasPrefix(name, "store-") || strings.HasPrefix(name, "sender-") || strings.HasPrefix(name, "rpc-") {
			require.True(t, used[name], "runbooks/%s belongs to no code", f.Name())
		}
	}
}
