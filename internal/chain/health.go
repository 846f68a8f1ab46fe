package chain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// genesisRounds is how often the genesis hash is read again: a provider may put another cluster behind a URL.
const genesisRounds = 60

// Start probes every endpoint once and then goes on probing in one goroutine until Stop. Without a usable endpoint it
// fails and names each with its reason.
func (p *Pool) Start(ctx context.Context) error {
	p.Probe(ctx)
	if err := p.anyUsable(); err != nil {
		return err
	}
	loop, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.cancel, p.done = cancel, make(chan struct{})
	go func() {
		defer close(p.done)
		for p.o.Sleep(loop, p.o.ProbeInterval) == nil {
			p.Probe(loop)
		}
	}()
	return nil
}

// Stop ends the probing and closes the connections. It may be called without Start, and twice.
func (p *Pool) Stop(ctx context.Context) error {
	if p.cancel != nil {
		p.cancel()
		select {
		case <-p.done:
		case <-ctx.Done():
			return fmt.Errorf("chain: the probing did not end in time: %w", ctx.Err())
		}
	}
	for _, e := range p.endpoints {
		e.socket.close()
		e.client.CloseIdleConnections()
	}
	return nil
}

func (p *Pool) anyUsable() error {
	var lines []string
	for _, h := range p.Health() {
		if h.Usable {
			return nil
		}
		lines = append(lines, fmt.Sprintf("%s (%s): %s", h.Name, h.URL, h.Reason))
	}
	return fault.Newf(fault.Retry, CodeAllDown, "no RPC endpoint is usable: %w", errors.New(strings.Join(lines, "; "))).
		WithNext("Check rpc.endpoints in the settings and the network")
}

type probeResult struct {
	slot    uint64
	genesis string // Empty when it was not read this time.
	err     error
}

// Probe asks every endpoint for its slot, all at the same moment, and judges them against each other and against their
// own last answer (rows P11, P12). Start does this regularly.
func (p *Pool) Probe(ctx context.Context) {
	p.mu.Lock()
	withGenesis := p.rounds%genesisRounds == 0
	p.rounds++
	p.mu.Unlock()
	results := make([]probeResult, len(p.endpoints))
	var wg sync.WaitGroup
	for i, e := range p.endpoints {
		wg.Go(func() { results[i] = e.probe(ctx, withGenesis) })
	}
	wg.Wait()
	if ctx.Err() != nil {
		return // The caller left: that says nothing about any endpoint.
	}
	p.judge(results)
}

func (e *endpoint) probe(ctx context.Context, withGenesis bool) (r probeResult) {
	e.mu.Lock()
	withGenesis = withGenesis || e.genesis == genesisUnread || e.probeErr != nil
	e.mu.Unlock()
	if withGenesis {
		if r.err = e.ask(ctx, "getGenesisHash", nil, &r.genesis); r.err != nil {
			return r
		}
	}
	r.err = e.ask(ctx, "getSlot", []any{map[string]any{"commitment": "confirmed"}}, &r.slot)
	return r
}

// ask makes one request when the rate limit allows it, and keeps the figures.
func (e *endpoint) ask(ctx context.Context, method string, params []any, out any) error {
	if err := e.turns.wait(ctx, urgencyOf(method)); err != nil {
		return fmt.Errorf("%s on %s: wait for the rate limit: %w", method, e.Name, err)
	}
	return e.askNow(ctx, method, params, out)
}

func (e *endpoint) askNow(ctx context.Context, method string, params []any, out any) error {
	begin := e.now()
	raw, ce := e.post(ctx, method, params)
	if ce == nil {
		if err := json.Unmarshal(raw, out); err != nil {
			ce = &callError{endpoint: e.Name, method: method, status: 200, err: fmt.Errorf("the result cannot be read: %w", err)}
		}
	}
	switch {
	case ce == nil || ce.final():
		e.succeeded(e.now().Sub(begin))
	case ctx.Err() == nil: // The caller's own hurry is not the endpoint's failure.
		e.failed(ce)
	}
	if ce != nil {
		return ce
	}
	return nil
}

// judge compares one round of probes. The expected genesis is the configured one, else the first that was ever read.
func (p *Pool) judge(results []probeResult) {
	p.mu.Lock()
	for _, r := range results {
		if p.genesis == "" && r.genesis != "" {
			p.genesis = r.genesis
		}
	}
	want := p.genesis
	p.mu.Unlock()
	now := p.o.Now()
	var slots []uint64
	for i, e := range p.endpoints {
		e.note(results[i], want, now)
		if results[i].err == nil && e.onOurChain() {
			slots = append(slots, results[i].slot)
		}
	}
	if len(slots) == 0 {
		return
	}
	slices.Sort(slots)
	best, ceiling := slots[len(slots)-1], uint64(0)
	// One of three or more that runs away from all others is not believed: it would make everybody else look behind.
	if n := len(slots); n >= 3 && best > slots[n-2]+p.o.MaxSlotLag {
		best, ceiling = slots[n-2], slots[n-2]+p.o.MaxSlotLag
	}
	for i, e := range p.endpoints {
		if results[i].err == nil {
			e.place(best, ceiling)
		}
	}
	if gone := p.water.doubt(best, p.o.MaxSlotLag, now, p.o.FrozenAfter); gone > 0 {
		p.o.Logger.Warn("an endpoint named a slot that none of them reached; reads go on from the newest that they have", "named", gone, "newest", best)
	}
}

func (e *endpoint) note(r probeResult, want string, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.probed, e.probeErr = now, r.err
	if r.genesis != "" {
		e.genesis, e.foundHash = genesisOK, r.genesis
		if r.genesis != want {
			e.genesis = genesisWrong
		}
	}
	if r.err != nil {
		e.advancing = false
		return
	}
	e.advancing = e.slot != 0 && r.slot > e.slot
	if r.slot > e.slot || e.movedAt.IsZero() {
		e.movedAt = now
	}
	e.slot = r.slot
}

func (e *endpoint) onOurChain() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.genesis == genesisOK
}

func (e *endpoint) place(best, ceiling uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ahead = ceiling != 0 && e.slot > ceiling
	e.lag = 0
	if best > e.slot {
		e.lag = best - e.slot
	}
}

// Genesis is the hash that every endpoint must have: the configured one, or the first that was read. Empty before any
// endpoint has answered.
func (p *Pool) Genesis() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.genesis
}
