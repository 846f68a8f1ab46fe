package slack_test

import (
	"context"
	"encoding/json"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fake"
	fakeslack "github.com/meteora-fee-router/feeops/internal/fake/slack"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/notifytest"
	"github.com/meteora-fee-router/feeops/internal/notify/slack"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	token    = "xoxb-0123456789-abcdefghij"
	appToken = "xapp-1-A0001-0123456789"
)

func start(t *testing.T, change ...func(*fakeslack.Options)) (*fakeslack.Server, *slack.Channel) {
	t.Helper()
	o := fakeslack.Options{Token: token, AppToken: appToken, Channels: []string{"general", "ops"}, Users: []string{"U0ANN", "U0BOB"}}
	for _, f := range change {
		f(&o)
	}
	s, err := fakeslack.Start(t.Context(), o)
	fake.ForTest(t, s, err)
	return s, channel(s, nil)
}

func channel(s *fakeslack.Server, change func(*slack.Options)) *slack.Channel {
	o := slack.Options{Token: token, BaseURL: s.API(), Channel: "ops", HTTP: notify.NewHTTPClient(), Members: map[string]string{"ann": "U0ANN", "bob": "U0BOB", "cy": "U0GONE"}}
	if change != nil {
		change(&o)
	}
	return slack.New(o)
}

func deliver(t *testing.T, c notify.Channel, m notify.Message, before notify.Ref) notify.Ref {
	t.Helper()
	ref, err := c.Deliver(t.Context(), m, before)
	require.NoError(t, err)
	return ref
}

// whole is all that was posted, as one document.
func whole(t *testing.T, m fakeslack.Message) []byte {
	t.Helper()
	params := map[string]any{}
	for name := range m.Params {
		params[name] = m.Params.Get(name)
	}
	for name, raw := range map[string]json.RawMessage{"attachments": m.Attachments, "metadata": m.Metadata} {
		if raw != nil {
			params[name] = raw
		}
	}
	b, err := json.Marshal(params)
	require.NoError(t, err)
	return b
}

func TestDeliver_TheWholeMessage(t *testing.T) {
	s, c := start(t)
	for _, one := range []struct {
		name string
		give notify.Message
	}{{"trigger", notifytest.Stuck()}, {"hostile", notifytest.Hostile()}, {"resolve", notifytest.Then(2, notify.Resolve, "Resolved")}} {
		deliver(t, c, one.give, "")
		all := s.Messages("ops")
		notifytest.Golden(t, one.name+".json", whole(t, all[len(all)-1]), *update)
		require.Empty(t, all[len(all)-1].Mentions, "nobody is called by what a message holds")
	}
}

func TestDeliver_AnyLengthsAndTextsAreAccepted(t *testing.T) {
	s, c := start(t)
	deliver(t, c, notifytest.Huge(), "")
	text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("*_~`\\😀\n<>&@!\"… x")), 0, 5000, -1))
	rapid.Check(t, func(t *rapid.T) {
		m := notify.Message{
			Key: "k", Seq: 1, Kind: notify.Trigger, Severity: domain.SeverityHigh, Title: "t" + text.Draw(t, "title"), Text: text.Draw(t, "text"), At: notifytest.At(),
			Vault: text.Draw(t, "vault"), Actions: []notify.Action{{Name: text.Draw(t, "action"), Value: text.Draw(t, "value")}},
			Links: []notify.Link{{Text: text.Draw(t, "link"), URL: "https://a.example/" + text.Draw(t, "url")}},
		}
		for range rapid.IntRange(0, 40).Draw(t, "fields") {
			m.Fields = append(m.Fields, notify.Field{Name: text.Draw(t, "name"), Value: text.Draw(t, "value")})
		}
		_, err := c.Deliver(context.Background(), m, "")
		require.NoError(t, err)
		all := s.Messages("ops")
		require.Empty(t, all[len(all)-1].Mentions)
	})
}

