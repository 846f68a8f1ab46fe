package sender_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	ata "github.com/gagliardetto/solana-go/programs/associated-token-account"
	"github.com/gagliardetto/solana-go/rpc"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/sender"
	"github.com/meteora-fee-router/feeops/internal/signer"
	"github.com/meteora-fee-router/feeops/internal/store"
)

const pageSize = 5

// world is a sender on the real local chain, over HTTP, with the real store and the signing policy. Sleeping makes slots.
type world struct {
	t     *testing.T
	node  *localnet.Node
	vault localnet.Vault
	pool  *chain.Pool
	store *store.Store
	path  string // Of the store.
	other string // URL of the second endpoint.
	gate  *gate
	key   signer.Signer
	s     *sender.Sender

	mu     sync.Mutex
	now    time.Time
	rest   time.Duration
	probed time.Time
	slept  func()
}

func newWorld(t *testing.T, spec localnet.VaultSpec, secondFaults ...localnet.Fault) *world {
	w := &world{t: t, node: localnet.NewForTest(t), gate: &gate{}, now: localnet.TestGenesis()}
	if spec.ID == "" {
		spec.ID = "v1"
	}
	if spec.Investors == 0 {
		spec.Investors = 3 * pageSize
	}
	var err error
	w.vault, err = w.node.AddVault(spec)
	require.NoError(t, err)
	w.node.Slots(2)
	w.other, err = w.node.Endpoint(secondFaults...)
	require.NoError(t, err)
	w.path = filepath.Join(t.TempDir(), "feeops.db")
	w.pool, w.store = w.connect()
	w.key = policy(t, w.vault)
	w.restart()
	return w
}

// connect gives what a process of its own has: a pool with its own blockhash, and its own handle on the store.
func (w *world) connect() (*chain.Pool, *store.Store) {
	pool, err := chain.New(chain.Options{
		Endpoints:      []chain.Endpoint{{Name: "first", URL: w.node.URL(), WSURL: w.node.WSURL()}, {Name: "second", URL: w.other}},
		RequestTimeout: 300 * time.Millisecond, Now: w.Now, Sleep: w.Sleep,
	})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, pool.Stop(context.Background())) })
	pool.Probe(w.t.Context())
	db, err := store.Open(w.t.Context(), "file:"+w.path)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, db.Close()) })
	return pool, db
}

func policy(t *testing.T, v localnet.Vault) signer.Signer {
	numbers := make([]int, 0, len(v.Payer))
	for _, b := range v.Payer {
		numbers = append(numbers, int(b))
	}
	raw, err := json.Marshal(numbers)
	require.NoError(t, err)
	k, err := signer.ParseKey(raw)
	require.NoError(t, err)
	return signer.WithPolicy(k, limits(v), signer.Sources{})
}

// limits allow the vault's day and nothing else.
func limits(v localnet.Vault) signer.Limits {
	return signer.Limits{MaxUnitPrice: 1_000_000, MaxRentLamports: 20_000_000, Vaults: []signer.Vault{{
		Program: v.ProgramID, Address: v.Vault, Position: v.HonoraryPosition, CPAMM: v.CPAMMProgram, QuoteMint: v.QuoteMint, Creator: v.CreatorWallet, Accounts: v.Addresses,
	}}}
}

func (w *world) restart() {
	w.pool.ForgetBlockhash()
	w.s = sender.New(w.pool, w.store, w.key, w.gate, sender.Options{Now: w.Now, Sleep: w.Sleep, MaxUnitPrice: 1_000_000})
}

func (w *world) Now() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }

// Sleep lets as many slots pass as the time holds, and probes as the pool's own goroutine would.
func (w *world) Sleep(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	w.now, w.rest = w.now.Add(d), w.rest+d
	slots := int(w.rest / slotTime)
	w.rest %= slotTime
	probe := w.now.Sub(w.probed) >= 5*time.Second
	if probe {
		w.probed = w.now
	}
	slept := w.slept
	w.mu.Unlock()
	w.node.Slots(slots)
	if probe {
		w.pool.Probe(w.t.Context())
	}
	if slept != nil {
		slept()
	}
	return ctx.Err()
}

