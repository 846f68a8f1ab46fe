package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	recorded "github.com/meteora-fee-router/feeops/internal/deed"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Authorizer says who may do what. Actions are those of messages: domain.ActionAcknowledge, ActionMute, ActionPause,
// ActionStop.
type Authorizer interface {
	// May gives nil, or a refusal that says why and who may.
	May(operator, action string) error
}

// MuteOrder asks for an hour of quiet.
type MuteOrder struct {
	ID     string // The same order twice is one mute.
	Vault  string
	Alert  string // Empty: all of the vault.
	For    time.Duration
	Reason string
	Actor  string
}

// Deeds carry out what people ask for. The texts that they return are shown; an error's text is shown too, so it must
// hold no secret. All may be repeated.
type Deeds interface {
	AcknowledgeAlert(ctx context.Context, episode, actor string) (string, error)
	AcknowledgeIncident(ctx context.Context, id, actor string) (string, error)
	Mute(ctx context.Context, o MuteOrder) (string, error)
	Pause(ctx context.Context, vault, reason, actor string) (string, error)
	Stop(ctx context.Context, reason, actor string) (string, error)
}

const (
	mostForm   = 16 << 10
	mostReason = 300 // Runes.
	mostKey    = 300
	deedTime   = 15 * time.Second
)

// message is a page that says what came of something.
type message struct {
	Tone           tone
	Title, Text    string
	Next           string
	Back, BackText string
}

// refusal is why nothing was done.
type refusal struct {
	status int
	title  string
	text   string
	next   string
}

func (r *refusal) Error() string { return r.title + ": " + r.text }

// Refuse is an error of a deed that was not allowed by the state of things, rather than one that went wrong.
func Refuse(why string) error {
	return &refusal{http.StatusConflict, "Nothing was done", sentence(why), "Look at the page again: things may have changed meanwhile."}
}

// bounded refuses bodies that are no form of ours.
func (s *server) bounded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, mostForm)
		if err := r.ParseForm(); err != nil {
			s.refuse(w, r, &refusal{http.StatusBadRequest, "Refused", "The form cannot be read, or is too large. Nothing was done.", "Go back and try again."})
			return
		}
		h.ServeHTTP(w, r)
	})
}

func (s *server) onlyPost() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", http.MethodPost)
		s.refuse(w, r, &refusal{http.StatusMethodNotAllowed, "Nothing was done", "This address takes the buttons of the pages only.", "Press the button on the page."})
	})
}

// formOf is true when the form was made for this session.
func (s *server) formOf(r *http.Request, p *person) bool {
	return hmac.Equal([]byte(r.PostFormValue("csrf")), []byte(p.CSRF))
}

// action lets a signed-in person's form through to what does it.
func (s *server) action(do func(*http.Request, person) (view, error)) http.Handler {
	return s.bounded(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := s.personOf(r)
		switch {
		case p == nil && len(s.Tokens) == 0:
			s.refuse(w, r, &refusal{http.StatusUnauthorized, "Nothing was done", "This page can only be read: no one has a token for it.", "Set worker.web.tokens, or use the feeops command."})
			return
		case p == nil:
			s.refuse(w, r, &refusal{http.StatusUnauthorized, "Nothing was done", "Nobody is signed in here. Reading needs no token; doing something does.", "Sign in and press the button again."})
			return
		case !s.formOf(r, p):
			_ = s.record(r.Context(), store.AuditEntry{At: s.Now().UTC(), Actor: p.Operator, Action: "web.refused", Subject: r.URL.Path, Detail: "the form was not made for this session"}) // Logged.
			s.refuse(w, r, &refusal{http.StatusForbidden, "Nothing was done", "The form was made before you signed in, or is not of this page.", "Load the page again and press the button there."})
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), deedTime) // A tab that is closed stops no stop half-way.
		defer cancel()
		v, err := do(r.WithContext(ctx), *p)
		s.reader.forget()
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		g, _ := s.reader.read(ctx) // What was done is done; the page around it may be bare.
		s.draw(w, r, g, v)
	}))
}

