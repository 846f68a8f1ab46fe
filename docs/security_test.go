package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestThreatModel_EveryThreatNamesWhatShowsItsControl holds the table of security.md against the tests: each row has a
// threat, a control and at least one test, script or check that exists.
func TestThreatModel_EveryThreatNamesWhatShowsItsControl(t *testing.T) {
	_, table, ok := strings.Cut(read(t, "security.md"), "| Threat | Control | Test |\n|---|---|---|\n")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "\n\n")
	known := tests(t)
	path := regexp.MustCompile(`^[a-z./_-]+/[a-z./_-]+$`)
	rows := strings.Split(strings.TrimSpace(table), "\n")
	require.Greater(t, len(rows), 20)
	for _, row := range rows {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		require.Len(t, cells, 3, row)
		spans := codeSpan.FindAllStringSubmatch(cells[2], -1)
		require.NotEmpty(t, spans, "nothing shows the control: %s", row)
		for _, m := range spans {
			if path.MatchString(m[1]) {
				_, err := os.Stat(filepath.Join(root, m[1]))
				require.NoError(t, err)
				continue
			}
			require.True(t, known[m[1]], "%s is no test", m[1])
		}
	}
}