func (w *world) page(cursor uint32) sender.Request {
	v := w.vault
	var list []router.Payee
	for _, i := range v.Investors[cursor:min(int(cursor)+pageSize, len(v.Investors))] {
		list = append(list, router.Payee{Stream: i.Stream, ATA: i.ATA})
	}
	call := router.DistributeFees{
		Program: v.ProgramID, Crank: v.Payer.PublicKey(), Vault: v.Vault, HonoraryPosition: v.HonoraryPosition, CPAMMProgram: v.CPAMMProgram,
		Addresses: v.Addresses, PageSize: pageSize, Cursor: &cursor, Remaining: router.ReferenceRemaining(list),
	}
	return sender.Request{Vault: v.ID, Day: "2026-01-01", Kind: domain.IntentPage, Key: fmt.Sprintf("page/%d", cursor), Instructions: []solana.Instruction{call.Instruction()}}
}

func (w *world) progress() router.Progress {
	p, err := w.vault.Progress(w.node.Bank(), bank.Processed)
	require.NoError(w.t, err)
	return p
}

// turned counts the landed and successful calls that turned a page, and what the first investor of each page got by them.
func (w *world) turned() (pages int) {
	for _, r := range w.node.Bank().SignaturesFor(w.vault.Addresses.Progress, solana.Signature{}, solana.Signature{}, 1000, bank.Processed) {
		if r.Err != nil {
			continue
		}
		events, _, err := router.ParseEvents(r.Logs, w.vault.ProgramID)
		require.NoError(w.t, err)
		for _, e := range events {
			if _, ok := e.Event.(router.InvestorPayoutPage); ok {
				pages++
			}
		}
	}
	return pages
}

// payDay turns page after page as the operations do: what was sent is settled, then the chain's cursor says what is next.
func (w *world) payDay() {
	for range 40 {
		if _, err := w.s.Settle(w.t.Context(), w.vault.ID); err != nil {
			require.Equal(w.t, fault.Unknown, fault.KindOf(err), "%v", err)
			continue
		}
		p := w.progress()
		if p.DayComplete {
			return
		}
		got, err := w.s.Send(w.t.Context(), w.page(p.PaginationCursor))
		if err != nil {
			require.Contains(w.t, []fault.Kind{fault.Retry, fault.Unknown}, fault.KindOf(err), "%v", err)
			continue
		}
		require.True(w.t, got.Landed)
	}
	require.Fail(w.t, "the day was not paid in 40 attempts")
}

func TestLocalnet_ADayInFairWeather(t *testing.T) {
	w := newWorld(t, localnet.VaultSpec{})
	var n atomic.Uint64
	ctx := chain.WithCounter(t.Context(), &n)
	for cursor := uint32(0); cursor < 3*pageSize; cursor += pageSize {
		n.Store(0)
		got, err := w.s.Send(ctx, w.page(cursor))
		require.NoError(t, err)
		require.LessOrEqual(t, n.Load(), uint64(8), "requests of one page: %v", w.node.Requests())
		require.LessOrEqual(t, got.Slot, got.SentSlot+2)
		require.NotNil(t, got.Tx)
		require.NotZero(t, got.Fee)
		require.NotZero(t, got.Units)
		paid := 0
		for _, d := range got.Tx.TokenDeltas {
			for _, i := range w.vault.Investors {
				if d.Account == i.ATA && d.Post > d.Pre {
					paid++
				}
			}
		}
		require.Equal(t, pageSize, paid)
	}
	require.True(t, w.progress().DayComplete)
	list, err := w.s.Finalize(t.Context(), w.vault.ID)
	require.NoError(t, err)
	require.Len(t, list, 3)
}