// refuse says why nothing was done, or that it is not known.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	no, ok := err.(*refusal) //nolint:errorlint // Only ours, never wrapped.
	if !ok {
		no = &refusal{http.StatusBadGateway, "It did not work", sentence(err.Error()), "Look at the page whether it was done all the same before you try again."}
	}
	g, _ := s.reader.read(r.Context()) // The refusal needs nothing of it.
	back, text := "/", "Fleet"
	if no.status == http.StatusUnauthorized && len(s.Tokens) > 0 {
		back, text = "/sign-in", "Sign in"
	}
	s.draw(w, r, g, view{name: "message", title: no.title, status: no.status, body: message{Tone: toneBad, Title: no.title, Text: no.text, Next: no.next, Back: back, BackText: text}})
}

// deed is one thing that somebody asks for.
type deed struct {
	action, name    string // For the authorizer, and for the audit log.
	subject, detail string
	urgent          bool // Done even when the audit log does not take it.
	do              func(ctx context.Context) (string, error)
	back, backText  string
}

// carryOut asks whether the person may, writes down what was asked, and does it. What failed is written down too.
func (s *server) carryOut(r *http.Request, p person, d deed) (view, error) {
	ctx := r.Context()
	entry := store.AuditEntry{At: s.Now().UTC(), Actor: p.Operator, Action: "web." + d.name, Subject: d.subject, Detail: d.detail}
	if err := s.Authorizer.May(p.Operator, d.action); err != nil {
		refused := entry
		refused.Action, refused.Detail = entry.Action+".refused", err.Error()
		_ = s.record(ctx, refused) // Logged; the refusal holds.
		return view{}, &refusal{http.StatusForbidden, "You may not do this", sentence(err.Error()), "Ask somebody who may, or have your role changed in the settings."}
	}
	text, notRecorded, err := recorded.CarryOut(ctx, s.record, entry, d.urgent, d.do)
	var unwritten *recorded.NotRecordedError
	if errors.As(err, &unwritten) {
		return view{}, &refusal{http.StatusServiceUnavailable, "Nothing was done", "The audit log does not take it, and nothing is done here that is not written down: " + sentence(unwritten.Err.Error()), "feeops doctor says what is wrong with the store."}
	}
	if err != nil {
		entry.Action, entry.Detail, entry.At = entry.Action+".failed", err.Error(), s.Now().UTC()
		_ = s.record(ctx, entry) // Logged.
		return view{}, err
	}
	m := message{Tone: toneGood, Title: "Done", Text: sentence(text), Back: d.back, BackText: d.backText}
	if notRecorded != nil {
		m.Tone, m.Next = toneWarn, "It is done, and the audit log did not take it: "+notRecorded.Error()
	}
	return view{name: "message", title: "Done", body: m}, nil
}

// field reads a line of a form without what does not belong into one.
func field(r *http.Request, name string, most int) string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(r.PostFormValue(name), " "))
	runes := []rune(strings.Join(strings.Fields(text), " "))
	return string(runes[:min(most, len(runes))])
}

func badForm(text string) error {
	return &refusal{http.StatusBadRequest, "Nothing was done", text, "Go back and try again."}
}

func (s *server) acknowledgeAlert(r *http.Request, p person) (view, error) {
	key := field(r, "episode", mostKey)
	g, err := s.reader.read(r.Context())
	if err != nil {
		return view{}, err
	}
	i := slices.IndexFunc(g.episodes, func(e domain.Episode) bool { return e.Key == key && e.Active() })
	if i < 0 {
		return view{}, &refusal{http.StatusNotFound, "Nothing was done", fmt.Sprintf("No alert %q is open: it may be over already.", key), "Look at the page of alerts again."}
	}
	return s.carryOut(r, p, deed{
		action: domain.ActionAcknowledge, name: "acknowledge_alert", subject: key, back: "/alerts", backText: "Alerts",
		do: func(ctx context.Context) (string, error) { return s.Deeds.AcknowledgeAlert(ctx, key, p.Operator) },
	})
}

