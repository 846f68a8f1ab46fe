package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/httpguard"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/internal/web"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const (
	annToken = "ann-ann-ann-ann-ann-ann-ann"
	bobToken = "bob-bob-bob-bob-bob-bob-bob"
	day      = domain.Day("2026-03-02")
)

// hostile is what somebody calls his vault, or writes into a reason, who wants the page to do something.
const hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\n\u202egnp.exe"

var usdc = domain.Token{Mint: "EPjFWdd5AufqSSqeM2qNzxzGiuWuG6sPNCyWkCzPvaN", Symbol: "USDC", Decimals: 6}

// deeds keep what was asked of them.
type deeds struct {
	mu   sync.Mutex
	done []string
	fail error
}

func (d *deeds) do(what string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		return "", d.fail
	}
	d.done = append(d.done, what)
	return "it was done: " + what, nil
}

func (d *deeds) list() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.done)
}

func (d *deeds) AcknowledgeAlert(_ context.Context, episode, actor string) (string, error) {
	return d.do("ack " + episode + " by " + actor)
}

func (d *deeds) AcknowledgeIncident(_ context.Context, id, actor string) (string, error) {
	return d.do("hold " + id + " by " + actor)
}

func (d *deeds) Mute(_ context.Context, o web.MuteOrder) (string, error) {
	return d.do(fmt.Sprintf("mute %q %q for %s by %s because %s", o.Vault, o.Alert, o.For, o.Actor, o.Reason))
}

func (d *deeds) Pause(_ context.Context, vault, reason, actor string) (string, error) {
	return d.do("pause " + vault + " by " + actor + " because " + reason)
}

func (d *deeds) Stop(_ context.Context, reason, actor string) (string, error) {
	return d.do("stop by " + actor + " because " + reason)
}

// roles refuse what they name.
type roles map[string]string // By operator and action.

func (r roles) May(operator, action string) error {
	if why := r[operator+" "+action]; why != "" {
		return errors.New(why)
	}
	return nil
}

// links lead to where tests can see them.
type links struct{}

func (links) VaultRun(vault, run string) string {
	return "http://temporal.test/runs/" + url.PathEscape(vault) + "/" + run
}
func (links) IncidentRun(id string) string        { return "http://temporal.test/incidents/" + id }
func (links) Address(address string) string       { return "http://explorer.test/address/" + address }
func (links) Transaction(signature string) string { return "http://explorer.test/tx/" + signature }
func (links) Runbook(name string) string          { return "http://runbooks.test/" + name }

// records can refuse entries of the audit log.
type records struct {
	*store.Store

	full bool
}

func (r *records) Audit(ctx context.Context, e store.AuditEntry) error {
	if r.full {
		return errors.New("the disk is full")
	}
	return r.Store.Audit(ctx, e) //nolint:wrapcheck // A fake adds nothing.
}

// bench is a page with everything around it.
type bench struct {
	t     testing.TB
	store *records
	deeds *deeds
	roles roles
	clock atomic.Int64 // Unix nanoseconds: the server reads it while tests turn it.
	log   *strings.Builder
	url   string

	server *httptest.Server
}