// Who does not want to follow a confirmed page waits for finality, also for one that an earlier process left confirmed.
func TestLocalnet_WithFinalityAsGoalNothingFollowsAPageThatCanBeRolledBack(t *testing.T) {
	w := newWorld(t, localnet.VaultSpec{})
	_, err := w.s.Send(t.Context(), w.page(0))
	require.NoError(t, err)
	state := func() (all []domain.IntentState) {
		list, err := w.store.Intents(t.Context(), w.vault.ID, "2026-01-01")
		require.NoError(t, err)
		for _, i := range list {
			all = append(all, i.State)
		}
		return all
	}
	require.Equal(t, []domain.IntentState{domain.IntentConfirmed}, state())

	w.s = sender.New(w.pool, w.store, w.key, w.gate, sender.Options{Now: w.Now, Sleep: w.Sleep, MaxUnitPrice: 1_000_000, Goal: rpc.CommitmentFinalized})
	_, err = w.s.Send(t.Context(), w.page(pageSize))
	require.NoError(t, err)
	require.Equal(t, []domain.IntentState{domain.IntentFinalized, domain.IntentFinalized}, state())
}

func TestLocalnet_EveryPageIsTurnedOnceWhateverBreaks(t *testing.T) {
	tests := []struct {
		name  string
		fault localnet.Fault
	}{
		{"dropped", localnet.Fault{Name: faults.Drop, Count: 2}},
		{"dropped now and then", localnet.Fault{Name: faults.Drop, PerMille: 500}},
		{"lands late", localnet.Fault{Name: faults.Late, Value: 60}},
		{"lands at the very end", localnet.Fault{Name: faults.Late, Value: 145}},
		{"lands never: too late for its blockhash", localnet.Fault{Name: faults.Late, Value: 200, Count: 2}},
		{"timeout after accepting", localnet.Fault{Name: faults.TimeoutAfterAccept, Count: 2, Duration: time.Second}},
		{"too many requests", localnet.Fault{Name: faults.TooManyRequests, PerMille: 300, Duration: time.Second}},
		{"too many requests for sends", localnet.Fault{Name: faults.TooManyRequests, Method: "sendTransaction", Count: 3}},
		{"server errors", localnet.Fault{Name: faults.ServerError, PerMille: 300}},
		{"half answers", localnet.Fault{Name: faults.TruncatedJSON, PerMille: 300}},
		{"logs cut off", localnet.Fault{Name: faults.TruncatedLogs}},
		{"stale with health ok", localnet.Fault{Name: faults.Stale, Value: 60}},
		{"frozen with health ok", localnet.Fault{Name: faults.Frozen}},
		{"websocket cut", localnet.Fault{Name: faults.WSCut, PerMille: 500}},
		{"rolled back", localnet.Fault{Name: faults.Rollback, Value: 4, Count: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, localnet.VaultSpec{})
			w.node.SetFault(tt.fault)
			w.payDay()
			_, err := w.s.Finalize(t.Context(), w.vault.ID)
			require.NoError(t, err)
			require.Equal(t, 3, w.turned())
			require.True(t, w.progress().DayComplete)
		})
	}
}

func TestLocalnet_TheSameTransactionTwiceIsOne(t *testing.T) {
	w := newWorld(t, localnet.VaultSpec{})
	got, err := w.s.Send(t.Context(), w.page(0))
	require.NoError(t, err)
	i, found, err := w.store.Intent(t.Context(), got.Signature)
	require.NoError(t, err)
	require.True(t, found)
	require.NotEqual(t, fault.Human, fault.KindOf(w.pool.SendRaw(t.Context(), i.Raw)), "already processed is not a failure")
	w.node.Slots(5)
	require.Equal(t, 1, w.turned())
}

func TestLocalnet_ExpiryIsProvedAndOnlyThenIsThePageSignedAnew(t *testing.T) {
	w := newWorld(t, localnet.VaultSpec{}, localnet.Fault{Name: faults.Drop})
	w.node.SetFault(localnet.Fault{Name: faults.Drop})
	first, err := w.s.Send(t.Context(), w.page(0))
	require.Equal(t, sender.CodeExpired, fault.CodeOf(err), "%v", err)
	require.Equal(t, fault.Retry, fault.KindOf(err))
	i, _, err := w.store.Intent(t.Context(), first.Signature)
	require.NoError(t, err)
	require.Equal(t, domain.IntentExpired, i.State)
	require.Greater(t, w.node.Bank().BlockHeight(bank.Finalized), i.LastValid)

	w.node.ClearFaults()
	second, err := w.s.Send(t.Context(), w.page(0))
	require.NoError(t, err)
	require.NotEqual(t, first.Signature, second.Signature)
	require.Equal(t, 1, w.turned())
}

