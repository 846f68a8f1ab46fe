package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/backup"
	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/namespace"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/seal"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// disasterRig is a small deployment that may be destroyed: a local chain, a namespace, and a directory that stands for the
// host. Backups and keys of backups lie outside of it.
type disasterRig struct {
	name     string
	dir      string
	server   *devstack.Temporal
	client   client.Client
	chain    *localChain
	settings config.Settings
	worker   *fx.App
	lostAt   time.Time
	backAt   time.Time
	point    time.Time // Of the archive that was restored.
}

const (
	rigSlot     = 40 * time.Millisecond // A tenth of a real one.
	rigPatience = 90 * time.Second
	rigPages    = 3
)

func newDisasterRig(ctx context.Context, name, dir string, server *devstack.Temporal) (_ *disasterRig, err error) {
	r := &disasterRig{name: name, dir: filepath.Join(dir, name), server: server}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close(ctx))
		}
	}()
	f := oneVault()
	f.investors, f.slotMS, f.vaults = 18, int(rigSlot/time.Millisecond), 2
	if r.chain, err = startChain(ctx, f, slog.New(slog.DiscardHandler)); err != nil {
		return nil, err
	}
	file := filepath.Join(r.dir, "elsewhere", "vaults.json")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	if err := r.chain.write(file); err != nil {
		return nil, err
	}
	text := fmt.Sprintf("network: localnet\ngenesis_hash: %s\nvaults_file: %s\nrpc:\n  endpoints:\n    - {name: local, url: %q, ws_url: %q, requests_per_second: 0}\n", r.chain.genesis, file, r.chain.rpc, r.chain.ws)
	path := filepath.Join(r.dir, "elsewhere", "feeops.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return nil, err
	}
	if r.settings, _, err = config.Load(config.LoadOptions{Path: path, Dir: r.host()}); err != nil {
		return nil, err
	}
	if err := r.tune(); err != nil {
		return nil, err
	}
	return r, r.inNamespace(ctx, "disaster-"+name)
}

// host is what is lost with the host.
func (r *disasterRig) host() string { return filepath.Join(r.dir, "host") }

func (r *disasterRig) tune() error {
	s := &r.settings
	s.RPC.SlotTime, s.RPC.PollInterval, s.RPC.RebroadcastInterval = rigSlot, 2*rigSlot, 10*rigSlot
	s.Store.DSN = config.NewURL("file:" + filepath.Join(r.host(), "feeops.db"))
	s.Reports.Dir = filepath.Join(r.host(), "reports")
	s.Distribution.PageSize, s.Distribution.DelayBetweenPages = rigPages, 300*time.Millisecond
	s.Incidents.Respond, s.Monitor.Enabled = false, false // What breaks here is meant to.
	s.Worker.Listen, s.Worker.DrainTimeout = "127.0.0.1:0", 5*time.Second
	s.Log.Level = "error+4"
	s.Temporal = config.Temporal{Address: r.server.Address, TaskQueue: ops.TaskQueue, Retention: 24 * time.Hour}
	key := filepath.Join(r.dir, "elsewhere", "backup.key")
	recipient, err := backup.GenerateKey(key, time.Now())
	if err != nil {
		return err
	}
	signing, err := seal.Generate(rand.Reader)
	if err != nil {
		return err
	}
	s.Audit.KeyPath = filepath.Join(r.dir, "elsewhere", "audit.key")
	if err := signing.Write(s.Audit.KeyPath); err != nil {
		return err
	}
	s.Backup.Place, s.Backup.Recipients, s.Backup.IdentityFile = config.NewURL("file:"+filepath.Join(r.dir, "elsewhere", "backups")), []string{recipient}, key
	return nil
}

// inNamespace goes over to another namespace, which it makes.
func (r *disasterRig) inNamespace(ctx context.Context, name string) error {
	if r.client != nil {
		r.client.Close()
	}
	r.settings.Temporal.Namespace = name
	c, err := dialTemporal(r.settings)
	if err != nil {
		return err
	}
	r.client = c
	ctx, cancel := context.WithTimeout(ctx, rigPatience)
	defer cancel()
	return namespace.Ensure(ctx, c, namespace.Want{Name: name, Retention: 24 * time.Hour})
}

func (r *disasterRig) start(ctx context.Context) error {
	a := app.New(r.settings)
	if err := a.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, rigPatience)
	defer cancel()
	if err := a.Start(ctx); err != nil {
		return err
	}
	r.worker = a
	return nil
}

func (r *disasterRig) stop(ctx context.Context) error {
	if r.worker == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rigPatience)
	defer cancel()
	a := r.worker
	r.worker = nil
	return a.Stop(ctx)
}

func (r *disasterRig) close(ctx context.Context) error {
	err := r.stop(ctx)
	if r.client != nil {
		r.client.Close()
	}
	if r.chain != nil {
		err = errors.Join(err, r.chain.stop(ctx))
	}
	return err
}

// vault is the larger one; the other one only lends its key.
func (r *disasterRig) vault() *config.Vault { return &r.settings.Vaults[1] }

// begin starts the vault's day, or joins the one that runs.
func (r *disasterRig) begin(ctx context.Context) (client.WorkflowRun, error) {
	return r.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: ops.DailyID(r.vault().ID), TaskQueue: r.settings.Temporal.TaskQueue, WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, ops.DailyDistribution, ops.DailyInput{Vault: r.vault().ID, Actor: "drill"})
}

