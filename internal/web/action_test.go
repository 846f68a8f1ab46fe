package web_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/web"
)

// forms are all deeds of the pages, with forms that are accepted.
func forms(incident string) map[string]url.Values {
	return map[string]url.Values{
		"/actions/acknowledge-alert":    {"episode": {"alpha/deadline_2h/1"}},
		"/actions/acknowledge-incident": {"incident": {incident}},
		"/actions/mute":                 {"vault": {"alpha"}},
		"/actions/pause":                {"vault": {"alpha"}, "reason": {"look at page 2"}},
		"/actions/stop":                 {"reason": {"two payouts too many"}, "sure": {"yes"}},
	}
}

func TestDeeds_EachIsDoneOnceTheNameOfWhoAskedIsInTheAuditLog(t *testing.T) {
	b, incident := newPlanted(t)
	v := b.signedIn(annToken)
	tests := []struct {
		path    string
		fields  []string
		done    string
		audited string
	}{
		{"/actions/acknowledge-alert", []string{"episode", "alpha/deadline_2h/1"}, "ack alpha/deadline_2h/1 by ann", "ann | web.acknowledge_alert | alpha/deadline_2h/1 | "},
		{"/actions/acknowledge-incident", []string{"incident", incident}, "hold " + incident + " by ann", "ann | web.acknowledge_incident | " + incident + " | "},
		{"/actions/mute", []string{"vault", "alpha", "alert", "deadline_2h", "reason", "we know"}, `mute "alpha" "deadline_2h" for 1h0m0s by ann because we know`, "ann | web.mute | alpha deadline_2h | we know"},
		{"/actions/mute", []string{"alert", "payer_low"}, `mute "" "payer_low" for 1h0m0s by ann because for an hour, from the page`, "ann | web.mute | payer_low | for an hour, from the page"},
		{"/actions/pause", []string{"vault", "beta", "reason", "look at\n page 2"}, "pause beta by ann because look at page 2", "ann | web.pause | beta | look at page 2"},
		{"/actions/stop", []string{"reason", "two payouts too many", "sure", "yes"}, "stop by ann because two payouts too many", "ann | web.stop | all | two payouts too many"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			before := len(b.deeds.list())
			code, body := v.post(tt.path, v.form(tt.fields...))
			require.Equal(t, http.StatusOK, code, body)
			require.Contains(t, words(t, body), "It was done: "+tt.done)
			require.Equal(t, []string{tt.done}, b.deeds.list()[before:])
			entries := b.audited()
			require.Equal(t, tt.audited, entries[len(entries)-1])
		})
	}
	require.Equal(t, "ann | web.sign_in |  | ", b.audited()[0])
}

func TestDeeds_NothingIsDoneForWhoeverHasNotSignedIn(t *testing.T) {
	b, incident := newPlanted(t)
	for path, form := range forms(incident) {
		t.Run(path, func(t *testing.T) {
			for name, v := range map[string]*visitor{"nobody": b.visitor(), "a wrong token": func() *visitor {
				v := b.visitor()
				code, body := v.post("/sign-in", url.Values{"token": {annToken + "x"}})
				require.Equal(t, http.StatusForbidden, code)
				require.Contains(t, words(t, body), "This token belongs to nobody here")
				return v
			}()} {
				code, body := v.post(path, form)
				require.Equal(t, http.StatusUnauthorized, code, name)
				require.Contains(t, words(t, body), "Nobody is signed in here", name)
			}
			code, _ := b.visitor().get(path)
			require.Equal(t, http.StatusMethodNotAllowed, code, "a link does nothing")
		})
	}
	require.Empty(t, b.deeds.list())
}