func TestDeliver_ALongTextKeepsItsBeginningAndLosesNothingBetweenItsParts(t *testing.T) {
	s, c := start(t)
	m := notifytest.Stuck()
	m.Text = strings.Repeat("0123456789", 500)
	deliver(t, c, m, "")
	var attachments []struct {
		Blocks []struct {
			Type string `json:"type"`
			Text *struct {
				Text string `json:"text"`
			} `json:"text"`
		} `json:"blocks"`
	}
	require.NoError(t, json.Unmarshal(s.Messages("ops")[0].Attachments, &attachments))
	var text strings.Builder
	for _, b := range attachments[0].Blocks {
		if b.Text != nil {
			text.WriteString(b.Text.Text)
		}
	}
	require.Equal(t, m.Text, text.String())
}

func TestDeliver_OneMessageForAKeyWithTheRestInItsThread(t *testing.T) {
	s, c := start(t)
	ref := deliver(t, c, notifytest.Stuck(), "")
	same := deliver(t, c, notifytest.Then(2, notify.Acknowledge, "Acknowledged"), ref)
	require.Equal(t, ref, same)
	worse := notifytest.Then(3, notify.Trigger, "Lost in 30 minutes")
	worse.Severity = domain.SeverityCritical
	deliver(t, c, worse, ref)
	deliver(t, c, notifytest.Then(4, notify.Resolve, "Resolved"), ref)
	all := s.Messages("ops")
	require.Len(t, all, 4)
	require.Equal(t, 3, all[0].Edits)
	require.Contains(t, all[0].Text, "RESOLVED")
	require.NotContains(t, string(all[0].Attachments), "feeops/acknowledge", "what is over has no buttons")
	require.Contains(t, string(all[0].Metadata), `"seq":1`, "and is still found as the first")
	for i, broadcast := range []bool{false, true, false} {
		require.Equal(t, all[0].TS, all[i+1].Thread)
		require.Equal(t, broadcast, all[i+1].Broadcast, "only what is worse is shown in the channel too")
	}
}

func TestDeliver_ADeletedMessageIsReplacedByTheNext(t *testing.T) {
	s, c := start(t)
	ref := deliver(t, c, notifytest.Stuck(), "")
	s.Delete("ops", s.Messages("ops")[0].TS)
	second := deliver(t, c, notifytest.Then(2, notify.Update, "Half"), ref)
	require.NotEqual(t, ref, second)
	third := deliver(t, c, notifytest.Then(3, notify.Resolve, "Resolved"), second)
	require.Equal(t, second, third)
	all := s.Messages("ops")
	require.Len(t, all, 2)
	require.Empty(t, all[0].Thread)
	require.Equal(t, all[0].TS, all[1].Thread)
}

func TestDeliver_AnAttemptWithoutAReplyIsFoundAgain(t *testing.T) {
	s, c := start(t)
	repeat := func(m notify.Message) notify.Message { m.Repeat = true; return m }
	s.Break(fake.Fault{Name: fake.LoseReply, On: "chat.postMessage", Count: 1})
	_, err := c.Deliver(t.Context(), notifytest.Stuck(), "")
	require.Equal(t, fault.Unknown, fault.KindOf(err))
	ref := deliver(t, c, repeat(notifytest.Stuck()), "")
	require.Len(t, s.Messages("ops"), 1, "it is not posted again")

	s.Break(fake.Fault{Name: fake.LoseReply, On: "chat.postMessage", Count: 1})
	second := notifytest.Then(2, notify.Update, "Half")
	_, err = c.Deliver(t.Context(), second, ref)
	require.Equal(t, fault.Unknown, fault.KindOf(err))
	require.Equal(t, ref, deliver(t, c, repeat(second), ref))
	require.Len(t, s.Messages("ops"), 2)

	s.Break(fake.Fault{Name: fake.Refuse, On: "chat.update", Status: 429, After: time.Second, Count: 1})
	third := notifytest.Then(3, notify.Resolve, "Resolved")
	_, err = c.Deliver(t.Context(), third, ref)
	require.Equal(t, fault.Unknown, fault.KindOf(err), "the reply was posted: the next attempt must look for it")
	deliver(t, c, repeat(third), ref)
	all := s.Messages("ops")
	require.Len(t, all, 3)
	require.Contains(t, all[0].Text, "RESOLVED")

	other := notifytest.Stuck()
	other.Key = "beta/x"
	deliver(t, c, repeat(other), "")
	require.Len(t, s.Messages("ops"), 4, "what is not there is posted")
}

