package e2e

import (
	"context"
	"crypto/rand"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/backup"
	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/namespace"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/schedule"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// home is where everything of a world's host lies, besides the vaults' file and keys, which configuration management has.
func home(w *world) string {
	return strings.TrimPrefix(filepath.Dir(w.settings.Store.DSN.Reveal()), "file:")
}

// backedUp gives a world a place for backups off its host, a key, and directories on it.
func backedUp(w *world) {
	w.t.Helper()
	off := w.t.TempDir()
	key := filepath.Join(off, "backup.key")
	recipient, err := backup.GenerateKey(key, time.Now())
	require.NoError(w.t, err)
	s := &w.settings
	s.Backup.Place, s.Backup.Recipients, s.Backup.IdentityFile = config.NewURL("file:"+filepath.Join(off, "archives")), []string{recipient}, key
	s.Backup.Deployment = "world"
	signing, err := seal.Generate(rand.Reader)
	require.NoError(w.t, err)
	s.Audit.KeyPath = filepath.Join(off, "audit.key")
	require.NoError(w.t, signing.Write(s.Audit.KeyPath))
	s.Reports.Dir = filepath.Join(home(w), "reports")
}

// backup runs the workflow that the schedule runs.
func (w *world) backup() ops.BackupResult {
	w.t.Helper()
	run, res := w.backupRun()
	require.NotEmpty(w.t, run.GetRunID())
	return res
}

func (w *world) backupRun() (client.WorkflowRun, ops.BackupResult) {
	w.t.Helper()
	run, err := w.client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: "backup-by-hand/" + w.t.Name(), TaskQueue: w.settings.Temporal.TaskQueue}, ops.Backup, ops.BackupInput{Actor: "e2e"})
	require.NoError(w.t, err)
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	var res ops.BackupResult
	require.NoError(w.t, run.Get(ctx, &res))
	return run, res
}

func (w *world) drillRun() (client.WorkflowRun, domain.Drill) {
	w.t.Helper()
	run, err := w.client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: "drill-by-hand/" + w.t.Name(), TaskQueue: w.settings.Temporal.TaskQueue}, ops.RestoreDrill, ops.RestoreDrillInput{})
	require.NoError(w.t, err)
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	var d domain.Drill
	require.NoError(w.t, run.Get(ctx, &d))
	return run, d
}

// hostLost ends the worker and deletes all that lies on its host.
func (w *world) hostLost() {
	w.t.Helper()
	w.stopWorker()
	require.NoError(w.t, os.RemoveAll(home(w)))
}

// restore brings the newest archive before a time to the world's empty host.
func (w *world) restore(before time.Time) {
	w.t.Helper()
	keeper, err := app.Keeper(w.settings, nil, time.Now)
	require.NoError(w.t, err)
	place, err := keeper.Open(context.Background())
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, place.Close()) }()
	label, err := place.Choose(context.Background(), "", keeper.Deployment(), before)
	require.NoError(w.t, err)
	identities, err := backup.LoadIdentities(w.settings.Backup.IdentityFile)
	require.NoError(w.t, err)
	_, err = place.Restore(context.Background(), label, backup.Keys{Identities: identities, Signers: keeper.Signers()}, backup.Target{DSN: w.settings.Store.DSN.Reveal(), Folders: app.BackupFolders(w.settings)})
	require.NoError(w.t, err)
}

// books compares what the store says of a day with what the chain did.
func (w *world) books(short string, day domain.Day, paid uint64) {
	w.t.Helper()
	r, found, err := w.store().Report(context.Background(), w.slug(short), day)
	require.NoError(w.t, err)
	require.True(w.t, found, "the day's report")
	require.NotNil(w.t, r.Result)
	require.EqualValues(w.t, paid, r.Result.Paid)
}

