package pagerduty_test

import (
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fake"
	fakepd "github.com/meteora-fee-router/feeops/internal/fake/pagerduty"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/notifytest"
	"github.com/meteora-fee-router/feeops/internal/notify/pagerduty"
)

var update = flag.Bool("update", false, "write the golden files")

const routingKey = "0123456789abcdef0123456789abcdef"

func start(t *testing.T) (*fakepd.Server, *pagerduty.Channel) {
	t.Helper()
	s, err := fakepd.Start(t.Context(), routingKey)
	fake.ForTest(t, s, err)
	return s, channel(s.URL, routingKey)
}

func channel(url, key string) *pagerduty.Channel {
	return pagerduty.New(pagerduty.Options{RoutingKey: key, BaseURL: url + "/", HTTP: notify.NewHTTPClient(), Now: notifytest.At})
}

func deliver(t *testing.T, c notify.Channel, m notify.Message, before notify.Ref) notify.Ref {
	t.Helper()
	ref, err := c.Deliver(t.Context(), m, before)
	require.NoError(t, err)
	return ref
}

func TestDeliver_TheWholeEvent(t *testing.T) {
	s, c := start(t)
	for name, m := range map[string]notify.Message{"trigger": notifytest.Stuck(), "hostile": notifytest.Hostile()} {
		deliver(t, c, m, "")
		all := s.Alerts()
		notifytest.Golden(t, name+".json", all[len(all)-1].Events[0], *update)
	}
	info := notifytest.Then(1, notify.Info, "Day complete")
	deliver(t, c, info, "")
	notifytest.Golden(t, "change.json", s.Changes()[0], *update)
}

func TestDeliver_WhatIsFarTooLongIsCutAndAccepted(t *testing.T) {
	s, c := start(t)
	m := notifytest.Huge()
	ref := deliver(t, c, m, "")
	require.Len(t, s.Alerts(), 1)
	require.Equal(t, string(ref), s.Alerts()[0].Key)
	m.Kind, m.Seq = notify.Resolve, 2
	deliver(t, c, m, ref)
	require.Equal(t, "resolved", s.Alerts()[0].Status, "the cut key is the same each time")
	m.Kind = notify.Info
	deliver(t, c, m, ref)
	other := notifytest.Huge()
	other.Key += "!"
	deliver(t, c, other, "")
	require.Len(t, s.Alerts(), 2, "keys that differ behind the cut stay apart")
}

func TestDeliver_OneKeyIsOneAlertFromTriggerToResolve(t *testing.T) {
	s, c := start(t)
	ref := deliver(t, c, notifytest.Stuck(), "")
	deliver(t, c, notifytest.Then(2, notify.Trigger, "Worse"), ref)
	deliver(t, c, notifytest.Then(3, notify.Acknowledge, "Acknowledged"), ref)
	require.Equal(t, "acknowledged", s.Alerts()[0].Status)
	deliver(t, c, notifytest.Then(4, notify.Update, "Half done"), ref)
	deliver(t, c, notifytest.Then(5, notify.Resolve, "Resolved"), ref)
	require.Len(t, s.Alerts(), 1, "one page")
	require.Equal(t, "resolved", s.Alerts()[0].Status)
	require.Len(t, s.Alerts()[0].Events, 4)
	require.Len(t, s.Changes(), 1, "an update wakes nobody")
	deliver(t, c, notifytest.Then(6, notify.Update, "Late"), ref)
	require.Len(t, s.Alerts(), 1, "and opens nothing again")
}

func TestDeliver_AMessageToldTwicePagesOnce(t *testing.T) {
	s, c := start(t)
	s.Break(fake.Fault{Name: fake.LoseReply, Count: 1})
	_, err := c.Deliver(t.Context(), notifytest.Stuck(), "")
	require.Equal(t, fault.Unknown, fault.KindOf(err))
	m := notifytest.Stuck()
	m.Repeat = true
	deliver(t, c, m, "")
	require.Len(t, s.Alerts(), 1)
}

