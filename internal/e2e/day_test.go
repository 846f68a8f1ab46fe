package e2e

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/workflows"
)

func TestX02_SecondRunOfAVaultIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3))
	before := w.ledger("v")
	run := w.start("v")
	_, err := w.client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{
		ID: ops.DailyID(w.slug("v")), TaskQueue: w.settings.Temporal.TaskQueue, WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, workflows.DailyDistribution, ops.DailyInput{Vault: w.slug("v")})
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	require.ErrorAs(t, err, &started)
	w.audited("v", before, w.end(run))
	require.Len(t, w.turned("v", before.slot), 4)
}

func TestX06_DayTwoPaysFromCursorZero(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 21, BelowMinimum: 1}))
	before := w.ledger("v")
	require.Zero(t, before.progress.LastDistributionTS, "the first day ever")
	first := w.audited("v", before, w.pay("v"))
	require.NotZero(t, first.Dust)

	w.nextDay()
	before = w.ledger("v")
	require.NotZero(t, before.progress.PaginationCursor, "yesterday's cursor stands at its end")
	report := w.pay("v")
	second := w.audited("v", before, report)
	require.NotZero(t, second.Paid)
	require.Equal(t, domain.Amount(first.Dust), report.Result.DustIn, "the dust of day 1 is paid out on day 2")
	turned := w.turned("v", before.slot)
	require.Zero(t, *turned[0].args.Cursor)
	w.ours(w.vault("v"), turned)
}
