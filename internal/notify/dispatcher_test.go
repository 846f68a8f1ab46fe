package notify_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fake"
	fakepd "github.com/meteora-fee-router/feeops/internal/fake/pagerduty"
	fakeslack "github.com/meteora-fee-router/feeops/internal/fake/slack"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/notifytest"
	"github.com/meteora-fee-router/feeops/internal/notify/pagerduty"
	"github.com/meteora-fee-router/feeops/internal/notify/slack"
	"github.com/meteora-fee-router/feeops/internal/store"
)

const routingKey = "0123456789abcdef0123456789abcdef"

// clock is moved by the sleeping of the dispatcher and by tests.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.slept = c.now.Add(d), append(c.slept, d)
	return ctx.Err()
}

// desk is a dispatcher with a real store, a Slack and a PagerDuty.
type desk struct {
	*notify.Dispatcher

	slack *fakeslack.Server
	pager *fakepd.Server
	store *store.Store
	clock *clock
}

// spare is a channel that keeps what it got, for the end of the line.
type spare struct {
	name string
	mu   sync.Mutex
	got  []notify.Message
	fail error
}

func (s *spare) Name() string { return s.name }

func (s *spare) Deliver(_ context.Context, m notify.Message, _ notify.Ref) (notify.Ref, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return "", s.fail
	}
	s.got = append(s.got, m)
	return notify.Ref(s.name), nil
}

// records lets the record of a real store fail.
type records struct {
	*store.Store

	mu     sync.Mutex
	claim  error
	settle error
}

func (r *records) ClaimDelivery(ctx context.Context, c domain.DeliveryClaim) (domain.DeliveryGrant, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.claim != nil {
		return domain.DeliveryGrant{}, r.claim
	}
	return r.Store.ClaimDelivery(ctx, c)
}

func (r *records) SettleDelivery(ctx context.Context, d domain.Delivery) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.settle != nil {
		return r.settle
	}
	return r.Store.SettleDelivery(ctx, d)
}

