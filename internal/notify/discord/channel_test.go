package discord_test

import (
	"context"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fake"
	fakediscord "github.com/meteora-fee-router/feeops/internal/fake/discord"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/discord"
	"github.com/meteora-fee-router/feeops/internal/notify/notifytest"
)

var update = flag.Bool("update", false, "write the golden files")

func start(t *testing.T) (*fakediscord.Server, notify.Channel) {
	t.Helper()
	s, err := fakediscord.Start(t.Context())
	fake.ForTest(t, s, err)
	return s, channel(t, s.WebhookURL(), s.ForumURL())
}

func channel(t *testing.T, url, forum string) notify.Channel {
	t.Helper()
	c, err := discord.New(discord.Options{WebhookURL: url, ForumURL: forum, HTTP: notify.NewHTTPClient(), Now: notifytest.At})
	require.NoError(t, err)
	return c
}

func deliver(t *testing.T, c notify.Channel, m notify.Message, before notify.Ref) notify.Ref {
	t.Helper()
	ref, err := c.Deliver(t.Context(), m, before)
	require.NoError(t, err)
	return ref
}

func TestDeliver_TheWholeMessage(t *testing.T) {
	s, c := start(t)
	for _, one := range []struct {
		name string
		give notify.Message
	}{{"trigger", notifytest.Stuck()}, {"hostile", notifytest.Hostile()}, {"resolve", notifytest.Then(2, notify.Resolve, "Resolved")}} {
		deliver(t, c, one.give, "")
		all := s.Messages()
		last := all[len(all)-1]
		notifytest.Golden(t, one.name+".json", last.Body, *update)
		require.False(t, last.Mentions)
	}
}

func TestDeliver_AnyLengthsAndTextsAreAccepted(t *testing.T) {
	s, c := start(t)
	deliver(t, c, notifytest.Huge(), "")
	require.Contains(t, string(s.Messages()[0].Body), "more fields did not fit")
	text := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("*_\\😀\n<@>#- ")), 0, 5000, -1))
	rapid.Check(t, func(t *rapid.T) {
		m := notify.Message{
			Key: "k", Seq: 1, Kind: notify.Trigger, Severity: domain.SeverityHigh, Title: "t" + text.Draw(t, "title"), Text: text.Draw(t, "text"), At: notifytest.At(),
			Vault: text.Draw(t, "vault"),
		}
		for range rapid.IntRange(0, 30).Draw(t, "fields") {
			m.Fields = append(m.Fields, notify.Field{Name: text.Draw(t, "name"), Value: text.Draw(t, "value")})
		}
		_, err := c.Deliver(context.Background(), m, "")
		require.NoError(t, err)
		all := s.Messages()
		require.False(t, all[len(all)-1].Mentions)
	})
}

func TestDeliver_LaterMessagesEditAndOnlyWhatIsWorseIsPostedAnew(t *testing.T) {
	s, c := start(t)
	ref := deliver(t, c, notifytest.Stuck(), "")
	require.NotEmpty(t, ref)
	same := deliver(t, c, notifytest.Then(2, notify.Acknowledge, "Acknowledged"), ref)
	require.Equal(t, ref, same)
	require.Len(t, s.Messages(), 1)
	require.Equal(t, 1, s.Messages()[0].Edits)
	worse := notifytest.Then(3, notify.Trigger, "Lost in 30 minutes")
	worse.Severity = domain.SeverityCritical
	ref = deliver(t, c, worse, ref)
	require.Len(t, s.Messages(), 2)
	ref = deliver(t, c, notifytest.Then(4, notify.Resolve, "Resolved"), ref)
	require.Len(t, s.Messages(), 2)
	for _, m := range s.Messages() {
		require.Contains(t, string(m.Body), "RESOLVED", "both are shown as over")
	}
	for _, m := range s.Messages() {
		s.Delete(m.ID)
	}
	again := deliver(t, c, notifytest.Then(5, notify.Update, "Back"), ref)
	require.Len(t, s.Messages(), 1, "what a moderator deleted is posted anew")
	require.NotEqual(t, ref, again)
	for i := range 10 {
		again = deliver(t, c, notifytest.Then(6+i, notify.Trigger, "Worse"), again)
	}
	require.Len(t, strings.Split(string(again), ","), 5, "not all of them are edited for ever")
}

func TestDeliver_FilesAreAttached(t *testing.T) {
	s, c := start(t)
	m := notifytest.Stuck()
	m.Files = map[string][]byte{"report.md": []byte("# report"), "../evil\n.csv": []byte("a,b"), "z-large.bin": make([]byte, 9<<20)}
	deliver(t, c, m, "")
	require.Equal(t, map[string]int{"report.md": 8, "evil .csv": 3}, s.Messages()[0].Files, "what Discord would refuse is left out")
}