func TestDeliver_WhatIsNotWrongIsAChangeEvent(t *testing.T) {
	s, c := start(t)
	for n, kind := range []notify.Kind{notify.Change, notify.Info} {
		m := notifytest.Then(1, kind, "Build 7 takes all tasks")
		deliver(t, c, m, "")
		require.Empty(t, s.Alerts(), "nobody is woken by %s", kind)
		require.Len(t, s.Changes(), n+1)
	}
	require.Contains(t, string(s.Changes()[0]), "Build 7 takes all tasks")
}

func TestDeliver_SeveritiesAreMapped(t *testing.T) {
	s, c := start(t)
	for ours, theirs := range map[string]string{"low": "info", "medium": "warning", "high": "error", "critical": "critical", "strange": "error"} {
		m := notifytest.Stuck()
		m.Key, m.Severity = ours, domain.Severity(ours)
		deliver(t, c, m, "")
		all := s.Alerts()
		var event struct {
			Payload struct {
				Severity string `json:"severity"`
			} `json:"payload"`
		}
		require.NoError(t, json.Unmarshal(all[len(all)-1].Events[0], &event))
		require.Equal(t, theirs, event.Payload.Severity, ours)
	}
}

func TestDeliver_FailuresSayWhatMayBeDoneNext(t *testing.T) {
	tests := []struct {
		name  string
		fault fake.Fault
		key   string
		kind  fault.Kind
		code  string
		after time.Duration
		text  string
	}{
		{"rate limit", fake.Fault{Name: fake.Refuse, Status: 429, After: 7 * time.Second, Code: "throttled"}, routingKey, fault.Retry, "pagerduty/429", 7 * time.Second, "throttled"},
		{"outage", fake.Fault{Name: fake.Refuse, Status: 500, Code: "boom"}, routingKey, fault.Unknown, "pagerduty/500", 0, "boom"},
		{"not there now", fake.Fault{Name: fake.Refuse, Status: 503}, routingKey, fault.Retry, "pagerduty/503", 0, "503"},
		{"lost reply", fake.Fault{Name: fake.LoseReply}, routingKey, fault.Unknown, "pagerduty/connection", 0, "ended the connection"},
		{"hang", fake.Fault{Name: fake.Hang}, routingKey, fault.Unknown, "pagerduty/timeout", 0, "did not answer in time"},
		{"wrong key", fake.Fault{Name: fake.Hang, On: "nowhere"}, strings.Repeat("f", 32), fault.Human, "pagerduty/400", 0, "PAGERDUTY_INTEGRATION_KEY"},
		{"revoked key", fake.Fault{Name: fake.Refuse, Status: 403, Code: "forbidden"}, routingKey, fault.Human, "pagerduty/403", 0, "PAGERDUTY_INTEGRATION_KEY"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := start(t)
			s.Break(tt.fault)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			if tt.fault.Name == fake.Hang && tt.fault.On == "" {
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
			}
			defer cancel()
			_, err := channel(s.URL, tt.key).Deliver(ctx, notifytest.Stuck(), "")
			require.Equal(t, tt.kind, fault.KindOf(err))
			require.Equal(t, tt.code, fault.CodeOf(err))
			require.ErrorContains(t, err, tt.text)
			require.NotContains(t, err.Error(), tt.key)
			var f *fault.Error
			require.ErrorAs(t, err, &f)
			require.Equal(t, tt.after, f.After)
			require.Equal(t, tt.kind == fault.Human, f.Next != "")
		})
	}
}

func TestDeliver_AServerThatIsNotThereWasNotTold(t *testing.T) {
	c := pagerduty.New(pagerduty.Options{RoutingKey: routingKey, BaseURL: "http://127.0.0.1:1", HTTP: notify.NewHTTPClient(), Now: notifytest.At})
	_, err := c.Deliver(t.Context(), notifytest.Stuck(), "")
	require.Equal(t, fault.Retry, fault.KindOf(err))
	require.Equal(t, "pagerduty/unreachable", fault.CodeOf(err))
}

func TestDeliver_ARedirectIsNotFollowed(t *testing.T) {
	s, c := start(t)
	s.Break(fake.Fault{Name: fake.Refuse, Status: http.StatusTemporaryRedirect})
	_, err := c.Deliver(t.Context(), notifytest.Stuck(), "")
	require.Equal(t, "pagerduty/307", fault.CodeOf(err))
}