func open(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func newDesk(t *testing.T, change func(*notify.Params, *[]notify.Route)) *desk {
	t.Helper()
	d := &desk{store: open(t), clock: &clock{now: notifytest.At()}}
	var err error
	d.slack, err = fakeslack.Start(t.Context(), fakeslack.Options{Token: "xoxb-1", Channels: []string{"ops"}})
	fake.ForTest(t, d.slack, err)
	d.pager, err = fakepd.Start(t.Context(), routingKey)
	fake.ForTest(t, d.pager, err)
	client := notify.NewHTTPClient()
	p := notify.Params{
		Channels: []notify.Channel{
			slack.New(slack.Options{Token: "xoxb-1", BaseURL: d.slack.API(), Channel: "ops", HTTP: client}),
			pagerduty.New(pagerduty.Options{RoutingKey: routingKey, BaseURL: d.pager.URL, HTTP: client, Now: d.clock.Now}),
		},
		Records: d.store, Timeout: 5 * time.Second, Attempts: 3, Patience: time.Minute, Now: d.clock.Now, Sleep: d.clock.Sleep,
		Jitter: func(time.Duration) time.Duration { return 0 }, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	var routes []notify.Route
	if change != nil {
		change(&p, &routes)
	}
	var names []string
	for _, c := range p.Channels {
		names = append(names, c.Name())
	}
	p.Router, err = notify.NewRouter(routes, nil, names)
	require.NoError(t, err)
	d.Dispatcher, err = notify.NewDispatcher(p)
	require.NoError(t, err)
	return d
}

// records reads the state of each channel's record of one message.
func (d *desk) states(t *testing.T, seq int) map[string]domain.DeliveryState {
	t.Helper()
	all, err := d.store.Deliveries(t.Context(), notifytest.Stuck().Key)
	require.NoError(t, err)
	out := map[string]domain.DeliveryState{}
	for _, r := range all {
		if r.Seq == seq {
			out[r.Channel] = r.State
		}
	}
	return out
}

func TestDispatch_AnAlertFromTriggerToResolve(t *testing.T) {
	d := newDesk(t, nil)
	for _, m := range []notify.Message{notifytest.Stuck(), notifytest.Then(2, notify.Acknowledge, "Acknowledged"), notifytest.Then(3, notify.Resolve, "Resolved")} {
		for range 2 { // Told again, it is told once.
			report := d.Dispatch(t.Context(), m)
			require.True(t, report.Told)
			require.Empty(t, report.Down)
			require.Len(t, report.Outcomes, 2)
		}
	}
	require.Len(t, d.slack.Messages("ops"), 3)
	require.Len(t, d.pager.Alerts(), 1)
	require.Len(t, d.pager.Alerts()[0].Events, 3)
	require.Equal(t, "resolved", d.pager.Alerts()[0].Status)
	require.Equal(t, map[string]domain.DeliveryState{"slack": domain.DeliveryDelivered, "pagerduty": domain.DeliveryDelivered}, d.states(t, 3))
}

func TestPlan_WhoWasWokenIsToldThatItIsOver(t *testing.T) {
	d := newDesk(t, func(_ *notify.Params, routes *[]notify.Route) {
		*routes = []notify.Route{{Name: "pages", AtLeast: domain.SeverityCritical, Channels: []string{"pagerduty"}}, {Name: "rest", Channels: []string{"slack"}}}
	})
	m := notifytest.Stuck()
	m.Severity = domain.SeverityCritical
	require.Equal(t, []string{"pagerduty"}, d.Plan(t.Context(), m))
	d.Dispatch(t.Context(), m)
	require.Equal(t, []string{"slack", "pagerduty"}, d.Plan(t.Context(), notifytest.Then(2, notify.Resolve, "Resolved")), "the severity fell, and the pager still must end")
	other := notifytest.Then(2, notify.Resolve, "Resolved")
	other.Key = "beta/x"
	require.Equal(t, []string{"slack"}, d.Plan(t.Context(), other))
	require.NoError(t, d.store.Close())
	require.Equal(t, []string{"slack"}, d.Plan(t.Context(), notifytest.Then(2, notify.Resolve, "Resolved")), "without the records the routes decide")
}

func TestDispatch_OneThatHangsDelaysNoOther(t *testing.T) {
	d := newDesk(t, func(p *notify.Params, _ *[]notify.Route) { p.Timeout, p.Attempts = time.Minute, 1 })
	d.slack.Break(fake.Fault{Name: fake.Hang})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan notify.Report, 1)
	go func() { done <- d.Dispatch(ctx, notifytest.Stuck()) }()
	<-d.slack.Hung()
	told := func() bool { return d.states(t, 1)["pagerduty"] == domain.DeliveryDelivered }
	require.Eventually(t, told, 10*time.Second, time.Millisecond, "the pager is told while Slack hangs")
	cancel()
	report := <-done
	require.True(t, report.Told)
	require.Equal(t, []string{"slack"}, report.Down)
}

func TestDispatch_RetriesHonourRetryAfterAndFallBackAtTheEnd(t *testing.T) {
	email := &spare{name: "email"}
	withSpare := func(p *notify.Params, _ *[]notify.Route) { p.Channels = append(p.Channels, email) }
	d := newDesk(t, withSpare)
	d.slack.Break(fake.Fault{Name: fake.Refuse, Status: 429, After: 7 * time.Second, Count: 1})
	d.pager.Break(fake.Fault{Name: fake.Refuse, Status: 503, Count: 2})
	report := d.Dispatch(t.Context(), notifytest.Stuck())
	require.Empty(t, report.Down)
	slices.Sort(d.clock.slept)
	require.Equal(t, []time.Duration{time.Second, 2 * time.Second, 7 * time.Second}, d.clock.slept)
	require.Empty(t, email.got)

	d.pager.Break(fake.Fault{Name: fake.Refuse, Status: 500})
	report = d.Dispatch(t.Context(), notifytest.Then(2, notify.Trigger, "Worse"))
	require.Equal(t, []string{"pagerduty"}, report.Down)
	require.True(t, report.Told)
	require.Len(t, email.got, 1)
	at := slices.IndexFunc(report.Outcomes, func(o notify.Outcome) bool { return o.Channel == "email" })
	require.Equal(t, "pagerduty", report.Outcomes[at].InPlaceOf)
	require.Equal(t, map[string]domain.DeliveryState{"slack": domain.DeliveryDelivered, "pagerduty": domain.DeliveryFailed, "email": domain.DeliveryDelivered}, d.states(t, 2))
	all, err := d.store.Deliveries(t.Context(), notifytest.Stuck().Key)
	require.NoError(t, err)
	failed := all[slices.IndexFunc(all, func(r domain.Delivery) bool { return r.Channel == "pagerduty" && r.Seq == 2 })]
	require.Equal(t, "pagerduty/500", failed.Code)
	require.Equal(t, 3, failed.Attempts)
	require.True(t, failed.Uncertain)

	d.pager.Mend()
	d.slack.Break(fake.Fault{Name: fake.Refuse, Status: 429, After: 2 * time.Hour})
	report = d.Dispatch(t.Context(), notifytest.Then(3, notify.Resolve, "Resolved"))
	require.Equal(t, []string{"slack"}, report.Down, "one that asks for more patience than there is has failed")
	require.Equal(t, "resolved", d.pager.Alerts()[0].Status)
}

func TestDispatch_ARevokedTokenIsReportedAtOnceAndTwoFailuresTakeTwoFallbacks(t *testing.T) {
	email, sms := &spare{name: "email"}, &spare{name: "webhook/sms"}
	d := newDesk(t, func(p *notify.Params, routes *[]notify.Route) {
		p.Channels = append(p.Channels, email, sms)
		*routes = []notify.Route{{Name: "all", Channels: []string{"slack", "pagerduty"}, Fallback: []string{"email", "webhook/sms"}}}
	})
	d.slack.Break(fake.Fault{Name: fake.Refuse, Status: 200, Code: "token_revoked"})
	d.pager.Break(fake.Fault{Name: fake.Refuse, Status: 403})
	report := d.Dispatch(t.Context(), notifytest.Stuck())
	require.Empty(t, d.clock.slept, "nothing is gained by waiting")
	require.ElementsMatch(t, []string{"slack", "pagerduty"}, report.Down)
	require.Len(t, email.got, 1)
	require.Len(t, sms.got, 1)
	email.fail, sms.fail = errors.New("broken"), errors.New("broken")
	report = d.Dispatch(t.Context(), notifytest.Then(2, notify.Trigger, "Worse"))
	require.False(t, report.Told, "and it says so when nobody could be told")
	require.ElementsMatch(t, []string{"slack", "pagerduty", "email", "webhook/sms"}, report.Down)
}

func TestDeliverTo_ACrashBetweenDeliveryAndRecordPagesNobodyTwice(t *testing.T) {
	var r *records
	d := newDesk(t, func(p *notify.Params, _ *[]notify.Route) {
		r = &records{Store: p.Records.(*store.Store), settle: errors.New("killed")}
		p.Records = r
	})
	for _, channel := range []string{"slack", "pagerduty"} {
		out, err := d.DeliverTo(t.Context(), channel, notifytest.Stuck())
		require.NoError(t, err)
		require.Equal(t, domain.DeliveryDelivered, out.State)
		require.Contains(t, out.Unrecorded, "killed")
	}
	require.Equal(t, map[string]domain.DeliveryState{"slack": domain.DeliverySending, "pagerduty": domain.DeliverySending}, d.states(t, 1), "as after kill -9")
	r.mu.Lock()
	r.settle = nil
	r.mu.Unlock()
	for _, channel := range []string{"slack", "pagerduty"} {
		_, err := d.DeliverTo(t.Context(), channel, notifytest.Stuck())
		require.Equal(t, "notify/busy", fault.CodeOf(err), "another worker may be at it")
		var f *fault.Error
		require.ErrorAs(t, err, &f)
		require.Equal(t, fault.Retry, f.Kind)
		require.Equal(t, 7*time.Second, f.After)
	}
	require.NoError(t, d.clock.Sleep(t.Context(), 7*time.Second))
	for _, channel := range []string{"slack", "pagerduty"} {
		out, err := d.DeliverTo(t.Context(), channel, notifytest.Stuck())
		require.NoError(t, err)
		require.Equal(t, 2, out.Attempts)
	}
	require.Len(t, d.slack.Messages("ops"), 1)
	require.Len(t, d.pager.Alerts(), 1)
	report := d.Dispatch(t.Context(), notifytest.Then(2, notify.Resolve, "Resolved"))
	require.Empty(t, report.Down)
	require.Equal(t, 1, d.slack.Messages("ops")[0].Edits, "the place of the first is known again")
}

func TestDeliverTo_ALostReplyIsSettledByTheNextAttempt(t *testing.T) {
	d := newDesk(t, nil)
	d.slack.Break(fake.Fault{Name: fake.LoseReply, On: "chat.postMessage", Count: 1})
	_, err := d.DeliverTo(t.Context(), "slack", notifytest.Stuck())
	require.Equal(t, fault.Unknown, fault.KindOf(err))
	require.Equal(t, map[string]domain.DeliveryState{"slack": domain.DeliveryWaiting}, d.states(t, 1))
	_, err = d.DeliverTo(t.Context(), "slack", notifytest.Stuck())
	require.NoError(t, err)
	require.Len(t, d.slack.Messages("ops"), 1)
}

func TestDeliverTo_WithoutItsRecordsItTellsAllTheSame(t *testing.T) {
	var r *records
	d := newDesk(t, func(p *notify.Params, _ *[]notify.Route) {
		r = &records{Store: p.Records.(*store.Store), claim: errors.New("disk full"), settle: errors.New("disk full")}
		p.Records = r
	})
	for range 2 {
		report := d.Dispatch(t.Context(), notifytest.Stuck())
		require.True(t, report.Told)
		require.Empty(t, report.Down)
		for _, o := range report.Outcomes {
			require.Contains(t, o.Unrecorded, "disk full")
		}
	}
	require.Len(t, d.slack.Messages("ops"), 1, "Slack is asked whether it has it")
	require.Len(t, d.pager.Alerts(), 1)
}

func TestDeliverTo_AnOldMessageThatComesLateOpensNothingAgain(t *testing.T) {
	d := newDesk(t, nil)
	d.pager.Break(fake.Fault{Name: fake.Refuse, Status: 429, After: time.Minute, Count: 1})
	_, err := d.DeliverTo(t.Context(), "pagerduty", notifytest.Stuck())
	require.Equal(t, fault.Retry, fault.KindOf(err))
	_, err = d.DeliverTo(t.Context(), "pagerduty", notifytest.Then(2, notify.Resolve, "Resolved"))
	require.NoError(t, err)
	out, err := d.DeliverTo(t.Context(), "pagerduty", notifytest.Stuck())
	require.NoError(t, err)
	require.Equal(t, domain.DeliverySuperseded, out.State)
	require.Empty(t, d.pager.Alerts(), "a page after its end would never end")
}

func TestDeliverTo_AMessageThatCannotBeFoundAgainIsRefused(t *testing.T) {
	d := newDesk(t, nil)
	for name, spoil := range map[string]func(*notify.Message){
		"key": func(m *notify.Message) { m.Key = "" }, "seq": func(m *notify.Message) { m.Seq = 0 },
		"kind": func(m *notify.Message) { m.Kind = "shout" }, "content": func(m *notify.Message) { m.Title, m.Text = "", "" },
	} {
		m := notifytest.Stuck()
		spoil(&m)
		_, err := d.DeliverTo(t.Context(), "slack", m)
		require.Equal(t, "notify/invalid", fault.CodeOf(err), name)
	}
	_, err := d.DeliverTo(t.Context(), "carrier-pigeon", notifytest.Stuck())
	require.Equal(t, "notify/unknown-channel", fault.CodeOf(err))
	_, err = notify.NewDispatcher(notify.Params{Channels: []notify.Channel{&spare{name: "a"}, &spare{name: "a"}}})
	require.EqualError(t, err, "two channels are called a")
}

func TestRooms_AreOpenedOnceAndKeepEveryEntry(t *testing.T) {
	d := newDesk(t, nil)
	require.Equal(t, []string{"slack"}, d.Rooms())
	key := notifytest.Stuck().Key
	_, err := d.PostToRoom(t.Context(), "slack", notifytest.Then(1, notify.Update, "Too early"))
	require.Equal(t, "notify/no-room", fault.CodeOf(err))
	room := notify.Room{Key: key, Name: "inc-1", Topic: "stuck"}
	ref, err := d.OpenRoom(t.Context(), "slack", room)
	require.NoError(t, err)
	again, err := d.OpenRoom(t.Context(), "slack", room)
	require.NoError(t, err)
	require.Equal(t, ref, again)
	for _, seq := range []int{2, 1, 2} { // Out of order, and one of them twice.
		_, err := d.PostToRoom(t.Context(), "slack", notifytest.Then(seq, notify.Update, "Entry"))
		require.NoError(t, err)
	}
	require.Len(t, d.slack.Messages("inc-1"), 3)
	require.NoError(t, d.DescribeRoom(t.Context(), "slack", ref, "over"))
	require.Equal(t, "over", d.slack.Channel("inc-1").Topic)
	for _, f := range []func() error{
		func() error { _, err := d.OpenRoom(t.Context(), "pagerduty", room); return err },
		func() error { _, err := d.PostToRoom(t.Context(), "pagerduty", notifytest.Stuck()); return err },
		func() error { return d.DescribeRoom(t.Context(), "pagerduty", ref, "x") },
	} {
		require.Equal(t, "notify/no-rooms", fault.CodeOf(f()))
	}
	_, err = d.OpenRoom(t.Context(), "slack", notify.Room{Name: "x"})
	require.Equal(t, fault.Human, fault.KindOf(err))
	require.Empty(t, d.slack.Messages("ops"), "the channel itself is left alone")
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
