package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report"
	"github.com/meteora-fee-router/feeops/internal/samplefile"
)

// written makes a file of samples: a vault with base fees for an hour.
func written(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := samplefile.NewWriter(&b)
	for m := range 90 {
		at := noon.Add(time.Duration(m) * time.Minute)
		v := domain.VaultSample{
			Vault: "usdc-vault", At: at, State: domain.Complete, Token: domain.Token{Mint: "m", Symbol: "USDC", Decimals: 6},
			Day: &domain.DayFigures{ChainTime: at.Unix(), LastTS: noon.Unix(), Complete: true, Treasury: domain.Balance{State: domain.BalanceAbsent}}, Fees: &domain.FeeFigures{At: at},
		}
		if m < 60 {
			v.Fees.Base = 1
		}
		require.NoError(t, w.Vaults([]domain.VaultSample{v}))
	}
	file := filepath.Join(t.TempDir(), "samples.jsonl")
	require.NoError(t, os.WriteFile(file, b.Bytes(), 0o600))
	return file
}

func TestAlertsTest_SaysWhatWouldHaveFired(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("FEEOPS_HOME", t.TempDir())
	file := written(t)
	var out, errs bytes.Buffer
	c := &cli{stdout: &out, stderr: &errs}
	require.Equal(t, exitOK, c.execute(t.Context(), []string{"alerts", "test", "--from", file}), errs.String())
	narrow(t, out.String())
	require.Contains(t, out.String(), "90 looks with 90 samples, 2026-03-02 12:00:00 to 2026-03-02 13:29:00Z")
	require.Regexp(t, `03-02 12:00:00 +1h0m0s +critical`, out.String())
	require.Contains(t, out.String(), "Episodes: 1. Messages: 2. Taken by incidents: 2.")

	out.Reset()
	c = &cli{stdout: &out, stderr: &errs}
	require.Equal(t, exitOK, c.execute(t.Context(), []string{"alerts", "test", "--json", "--from", file}))
	var r replayResult
	require.NoError(t, json.Unmarshal(out.Bytes(), &r))
	require.Len(t, r.Fired, 1)
	require.Equal(t, 90, r.Samples)

	require.NoError(t, os.WriteFile(file, []byte(`{"vault":{"vualt":"a"}}`), 0o600))
	c = &cli{stdout: &out, stderr: &errs}
	require.Equal(t, exitUsage, c.execute(t.Context(), []string{"alerts", "test", "--from", file}))
	require.Contains(t, errs.String(), "line 1")
}

func TestEpisodes_TheTableIsNarrowAndSaysWhoHasIt(t *testing.T) {
	got := lookAt(func(c *cli) {
		c.printEpisodes([]domain.Episode{
			{Key: "a-vault-with-a-very-long-name-indeed/distribution_overdue/12", Severity: domain.SeverityHigh, State: domain.EpisodeAcknowledged, AckedBy: "ann", Opened: noon, Detail: "The day was due 2h05m ago and is not open."},
			{Key: "fleet/rpc_degraded/1", Severity: domain.SeverityMedium, State: domain.EpisodeResolved, Opened: noon, Resolution: "the condition is gone"},
			{Key: "b/day_lost/1", Severity: domain.SeverityCritical, State: domain.EpisodeOpen, Opened: noon, Incident: "INC-20260302-001"},
		})
	})
	narrow(t, got)
	require.Contains(t, got, "(ann)")
	require.Contains(t, got, "INC-20260302-001")
	for _, hostile := range []string{"\x1b[2J", "\u202egnp", "\u009b2J", "\a", "\r"} {
		got := lookAt(func(c *cli) {
			c.printEpisodes([]domain.Episode{{Key: hostile + "/payer_low/1", State: domain.EpisodeOpen, Opened: noon, Detail: hostile, AckedBy: hostile}})
		})
		require.NotContains(t, got, hostile, "a name or an error draws on nobody's terminal")
	}
	require.Contains(t, got, "over: the condition is gone")
	require.Contains(t, lookAt(func(c *cli) { c.printEpisodes(nil) }), "No alert.")
}

func TestMute_MistakesAreNamedBeforeAnythingIsAsked(t *testing.T) {
	good := muteFlags{reason: "r", length: time.Hour}
	tests := []struct {
		name   string
		change func(*muteFlags)
		want   string
	}{
		{"no reason", func(f *muteFlags) { f.reason = " " }, "--reason is needed"},
		{"no such alert", func(f *muteFlags) { f.alert = "payer" }, "want one of distribution_failed"},
		{"for ever", func(f *muteFlags) { f.length = 1_000 * time.Hour }, "want 1m to 24h0m0s (monitor.max_mute)"},
		{"for no time", func(f *muteFlags) { f.length = 0 }, "want 1m"},
		{"no time", func(f *muteFlags) { f.starts = "tonight" }, "want a time such as"},
		{"over already", func(f *muteFlags) { f.starts = "2026-03-02T10:00:00Z" }, "over already"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := good
			tt.change(&f)
			_, err := f.order(noon, 24*time.Hour)
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, exitUsage, codeOf(err))
		})
	}
	o, err := good.order(noon, 24*time.Hour)
	require.NoError(t, err)
	require.Equal(t, 60, o.Minutes)
}

func TestPerformance_TheTableIsNarrowAndNoDataIsSaid(t *testing.T) {
	ops := []domain.Operation{
		{Name: "SendPage", Vault: "a-vault-with-a-very-long-name", Started: noon, Duration: 1_500 * time.Millisecond, Code: "rpc/unavailable"},
		{Name: "SendPage", Started: noon, Duration: 500 * time.Millisecond, OK: true},
		{Name: "TakeLook", WorkflowID: "fleet-monitor", Started: noon},
	}
	got := lookAt(func(c *cli) { c.printPerformance(report.NewPerformance(noon, noon.Add(time.Hour), ops)) })
	narrow(t, got)
	require.Regexp(t, `SendPage +2 +50\.00 +500 +1500 +1500`, got)
	require.Contains(t, got, "SendPage failed: rpc/unavailable ×1")
	require.Contains(t, got, "TakeLook failed: unclassified ×1")
	require.Regexp(t, `all +3 +33\.33`, got)
	none := lookAt(func(c *cli) { c.printPerformance(report.NewPerformance(noon, noon.Add(time.Hour), nil)) })
	require.Contains(t, none, "No data: no step was recorded from 2026-03-02 12:00:00 to 2026-03-02 13:00:00Z")
}
