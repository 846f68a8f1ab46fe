package sheet_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

func TestE07_AReportIsNeverReplacedAndItsFormatsShareAVersion(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there")
	files := func(text string, ext ...string) []sheet.File {
		var out []sheet.File
		for _, e := range ext {
			out = append(out, sheet.File{Ext: e, Body: []byte(text)})
		}
		return out
	}
	paths, err := sheet.Save(dir, "daily-report-2026-11-23", files("one", "md", "csv"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "daily-report-2026-11-23.md"), filepath.Join(dir, "daily-report-2026-11-23.csv")}, paths)
	paths, err = sheet.Save(dir, "daily-report-2026-11-23", files("two", "html", "csv"))
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "daily-report-2026-11-23-v2.html"), filepath.Join(dir, "daily-report-2026-11-23-v2.csv")}, paths)
	first, err := os.ReadFile(filepath.Join(dir, "daily-report-2026-11-23.csv"))
	require.NoError(t, err)
	require.Equal(t, "one", string(first))
	require.NoFileExists(t, filepath.Join(dir, "daily-report-2026-11-23.html"), "half a version was taken back")
	for name, mode := range map[string]os.FileMode{dir: 0o700, paths[0]: 0o600} {
		info, err := os.Stat(name)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), name)
	}
}

func TestE07_ManyWritersOfOneReportEachKeepTheirOwn(t *testing.T) {
	dir := t.TempDir()
	const writers = 12
	var wg sync.WaitGroup
	errs := make([]error, writers)
	for i := range writers {
		wg.Go(func() {
			body := []byte(strings.Repeat(fmt.Sprint(i, "\n"), 1_000))
			_, errs[i] = sheet.Save(dir, "r", []sheet.File{{Ext: "md", Body: body}, {Ext: "csv", Body: body}})
		})
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	found, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, found, 2*writers, "no leftovers, none lost")
	seen := map[string]string{}
	for _, f := range found {
		body, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		line, _, _ := strings.Cut(string(body), "\n")
		require.Equal(t, strings.Repeat(line+"\n", 1_000), string(body), "a whole file")
		name := strings.TrimSuffix(f.Name(), filepath.Ext(f.Name()))
		if other, ok := seen[name]; ok {
			require.Equal(t, other, line, "the formats of one version are of one report")
		}
		seen[name] = line
	}
}

func TestE07_ADirectoryThatCannotBeMadeIsSaid(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := sheet.Save(filepath.Join(file, "reports"), "r", nil)
	require.ErrorContains(t, err, "reports.dir")
	for _, name := range []string{"", ".", "..", "a/b", "../r"} {
		_, err := sheet.Save(t.TempDir(), name, nil)
		require.ErrorContains(t, err, "must be a file name", name)
	}
}
