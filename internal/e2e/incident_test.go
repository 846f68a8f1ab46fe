package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// responding lets the operations act by themselves.
func responding(s *config.Settings) { s.Incidents.Respond = true }

// incident waits until the store has one that fits.
func (w *world) incident(what string, fits func(domain.Incident) bool) domain.Incident {
	w.t.Helper()
	db := w.store()
	var found domain.Incident
	w.until("an incident: "+what, func() bool {
		list, err := db.Incidents(context.Background(), store.IncidentFilter{})
		require.NoError(w.t, err)
		for _, i := range list {
			whole, ok, err := db.Incident(context.Background(), i.ID)
			require.NoError(w.t, err)
			require.True(w.t, ok)
			if found = whole; fits(whole) {
				return true
			}
		}
		return false
	})
	return found
}

// update asks an incident for a change, as the command line and the temporal CLI do.
func (w *world) update(id, name string, d ops.Deed) (ops.IncidentAnswer, error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	handle, err := w.client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: ops.IncidentID(w.settings.Temporal.TaskQueue, id), UpdateName: name, Args: []any{d}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return ops.IncidentAnswer{}, err
	}
	var answer ops.IncidentAnswer
	return answer, handle.Get(ctx, &answer)
}

func evidenceOf(i domain.Incident, kind string) (domain.Evidence, bool) {
	for _, e := range i.Evidence {
		if e.Kind == kind {
			return e, true
		}
	}
	return domain.Evidence{}, false
}

// S04, S08: base fees are critical by their code. Everything is stopped, people are told, the settings are locked,
// evidence is taken, and nothing goes on by itself.
func TestS08_BaseFeesStopEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, []localnet.VaultSpec{{ID: "v", Investors: 4, BaseFees: 500}, {ID: "other", Investors: 3}}, with(responding))
	require.Equal(t, domain.Failed, w.pay("v").State)
	i := w.incident("secured", func(i domain.Incident) bool { return i.NeedsHuman && len(i.Evidence) == 2 })
	require.Equal(t, domain.SeverityCritical, i.Severity)
	require.Equal(t, "router/6001", i.Code)
	require.Equal(t, w.slug("v"), i.Vault)
	require.Empty(t, i.Assignee)

	require.Equal(t, domain.Stopped, w.pay("other").State, "no other vault is paid")
	db := w.store()
	flags, err := db.Safety(context.Background(), "")
	require.NoError(t, err)
	require.Len(t, flags, 1)
	require.Equal(t, domain.Automation, flags[0].Actor)
	require.Contains(t, flags[0].Reason, i.ID)

	for _, kind := range []string{incident.KindBundle, incident.KindSnapshot} {
		e, ok := evidenceOf(i, kind)
		require.True(t, ok, kind)
		require.NoError(t, incident.Verify(e))
		require.Empty(t, e.Unknown, "everything could be read")
		body, err := os.ReadFile(e.Path)
		require.NoError(t, err)
		var b incident.Bundle
		require.NoError(t, json.Unmarshal(body, &b))
		require.Equal(t, i.ID, b.Incident)
		key, err := os.ReadFile(w.settings.Vaults[0].KeypairPath)
		require.NoError(t, err)
		require.NotContains(t, string(body), string(key[1:40]), "the fee payer's key is in no bundle")
	}

	// S12: who gets how much stays as it is, until the incident is over.
	w.stopWorker()
	locked := w.settings
	locked.Distribution.MinClaimable++
	require.ErrorContains(t, app.New(locked).Err(), "the settings are locked by incident "+i.ID)
	w.startWorker()
	_, err = w.update(i.ID, ops.UpdateResolve, ops.Deed{Actor: "ada", Channel: "cli", Text: "the position was set to quote fees"})
	require.ErrorContains(t, err, "acknowledge it before")
	require.Equal(t, "incident/refused", fault.CodeOf(err))
	_, err = w.update(i.ID, ops.UpdateAcknowledge, ops.Deed{Actor: "ada"})
	require.NoError(t, err)
	answer, err := w.update(i.ID, ops.UpdateResolve, ops.Deed{Actor: "ada", Text: "the position was set to quote fees"})
	require.NoError(t, err)
	require.Equal(t, domain.IncidentResolved, answer.State)
	require.True(t, answer.Saved)
	require.NoError(t, app.New(locked).Err(), "the lock has gone with it")
	state, err := db.VerifyAudit(context.Background())
	require.NoError(t, err)
	require.Positive(t, state.Entries)
}

// S10: a day that is stuck has an incident at once, and the incident ends when the day goes on.
func TestS10_StuckDayOpensAnIncidentThatEndsWithIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 9}), pageSize(3), with(slowly), with(responding))
	run := w.start("v")
	w.cursor("v", 3)
	last := w.vault("v").Investors[8]
	account, _ := w.node.Bank().Account(last.Stream, bank.Processed)
	whole := *account.Clone()
	w.closeStream(last)
	w.state(run, domain.Stuck)
	i := w.incident("opened", func(i domain.Incident) bool { return len(i.Evidence) > 0 })
	require.Equal(t, "router/6007", i.Code)
	require.Equal(t, domain.SeverityMedium, i.Severity)
	failures, err := w.store().Failures(context.Background(), i.ID, 0)
	require.NoError(t, err)
	require.Len(t, failures, 1)
	require.EqualValues(t, 6, *failures[0].Cursor)
	require.Equal(t, run.GetRunID(), failures[0].RunID)
	failed := w.pageFailed(run)
	t.Logf("from the failed page to the opened incident: %s", i.OpenedAt.Sub(failed))
	t.Logf("from the failed page to the running workflow: %s", w.began(i.ID).Sub(failed))

	w.node.Bank().SetAccount(last.Stream, whole)
	w.signal(run, ops.SignalResume, "repaired")
	require.Equal(t, domain.Complete, w.end(run).State)
	i = w.incident("settled", domain.Incident.Over)
	require.Contains(t, i.Resolution, "goes on")
	require.Empty(t, i.AcknowledgedBy, "nobody was needed")
}

