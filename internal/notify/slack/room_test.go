package slack_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/fake"
	fakeslack "github.com/meteora-fee-router/feeops/internal/fake/slack"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/notifytest"
	"github.com/meteora-fee-router/feeops/internal/notify/slack"
)

func room() notify.Room {
	return notify.Room{
		Key: "incident/INC-20260301-001", Name: "INC 20260301-001 Alpha!", Topic: "Distribution stuck\nsince 12:00", Invite: []string{"ann", "cy", "dee"},
		Pins: []notify.Link{{Text: "Runbook", URL: "https://runbooks.example.org/x"}},
	}
}

func TestOpen_AnIncidentGetsAChannelWithPeopleTopicAndPins(t *testing.T) {
	s, c := start(t)
	var first notify.Ref
	for range 3 { // All of it may be repeated.
		ref, err := c.Open(t.Context(), room())
		require.NoError(t, err)
		if first == "" {
			first = ref
		}
		require.Equal(t, first, ref)
	}
	got := s.Channel("inc-20260301-001-alpha")
	require.Equal(t, string(first), got.ID)
	require.Equal(t, "Distribution stuck since 12:00", got.Topic)
	require.Equal(t, []string{fakeslack.Bot, "U0ANN"}, got.Members)
	require.Len(t, got.Pins, 1)
	all := s.Messages(got.ID)
	require.Len(t, all, 1)
	require.Contains(t, string(all[0].Attachments), "cy, dee", "who could not be invited is named")
	notifytest.Golden(t, "room.json", whole(t, all[0]), *update)

	update := notifytest.Then(2, notify.Update, "Looking at it")
	require.NoError(t, c.Post(t.Context(), first, update))
	update.Repeat = true
	require.NoError(t, c.Post(t.Context(), first, update))
	require.Len(t, s.Messages(got.ID), 2)
	require.NoError(t, c.Describe(t.Context(), first, strings.Repeat("long ", 100)))
	require.Len(t, []rune(s.Channel(got.ID).Topic), 250)
}

func TestOpen_ThreadsTakeThePlaceOfChannels(t *testing.T) {
	tests := []struct {
		name   string
		server func(*fakeslack.Options)
		client func(*slack.Options)
		says   string
	}{
		{"by the settings", func(*fakeslack.Options) {}, func(o *slack.Options) { o.Threads = true }, "ann, cy, dee"},
		{"when the workspace refuses channels", func(o *fakeslack.Options) { o.NoCreate = true }, nil, "restricted_action"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := start(t, tt.server)
			c := channel(s, tt.client)
			ref, err := c.Open(t.Context(), room())
			require.NoError(t, err)
			again, err := c.Open(t.Context(), room())
			require.NoError(t, err)
			require.Equal(t, ref, again)
			update := notifytest.Then(2, notify.Update, "Looking at it")
			require.NoError(t, c.Post(t.Context(), ref, update))
			update.Repeat = true
			require.NoError(t, c.Post(t.Context(), ref, update))
			require.NoError(t, c.Describe(t.Context(), ref, "Vault is paused"))
			all := s.Messages("ops")
			require.Len(t, all, 2)
			require.Equal(t, all[0].TS, all[1].Thread)
			require.Contains(t, all[0].Text, "Vault is paused")
			require.Contains(t, all[0].Params.Get("attachments"), tt.says)
		})
	}
}

func TestOpen_AnAttemptThatWasCutOffIsGoneOnWith(t *testing.T) {
	for _, step := range []string{"conversations.create", "conversations.invite", "conversations.setTopic", "chat.postMessage", "pins.add"} {
		t.Run(step, func(t *testing.T) {
			s, c := start(t)
			s.Break(fake.Fault{Name: fake.LoseReply, On: step, Count: 1})
			_, err := c.Open(t.Context(), room())
			require.Equal(t, fault.Unknown, fault.KindOf(err), "%v", err)
			ref, err := c.Open(t.Context(), room())
			require.NoError(t, err)
			got := s.Channel(string(ref))
			require.Len(t, got.Pins, 1)
			require.Contains(t, got.Members, "U0ANN")
			require.Len(t, s.Messages(got.ID), 1)
		})
	}
}

func TestRooms_FailuresSayWhatMayBeDoneNext(t *testing.T) {
	s, c := start(t)
	require.Equal(t, fault.Human, fault.KindOf(c.Post(t.Context(), "", notifytest.Stuck())))
	s.Break(fake.Fault{Name: fake.Refuse, On: "conversations.create", Status: 200, Code: "token_revoked"})
	_, err := c.Open(t.Context(), room())
	require.ErrorContains(t, err, "notify.slack.token")
	s.Mend()
	s.Break(fake.Fault{Name: fake.Refuse, On: "conversations.invite", Status: 429, After: 1e9})
	_, err = c.Open(t.Context(), room())
	require.Equal(t, fault.Retry, fault.KindOf(err))
}
