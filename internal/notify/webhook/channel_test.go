package webhook_test

import (
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/fake"
	"github.com/meteora-fee-router/feeops/internal/fake/hook"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/notifytest"
	"github.com/meteora-fee-router/feeops/internal/notify/webhook"
)

var update = flag.Bool("update", false, "write the golden files")

const secret = "a shared secret of some length"

func start(t *testing.T) (*hook.Server, *webhook.Channel) {
	t.Helper()
	s, err := hook.Start(t.Context())
	fake.ForTest(t, s, err)
	c, err := webhook.New(webhook.Options{Name: "sms", URL: s.URL + "/in?key=0123456789", Secret: secret, HTTP: notify.NewHTTPClient(), Now: notifytest.At})
	require.NoError(t, err)
	return s, c
}

func TestDeliver_TheWholeRequestIsSignedAndReadable(t *testing.T) {
	s, c := start(t)
	hostile := notifytest.Hostile()
	hostile.Files = map[string][]byte{"b": {1}, "a\n": {2}}
	for name, m := range map[string]notify.Message{"trigger.json": notifytest.Stuck(), "hostile.json": hostile} {
		_, err := c.Deliver(t.Context(), m, "")
		require.NoError(t, err)
		all := s.Requests()
		last := all[len(all)-1]
		require.NoError(t, webhook.Verify(last.Header, last.Body, secret, notifytest.At()))
		require.Equal(t, "/in?key=0123456789", last.Path)
		notifytest.Golden(t, name, last.Body, *update)
		var got webhook.Body
		require.NoError(t, json.Unmarshal(last.Body, &got))
		require.LessOrEqual(t, len([]rune(got.Short)), 160)
	}
	_, err := c.Deliver(t.Context(), notifytest.Huge(), "")
	require.NoError(t, err)
	require.Equal(t, "webhook/sms", c.Name())
}

func TestDeliver_ARepetitionHasTheSameKeyAndAnotherMessageAnother(t *testing.T) {
	s, c := start(t)
	s.Break(fake.Fault{Name: fake.LoseReply, Count: 1})
	_, err := c.Deliver(t.Context(), notifytest.Stuck(), "")
	require.Equal(t, fault.Unknown, fault.KindOf(err))
	for _, m := range []notify.Message{notifytest.Stuck(), notifytest.Then(2, notify.Resolve, "Resolved")} {
		_, err = c.Deliver(t.Context(), m, "")
		require.NoError(t, err)
	}
	var keys []string
	for _, r := range s.Requests() {
		keys = append(keys, r.Header.Get(webhook.HeaderKey))
	}
	require.Len(t, keys, 3)
	require.Equal(t, keys[0], keys[1])
	require.NotEqual(t, keys[1], keys[2])
}

func TestVerify_OnlyWhatIsFreshAndSignedWithTheSecretPasses(t *testing.T) {
	now := notifytest.At()
	body := []byte(`{"version":1}`)
	signed := func(at time.Time, change func(http.Header)) http.Header {
		ts := strconv.FormatInt(at.Unix(), 10)
		h := http.Header{}
		h.Set(webhook.HeaderTimestamp, ts)
		h.Set(webhook.HeaderSignature, webhook.Sign(secret, ts, body))
		if change != nil {
			change(h)
		}
		return h
	}
	tests := []struct {
		name   string
		header http.Header
		body   []byte
		secret string
		want   error
	}{
		{"fresh", signed(now, nil), body, secret, nil},
		{"at the edge", signed(now.Add(-5*time.Minute), nil), body, secret, nil},
		{"too old", signed(now.Add(-5*time.Minute-time.Second), nil), body, secret, webhook.ErrTimestamp},
		{"from the future", signed(now.Add(6*time.Minute), nil), body, secret, webhook.ErrTimestamp},
		{"another body", signed(now, nil), []byte(`{}`), secret, webhook.ErrSignature},
		{"another secret", signed(now, nil), body, "other", webhook.ErrSignature},
		{"no secret", signed(now, nil), body, "", webhook.ErrSignature},
		{"an old signature with a new time", signed(now.Add(-time.Hour), func(h http.Header) { h.Set(webhook.HeaderTimestamp, strconv.FormatInt(now.Unix(), 10)) }), body, secret, webhook.ErrSignature},
		{"no time", signed(now, func(h http.Header) { h.Del(webhook.HeaderTimestamp) }), body, secret, webhook.ErrTimestamp},
		{"no signature", signed(now, func(h http.Header) { h.Del(webhook.HeaderSignature) }), body, secret, webhook.ErrSignature},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.ErrorIs(t, webhook.Verify(tt.header, tt.body, tt.secret, now), tt.want) })
	}
	// As other languages compute it: hmac.new(b"secret", b"v1:1772368200:{}", hashlib.sha256).
	require.Equal(t, "v1=15e0572d2b93bd15f2c8c47f2276ab1d6ce8bac6f299ea989e0616726005b6ba", webhook.Sign("secret", "1772368200", []byte("{}")))
}

func TestDeliver_FailuresSayWhatMayBeDoneNext(t *testing.T) {
	tests := []struct {
		name  string
		fault fake.Fault
		kind  fault.Kind
		code  string
		after time.Duration
	}{
		{"rate limit", fake.Fault{Name: fake.Refuse, Status: 429, After: 3 * time.Second}, fault.Retry, "webhook/sms/429", 3 * time.Second},
		{"outage", fake.Fault{Name: fake.Refuse, Status: 500, Code: "boom " + secret}, fault.Unknown, "webhook/sms/500", 0},
		{"not there now", fake.Fault{Name: fake.Refuse, Status: 503, After: 9 * time.Hour}, fault.Retry, "webhook/sms/503", time.Hour},
		{"refused", fake.Fault{Name: fake.Refuse, Status: 401}, fault.Human, "webhook/sms/401", 0},
		{"a redirect is not followed", fake.Fault{Name: fake.Refuse, Status: 302}, fault.Human, "webhook/sms/302", 0},
		{"lost reply", fake.Fault{Name: fake.LoseReply}, fault.Unknown, "webhook/sms/connection", 0},
		{"hang", fake.Fault{Name: fake.Hang}, fault.Unknown, "webhook/sms/timeout", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, c := start(t)
			s.Break(tt.fault)
			ctx, cancel := context.WithTimeout(t.Context(), map[bool]time.Duration{true: 100 * time.Millisecond, false: 5 * time.Second}[tt.fault.Name == fake.Hang])
			defer cancel()
			_, err := c.Deliver(ctx, notifytest.Stuck(), "")
			require.Equal(t, tt.kind, fault.KindOf(err))
			require.Equal(t, tt.code, fault.CodeOf(err))
			require.NotContains(t, err.Error(), secret)
			require.NotContains(t, err.Error(), "0123456789")
			var f *fault.Error
			require.ErrorAs(t, err, &f)
			require.Equal(t, tt.after, f.After)
		})
	}
}

func TestNew_NeverRepeatsABadAddress(t *testing.T) {
	for _, url := range []string{"", "hunter2", "ftp://hunter2/x", "http://[::1"} {
		_, err := webhook.New(webhook.Options{Name: "sms", URL: url})
		require.EqualError(t, err, "webhook sms: its address is not understood")
	}
}
