package slack_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	fakeslack "github.com/meteora-fee-router/feeops/internal/fake/slack"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/notifytest"
	"github.com/meteora-fee-router/feeops/internal/notify/slack"
)

const signingSecret = "8f742231b10e8888abcd99yyyzzz85a5"

// inbox keeps what people did and answers; it fails on request.
type inbox struct {
	mu       sync.Mutex
	clicks   []notify.Click
	commands []notify.Command
	fail     error
	hang     chan struct{} // What asks for the status waits for it.
}

func (i *inbox) Clicked(_ context.Context, c notify.Click) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.clicks = append(i.clicks, c)
	return "Acknowledged. <!channel>", i.fail
}

func (i *inbox) Commanded(_ context.Context, c notify.Command) (string, error) {
	if i.hang != nil && c.Name == notify.CommandStatus {
		<-i.hang
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.commands = append(i.commands, c)
	return "3 vaults, all complete", i.fail
}

// desk is an app that listens, and the workspace that it belongs to.
type desk struct {
	slack   *fakeslack.Server
	inbox   *inbox
	inbound *slack.Inbound
	url     string
}

func listen(t *testing.T) *desk {
	t.Helper()
	s, _ := start(t)
	d := &desk{slack: s, inbox: &inbox{}}
	d.inbound = slack.NewInbound(slack.InboundOptions{
		Inbox: d.inbox, Members: map[string]string{"ann": "U0ANN"}, BaseURL: s.API(), HTTP: notify.NewHTTPClient(), Now: time.Now,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	server := httptest.NewServer(slack.NewHandler(signingSecret, d.inbound))
	t.Cleanup(server.Close)
	d.url = server.URL
	return d
}

// ended waits until all that was taken is answered.
func (d *desk) ended(t *testing.T) {
	t.Helper()
	require.NoError(t, d.inbound.Close(t.Context()))
}

func (d *desk) click(t *testing.T, id, user, action string) []byte {
	t.Helper()
	return d.slack.Click(id, user, fakeslack.Message{Channel: "C000000002", TS: "1772000001.000001"}, action, "alpha/distribution_stuck/2026-03-01")
}

func (d *desk) command(id, text string) url.Values {
	form := url.Values{}
	for name, value := range d.slack.Command(id, "U0BOB", "C000000002", text) {
		form.Set(name, value)
	}
	return form
}

func TestHandler_ClicksAndCommandsComeInAndAreAnsweredInPlace(t *testing.T) {
	d := listen(t)
	status, said, err := fakeslack.Post(t.Context(), d.url, signingSecret, url.Values{"payload": {string(d.click(t, "one", "U0ANN", "feeops/acknowledge"))}}, time.Now())
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, said, "an empty reply leaves the message as it is")
	status, _, err = fakeslack.Post(t.Context(), d.url, signingSecret, d.command("two", "  stop alpha  6001 seen\nagain "), time.Now())
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	d.ended(t)

	require.Len(t, d.inbox.clicks, 1)
	click := d.inbox.clicks[0]
	require.False(t, click.At.IsZero())
	click.At = time.Time{}
	require.Equal(t, notify.Click{
		Person: notify.Person{Operator: "ann", Account: "slack:U0ANN", Name: "name-of-U0ANN"}, Message: "C000000002/1772000001.000001",
		Action: notify.Action{Name: notify.ActionAcknowledge, Value: "alpha/distribution_stuck/2026-03-01"},
	}, click)
	require.Len(t, d.inbox.commands, 1)
	command := d.inbox.commands[0]
	command.At = time.Time{}
	require.Equal(t, notify.Command{
		Person: notify.Person{Account: "slack:U0BOB", Name: "name-of-U0BOB"}, Name: notify.CommandStop, Text: "alpha 6001 seen again", Place: "C000000002",
	}, command, "an account that is no operator's is handed on without one")
	answers := map[string]fakeslack.Answer{}
	for _, a := range d.slack.Answers() {
		answers[a.ID] = a
	}
	require.Equal(t, fakeslack.Answer{ID: "one", Text: "Acknowledged. &lt;!channel&gt;", Type: "ephemeral"}, answers["one"])
	require.Equal(t, fakeslack.Answer{ID: "two", Text: "3 vaults, all complete", Type: "ephemeral"}, answers["two"])
}

func TestHandler_WhatFailsOrIsNoCommandIsAnsweredToo(t *testing.T) {
	d := listen(t)
	d.inbox.fail = errors.New("alpha has no open alert")
	for _, form := range []url.Values{d.command("failed", "ack INC-1"), d.command("usage", "help me"), d.command("empty", "")} {
		form.Set("trigger_id", form.Get("response_url"))
		_, _, err := fakeslack.Post(t.Context(), d.url, signingSecret, form, time.Now())
		require.NoError(t, err)
	}
	d.ended(t)
	require.Len(t, d.inbox.commands, 1)
	texts := map[string]string{}
	for _, a := range d.slack.Answers() {
		texts[a.ID] = a.Text
	}
	require.Equal(t, "It did not work: alpha has no open alert", texts["failed"])
	require.Contains(t, texts["usage"], "/feeops status")
	require.Contains(t, texts["empty"], "/feeops status")
}

func TestHandler_BadlySignedOldAndReplayedRequestsAreRefused(t *testing.T) {
	d := listen(t)
	form := url.Values{"payload": {string(d.click(t, "one", "U0ANN", "feeops/stop_all"))}}
	post := func(secret string, at time.Time) int {
		status, _, err := fakeslack.Post(t.Context(), d.url, secret, form, at)
		require.NoError(t, err)
		return status
	}
	now := time.Now()
	require.Equal(t, http.StatusUnauthorized, post("another secret", now))
	require.Equal(t, http.StatusUnauthorized, post(signingSecret, now.Add(-6*time.Minute)))
	require.Equal(t, http.StatusUnauthorized, post(signingSecret, now.Add(6*time.Minute)))
	body := form.Encode()
	for name, change := range map[string]func(*http.Request){
		"no signature":    func(r *http.Request) { r.Header.Del("X-Slack-Signature") },
		"no time":         func(r *http.Request) { r.Header.Del("X-Slack-Request-Timestamp") },
		"another time":    func(r *http.Request) { r.Header.Set("X-Slack-Request-Timestamp", "1") },
		"another version": func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v1="+r.Header.Get("X-Slack-Signature")[3:]) },
		"another body":    func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(body + "&a=b")) },
		"method":          func(r *http.Request) { r.Method = http.MethodPut },
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		for header, value := range fakeslack.Sign(signingSecret, []byte(body), now) {
			r.Header.Set(header, value)
		}
		change(r)
		w := httptest.NewRecorder()
		slack.NewHandler(signingSecret, d.inbound).ServeHTTP(w, r)
		require.Equal(t, http.StatusUnauthorized, w.Code, name)
	}
	w := httptest.NewRecorder()
	slack.NewHandler("", d.inbound).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)))
	require.Equal(t, http.StatusUnauthorized, w.Code, "without a secret nothing is accepted")

	require.Equal(t, http.StatusOK, post(signingSecret, now))
	require.Equal(t, http.StatusUnauthorized, post(signingSecret, now), "the same request again")
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	for header, value := range fakeslack.Sign(signingSecret, []byte(body), now) {
		r.Header.Set(header, value)
	}
	r.Header.Set("X-Slack-Signature", "v0="+strings.ToUpper(r.Header.Get("X-Slack-Signature")[3:]))
	reply, err := http.DefaultClient.Do(outgoing(t, r, d.url))
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	require.Equal(t, http.StatusUnauthorized, reply.StatusCode, "nor with a signature that is written otherwise")
	d.ended(t)
	require.Len(t, d.inbox.clicks, 1, "only the good one got in")
}

