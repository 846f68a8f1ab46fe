package e2e

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// record writes the histories of TestRecordHistories into the replay tests' directory. New ones stand beside the old:
// a change of workflow code must go on replaying what was recorded before it.
var record = flag.Bool("record", false, "write recorded histories to workflows/testdata/histories")

// history reads a run's events.
func (w *world) history(run client.WorkflowRun) *history.History {
	w.t.Helper()
	out := &history.History{}
	events := w.client.GetWorkflowHistory(context.Background(), run.GetID(), run.GetRunID(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(w.t, err)
		out.Events = append(out.Events, e)
	}
	return out
}

// keep writes a history as the temporal CLI would, if asked to.
func (w *world) keep(name string, run client.WorkflowRun) {
	w.t.Helper()
	h := w.history(run)
	require.NotEmpty(w.t, h.Events)
	if !*record {
		return
	}
	body, err := protojson.MarshalOptions{Multiline: true, Indent: " "}.Marshal(h)
	require.NoError(w.t, err)
	host, err := os.Hostname()
	require.NoError(w.t, err)
	for pattern, with := range map[string]string{`\d+@` + regexp.QuoteMeta(host) + `@`: "1@worker@", `"` + regexp.QuoteMeta(host) + `:`: `"worker:`} {
		body = regexp.MustCompile(pattern).ReplaceAll(body, []byte(with)) // Whose machine it was is nobody's business.
	}
	dir := filepath.Join("..", "..", "workflows", "testdata", "histories")
	require.NoError(w.t, os.MkdirAll(dir, 0o755))
	file := filepath.Join(dir, time.Now().UTC().Format(time.DateOnly)+"-"+name+".json")
	require.NoError(w.t, os.WriteFile(file, append(body, '\n'), 0o644))
}

// TestRecordHistories runs the stories whose histories the replay tests keep.
func TestRecordHistories(t *testing.T) {
	t.Parallel()
	t.Run("plain", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 21, MissingATAs: 1}))
		run := w.start("v")
		require.Equal(t, domain.Complete, w.end(run).State)
		w.keep("daily-plain", run)
	})
	t.Run("stopped", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3), with(slowly))
		run := w.start("v")
		w.cursor("v", 3)
		w.signal(run, ops.SignalPause, "look")
		w.state(run, domain.Paused)
		w.signal(run, ops.SignalStop, "no")
		require.Equal(t, domain.Stopped, w.end(run).State)
		w.keep("daily-stopped", run)
	})
	t.Run("stuck", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 9}), pageSize(3), with(slowly))
		run := w.start("v")
		w.cursor("v", 3)
		last := w.vault("v").Investors[8]
		account, _ := w.node.Bank().Account(last.Stream, bank.Processed)
		whole := *account.Clone()
		w.closeStream(last)
		w.state(run, domain.Stuck)
		w.node.Bank().SetAccount(last.Stream, whole)
		w.signal(run, ops.SignalResume, "repaired")
		require.Equal(t, domain.Complete, w.end(run).State)
		w.keep("daily-stuck-resumed", run)
	})
	t.Run("failed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 9, BaseFees: 1}))
		run := w.start("v")
		require.Equal(t, domain.Failed, w.end(run).State)
		w.keep("daily-failed", run)
	})
	t.Run("incident", func(t *testing.T) {
		t.Parallel()
		// Two vaults that are told to pay with an empty purse: medium, then high, taken and resolved by a person.
		empty := localnet.VaultSpec{Investors: 3, PayerLamports: 900_000}
		a, b := empty, empty
		a.ID, b.ID = "a", "b"
		w := newWorld(t, []localnet.VaultSpec{a, b}, with(responding), with(func(s *config.Settings) { s.Incidents.ReopenWindow = time.Second }))
		require.Equal(t, domain.Failed, w.pay("a").State)
		w.incident("medium", func(i domain.Incident) bool { return i.Severity == domain.SeverityMedium && len(i.Evidence) == 1 })
		require.Equal(t, domain.Failed, w.pay("b").State)
		i := w.incident("high", func(i domain.Incident) bool { return i.Severity == domain.SeverityHigh && i.NeedsHuman })
		for _, one := range []struct {
			name string
			deed ops.Deed
		}{{ops.UpdateAcknowledge, ops.Deed{Actor: "ada", Channel: "cli"}}, {ops.UpdateAssign, ops.Deed{Actor: "ada", To: "bob"}}, {ops.UpdateResolve, ops.Deed{Actor: "ada", Text: "topped up"}}} {
			_, err := w.update(i.ID, one.name, one.deed)
			require.NoError(t, err)
		}
		run := w.client.GetWorkflow(context.Background(), ops.IncidentID(w.settings.Temporal.TaskQueue, i.ID), "")
		var end domain.Incident
		require.NoError(t, run.Get(context.Background(), &end))
		require.True(t, end.Over())
		w.keep("incident-resolved", run)
	})
	t.Run("switch", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3), with(slowly), with(people))
		w.safetyState()
		run := w.start("v")
		w.cursor("v", 3)
		ctx := context.Background()
		require.NoError(t, w.client.SignalWorkflow(ctx, w.switchID(), "", ops.SignalEmergencyStop, map[string]string{"scope": "all", "reason": "look", "actor": "e2e"}))
		require.Equal(t, domain.Stopped, w.end(run).State)
		require.NoError(t, w.client.SignalWorkflow(ctx, w.switchID(), "", ops.SignalEmergencyStop, nil))
		w.until("what was in the air is settled", func() bool { return w.safetyState().Flights.Settled })
		w.resume()
		require.NoError(t, w.client.SignalWorkflow(ctx, w.switchID(), "", ops.SignalDrill, ops.DrillOrder{ID: "x"}))
		require.NoError(t, w.client.SignalWorkflow(ctx, w.switchID(), "", ops.SignalIsolate, map[string]string{"vault": w.slug("v"), "reason": "bad list", "actor": "e2e"}))
		w.release("v", "joe")
		w.keep("safety-switch", w.client.GetWorkflow(ctx, w.switchID(), ""))
	})
	t.Run("drill", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 3}))
		w.safetyState()
		drill, err := w.client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: "drill/" + t.Name(), TaskQueue: w.settings.Temporal.TaskQueue},
			ops.StopDrill, ops.DrillInput{Samples: 2, Limit: time.Minute})
		require.NoError(t, err)
		require.NoError(t, drill.Get(context.Background(), nil))
		w.keep("stop-drill", drill)
	})
	t.Run("fleet", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, []localnet.VaultSpec{{ID: "a", Investors: 5}, {ID: "b", Investors: 3, NoFees: true}})
		run, err := w.client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: "fleet/" + t.Name(), TaskQueue: w.settings.Temporal.TaskQueue}, "FleetDistribution", ops.FleetInput{})
		require.NoError(t, err)
		require.NoError(t, run.Get(context.Background(), nil))
		w.keep("fleet-plain", run)
	})
}

