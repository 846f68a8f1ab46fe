package activities_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// reports keeps what is saved.
type reports struct {
	saved []domain.DayReport
	fail  error
}

func (r *reports) SaveReport(_ context.Context, report domain.DayReport) error {
	if r.fail == nil {
		r.saved = append(r.saved, report)
	}
	return r.fail
}

func (r *reports) Requests(context.Context, string) (uint64, error) { return 42, nil }

func TestSaveReport_CompletesItWithTheRunsRequests(t *testing.T) {
	r := &reports{}
	got, err := activities.NewBooks(r, nil).SaveReport(t.Context(), ops.ReportInput{Report: domain.DayReport{Vault: "v", Day: "2026-01-01"}})
	require.NoError(t, err)
	require.EqualValues(t, 42, got.Requests)
	require.Len(t, r.saved, 1)
	require.EqualValues(t, 42, r.saved[0].Requests)
}

func TestSaveReport_OfARunThatNeverKnewItsDayIsNotStored(t *testing.T) {
	r := &reports{}
	_, err := activities.NewBooks(r, nil).SaveReport(t.Context(), ops.ReportInput{Report: domain.DayReport{Vault: "v"}})
	require.NoError(t, err)
	require.Empty(t, r.saved)
}

func TestSaveReport_AFullDiskIsTriedAgain(t *testing.T) {
	_, err := activities.NewBooks(&reports{fail: errors.New("disk full")}, nil).SaveReport(t.Context(), ops.ReportInput{Report: domain.DayReport{Vault: "v", Day: "2026-01-01"}})
	require.ErrorContains(t, err, "save report of v for 2026-01-01: disk full")
	require.Equal(t, fault.Unknown, fault.KindOf(err))
}

func TestListVaults(t *testing.T) {
	b := activities.NewBooks(&reports{}, []string{"a", "b", "c"})
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