// outgoing turns a test's request into one for a server.
func outgoing(t *testing.T, r *http.Request, to string) *http.Request {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	out, err := http.NewRequestWithContext(t.Context(), r.Method, to, strings.NewReader(string(body)))
	require.NoError(t, err)
	out.Header = r.Header
	return out
}

func TestHandler_AnswersGoToSlackOnly(t *testing.T) {
	d := listen(t)
	elsewhere := make(chan struct{}, 1)
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere <- struct{}{} }))
	t.Cleanup(other.Close)
	form := d.command("x", "status")
	form.Set("response_url", other.URL)
	_, _, err := fakeslack.Post(t.Context(), d.url, signingSecret, form, time.Now())
	require.NoError(t, err)
	d.ended(t)
	require.Len(t, d.inbox.commands, 1)
	require.Empty(t, elsewhere)
}

func TestHandler_WhatIsNotOursIsRefused(t *testing.T) {
	d := listen(t)
	for name, form := range map[string]url.Values{
		"nothing":          {},
		"no JSON":          {"payload": {"x"}},
		"another button":   {"payload": {string(d.click(t, "a", "U0ANN", "other/acknowledge"))}},
		"an unknown one":   {"payload": {string(d.click(t, "a", "U0ANN", "feeops/transfer_all"))}},
		"a view":           {"payload": {`{"type":"view_submission","user":{"id":"U1"}}`}},
		"nobody":           {"payload": {string(d.click(t, "a", "", "feeops/acknowledge"))}},
		"nobody's command": {"command": {"/feeops"}, "text": {"status"}},
	} {
		status, _, err := fakeslack.Post(t.Context(), d.url, signingSecret, form, time.Now())
		require.NoError(t, err)
		require.Equal(t, http.StatusBadRequest, status, name)
	}
	d.ended(t)
	require.Empty(t, d.inbox.clicks)
	require.Empty(t, d.inbox.commands)
}