// TestRecovery_DayPaidBackupAllLostRestoreNextDayPaid is the story of issue 8: the audit log goes on unbroken, and the
// books of both days equal the chain.
func TestRecovery_DayPaidBackupAllLostRestoreNextDayPaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 14, MissingATAs: 1, ClosedStreams: 1}), pageSize(4), with(func(s *config.Settings) { s.Distribution.MaxInvalidStreamsPercent = 20 }), backedUp)
	before := w.ledger("v")
	first := w.pay("v")
	one := w.audited("v", before, first)

	run, made := w.backupRun()
	w.keep("backup", run)
	require.NotZero(t, made.Rows)
	last, good, err := w.store().LastBackup(t.Context())
	require.NoError(t, err)
	require.Equal(t, made.Archive, last.Archive)
	require.Equal(t, last, good)
	run, d := w.drillRun()
	w.keep("restore-drill", run)
	require.Equal(t, 100, d.Score, d.Steps)
	t.Logf("drill: RPO %d s, RTO %d ms; archive %d bytes, %d rows in %d ms", *d.RPO, *d.RTO, made.Bytes, made.Rows, made.TookMS)
	state, err := w.store().VerifyAudit(t.Context())
	require.NoError(t, err)

	w.hostLost()
	began := time.Now()
	w.restore(time.Now().Add(time.Second))
	t.Logf("restored in %s", time.Since(began).Round(time.Millisecond))
	restored, err := w.store().VerifyAudit(t.Context())
	require.NoError(t, err)
	require.Equal(t, state, restored, "the audit log is unbroken")
	w.books("v", first.Day, one.Paid)

	w.startWorker()
	w.nextDay()
	before = w.ledger("v")
	second := w.pay("v")
	two := w.audited("v", before, second)
	w.books("v", first.Day, one.Paid)
	w.books("v", second.Day, two.Paid)
	_, err = w.store().VerifyAudit(t.Context())
	require.NoError(t, err)
}

// TestDisaster_HostAndTemporalLostInMidDay is the worst day: the backup is from before it, the namespace is empty, and
// only the chain's cursor knows how far it got.
func TestDisaster_HostAndTemporalLostInMidDay(t *testing.T) {
	t.Parallel()
	for name, restored := range map[string]bool{"with a backup from before the day": true, "without any backup": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, specs(localnet.VaultSpec{Investors: 18}), pageSize(3), with(slowly), backedUp)
			w.backup()
			before := w.ledger("v")
			w.start("v")
			w.cursor("v", 6)
			w.hostLost()
			w.otherNamespace()
			if restored {
				w.restore(time.Now().Add(time.Second))
			}
			w.startWorker()
			report := w.pay("v")
			w.audited("v", before, report)
			require.Equal(t, 18, report.Investors)
		})
	}
}

// TestDisaster_TemporalNamespaceLostInMidDay keeps the store: its signatures settle what was in flight.
func TestDisaster_TemporalNamespaceLostInMidDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 18}), pageSize(3), with(slowly))
	before := w.ledger("v")
	w.start("v")
	w.cursor("v", 6)
	w.stopWorker()
	w.otherNamespace()
	w.startWorker()
	report := w.pay("v")
	w.books("v", report.Day, w.audited("v", before, report).Paid)
}

// otherNamespace goes over to a new namespace of the server, as after the loss of one.
func (w *world) otherNamespace() {
	w.t.Helper()
	name := "lost-" + w.slug("ns")
	require.NoError(w.t, namespace.Ensure(context.Background(), w.client, namespace.Want{Name: name, Retention: 24 * time.Hour}))
	w.settings.Temporal.Namespace = name
	c, err := client.NewLazyClient(client.Options{HostPort: devstack.ForTest(w.t).Address, Namespace: name})
	require.NoError(w.t, err)
	w.t.Cleanup(c.Close)
	w.client = c
}

// TestDisaster_TheStoreIsLost starts with an empty one: the next day is paid from the chain's state alone.
func TestDisaster_TheStoreIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 9}), pageSize(4))
	before := w.ledger("v")
	first := w.pay("v")
	one := w.audited("v", before, first)
	w.hostLost()
	w.startWorker()
	sent := w.node.Requests()["sendTransaction"]
	require.Equal(t, domain.Complete, w.pay("v").State, "the chain knows that the day is paid, and gives it its books back")
	require.Equal(t, sent, w.node.Requests()["sendTransaction"], "nothing was sent again")
	w.books("v", first.Day, one.Paid)
	require.Equal(t, domain.NotDue, w.pay("v").State)
	w.nextDay()
	before = w.ledger("v")
	report := w.pay("v")
	w.books("v", report.Day, w.audited("v", before, report).Paid)
}

