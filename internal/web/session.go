package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/store"
)

// person is somebody who has signed in.
type person struct {
	Operator string
	Until    time.Time
	CSRF     string // Stands in every form; a page of somebody else cannot know it.
}

// doors know the people with tokens. A session is not stored: it is a text that its person's token has sealed, so it holds
// on every worker with the same settings and after a restart, and ends for good when the token is changed.
type doors struct {
	keys map[string][]byte // By operator.
	// tokens are hashes, so that comparing takes as long for any text.
	tokens map[string][32]byte
	lasts  time.Duration
}

func newDoors(tokens []Token, lasts time.Duration) doors {
	d := doors{keys: map[string][]byte{}, tokens: map[string][32]byte{}, lasts: lasts}
	for _, t := range tokens {
		key := hmac.New(sha256.New, []byte(t.Secret))
		key.Write([]byte("feeops web session key v1\n" + t.Operator))
		d.keys[t.Operator], d.tokens[t.Operator] = key.Sum(nil), sha256.Sum256([]byte(t.Secret))
	}
	return d
}

// owner says whose token it is. All are compared, whichever fits.
func (d doors) owner(secret string) (string, bool) {
	given, found := sha256.Sum256([]byte(secret)), ""
	for operator, want := range d.tokens {
		if subtle.ConstantTimeCompare(given[:], want[:]) == 1 {
			found = operator
		}
	}
	return found, found != ""
}

func (d doors) mac(operator, purpose, text string) string {
	m := hmac.New(sha256.New, d.keys[operator])
	m.Write([]byte(purpose + "\n" + text))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// open makes a session's text.
func (d doors) open(operator, nonce string, now time.Time) string {
	payload := strings.Join([]string{base64.RawURLEncoding.EncodeToString([]byte(operator)), strconv.FormatInt(now.Add(d.lasts).Unix(), 10), nonce}, ".")
	return payload + "." + d.mac(operator, "session v1", payload)
}

// read says who a session's text belongs to; nil when it is no session, or one that is over.
func (d doors) read(text string, now time.Time) *person {
	parts := strings.Split(text, ".")
	if len(parts) != 4 {
		return nil
	}
	name, err := base64.RawURLEncoding.DecodeString(parts[0])
	operator := string(name)
	if _, known := d.keys[operator]; err != nil || !known {
		return nil
	}
	payload := strings.Join(parts[:3], ".")
	if !hmac.Equal([]byte(parts[3]), []byte(d.mac(operator, "session v1", payload))) {
		return nil
	}
	until, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || now.Unix() >= until {
		return nil
	}
	return &person{Operator: operator, Until: time.Unix(until, 0).UTC(), CSRF: d.mac(operator, "form v1", payload)}
}

// cookieName differs by port: browsers send cookies to every port of a host, and two workers must not sign each other's
// people out.
func cookieName(r *http.Request) string {
	_, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		return "feeops"
	}
	return "feeops-" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, port)
}

func (s *server) personOf(r *http.Request) *person {
	c, err := r.Cookie(cookieName(r))
	if err != nil {
		return nil
	}
	return s.doors.read(c.Value, s.Now())
}

func (s *server) setCookie(w http.ResponseWriter, r *http.Request, value string, lasts time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r), Value: value, Path: "/", MaxAge: int(lasts / time.Second), HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https", // Loopback has no TLS of its own.
	})
}

// signInView is the page that asks for a token.
type signInView struct {
	Possible bool // Somebody has a token.
	Wrong    string
}

func (s *server) signInPage(*http.Request, glance) (view, error) {
	return view{name: "signin", title: "Sign in", nav: "signin", body: signInView{Possible: len(s.Tokens) > 0}}, nil
}

// signIn takes a token. A right one always opens the door, however many wrong ones came before: nobody can lock an operator
// out. Wrong ones cannot be guessed; the first few of a minute are in the audit log.
func (s *server) signIn(w http.ResponseWriter, r *http.Request) {
	now := s.Now().UTC()
	operator, ok := s.doors.owner(strings.TrimSpace(r.PostFormValue("token")))
	if !ok {
		from, _, _ := net.SplitHostPort(r.RemoteAddr)
		s.Log.Warn("somebody tried to sign in with a wrong token", "from", from)
		if s.wrong.AllowN(now, 1) {
			_ = s.record(r.Context(), store.AuditEntry{At: now, Actor: "unknown", Action: "web.sign_in.refused", Detail: "a wrong token, from " + from}) // Logged; the refusal holds.
		}
		g, _ := s.reader.read(r.Context()) // The refusal needs nothing of it.
		s.draw(w, r, g, view{name: "signin", title: "Sign in", nav: "signin", status: http.StatusForbidden, body: signInView{
			Possible: len(s.Tokens) > 0, Wrong: "This token belongs to nobody here. Tokens are in worker.web.tokens of this worker's settings; yours may have been changed.",
		}})
		return
	}
	if err := s.record(r.Context(), store.AuditEntry{At: now, Actor: operator, Action: "web.sign_in"}); err != nil {
		s.fail(w, r, glance{}, fmt.Errorf("you are not signed in: the audit log does not take it: %w", err))
		return
	}
	s.setCookie(w, r, s.doors.open(operator, s.Nonce(), now), s.Session)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *server) signOut(w http.ResponseWriter, r *http.Request) {
	if p := s.personOf(r); p != nil && s.formOf(r, p) {
		_ = s.record(r.Context(), store.AuditEntry{At: s.Now().UTC(), Actor: p.Operator, Action: "web.sign_out"}) // Logged; nobody is kept from leaving.
	}
	s.setCookie(w, r, "", -time.Second)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// record writes into the audit log. A failure is logged too: it concerns more than this page.
func (s *server) record(ctx context.Context, e store.AuditEntry) error {
	if err := s.Store.Audit(ctx, e); err != nil {
		s.Log.Error("the audit log does not take what was done on the page", "action", e.Action, "actor", e.Actor, "subject", e.Subject, "error", err)
		return err //nolint:wrapcheck // The caller says what it means.
	}
	return nil
}
