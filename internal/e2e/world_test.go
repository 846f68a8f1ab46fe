package e2e

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
	"github.com/meteora-fee-router/feeops/workflows"
)

const (
	slot    = 40 * time.Millisecond // A tenth of a real one.
	patient = 90 * time.Second      // The longest that any single condition may take on a busy machine.
)

// world is a local chain, a worker and the shared Temporal server, used by one test.
type world struct {
	t        testing.TB
	node     *localnet.Node
	client   client.Client
	settings config.Settings
	worker   *fx.App
	slot     time.Duration
}

// change alters a world's settings before its worker starts.
type change func(w *world)

// newWorld starts a chain with the vaults and a worker for them. Ids of vaults get the test's name before them, because
// tests share the Temporal server.
func newWorld(t testing.TB, specs []localnet.VaultSpec, changes ...change) *world {
	t.Helper()
	w := newChain(t, specs, changes...)
	w.startWorker()
	return w
}

// newChain is a world whose worker does not run yet.
func newChain(t testing.TB, specs []localnet.VaultSpec, changes ...change) *world {
	t.Helper()
	return newChainAt(t, slot, specs, changes...)
}

// newChainAt is newChain with slots of another length.
func newChainAt(t testing.TB, slot time.Duration, specs []localnet.VaultSpec, changes ...change) *world {
	t.Helper()
	server := devstack.ForTest(t)
	w := &world{t: t, slot: slot}
	node, err := localnet.Start(context.Background(), localnet.Options{SlotDuration: w.slot, Seed: seed(t.Name())})
	require.NoError(t, err)
	w.node = node
	t.Cleanup(func() { require.NoError(t, node.Close()) })
	w.client, err = server.Dial()
	require.NoError(t, err)
	t.Cleanup(w.client.Close)
	w.settings = w.newSettings(server)
	for _, spec := range specs {
		w.addVault(spec)
	}
	for _, c := range changes {
		c(w)
	}
	return w
}

// seed follows from the test's name: each test meets its own faults, and the same ones every time.
func seed(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // It never fails.
	return h.Sum64()
}

// newSettings are those of a worker on a chain that is ten times as fast as a real one.
func (w *world) newSettings(server *devstack.Temporal) config.Settings {
	s := config.Default()
	s.GenesisHash = w.node.Bank().Genesis().String()
	s.RPC.Endpoints = []config.Endpoint{{Name: "local", URL: config.NewURL(w.node.URL()), WSURL: config.NewURL(w.node.WSURL())}}
	s.RPC.SlotTime, s.RPC.PollInterval, s.RPC.RebroadcastInterval = w.slot, 2*w.slot, 10*w.slot
	s.RPC.RequestTimeout = 2 * time.Second
	s.Temporal = config.Temporal{Address: server.Address, Namespace: devstack.Namespace, TaskQueue: w.t.Name()}
	s.Store.DSN = config.NewURL("file:" + filepath.Join(w.t.TempDir(), "feeops.db"))
	s.Incidents.Respond = false // What breaks here is meant to; the tests of incidents switch it on.
	s.Worker.Listen, s.Worker.DrainTimeout = "127.0.0.1:0", 10*time.Second
	s.Reports.Dir = filepath.Join(w.t.TempDir(), "reports")
	s.Monitor.Enabled = false             // The tests' worlds share a namespace, and it knows one watch only.
	s.Schedules.StopDrill.Enabled = false // Nor would a schedule of each world be taken away from it.
	s.Log.Level = "error+4"               // Above every record: what goes wrong here is meant to.
	return s
}

// slug makes a vault id of the test's name and a short one.
func (w *world) slug(id string) string {
	return strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(w.t.Name())) + "-" + id
}

// addVault builds a vault on the chain and puts it into the settings.
func (w *world) addVault(spec localnet.VaultSpec) localnet.Vault {
	w.t.Helper()
	short := spec.ID
	spec.ID = w.slug(short)
	v, err := w.node.AddVault(spec)
	require.NoError(w.t, err)
	file := filepath.Join(w.t.TempDir(), "vaults.json")
	require.NoError(w.t, localnet.WriteVaults(file, []localnet.Vault{v}))
	row := config.Vault{
		ID: v.ID, Enabled: true, Vault: v.Vault.String(), QuoteMint: v.QuoteMint.String(), CreatorWallet: v.CreatorWallet.String(),
		HonoraryPosition: v.HonoraryPosition.String(), CPAMMProgram: v.CPAMMProgram.String(), ProgramID: v.ProgramID.String(),
		Behaviour: domain.Behaviour(v.Behaviour), StreamMint: v.StreamMint.String(), QuoteSymbol: v.QuoteSymbol,
		ExpectedInvestors: uint32(len(v.Streams)), KeypairPath: filepath.Join(file+".keys", v.ID+".json"),
	}
	for _, s := range v.Streams {
		row.Streams = append(row.Streams, s.String())
	}
	w.settings.Vaults = append(w.settings.Vaults, row)
	return v
}

// vault finds a vault by its short id.
func (w *world) vault(short string) localnet.Vault {
	w.t.Helper()
	for _, v := range w.node.Vaults() {
		if v.ID == w.slug(short) {
			return v
		}
	}
	require.FailNow(w.t, "no such vault", short)
	return localnet.Vault{}
}

