package heartbeat_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/fake"
	"github.com/meteora-fee-router/feeops/internal/fake/hook"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/heartbeat"
	"github.com/meteora-fee-router/feeops/internal/notify/notifytest"
)

func TestBeat_OnceInAnIntervalAndAgainAfterAFailure(t *testing.T) {
	s, err := hook.Start(t.Context())
	fake.ForTest(t, s, err)
	now := notifytest.At()
	h := heartbeat.New(s.URL+"/ping/SECRETSECRET", time.Minute, notify.NewHTTPClient(), func() time.Time { return now })
	beat := func(want bool) {
		t.Helper()
		got, err := h.Beat(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	beat(true)
	beat(false)
	now = now.Add(time.Minute)
	s.Break(fake.Fault{Name: fake.Refuse, Status: 404, Count: 1})
	_, err = h.Beat(t.Context())
	require.Equal(t, fault.Human, fault.KindOf(err))
	require.NotContains(t, err.Error(), "SECRET")
	s.Break(fake.Fault{Name: fake.LoseReply, Count: 1})
	_, err = h.Beat(t.Context())
	require.Equal(t, fault.Unknown, fault.KindOf(err))
	require.NotContains(t, err.Error(), "SECRET")
	beat(true)
	require.Len(t, s.Requests(), 3)
	require.Equal(t, "/ping/SECRETSECRET", s.Requests()[0].Path)
}

// Looks begin once a minute and end when they end: the beat of one that is quicker than the last must not be left out.
func TestBeat_EachLookBeatsAlthoughSomeAreQuicker(t *testing.T) {
	s, err := hook.Start(t.Context())
	fake.ForTest(t, s, err)
	now := notifytest.At()
	h := heartbeat.New(s.URL+"/ping", time.Minute, notify.NewHTTPClient(), func() time.Time { return now })
	for minute, took := range []time.Duration{1900 * time.Millisecond, 300 * time.Millisecond, 5 * time.Second, 200 * time.Millisecond} {
		now = notifytest.At().Add(time.Duration(minute)*time.Minute + took)
		_, err := h.Beat(t.Context())
		require.NoError(t, err)
		require.Len(t, s.Requests(), minute+1)
	}
	now = now.Add(50 * time.Second)
	did, err := h.Beat(t.Context())
	require.NoError(t, err)
	require.False(t, did, "fewer than the interval says")
}

func TestBeat_WithoutAnAddressThereIsNone(t *testing.T) {
	got, err := heartbeat.New("", time.Minute, nil, time.Now).Beat(t.Context())
	require.NoError(t, err)
	require.False(t, got)
}
