package app

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	fakeslack "github.com/meteora-fee-router/feeops/internal/fake/slack"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/slack"
)

// TestButtons_WhenSlackHearsNobodyTheWatchKnows follows the way back from Slack: buttons that do nothing look like those
// that work, so that channel_down must say it.
func TestButtons_WhenSlackHearsNobodyTheWatchKnows(t *testing.T) {
	server, err := fakeslack.Start(t.Context(), fakeslack.Options{Token: "xoxb-1", AppToken: "xapp-1", Channels: []string{"ops"}})
	require.NoError(t, err)
	start := time.Now()
	later := time.Duration(0)
	b := newButtons(func() time.Time { return start.Add(later) })
	states := &channelStates{store: openStore(t), buttons: b, now: b.now}
	look := func() []domain.Condition {
		t.Helper()
		got, err := states.read(t.Context())
		require.NoError(t, err)
		return got
	}
	require.Empty(t, look(), "Socket Mode is off")
	run := func(token string) (ended chan error, cancel context.CancelFunc) {
		inbound := slack.NewInbound(slack.InboundOptions{BaseURL: server.API(), HTTP: notify.NewHTTPClient(), Now: func() time.Time { return start }, Log: quietLog()})
		socket := slack.NewSocket(token, server.API(), notify.NewHTTPClient(), inbound)
		b.socket.Store(socket)
		require.True(t, look()[0].Unknown, "nothing is known before it has run")
		ctx, cancel := context.WithCancel(t.Context())
		ended = make(chan error, 1)
		go func() { ended <- socket.Run(ctx) }()
		return ended, cancel
	}
	ended, cancel := run("xapp-wrong")
	require.Error(t, <-ended)
	cancel()
	require.False(t, look()[0].OK)
	require.False(t, look()[0].Unknown)
	require.Contains(t, look()[0].Detail, "notify.slack.app_token")
	require.NotContains(t, look()[0].Detail, "xapp-wrong")

	ended, cancel = run("xapp-1")
	require.Eventually(t, func() bool { return look()[0].OK }, 10*time.Second, time.Millisecond)
	require.Equal(t, buttonsName, look()[0].Name)
	require.NoError(t, server.Close())
	require.Eventually(t, func() bool { return !look()[0].OK }, 30*time.Second, time.Millisecond)
	require.True(t, look()[0].Unknown, "Slack ends connections now and then")
	later = deafAfter + time.Second
	require.False(t, look()[0].Unknown)
	require.Contains(t, look()[0].Detail, "buttons and /feeops do nothing")
	cancel()
	require.NoError(t, <-ended)
}