// newBench serves a page over a store of its own. change alters it before it is made.
func newBench(t testing.TB, change func(*web.Params)) *bench {
	t.Helper()
	db, err := store.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() }) // Some tests have closed it.
	b := &bench{t: t, store: &records{Store: db}, deeds: &deeds{}, roles: roles{}, log: &strings.Builder{}}
	b.turn(noon)
	nonces := 0
	p := web.Params{
		Store: b.store, Deeds: b.deeds, Authorizer: b.roles, Links: links{}, Session: time.Hour, Stale: 3 * time.Minute, Network: "devnet", Version: "test",
		Vaults: []web.Vault{
			{ID: "alpha", Name: "First vault", Address: "A1phaVau1tAddress11111111111111111111111111", Team: "north", Enabled: true},
			{ID: "beta", Enabled: true},
			{ID: hostile, Name: hostile, Team: hostile, Enabled: true},
			{ID: "asleep"},
		},
		Alerts: map[string]string{"payer_low": "Fee payer is running low", "deadline_2h": "Day ends in two hours"},
		Tokens: []web.Token{{Operator: "ann", Secret: annToken}, {Operator: "bob", Secret: bobToken}},
		Now:    b.now,
		Nonce:  func() string { nonces++; return fmt.Sprint("n", nonces) },
		Log:    slog.New(slog.NewTextHandler(b.log, nil)),
	}
	if change != nil {
		change(&p)
	}
	page, err := web.New(p)
	require.NoError(t, err)
	guarded, err := httpguard.Handler(page, httpguard.Options{Loopback: true}) // As the worker has it.
	require.NoError(t, err)
	b.server = httptest.NewServer(guarded)
	t.Cleanup(b.server.Close)
	b.url = b.server.URL
	return b
}

func (b *bench) now() time.Time { return time.Unix(0, b.clock.Load()).UTC() }

// turn sets the page's clock.
func (b *bench) turn(to time.Time) { b.clock.Store(to.UnixNano()) }

// visitor is a browser without scripts.
type visitor struct {
	b      *bench
	client *http.Client
}

func (b *bench) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	require.NoError(b.t, err)
	return &visitor{b, &http.Client{Jar: jar}}
}

// signedIn is a visitor who has given a token.
func (b *bench) signedIn(token string) *visitor {
	b.t.Helper()
	v := b.visitor()
	code, _ := v.post("/sign-in", url.Values{"token": {token}})
	require.Equal(b.t, http.StatusOK, code)
	return v
}

func (v *visitor) do(r *http.Request) (int, http.Header, string) {
	v.b.t.Helper()
	answer, err := v.client.Do(r)
	require.NoError(v.b.t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(v.b.t, errors.Join(err, answer.Body.Close()))
	return answer.StatusCode, answer.Header, string(body)
}

func (v *visitor) get(path string) (int, string) {
	v.b.t.Helper()
	r, err := http.NewRequestWithContext(v.b.t.Context(), http.MethodGet, v.b.url+path, nil)
	require.NoError(v.b.t, err)
	code, _, body := v.do(r)
	return code, body
}

// shows gets a page that must be there.
func (v *visitor) shows(path string) string {
	v.b.t.Helper()
	code, body := v.get(path)
	require.Equal(v.b.t, http.StatusOK, code, body)
	return body
}

func (v *visitor) post(path string, form url.Values, headers ...string) (int, string) {
	v.b.t.Helper()
	r, err := http.NewRequestWithContext(v.b.t.Context(), http.MethodPost, v.b.url+path, strings.NewReader(form.Encode()))
	require.NoError(v.b.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	code, _, body := v.do(r)
	return code, body
}

var formKey = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// form is what the page's own forms send, with the fields given.
func (v *visitor) form(fields ...string) url.Values {
	v.b.t.Helper()
	m := formKey.FindStringSubmatch(v.shows("/"))
	require.NotNil(v.b.t, m, "the page has a form for those who signed in")
	out := url.Values{"csrf": {m[1]}}
	for i := 0; i+1 < len(fields); i += 2 {
		out.Set(fields[i], fields[i+1])
	}
	return out
}

// audited are the entries of the audit log that the page wrote, oldest first.
func (b *bench) audited() []string {
	b.t.Helper()
	entries, err := b.store.AuditLog(context.WithoutCancel(b.t.Context()), 0, 1_000)
	require.NoError(b.t, err)
	var out []string
	for _, e := range entries {
		if strings.HasPrefix(e.Action, "web.") {
			out = append(out, strings.Join([]string{e.Actor, e.Action, e.Subject, e.Detail}, " | "))
		}
	}
	return out
}