// half starts the day and waits until the chain's cursor is in its middle.
func (r *disasterRig) half(ctx context.Context) (client.WorkflowRun, error) {
	run, err := r.begin(ctx)
	if err != nil {
		return nil, err
	}
	return run, r.until(ctx, "the cursor is in the middle", func() (bool, error) {
		p, err := r.node().Progress(r.chain.node.Bank(), bank.Processed)
		return err == nil && p.PaginationCursor >= 2*rigPages, nil //nolint:nilerr // Before the first page there is none.
	})
}

func (r *disasterRig) node() *localnet.Vault { return &r.chain.vaults[1] }

// until waits for a condition.
func (r *disasterRig) until(ctx context.Context, what string, met func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, rigPatience)
	defer cancel()
	for {
		ok, err := met()
		if ok || err != nil {
			return err
		}
		if err := wait(ctx, rigSlot/2); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
}

// halt stops a run between two pages and waits for its end.
func (r *disasterRig) halt(ctx context.Context, run client.WorkflowRun) error {
	if err := r.client.SignalWorkflow(ctx, run.GetID(), "", ops.SignalStop, ops.Order{Reason: "a drill", Actor: "drill"}); err != nil {
		return err
	}
	report, err := r.end(ctx, run)
	if err == nil && report.State != domain.Stopped {
		err = fmt.Errorf("the day is %s (%s), and was to be stopped", report.State, report.Reason)
	}
	return err
}

// halted starts everything, and gives a day that was stopped in its middle.
func (r *disasterRig) halted(ctx context.Context) (client.WorkflowRun, error) {
	if err := r.start(ctx); err != nil {
		return nil, err
	}
	run, err := r.half(ctx)
	if err != nil {
		return nil, err
	}
	return run, r.halt(ctx, run)
}

// end waits for a run's report, also a failed one's.
func (r *disasterRig) end(ctx context.Context, run client.WorkflowRun) (domain.DayReport, error) {
	ctx, cancel := context.WithTimeout(ctx, rigPatience)
	defer cancel()
	var report domain.DayReport
	err := run.Get(ctx, &report)
	var failed *temporal.ApplicationError
	if errors.As(err, &failed) && failed.HasDetails() {
		return report, failed.Details(&report)
	}
	return report, err
}

// pay runs the day to its end. It must be complete, and every investor's token balance must have grown as planned.
func (r *disasterRig) pay(ctx context.Context) (domain.DayReport, error) {
	run, err := r.begin(ctx)
	if err != nil {
		return domain.DayReport{}, err
	}
	return r.good(r.end(ctx, run))
}

func (r *disasterRig) good(report domain.DayReport, err error) (domain.DayReport, error) {
	switch {
	case err != nil:
		return report, err
	case report.State != domain.Complete || !report.Result.Clean():
		return report, fmt.Errorf("the day is %s (%s), %d mismatches, %d paid twice, %d missed", report.State, report.Reason, report.Result.Mismatches, report.Result.PaidTwice, report.Result.Missed)
	}
	return report, nil
}

// refused runs the day, which must be refused without a single transaction.
func (r *disasterRig) refused(ctx context.Context, why string) error {
	sent := r.chain.node.Requests()["sendTransaction"]
	run, err := r.begin(ctx)
	if err != nil {
		return err
	}
	report, err := r.end(ctx, run)
	switch {
	case err != nil:
		return err
	case report.State != domain.Failed || !strings.Contains(report.Reason, why):
		return fmt.Errorf("the day is %s (%s), and was to be refused", report.State, report.Reason)
	case r.chain.node.Requests()["sendTransaction"] != sent:
		return errors.New("something was sent")
	}
	return nil
}

// lost is the moment of the disaster: the worker is gone, and what else is named.
func (r *disasterRig) lost(ctx context.Context, what ...func() error) error {
	err := r.stop(ctx)
	r.lostAt = time.Now()
	for _, f := range what {
		err = errors.Join(err, f())
	}
	return err
}

func (r *disasterRig) hostGone() error { return os.RemoveAll(r.host()) }

// back starts the worker again: from here on the days go on.
func (r *disasterRig) back(ctx context.Context) error {
	err := r.start(ctx)
	r.backAt = time.Now()
	return err
}

// backup makes one and gives its moment.
func (r *disasterRig) backup(ctx context.Context) (backup.Made, error) {
	db, err := openStoreOf(ctx, r.settings)
	if err != nil {
		return backup.Made{}, err
	}
	keeper, err := app.Keeper(r.settings, db, time.Now)
	if err != nil {
		return backup.Made{}, errors.Join(err, db.Close())
	}
	made, err := keeper.Make(ctx, nil)
	return made, errors.Join(err, db.Close())
}

// restore brings back the newest archive before a moment.
func (r *disasterRig) restore(ctx context.Context, before time.Time, settingsTo string) (err error) {
	keeper, err := app.Keeper(r.settings, nil, time.Now)
	if err != nil {
		return err
	}
	place, err := keeper.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.Close()) }()
	label, err := place.Choose(ctx, "", keeper.Deployment(), before)
	if err != nil {
		return err
	}
	identities, err := backup.LoadIdentities(r.settings.Backup.IdentityFile)
	if err != nil {
		return err
	}
	r.point = label.MadeAt
	_, err = place.Restore(ctx, label, backup.Keys{Identities: identities, Signers: keeper.Signers()}, backup.Target{DSN: r.settings.Store.DSN.Reveal(), Folders: app.BackupFolders(r.settings), Settings: settingsTo})
	return err
}
