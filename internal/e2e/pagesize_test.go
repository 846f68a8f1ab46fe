package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// W10 from end to end: an approved page size counts from the next day on, the weekly maintenance measures that an investor
// takes longer by it and takes it back, and the day after that is cut as before.
func TestW10_AWorsePageSizeIsMeasuredAndTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 40}), pageSize(8))
	db, id := w.store(), w.slug("v")
	pays := func(pages int) {
		t.Helper()
		report := w.pay("v")
		require.Equal(t, domain.Complete, report.State, report.Reason)
		require.Equal(t, pages, report.Pages)
		w.nextDay()
	}
	for range 4 {
		pays(5) // Twenty pages to compare with.
	}
	_, err := db.ApprovePageSize(context.Background(), domain.PageOrder{Vault: id, Size: 2, Before: 8, Actor: "ada", Reason: "to see it taken back", At: time.Now()})
	require.NoError(t, err)
	pays(20)

	judged := func(at time.Time) domain.PageOrder {
		t.Helper()
		out, _ := w.routine(ops.WeeklyMaintenance, at)
		require.NotEmpty(t, out.Steps)
		orders, err := db.PageOrders(context.Background(), id)
		require.NoError(t, err)
		require.Len(t, orders, 1)
		return orders[0]
	}
	require.Equal(t, domain.PageApplied, judged(time.Now()).State, "it is too early to say")
	pays(20)
	o := judged(time.Now().Add(6 * 24 * time.Hour))
	require.Equal(t, domain.PageTakenBack, o.State, o.Note)
	require.Equal(t, "weekly-maintenance", o.EndedBy)
	require.Equal(t, 20, o.Was.Pages)
	require.Equal(t, 40, o.Is.Pages)
	require.Greater(t, o.Is.PerInvestor, o.Was.PerInvestor)
	pays(5)
}
