// Package notifytest holds what the tests of all channels share: messages that are ordinary, hostile and far too long,
// and golden files.
package notifytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

// At is the time of all messages.
func At() time.Time { return time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC) }

// Stuck is an ordinary alert, with all buttons.
func Stuck() notify.Message {
	return notify.Message{
		Key: "alpha/distribution_stuck/2026-03-01", Seq: 1, Kind: notify.Trigger, Severity: domain.SeverityHigh,
		Title: "Distribution stuck", Text: "No page has turned for 31 minutes.\n120 investors wait.",
		Vault: "alpha", Team: "treasury", Day: "2026-03-01", Alert: "distribution_stuck",
		Fields: []notify.Field{{Name: "Cursor", Value: "30 of 120"}, {Name: "At risk", Value: "1,234.567890 USDC"}},
		Links:  []notify.Link{{Text: "Runbook", URL: "https://runbooks.example.org/distribution_stuck"}, {Text: "Run", URL: "http://127.0.0.1:8233/namespaces/default/workflows/distribution%2Falpha"}},
		Actions: []notify.Action{
			{Name: notify.ActionAcknowledge, Value: "alpha/distribution_stuck/2026-03-01"},
			{Name: notify.ActionMute, Value: "alpha/distribution_stuck"},
			{Name: notify.ActionPause, Value: "alpha"},
			{Name: notify.ActionStop, Value: "all"},
			{Name: notify.ActionExplain, Value: "alpha"},
		},
		At: At(),
	}
}

// Then is a later message of the same key.
func Then(seq int, kind notify.Kind, title string) notify.Message {
	m := Stuck()
	m.Seq, m.Kind, m.Title, m.Text, m.Actions, m.At = seq, kind, title, title+" by ann.", nil, At().Add(time.Duration(seq)*time.Minute)
	return m
}

// Hostile holds in every text what some service would act on.
func Hostile() notify.Message {
	const evil = "<!channel> <!everyone> <@U0ANN> @everyone @here <script>alert(1)</script> </table> &amp; *bold* _it_ ~st~ `code` ||spoiler|| [x](https://evil.example) # head > quote"
	return notify.Message{
		Key: "beta/\x1b[31mred\n\"key\"", Seq: 1, Kind: notify.Trigger, Severity: domain.SeverityCritical,
		Title: "Name\r\n[CRITICAL] forged: second line \x1b[2J\u202egnp.exe " + evil, Text: "first\r\n# heading\n- list\n> quote\n" + evil + "\n\x00\x07\xff end",
		Vault: "be*ta <!here>\nBcc: evil@example.org", Team: "te_am", Alert: "al`ert",
		Fields: []notify.Field{{Name: "Na*me*\n<!here>", Value: evil + "\nsecond line"}, {Name: "empty", Value: " \n"}, {Name: "", Value: "nameless"}},
		Links: []notify.Link{
			{Text: "script", URL: "javascript:alert(1)"},
			{Text: "break|out> <!channel>", URL: "https://a.example/?a=1&b=2"},
			{Text: "out", URL: "https://a.example/>|<!channel>"},
			{Text: "", URL: "HTTPS://b.example/x"},
			{Text: "data", URL: "data:text/html,x"},
		},
		Actions: []notify.Action{{Name: notify.ActionAcknowledge, Value: "beta/\"<!channel>"}, {Name: notify.ActionAcknowledge, Value: "twice"}, {Name: "odd <!here>\n", Value: "v"}},
		At:      At(),
	}
}

// Huge is far over every limit, in characters that count twice.
func Huge() notify.Message {
	m := Stuck()
	m.Key, m.Title, m.Text = "gamma/"+strings.Repeat("k😀", 300), strings.Repeat("t😀", 2_000), strings.Repeat("body 😀 \"quoted\" *x* <b>\n", 8_000)
	m.Fields, m.Links = nil, nil
	for i := range 60 {
		m.Fields = append(m.Fields, notify.Field{Name: fmt.Sprintf("Field %d %s", i, strings.Repeat("n😀", 300)), Value: strings.Repeat("v\"😀<", 2_000)})
		m.Links = append(m.Links, notify.Link{Text: fmt.Sprintf("Link %d %s", i, strings.Repeat("l😀", 100)), URL: fmt.Sprintf("https://a.example/%d/%s", i, strings.Repeat("x", 300))})
	}
	m.Vault, m.Team, m.Alert = strings.Repeat("v😀", 50_000), strings.Repeat("e😀", 50_000), strings.Repeat("a😀", 50_000)
	for range 20 {
		m.Links = append(m.Links, notify.Link{Text: "long", URL: "https://a.example/" + strings.Repeat("x", 40_000)})
	}
	for i := range 40 {
		m.Actions = append(m.Actions, notify.Action{Name: fmt.Sprintf("action_%d", i), Value: strings.Repeat("v", i*100)})
	}
	return m
}

// Golden compares with testdata/NAME, or writes it. JSON is compared with indentation, so that people can read it.
func Golden(t *testing.T, name string, got []byte, update bool) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if strings.HasSuffix(name, ".json") {
		var pretty bytes.Buffer
		require.NoError(t, json.Indent(&pretty, got, "", "  "))
		got = append(bytes.TrimSpace(pretty.Bytes()), '\n')
	}
	if update {
		require.NoError(t, os.MkdirAll("testdata", 0o750))
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run go test with -update and look at the difference")
}