func (s *server) acknowledgeIncident(r *http.Request, p person) (view, error) {
	id := field(r, "incident", mostKey)
	_, found, err := s.Store.Incident(r.Context(), id)
	switch {
	case err != nil:
		return view{}, unreadable("incident "+id, err)
	case !found:
		return view{}, &refusal{http.StatusNotFound, "Nothing was done", fmt.Sprintf("There is no incident %q.", id), "Look at the list of incidents."}
	}
	return s.carryOut(r, p, deed{
		action: domain.ActionAcknowledge, name: "acknowledge_incident", subject: id, back: incidentLink(id), backText: id,
		do: func(ctx context.Context) (string, error) { return s.Deeds.AcknowledgeIncident(ctx, id, p.Operator) },
	})
}

// muteFor is what the button says.
const muteFor = time.Hour

func (s *server) mute(r *http.Request, p person) (view, error) {
	o := MuteOrder{Vault: field(r, "vault", mostKey), Alert: field(r, "alert", mostKey), For: muteFor, Reason: field(r, "reason", mostReason), Actor: p.Operator}
	if o.Vault == "" && o.Alert == "" {
		return view{}, badForm("The form names neither a vault nor an alert.")
	}
	if _, known := s.vaultOf(o.Vault); o.Vault != "" && !known {
		return view{}, badForm(fmt.Sprintf("Vault %q is not in the settings.", o.Vault))
	}
	if _, known := s.Alerts[o.Alert]; o.Alert != "" && !known {
		return view{}, badForm(fmt.Sprintf("There is no alert %q.", o.Alert))
	}
	if o.Reason == "" {
		o.Reason = "for an hour, from the page"
	}
	o.ID = muteID(o, s.Now())
	back, text := "/alerts", "Alerts"
	if o.Alert == "" {
		back, text = vaultLink(o.Vault), o.Vault
	}
	return s.carryOut(r, p, deed{
		action: domain.ActionMute, name: "mute", subject: strings.TrimSpace(o.Vault + " " + o.Alert), detail: o.Reason, back: back, backText: text,
		do: func(ctx context.Context) (string, error) { return s.Deeds.Mute(ctx, o) },
	})
}

// muteID is the same for a form that is sent again within the minute, as a page is that somebody loads anew.
func muteID(o MuteOrder, now time.Time) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{o.Actor, o.Vault, o.Alert}, "\n")))
	return domain.MutePrefix + "web-" + now.UTC().Format("20060102-1504") + "-" + hex.EncodeToString(sum[:4])
}

func (s *server) pause(r *http.Request, p person) (view, error) {
	vault, reason := field(r, "vault", mostKey), field(r, "reason", mostReason)
	if _, known := s.vaultOf(vault); !known {
		return view{}, badForm(fmt.Sprintf("Vault %q is not in the settings.", vault))
	}
	if reason == "" {
		return view{}, badForm("A reason is needed: whoever finds the vault paused reads it.")
	}
	return s.carryOut(r, p, deed{
		action: domain.ActionPause, name: "pause", subject: vault, detail: reason, back: vaultLink(vault), backText: vault,
		do: func(ctx context.Context) (string, error) { return s.Deeds.Pause(ctx, vault, reason, p.Operator) },
	})
}

// stopView is the page with the one dangerous button, so that nobody presses it in passing.
type stopView struct{ Act bool }

func (s *server) stopPage(r *http.Request, _ glance) (view, error) {
	return view{name: "stop", title: "Stop all", nav: "stop", body: stopView{Act: s.personOf(r) != nil}}, nil
}

func (s *server) stop(r *http.Request, p person) (view, error) {
	reason := field(r, "reason", mostReason)
	switch {
	case reason == "":
		return view{}, badForm("A reason is needed: whoever is woken by the stop reads it.")
	case r.PostFormValue("sure") != "yes":
		return view{}, badForm("The box that says that you mean it is not ticked.")
	}
	return s.carryOut(r, p, deed{
		action: domain.ActionStop, name: "stop", subject: "all", detail: reason, urgent: true, back: "/", backText: "Fleet",
		do: func(ctx context.Context) (string, error) { return s.Deeds.Stop(ctx, reason, p.Operator) },
	})
}
