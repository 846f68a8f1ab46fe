package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	tableRow = regexp.MustCompile(`(?m)^\| ([A-Z]{1,2}(?:-[A-Z])?\d+) \|(.*)\|$`)
	codeSpan = regexp.MustCompile("`([^`]+)`")
	place    = regexp.MustCompile(`^([a-z./_-]+\.[a-z]+)(?::([A-Za-z0-9_]+))?$`)
)

// TestCoverage_EveryRowStandsInTheTable compares coverage.md with the list of the requirements' rows.
func TestCoverage_EveryRowStandsInTheTable(t *testing.T) {
	want := strings.Fields(read(t, filepath.Join("testdata", "rows.txt")))
	var got []string
	require.Greater(t, len(want), 200)
	for _, m := range tableRow.FindAllStringSubmatch(read(t, "coverage.md"), -1) {
		got = append(got, m[1])
		require.Len(t, strings.Split(m[2], "|"), 4, "row %s has a name, code, tests and command", m[1])
	}
	require.Equal(t, want, got, "each row once, in the order of the requirements")
}

// TestCoverage_NamedCodeExists looks up every file:name of coverage.md and the architecture.
func TestCoverage_NamedCodeExists(t *testing.T) {
	found := 0
	for _, m := range codeSpan.FindAllStringSubmatch(read(t, "coverage.md"), -1) {
		at := place.FindStringSubmatch(m[1])
		if at == nil || !strings.Contains(at[1], "/") {
			continue
		}
		_, err := os.Stat(filepath.Join(root, at[1]))
		require.NoError(t, err)
		if at[2] != "" {
			require.True(t, declares(t, at[1], at[2]), "%s declares no %s", at[1], at[2])
		}
		found++
	}
	require.Greater(t, found, 60)
}

// TestCoverage_TheSentenceCountsTheRows keeps the headline from promising more than the table.
func TestCoverage_TheSentenceCountsTheRows(t *testing.T) {
	text, part, notYet := read(t, "coverage.md"), 0, 0
	rows := tableRow.FindAllStringSubmatch(text, -1)
	for _, m := range rows {
		switch code := strings.TrimSpace(strings.Split(m[2], "|")[1]); {
		case code == "not yet":
			notYet++
		case strings.Contains(code, "part:"):
			part++
		}
	}
	sentence := fmt.Sprintf("Of %d rows %d are done, %d in part, %d not yet.", len(rows), len(rows)-part-notYet, part, notYet)
	require.True(t, strings.Contains(text, sentence), "want: %s", sentence) // The whole page as an error's text helps nobody.
}

// TestCoverage_ARowThatIsDoneNamesItsTest keeps a row from claiming code that nothing shows.
func TestCoverage_ARowThatIsDoneNamesItsTest(t *testing.T) {
	for _, m := range tableRow.FindAllStringSubmatch(read(t, "coverage.md"), -1) {
		cells := strings.Split(m[2], "|")
		notYet := strings.TrimSpace(cells[1]) == "not yet"
		if !notYet && !strings.Contains(cells[1], "part:") {
			require.Regexp(t, `(Test|Fuzz)[A-Z]|testdata/script/`, cells[2], "row %s names code and no test", m[1])
		}
	}
}
