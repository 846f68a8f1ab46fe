package report

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	bin "github.com/gagliardetto/binary"
	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/programs/token"
	"github.com/gagliardetto/solana-go/rpc"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

func key(kind byte, n int) solana.PublicKey { return solana.PublicKey{kind, byte(n >> 8), byte(n), 1} }

// history is a chain that keeps a vault's transactions and breaks on request.
type history struct {
	v        distribution.Vault
	txs      []*chain.Transaction // Oldest first.
	progress router.Progress
	now      int64
	dust     uint64

	missing   map[solana.Signature]bool
	notFinal  map[solana.Signature]bool
	nullTime  bool // In the list and in transactions.
	nullEvery int  // In the list, of every so many.
	noSlots   bool // BlockTime knows nothing either.
	breakAt   int  // The list's request of that number fails; 0: none.
	pruned    int  // So many of the oldest transactions are gone from the list.
	overlap   int  // Each further page of the list repeats so many of the one before.
	noState   bool
	requests  int
	fetched   atomic.Int64
	timeReads int
}

func newHistory() *history {
	v := distribution.Vault{
		ID: "v", Behaviour: domain.Reference, Program: router.ProgramLocalnet, Address: key('v', 0), QuoteMint: key('q', 0), Creator: key('c', 0), Payer: key('f', 0),
		Token:    domain.Token{Mint: key('q', 0).String(), Symbol: "USDC"},
		Accounts: router.Addresses{Progress: key('g', 0), Treasury: key('t', 0), Creator: key('c', 1)},
	}
	return &history{v: v, now: chainNow.Unix(), missing: map[solana.Signature]bool{}, notFinal: map[solana.Signature]bool{}}
}

var errBroken = errors.New("the node is gone")

func (h *history) Snapshot(context.Context, []solana.PublicKey, chain.ReadOptions) (chain.Snapshot, error) {
	if h.noState {
		return chain.Snapshot{}, errBroken
	}
	clock := make([]byte, 40)
	binary.LittleEndian.PutUint64(clock[32:], uint64(h.now))
	authority := key('m', 0)
	mint, err := bin.MarshalBin(token.Mint{MintAuthority: &authority, Decimals: 6, IsInitialized: true})
	if err != nil {
		return chain.Snapshot{}, err
	}
	h.progress.Vault = h.v.Address
	return chain.Snapshot{Accounts: map[solana.PublicKey]chain.Account{
		solana.SysVarClockPubkey: {Exists: true, Data: clock},
		h.v.QuoteMint:            {Exists: true, Owner: solana.TokenProgramID, Data: mint},
		h.v.Accounts.Progress:    {Exists: true, Owner: h.v.Program, Data: h.progress.Encode()},
	}}, nil
}

func (h *history) SignaturesFor(_ context.Context, _ solana.PublicKey, before, _ solana.Signature, limit int) ([]chain.SigInfo, error) {
	if h.requests++; h.requests == h.breakAt {
		return nil, errBroken
	}
	list := h.txs[h.pruned:]
	end := len(list)
	if !before.IsZero() {
		end = slices.IndexFunc(list, func(t *chain.Transaction) bool { return t.Signature == before })
		end = min(len(list), end+h.overlap)
	}
	var out []chain.SigInfo
	for i := end - 1; i >= 0 && len(out) < limit; i-- {
		info := chain.SigInfo{Signature: list[i].Signature, Slot: list[i].Slot, BlockTime: list[i].BlockTime, Err: list[i].Err, Commitment: rpc.CommitmentFinalized}
		if h.nullTime || h.nullEvery > 0 && i%h.nullEvery == 0 {
			info.BlockTime = nil
		}
		out = append(out, info)
	}
	return out, nil
}

func (h *history) Transaction(_ context.Context, sig solana.Signature, c rpc.CommitmentType) (*chain.Transaction, bool, error) {
	h.fetched.Add(1)
	i := slices.IndexFunc(h.txs, func(t *chain.Transaction) bool { return t.Signature == sig })
	if i < 0 || h.missing[sig] || h.notFinal[sig] && c == rpc.CommitmentFinalized {
		return nil, false, nil
	}
	tx := *h.txs[i]
	if h.nullTime {
		tx.BlockTime = nil
	}
	return &tx, true, nil
}

func (h *history) BlockTime(_ context.Context, slot uint64) (int64, bool, error) {
	h.timeReads++
	i := slices.IndexFunc(h.txs, func(t *chain.Transaction) bool { return t.Slot == slot })
	if i < 0 || h.noSlots {
		return 0, false, nil
	}
	return *h.txs[i].BlockTime, true, nil
}

// land puts a transaction onto the chain at a time.
func (h *history) land(at int64, signer solana.PublicKey, change func(*chain.Transaction)) *chain.Transaction {
	n := len(h.txs) + 1
	sig := solana.Signature{byte(n >> 16), byte(n >> 8), byte(n), 7}
	tx := &chain.Transaction{Signature: sig, Slot: uint64(1_000 + n), BlockTime: &at, Fee: 5_000, Keys: []solana.PublicKey{signer, h.v.Program, h.v.Accounts.Progress}}
	if change != nil {
		change(tx)
	}
	h.txs = append(h.txs, tx)
	return tx
}

