package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/report"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
	"github.com/meteora-fee-router/feeops/worker/app"
)

func TestWordWrap_KeepsEveryLetterAndTheWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOfN(rapid.RuneFrom([]rune("ab c\n中é—")), 0, 60, -1).Draw(t, "text")
		room := rapid.IntRange(2, 20).Draw(t, "room")
		lines := wordWrap(s, room)
		for _, line := range lines {
			require.LessOrEqual(t, shownWidth(line), room)
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		require.Equal(t, squeeze(s), squeeze(strings.Join(lines, " ")))
	})
	require.Equal(t, []string{"in 23.9 h"}, wordWrap("in 23.9 h", 9))
	require.Equal(t, []string{"137.500040", "USDC"}, wordWrap("137.500040 USDC", 12))
}

func TestPrintSheet_FitsAHundredColumnsAndObeysNobody(t *testing.T) {
	long := strings.Repeat("very-long-vault-id.", 3) + "\x1b[2J\u202e"
	s := sheet.Sheet{Title: long, Verdict: sheet.T(long), Facts: []sheet.Fact{{Name: long, Value: long}}}
	wide := sheet.Table{Title: strings.Repeat("title ", 40)}
	for range 10 {
		wide.Columns = append(wide.Columns, sheet.Left("A heading of several words"), sheet.Right("Number"))
	}
	for range 3 {
		var row []sheet.Cell
		for range 10 {
			row = append(row, sheet.T(long), sheet.N("18,446,744,073,709.551615"))
		}
		wide.Rows = append(wide.Rows, row)
	}
	s.Sections = []sheet.Section{{Title: long, Text: []string{strings.Repeat(long+" ", 5)}, Items: []sheet.Item{{Label: "high", Text: long + long, Evidence: long + long, Next: long}}, Tables: []sheet.Table{wide, {Empty: long + long}}}}
	var out bytes.Buffer
	(&cli{stdout: &out}).printSheet(s)
	for line := range strings.Lines(out.String()) {
		require.LessOrEqual(t, shownWidth(strings.TrimSuffix(line, "\n")), width, line)
	}
	require.NotContains(t, out.String(), "\x1b")
	require.NotContains(t, out.String(), "\u202e")
}

func TestReportFlags_DatesAreOfTheirZone(t *testing.T) {
	vienna, err := time.LoadLocation("Europe/Vienna")
	require.NoError(t, err)
	late := time.Date(2026, 10, 31, 23, 30, 0, 0, time.UTC)
	day, err := dateOf("", late, vienna)
	require.NoError(t, err)
	require.EqualValues(t, "2026-11-01", day)
	w, err := monthOf("", late, vienna)
	require.NoError(t, err)
	require.Equal(t, "2026-10", w.Name)
	w, err = monthOf("2026-02-03", late, vienna)
	require.NoError(t, err)
	require.Equal(t, "2026-02", w.Name)
	f := eventFlags{hours: 5}
	span, name, err := f.span(late, vienna)
	require.NoError(t, err)
	require.Equal(t, "events-2026-11-01", name)
	require.Equal(t, 5*time.Hour+time.Second, span.Window.To.Sub(span.Window.From))
}

func TestSettingsEvidence_IsWhatCanBeSeen(t *testing.T) {
	dir := t.TempDir()
	private, open := filepath.Join(dir, "private.json"), filepath.Join(dir, "open.json")
	require.NoError(t, os.WriteFile(private, nil, 0o600))
	require.NoError(t, os.WriteFile(open, nil, 0o600))
	require.NoError(t, os.Chmod(open, 0o644))
	s := config.Default()
	states := func() map[string]report.Assessment {
		out := map[string]report.Assessment{}
		for _, a := range app.SettingsEvidence(s) {
			out[a.Name] = a
		}
		return out
	}
	got := states()
	require.Equal(t, "not assessed", got["fee payer keys"].State)
	require.Equal(t, "ok", got["endpoints encrypted"].State, "a local chain needs no TLS")
	s.Network, s.Signer.KeypairPath, s.Worker.Listen = "devnet", private, "0.0.0.0:8780"
	got = states()
	require.Equal(t, "ok", got["fee payer keys"].State)
	require.Equal(t, "warn", got["endpoints encrypted"].State)
	require.Equal(t, "warn", got["worker's page private"].State)
	s.Vaults = []config.Vault{{ID: "a", KeypairPath: open}, {ID: "b", KeypairPath: filepath.Join(dir, "gone.json")}}
	require.Equal(t, report.Assessment{Name: "fee payer keys", State: "fail", Evidence: "2 key files on this machine's disk, 1 that others may read or replace"}, states()["fee payer keys"])

	s.RPC.Endpoints = []config.Endpoint{{RequestsPerSecond: 8}, {RequestsPerSecond: 50}}
	require.EqualValues(t, 58, app.Bounds(s).RequestsPerSecond)
	s.RPC.Endpoints[1].RequestsPerSecond = 0
	require.Zero(t, app.Bounds(s).RequestsPerSecond, "one without a limit takes the rest")
}
