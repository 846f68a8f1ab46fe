package notify_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/notifytest"
)

func TestUnreachable_ToldOrNotToldAndNeverTheAddress(t *testing.T) {
	tests := []struct {
		name string
		give error
		want fault.Kind
	}{
		{"nobody listens", &net.OpError{Op: "dial", Err: errors.New("connection refused")}, fault.Retry},
		{"no such host", &net.DNSError{Name: "hooks.example", Err: "no such host"}, fault.Retry},
		{"no answer", context.DeadlineExceeded, fault.Unknown},
		{"cancelled", context.Canceled, fault.Unknown},
		{"cut off", io.ErrUnexpectedEOF, fault.Unknown},
		{"reset", &net.OpError{Op: "read", Err: errors.New("connection reset")}, fault.Unknown},
		{"certificate", x509.UnknownAuthorityError{}, fault.Human},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := notify.Unreachable("x", fmt.Errorf("again: %w", &url.Error{Op: "Post", URL: "https://hooks.example/SECRET", Err: tt.give}))
			require.Equal(t, tt.want, err.Kind)
			require.NotContains(t, err.Error(), "SECRET")
			require.ErrorIs(t, err, tt.give)
		})
	}
}

func TestRefused_StatusesHaveKinds(t *testing.T) {
	for status, want := range map[int]fault.Kind{
		429: fault.Retry, 503: fault.Retry, 408: fault.Retry, 425: fault.Retry, 500: fault.Unknown, 502: fault.Unknown, 504: fault.Unknown, 400: fault.Human, 401: fault.Human, 404: fault.Human, 302: fault.Human,
	} {
		err := notify.Refused("x", status, 3*time.Second, "line\none "+string(make([]byte, 1000)), "do this")
		require.Equal(t, want, err.Kind, status)
		require.Equal(t, want == fault.Human, err.Next != "", status)
		require.Less(t, len(err.Error()), 300)
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestRetryAfter(t *testing.T) {
	now := notifytest.At()
	for give, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "0.35": 350 * time.Millisecond, "-1": 0, "x": 0, "NaN": 0, "Inf": time.Hour, "1e300": time.Hour,
		now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second, now.Add(-time.Hour).Format(http.TimeFormat): 0, now.Add(48 * time.Hour).Format(http.TimeFormat): time.Hour,
	} {
		require.Equal(t, want, notify.RetryAfter(http.Header{"Retry-After": {give}}, now), give)
	}
}

func TestHTTPClient_FollowsNoRedirect(t *testing.T) {
	reached := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	t.Cleanup(other.Close)
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	resp, err := notify.NewHTTPClient().Post(server.URL, "text/plain", nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	_, err = notify.ReadReply(resp)
	require.NoError(t, err)
	require.Equal(t, http.StatusTemporaryRedirect, resp.StatusCode)
	require.False(t, reached)
}

func TestSeen_EachIdOnceWithinTheWindow(t *testing.T) {
	now := notifytest.At()
	s := notify.NewSeen(time.Minute, 3)
	require.True(t, s.First("a", now))
	require.False(t, s.First("a", now.Add(59*time.Second)))
	require.True(t, s.First("a", now.Add(time.Minute)), "the window is over")
	require.True(t, s.First("b", now.Add(time.Minute)))
	s.Forget("b")
	s.Forget("never")
	require.True(t, s.First("b", now.Add(time.Minute)))
	require.True(t, s.First("c", now.Add(time.Minute)))
	require.True(t, s.First("d", now.Add(time.Minute)))
	require.True(t, s.First("a", now.Add(time.Minute)), "a flood costs the oldest, not the memory")
}

func TestHide(t *testing.T) {
	require.Equal(t, "token=… and …", notify.Hide("token=abcdef and abcdef", "abcdef", "", "to"))
}