// pageFailed is when the run's page failed, by the server's clock.
func (w *world) pageFailed(run client.WorkflowRun) (at time.Time) {
	w.t.Helper()
	for _, e := range w.history(run).Events {
		if e.GetActivityTaskFailedEventAttributes() != nil {
			at = e.EventTime.AsTime()
		}
	}
	require.False(w.t, at.IsZero())
	return at
}

// began is when the incident's workflow was started.
func (w *world) began(id string) time.Time {
	w.t.Helper()
	d, err := w.client.DescribeWorkflowExecution(context.Background(), ops.IncidentID(w.settings.Temporal.TaskQueue, id), "")
	require.NoError(w.t, err)
	return d.GetWorkflowExecutionInfo().GetStartTime().AsTime()
}

// S02: one cause in several vaults is one incident; more than five are critical.
func TestS02_SevenVaultsWithoutSOLAreOneCriticalIncident(t *testing.T) {
	t.Parallel()
	var vaults []localnet.VaultSpec
	for n := range 7 {
		vaults = append(vaults, localnet.VaultSpec{ID: fmt.Sprint("v", n), Investors: 3, PayerLamports: 900_000})
	}
	w := newWorld(t, vaults, with(responding))
	var runs []client.WorkflowRun
	for _, v := range vaults {
		runs = append(runs, w.start(v.ID))
	}
	for _, run := range runs {
		require.Contains(t, []domain.State{domain.Failed, domain.Stopped}, w.end(run).State, "the stop may come before the last ones fail")
	}
	i := w.incident("critical", func(i domain.Incident) bool {
		return i.Severity == domain.SeverityCritical && i.NeedsHuman && len(i.Evidence) > 1
	})
	require.GreaterOrEqual(t, i.VaultCount, 6)
	require.Empty(t, i.Vault)
	list, err := w.store().Incidents(context.Background(), store.IncidentFilter{})
	require.NoError(t, err)
	require.Len(t, list, 1)
}

// S09: a vault that a cursor is said to differ of is isolated, rehearsed against the chain and released.
func TestS09_AVaultThatRehearsesWellIsReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 6}), pageSize(3), with(responding))
	db := w.store()
	rules := app.IncidentRules(w.settings)
	got, err := incident.Desk{Rules: rules, Ledger: db}.Record(context.Background(), domain.Failure{
		Key: "by-hand", Vault: w.slug("v"), Kind: domain.FailureStated, Code: "router/6005", Message: "a drill", Actor: "ada", At: time.Now(),
	})
	require.NoError(t, err)
	door := app.Door{Client: w.client, Queue: w.settings.Temporal.TaskQueue}
	require.NoError(t, door.Open(context.Background(), ops.IncidentStart{Incident: got.Incident, Failure: got.Failure, Respond: true, ReopenWindow: time.Hour}))
	i := w.incident("mitigated", func(i domain.Incident) bool { return i.State == domain.IncidentMitigated })
	require.Equal(t, domain.SeverityHigh, i.Severity)
	log, err := db.AuditLog(context.Background(), 0, 100)
	require.NoError(t, err)
	var deeds []string
	for _, e := range log {
		if e.Subject == w.slug("v") {
			deeds = append(deeds, e.Action)
		}
	}
	// The incident and the switch that it told both write what they did; the last word is the release.
	require.Equal(t, "safety.set.isolate", deeds[0])
	require.Equal(t, "safety.clear.isolate", deeds[len(deeds)-1])
	before := w.ledger("v")
	w.audited("v", before, w.pay("v"))
	i = w.incident("settled", domain.Incident.Over)
	require.Equal(t, filepath.Dir(i.Evidence[0].Path), w.settings.EvidenceDir())
}

// S09: a recovery that does not work makes the incident critical.
func TestS09_TwoVaultsThatCannotBeMendedStopEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, []localnet.VaultSpec{{ID: "a", Investors: 9}, {ID: "b", Investors: 9}}, pageSize(3), with(slowly), with(responding))
	for _, id := range []string{"a", "b"} {
		w.start(id)
		w.cursor(id, 3)
		w.closeStream(w.vault(id).Investors[8])
	}
	i := w.incident("critical", func(i domain.Incident) bool { return i.Severity == domain.SeverityCritical && i.NeedsHuman })
	require.Equal(t, 2, i.VaultCount)
	flags, err := w.store().AllSafety(context.Background())
	require.NoError(t, err)
	require.NotEmpty(t, flags)
	require.Equal(t, domain.SafetyStop, flags[len(flags)-1].Kind)
}