func TestDeliver_WithoutTheRightToReadItIsToldAgainRatherThanNotAtAll(t *testing.T) {
	s, c := start(t, func(o *fakeslack.Options) { o.NoHistory = true })
	m := notifytest.Stuck()
	m.Repeat = true
	ref := deliver(t, c, m, "")
	m = notifytest.Then(2, notify.Resolve, "Resolved")
	m.Repeat = true
	deliver(t, c, m, ref)
	require.Len(t, s.Messages("ops"), 2)
}

// withFiles is a message with two files that Slack takes and one that it does not.
func withFiles() notify.Message {
	m := notifytest.Stuck()
	m.Files = map[string][]byte{"report.md": []byte("# report"), "empty": nil, "a\n.csv": []byte("a,b")}
	return m
}

func TestDeliver_FilesGoIntoTheThread(t *testing.T) {
	s, c := start(t)
	deliver(t, c, withFiles(), "")
	all := s.Messages("ops")
	require.Len(t, all, 2)
	require.Equal(t, []string{"a .csv", "report.md"}, all[1].Files)
	require.Equal(t, map[string][]byte{"a .csv": []byte("a,b"), "report.md": []byte("# report")}, all[1].Bodies, "byte for byte")
	require.Equal(t, all[0].TS, all[1].Thread)
}

func TestDeliver_AFailedUploadLeavesTheMessageAndShowsNoHalf(t *testing.T) {
	for _, on := range []string{"files.getUploadURLExternal", "/upload/F000000002", "files.completeUploadExternal"} {
		t.Run(on, func(t *testing.T) {
			s, c := start(t)
			s.Break(fake.Fault{Name: fake.Refuse, On: on, Status: 503, Count: 1})
			ref, err := c.Deliver(t.Context(), withFiles(), "")
			var lacks *notify.Unattached
			require.ErrorAs(t, err, &lacks)
			require.Equal(t, fault.Unknown, fault.KindOf(err), "the next attempt must look for what is there: %v", err)
			require.NotEmpty(t, ref)
			require.Len(t, s.Messages("ops"), 1, "the summary stands, and no file by itself")
			again := withFiles()
			again.Repeat = true
			require.Equal(t, ref, deliver(t, c, again, ref))
			all := s.Messages("ops")
			require.Len(t, all, 2, "the summary is not told again")
			require.Equal(t, []string{"a .csv", "report.md"}, all[1].Files)
		})
	}
}

func TestDeliver_FilesWhoseReplyWasLostAreNotShownAgain(t *testing.T) {
	s, c := start(t)
	s.Break(fake.Fault{Name: fake.LoseReply, On: "files.completeUploadExternal", Count: 1})
	ref, err := c.Deliver(t.Context(), withFiles(), "")
	require.Equal(t, fault.Unknown, fault.KindOf(err))
	again := withFiles()
	again.Repeat = true
	deliver(t, c, again, ref)
	require.Len(t, s.Messages("ops"), 2)
}

