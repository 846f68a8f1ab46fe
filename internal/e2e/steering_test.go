package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

func TestX08_ProgressIsAskedForAndSearchedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3), with(slowly))
	run, resume := w.paused("v", 6)
	ctx := context.Background()
	value, err := w.client.QueryWorkflow(ctx, run.GetID(), "", ops.QueryStatus)
	require.NoError(t, err)
	var status ops.DailyStatus
	require.NoError(t, value.Get(&status))
	require.Equal(t, domain.Paused, status.State)
	require.Equal(t, "pages", status.Step)
	require.Equal(t, 4, status.Pages)
	require.NotZero(t, status.Page)
	require.NotZero(t, status.Paid)
	query := fmt.Sprintf("%s = %q AND %s = %q", ops.AttrVault, w.slug("v"), ops.AttrState, domain.Paused)
	w.until("the search finds it", func() bool {
		found, err := w.client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: devstack.Namespace, Query: query})
		return err == nil && len(found.GetExecutions()) == 1
	})
	require.Equal(t, domain.Complete, resume().State)
}

func TestX09_TheDelayBetweenPagesIsCutShortByAStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 6}), pageSize(3), with(func(s *config.Settings) { s.Distribution.DelayBetweenPages = time.Hour }))
	before := w.ledger("v")
	run := w.start("v")
	w.cursor("v", 3)
	w.signal(run, ops.SignalStop, "now")
	require.Equal(t, domain.Stopped, w.end(run).State)
	// Pages that are left are turned by the next run, which has the last one: after that there is no delay.
	w.audited("v", before, w.pay("v"))
}

func TestX24_EveryTransactionHasItsOwnLimitAndPrice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3))
	before := w.ledger("v")
	report := w.pay("v")
	w.audited("v", before, report)
	var fees uint64
	for _, c := range w.turned("v", before.slot) {
		record, _ := w.node.Bank().Transaction(c.signature)
		kinds := map[byte]bool{}
		for _, in := range record.Tx.Message.Instructions {
			if record.Keys[in.ProgramIDIndex] == solana.ComputeBudget {
				kinds[in.Data[0]] = true
			}
		}
		require.Equal(t, map[byte]bool{2: true, 3: true}, kinds, "SetComputeUnitLimit and SetComputeUnitPrice")
		require.Less(t, record.UnitsConsumed, uint64(1_400_000))
		fees += record.Fee
	}
	require.Equal(t, fees, report.FeeLamports, "what the day cost is in its report")
}
