package e2e

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// hastily lets a stopped worker drop what it is doing, as a killed one does.
func hastily(s *config.Settings) { s.Worker.DrainTimeout = time.Millisecond }

func TestWorkerStoppedInMidDayGoesOn(t *testing.T) {
	t.Parallel()
	t.Run("with its store", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 24, DuplicateRecipients: 5}), pageSize(2), with(hastily))
		before := w.ledger("v")
		run := w.start("v")
		for _, at := range []uint32{4, 12} {
			w.cursor("v", at)
			w.stopWorker()
			w.startWorker()
		}
		w.audited("v", before, w.end(run))
		require.Len(t, w.turned("v", before.slot), 12)
	})
	t.Run("with a page in the air", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 9}), pageSize(3), with(hastily))
		before := w.ledger("v")
		w.node.SetFault(localnet.Fault{Name: "late", Value: 60, Count: 1})
		run := w.start("v")
		w.until("the page is sent", func() bool { return w.node.Requests()["sendTransaction"] > 0 })
		w.stopWorker()
		w.startWorker()
		w.audited("v", before, w.end(run))
		require.Len(t, w.calls("v", before.slot), 3, "the page in the air was found and not signed again")
	})
	t.Run("with another store, after its loss", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 24, DuplicateRecipients: 5, ClosedStreams: 1}), pageSize(3), with(slowly))
		before := w.ledger("v")
		run := w.start("v")
		w.cursor("v", 6)
		w.signal(run, ops.SignalStop, "the disk is gone")
		require.Equal(t, domain.Stopped, w.end(run).State)
		w.stopWorker()
		w.settings.Store.DSN = config.NewURL("file:" + filepath.Join(t.TempDir(), "new.db"))
		w.startWorker()
		report := w.pay("v")
		w.audited("v", before, report)
		require.Len(t, w.turned("v", before.slot), 8, "it went on at the chain's cursor")
		require.Len(t, report.Signatures, 8, "the pages of the lost store are in the report")
	})
	t.Run("with another store, after the close", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 6}), pageSize(3))
		before := w.ledger("v")
		first := w.pay("v")
		w.audited("v", before, first)
		w.stopWorker()
		w.settings.Store.DSN = config.NewURL("file:" + filepath.Join(t.TempDir(), "new.db"))
		w.startWorker()
		again := w.pay("v")
		require.Equal(t, domain.Complete, again.State, again.Reason)
		require.True(t, again.Result.Clean(), "%v", again.Result.Notes)
		require.Equal(t, first.Result.Figures, again.Result.Figures, "the books of the lost store, made again from the chain")
		require.Contains(t, again.Result.Notes[0], "signed with the vault's own key, and the books do not know it")
		require.Equal(t, domain.NotDue, w.pay("v").State, "the books are made once")
		w.nextDay()
		before = w.ledger("v")
		w.audited("v", before, w.pay("v"))
	})
}

func TestX05_StopSignalEndsTheRunAndTheNextOneGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 18}), pageSize(3), with(slowly))
	before := w.ledger("v")
	run := w.start("v")
	w.cursor("v", 6)
	w.signal(run, ops.SignalStop, "an operator says so")
	report := w.end(run)
	require.Equal(t, domain.Stopped, report.State)
	require.Contains(t, report.Reason, "an operator says so")
	stopped := w.chainCursor("v")
	require.Less(t, stopped, uint32(18))
	w.slots(20)
	require.Equal(t, stopped, w.chainCursor("v"), "nothing is sent after it")
	again := w.pay("v")
	w.audited("v", before, again)
	require.Equal(t, report.Manifest, again.Manifest, "the same frozen plan")
}

func TestEmergencyStopInMidDay(t *testing.T) {
	t.Parallel()
	for _, vault := range []string{"", "v"} {
		t.Run("of vault "+vault, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, specs(localnet.VaultSpec{Investors: 24}), pageSize(3), with(slowly))
			db := w.store()
			before := w.ledger("v")
			run := w.start("v")
			w.cursor("v", 3)
			flag := domain.SafetyFlag{Kind: domain.SafetyStop, Reason: "strange payouts", Actor: "alice", At: time.Now()}
			if vault != "" {
				flag.Vault = w.slug(vault)
			}
			require.NoError(t, db.SetSafety(context.Background(), flag))
			sent := w.node.Requests()["sendTransaction"]
			status := w.state(run, domain.Stopped)
			require.Contains(t, status.Reason, "strange payouts")
			at := w.chainCursor("v")
			require.LessOrEqual(t, w.node.Requests()["sendTransaction"], sent+1, "at most the page that was on its way")
			sent = w.node.Requests()["sendTransaction"]
			// A resume of the run is not a lifting of the stop.
			w.signal(run, ops.SignalResume, "try")
			w.slots(30)
			w.state(run, domain.Stopped)
			require.Equal(t, at, w.chainCursor("v"))
			require.Equal(t, sent, w.node.Requests()["sendTransaction"], "no send while the flag is up")
			flag.Reason = "it was a test"
			require.NoError(t, db.ClearSafety(context.Background(), flag))
			w.signal(run, ops.SignalResume, "cleared")
			w.audited("v", before, w.end(run))
		})
	}
}

func TestX05_PauseHoldsAndResumeGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 18}), pageSize(3), with(slowly))
	before := w.ledger("v")
	_, resume := w.paused("v", 3)
	at := w.chainCursor("v")
	w.slots(20)
	require.Equal(t, at, w.chainCursor("v"))
	w.audited("v", before, resume())
}

func TestX23_FleetPaysSideBySide(t *testing.T) {
	t.Parallel()
	w := newWorld(t, []localnet.VaultSpec{{ID: "a", Investors: 12}, {ID: "b", Investors: 25, MissingATAs: 2}, {ID: "c", Investors: 3, NoFees: true}})
	before := map[string]ledger{"a": w.ledger("a"), "b": w.ledger("b")}
	run, err := w.client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: "fleet/" + t.Name(), TaskQueue: w.settings.Temporal.TaskQueue}, "FleetDistribution", ops.FleetInput{Actor: "e2e"})
	require.NoError(t, err)
	var fleet ops.FleetReport
	require.NoError(t, run.Get(context.Background(), &fleet))
	require.Len(t, fleet.Rows, 3)
	require.Equal(t, domain.NoFees, fleet.Rows[2].State, "one vault without fees keeps no other from being paid")
	db := w.store()
	for i, id := range []string{"a", "b"} {
		require.Equal(t, domain.Complete, fleet.Rows[i].State, fleet.Rows[i].Reason)
		report, found, err := db.Report(context.Background(), w.slug(id), fleet.Rows[i].Day)
		require.NoError(t, err)
		require.True(t, found)
		w.audited(id, before[id], report)
	}
}

func TestX02_TwoWorkersOnOneStorePayOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 24, MissingATAs: 2}), pageSize(2))
	other := app.New(w.settings)
	require.NoError(t, other.Start(context.Background()))
	t.Cleanup(func() { require.NoError(t, other.Stop(context.Background())) })
	w.node.SetFault(localnet.Fault{Name: "drop", PerMille: 200})
	before := w.ledger("v")
	w.audited("v", before, w.pay("v"))
	require.Len(t, w.turned("v", before.slot), 12)
}
