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

func TestSimulate_IsLongEnoughForItsFaults(t *testing.T) {
	tests := []struct {
		name   string
		days   int
		faults []string
		want   string
	}{
		{"a week", 7, []string{"anomaly", "kill-worker"}, ""},
		{"no past to compare with", 5, []string{"anomaly"}, "at least 6"},
		{"no Sunday to judge", 20, []string{"worse-page-size"}, "at least 35"},
		{"five weeks", 35, []string{"worse-page-size", "anomaly"}, ""},
		{"no such fault", 35, []string{"anomalies"}, "--fault"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := simulateFlags{chain: demoChain(), days: tt.days}
			f.chain.investors, f.chain.faults = 40, tt.faults
			err := f.check()
			if tt.want == "" {
				require.NoError(t, err)
				require.Empty(t, f.chain.faults)
				return
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestSimulate_APublishedDayIsRefusedBeforeAnythingStarts(t *testing.T) {
	f := simulateFlags{chain: demoChain(), days: 7}
	f.chain.behaviour = string(domain.Published)
	require.ErrorContains(t, f.check(), "published program pays no investor")
}

// A worse page size that is not taken back, or not by its figures, makes a simulation unclean.
func TestSimulate_AWorsePageSizeMustBeTakenBackByItsFigures(t *testing.T) {
	at := time.Date(2026, 11, 10, 21, 0, 0, 0, time.UTC)
	good := domain.PageOrder{
		Vault: "v", Size: 5, Before: 25, At: at, Since: "2026-11-11", State: domain.PageTakenBack, EndedBy: "weekly-maintenance", EndedAt: at.AddDate(0, 0, 12),
		Was: &domain.PageFigures{PerInvestor: 10}, Is: &domain.PageFigures{PerInvestor: 30},
	}
	after := domain.Manifest{Day: "2026-11-23", PageSize: 25}
	require.Empty(t, pageNotes(good, after))
	tests := []struct {
		name  string
		order func(*domain.PageOrder)
		size  uint32
		want  string
	}{
		{"kept", func(o *domain.PageOrder) { o.State = domain.PageKept }, 25, "not taken back"},
		{"taken back by somebody", func(o *domain.PageOrder) { o.EndedBy = "ada" }, 25, "not taken back"},
		{"without figures", func(o *domain.PageOrder) { o.Was = nil }, 25, "without being slower"},
		{"faster", func(o *domain.PageOrder) { o.Is = &domain.PageFigures{PerInvestor: 9} }, 25, "without being slower"},
		{"the next day is cut as the worse one", func(*domain.PageOrder) {}, 5, "want 25"},
		{"it counted at once", func(o *domain.PageOrder) { o.Since = "2026-11-10" }, 25, "want a later day"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, m := good, after
			m.PageSize = tt.size
			tt.order(&o)
			notes := pageNotes(o, m)
			require.Len(t, notes, 1)
			require.Contains(t, notes[0], tt.want)
		})
	}
}
