package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chaos/audit"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/report"
)

// A report that is off by one base unit, names a day that the chain does not know, or leaves one out, is found.
func TestSimulate_AReportThatDiffersIsFound(t *testing.T) {
	opened := time.Date(2026, 11, 25, 6, 0, 0, 0, time.UTC).Unix()
	w, err := report.DayWindow("2026-11-25", time.Unix(opened, 0).Add(48*time.Hour), time.UTC)
	require.NoError(t, err)
	chain := map[string]map[int64]audit.Day{"v": {opened: {Opened: opened, Claimed: 100, Paid: 70, Creator: 30}}}
	line := report.DayLine{Vault: "v", Opened: &opened}
	line.Claimed, line.Paid, line.Creator = 100, 70, 30
	tests := []struct {
		name string
		give func(*report.DayLine) []report.DayLine
		want int
	}{
		{"equal", func(l *report.DayLine) []report.DayLine { return []report.DayLine{*l} }, 0},
		{"one base unit", func(l *report.DayLine) []report.DayLine { l.Paid--; return []report.DayLine{*l} }, 1},
		{"left out", func(*report.DayLine) []report.DayLine { return nil }, 1},
		{"another day", func(l *report.DayLine) []report.DayLine {
			other := opened + 1
			l.Opened = &other
			return []report.DayLine{*l}
		}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			one := line
			body, err := json.Marshal(report.Daily{Window: w, Runs: tt.give(&one)})
			require.NoError(t, err)
			var r simulateResult
			require.NoError(t, (&simulation{}).daily("daily", body, chain, &r))
			require.Equal(t, tt.want, r.Mismatches, r.Notes)
			require.Positive(t, r.Compared)
		})
	}
}

func TestSimulate_ADayThatWasToFailMustFail(t *testing.T) {
	rows := func(states ...domain.State) ops.FleetReport {
		var r ops.FleetReport
		for i, s := range states {
			r.Rows = append(r.Rows, ops.FleetRow{Vault: []string{"a", "b"}[i], State: s})
		}
		return r
	}
	require.NoError(t, unfinished(rows(domain.Complete, domain.Complete), ""))
	require.NoError(t, unfinished(rows(domain.Failed, domain.Complete), "a"))
	require.ErrorContains(t, unfinished(rows(domain.Complete, domain.Complete), "a"), "was to fail")
	require.ErrorContains(t, unfinished(rows(domain.Complete, domain.CompleteUnreconciled), ""), "b is complete_unreconciled")
}
