package pagerduty_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	fakepd "github.com/meteora-fee-router/feeops/internal/fake/pagerduty"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/notifytest"
	"github.com/meteora-fee-router/feeops/internal/notify/pagerduty"
)

const secret = "lDQHScfeUXUKaQRNF8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z"

// inbox keeps what it got and fails on request.
type inbox struct {
	pages []notify.Page
	fail  error
}

func (i *inbox) Paged(_ context.Context, p notify.Page) error {
	if i.fail != nil {
		return i.fail
	}
	i.pages = append(i.pages, p)
	return nil
}

func handler(in *inbox) *pagerduty.Handler {
	return pagerduty.NewHandler(secret, in, notifytest.At, slog.New(slog.NewTextHandler(io.Discard, nil)))
}

func post(h http.Handler, body []byte, signature string) int {
	r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
	r.Header.Set("X-PagerDuty-Signature", signature)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestWebhook_WhatPeopleDoInPagerDutyComesBack(t *testing.T) {
	s, c := start(t)
	in := &inbox{}
	server := httptest.NewServer(handler(in))
	t.Cleanup(server.Close)
	s.Subscribe(server.URL, secret)
	deliver(t, c, notifytest.Stuck(), "")
	status, err := s.Acknowledge(t.Context(), notifytest.Stuck().Key, "PANN", notifytest.At())
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, status)
	_, err = s.Resolve(t.Context(), notifytest.Stuck().Key, "PBOB", notifytest.At().Add(time.Second))
	require.NoError(t, err)
	require.Equal(t, []notify.Page{
		{ID: "01acknowledged123000", Kind: notify.Acknowledge, Key: notifytest.Stuck().Key, Person: notify.Person{Account: "pagerduty:PANN", Name: "Name of PANN"}, At: notifytest.At()},
		{ID: "01resolved123001", Kind: notify.Resolve, Key: notifytest.Stuck().Key, Person: notify.Person{Account: "pagerduty:PBOB", Name: "Name of PBOB"}, At: notifytest.At().Add(time.Second)},
	}, in.pages)
}

func TestWebhook_BadSignaturesAndOldEventsAreRefused(t *testing.T) {
	body := fakepd.Event("1", "incident.acknowledged", "k", "P", notifytest.At())
	old := fakepd.Event("2", "incident.acknowledged", "k", "P", notifytest.At().Add(-3*time.Hour))
	early := fakepd.Event("3", "incident.acknowledged", "k", "P", notifytest.At().Add(time.Hour))
	good := fakepd.Sign(body, secret)
	tests := []struct {
		name      string
		body      []byte
		signature string
		want      int
	}{
		{"no signature", body, "", http.StatusForbidden},
		{"another secret", body, fakepd.Sign(body, "other"), http.StatusForbidden},
		{"another body", append(bytes.Clone(body), ' '), good, http.StatusForbidden},
		{"no hex", body, "v1=zz", http.StatusForbidden},
		{"another version", body, strings.Replace(good, "v1=", "v2=", 1), http.StatusForbidden},
		{"empty body", nil, fakepd.Sign(nil, secret), http.StatusForbidden},
		{"too large", bytes.Repeat([]byte(" "), 300<<10), fakepd.Sign(bytes.Repeat([]byte(" "), 300<<10), secret), http.StatusForbidden},
		{"no JSON", []byte("x"), fakepd.Sign([]byte("x"), secret), http.StatusBadRequest},
		{"a replay of long ago", old, fakepd.Sign(old, secret), http.StatusBadRequest},
		{"from the future", early, fakepd.Sign(early, secret), http.StatusBadRequest},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := &inbox{}
			require.Equal(t, tt.want, post(handler(in), tt.body, tt.signature))
			require.Empty(t, in.pages)
		})
	}
	in := &inbox{}
	none := pagerduty.NewHandler("", in, notifytest.At, slog.New(slog.NewTextHandler(io.Discard, nil)))
	require.Equal(t, http.StatusForbidden, post(none, body, fakepd.Sign(body, "")), "without a secret nothing is accepted")
	w := httptest.NewRecorder()
	handler(in).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.StatusForbidden, w.Code)
	require.Empty(t, in.pages)
}

func TestWebhook_AnEventIsHandledOnceAndAgainOnlyAfterAFailure(t *testing.T) {
	in := &inbox{fail: errors.New("database locked")}
	h := handler(in)
	body := fakepd.Event("1", "incident.acknowledged", "k", "P", notifytest.At())
	require.Equal(t, http.StatusServiceUnavailable, post(h, body, fakepd.Sign(body, secret)), "PagerDuty sends it again")
	in.fail = nil
	for range 3 {
		require.Equal(t, http.StatusAccepted, post(h, body, "v1=00,"+fakepd.Sign(body, secret)), "PagerDuty may sign with an old and a new secret")
	}
	require.Len(t, in.pages, 1)
	for _, other := range [][]byte{
		fakepd.Event("2", "incident.triggered", "k", "P", notifytest.At()), fakepd.Event("3", "incident.acknowledged", "", "P", notifytest.At()), []byte(`{"event":null}`), []byte(`{}`),
	} {
		require.Equal(t, http.StatusAccepted, post(h, other, fakepd.Sign(other, secret)), "what we do not need is no failure: PagerDuty would turn the webhook off")
	}
	require.Len(t, in.pages, 1)
}

func FuzzDecode(f *testing.F) {
	f.Add(fakepd.Event("1", "incident.acknowledged", "k", "P", notifytest.At()))
	f.Add([]byte(`{"event":{"event_type":"incident.resolved","data":{"incident_key":"k"}}}`))
	f.Add([]byte(`{"event":{"id":"x","event_type":"incident.resolved","occurred_at":"2026-03-01T12:30:00Z","agent":null,"data":{"incident_key":"\u0000"}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, ok, err := pagerduty.Decode(body)
		if err != nil || !ok {
			require.Equal(t, notify.Page{}, p)
			return
		}
		require.NotEmpty(t, p.Key)
		require.NotEmpty(t, p.ID)
		require.False(t, p.At.IsZero())
		require.Contains(t, []notify.Kind{notify.Acknowledge, notify.Resolve}, p.Kind)
		require.NotContains(t, p.Person.Name+p.Person.Account, "\n")
	})
}

func FuzzDedupKey(f *testing.F) {
	f.Add("alpha/x/3")
	f.Add(strings.Repeat("😀", 300))
	f.Fuzz(func(t *testing.T, key string) {
		got := pagerduty.DedupKey(key)
		require.LessOrEqual(t, len([]rune(got)), 255)
		require.Equal(t, got, pagerduty.DedupKey(key))
		if len(key) <= 255 {
			require.Equal(t, key, got)
		}
	})
}