func (w *world) startWorker() {
	w.t.Helper()
	w.startWorkerWith()
}

// startWorkerWith replaces parts of the worker.
func (w *world) startWorkerWith(changes ...fx.Option) {
	w.t.Helper()
	if *workerLog != "" {
		w.settings.Log.Level = *workerLog
	}
	w.worker = app.New(w.settings, changes...)
	require.NoError(w.t, w.worker.Err())
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	require.NoError(w.t, w.worker.Start(ctx))
	w.t.Cleanup(w.stopWorker)
}

// stopWorker ends the worker and waits for what it is doing, for as long as the settings allow.
func (w *world) stopWorker() {
	w.t.Helper()
	if w.worker == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	require.NoError(w.t, w.worker.Stop(ctx))
	w.worker = nil
}

// store opens the worker's database beside it, as other commands do.
func (w *world) store() *store.Store {
	w.t.Helper()
	s, err := store.Open(context.Background(), w.settings.Store.DSN.Reveal())
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, s.Close()) })
	return s
}

// start begins a vault's day.
func (w *world) start(short string) client.WorkflowRun {
	w.t.Helper()
	run, err := w.client.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{
		ID: ops.DailyID(w.slug(short)), TaskQueue: w.settings.Temporal.TaskQueue,
	}, workflows.DailyDistribution, ops.DailyInput{Vault: w.slug(short), Actor: "e2e"})
	require.NoError(w.t, err)
	return run
}

// end waits for a run and gives its report, also from a failed one.
func (w *world) end(run client.WorkflowRun) domain.DayReport {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	defer cancel()
	var report domain.DayReport
	err := run.Get(ctx, &report)
	var failed *temporal.ApplicationError
	if errors.As(err, &failed) && failed.HasDetails() {
		require.NoError(w.t, failed.Details(&report), "a failed day carries its report")
		return report
	}
	if err != nil {
		require.FailNow(w.t, "the run did not end with a report", "%v; status %+v", err, w.tryStatus(run))
	}
	return report
}

// pay runs a vault's day to its end.
func (w *world) pay(short string) domain.DayReport {
	w.t.Helper()
	return w.end(w.start(short))
}

// tryStatus asks a run where it stands; nil when it does not answer now.
func (w *world) tryStatus(run client.WorkflowRun) *ops.DailyStatus {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	value, err := w.client.QueryWorkflow(ctx, run.GetID(), run.GetRunID(), ops.QueryStatus)
	var s ops.DailyStatus
	if err != nil || value.Get(&s) != nil {
		return nil
	}
	return &s
}

// signal sends an order to a run.
func (w *world) signal(run client.WorkflowRun, name, reason string) {
	w.t.Helper()
	require.NoError(w.t, w.client.SignalWorkflow(context.Background(), run.GetID(), "", name, ops.Order{Reason: reason, Actor: "e2e"}))
}

// until waits for a condition of the chain or of a run.
func (w *world) until(what string, condition func() bool) {
	w.t.Helper()
	require.Eventually(w.t, condition, patient, w.slot/2, what)
}

// cursor waits until the chain's cursor has reached a value.
func (w *world) cursor(short string, at uint32) {
	w.t.Helper()
	v := w.vault(short)
	w.until(fmt.Sprintf("cursor %d", at), func() bool {
		p, err := v.Progress(w.node.Bank(), bank.Processed)
		return err == nil && (p.PaginationCursor >= at || p.DayComplete)
	})
}

// state waits until a run is in a state.
func (w *world) state(run client.WorkflowRun, state domain.State) ops.DailyStatus {
	w.t.Helper()
	var s *ops.DailyStatus
	w.until("state "+string(state), func() bool {
		s = w.tryStatus(run)
		return s != nil && s.State == state
	})
	return *s
}

// nextDay moves the chain's clock past the vaults' next due time and waits until clients see it.
func (w *world) nextDay() {
	w.t.Helper()
	w.advance(time.Duration(domain.DaySeconds)*time.Second + time.Minute)
}

func (w *world) advance(d time.Duration) {
	w.t.Helper()
	target := w.node.Bank().UnixTime(bank.Processed) + int64(d/time.Second)
	w.node.AdvanceClock(d)
	w.until("the clock", func() bool { return w.node.Bank().UnixTime(bank.Confirmed) >= target })
}

// slots waits until the chain has made some more.
func (w *world) slots(n uint64) {
	w.t.Helper()
	target := w.node.Bank().Slot(bank.Processed) + n
	w.until("slots", func() bool { return w.node.Bank().Slot(bank.Processed) >= target })
}

// pageSize makes every vault's pages that long.
func pageSize(n uint32) change {
	return func(w *world) { w.settings.Distribution.PageSize = n }
}

// with alters the settings in any other way.
func with(f func(s *config.Settings)) change { return func(w *world) { f(&w.settings) } }

// specs is one vault called v.
func specs(s localnet.VaultSpec) []localnet.VaultSpec {
	s.ID = "v"
	return []localnet.VaultSpec{s}
}

// payer is the crank of a vault.
func payer(v localnet.Vault) solana.PublicKey { return v.Payer.PublicKey() }
