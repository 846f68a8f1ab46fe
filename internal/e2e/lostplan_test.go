package e2e

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// lose stops a vault's day in its middle and takes the store away.
func (w *world) lose(short string, cursor uint32) {
	w.t.Helper()
	run := w.start(short)
	w.cursor(short, cursor)
	w.signal(run, ops.SignalStop, "the disk is gone")
	require.Equal(w.t, domain.Stopped, w.end(run).State)
	w.stopWorker()
	w.settings.Store.DSN = config.NewURL("file:" + filepath.Join(w.t.TempDir(), "new.db"))
}

// A plan that was lost is made again from the chain, and the pages that are turned already prove it.
func TestLostPlan_IsProvedByThePagesThatAreTurned(t *testing.T) {
	t.Parallel()
	t.Run("a stream that was closed after its page stays on the list", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 18}), pageSize(3), with(slowly))
		before := w.ledger("v")
		w.lose("v", 6)
		w.closeStream(w.vault("v").Investors[2])
		w.startWorker()
		report := w.pay("v")
		w.audited("v", before, report)
		require.Equal(t, 18, report.Investors)
	})
	t.Run("a list in another order is refused, and nothing is sent", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 18}), pageSize(3), with(slowly))
		before := w.ledger("v")
		w.lose("v", 6)
		right := slices.Clone(w.settings.Vaults[0].Streams)
		slices.Reverse(w.settings.Vaults[0].Streams)
		w.startWorker()
		stands, sent := w.chainCursor("v"), w.node.Requests()["sendTransaction"]
		report := w.pay("v")
		require.Equal(t, domain.Failed, report.State)
		require.Contains(t, report.Reason, "is not the day's list")
		require.Equal(t, stands, w.chainCursor("v"))
		require.Equal(t, sent, w.node.Requests()["sendTransaction"])

		w.stopWorker()
		w.settings.Vaults[0].Streams = right
		w.startWorker()
		w.audited("v", before, w.pay("v"))
	})
}
