package activities_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// reports keeps what is saved.
type reports struct {
	saved []domain.DayReport
	deeds []store.AuditEntry
	fail  error
}

func (r *reports) SaveReport(_ context.Context, report domain.DayReport) error {
	if r.fail == nil {
		r.saved = append(r.saved, report)
	}
	return r.fail
}

func (r *reports) Requests(context.Context, string) (uint64, error) { return 42, nil }

func (r *reports) AuditOnce(_ context.Context, deeds []store.AuditEntry) error {
	r.deeds = append(r.deeds, deeds...)
	return nil
}

// receipts knows for which days it was asked.
type receipts struct {
	days []domain.Day
	fail error
}

func (r *receipts) Make(_ context.Context, report domain.DayReport) error {
	r.days = append(r.days, report.Day)
	return r.fail
}

// save runs the activity in Temporal's test environment, which gives it a logger.
func save(t *testing.T, b *activities.Books, in ops.ReportInput) ops.SaveResult {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(b.SaveReport)
	value, err := env.ExecuteActivity(b.SaveReport, in)
	require.NoError(t, err)
	var got ops.SaveResult
	require.NoError(t, value.Get(&got))
	return got
}

func TestSaveReport_WhatPeopleDidIsInTheAuditLog(t *testing.T) {
	r, at := &reports{}, time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	report := domain.DayReport{Vault: "v", Day: "2026-01-01", RunID: "r1", State: domain.Stopped, StartedAt: at, EndedAt: at.Add(time.Hour), Manifest: "0123456789abcdef", Signatures: []string{"a"}}
	report.Result.Paid = 7
	save(t, activities.NewBooks(r, nil, nil, nil), ops.ReportInput{Report: report, Actor: "ann", Orders: []ops.TakenOrder{
		{Order: ops.Order{Actor: "bob", Reason: "look"}, Name: "pause", At: at.Add(time.Minute)}, {Order: ops.Order{Reason: "enough"}, Name: "stop", At: at.Add(2 * time.Minute)},
	}})
	require.Equal(t, []store.AuditEntry{
		{At: at, Actor: "ann", Action: "day.start", Subject: "v", Detail: "run r1"},
		{At: at.Add(time.Minute), Actor: "bob", Action: "day.pause", Subject: "v", Detail: "run r1: look"},
		{At: at.Add(2 * time.Minute), Actor: "unknown", Action: "day.stop", Subject: "v", Detail: "run r1: enough"},
		{At: at.Add(time.Hour), Actor: "feeops", Action: "day.end", Subject: "v", Detail: "run r1: stopped, day 2026-01-01, plan 0123456789ab, 1 transactions, claimed 0, paid 7, creator 0 base units"},
	}, r.deeds)
	r.deeds = nil
	save(t, activities.NewBooks(r, nil, nil, nil), ops.ReportInput{Report: domain.DayReport{Vault: "v", RunID: "r2", State: domain.Stopped}})
	require.Len(t, r.deeds, 2, "also of a run that never knew its day")
}

func TestSaveReport_OnlyACompleteDayGetsAReceiptAndNoneFailsForIt(t *testing.T) {
	made := &receipts{}
	for _, state := range []domain.State{domain.Failed, domain.NotDue, domain.CompleteUnreconciled, domain.Complete} {
		got := save(t, activities.NewBooks(&reports{}, made, nil, nil), ops.ReportInput{Report: domain.DayReport{Vault: "v", Day: "2026-01-01", State: state}})
		require.Empty(t, got.NoReceipt)
	}
	require.Equal(t, []domain.Day{"2026-01-01"}, made.days)
	made.fail = errors.New("key is gone")
	got := save(t, activities.NewBooks(&reports{}, made, nil, nil), ops.ReportInput{Report: domain.DayReport{Vault: "v", Day: "2026-01-02", State: domain.Complete}})
	require.Equal(t, "key is gone", got.NoReceipt)
}

func TestSaveReport_CompletesItWithTheRunsRequests(t *testing.T) {
	r := &reports{}
	got, err := activities.NewBooks(r, nil, nil, nil).SaveReport(t.Context(), ops.ReportInput{Report: domain.DayReport{Vault: "v", Day: "2026-01-01"}})
	require.NoError(t, err)
	require.EqualValues(t, 42, got.Requests)
	require.Len(t, r.saved, 1)
	require.EqualValues(t, 42, r.saved[0].Requests)
}

func TestSaveReport_OfARunThatNeverKnewItsDayIsNotStored(t *testing.T) {
	r := &reports{}
	_, err := activities.NewBooks(r, nil, nil, nil).SaveReport(t.Context(), ops.ReportInput{Report: domain.DayReport{Vault: "v"}})
	require.NoError(t, err)
	require.Empty(t, r.saved)
}

func TestSaveReport_AFullDiskIsTriedAgain(t *testing.T) {
	_, err := activities.NewBooks(&reports{fail: errors.New("disk full")}, nil, nil, nil).SaveReport(t.Context(), ops.ReportInput{Report: domain.DayReport{Vault: "v", Day: "2026-01-01"}})
	require.ErrorContains(t, err, "save report of v for 2026-01-01: disk full")
	require.Equal(t, fault.Unknown, fault.KindOf(err))
}

func TestListVaults(t *testing.T) {
	b := activities.NewBooks(&reports{}, nil, nil, []string{"a", "b", "c"})
	all, err := b.ListVaults(t.Context(), ops.ListInput{})
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c"}, all.Vaults)
	some, err := b.ListVaults(t.Context(), ops.ListInput{Vaults: []string{"c", "a"}})
	require.NoError(t, err)
	require.Equal(t, []string{"c", "a"}, some.Vaults)
	_, err = b.ListVaults(t.Context(), ops.ListInput{Vaults: []string{"a", "x"}})
	require.Equal(t, fault.Human, fault.KindOf(err))
	require.ErrorContains(t, err, `"x"`)
}

// backwards is a chain on which the last vault of the settings is due first.
type backwards struct{}

func (backwards) ByDue(_ context.Context, vaults []string) []string {
	out := slices.Clone(vaults)
	slices.Reverse(out)
	return out
}

func TestListVaults_TheMostUrgentComesFirst(t *testing.T) {
	b := activities.NewBooks(&reports{}, nil, backwards{}, []string{"a", "b", "c"})
	for _, tt := range []struct{ give, want []string }{{nil, []string{"c", "b", "a"}}, {[]string{"a", "c"}, []string{"c", "a"}}} {
		got, err := b.ListVaults(t.Context(), ops.ListInput{Vaults: tt.give})
		require.NoError(t, err)
		require.Equal(t, tt.want, got.Vaults)
	}
}