// figures are what a run's history tells of its cost.
type figures struct {
	events, bytes int
	between       time.Duration // From a page's end to the next one's start, on average.
}

func (w *world) figures(run client.WorkflowRun) figures {
	w.t.Helper()
	h := w.history(run)
	out := figures{events: len(h.Events), bytes: proto.Size(h)}
	pages := map[int64]bool{} // Scheduled event ids of SendPage.
	var ended time.Time
	var gaps []time.Duration
	for _, e := range h.Events {
		switch {
		case e.GetActivityTaskScheduledEventAttributes() != nil:
			pages[e.EventId] = e.GetActivityTaskScheduledEventAttributes().ActivityType.Name == ops.SendPage.Name
		case e.GetActivityTaskStartedEventAttributes() != nil && pages[e.GetActivityTaskStartedEventAttributes().ScheduledEventId]:
			if !ended.IsZero() {
				gaps = append(gaps, e.EventTime.AsTime().Sub(ended))
			}
		case e.GetActivityTaskCompletedEventAttributes() != nil && pages[e.GetActivityTaskCompletedEventAttributes().ScheduledEventId]:
			ended = e.EventTime.AsTime()
		}
	}
	for _, g := range gaps {
		out.between += g / time.Duration(len(gaps))
	}
	return out
}
