package web_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/report/sheet"
	"github.com/meteora-fee-router/feeops/internal/web"
)

// shelf is a directory of reports with what else may lie in one.
func shelf(t *testing.T) string {
	t.Helper()
	outside := filepath.Join(t.TempDir(), "secret.html")
	require.NoError(t, os.WriteFile(outside, []byte("a secret"), 0o600))
	dir := t.TempDir()
	for _, name := range []string{"daily-2026-03-02", "weekly-2026-03-02"} {
		_, err := sheet.Save(dir, name, []sheet.File{
			{Ext: "md", Body: []byte("# " + hostile)},
			{Ext: "html", Body: []byte("<!doctype html><style>p{}</style><p>" + name + "</p><script>alert(1)</script>")},
			{Ext: "csv", Body: []byte("a,b")},
			{Ext: "json", Body: []byte("{}")},
		})
		require.NoError(t, err)
	}
	require.NoError(t, os.Chtimes(filepath.Join(dir, "weekly-2026-03-02.md"), noon.AddDate(1, 0, 0), noon.AddDate(1, 0, 0)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "payer.key"), []byte("a secret"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".html"), []byte("a secret"), 0o600))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "link.html")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "dir.html"), 0o700))
	return dir
}

func TestReports_AreListedNewestFirstWithTheirFiles(t *testing.T) {
	dir := shelf(t)
	b := newBench(t, func(p *web.Params) { p.Shelf = web.Folder{Dir: dir} })
	page := b.visitor().shows("/reports")
	require.Less(t, strings.Index(page, "weekly-2026-03-02"), strings.Index(page, "daily-2026-03-02"))
	require.Contains(t, page, `href="/reports/daily-2026-03-02.html"`)
	require.Contains(t, words(t, page), stampOf(noon.AddDate(1, 0, 0)))
	for _, none := range []string{"payer", "link.html", "dir.html", `"/reports/.`} {
		require.NotContains(t, page, none)
	}
	empty := newBench(t, func(p *web.Params) { p.Shelf = web.Folder{Dir: filepath.Join(dir, "not-yet")} })
	require.Contains(t, words(t, empty.visitor().shows("/reports")), "No report was saved yet")
}

func stampOf(at time.Time) string { return at.Format(time.DateTime) + " UTC" }

func TestReports_AFileIsShutOffFromThePage(t *testing.T) {
	dir := shelf(t)
	b := newBench(t, func(p *web.Params) { p.Shelf = web.Folder{Dir: dir} })
	get := func(name string) (int, http.Header, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/reports/"+name, nil)
		require.NoError(t, err)
		return b.visitor().do(r)
	}
	code, h, body := get("daily-2026-03-02.html")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, body, "daily-2026-03-02")
	policy := h.Get("Content-Security-Policy")
	require.Contains(t, policy, "sandbox allow-popups;", "it has another origin than the page, and runs nothing")
	require.NotContains(t, policy, "allow-scripts")
	require.Contains(t, policy, "style-src 'sha256-", "its own style alone")
	for name, kind := range map[string]string{"daily-2026-03-02.md": "text/plain; charset=utf-8", "daily-2026-03-02.csv": "text/plain; charset=utf-8", "daily-2026-03-02.json": "application/json"} {
		code, h, _ := get(name)
		require.Equal(t, http.StatusOK, code)
		require.Equal(t, kind, h.Get("Content-Type"), "no browser takes it for a page")
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
	}
	for _, name := range []string{"payer.key", "link.html", "dir.html", ".html", "%2e%2e%2fsecret.html", "..%2f..%2fetc%2fpasswd", "daily-2026-03-02.html%00", "none.md"} {
		code, _, body := get(name)
		require.Equal(t, http.StatusNotFound, code, name)
		require.NotContains(t, body, "a secret", name)
	}
}

func TestReports_ARealSheetKeepsItsStyle(t *testing.T) {
	dir := t.TempDir()
	files, err := sheet.RenderAll(sample{}, []string{"html"})
	require.NoError(t, err)
	_, err = sheet.Save(dir, "sample", files)
	require.NoError(t, err)
	b := newBench(t, func(p *web.Params) { p.Shelf = web.Folder{Dir: dir} })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/reports/sample.html", nil)
	require.NoError(t, err)
	_, h, body := b.visitor().do(r)
	require.Equal(t, 1, strings.Count(body, "<style>"), "there is one style to let in")
	require.Contains(t, h.Get("Content-Security-Policy"), "style-src 'sha256-")
}

// sample is a report with a text that wants to be markup.
type sample struct{}

func (sample) Sheet() sheet.Sheet {
	return sheet.Sheet{Title: hostile, Sections: []sheet.Section{{Title: "Part", Text: []string{hostile}}}}
}
