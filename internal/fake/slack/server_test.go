package slack_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/fake"
	"github.com/meteora-fee-router/feeops/internal/fake/slack"
)

func call(t *testing.T, s *slack.Server, method string, params map[string]string) (string, map[string]any) {
	t.Helper()
	form := url.Values{"token": {"xoxb"}}
	for name, value := range params {
		form.Set(name, value)
	}
	resp, err := http.PostForm(s.API()+method, form)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	var out map[string]any
	require.NoError(t, json.Unmarshal(body, &out))
	code, _ := out["error"].(string)
	return code, out
}

// TestLimits_WhatSlackRefusesIsRefused keeps the tests of the client honest: a fake that takes everything shows nothing.
func TestLimits_WhatSlackRefusesIsRefused(t *testing.T) {
	s, err := slack.Start(t.Context(), slack.Options{Token: "xoxb", Channels: []string{"ops"}})
	fake.ForTest(t, s, err)
	section := func(n int) string {
		return fmt.Sprintf(`{"type":"section","text":{"type":"plain_text","text":%q}}`, strings.Repeat("x", n))
	}
	button := func(text, value, id string) string {
		return fmt.Sprintf(`{"type":"button","action_id":%q,"value":%q,"text":{"type":"plain_text","text":%q}}`, id, value, text)
	}
	list := func(n int, one string) string { return "[" + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + "]" }
	actions := func(elements string) string { return `[{"type":"actions","elements":` + elements + `}]` }
	tests := []struct {
		name   string
		params map[string]string
		want   string
	}{
		{"within", map[string]string{"blocks": list(1, section(3000))}, ""},
		{"long section", map[string]string{"blocks": list(1, section(3001))}, "invalid_blocks"},
		{"empty section", map[string]string{"blocks": list(1, section(0))}, "invalid_blocks"},
		{"50 blocks", map[string]string{"blocks": list(50, section(1))}, ""},
		{"51 blocks", map[string]string{"blocks": list(51, section(1))}, "invalid_blocks"},
		{"too many bytes", map[string]string{"blocks": list(5, section(2900))}, "msg_blocks_too_long"},
		{"11 fields", map[string]string{"blocks": `[{"type":"section","fields":` + list(11, `{"type":"mrkdwn","text":"x"}`) + `}]`}, "invalid_blocks"},
		{"long field", map[string]string{"blocks": `[{"type":"section","fields":[{"type":"mrkdwn","text":"` + strings.Repeat("x", 2001) + `"}]}]`}, "invalid_blocks"},
		{"long header", map[string]string{"blocks": `[{"type":"header","text":{"type":"plain_text","text":"` + strings.Repeat("x", 151) + `"}}]`}, "invalid_blocks"},
		{"long button", map[string]string{"blocks": actions("[" + button(strings.Repeat("x", 76), "v", "a") + "]")}, "invalid_blocks"},
		{"long value", map[string]string{"blocks": actions("[" + button("x", strings.Repeat("v", 2001), "a") + "]")}, "invalid_blocks"},
		{"button twice", map[string]string{"blocks": actions("[" + button("x", "v", "a") + "," + button("x", "v", "a") + "]")}, "invalid_blocks"},
		{"26 buttons", map[string]string{"blocks": actions(list(26, button("x", "v", "")))}, "invalid_blocks"},
		{"unknown block", map[string]string{"blocks": `[{"type":"marquee"}]`}, "invalid_blocks"},
		{"no JSON", map[string]string{"blocks": `[`}, "invalid_blocks_format"},
		{"the same in an attachment", map[string]string{"attachments": `[{"color":"#fff","blocks":` + list(1, section(3001)) + `}]`}, "invalid_blocks"},
		{"no text", map[string]string{}, "no_text"},
		{"long text", map[string]string{"text": strings.Repeat("x", 40_001)}, "msg_too_long"},
		{"metadata without a type", map[string]string{"text": "x", "metadata": `{"event_payload":{}}`}, "invalid_metadata_format"},
		{"no such channel", map[string]string{"channel": "nowhere", "text": "x"}, "channel_not_found"},
		{"another token", map[string]string{"token": "xoxb-2", "text": "x"}, "invalid_auth"},
		{"no token", map[string]string{"token": "", "text": "x"}, "not_authed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.params["channel"] == "" {
				tt.params["channel"] = "ops"
			}
			got, _ := call(t, s, "chat.postMessage", tt.params)
			require.Equal(t, tt.want, got)
		})
	}
	require.Len(t, s.Messages("ops"), 2)
}

func TestMentions_AreSeenWhereSlackSeesThem(t *testing.T) {
	s, err := slack.Start(t.Context(), slack.Options{Token: "xoxb", Channels: []string{"ops"}})
	fake.ForTest(t, s, err)
	for _, params := range []map[string]string{
		{"text": "<!channel> and <@U1>"},
		{"text": "x", "attachments": `[{"blocks":[{"type":"context","elements":[{"type":"mrkdwn","text":"<!here>"}]}]}]`},
		{"text": "x", "blocks": `[{"type":"section","text":{"type":"plain_text","text":"<!here>"}}]`},
		{"text": "&lt;!channel&gt; @channel"},
	} {
		params["channel"] = "ops"
		code, _ := call(t, s, "chat.postMessage", params)
		require.Empty(t, code)
	}
	var got [][]string
	for _, m := range s.Messages("ops") {
		got = append(got, m.Mentions)
	}
	require.Equal(t, [][]string{{"<!channel>", "<@U1>"}, {"<!here>"}, nil, nil}, got)
}

func TestConversations_NamesTopicsAndPages(t *testing.T) {
	s, err := slack.Start(t.Context(), slack.Options{Token: "xoxb", Channels: []string{"a", "b", "c"}, Users: []string{"U1"}})
	fake.ForTest(t, s, err)
	for name, want := range map[string]string{"": "invalid_name_required", "Big": "invalid_name_specials", "with space": "invalid_name_specials", strings.Repeat("x", 81): "invalid_name_maxlength", "a": "name_taken"} {
		got, _ := call(t, s, "conversations.create", map[string]string{"name": name})
		require.Equal(t, want, got, name)
	}
	seen, cursor := 0, ""
	for {
		_, page := call(t, s, "conversations.list", map[string]string{"limit": "2", "cursor": cursor})
		seen += len(page["channels"].([]any))
		if cursor = page["response_metadata"].(map[string]any)["next_cursor"].(string); cursor == "" {
			break
		}
	}
	require.Equal(t, 3, seen)
	for user, want := range map[string]string{"U2": "user_not_found", slack.Bot: "cant_invite_self", "U1": ""} {
		got, _ := call(t, s, "conversations.invite", map[string]string{"channel": "a", "users": user})
		require.Equal(t, want, got)
	}
	got, _ := call(t, s, "conversations.invite", map[string]string{"channel": "a", "users": "U1"})
	require.Equal(t, "already_in_channel", got)
	got, _ = call(t, s, "conversations.setTopic", map[string]string{"channel": "a", "topic": strings.Repeat("x", 251)})
	require.Equal(t, "too_long", got)
	s.Archive("a")
	got, _ = call(t, s, "chat.postMessage", map[string]string{"channel": "a", "text": "x"})
	require.Equal(t, "is_archived", got)
}
