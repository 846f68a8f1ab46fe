package report

import (
	"context"
	"encoding/binary"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// endless is a chain of many transactions that are made when they are asked for, so that it holds none of them itself:
// days of 100 pages of 25 investors, each with its logs.
type endless struct {
	*history

	n    int
	mu   sync.Mutex
	peak uint64 // Live heap, seen every thousand transactions.
	look bool
}

const endlessPages = 100

func (e *endless) sig(i int) solana.Signature {
	var s solana.Signature
	binary.BigEndian.PutUint64(s[:], uint64(i)+1)
	return s
}

// at is a transaction's time: one each eight seconds until now.
func (e *endless) at(i int) int64 { return e.now - int64(8*(e.n-i)) }

func (e *endless) SignaturesFor(_ context.Context, _ solana.PublicKey, before, _ solana.Signature, limit int) ([]chain.SigInfo, error) {
	end := e.n
	if !before.IsZero() {
		end = int(binary.BigEndian.Uint64(before[:])) - 1
	}
	var out []chain.SigInfo
	for i := end - 1; i >= max(0, end-limit); i-- {
		at := e.at(i)
		out = append(out, chain.SigInfo{Signature: e.sig(i), Slot: uint64(i), BlockTime: &at, Commitment: rpc.CommitmentFinalized})
	}
	return out, nil
}

func (e *endless) Transaction(_ context.Context, sig solana.Signature, _ rpc.CommitmentType) (*chain.Transaction, bool, error) {
	i := int(binary.BigEndian.Uint64(sig[:])) - 1
	at, p := e.at(i), i%endlessPages
	tx := &chain.Transaction{Signature: sig, Slot: uint64(i), BlockTime: &at, Fee: 5_000, Keys: []solana.PublicKey{e.v.Payer, e.v.Program, e.v.Accounts.Progress}}
	cursor := uint32(25 * p)
	events := []router.Event{router.InvestorPayoutPage{Vault: e.v.Address, PageStart: cursor, PageEnd: cursor + 25, TotalDistributed: 2_500, Timestamp: at}}
	var in, out uint64
	if p == 0 {
		in = 2_500*endlessPages + 400
		events = append([]router.Event{router.QuoteFeesClaimed{Vault: e.v.Address, ClaimedAmount: in, Timestamp: at}}, events...)
	}
	if p == endlessPages-1 {
		out = 400
		events = append(events, router.CreatorPayoutDayClosed{Vault: e.v.Address, CreatorPayout: out, Timestamp: at})
		tx.TokenDeltas = append(tx.TokenDeltas, chain.TokenDelta{Account: e.v.Accounts.Creator, Mint: e.v.QuoteMint, Post: out})
	}
	for k := range 25 {
		tx.TokenDeltas = append(tx.TokenDeltas, chain.TokenDelta{Account: key('a', k), Owner: key('r', k), Mint: e.v.QuoteMint, Post: 100})
	}
	tx.TokenDeltas = append(tx.TokenDeltas, chain.TokenDelta{Account: e.v.Accounts.Treasury, Mint: e.v.QuoteMint, Pre: 1 << 40, Post: 1<<40 + in - 2_500 - out})
	for range 60 {
		tx.Logs = append(tx.Logs, "Program log: paid an investor, as it would on a real chain, line by line")
	}
	e.call(tx, cursor, 25, events...)
	if e.look && i%1_000 == 0 {
		e.measure()
	}
	return tx, true, nil
}

func (e *endless) measure() {
	e.mu.Lock()
	defer e.mu.Unlock()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	e.peak = max(e.peak, m.HeapAlloc)
}

func (e *endless) review(tb testing.TB) Review {
	tb.Helper()
	now := time.Unix(e.now, 0)
	w := NewWindow("long", now.Add(-time.Duration(8*e.n+100)*time.Second), now.Add(time.Second), now, time.UTC)
	got := (&Reviewer{Chain: e, Books: daybooks{}, Lines: 20}).Review(tb.Context(), []distribution.Vault{e.v}, func(string) string { return "" }, Span{Window: w})
	require.Equal(tb, e.n, got.Vaults[0].Pages)
	require.True(tb, got.Complete)
	return got
}

func TestReview_TenThousandTransactionsTakeNoMoreMemoryThanAFew(t *testing.T) {
	e := &endless{history: newHistory(), n: 10_000, look: true}
	e.progress = router.Progress{LastDistributionTS: e.at(9_900), PaginationCursor: 2_500, DayComplete: true}
	e.measure()
	before := e.peak
	got := e.review(t)
	require.Len(t, got.Vaults[0].Days, 100)
	require.EqualValues(t, 25_000_000, got.Vaults[0].Flow.Paid)
	require.LessOrEqual(t, e.peak-before, uint64(20<<20), "what is live at any moment, in bytes; the bar is 100 MiB")
}

func BenchmarkReview10000(b *testing.B) {
	for b.Loop() {
		e := &endless{history: newHistory(), n: 10_000}
		e.progress = router.Progress{LastDistributionTS: e.at(9_900), PaginationCursor: 2_500, DayComplete: true}
		e.review(b)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapSys)/(1<<20), "heap-MiB") // Taken from the system, the most there ever was.
}
