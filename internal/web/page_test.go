package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/internal/web"
)

// paths are all pages that can be read.
func paths(incident string) []string {
	return []string{
		"/", "/?state=attention", "/?state=running", "/?q=alp", "/vaults/alpha", "/vaults/alpha?day=2026-03-01", "/vaults/alpha?reason=mismatch", "/vaults/beta", "/vaults/asleep", "/vaults/lost",
		"/vaults/" + url.PathEscape(hostile), "/alerts", "/alerts?hours=744", "/incidents", "/incidents?all=1", "/incidents/" + incident, "/incidents/" + incident + "?check=1", "/reports", "/audit", "/stop", "/sign-in",
	}
}

// words are a page's text as people read it, with one blank between words.
func words(t *testing.T, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
		if n.Data == "noscript" || slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "hidden" }) {
			return
		}
		for child := range n.ChildNodes() {
			walk(child)
		}
	}
	walk(root)
	return strings.Join(strings.Fields(b.String()), " ")
}

func TestPages_EverybodyMayReadAllOfThem(t *testing.T) {
	b, incident := newPlanted(t)
	for _, who := range []*visitor{b.visitor(), b.signedIn(annToken)} {
		for _, path := range paths(incident) {
			t.Run(path, func(t *testing.T) {
				page := who.shows(path)
				require.True(t, strings.HasPrefix(page, "<!doctype html>"))
				require.Contains(t, page, "</html>", "it is whole")
			})
		}
	}
	require.Empty(t, b.log.String(), "and nothing goes wrong on the way")
}

func TestPages_NoHostileTextBecomesMarkup(t *testing.T) {
	b, incident := newPlanted(t)
	known := map[string]bool{}
	for _, path := range paths(incident) {
		page := b.signedIn(annToken).shows(path)
		root, err := html.Parse(strings.NewReader(page))
		require.NoError(t, err)
		for n := range root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			require.NotContains(t, []string{"img", "iframe", "object", "style", "base"}, n.Data, "%s: no page of ours has such an element", path)
			for _, a := range n.Attr {
				require.False(t, strings.HasPrefix(a.Key, "on") || a.Key == "style", "%s: attribute %s", path, a.Key)
				if a.Key == "href" || a.Key == "src" || a.Key == "action" {
					u, err := url.Parse(a.Val)
					require.NoError(t, err)
					require.Contains(t, []string{"", "http", "https"}, u.Scheme, "%s leads to %s", path, a.Val)
				}
			}
			if n.Data == "script" {
				require.Nil(t, n.FirstChild, "%s: no script stands in a page", path)
				known[n.Attr[0].Val] = true
			}
		}
		require.NotContains(t, page, "\u202e", "%s: nothing turns the direction of writing", path)
	}
	require.Len(t, known, 1, "the one script is ours: %v", known)
	require.Contains(t, b.visitor().shows("/"), "&lt;script&gt;alert(1)&lt;/script&gt;", "the name is shown as what it is")
}

func TestPages_LoadNothingFromElsewhere(t *testing.T) {
	b, incident := newPlanted(t)
	for _, path := range paths(incident) {
		root, err := html.Parse(strings.NewReader(b.visitor().shows(path)))
		require.NoError(t, err)
		for n := range root.Descendants() {
			for _, a := range n.Attr {
				if n.Data == "link" && a.Key == "href" || a.Key == "src" {
					require.True(t, strings.HasPrefix(a.Val, "/static/"), "%s loads %s", path, a.Val)
					code, body := b.visitor().get(a.Val)
					require.Equal(t, http.StatusOK, code)
					require.NotRegexp(t, `url\(["']?(https?:)?//|@import`, body, "nor does the style")
				}
			}
		}
	}
}

func TestPages_EveryAnswerHasTheHeaders(t *testing.T) {
	b, incident := newPlanted(t)
	for _, path := range append(paths(incident), "/nothing", "/static/style.css", "/static/nothing", "/actions/stop", "/reports/nothing.html") {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+path, nil)
		require.NoError(t, err)
		_, h, _ := b.visitor().do(r)
		require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.NotContains(t, h.Get("Content-Security-Policy"), "unsafe", path)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		require.Equal(t, "DENY", h.Get("X-Frame-Options"), path)
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"), path)
	}
}

