package e2e

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
)

// browser is somebody before the worker's page.
type browser struct {
	w      *world
	base   string
	client *http.Client
	form   string // What the page puts into its forms.
}

// pages lets a world's worker serve its page at a known address, for joe, who runs the day, and vic, who looks.
func pages(w *world) string {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(w.t, err)
	w.settings.Worker.Listen = l.Addr().String()
	require.NoError(w.t, l.Close())
	w.settings.Operators = append(w.settings.Operators, config.Operator{Name: "vic", Roles: []string{"viewer"}})
	for _, name := range []string{"joe", "vic"} {
		w.settings.Worker.Web.Tokens = append(w.settings.Worker.Web.Tokens, config.WebToken{Operator: name, Token: config.NewSecret(tokenOf(name))})
	}
	return "http://" + w.settings.Worker.Listen
}

func tokenOf(name string) string { return strings.Repeat(name, 10) }

func (b *browser) read(answer *http.Response, err error) (int, string) {
	b.w.t.Helper()
	require.NoError(b.w.t, err)
	body, err := io.ReadAll(answer.Body)
	require.NoError(b.w.t, errors.Join(err, answer.Body.Close()))
	return answer.StatusCode, string(body)
}

func (b *browser) get(path string) string {
	b.w.t.Helper()
	code, body := b.read(b.client.Get(b.base + path))
	require.Equal(b.w.t, http.StatusOK, code, body)
	return body
}

func (b *browser) press(path string, fields url.Values) (int, string) {
	b.w.t.Helper()
	fields.Set("csrf", b.form)
	return b.read(b.client.PostForm(b.base+path, fields))
}

func signIn(w *world, base, name string) *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	b := &browser{w: w, base: base, client: &http.Client{Jar: jar, Timeout: patient}}
	code, body := b.press("/sign-in", url.Values{"token": {tokenOf(name)}})
	require.Equal(w.t, http.StatusOK, code, body)
	m := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(body)
	require.NotNil(w.t, m)
	b.form = m[1]
	return b
}

// TestPage_AnOperatorHoldsAndStopsARealDayAndSeesItPaid presses the page's buttons while a day is paid.
func TestPage_AnOperatorHoldsAndStopsARealDayAndSeesItPaid(t *testing.T) {
	t.Parallel()
	w := newChain(t, specs(localnet.VaultSpec{Investors: 24}), pageSize(3), with(slowly), with(people))
	base := pages(w)
	w.startWorker()
	w.safetyState()
	joe, vic := signIn(w, base, "joe"), signIn(w, base, "vic")
	vault := "/vaults/" + w.slug("v")
	code, body := joe.press("/actions/pause", url.Values{"vault": {w.slug("v")}, "reason": {"too early"}})
	require.Equal(t, http.StatusConflict, code)
	require.Contains(t, body, "so there is nothing to pause")

	before := w.ledger("v")
	run := w.start("v")
	w.cursor("v", 3)
	code, body = vic.press("/actions/pause", url.Values{"vault": {w.slug("v")}, "reason": {"I may not"}})
	require.Equal(t, http.StatusForbidden, code)
	require.Contains(t, body, "Vic may look and do nothing")
	code, body = joe.press("/actions/pause", url.Values{"vault": {w.slug("v")}, "reason": {"look at a page"}})
	require.Equal(t, http.StatusOK, code, body)
	w.state(run, domain.Paused)
	held := w.chainCursor("v")
	w.slots(20)
	require.Equal(t, held, w.chainCursor("v"), "no page is turned while it waits")
	require.Contains(t, vic.get(vault), "of 8 pages turned", "everybody sees how far it is")

	code, body = joe.press("/actions/stop", url.Values{"reason": {"strange payouts"}, "sure": {"yes"}})
	require.Equal(t, http.StatusOK, code, body)
	require.Contains(t, body, "the flag is up and the safety switch knows")
	report := w.end(run)
	require.Equal(t, domain.Stopped, report.State)
	require.Contains(t, report.Reason, "joe: strange payouts")
	require.Contains(t, vic.get("/"), "Everything is stopped")

	w.resume()
	w.audited("v", before, w.pay("v"))
	page := vic.get(vault)
	require.NotContains(t, page, "Everything is stopped")
	require.Equal(t, 24, strings.Count(page, `data-name="Recipient"`), "every payout is listed")

	log, err := w.store().AuditLog(context.Background(), 0, 1000)
	require.NoError(t, err)
	var done []string
	for _, e := range log {
		if strings.HasPrefix(e.Action, "web.") && !strings.HasPrefix(e.Action, "web.sign_in") {
			done = append(done, e.Actor+" "+e.Action+" "+e.Detail)
		}
	}
	require.Equal(t, []string{
		"joe web.pause too early", "joe web.pause.failed Nothing was done: No run of " + w.slug("v") + " is under way, so there is nothing to pause.",
		"vic web.pause.refused vic may look and do nothing: that takes the role operator, approver or admin", "joe web.pause look at a page", "joe web.stop strange payouts",
	}, done)
}
