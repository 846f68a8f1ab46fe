package monitor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/monitor"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// world is a local chain with vaults, a store, and a monitor over both whose parts break on request.
type world struct {
	t       testing.TB
	node    *localnet.Node
	pool    *chain.Pool
	store   *store.Store
	vaults  []localnet.Vault
	now     time.Time
	path    string // Of the store.
	sources monitor.Sources
	broken  func(keys []solana.PublicKey) error // Requests for these fail.
	deaf    error                               // The store's reads of the books fail.
}

func newWorld(t testing.TB, specs ...localnet.VaultSpec) *world {
	t.Helper()
	n := localnet.NewForTest(t)
	w := &world{t: t, node: n, now: localnet.TestGenesis()}
	for _, s := range specs {
		v, err := n.AddVault(s)
		require.NoError(t, err)
		w.vaults = append(w.vaults, v)
	}
	n.Slots(40)
	var err error
	w.pool, err = chain.New(chain.Options{Endpoints: []chain.Endpoint{{Name: "local", URL: n.URL()}}, Genesis: n.Bank().Genesis().String(), ProbeInterval: time.Hour})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.pool.Stop(context.Background())) })
	w.pool.Probe(t.Context())
	w.path = filepath.Join(t.TempDir(), "feeops.db")
	w.store, err = store.Open(t.Context(), "file:"+w.path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.store.Close()) })
	return w
}

// Snapshot is the pool's, unless the request is broken.
func (w *world) Snapshot(ctx context.Context, keys []solana.PublicKey, o chain.ReadOptions) (chain.Snapshot, error) {
	if w.broken != nil {
		if err := w.broken(keys); err != nil {
			return chain.Snapshot{}, err
		}
	}
	return w.pool.Snapshot(ctx, keys, o)
}

// books is the store whose figures can break.
type books struct {
	*store.Store

	w *world
}

func (b books) PendingSignatures(ctx context.Context) (map[string]int, error) {
	if b.w.deaf != nil {
		return nil, b.w.deaf
	}
	return b.Store.PendingSignatures(ctx)
}

func (w *world) monitor() *monitor.Monitor {
	p := monitor.Params{Chain: w, Store: books{w.store, w}, Sources: w.sources, MinClaimable: 1, Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler)}
	for _, v := range w.vaults {
		p.Vaults = append(p.Vaults, monitor.Vault{
			ID: v.ID, Behaviour: domain.Behaviour(v.Behaviour), Token: domain.Token{Mint: v.QuoteMint.String(), Symbol: "USDC"}, Streams: len(v.Streams), Program: v.ProgramID,
			QuoteMint: v.QuoteMint, Position: v.HonoraryPosition, Policy: v.Addresses.Policy, Progress: v.Addresses.Progress, Treasury: v.Addresses.Treasury, Payer: v.Payer.PublicKey(),
		})
	}
	return monitor.New(p)
}

// look takes a look a minute after the last one.
func (w *world) look(m *monitor.Monitor) domain.FleetTick {
	w.t.Helper()
	w.now = w.now.Add(time.Minute)
	t, err := m.Look(w.t.Context())
	require.NoError(w.t, err)
	return t
}