func TestDeliver_WithoutTheRightsToUploadOrReadTheSummaryIsToldOnce(t *testing.T) {
	s, c := start(t, func(o *fakeslack.Options) { o.NoFiles, o.NoHistory = true, true })
	ref, err := c.Deliver(t.Context(), withFiles(), "")
	require.Equal(t, fault.Human, fault.KindOf(err))
	require.ErrorContains(t, err, "missing_scope")
	again := withFiles()
	again.Repeat = true
	_, err = c.Deliver(t.Context(), again, ref)
	require.Error(t, err)
	require.Len(t, s.Messages("ops"), 1)
	s.Delete("ops", s.Messages("ops")[0].TS)
	second, err := c.Deliver(t.Context(), again, ref)
	require.Error(t, err)
	require.NotEqual(t, ref, second)
	require.Len(t, s.Messages("ops"), 1, "what was deleted meanwhile is told anew")
}

func TestDeliver_FailuresSayWhatMayBeDoneNext(t *testing.T) {
	code := func(s string) fake.Fault { return fake.Fault{Name: fake.Refuse, Status: 200, Code: s} }
	tests := []struct {
		name  string
		fault fake.Fault
		kind  fault.Kind
		code  string
		after time.Duration
		next  string
	}{
		{"rate limit", fake.Fault{Name: fake.Refuse, Status: 429, After: 30 * time.Second}, fault.Retry, "slack/429", 30 * time.Second, ""},
		{"outage", fake.Fault{Name: fake.Refuse, Status: 500}, fault.Unknown, "slack/500", 0, ""},
		{"not there now", fake.Fault{Name: fake.Refuse, Status: 503}, fault.Retry, "slack/503", 0, ""},
		{"lost reply", fake.Fault{Name: fake.LoseReply}, fault.Unknown, "slack/connection", 0, ""},
		{"hang", fake.Fault{Name: fake.Hang}, fault.Unknown, "slack/timeout", 0, ""},
		{"revoked token", code("token_revoked"), fault.Human, "slack/token_revoked", 0, "notify.slack.token"},
		{"invalid token", code("invalid_auth"), fault.Human, "slack/invalid_auth", 0, "notify.slack.token"},
		{"missing scope", code("missing_scope"), fault.Human, "slack/missing_scope", 0, "scopes"},
		{"no such channel", code("channel_not_found"), fault.Human, "slack/channel_not_found", 0, "notify.slack.channel"},
		{"archived", code("is_archived"), fault.Human, "slack/is_archived", 0, "notify.slack.channel"},
		{"rate limit by code", code("ratelimited"), fault.Retry, "slack/ratelimited", 0, ""},
		{"their failure", code("internal_error"), fault.Unknown, "slack/internal_error", 0, ""},
		{"a code of tomorrow", code("flux_inverted"), fault.Unknown, "slack/flux_inverted", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, c := start(t)
			s.Break(tt.fault)
			ctx, cancel := context.WithTimeout(t.Context(), map[bool]time.Duration{true: 100 * time.Millisecond, false: 10 * time.Second}[tt.fault.Name == fake.Hang])
			defer cancel()
			_, err := c.Deliver(ctx, notifytest.Stuck(), "")
			require.Equal(t, tt.kind, fault.KindOf(err), "%v", err)
			require.Equal(t, tt.code, fault.CodeOf(err))
			require.NotContains(t, err.Error(), token)
			var f *fault.Error
			require.ErrorAs(t, err, &f)
			require.Equal(t, tt.after, f.After)
			require.Contains(t, f.Next, tt.next)
			require.Equal(t, tt.kind == fault.Human, f.Next != "")
		})
	}
	s, c := start(t)
	s.Kick("ops")
	_, err := c.Deliver(t.Context(), notifytest.Stuck(), "")
	require.ErrorContains(t, err, "/invite @feeops")
	_, err = channel(s, func(o *slack.Options) { o.Token = "xoxb-stolen-by-nobody" }).Deliver(t.Context(), notifytest.Stuck(), "")
	require.Equal(t, "slack/invalid_auth", fault.CodeOf(err))
	require.NotContains(t, err.Error(), "stolen")
}
