package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// quickly lets the watch look every second.
func quickly(s *config.Settings) {
	m := &s.Monitor
	m.Enabled, m.MetricsInterval, m.RulesInterval, m.DashboardInterval, m.StaleAfter = true, time.Second, time.Second, 2*time.Second, 5*time.Second
}

// watchOf is the one watch of the namespace. It is ended with the test, so that it does not wait for a queue that nobody
// serves any more.
func (w *world) watchOf() client.WorkflowRun {
	run := w.client.GetWorkflow(context.Background(), ops.MonitorID, "")
	w.t.Cleanup(func() {
		require.NoError(w.t, w.client.TerminateWorkflow(context.Background(), ops.MonitorID, "", "the test is over"))
	})
	return run
}

// episode waits until the newest episode of an alert is as wanted.
func (w *world) episode(db *store.Store, alert string, as func(domain.Episode) bool) domain.Episode {
	w.t.Helper()
	var got domain.Episode
	w.until("episode of "+alert, func() bool {
		all, err := db.Episodes(context.Background(), time.Now().Add(-time.Hour))
		require.NoError(w.t, err)
		for _, e := range all {
			if e.Alert == alert && as(e) {
				got = e
				return true
			}
		}
		return false
	})
	return got
}

func told(e domain.Episode) bool { return !e.Told.IsZero() && len(e.Unsent) == 0 }

// takeBaseFees claims the base fees away, as the owner of a position can: its checkpoint is moved up to the pool's.
func (w *world) takeBaseFees(short string) {
	w.t.Helper()
	v := w.vault(short)
	at, ok := w.node.Bank().Account(v.Pool, bank.Processed)
	require.True(w.t, ok)
	pool, err := damm.DecodePool(at.Data)
	require.NoError(w.t, err)
	a, ok := w.node.Bank().Account(v.HonoraryPosition, bank.Processed)
	require.True(w.t, ok)
	other := *a.Clone()
	p, err := damm.DecodePosition(other.Data)
	require.NoError(w.t, err)
	p.FeeACheckpoint, p.FeeAPending = pool.FeeAPerLiquidity, 0 // The quote mint is token B.
	p.Put(other.Data)
	w.node.Bank().SetAccount(v.HonoraryPosition, other)
}

// TestFleetMonitor_SeesTellsAndGoesOnWithAnotherWorker follows one alert from its beginning to its end on the real server,
// with a worker that is replaced in between.
func TestFleetMonitor_SeesTellsAndGoesOnWithAnotherWorker(t *testing.T) {
	t.Parallel()
	w := newWorld(t, []localnet.VaultSpec{{ID: "v", Investors: 3, BaseFees: 7}, {ID: "w", Investors: 2}}, with(quickly))
	run := w.watchOf()
	db := w.store()
	e := w.episode(db, "base_fee_detected", told)
	require.Equal(t, w.slug("v"), e.Vault)
	require.Equal(t, domain.SeverityCritical, e.Severity)
	i := w.incident("of the alert", func(i domain.Incident) bool { return len(i.Evidence) == 1 })
	require.Equal(t, e.Incident, i.ID)
	require.Equal(t, []string{e.Key}, i.Alerts)
	require.True(t, i.NeedsHuman)
	flags, err := db.AllSafety(context.Background())
	require.NoError(t, err)
	require.Empty(t, flags, "an alert by itself stops and isolates nothing")

	w.stopWorker()
	w.startWorker()
	before := time.Now()
	w.until("a look of the new worker", func() bool {
		tick, found, err := db.LatestTick(context.Background())
		return err == nil && found && tick.Fleet.At.After(before) && tick.Fleet.Read == 2
	})
	e = w.episode(db, "base_fee_detected", told)
	require.Equal(t, 1, e.Seq, "nothing is told twice")
	require.Equal(t, 1, e.Number)

	require.Equal(t, domain.Complete, w.pay("w").State)
	w.until("the watch knows the paid day", func() bool {
		tick, _, err := db.LatestTick(context.Background())
		require.NoError(t, err)
		s, ok := tick.Vault(w.slug("w"))
		return ok && s.State == domain.Complete && s.Books != nil && s.Books.Last != nil && s.Run != nil && !s.Run.Live
	})

	require.NoError(t, w.client.SignalWorkflow(context.Background(), ops.MonitorID, "", ops.SignalAcknowledge, ops.AcknowledgeOrder{Episode: e.Key, Actor: "ann"}))
	e = w.episode(db, "base_fee_detected", func(e domain.Episode) bool { return e.State == domain.EpisodeAcknowledged && told(e) })
	require.Equal(t, "ann", e.AckedBy)
	require.NoError(t, w.client.SignalWorkflow(context.Background(), ops.MonitorID, "", ops.SignalMute, ops.MuteOrder{Vault: w.slug("w"), Minutes: 1, Reason: "test", Actor: "ann"}))
	w.until("the mute is kept", func() bool {
		mutes, err := db.Mutes(context.Background(), time.Now().Add(-time.Hour))
		return err == nil && len(mutes) == 1 && len(mutes[0].Unsent) == 0
	})

	w.takeBaseFees("v")
	e = w.episode(db, "base_fee_detected", func(e domain.Episode) bool { return !e.Active() && len(e.Unsent) == 0 })
	require.Equal(t, 3, e.Seq, "begun, taken over, over")
	i = w.incident("that hears of its alert's end", func(i domain.Incident) bool {
		n := 0
		for _, line := range i.Timeline {
			if line.Kind == domain.EntryAlert {
				n++
			}
		}
		return n == 2
	})
	require.False(t, i.Over(), "people end it")
	w.keep("incident-by-alert", w.client.GetWorkflow(context.Background(), ops.IncidentID(w.settings.Temporal.TaskQueue, i.ID), ""))

	var d domain.Dashboard
	w.until("the dashboard query", func() bool {
		value, err := w.client.QueryWorkflow(context.Background(), ops.MonitorID, "", ops.QueryDashboard)
		return err == nil && value.Get(&d) == nil && d.Total == 2
	})
	w.keep("monitor", run)
}

// TestIncident_AnAlertTellsAndARunThatFailsByTheSameStops lets the watch be first and a run second: one incident, told
// once, and nothing is stopped before a run has failed. It is not parallel: a namespace has one watch.
func TestIncident_AnAlertTellsAndARunThatFailsByTheSameStops(t *testing.T) {
	w := newWorld(t, []localnet.VaultSpec{{ID: "v", Investors: 3, BaseFees: 7}, {ID: "w", Investors: 2}}, with(quickly), with(responding))
	w.watchOf()
	db := w.store()
	e := w.episode(db, "base_fee_detected", func(e domain.Episode) bool { return e.Incident != "" })
	require.Equal(t, domain.Complete, w.pay("w").State, "others are paid meanwhile")
	require.Equal(t, domain.Failed, w.pay("v").State)
	i := w.incident("stopped", func(i domain.Incident) bool { return i.AtMost == "" && len(i.Evidence) == 3 })
	require.Equal(t, e.Incident, i.ID)
	flags, err := db.AllSafety(context.Background())
	require.NoError(t, err)
	require.Len(t, flags, 1)
	require.Contains(t, flags[0].Reason, i.ID)
	list, err := db.Incidents(context.Background(), store.IncidentFilter{})
	require.NoError(t, err)
	require.Len(t, list, 1)
}
