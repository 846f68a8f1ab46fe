package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Shelf is where saved reports lie.
type Shelf interface {
	// Saved lists the reports, newest first.
	Saved(ctx context.Context) ([]Saved, error)
	// Read gives a file that Saved names; fs.ErrNotExist for any other.
	Read(ctx context.Context, name string) ([]byte, error)
}

// Saved is one report with its files.
type Saved struct {
	Name  string // Without extension.
	At    time.Time
	Files []SavedFile
}

// SavedFile is one format of a report.
type SavedFile struct {
	Name  string // Of the file.
	Ext   string // Without dot.
	Bytes int64
}

const reportRows = 100

// reportsView is the list of saved reports.
type reportsView struct {
	Rows  []Saved
	Pager pager
	Kept  bool // This worker knows where reports lie.
}

func (s *server) reports(r *http.Request, _ glance) (view, error) {
	v := reportsView{Kept: s.Shelf != nil}
	if v.Kept {
		all, err := s.Shelf.Saved(r.Context())
		if err != nil {
			return view{}, unreadable("the saved reports", err)
		}
		from, to, p := cut(r.URL, len(all), reportRows)
		v.Rows, v.Pager = all[from:to], p
	}
	return view{name: "reports", title: "Reports", nav: "reports", body: v}, nil
}

// reportTypes are what a browser is told of a report's file. Markdown and CSV are shown as text.
var reportTypes = map[string]string{
	"html": "text/html; charset=utf-8", "md": "text/plain; charset=utf-8", "csv": "text/plain; charset=utf-8", "json": "application/json",
}

// reportFile gives one file. A report's page is shut off from ours: it may neither run a script nor act in our name.
func (s *server) reportFile(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	name := r.PathValue("file")
	var body []byte
	err := fs.ErrNotExist
	_, ext, _ := strings.Cut(name, ".")
	kind, known := reportTypes[ext]
	if s.Shelf != nil && known {
		body, err = s.Shelf.Read(ctx, name)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.fail(w, r, glance{}, fmt.Errorf("%q: %w", name, errNoReport))
		return
	case err != nil:
		s.fail(w, r, glance{}, unreadable("report "+name, err))
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Security-Policy", "sandbox allow-popups; default-src 'none'; style-src "+styleOf(body)+"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // A reader that hangs up gets nothing, and nothing is lost.
}

// styleOf lets a report's own style in, by its hash, and none that somebody put into it as an attribute.
func styleOf(page []byte) string {
	_, rest, ok := strings.Cut(string(page), "<style>")
	style, _, ended := strings.Cut(rest, "</style>")
	if !ok || !ended {
		return "'none'"
	}
	sum := sha256.Sum256([]byte(style))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