func TestLocalnet_OneHonestEndpointIsEnough(t *testing.T) {
	w := newWorld(t, localnet.VaultSpec{})
	w.node.SetFault(localnet.Fault{Name: faults.Drop})
	w.payDay()
	require.Equal(t, 3, w.turned())
}

func TestLocalnet_KilledBetweenStoreAndSend(t *testing.T) {
	w := newWorld(t, localnet.VaultSpec{})
	asked := 0
	w.gate.open = func() error {
		if asked++; asked == 2 {
			return errStop
		}
		return nil
	}
	first, err := w.s.Send(t.Context(), w.page(0))
	require.Equal(t, fault.Wait, fault.KindOf(err))
	require.Zero(t, w.node.Requests()["sendTransaction"])

	w.restart()
	open, err := w.s.Settle(t.Context(), w.vault.ID)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, first.Signature, open[0].Signature)
	require.Equal(t, domain.IntentConfirmed, open[0].State)
	second, err := w.s.Send(t.Context(), w.page(0))
	require.NoError(t, err)
	require.Equal(t, first.Signature, second.Signature)
	require.Equal(t, 1, w.turned())
}

func TestLocalnet_ARollbackIsSeenAndRepaired(t *testing.T) {
	t.Run("the blockhash survives: the same signature lands again", func(t *testing.T) {
		w := newWorld(t, localnet.VaultSpec{})
		_, err := w.pool.LatestBlockhash(t.Context()) // Shared with the page below.
		require.NoError(t, err)
		w.node.Slots(10)
		got, err := w.s.Send(t.Context(), w.page(0))
		require.NoError(t, err)
		require.NoError(t, w.node.Rollback(5))
		require.Equal(t, 0, w.turned())
		list, err := w.s.Finalize(t.Context(), w.vault.ID)
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, got.Signature, list[0].Signature)
		require.Equal(t, domain.IntentFinalized, list[0].State)
		require.Greater(t, list[0].Slot, got.Slot)
		require.Equal(t, 1, w.turned())
	})
	t.Run("the blockhash is gone too: expired, then signed anew", func(t *testing.T) {
		w := newWorld(t, localnet.VaultSpec{})
		got, err := w.s.Send(t.Context(), w.page(0))
		require.NoError(t, err)
		require.NoError(t, w.node.Rollback(5))
		list, err := w.s.Finalize(t.Context(), w.vault.ID)
		require.NoError(t, err)
		require.Equal(t, domain.IntentExpired, list[0].State)
		again, err := w.s.Send(t.Context(), w.page(0))
		require.NoError(t, err)
		require.NotEqual(t, got.Signature, again.Signature)
		require.Equal(t, 1, w.turned())
	})
}