// TestDisaster_TheSignerIsLost: turning pages needs no authority, so another funded key goes on with the same day.
func TestDisaster_TheSignerIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, []localnet.VaultSpec{{ID: "v", Investors: 18}, {ID: "spare", Investors: 3}}, pageSize(3), with(slowly))
	before := w.ledger("v")
	run := w.start("v")
	w.cursor("v", 6)
	w.signal(run, ops.SignalStop, "the key is lost")
	require.Equal(t, domain.Stopped, w.end(run).State)
	w.stopWorker()
	old := w.settings.Vaults[0].KeypairPath
	require.NoError(t, os.Remove(old))
	a := app.New(w.settings)
	err := a.Err()
	require.ErrorContains(t, err, filepath.Base(old), "a worker without its key does not start, and names the file")

	w.settings.Vaults[0].KeypairPath = w.settings.Vaults[1].KeypairPath // Another one with SOL.
	w.startWorker()
	report := w.pay("v")
	require.Equal(t, domain.Complete, report.State, report.Reason)
	got := w.judge("v", before)
	require.Zero(t, got.PaidTwice+got.Missed+got.Wrong)
}

// TestDisaster_ABadManifestIsRolledBackByABackup: what somebody changed in the stored plan is not paid, and the plan of
// the backup is.
func TestDisaster_ABadManifestIsRolledBackByABackup(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 18}), pageSize(3), with(slowly), backedUp)
	before := w.ledger("v")
	run := w.start("v")
	w.cursor("v", 6)
	w.signal(run, ops.SignalStop, "strange")
	require.Equal(t, domain.Stopped, w.end(run).State)
	w.backup()
	w.stopWorker()
	path := strings.TrimPrefix(w.settings.Store.DSN.Reveal(), "file:")
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "UPDATE manifests SET document = replace(document, '\"page_size\":3', '\"page_size\":4')")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	w.startWorker()
	stands, sent := w.chainCursor("v"), w.node.Requests()["sendTransaction"]
	run = w.start("v")
	w.until("the changed plan is refused", func() bool {
		d, err := w.client.DescribeWorkflowExecution(context.Background(), run.GetID(), run.GetRunID())
		require.NoError(t, err)
		return slices.ContainsFunc(d.GetPendingActivities(), func(a *workflow.PendingActivityInfo) bool {
			return strings.Contains(a.GetLastFailure().GetMessage(), "the stored plan was changed")
		})
	})
	require.Equal(t, stands, w.chainCursor("v"))
	require.Equal(t, sent, w.node.Requests()["sendTransaction"], "nothing was sent")

	w.hostLost()
	w.restore(time.Now().Add(time.Second))
	w.startWorker()
	w.audited("v", before, w.end(run))
}

// TestDisaster_WrongSettingsArePushed: a list in another order is refused, and the settings that the backup keeps tell
// what was right.
func TestDisaster_WrongSettingsArePushed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3), with(slowly), backedUp)
	before := w.ledger("v")
	run := w.start("v")
	w.cursor("v", 3)
	w.signal(run, ops.SignalStop, "a change of settings")
	require.Equal(t, domain.Stopped, w.end(run).State)
	w.backup()
	w.hostLost()
	right := slices.Clone(w.settings.Vaults[0].Streams)
	slices.Reverse(w.settings.Vaults[0].Streams)
	w.startWorker()
	sent := w.node.Requests()["sendTransaction"]
	report := w.pay("v")
	require.Equal(t, domain.Failed, report.State)
	require.Equal(t, sent, w.node.Requests()["sendTransaction"], "nothing was sent")
	w.hostLost()

	keeper, err := app.Keeper(w.settings, nil, time.Now)
	require.NoError(t, err)
	place, err := keeper.Open(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, place.Close()) }()
	label, err := place.Choose(t.Context(), "", keeper.Deployment(), time.Now().Add(time.Second))
	require.NoError(t, err)
	identities, err := backup.LoadIdentities(w.settings.Backup.IdentityFile)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "settings.json")
	_, err = place.Restore(t.Context(), label, backup.Keys{Identities: identities, Signers: keeper.Signers()}, backup.Target{DSN: w.settings.Store.DSN.Reveal(), Settings: file})
	require.NoError(t, err)
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	at := -1
	for _, stream := range right {
		next := strings.Index(string(kept), stream)
		require.Greater(t, next, at, "the backup has the list in its right order")
		at = next
	}
	w.settings.Vaults[0].Streams = right
	w.startWorker()
	w.audited("v", before, w.pay("v"))
}

