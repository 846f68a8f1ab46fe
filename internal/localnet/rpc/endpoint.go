// Package rpc answers JSON-RPC over HTTP and subscriptions over WebSocket for the local chain, with the results, errors
// and limits of a Solana validator (CHAIN.md §5).
package rpc

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
)

// AdminFunc answers a localnet_ method, which no real node has.
type AdminFunc func(e *Endpoint, params []json.RawMessage) (any, error)

// Params are what an endpoint is made of.
type Params struct {
	Chain  *Chain
	Faults *faults.Set
	Faucet *Faucet
	Admin  map[string]AdminFunc
	Logger *slog.Logger
}

// Endpoint is one address of the chain, with its own faults, counts and connections. It is an http.Handler.
type Endpoint struct {
	chain   *Chain
	faults  *faults.Set
	faucet  *Faucet
	admin   map[string]AdminFunc
	methods map[string]handler
	log     *slog.Logger
	landed  landings
	frozen  atomic.Uint64 // the slot at which a frozen endpoint stands

	ctx    context.Context // ends with Close; answers that hang wait for it
	cancel context.CancelFunc
	conns  sync.WaitGroup

	mu      sync.Mutex
	counts  map[string]uint64
	sockets map[*socket]struct{}
	closed  bool
}

// NewEndpoint makes an endpoint; whoever serves it calls Close in the end.
func NewEndpoint(p Params) *Endpoint {
	ctx, cancel := context.WithCancel(context.Background())
	return &Endpoint{
		chain: p.Chain, faults: p.Faults, faucet: p.Faucet, admin: p.Admin, methods: handlers(), log: p.Logger,
		ctx: ctx, cancel: cancel, counts: map[string]uint64{}, sockets: map[*socket]struct{}{},
	}
}

// SetFault switches a fault on.
func (e *Endpoint) SetFault(f faults.Fault) error {
	if err := f.Check(); err != nil {
		return err
	}
	if f.Name == faults.Frozen || f.Name == faults.Stale {
		e.chain.Write(func(b *bank.Bank) {
			if f.Name == faults.Frozen {
				e.frozen.Store(b.Slot(bank.Processed))
			}
			e.chain.history.deep = true
		})
	}
	e.faults.Add(f)
	return nil
}

// Faults lists what is switched on.
func (e *Endpoint) Faults() []faults.Fault { return e.faults.All() }

// ClearFaults makes the endpoint healthy again.
func (e *Endpoint) ClearFaults() {
	e.faults.Clear()
	e.landed.clear()
}

// Standing reports whether a fault is on, without using it up.
func (e *Endpoint) Standing(name faults.Name) (faults.Fault, bool) {
	return e.faults.Standing(name, "")
}

// Strike reports whether a fault hits now, and uses up one of its count.
func (e *Endpoint) Strike(name faults.Name) (faults.Fault, bool) { return e.faults.Hit(name, "") }

// Requests counts the requests per method since the start, batched ones singly.
func (e *Endpoint) Requests() map[string]uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.counts)
}

func (e *Endpoint) count(method string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counts[method]++
}

// view is the chain as this endpoint shows it now. The caller holds the chain's lock.
func (e *Endpoint) view(method string) view {
	v := view{bank: e.chain.bank, history: e.chain.history}
	if _, on := e.faults.Standing(faults.Frozen, method); on {
		v.past, v.tip = true, e.frozen.Load()
		return v
	}
	if f, on := e.faults.Standing(faults.Stale, method); on {
		tip := e.chain.bank.Slot(bank.Processed)
		v.past, v.tip = true, tip-min(tip, uint64(f.Value))
	}
	return v
}

// AfterSlot lets faults that wait for the chain strike. It is called without the chain's lock after every slot.
func (e *Endpoint) AfterSlot() {
	if e.open() > 0 {
		if _, cut := e.faults.Hit(faults.WSCut, ""); cut {
			e.cutSockets()
		}
	}
	f, on := e.faults.Standing(faults.Rollback, "")
	if !on {
		return
	}
	if !e.landed.due(e.chain.bank, uint64(f.Value)) {
		return
	}
	if _, strikes := e.faults.Hit(faults.Rollback, ""); !strikes {
		return
	}
	e.landed.clear()
	if err := e.chain.Rollback(uint64(f.Value)); err != nil {
		e.log.Warn("rollback fault did nothing", "slots", f.Value, "error", err)
	}
}

// Close ends every connection and every hanging answer, and waits for them.
func (e *Endpoint) Close() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.cancel()
	e.cutSockets()
	e.conns.Wait()
}
