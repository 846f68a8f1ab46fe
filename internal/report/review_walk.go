package report

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"golang.org/x/sync/errgroup"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// reviewAtOnce is how many transactions are read at the same time by default.
const reviewAtOnce = 8

// walk is one vault's review on its way from the newest transaction to the cut-off.
type walk struct {
	r        *Reviewer
	v        distribution.Vault
	window   Window
	out      Reviewed
	progress router.Progress // Finalized, before the list was read.
	chainNow int64

	days    []*dayFlow // Newest first; the last one is being filled.
	reached bool       // A transaction older than the window was seen: nothing is missing at that end.
	oldest  time.Time
	recent  map[solana.Signature]bool // Of this request and the one before: lists of two endpoints may overlap.
	slot    uint64                    // Of the signature before.
	timed   struct {                  // The last answer of BlockTime.
		slot  uint64
		unix  int64
		known bool
	}
}

// look reads the chain's clock, progress and treasury, finalized: money is only counted there (D16).
func (w *walk) look(ctx context.Context) error {
	w.out.Token.Symbol = "base units" // Until the mint has said how its amounts are written.
	keys := []solana.PublicKey{solana.SysVarClockPubkey, w.v.Accounts.Progress, w.v.QuoteMint}
	snap, err := w.r.Chain.Snapshot(ctx, keys, chain.ReadOptions{Commitment: rpc.CommitmentFinalized})
	if err != nil {
		return err
	}
	clock, err := chain.DecodeClock(snap.Accounts[solana.SysVarClockPubkey].Data)
	if err != nil {
		return fmt.Errorf("the chain's clock: %w", err)
	}
	w.chainNow = clock.UnixTime
	decimals, err := w.v.MintDecimals(snap.Accounts[w.v.QuoteMint])
	if err != nil {
		return err
	}
	w.out.Token = w.v.Token
	w.out.Token.Decimals = decimals
	a := snap.Accounts[w.v.Accounts.Progress]
	w.progress, err = router.DecodeProgress(a.Owner, w.v.Program, a.Data)
	return err
}

// list pages through the transactions that name the progress account, newest first, until one is older than the window.
func (w *walk) list(ctx context.Context) {
	size := w.r.Page
	if size <= 0 || size > chain.MaxSignatures {
		size = chain.MaxSignatures
	}
	w.slot = ^uint64(0)
	before, previous := solana.Signature{}, map[solana.Signature]bool{}
	for {
		batch, err := w.r.Chain.SignaturesFor(ctx, w.v.Accounts.Progress, before, solana.Signature{}, size)
		if err != nil {
			at := "at its beginning"
			if !before.IsZero() {
				at = "after " + before.String()
			}
			w.out.gap("list", fmt.Sprintf("the list of transactions broke off %s: %v: older ones were not reviewed", at, err))
			return
		}
		w.recent = map[solana.Signature]bool{}
		fresh := slices.DeleteFunc(slices.Clone(batch), func(s chain.SigInfo) bool {
			seen := previous[s.Signature] || w.recent[s.Signature]
			w.recent[s.Signature] = true
			return seen // Twice in the list is once on the chain (D21).
		})
		if w.page(ctx, fresh); w.reached || ctx.Err() != nil {
			break
		}
		if len(batch) < size {
			return // The node knows no older one.
		}
		before, previous = batch[len(batch)-1].Signature, w.recent
	}
	if err := ctx.Err(); err != nil && !w.reached {
		w.out.gap("list", fmt.Sprintf("the review was ended: %v", err))
	}
}