func TestLook_ReadsEveryFigureTypedAndWithItsSlot(t *testing.T) {
	capped := uint64(77)
	w := newWorld(t, localnet.VaultSpec{ID: "a", Investors: 5, DailyFees: 1_000, DustIn: 3, LastDistribution: localnet.TestGenesis().Unix() - 3_600, DailyCap: &capped, PayerLamports: 1_234_567_890})
	w.sources = monitor.Sources{
		Runs:      func(context.Context) (map[string]domain.RunView, error) { return map[string]domain.RunView{}, nil },
		Endpoints: func() []domain.EndpointSample { return []domain.EndpointSample{{Name: "local", Usable: true}} },
	}
	require.NoError(t, w.store.SetSafety(t.Context(), domain.SafetyFlag{Kind: domain.SafetyPause, Vault: "other", Reason: "r", Actor: "a", At: w.now}))
	got := w.look(w.monitor())
	s := got.Vaults[0]
	require.Equal(t, domain.Complete, s.State)
	require.Equal(t, uint8(6), s.Token.Decimals)
	require.Equal(t, w.node.Bank().Slot(bank.Confirmed), s.Day.Slot)
	require.Equal(t, w.node.Bank().UnixTime(bank.Confirmed), s.Day.ChainTime)
	require.Equal(t, localnet.TestGenesis().Unix()-3_600, s.Day.LastTS)
	require.True(t, s.Day.Complete)
	require.EqualValues(t, 3, s.Day.Dust)
	require.Equal(t, domain.Balance{State: domain.BalanceValue, Amount: 3}, s.Day.Treasury)
	require.EqualValues(t, 1_000, s.Fees.Quote)
	require.Zero(t, s.Fees.Base)
	require.EqualValues(t, 77, *s.Policy.DailyCap)
	require.Len(t, s.Policy.Hash, 64)
	require.EqualValues(t, 1_234_567_890, s.Payer.Lamports)
	require.True(t, s.Program.Executable)
	require.NotEmpty(t, s.Program.Build.Authority)
	require.Empty(t, s.Books.Flags)
	require.Nil(t, s.Books.Quarantined, "no plan is known, which is not none")
	require.NotNil(t, s.Track)
	require.False(t, s.Run.Live)
	require.Equal(t, 1, got.Fleet.Read)
	require.Equal(t, got.Fleet.At, got.Fleet.Good)
	require.NotNil(t, got.Fleet.Skew)
	require.Nil(t, got.Fleet.Workers, "nobody says")
	stored, found, err := w.store.LatestTick(t.Context())
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, got, stored)
}

func TestLook_WhatFailsIsUnknownAndSpoilsNothingElse(t *testing.T) {
	var specs []localnet.VaultSpec
	for i := range 60 { // More than one request can carry.
		specs = append(specs, localnet.VaultSpec{ID: fmt.Sprintf("v%02d", i), Investors: 1})
	}
	w := newWorld(t, specs...)
	m := w.monitor()
	good := w.look(m)
	require.Equal(t, 60, good.Fleet.Read)
	last := w.vaults[59].Addresses.Progress
	w.broken = func(keys []solana.PublicKey) error {
		for _, k := range keys {
			if k == last {
				return errors.New("503")
			}
		}
		return nil
	}
	bad := w.look(m)
	require.Nil(t, bad.Vaults[59].Day)
	require.Equal(t, domain.UnknownState, bad.Vaults[59].State)
	require.Contains(t, bad.Vaults[59].Error, "503")
	require.Equal(t, good.Vaults[59].Fees.At, bad.Vaults[59].Fees.At, "what was read before keeps its age")
	require.Equal(t, good.Vaults[59].Track, bad.Vaults[59].Track)
	require.NotNil(t, bad.Vaults[0].Day)
	require.Less(t, bad.Fleet.Read, 60)
	require.Equal(t, good.Fleet.At, bad.Fleet.Good)
	require.Contains(t, bad.Fleet.Error, "503")

	w.broken = func([]solana.PublicKey) error { return errors.New("all endpoints are down") }
	none := w.look(m)
	require.Zero(t, none.Fleet.Read)
	require.Nil(t, none.Fleet.ChainTime)
	require.Nil(t, none.Fleet.Skew)

	w.broken, w.deaf = nil, errors.New("disk")
	deaf := w.look(m)
	require.Equal(t, 60, deaf.Fleet.Read)
	require.Nil(t, deaf.Vaults[0].Books)
}

func TestLook_AccountsOfAnotherProgramAreNotBelieved(t *testing.T) {
	w := newWorld(t, localnet.VaultSpec{ID: "a", Investors: 1}, localnet.VaultSpec{ID: "b", Investors: 1}, localnet.VaultSpec{ID: "c", Investors: 1})
	change := func(key solana.PublicKey, f func(*bank.Account)) {
		a, ok := w.node.Bank().Account(key, bank.Processed)
		require.True(t, ok)
		other := *a.Clone()
		f(&other)
		w.node.Bank().SetAccount(key, other)
	}
	change(w.vaults[0].Addresses.Progress, func(a *bank.Account) { a.Owner = solana.SystemProgramID })
	change(w.vaults[1].Addresses.Treasury, func(a *bank.Account) { a.Owner = solana.SystemProgramID })
	w.node.Bank().DeleteAccount(w.vaults[2].Addresses.Treasury)
	w.node.Slots(40)
	got := w.look(w.monitor())
	require.Nil(t, got.Vaults[0].Day)
	require.Contains(t, got.Vaults[0].Error, "not owned by the router")
	require.Equal(t, domain.BalanceUnknown, got.Vaults[1].Day.Treasury.State)
	require.Equal(t, domain.BalanceAbsent, got.Vaults[2].Day.Treasury.State)
}

