package notify_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/notifytest"
)

func TestCut_KeepsToTheLimitAndSplitsNoCharacter(t *testing.T) {
	require.Equal(t, "abc", notify.Cut("abc", 3))
	require.Equal(t, "ab…", notify.Cut("abcd", 3))
	require.Equal(t, "…", notify.Cut("😀😀", 2))
	require.Equal(t, "😀…", notify.Cut("😀😀", 3))
	require.Empty(t, notify.Cut("abc", 0))
	rapid.Check(t, func(t *rapid.T) {
		s, limit := rapid.String().Draw(t, "s"), rapid.IntRange(0, 50).Draw(t, "limit")
		got := notify.Cut(s, limit)
		require.LessOrEqual(t, notify.Units(got), limit)
		require.True(t, utf8.ValidString(got) || !utf8.ValidString(s))
		if notify.Units(s) <= limit {
			require.Equal(t, s, got)
		} else if limit > 0 {
			require.True(t, strings.HasPrefix(s, strings.TrimSuffix(got, "…")))
		}
	})
}

func TestPlain_DropsWhatIsNoText(t *testing.T) {
	require.Equal(t, "a\nb\tc", notify.Plain("a\r\nb\tc\x00\x1b"))
	require.Equal(t, "one two [31mthree", notify.Line(" one\n\ttwo \x1b[31m\u202ethree\u2066 "))
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "s"))
		for _, r := range notify.Plain(s) {
			require.False(t, r < ' ' && r != '\n' && r != '\t', "%q", r)
			require.False(t, r >= 0x7f && r < 0xa0, "%q", r)
		}
		line := notify.Line(s)
		require.NotContains(t, line, "\n")
		require.Equal(t, line, notify.Line(line))
	})
}

func TestSafeLinks_LeadToWebPagesOnly(t *testing.T) {
	var urls []string
	for _, l := range notifytest.Hostile().SafeLinks() {
		urls = append(urls, l.URL)
	}
	require.Equal(t, []string{"https://a.example/?a=1&b=2", "HTTPS://b.example/x"}, urls)
	rapid.Check(t, func(t *rapid.T) {
		m := notify.Message{Links: []notify.Link{{Text: rapid.String().Draw(t, "text"), URL: rapid.OneOf(rapid.String(), rapid.Map(rapid.String(), func(s string) string { return "https://a/" + s })).Draw(t, "url")}}}
		for _, l := range m.SafeLinks() {
			require.NotContains(t, l.Text, "\n")
			require.NotEmpty(t, l.Text)
			require.False(t, strings.ContainsAny(l.URL, " <>\"'|\n()"))
		}
	})
}

func TestHeadline_SaysWhatWhereAndHowBad(t *testing.T) {
	require.Equal(t, "HIGH · alpha · Distribution stuck", notifytest.Stuck().Headline())
	require.Equal(t, "RESOLVED · alpha · Resolved", notifytest.Then(2, notify.Resolve, "Resolved").Headline())
	require.Equal(t, "UNKNOWN SEVERITY", notify.Message{Kind: notify.Trigger}.Headline())
	seen := map[notify.Mark]bool{}
	for _, kind := range []notify.Kind{notify.Resolve, notify.Acknowledge, notify.Info} {
		seen[notify.Message{Kind: kind}.Mark()] = true
	}
	for _, m := range []notify.Message{{Severity: "low"}, {Severity: "medium"}, {Severity: "high"}, {Severity: "critical"}, {}} {
		seen[m.Mark()] = true
	}
	require.Len(t, seen, 8, "each state looks different")
}