func TestDeeds_NoPageOfSomebodyElseActsInANameThatSignedIn(t *testing.T) {
	b, incident := newPlanted(t)
	ann, bob := b.signedIn(annToken), b.signedIn(bobToken)
	foreign := bob.form().Get("csrf")
	for path, form := range forms(incident) {
		t.Run(path, func(t *testing.T) {
			for name, key := range map[string]string{"none": "", "guessed": strings.Repeat("a", 43), "of somebody else": foreign} {
				form.Set("csrf", key)
				code, body := ann.post(path, form)
				require.Equal(t, http.StatusForbidden, code, name)
				require.Contains(t, words(t, body), "Nothing was done", name)
			}
			form.Set("csrf", ann.form().Get("csrf"))
			for name, headers := range map[string][]string{
				"another site": {"Sec-Fetch-Site", "cross-site"}, "another port": {"Sec-Fetch-Site", "same-site"}, "another origin": {"Origin", "https://evil.test"},
			} {
				code, _ := ann.post(path, form, headers...)
				require.Equal(t, http.StatusForbidden, code, name)
			}
		})
	}
	code, _ := ann.post("/sign-in", url.Values{"token": {bobToken}}, "Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, code, "nor does it sign somebody in as another")
	require.Empty(t, b.deeds.list())
	require.Contains(t, b.audited(), "ann | web.refused | /actions/stop | the form was not made for this session")
}

func TestDeeds_WhatIsAskedForMustExistAndBeMeant(t *testing.T) {
	b, _ := newPlanted(t)
	v := b.signedIn(annToken)
	tests := []struct {
		path   string
		fields []string
		code   int
		want   string
	}{
		{"/actions/acknowledge-alert", []string{"episode", "beta/payer_low/1"}, 404, "it may be over already"},
		{"/actions/acknowledge-alert", nil, 404, "No alert"},
		{"/actions/acknowledge-incident", []string{"incident", "INC-20200101-001"}, 404, "There is no incident"},
		{"/actions/mute", nil, 400, "neither a vault nor an alert"},
		{"/actions/mute", []string{"vault", "nobody"}, 400, "is not in the settings"},
		{"/actions/mute", []string{"alert", "nothing"}, 400, "There is no alert"},
		{"/actions/pause", []string{"vault", "nobody", "reason", "r"}, 400, "is not in the settings"},
		{"/actions/pause", []string{"vault", "alpha", "reason", " \n\u202e "}, 400, "A reason is needed"},
		{"/actions/stop", []string{"sure", "yes"}, 400, "A reason is needed"},
		{"/actions/stop", []string{"reason", "r"}, 400, "is not ticked"},
		{"/actions/pause", []string{"vault", "alpha", "reason", strings.Repeat("x", 20<<10)}, 400, "too large"},
	}
	for _, tt := range tests {
		t.Run(tt.path+" "+tt.want, func(t *testing.T) {
			code, body := v.post(tt.path, v.form(tt.fields...))
			require.Equal(t, tt.code, code)
			require.Contains(t, words(t, body), tt.want)
		})
	}
	require.Empty(t, b.deeds.list())
}

func TestDeeds_TheRoleDecidesAndTheRefusalIsWrittenDown(t *testing.T) {
	b, incident := newPlanted(t)
	for _, action := range []string{domain.ActionAcknowledge, domain.ActionMute, domain.ActionPause, domain.ActionStop} {
		b.roles["bob "+action] = "bob is a viewer"
	}
	bob := b.signedIn(bobToken)
	for path, form := range forms(incident) {
		form.Set("csrf", bob.form().Get("csrf"))
		code, body := bob.post(path, form)
		require.Equal(t, http.StatusForbidden, code, path)
		require.Contains(t, words(t, body), "You may not do this", path)
		require.Contains(t, words(t, body), "Bob is a viewer.", path)
	}
	require.Empty(t, b.deeds.list())
	require.Contains(t, b.audited(), "bob | web.stop.refused | all | bob is a viewer")
	require.Len(t, b.audited(), 1+len(forms(incident)))
	code, _ := b.signedIn(annToken).post("/actions/pause", b.signedIn(annToken).form("vault", "alpha", "reason", "r"))
	require.Equal(t, http.StatusForbidden, code, "a form of another session of the same person is not this one's")
}

func TestDeeds_AFailureIsShownWrittenDownAndNeverCalledDone(t *testing.T) {
	b, incident := newPlanted(t)
	v := b.signedIn(annToken)
	tests := []struct {
		name string
		fail error
		code int
		want string
	}{
		{"it went wrong", errors.New("Temporal does not answer"), http.StatusBadGateway, "Temporal does not answer."},
		{"things stand otherwise", web.Refuse("no run of alpha is under way"), http.StatusConflict, "No run of alpha is under way."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b.deeds.fail = tt.fail
			for path, form := range forms(incident) {
				form.Set("csrf", v.form().Get("csrf"))
				code, body := v.post(path, form)
				require.Equal(t, tt.code, code, path)
				require.Contains(t, words(t, body), tt.want, path)
				require.NotContains(t, words(t, body), "Done", path)
				entries := b.audited()
				require.Contains(t, entries[len(entries)-1], ".failed | ", path)
			}
		})
	}
}

func TestDeeds_OnlyTheStopIsDoneWithoutTheAuditLog(t *testing.T) {
	b, incident := newPlanted(t)
	v := b.signedIn(annToken)
	b.store.full = true
	for path, form := range forms(incident) {
		form.Set("csrf", v.form().Get("csrf"))
		code, body := v.post(path, form)
		if path == "/actions/stop" {
			require.Equal(t, http.StatusOK, code)
			require.Contains(t, words(t, body), "It is done, and the audit log did not take it: the disk is full")
			continue
		}
		require.Equal(t, http.StatusServiceUnavailable, code, path)
		require.Contains(t, words(t, body), "nothing is done here that is not written down", path)
	}
	require.Equal(t, []string{"stop by ann because two payouts too many"}, b.deeds.list())
	code, body := b.visitor().post("/sign-in", url.Values{"token": {annToken}})
	require.Equal(t, http.StatusServiceUnavailable, code)
	require.Contains(t, words(t, body), "You are not signed in: the audit log does not take it")
}