func TestLocalnet_TheChainsRefusalsCarryTheirCodes(t *testing.T) {
	t.Run("missing token account, made, sent again", func(t *testing.T) {
		w := newWorld(t, localnet.VaultSpec{Investors: pageSize, MissingATAs: 2})
		_, err := w.s.Send(t.Context(), w.page(0))
		require.Equal(t, sender.CodeAccountMissing, fault.CodeOf(err), "%v", err)
		require.Equal(t, fault.Retry, fault.KindOf(err))
		var list []sender.Request
		for i, v := range w.vault.Investors {
			ix := ata.NewCreateInstruction(w.vault.Payer.PublicKey(), v.Wallet, w.vault.QuoteMint).Build()
			data := solana.NewInstruction(ix.ProgramID(), ix.Accounts(), []byte{1}) // Create idempotent.
			list = append(list, sender.Request{Vault: w.vault.ID, Day: "2026-01-01", Kind: domain.IntentAccounts, Key: "accounts/" + string(rune('0'+i)), Instructions: []solana.Instruction{data}})
		}
		receipts, err := w.s.SendAll(t.Context(), list)
		require.NoError(t, err)
		require.Len(t, receipts, pageSize)
		_, err = w.s.Send(t.Context(), w.page(0))
		require.NoError(t, err)
		require.True(t, w.progress().DayComplete)
	})
	t.Run("a closed stream", func(t *testing.T) {
		w := newWorld(t, localnet.VaultSpec{Investors: pageSize, ClosedStreams: 1})
		_, err := w.s.Send(t.Context(), w.page(0))
		require.Equal(t, "router/6007", fault.CodeOf(err), "%v", err)
		require.Equal(t, fault.Human, fault.KindOf(err))
	})
	t.Run("base fees", func(t *testing.T) {
		w := newWorld(t, localnet.VaultSpec{Investors: pageSize, BaseFees: 7})
		_, err := w.s.Send(t.Context(), w.page(0))
		require.Equal(t, "router/6001", fault.CodeOf(err), "%v", err)
	})
	t.Run("a frozen token account", func(t *testing.T) {
		w := newWorld(t, localnet.VaultSpec{Investors: pageSize, FrozenATAs: 1})
		_, err := w.s.Send(t.Context(), w.page(0))
		require.Equal(t, sender.CodeFrozen, fault.CodeOf(err), "%v", err)
	})
	t.Run("a cursor that is ahead", func(t *testing.T) {
		w := newWorld(t, localnet.VaultSpec{})
		_, err := w.s.Send(t.Context(), w.page(pageSize))
		require.Equal(t, "router/6005", fault.CodeOf(err), "%v", err)
		require.Equal(t, fault.Unknown, fault.KindOf(err))
	})
	t.Run("a day that is complete", func(t *testing.T) {
		w := newWorld(t, localnet.VaultSpec{Investors: pageSize})
		w.payDay()
		r := w.page(0)
		r.Key = "page/again"
		_, err := w.s.Send(t.Context(), r)
		require.Equal(t, "router/6020", fault.CodeOf(err), "%v", err)
		require.Equal(t, fault.Done, fault.KindOf(err))
	})
	t.Run("a payer without SOL", func(t *testing.T) {
		w := newWorld(t, localnet.VaultSpec{Investors: pageSize, PayerLamports: 4000})
		_, err := w.s.Send(t.Context(), w.page(0))
		require.Equal(t, sender.CodePayerLow, fault.CodeOf(err), "%v", err)
	})
}

func TestLocalnet_AStopInFlightEndsTheSending(t *testing.T) {
	w := newWorld(t, localnet.VaultSpec{})
	w.node.SetFault(localnet.Fault{Name: faults.Late, Value: 40})
	stopped := false
	w.gate.open = func() error {
		if stopped {
			return errStop
		}
		return nil
	}
	var before uint64
	w.mu.Lock()
	w.slept = func() {
		if !stopped {
			stopped, before = true, w.node.Requests()["sendTransaction"]
		}
	}
	w.mu.Unlock()
	_, err := w.s.Send(t.Context(), w.page(0))
	require.NoError(t, err)
	require.Equal(t, before, w.node.Requests()["sendTransaction"])
	_, err = w.s.Send(t.Context(), w.page(pageSize))
	require.Equal(t, "stopped", fault.CodeOf(err))
}

func TestLocalnet_AStaleEndpointDoesNotMakeAPagePaidTwice(t *testing.T) {
	// It lives 30 slots in the past, near enough to be used, and says that all is well; the other one sees the page land.
	w := newWorld(t, localnet.VaultSpec{})
	w.node.Slots(50)
	w.node.SetFault(localnet.Fault{Name: faults.Stale, Value: 30})
	w.payDay()
	_, err := w.s.Finalize(t.Context(), w.vault.ID)
	require.NoError(t, err)
	require.Equal(t, 3, w.turned())
}