// TestDisaster_TheRPCProviderIsGone: the only endpoint dies in mid-day, and the day goes on with another one in the settings.
func TestDisaster_TheRPCProviderIsGone(t *testing.T) {
	t.Parallel()
	w := newChain(t, specs(localnet.VaultSpec{Investors: 18}), pageSize(3), with(slowly))
	gone, err := w.node.Endpoint()
	require.NoError(t, err)
	good := w.settings.RPC.Endpoints
	w.settings.RPC.Endpoints = []config.Endpoint{{Name: "gone", URL: config.NewURL(gone)}}
	w.startWorker()
	before := w.ledger("v")
	run := w.start("v")
	w.cursor("v", 6)
	w.node.SetFaultAt(gone, localnet.Fault{Name: "5xx"})
	w.stopWorker()
	w.settings.RPC.Endpoints = good
	w.startWorker()
	w.audited("v", before, w.end(run))
}

// TestDisaster_Ransomware: the store and the newest archives were encrypted by somebody, and a restore point from before
// is still there.
func TestDisaster_Ransomware(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 9}), pageSize(4), backedUp)
	before := w.ledger("v")
	first := w.pay("v")
	one := w.audited("v", before, first)
	old := w.backup()
	at := time.Now()
	w.nextDay()
	before = w.ledger("v")
	w.audited("v", before, w.pay("v"))
	w.until("another second", func() bool { return time.Since(at) > 1100*time.Millisecond })
	newer := w.backup()
	require.NotEqual(t, old.Archive, newer.Archive)
	w.stopWorker()
	place := strings.TrimPrefix(w.settings.Backup.Place.Reveal(), "file:")
	for _, path := range []string{filepath.Join(place, newer.Archive+".tar.zst.age"), strings.TrimPrefix(w.settings.Store.DSN.Reveal(), "file:")} {
		require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("pay us ", 1000)), 0o600))
	}
	w.hostLost()
	w.restore(at)
	w.books("v", first.Day, one.Paid)
	w.startWorker()
	w.nextDay()
	before = w.ledger("v")
	third := w.pay("v")
	w.books("v", third.Day, w.audited("v", before, third).Paid)
}

// TestBackup_TheScheduleMakesOneAtOnceAndFollowsTheSettings: a new installation is not without a backup for six hours.
func TestBackup_TheScheduleMakesOneAtOnceAndFollowsTheSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 3}), backedUp)
	db := w.store()
	w.until("a backup by the schedule", func() bool {
		_, good, err := db.LastBackup(context.Background())
		require.NoError(t, err)
		return good != nil
	})
	every := func(id string) time.Duration {
		d, err := w.client.ScheduleClient().GetHandle(context.Background(), id).Describe(context.Background())
		require.NoError(t, err)
		require.Len(t, d.Schedule.Spec.Intervals, 1)
		return d.Schedule.Spec.Intervals[0].Every
	}
	backups, drills := ops.BackupSchedule(w.settings.Temporal.TaskQueue), ops.RestoreDrillSchedule(w.settings.Temporal.TaskQueue)
	require.Equal(t, w.settings.Backup.Every, every(backups))
	require.Equal(t, w.settings.Backup.DrillEvery, every(drills))
	w.settings.Backup.Every = 2 * time.Hour
	book, err := app.Schedules(w.settings, w.client.ScheduleClient())
	require.NoError(t, err)
	plan, err := book.Plan(context.Background())
	require.NoError(t, err)
	for _, c := range plan {
		if c.ID == backups {
			require.Equal(t, []schedule.Part{{Name: "time", Is: "every 6h0m0s offset 0s", Want: "every 2h0m0s offset 0s"}, {Name: "catch-up window", Is: "6h0m0s", Want: "2h0m0s"}}, c.Parts)
			require.NoError(t, book.Apply(context.Background(), c))
		}
	}
	require.Equal(t, 2*time.Hour, every(backups))
}
