package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

func TestSizes_GrowToTheLargest(t *testing.T) {
	tests := []struct {
		vaults, largest int
		want            []int
	}{
		{3, 120, []int{12, 45, 120}},
		{1, 120, []int{120}},
		{2, 120, []int{12, 120}},
		{0, 120, []int{}},
		{3, 1, []int{1, 1, 1}},
		{5, 1000, []int{100, 237, 375, 687, 1000}},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, sizes(tt.vaults, tt.largest), "%d vaults of %d", tt.vaults, tt.largest)
	}
	rapid.Check(t, func(t *rapid.T) {
		vaults, largest := rapid.IntRange(1, maxVaults).Draw(t, "vaults"), rapid.IntRange(1, maxInvestors).Draw(t, "largest")
		got := sizes(vaults, largest)
		require.Len(t, got, vaults)
		require.Equal(t, largest, got[vaults-1])
		for i, n := range got {
			require.GreaterOrEqual(t, n, 1)
			require.True(t, i == 0 || n >= got[i-1])
		}
	})
}

func TestVaultSpecs_AreTheCasesThatOperatorsMeet(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	specs := vaultSpecs(demoChain(), now)
	require.Len(t, specs, 3)
	require.Equal(t, []string{"demo-1", "demo-2", "demo-3"}, []string{specs[0].ID, specs[1].ID, specs[2].ID})
	require.Equal(t, 1, specs[0].BelowMinimum)
	require.Equal(t, uint64(dustIn), specs[0].DustIn)
	require.LessOrEqual(t, specs[0].LastDistribution+domain.DaySeconds, now.Unix(), "it is due at once")
	require.NotNil(t, specs[1].DailyCap)
	require.Equal(t, []int{1, 1}, []int{specs[2].ClosedStreams, specs[2].MissingATAs})
	tiny := demoChain()
	tiny.investors = 2
	for _, s := range vaultSpecs(tiny, now) {
		require.Zero(t, s.BelowMinimum+s.ClosedStreams+s.MissingATAs, "a special investor needs ordinary ones besides")
	}
}

// TestDayRow_HasTheContractsNames holds demo --json to DESIGN.md §6.
func TestDayRow_HasTheContractsNames(t *testing.T) {
	started := time.Unix(1000, 0)
	row := newDayRow("demo-1", domain.Reference, domain.DayReport{
		State: domain.Complete, Day: "2026-03-01", Investors: 12, Pages: 2, FirstSlot: 10, CloseSlot: 14, Requests: 30,
		Result:    domain.Reconciliation{Figures: domain.Figures{Claimed: 1 << 63, Paid: 7}},
		StartedAt: started, EndedAt: started.Add(1500 * time.Millisecond), WorkflowID: "distribution/demo-1", RunID: "r",
	})
	b, err := json.Marshal(demoResult{OK: true, Vaults: []dayRow{row}, TemporalUI: "u", RPCURL: "r", DurationMS: 9})
	require.NoError(t, err)
	require.JSONEq(t, `{"ok":true,"vaults":[{"id":"demo-1","behaviour":"reference","state":"complete","day":"2026-03-01","investors":12,"pages":2,
		"claimed":"9223372036854775808","paid":"7","creator":"0","dust_in":"0","dust_out":"0","quarantined":0,"mismatches":0,"paid_twice":0,"missed":0,
		"signatures":[],"workflow_id":"distribution/demo-1","run_id":"r","duration_ms":1500,"slots":4,"rpc_requests":30}],
		"temporal_ui":"u","rpc_url":"r","duration_ms":9}`, string(b))
}

func TestDayRow_OnlyACompleteAndCleanDayIsGood(t *testing.T) {
	good := dayRow{State: domain.Complete}
	require.True(t, good.good())
	for name, spoil := range map[string]func(*dayRow){
		"another state": func(r *dayRow) { r.State = domain.CompleteUnreconciled },
		"no state":      func(r *dayRow) { r.State = "" },
		"a mismatch":    func(r *dayRow) { r.Mismatches = 1 },
		"paid twice":    func(r *dayRow) { r.PaidTwice = 1 },
		"missed":        func(r *dayRow) { r.Missed = 1 },
	} {
		bad := good
		spoil(&bad)
		require.False(t, bad.good(), name)
	}
}

func TestTables_FitTheLine(t *testing.T) {
	row := dayRow{
		ID: "demo-12", State: domain.CompleteUnreconciled, Day: "2026-03-01", Claimed: 1_234_567_890_123, Paid: 864_197_523_086,
		Creator: 370_370_367_037, DustIn: 12_345, DustOut: 999_999, Quarantined: 10, Investors: 10_000, Pages: 1112,
		WorkflowID: "distribution/demo-12", token: domain.Token{Symbol: "USDC", Decimals: 6},
	}
	for _, text := range []string{reconciliationTable([]dayRow{row, row}), runsTable([]dayRow{row})} {
		for line := range strings.Lines(text) {
			require.LessOrEqual(t, len([]rune(strings.TrimRight(line, "\n"))), width, line)
		}
	}
	require.Contains(t, reconciliationTable([]dayRow{row}), "1,234,567.890123")
	require.Contains(t, reconciliationTable([]dayRow{row}), "in USDC")
	other := row
	other.Day = "2026-03-02"
	require.Equal(t, [][]dayRow{{row, row}, {other}}, byDay([]dayRow{row, other, row}))
}

func TestPlainProgress_PrintsChangesOnly(t *testing.T) {
	var out bytes.Buffer
	p := &plainProgress{w: &out, seen: map[string]string{}}
	s := ops.DailyStatus{Vault: "demo-1", Day: "2026-03-01", State: domain.Running, Step: "pages", Page: 1, Pages: 4, PagesAt: time.Now().Add(-3 * time.Second), Token: domain.Token{Symbol: "USDC", Decimals: 6}, Paid: 1_500_000}
	p.update(s)
	p.update(s)
	require.Equal(t, 1, strings.Count(out.String(), "\n"))
	require.Contains(t, out.String(), "page  1/4")
	require.Contains(t, out.String(), "1.500000 USDC  ETA 9s")
	s.Page = 2
	p.update(s)
	p.say("hello")
	require.Equal(t, 3, strings.Count(out.String(), "\n"))
}

func TestVaultLine_FitsAndEstimatesOnlyWhatItKnows(t *testing.T) {
	now := time.Unix(1000, 0)
	s := ops.DailyStatus{Vault: strings.Repeat("long", 9), State: domain.Running, Page: 0, Pages: 4, PagesAt: now.Add(-time.Second), Reason: strings.Repeat("because ", 30)}
	_, known := estimate(s, now)
	require.False(t, known, "no page is done")
	require.LessOrEqual(t, len([]rune(vaultLine(s, now))), width)
	s.Page = 4
	_, known = estimate(s, now)
	require.False(t, known, "nothing is left")
	s.Page, s.State = 2, domain.Paused
	_, known = estimate(s, now)
	require.False(t, known, "it does not run")
}

func TestExitCodes_AreTheContracts(t *testing.T) {
	require.Equal(t, 0, codeOf(nil))
	require.Equal(t, 1, codeOf(errors.New("x")))
	require.Equal(t, 2, codeOf(usageError("x")))
	require.Equal(t, 5, codeOf(&exitError{code: exitNotDue}))
}
