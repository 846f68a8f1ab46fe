package web

import (
	"context"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Store is what the pages read, and where deeds are recorded.
type Store interface {
	LatestTick(ctx context.Context) (domain.FleetTick, bool, error)
	Episodes(ctx context.Context, since time.Time) ([]domain.Episode, error)
	Mutes(ctx context.Context, since time.Time) ([]domain.Mute, error)
	AlertEvents(ctx context.Context, from, to time.Time) ([]domain.AlertEvent, error)
	AllSafety(ctx context.Context) ([]domain.SafetyFlag, error)
	LatestManifest(ctx context.Context, vault string) (domain.Manifest, bool, error)
	Manifest(ctx context.Context, vault string, day domain.Day) (domain.Manifest, bool, error)
	Outcomes(ctx context.Context, vault string, day domain.Day) ([]domain.Outcome, error)
	Checks(ctx context.Context, vault string, day domain.Day) (domain.Checks, error)
	Pages(ctx context.Context, vault string, day domain.Day) ([]domain.PageResult, error)
	Report(ctx context.Context, vault string, day domain.Day) (domain.DayReport, bool, error)
	Reports(ctx context.Context, vault string, limit int) ([]domain.DayReport, error)
	Incidents(ctx context.Context, f store.IncidentFilter) ([]domain.Incident, error)
	Incident(ctx context.Context, id string) (domain.Incident, bool, error)
	IncidentEpisodes(ctx context.Context, i domain.Incident) ([]domain.Episode, error)
	AuditTail(ctx context.Context, before int64, limit int) ([]store.AuditEntry, error)
	Audit(ctx context.Context, e store.AuditEntry) error
}

// Links lead out of the page. An empty one is not known.
type Links interface {
	VaultRun(vault, run string) string // A vault's run in the Temporal UI; without a run the newest.
	IncidentRun(id string) string
	Address(address string) string // In an explorer of the chain.
	Transaction(signature string) string
	Runbook(name string) string // Where docs/runbooks can be read.
}

// Vault is a vault of the settings.
type Vault struct {
	ID      string
	Name    string // For people; may be empty.
	Address string
	Team    string
	Enabled bool
}

// Token lets a person do something.
type Token struct {
	Operator string
	Secret   string
}

// Params are the page's parts.
type Params struct {
	Store      Store
	Deeds      Deeds
	Authorizer Authorizer
	Shelf      Shelf // Nil: this worker keeps no reports.
	Links      Links
	Vaults     []Vault
	Alerts     map[string]string // Titles of the catalogue by id.
	Tokens     []Token           // None: the page can only be read.
	Session    time.Duration     // How long a sign-in lasts.
	Stale      time.Duration     // Older samples say nothing.
	Network    string
	Version    string
	Now        func() time.Time
	Nonce      func() string // Random text that nobody can guess.
	Log        *slog.Logger
}

// server answers the page's requests.
type server struct {
	Params

	pages  map[string]*template.Template
	assets assets
	reader *reader
	doors  doors
	wrong  *rate.Limiter // Wrong tokens that are written into the audit log.
}

// readTimeout bounds what one page may wait for the store; it ends before the server's own limit.
const readTimeout = 10 * time.Second

// New makes the page. It serves "/" and everything below that nobody else serves, and stands behind httpguard.Handler.
func New(p Params) (http.Handler, error) {
	assets, err := loadAssets()
	if err != nil {
		return nil, err
	}
	s := &server{
		Params: p, assets: assets, reader: &reader{store: p.Store, now: p.Now}, doors: newDoors(p.Tokens, p.Session),
		wrong: rate.NewLimiter(rate.Every(time.Minute), 5),
	}
	if s.pages, err = s.loadPages(); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for pattern, show := range map[string]func(*http.Request, glance) (view, error){
		"/{$}":            s.fleet,
		"/vaults/{id}":    s.vault,
		"/alerts":         s.alerts,
		"/incidents":      s.incidents,
		"/incidents/{id}": s.incident,
		"/reports":        s.reports,
		"/audit":          s.audit,
		"/stop":           s.stopPage,
		"/sign-in":        s.signInPage,
		"/":               func(*http.Request, glance) (view, error) { return view{}, errNoPage },
	} {
		mux.Handle("GET "+pattern, s.page(show))
	}
	for path, h := range map[string]http.Handler{
		"/actions/acknowledge-alert":    s.action(s.acknowledgeAlert),
		"/actions/acknowledge-incident": s.action(s.acknowledgeIncident),
		"/actions/mute":                 s.action(s.mute),
		"/actions/pause":                s.action(s.pause),
		"/actions/stop":                 s.action(s.stop),
		"/sign-out":                     s.bounded(http.HandlerFunc(s.signOut)),
	} {
		mux.Handle("POST "+path, h)
		mux.Handle("GET "+path, s.onlyPost())
	}
	mux.Handle("POST /sign-in", s.bounded(http.HandlerFunc(s.signIn)))
	mux.HandleFunc("GET /reports/{file}", s.reportFile)
	mux.HandleFunc("GET /static/{file}", s.assets.serve)
	return strictly(mux), nil
}

// policy lets the page load from where it came from and nowhere else, and run no script or style that stands in a page.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// strictly gives every answer the page's own policy, which is narrower than that of the worker's server. Its other headers,
// and the refusal of requests that a browser sends for another site, are those of httpguard, which stands before the page.
func strictly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		h.ServeHTTP(w, r)
	})
}

// vaultOf finds a vault of the settings.
func (s *server) vaultOf(id string) (Vault, bool) {
	for _, v := range s.Vaults {
		if v.ID == id {
			return v, true
		}
	}
	return Vault{}, false
}

// unreadable is a page that could not be made because the store did not answer.
func unreadable(what string, err error) error { return fmt.Errorf("%s cannot be read: %w", what, err) }