func TestDeeds_WorkWhileTheStoreIsDownOnlyWhereMoneyStops(t *testing.T) {
	b, _ := newPlanted(t)
	v := b.signedIn(annToken)
	form := v.form("reason", "the books are gone", "sure", "yes")
	require.NoError(t, b.store.Close())
	code, body := v.post("/actions/stop", form)
	require.Equal(t, http.StatusOK, code, body)
	require.Equal(t, []string{"stop by ann because the books are gone"}, b.deeds.list())
}

func TestSession_EndsByTimeAndByANewTokenAndCannotBeMade(t *testing.T) {
	b, _ := newPlanted(t)
	v := b.signedIn(annToken)
	require.Contains(t, v.shows("/"), "Stop all…")
	at, err := url.Parse(b.url)
	require.NoError(t, err)
	cookie := v.client.Jar.Cookies(at)[0]
	require.NotContains(t, cookie.Value, annToken)

	parts := strings.Split(cookie.Value, ".")
	for name, value := range map[string]string{
		"another person": strings.Join([]string{"Ym9i", parts[1], parts[2], parts[3]}, "."), "another end": strings.Join([]string{parts[0], "99999999999", parts[2], parts[3]}, "."),
		"no seal": strings.Join(parts[:3], "."), "empty": "", "nonsense": "a.b.c.d", "unknown person": strings.Join([]string{"ZXZl", parts[1], parts[2], parts[3]}, "."),
	} {
		forged := b.visitor()
		forged.client.Jar.SetCookies(at, []*http.Cookie{{Name: cookie.Name, Value: value, Path: "/"}})
		require.NotContains(t, forged.shows("/"), "Stop all…", name)
	}

	other := newBench(t, func(p *web.Params) { p.Tokens[0].Secret = annToken + "-changed" })
	moved := other.visitor()
	there, err := url.Parse(other.url)
	require.NoError(t, err)
	moved.client.Jar.SetCookies(there, []*http.Cookie{{Name: "feeops-" + there.Port(), Value: cookie.Value, Path: "/"}})
	require.NotContains(t, moved.shows("/"), "Stop all…", "a changed token ends every session")

	b.turn(noon.Add(time.Hour))
	require.NotContains(t, v.shows("/"), "Stop all…", "an hour is over")
}

func TestSession_TheCookieIsKeptFromScriptsAndOtherSites(t *testing.T) {
	b := newBench(t, nil)
	v := b.visitor()
	v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for proto, secure := range map[string]bool{"": false, "https": true} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/sign-in", strings.NewReader(url.Values{"token": {" " + annToken + "\n"}}.Encode()))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Forwarded-Proto", proto)
		code, h, _ := v.do(r)
		require.Equal(t, http.StatusSeeOther, code, "a token is pasted with its blanks")
		c, err := http.ParseSetCookie(h.Get("Set-Cookie"))
		require.NoError(t, err)
		require.True(t, c.HttpOnly)
		require.Equal(t, http.SameSiteStrictMode, c.SameSite)
		require.Equal(t, 3600, c.MaxAge)
		require.Equal(t, secure, c.Secure)
	}
}

func TestSession_SigningOutEndsIt(t *testing.T) {
	b := newBench(t, nil)
	v := b.signedIn(annToken)
	code, _ := v.post("/sign-out", v.form())
	require.Equal(t, http.StatusOK, code)
	require.NotContains(t, v.shows("/"), "Sign out")
	require.Equal(t, []string{"ann | web.sign_in |  | ", "ann | web.sign_out |  | "}, b.audited())
}

func TestSession_WrongTokensAreWrittenDownAndLockNobodyOut(t *testing.T) {
	b := newBench(t, nil)
	for range 50 {
		code, _ := b.visitor().post("/sign-in", url.Values{"token": {"guess"}})
		require.Equal(t, http.StatusForbidden, code)
	}
	require.Len(t, b.audited(), 5, "the log is not filled by whoever guesses")
	require.Contains(t, b.audited()[0], "unknown | web.sign_in.refused |  | a wrong token, from 127.0.0.1")
	require.Contains(t, b.signedIn(annToken).shows("/"), "Stop all…")
	require.NotContains(t, b.log.String(), "guess", "what somebody typed may be a token of elsewhere")
}

func TestPages_WithoutTokensCanOnlyBeRead(t *testing.T) {
	b := newBench(t, func(p *web.Params) { p.Tokens = nil })
	b.plantFleet()
	require.NotContains(t, words(t, b.visitor().shows("/")), "Sign in")
	for _, token := range []string{"", annToken} {
		code, _ := b.visitor().post("/sign-in", url.Values{"token": {token}})
		require.Equal(t, http.StatusForbidden, code)
	}
	code, body := b.visitor().post("/actions/stop", url.Values{"reason": {"r"}, "sure": {"yes"}})
	require.Equal(t, http.StatusUnauthorized, code)
	require.Contains(t, words(t, body), "Set worker.web.tokens")
	require.Empty(t, b.deeds.list())
}