func TestDeliver_FilesThatAreRefusedLeaveTheMessage(t *testing.T) {
	s, c := start(t)
	s.Break(fake.Fault{Name: fake.Refuse, Status: 413, Count: 1})
	m := notifytest.Stuck()
	m.Files = map[string][]byte{"report.md": []byte("# report")}
	ref, err := c.Deliver(t.Context(), m, "")
	var lacks *notify.Unattached
	require.ErrorAs(t, err, &lacks)
	require.Equal(t, "discord/413", fault.CodeOf(err))
	require.NotEmpty(t, ref)
	require.Len(t, s.Messages(), 1)
	require.Empty(t, s.Messages()[0].Files)
	s.Break(fake.Fault{Name: fake.Refuse, Status: 413, Count: 1})
	m.Files = nil
	_, err = c.Deliver(t.Context(), m, "")
	require.NotErrorAs(t, err, &lacks, "a message that is refused itself is not told")
}

func TestRooms_AnIncidentGetsAThreadOfTheForum(t *testing.T) {
	s, c := start(t)
	rooms, ok := c.(notify.Rooms)
	require.True(t, ok)
	room, err := rooms.Open(t.Context(), notify.Room{
		Key: "incident/INC-1", Name: "inc-20260301-001-alpha", Topic: "Distribution stuck", Invite: []string{"ann", "bob"}, Pins: notifytest.Stuck().Links,
	})
	require.NoError(t, err)
	require.Len(t, s.Threads(), 1)
	require.NoError(t, rooms.Post(t.Context(), room, notifytest.Then(2, notify.Update, "Looking at it")))
	require.NoError(t, rooms.Describe(t.Context(), room, "Vault is paused"))
	all := s.Messages()
	require.Len(t, all, 2)
	require.Equal(t, all[0].Thread, all[1].Thread)
	require.Contains(t, string(all[0].Body), "Vault is paused")
	notifytest.Golden(t, "room.json", all[0].Body, *update)
	for _, bad := range []notify.Ref{"", "x"} {
		require.Equal(t, fault.Human, fault.KindOf(rooms.Post(t.Context(), bad, notifytest.Stuck())))
		require.Equal(t, fault.Human, fault.KindOf(rooms.Describe(t.Context(), bad, "x")))
	}
	_, ok = channel(t, s.WebhookURL(), "").(notify.Rooms)
	require.False(t, ok, "without a forum there are no rooms")
}

func TestDeliver_FailuresSayWhatMayBeDoneNext(t *testing.T) {
	tests := []struct {
		name  string
		fault fake.Fault
		path  string
		kind  fault.Kind
		code  string
		after time.Duration
		text  string
	}{
		{"rate limit", fake.Fault{Name: fake.Refuse, Status: 429, After: 350 * time.Millisecond}, "", fault.Retry, "discord/429", 350 * time.Millisecond, "rate limited"},
		{"outage", fake.Fault{Name: fake.Refuse, Status: 502, Code: "bad gateway"}, "", fault.Unknown, "discord/502", 0, "502"},
		{"lost reply", fake.Fault{Name: fake.LoseReply}, "", fault.Unknown, "discord/connection", 0, "ended the connection"},
		{"hang", fake.Fault{Name: fake.Hang}, "", fault.Unknown, "discord/timeout", 0, "in time"},
		{"deleted webhook", fake.Fault{On: "nowhere"}, "gone", fault.Human, "discord/404", 0, "DISCORD_WEBHOOK_URL"},
		{"bad form", fake.Fault{Name: fake.Refuse, Status: 400, Code: "Invalid Form Body"}, "", fault.Human, "discord/400", 0, "Invalid Form Body"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := start(t)
			s.Break(tt.fault)
			ctx, cancel := context.WithTimeout(t.Context(), map[bool]time.Duration{true: 100 * time.Millisecond, false: 5 * time.Second}[tt.fault.Name == fake.Hang])
			defer cancel()
			_, err := channel(t, s.WebhookURL()+tt.path, "").Deliver(ctx, notifytest.Stuck(), "")
			require.Equal(t, tt.kind, fault.KindOf(err))
			require.Equal(t, tt.code, fault.CodeOf(err))
			require.ErrorContains(t, err, tt.text)
			require.NotContains(t, err.Error(), fakediscord.Token, "who has the address can post")
			require.NotContains(t, err.Error(), "/api/webhooks")
			var f *fault.Error
			require.ErrorAs(t, err, &f)
			require.Equal(t, tt.after, f.After)
			require.Equal(t, tt.kind == fault.Human, f.Next != "")
		})
	}
}

func TestDeliver_AFailedEditPostsNothing(t *testing.T) {
	s, c := start(t)
	ref := deliver(t, c, notifytest.Stuck(), "")
	s.Break(fake.Fault{Name: fake.Refuse, Status: 429, After: time.Second})
	kept, err := c.Deliver(t.Context(), notifytest.Then(2, notify.Trigger, "Worse"), ref)
	require.Equal(t, fault.Retry, fault.KindOf(err))
	require.Equal(t, ref, kept)
	require.Len(t, s.Messages(), 1)
	s.Mend()
	_, err = c.Deliver(t.Context(), notifytest.Then(2, notify.Trigger, "Worse"), "../../evil")
	require.NoError(t, err, "a place that is none of Discord's is posted anew")
	require.Len(t, s.Messages(), 2)
}

func TestNew_NeverRepeatsABadAddress(t *testing.T) {
	for _, url := range []string{"", "hunter2", "http://[::1", "https://\x00"} {
		_, err := discord.New(discord.Options{WebhookURL: url})
		require.EqualError(t, err, "discord: the webhook is no address")
	}
}
