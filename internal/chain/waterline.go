package chain

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/gagliardetto/solana-go/rpc"
)

// waterline is the highest slot seen per commitment. Reads are asked for at least that slot, so that two reads in a row
// never go back in time when they go to different endpoints.
type waterline struct {
	processed, confirmed, finalized atomic.Uint64

	mu    sync.Mutex
	since time.Time // Guarded by mu: from when on it has been above what any endpoint has.
}

func (w *waterline) of(c rpc.CommitmentType) *atomic.Uint64 {
	switch c {
	case rpc.CommitmentProcessed:
		return &w.processed
	case rpc.CommitmentFinalized:
		return &w.finalized
	}
	return &w.confirmed
}

func (w *waterline) raise(c rpc.CommitmentType, slot uint64) {
	v := w.of(c)
	for {
		old := v.Load()
		if slot <= old || v.CompareAndSwap(old, slot) {
			return
		}
	}
}

// doubt takes the waterline back to best, the newest slot that the endpoints were believed to have, once it has been
// more than lag above it for the time of patience. One answer that named a slot of the future, or a cluster that was
// started again further back, would otherwise make every later read wait for a slot that nobody has, until the worker is
// started again; a day can be lost in that time. It gives up no more than such a restart would: what may be paid is
// decided by the chain's cursor and by finalized blocks, not by the waterline. It reports the slot that was given up, or 0.
func (w *waterline) doubt(best, lag uint64, now time.Time, patience time.Duration) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := []*atomic.Uint64{&w.processed, &w.confirmed, &w.finalized}
	top := uint64(0)
	for _, v := range all {
		top = max(top, v.Load())
	}
	switch {
	case top <= best+lag:
		w.since = time.Time{}
		return 0
	case w.since.IsZero():
		w.since = now
		return 0
	case now.Sub(w.since) < patience:
		return 0
	}
	for _, v := range all {
		if old := v.Load(); old > best+lag {
			v.CompareAndSwap(old, best)
		}
	}
	w.since = time.Time{}
	return top
}