// call makes a transaction one of the router's, with what it logged.
func (h *history) call(tx *chain.Transaction, cursor, size uint32, events ...router.Event) {
	h.callWith(tx, cursor, size, nil, events...)
}

func (h *history) callWith(tx *chain.Transaction, cursor, size uint32, extra []string, events ...router.Event) {
	keys := []solana.PublicKey{tx.Keys[0], h.v.Program, h.v.Address, h.v.Accounts.Progress}
	accounts := make([]uint16, router.FixedAccounts)
	accounts[router.AccountCrank], accounts[router.AccountVault] = 0, 2
	tx.Keys = keys
	tx.Tx = &solana.Transaction{Message: solana.Message{Instructions: []solana.CompiledInstruction{{
		ProgramIDIndex: 1, Accounts: accounts, Data: router.DistributeFeesArgs{PageSize: size, Cursor: &cursor}.Encode(),
	}}}}
	tx.Logs = append(tx.Logs, "Program "+h.v.Program.String()+" invoke [1]")
	for _, e := range events {
		tx.Logs = append(tx.Logs, router.LogLine(e))
	}
	tx.Logs = append(append(tx.Logs, extra...), "Program "+h.v.Program.String()+" success")
}

// day is a day in pages of two investors: 1,000 claimed a page's worth of 300 paid, 400 to the creator.
type day struct {
	at      int64
	pages   int
	stop    int // Pages turned; 0: all.
	claimed uint64
	creator uint64
	signers map[int]solana.PublicKey // Of single pages; else ours.
	cut     map[int]bool
}

// turn lands a day's pages and keeps the sums.
func (h *history) turn(d day) []*chain.Transaction {
	var out []*chain.Transaction
	const perPage = 300
	treasury := h.dust
	last := d.pages
	if d.stop > 0 {
		last = d.stop
	}
	dustIn := h.dust
	for p := range last {
		signer := h.v.Payer
		if s, ok := d.signers[p]; ok {
			signer = s
		}
		at := d.at + int64(p)
		out = append(out, h.land(at, signer, func(tx *chain.Transaction) {
			var events []router.Event
			pre := treasury
			if p == 0 {
				treasury += d.claimed
				events = append(events, router.QuoteFeesClaimed{Vault: h.v.Address, ClaimedAmount: d.claimed, Timestamp: d.at})
			}
			treasury -= perPage
			events = append(events, router.InvestorPayoutPage{Vault: h.v.Address, PageStart: uint32(2 * p), PageEnd: uint32(2*p + 2), TotalDistributed: perPage, Timestamp: at})
			tx.TokenDeltas = []chain.TokenDelta{
				{Account: key('a', 2*p), Owner: key('r', 2*p), Mint: h.v.QuoteMint, Post: 100},
				{Account: key('a', 2*p+1), Owner: key('r', 2*p+1), Mint: h.v.QuoteMint, Pre: 50, Post: 250},
			}
			if p == d.pages-1 {
				treasury -= d.creator
				h.dust = treasury
				events = append(events, router.CreatorPayoutDayClosed{Vault: h.v.Address, CreatorPayout: d.creator, FinalDustAmount: h.dust, Timestamp: at})
				tx.TokenDeltas = append(tx.TokenDeltas, chain.TokenDelta{Account: h.v.Accounts.Creator, Owner: h.v.Creator, Mint: h.v.QuoteMint, Pre: 7, Post: 7 + d.creator})
			}
			tx.TokenDeltas = append(tx.TokenDeltas, chain.TokenDelta{Account: h.v.Accounts.Treasury, Mint: h.v.QuoteMint, Pre: pre, Post: treasury})
			h.call(tx, uint32(2*p), 2, events...)
			if d.cut[p] {
				tx.Logs = []string{tx.Logs[0], "Log truncated"}
			}
		}))
	}
	h.progress = router.Progress{LastDistributionTS: d.at, PaginationCursor: uint32(2 * last), DayComplete: last == d.pages, CarryOverDust: dustIn}
	if last == d.pages {
		h.progress.CarryOverDust = h.dust
	}
	return out
}

// daybooks are the books of a vault.
type daybooks []domain.BookedDay

func (b daybooks) BookedDays(context.Context, string, domain.Day, domain.Day) ([]domain.BookedDay, error) {
	return b, nil
}

func bookedDay(name domain.Day, opened int64, f domain.Figures) domain.BookedDay {
	return domain.BookedDay{Vault: "v", Day: name, Hash: "h", Opened: &opened, Report: &domain.DayReport{
		Vault: "v", Day: name, State: domain.Complete, Token: usdc, Result: domain.Reconciliation{Figures: f},
	}}
}

// reviewed reviews the last hours before now.
func (h *history) reviewed(t *testing.T, books daybooks, change func(*Reviewer)) Review {
	t.Helper()
	r := &Reviewer{Chain: h, Books: books, Page: 4, AtOnce: 1, Lines: 100}
	if change != nil {
		change(r)
	}
	now := time.Unix(h.now, 0)
	w := NewWindow("24 h", now.Add(-24*time.Hour), now.Add(time.Second), now, time.UTC)
	out := r.Review(t.Context(), []distribution.Vault{h.v}, func(string) string { return "" }, Span{Window: w})
	require.Len(t, out.Vaults, 1)
	return out
}