func TestLook_FollowsPolicyAndProgramFromLookToLook(t *testing.T) {
	w := newWorld(t, localnet.VaultSpec{ID: "a", Investors: 1})
	w.look(w.monitor())
	policy := w.vaults[0].Addresses.Policy
	a, ok := w.node.Bank().Account(policy, bank.Processed)
	require.True(t, ok)
	other := *a.Clone()
	other.Data[105]++ // The investors' share.
	w.node.Bank().SetAccount(policy, other)
	w.node.Bank().Upgrade(w.vaults[0].ProgramID)
	w.node.Slots(40)
	got := w.look(w.monitor()).Vaults[0] // Another worker takes over: the memory is in the store.
	require.NotNil(t, got.Track.Policy)
	require.NotNil(t, got.Track.Program)
}

func TestLook_ALiveRunSaysHowItIs(t *testing.T) {
	w := newWorld(t, localnet.VaultSpec{ID: "a", Investors: 1}, localnet.VaultSpec{ID: "b", Investors: 1})
	runs := map[string]domain.RunView{"a": {Live: true, State: domain.Paused}, "b": {Live: true}}
	var fail error
	w.sources.Runs = func(context.Context) (map[string]domain.RunView, error) { return runs, fail }
	m := w.monitor()
	got := w.look(m)
	require.Equal(t, domain.Paused, got.Vaults[0].State)
	require.Equal(t, domain.Running, got.Vaults[1].State)
	fail = errors.New("unavailable")
	require.Nil(t, w.look(m).Vaults[0].Run)
}

func thousand(t testing.TB) *world {
	var specs []localnet.VaultSpec
	for i := range 1_000 {
		specs = append(specs, localnet.VaultSpec{ID: fmt.Sprintf("v%04d", i), Investors: 1})
	}
	return newWorld(t, specs...)
}

func TestLook_AThousandVaultsTakeAtMostFortyRequests(t *testing.T) {
	w := thousand(t)
	m := w.monitor()
	for range 4 {
		var n atomic.Uint64
		w.now = w.now.Add(time.Minute)
		got, err := m.Look(chain.WithCounter(t.Context(), &n))
		require.NoError(t, err)
		require.Equal(t, 1_000, got.Fleet.Read)
		require.LessOrEqual(t, n.Load(), uint64(40))
		require.Equal(t, n.Load(), got.Fleet.Requests)
	}
	tick, _, err := w.store.LatestTick(t.Context())
	require.NoError(t, err)
	for _, s := range tick.Vaults {
		for what, at := range map[string]time.Time{"fees": s.Fees.At, "policy": s.Policy.At, "payer": s.Payer.At} {
			require.Less(t, w.now.Sub(at), 3*time.Minute, "%s of %s", what, s.Vault)
		}
	}
}

func BenchmarkLook1000(b *testing.B) {
	w := thousand(b)
	m := w.monitor()
	var requests uint64
	for b.Loop() {
		w.now = w.now.Add(time.Minute)
		t, err := m.Look(b.Context())
		require.NoError(b, err)
		requests = t.Fleet.Requests
	}
	b.ReportMetric(float64(requests), "requests")
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/look")
	empty := filepath.Join(b.TempDir(), "empty.db")
	other, err := store.Open(b.Context(), "file:"+empty)
	require.NoError(b, err)
	b.ReportMetric(float64(closed(b, w.store, w.path)-closed(b, other, empty))/float64(b.N)/1024, "stored-KiB/look")
}

// closed is the size of a store's file after it was closed: until then most of it lies in the log beside it.
func closed(b *testing.B, db *store.Store, path string) int64 {
	b.Helper()
	require.NoError(b, db.Close())
	file, err := os.Stat(path)
	require.NoError(b, err)
	return file.Size()
}
