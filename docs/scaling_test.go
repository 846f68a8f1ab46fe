package docs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/bench"
)

var measured = regexp.MustCompile(`(?s)<!-- measured ([a-z0-9-]+) ([a-z]+) -->\n(.*?)<!-- end -->`)

// TestScaling_ItsTablesAreThoseOfASavedRun holds every table of scaling.md against the run that it names, so that no figure
// can be written by hand. After a new run: go test ./docs -run TestScaling -update.
func TestScaling_ItsTablesAreThoseOfASavedRun(t *testing.T) {
	text := read(t, "scaling.md")
	found := 0
	want := measured.ReplaceAllStringFunc(text, func(block string) string {
		found++
		m := measured.FindStringSubmatch(block)
		return "<!-- measured " + m[1] + " " + m[2] + " -->\n" + measuredText(t, m[1], m[2]) + "<!-- end -->"
	})
	require.Greater(t, found, 5)
	if *update {
		require.NoError(t, os.WriteFile("scaling.md", []byte(want), 0o644))
		return
	}
	require.Equal(t, want, text, "write it anew: go test ./docs -run TestScaling -update")
}

// measuredText is one table of a saved run, or with "about" where it was measured.
func measuredText(t *testing.T, run, name string) string {
	t.Helper()
	var r bench.Result
	require.NoError(t, json.Unmarshal([]byte(read(t, filepath.Join("bench", run+".json"))), &r))
	require.True(t, r.OK, "%s has days that were not complete", run)
	if name == "about" {
		return strings.ReplaceAll(r.About(), "\n", "\n\n") + "\n"
	}
	for _, table := range r.Tables() {
		if table.Name == name {
			return "\n" + table.Markdown() + "\n"
		}
	}
	require.FailNow(t, "no such table", "%s of %s", name, run)
	return ""
}