// A stop is no moment for a form: it is neither refused for its reason's length nor kept waiting by what hangs.
func TestHandler_AStopIsTakenWhateverElseGoesOn(t *testing.T) {
	d := listen(t)
	hang := make(chan struct{})
	d.inbox.hang = hang
	for n := range 20 {
		form := d.command(fmt.Sprintf("s%d", n), "status")
		form.Set("trigger_id", form.Get("response_url"))
		_, _, err := fakeslack.Post(t.Context(), d.url, signingSecret, form, time.Now())
		require.NoError(t, err)
	}
	busy := func() bool { return len(d.slack.Answers()) == 4 }
	require.Eventually(t, busy, 10*time.Second, time.Millisecond, "sixteen hang, the others hear that it is too much")
	status, _, err := fakeslack.Post(t.Context(), d.url, signingSecret, d.command("stop", "stop alpha 1 &lt; 2 "+strings.Repeat("x", 5000)), time.Now())
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	stopped := func() bool { return len(d.slack.Answers()) == 5 }
	require.Eventually(t, stopped, 10*time.Second, time.Millisecond)
	close(hang)
	d.ended(t)
	at := slices.IndexFunc(d.inbox.commands, func(c notify.Command) bool { return c.Name == notify.CommandStop })
	text := d.inbox.commands[at].Text
	require.True(t, strings.HasPrefix(text, "alpha 1 < 2 xxx"), text)
	require.Less(t, len(text), 2100)
}

func TestSocket_ClicksAndCommandsComeInAndAreAcknowledged(t *testing.T) {
	d := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	socket := slack.NewSocket(appToken, d.slack.API(), notify.NewHTTPClient(), d.inbound)
	go func() { done <- socket.Run(ctx) }()
	require.NoError(t, d.slack.Send(t.Context(), "interactive", "e1", d.click(t, "one", "U0ANN", "feeops/mute_1h")))
	require.NoError(t, d.slack.Send(t.Context(), "interactive", "e1", d.click(t, "one", "U0ANN", "feeops/mute_1h")), "Slack may send it again")
	command, err := json.Marshal(d.slack.Command("two", "U0ANN", "C000000002", "status"))
	require.NoError(t, err)
	require.NoError(t, d.slack.Send(t.Context(), "slash_commands", "e2", command))
	require.NoError(t, d.slack.Refresh(t.Context()))
	require.NoError(t, d.slack.Send(t.Context(), "interactive", "e3", d.slack.Click("three", "U0ANN", fakeslack.Message{Channel: "C000000002", TS: "1.2"}, "feeops/nothing_of_ours", "x")), "on a new connection")
	require.Equal(t, 2, d.slack.Connections())
	require.True(t, socket.Standing().Connected)
	cancel()
	require.NoError(t, <-done)
	d.ended(t)
	require.Len(t, d.inbox.clicks, 1)
	require.Equal(t, notify.ActionMute, d.inbox.clicks[0].Action.Name)
	require.Len(t, d.inbox.commands, 1)
	require.Equal(t, "ann", d.inbox.commands[0].Person.Operator)
	require.Len(t, d.slack.Answers(), 2)
}

func TestSocket_ARefusedTokenEndsWithWhatToDo(t *testing.T) {
	d := listen(t)
	socket := slack.NewSocket("xapp-wrong", d.slack.API(), notify.NewHTTPClient(), d.inbound)
	require.Zero(t, socket.Standing(), "nothing is known before it runs")
	err := socket.Run(t.Context())
	require.Equal(t, fault.Human, fault.KindOf(err))
	require.ErrorContains(t, err, "notify.slack.app_token")
	require.NotContains(t, err.Error(), "xapp-wrong")
	require.False(t, socket.Standing().Connected)
	require.True(t, socket.Standing().Ended)
	require.Equal(t, err.Error(), socket.Standing().Why)
	d.ended(t)
}

func FuzzDecode(f *testing.F) {
	f.Add("payload=" + url.QueryEscape(`{"type":"block_actions","user":{"id":"U1"},"actions":[{"action_id":"feeops/acknowledge","value":"k"}],"container":{"channel_id":"C1","message_ts":"1.2"}}`))
	f.Add("command=%2Ffeeops&text=stop+alpha+x&user_id=U1")
	f.Add("payload=%7B%22actions%22%3Anull%7D")
	f.Add("%zz")
	in := &inbox{}
	inbound := slack.NewInbound(slack.InboundOptions{Inbox: in, HTTP: http.DefaultClient, Now: notifytest.At, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	h := slack.NewHandler(signingSecret, inbound)
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		for header, value := range fakeslack.Sign(signingSecret, []byte(body), time.Now()) {
			r.Header.Set(header, value)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.Contains(t, []int{http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized}, w.Code)
		in.mu.Lock()
		defer in.mu.Unlock()
		for _, c := range in.commands {
			require.Contains(t, notify.Commands(), c.Name)
			require.NotContains(t, c.Text, "\n")
		}
		in.commands, in.clicks = nil, nil
	})
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
