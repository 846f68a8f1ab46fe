package discord_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/fake"
	"github.com/meteora-fee-router/feeops/internal/fake/discord"
)

func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	require.NoError(t, err)
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(said)
}

// TestLimits_WhatDiscordRefusesIsRefused keeps the tests of the client honest.
func TestLimits_WhatDiscordRefusesIsRefused(t *testing.T) {
	s, err := discord.Start(t.Context())
	fake.ForTest(t, s, err)
	embed := func(format string, args ...any) string {
		return `{"embeds":[{` + fmt.Sprintf(format, args...) + `}]}`
	}
	long := func(n int) string { return strings.Repeat("x", n) }
	fields := func(n int, name, value string) string {
		one := fmt.Sprintf(`{"name":%q,"value":%q},`, name, value)
		return `"fields":[` + strings.TrimSuffix(strings.Repeat(one, n), ",") + `]`
	}
	tests := []struct {
		name string
		body string
		want int
	}{
		{"25 fields", embed("%s", fields(25, "n", "v")), 200},
		{"26 fields", embed("%s", fields(26, "n", "v")), 400},
		{"empty value", embed("%s", fields(1, "n", "")), 400},
		{"blank value", embed("%s", fields(1, "n", "  ")), 400},
		{"empty name", embed("%s", fields(1, "", "v")), 400},
		{"long value", embed("%s", fields(1, "n", long(1025))), 400},
		{"long name", embed("%s", fields(1, long(257), "v")), 400},
		{"long title", embed(`"title":%q`, long(257)), 400},
		{"title of characters that count twice", embed(`"title":%q`, strings.Repeat("😀", 129)), 400},
		{"long description", embed(`"description":%q`, long(4097)), 400},
		{"6,000 in all", embed("%s,%s", fmt.Sprintf(`"description":%q`, long(4000)), fields(2, "n", long(1000))), 400},
		{"no content", `{"embeds":[]}`, 400},
		{"empty embed", `{"embeds":[{}]}`, 400},
		{"11 embeds", `{"embeds":[` + strings.TrimSuffix(strings.Repeat(`{"title":"x"},`, 11), ",") + `]}`, 400},
		{"colour", embed(`"title":"x","color":16777216`), 400},
		{"timestamp", embed(`"title":"x","timestamp":"yesterday"`), 400},
		{"no JSON", `{`, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, said := post(t, s.WebhookURL()+"?wait=true", tt.body)
			require.Equal(t, tt.want, got, said)
		})
	}
	got, _ := post(t, s.WebhookURL()+"x", `{"content":"x"}`)
	require.Equal(t, 404, got)
	got, _ = post(t, s.WebhookURL(), `{"content":"x"}`)
	require.Equal(t, 204, got, "without wait there is no answer")
	got, _ = post(t, s.WebhookURL(), `{"content":"x","thread_name":"t"}`)
	require.Equal(t, 400, got)
	got, _ = post(t, s.ForumURL(), `{"content":"x"}`)
	require.Equal(t, 400, got)
	_, _ = post(t, s.WebhookURL(), `{"content":"@everyone"}`)
	all := s.Messages()
	require.True(t, all[len(all)-1].Mentions)
	_, _ = post(t, s.WebhookURL(), `{"content":"@everyone","allowed_mentions":{"parse":[]}}`)
	all = s.Messages()
	require.False(t, all[len(all)-1].Mentions)
}