func TestFleet_ShowsWhereEveryVaultStandsAndWhatIsUnknown(t *testing.T) {
	b, _ := newPlanted(t)
	text := words(t, b.visitor().shows("/"))
	for _, part := range []string{
		"4 vaults, 3 of 4 read at the newest look 20s ago", "10 of 40", "68.750019 USDC", "5.000000 USDC", "no account", "unknown",
		"Day ends in two hours", "behind by 200 slots", "used slot 1,234,567", "email broken refused", "discord unknown", "worker-1 asks for work",
		"Of the settings and not looked at: asleep (disabled).", "Backup unknown",
	} {
		require.Contains(t, text, part)
	}
	require.Contains(t, text, "payer.json")
	require.NotContains(t, text, "/secret/place", "where a key lies is nobody's business here")
}

func TestFleet_ListsWhatIsAskedFor(t *testing.T) {
	b, _ := newPlanted(t)
	row := regexp.MustCompile(`<th role="rowheader" scope="row"><a href="/vaults/([^"]+)">`)
	tests := []struct {
		query string
		want  []string
	}{
		{"", []string{"lost", url.PathEscape(hostile), "alpha", "beta"}},
		{"?state=attention", []string{"lost", url.PathEscape(hostile), "alpha"}},
		{"?state=complete", []string{"beta"}},
		{"?state=complete&q=alpha", nil},
		{"?q=ALP", []string{"alpha"}},
		{"?page=99", []string{"lost", url.PathEscape(hostile), "alpha", "beta"}},
		{"?page=-1&state=nonsense", nil},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			var got []string
			for _, m := range row.FindAllStringSubmatch(b.visitor().shows("/"+tt.query), -1) {
				got = append(got, m[1])
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestFleet_AThousandVaultsArePaged(t *testing.T) {
	b := newBench(t, nil)
	tick := domain.FleetTick{Fleet: domain.FleetSample{At: b.now(), Vaults: 1_000, Read: 1_000}}
	for i := range 1_000 {
		tick.Vaults = append(tick.Vaults, look(fmt.Sprintf("v%04d", i), b.now(), domain.NotDue, nil))
	}
	require.NoError(t, b.store.SaveTick(t.Context(), tick))
	first, last := b.visitor().shows("/"), b.visitor().shows("/?page=10")
	require.Contains(t, words(t, first), "1 to 100 of 1,000")
	require.Contains(t, first, `href="/?page=2"`)
	require.Contains(t, words(t, last), "901 to 1,000 of 1,000")
	require.Contains(t, last, "v0999")
	require.Less(t, len(first), 200_000, "bytes of one page")
}

func TestPages_OldFiguresNeverLookFresh(t *testing.T) {
	b, _ := newPlanted(t)
	b.turn(noon.Add(10 * time.Minute))
	for _, path := range []string{"/", "/vaults/alpha"} {
		page := b.visitor().shows(path)
		text := words(t, page)
		require.Contains(t, text, "Old figures: the newest look is 10m old", path)
		require.Contains(t, page, `<html lang="en" class="stale">`)
		require.NotContains(t, text, "▸ running", "a state of then is no state of now: %s", path)
	}
	require.NotContains(t, words(t, b.visitor().shows("/")), "asks for work")
}

func TestPages_WithoutAnyLookSayNoData(t *testing.T) {
	b := newBench(t, nil)
	for path, want := range map[string]string{
		"/": "No data: the watch has not looked yet", "/vaults/alpha": "No data: no day of this vault was planned yet", "/alerts": "Nothing is open that is known of: the newest look is too old to say",
		"/incidents": "No incident is open", "/audit": "Nothing was done yet", "/reports": "This worker keeps no reports",
	} {
		require.Contains(t, words(t, b.visitor().shows(path)), want, path)
	}
}

func TestVault_ShowsItsDayPayoutsAndHistory(t *testing.T) {
	b, incident := newPlanted(t)
	page := b.visitor().shows("/vaults/alpha")
	text := words(t, page)
	for _, part := range []string{
		"First vault", "Team north", "Day 2026-03-02: 10 of 40 investors, 25 %", "Still owed 5.000000 USDC", "Fee payer 2.000000000 SOL", "Day ends in two hours", incident,
		"To investors 0.700000 USDC", "Mismatches 0", "40 slots, 77 RPC requests", "1 of 4 quarantined", "Pages turned on chain: 2", "101 final us", "140 may still be rolled back somebody else",
		"Quarantined streams: 1", "stream closed", "Payouts of 2026-03-02", "below minimum", "0.299999 USDC", "3 days, network fees 0.000045000 SOL",
		"Claimed and paid to investors per day",
	} {
		require.Contains(t, text, part)
	}
	for _, link := range []string{
		"http://temporal.test/runs/alpha/run-1", "http://temporal.test/runs/alpha/run-of-2026-03-02", "http://explorer.test/tx/sig-0", "http://runbooks.test/deadline_2h", "/incidents/" + incident, "/vaults/alpha?day=2026-03-01",
	} {
		require.Contains(t, page, `href="`+link+`"`)
	}
	older := words(t, b.visitor().shows("/vaults/alpha?day=2026-03-01"))
	require.Contains(t, older, "To investors 1.400000 USDC")
	require.NotContains(t, older, "0.299999 USDC", "another day's payouts are not this day's")
	require.Contains(t, older, "No data: the books have no list of this day")
}

func TestVault_ADayUnderWayShowsThePlanAndWhatIsTurned(t *testing.T) {
	b := newBench(t, nil)
	b.plantDays(0)
	require.NoError(t, b.store.SaveOutcomes(t.Context(), "alpha", day, nil))
	text := words(t, b.visitor().shows("/vaults/alpha"))
	for _, part := range []string{"Planned payouts of 2026-03-02", "not reported yet", "forecast: the day is not opened", "2 of 2 pages turned", "page is turned", "not reconciled", "No data: no day of this vault has ended yet"} {
		require.Contains(t, text, part)
	}
}

func TestVault_PayoutsAreFoundByWalletAndReason(t *testing.T) {
	b, _ := newPlanted(t)
	tests := []struct {
		query     string
		has, lack []string
	}{
		{"?investor=recipient222", []string{"Recipi…222222"}, []string{"Recipi…111111"}},
		{"?investor=Stream111", []string{"Recipi…111111"}, []string{"Recipi…222222"}},
		{"?reason=mismatch", []string{"Recipi…222222"}, []string{"Recipi…111111", "Recipi…333333"}},
		{"?reason=mismatch&investor=Stream111", []string{"No payout fits."}, []string{"Recipi…111111"}},
		{"?day=no-day", []string{"Recipi…111111", "Recipi…333333"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			text := words(t, b.visitor().shows("/vaults/alpha"+tt.query))
			for _, part := range tt.has {
				require.Contains(t, text, part)
			}
			for _, part := range tt.lack {
				require.NotContains(t, text, part)
			}
		})
	}
}

func TestIncident_ShowsItsTimelineAndOnlyLinksThatAreSafe(t *testing.T) {
	b, incident := newPlanted(t)
	page := b.visitor().shows("/incidents/" + strings.ToLower(incident))
	text := words(t, page)
	for _, part := range []string{"The day of alpha stands still", "router/6005", "Held by nobody", "1h00m", "opened"} {
		require.Contains(t, text, part)
	}
	require.Contains(t, page, `href="http://temporal.test/incidents/`+incident+`"`)
	require.Contains(t, page, `href="https://chat.test/room"`)
	require.NotContains(t, page, "javascript:")
}

func TestAlerts_ShowWhatIsOpenGravestFirstAndWhatIsOver(t *testing.T) {
	b, _ := newPlanted(t)
	page := b.visitor().shows("/alerts")
	text := words(t, page)
	require.Less(t, strings.Index(text, "alpha/deadline_2h/1"), strings.Index(text, "payer_low/1"))
	for _, part := range []string{"Money that waits or may be lost: 12.345678 USDC", "feeops status alpha", "the payer was filled up", "it opened", "the watch"} {
		require.Contains(t, text, part)
	}
	require.NotContains(t, words(t, b.visitor().shows("/alerts?hours=1")), "the payer was filled up")
	require.NotContains(t, page, "<form", "who is not signed in has no buttons")
}

func TestAlerts_AnAlertAndItsIncidentLeadToEachOther(t *testing.T) {
	b, incident := newPlanted(t)
	e := alert("alpha", "day_lost", domain.SeverityCritical, b.now())
	e.Incident = incident
	require.NoError(t, b.store.SaveWatch(t.Context(), store.WatchChange{Episodes: []domain.Episode{e}}))
	require.Contains(t, b.visitor().shows("/alerts"), `<a href="/incidents/`+incident+`">`+incident+`</a> tells people of it`)
	text := words(t, b.visitor().shows("/incidents/"+incident))
	require.Contains(t, text, "alpha/day_lost/1")
	require.NotContains(t, text, "alpha/deadline_2h/1", "which belongs to none")
}

func TestPages_FlagsStandOnEveryPage(t *testing.T) {
	b := newBench(t, nil)
	b.plantFleet()
	require.NoError(t, b.store.SetSafety(t.Context(), domain.SafetyFlag{Kind: domain.SafetyStop, Reason: "a key was lost", Actor: "ann", At: b.now()}))
	for i := range 9 {
		require.NoError(t, b.store.SetSafety(t.Context(), domain.SafetyFlag{Kind: domain.SafetyIsolate, Vault: fmt.Sprint("v", i), Reason: "r", Actor: "ann", At: b.now()}))
	}
	for _, path := range []string{"/", "/alerts", "/audit", "/vaults/alpha"} {
		require.Contains(t, words(t, b.visitor().shows(path)), "Everything is stopped: a key was lost (ann", path)
	}
	require.Contains(t, words(t, b.visitor().shows("/")), "4 more vaults are stopped, isolated or paused")
	require.NotContains(t, words(t, b.visitor().shows("/vaults/alpha")), "is isolated")
}

func TestPages_WhatIsNotThereIsNotFound(t *testing.T) {
	b, _ := newPlanted(t)
	for _, path := range []string{"/nothing", "/vaults/nobody", "/incidents/INC-20200101-001", "/reports/daily.html", "/reports/..%2f..%2fetc%2fpasswd.html", "/vaults/a%2Fb"} {
		code, body := b.visitor().get(path)
		require.Equal(t, http.StatusNotFound, code, path)
		require.Contains(t, words(t, body), "Not found", path)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, b.url+"/vaults/alpha", nil)
	require.NoError(t, err)
	code, _, _ := b.visitor().do(r)
	require.Equal(t, http.StatusMethodNotAllowed, code)
}

func TestPages_AStoreThatDoesNotAnswerShowsNoFigures(t *testing.T) {
	b, incident := newPlanted(t)
	require.NoError(t, b.store.Close())
	for _, path := range []string{"/", "/vaults/alpha", "/alerts", "/incidents", "/incidents/" + incident, "/audit"} {
		code, body := b.visitor().get(path)
		require.Equal(t, http.StatusServiceUnavailable, code, path)
		text := words(t, body)
		require.Contains(t, text, "Nothing is known, which is not the same as nothing being wrong", path)
		require.NotContains(t, text, "USDC", path)
	}
	require.Contains(t, b.log.String(), "a page could not be shown")
}

// slowStore fails where it is told to.
type slowStore struct {
	web.Store

	fail error
}

func (s slowStore) AuditTail(context.Context, int64, int) ([]store.AuditEntry, error) {
	return nil, s.fail
}

func TestAudit_IsShownFromItsEndAndCanBeTurnedBack(t *testing.T) {
	b := newBench(t, nil)
	for i := range 150 {
		require.NoError(t, b.store.Audit(t.Context(), store.AuditEntry{At: noon, Actor: "ann", Action: "test", Subject: fmt.Sprint("entry ", i), Detail: hostile}))
	}
	text := words(t, b.visitor().shows("/audit"))
	require.Contains(t, text, "entry 149 ")
	require.NotContains(t, text, "entry 49 ")
	page := b.visitor().shows("/audit?before=51")
	require.Contains(t, words(t, page), "entry 49 ")
	require.NotContains(t, words(t, page), "entry 50 ")
	require.NotContains(t, page, `rel="next"`, "nothing is older")
}

func TestAudit_ThatCannotBeReadIsNotEmpty(t *testing.T) {
	b := newBench(t, func(p *web.Params) { p.Store = slowStore{p.Store, context.DeadlineExceeded} })
	code, body := b.visitor().get("/audit")
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Contains(t, words(t, body), "The audit log cannot be read")
}

func TestPages_AreServedToNamesOfTheirOwnMachineOnly(t *testing.T) {
	b, _ := newPlanted(t)
	for host, want := range map[string]int{"": http.StatusOK, "localhost:8780": http.StatusOK, "evil.test": http.StatusMisdirectedRequest} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url, nil)
		require.NoError(t, err)
		r.Host = host
		code, _, body := b.visitor().do(r)
		require.Equal(t, want, code, "a foreign page whose name points here must not read it: %s", host)
		require.Equal(t, want == http.StatusOK, strings.Contains(body, "alpha"))
	}
}
