package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

//go:embed page/*.html
var pageFiles embed.FS

// view is a page before it is drawn.
type view struct {
	name   string // Of the template, without .html.
	title  string
	nav    string // Entry of the navigation that it belongs to.
	vault  string // That it is about; empty: no single one.
	live   bool   // Drawn anew while it stands open.
	status int    // 0 is 200.
	body   any
}

// frame is what the layout draws around a page.
type frame struct {
	view

	Title, Nav, Network, Version string
	Live                         bool
	Now                          time.Time
	Sampled                      time.Time
	Age, StaleAfter              int64 // Seconds.
	Stale                        bool  // The newest look is too old.
	Flags                        []domain.SafetyFlag
	MoreFlags                    int
	Alerts                       int // Open ones.
	Worst                        domain.Severity
	Reports, CanSignIn           bool
	Person                       *person
	Body                         any
}

var (
	errNoPage     = errors.New("there is no such page")
	errNoVault    = errors.New("there is no such vault in the settings of this worker")
	errNoIncident = errors.New("there is no such incident")
	errNoReport   = errors.New("there is no such report")
)

// loadPages parses every page with the layout. A mistake in one is found at the start.
func (s *server) loadPages() (map[string]*template.Template, error) {
	layout, err := template.New("layout.html").Funcs(s.funcs()).ParseFS(pageFiles, "page/layout.html", "page/parts.html")
	if err != nil {
		return nil, fmt.Errorf("parse the page's layout: %w", err)
	}
	out := map[string]*template.Template{}
	for _, name := range []string{"fleet", "vault", "alerts", "incidents", "incident", "reports", "audit", "stop", "signin", "message"} {
		one, err := layout.Clone()
		if err == nil {
			one, err = one.ParseFS(pageFiles, "page/"+name+".html")
		}
		if err != nil {
			return nil, fmt.Errorf("parse page %s: %w", name, err)
		}
		out[name] = one
	}
	return out, nil
}

// page makes a handler of what shows a page.
func (s *server) page(show func(*http.Request, glance) (view, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
		defer cancel()
		r = r.WithContext(ctx)
		g, err := s.reader.read(ctx)
		if err != nil {
			s.fail(w, r, glance{}, err)
			return
		}
		v, err := show(r, g)
		if err != nil {
			s.fail(w, r, g, err)
			return
		}
		s.draw(w, r, g, v)
	})
}

// fail says what could not be shown. Nothing of a page whose figures are missing is drawn.
func (s *server) fail(w http.ResponseWriter, r *http.Request, g glance, err error) {
	for _, absent := range []error{errNoPage, errNoVault, errNoIncident, errNoReport} {
		if errors.Is(err, absent) {
			s.draw(w, r, g, view{name: "message", title: "Not found", status: http.StatusNotFound, body: message{
				Tone: toneCalm, Title: "Not found", Text: sentence(err.Error()), Next: "Vaults are listed on the fleet page, with those that need somebody first.", Back: "/", BackText: "Fleet",
			}})
			return
		}
	}
	s.Log.Error("a page could not be shown", "path", r.URL.Path, "error", err)
	s.draw(w, r, g, view{name: "message", title: "Not readable", status: http.StatusServiceUnavailable, body: message{
		Tone: toneBad, Title: "This page cannot be shown now", Text: sentence(err.Error()),
		Next: "Nothing is known, which is not the same as nothing being wrong. feeops doctor says what keeps the store from answering.", Back: r.URL.RequestURI(), BackText: "Try again",
	}})
}

// draw writes a page whole, or not at all.
func (s *server) draw(w http.ResponseWriter, r *http.Request, g glance, v view) {
	now := s.Now().UTC()
	f := frame{
		view: v, Title: v.title, Nav: v.nav, Live: v.live, Body: v.body, Network: s.Network, Version: s.Version, Now: now,
		Sampled: g.tick.Fleet.At, StaleAfter: int64(s.Stale / time.Second), Reports: s.Shelf != nil, CanSignIn: len(s.Tokens) > 0, Person: s.personOf(r),
	}
	f.Flags, f.MoreFlags = flagsOf(g.flags, v.vault)
	f.Stale = f.Sampled.IsZero() || now.Sub(f.Sampled) > s.Stale
	f.Age = seconds(now.Sub(f.Sampled))
	for _, e := range g.episodes {
		if e.Active() && !e.IsGroup() {
			f.Alerts++
			if e.Severity.Rank() > f.Worst.Rank() {
				f.Worst = e.Severity
			}
		}
	}
	var b bytes.Buffer
	if err := s.pages[v.name].Execute(&b, f); err != nil {
		s.Log.Error("a page could not be drawn", "page", v.name, "error", err)
		http.Error(w, "the page could not be drawn; the worker's log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if v.status != 0 {
		w.WriteHeader(v.status)
	}
	_, _ = w.Write(harmless(b.Bytes())) // A reader that hangs up gets nothing, and nothing is lost.
}

// mostFlags is how many vaults' flags stand above a page that is about no single one.
const mostFlags = 5

// flagsOf are the flags that hold for all and those of the vault, or the first of any vault with the number of the others.
func flagsOf(all []domain.SafetyFlag, vault string) (shown []domain.SafetyFlag, more int) {
	var single []domain.SafetyFlag
	for _, f := range all {
		switch {
		case f.Vault == "":
			shown = append(shown, f)
		case vault == "" || f.Vault == vault:
			single = append(single, f)
		}
	}
	n := min(mostFlags, len(single))
	return append(shown, single[:n]...), len(single) - n
}

// harmless replaces what could make text look like another: control characters, and marks that change the direction of
// writing. They come in with names and errors from elsewhere, and no template has to think of them.
func harmless(b []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return unicode.ReplacementChar
		}
		return r
	}, b)
}

// sentence makes an error's text one.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	out := string(unicode.ToUpper(first)) + text[size:]
	if strings.HasSuffix(out, ".") {
		return out
	}
	return out + "."
}

// seconds are whole and not negative: a clock that was set back makes nothing younger than now.
func seconds(d time.Duration) int64 { return max(0, int64(d/time.Second)) }