// page reads one request's transactions, a few at the same time, and takes them in their order.
func (w *walk) page(ctx context.Context, list []chain.SigInfo) {
	atOnce := w.r.AtOnce
	if atOnce <= 0 {
		atOnce = reviewAtOnce
	}
	var wanted []chain.SigInfo
	for _, info := range list {
		if info.Slot > w.slot {
			w.out.gap("order", fmt.Sprintf("the list goes back from slot %d to %d at %s: two endpoints do not show the same history", w.slot, info.Slot, info.Signature))
		}
		w.slot = info.Slot
		if info.BlockTime != nil {
			at := time.Unix(*info.BlockTime, 0)
			if at.Before(w.window.From) {
				w.reached = true
				break
			}
			if !at.Before(w.window.To) {
				continue
			}
		}
		wanted = append(wanted, info)
	}
	for part := range slices.Chunk(wanted, atOnce) {
		for _, f := range w.fetch(ctx, part) {
			if w.take(ctx, f) {
				return
			}
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// fetched is a transaction, or why there is none.
type fetched struct {
	info     chain.SigInfo
	tx       *chain.Transaction
	notFinal bool
	err      error
}

func (w *walk) fetch(ctx context.Context, list []chain.SigInfo) []fetched {
	out := make([]fetched, len(list))
	var group errgroup.Group
	for i, info := range list {
		group.Go(func() error {
			out[i] = w.one(ctx, info)
			return nil
		})
	}
	_ = group.Wait() // Each keeps its own error.
	return out
}

// one reads a transaction as finalized. What is only confirmed is counted apart; what no endpoint serves is missing.
func (w *walk) one(ctx context.Context, info chain.SigInfo) fetched {
	f := fetched{info: info}
	var found bool
	if f.tx, found, f.err = w.r.Chain.Transaction(ctx, info.Signature, rpc.CommitmentFinalized); f.err != nil || found {
		return f
	}
	_, found, f.err = w.r.Chain.Transaction(ctx, info.Signature, rpc.CommitmentConfirmed)
	if f.notFinal = found; !found && f.err == nil {
		f.err = fmt.Errorf("no endpoint serves it")
	}
	return f
}

// take counts one transaction. It is true for one whose own contents say that it is older than the window: the list did
// not know its time, and all that follow are older still (D15).
func (w *walk) take(ctx context.Context, f fetched) (older bool) {
	switch {
	case f.notFinal:
		w.out.Signatures++
		w.out.NotFinal++
		return false
	case f.err != nil:
		w.out.Signatures++
		w.out.Missing = append(w.out.Missing, f.info.Signature.String())
		w.out.gap("transaction", fmt.Sprintf("%s: %v", f.info.Signature, f.err))
		return false
	}
	m, err := w.v.Read(f.tx)
	at, known := w.timeOf(ctx, f, m)
	if known && !at.Before(w.window.To) {
		return false
	}
	if known && at.Before(w.window.From) {
		w.reached = true
		return true
	}
	w.out.Signatures++
	if w.oldest = at; !known {
		w.out.NoTime++
	}
	if err != nil {
		w.out.gap("transaction", err.Error())
		return false
	}
	w.count(f.tx, m, at)
	return false
}

// timeOf is when a transaction landed. A node that does not know says null, which is not the beginning of time (D15): then
// the program's own log tells, and at last the slot.
func (w *walk) timeOf(ctx context.Context, f fetched, m distribution.Movement) (time.Time, bool) {
	switch {
	case f.info.BlockTime != nil:
		return time.Unix(*f.info.BlockTime, 0), true
	case f.tx.BlockTime != nil:
		return time.Unix(*f.tx.BlockTime, 0), true
	case len(m.Pages) > 0 && m.Pages[0].Timestamp > 0:
		return time.Unix(m.Pages[0].Timestamp, 0), true
	case len(m.Claims) > 0 && m.Claims[0].Timestamp > 0:
		return time.Unix(m.Claims[0].Timestamp, 0), true
	}
	if w.timed.slot != f.info.Slot {
		unix, known, err := w.r.Chain.BlockTime(ctx, f.info.Slot)
		w.timed.slot, w.timed.unix, w.timed.known = f.info.Slot, unix, known && err == nil
	}
	return time.Unix(w.timed.unix, 0), w.timed.known
}
