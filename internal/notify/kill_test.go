package notify_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fake"
	fakepd "github.com/meteora-fee-router/feeops/internal/fake/pagerduty"
	fakeslack "github.com/meteora-fee-router/feeops/internal/fake/slack"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/notifytest"
	"github.com/meteora-fee-router/feeops/internal/notify/pagerduty"
	"github.com/meteora-fee-router/feeops/internal/notify/slack"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// deadly ends the process at the moment when the first delivery would be recorded.
type deadly struct{ *store.Store }

func (d deadly) SettleDelivery(context.Context, domain.Delivery) error {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill() // No Close, no deferred call, no flush.
	}
	if err != nil {
		return err
	}
	select {}
}

// TestDeliverTo_AKilledProcessPagesNobodyTwice runs itself as a second process, which tells a channel and dies before
// it can record that. The parent has the services, and goes on where the child died.
func TestDeliverTo_AKilledProcessPagesNobodyTwice(t *testing.T) {
	const path, slackURL, pagerURL, which = "FEEOPS_TEST_STORE", "FEEOPS_TEST_SLACK", "FEEOPS_TEST_PAGER", "FEEOPS_TEST_CHANNEL"
	tell := func(t *testing.T, api, pager string, records notify.Records, channel string, now time.Time) (notify.Outcome, error) {
		t.Helper()
		clock := func() time.Time { return now }
		client := notify.NewHTTPClient()
		t.Cleanup(client.CloseIdleConnections)
		router, err := notify.NewRouter(nil, nil, []string{"slack", "pagerduty"})
		require.NoError(t, err)
		d, err := notify.NewDispatcher(notify.Params{
			Channels: []notify.Channel{
				slack.New(slack.Options{Token: "xoxb-1", BaseURL: api, Channel: "ops", HTTP: client}),
				pagerduty.New(pagerduty.Options{RoutingKey: routingKey, BaseURL: pager, HTTP: client, Now: clock}),
			},
			Router: router, Records: records, Timeout: 8 * time.Second, Now: clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		})
		require.NoError(t, err)
		return d.DeliverTo(t.Context(), channel, notifytest.Stuck())
	}
	if file := os.Getenv(path); file != "" {
		db, err := store.Open(t.Context(), "file:"+file)
		require.NoError(t, err)
		_, err = tell(t, os.Getenv(slackURL), os.Getenv(pagerURL), deadly{db}, os.Getenv(which), notifytest.At())
		require.Fail(t, "the process lives on", "%v", err)
	}
	s, err := fakeslack.Start(t.Context(), fakeslack.Options{Token: "xoxb-1", Channels: []string{"ops"}})
	fake.ForTest(t, s, err)
	p, err := fakepd.Start(t.Context(), routingKey)
	fake.ForTest(t, p, err)
	file := filepath.Join(t.TempDir(), "feeops.db")
	for _, channel := range []string{"slack", "pagerduty"} {
		child := exec.Command(os.Args[0], "-test.run=^TestDeliverTo_AKilledProcessPagesNobodyTwice$")
		child.Env = append(os.Environ(), path+"="+file, slackURL+"="+s.API(), pagerURL+"="+p.URL, which+"="+channel)
		output, err := child.CombinedOutput()
		require.ErrorContains(t, err, "killed", string(output))
	}
	require.Len(t, s.Messages("ops"), 1)
	require.Len(t, p.Alerts(), 1)
	db, err := store.Open(t.Context(), "file:"+file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for _, channel := range []string{"slack", "pagerduty"} {
		out, err := tell(t, s.API(), p.URL, db, channel, notifytest.At().Add(10*time.Second))
		require.NoError(t, err)
		require.Equal(t, domain.DeliveryDelivered, out.State)
		require.Equal(t, 2, out.Attempts)
	}
	require.Len(t, s.Messages("ops"), 1, "nobody is told twice")
	require.Len(t, p.Alerts(), 1, "and nobody is paged twice")
}
