package chain

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gagliardetto/solana-go/rpc"
)

const (
	passes   = 3               // How often a call goes round all endpoints before it gives up.
	maxPause = 2 * time.Second // The longest rest that a call sits out; a longer one is left to the caller's retries.
	slotTime = 400 * time.Millisecond
)

// request is a read. conf becomes the last parameter, with the commitment and, when the method has it, the lowest slot.
type request struct {
	method     string
	args       []any
	conf       map[string]any
	commitment rpc.CommitmentType
	minSlot    uint64
	monotonic  bool      // The method takes minContextSlot.
	on         *endpoint // Only this endpoint may answer.
}

func (p *Pool) params(r request) []any {
	conf := map[string]any{}
	for k, v := range r.conf {
		conf[k] = v
	}
	if r.commitment != "" {
		conf["commitment"] = string(r.commitment)
	}
	if r.monotonic {
		if low := max(r.minSlot, p.water.of(r.commitment).Load()); low > 0 {
			conf["minContextSlot"] = low
		}
	}
	out := slices.Clone(r.args)
	if len(conf) > 0 {
		out = append(out, conf)
	}
	return out
}

// call asks the best endpoint and goes on to the next when one fails. Its error names every endpoint with its reason.
func (p *Pool) call(ctx context.Context, r request, out any) (*endpoint, error) {
	failures := map[string]error{}
	for pass := 1; ; pass++ {
		for _, e := range p.ranked(r.on, pass) {
			err := e.ask(ctx, r.method, p.params(r), out)
			if err == nil {
				return e, nil
			}
			var ce *callError
			if errors.As(err, &ce) && ce.final() {
				return nil, ce.asRead()
			}
			failures[e.Name] = err
			if ctx.Err() != nil {
				return nil, p.allDown(ctx, r.method, failures)
			}
		}
		if pass == passes || p.o.Sleep(ctx, p.pause(r.on)) != nil {
			return nil, p.allDown(ctx, r.method, failures)
		}
	}
}

// ranked lists whom to ask, best first. From the second pass on it also takes endpoints that rest or were unreachable,
// because that may be over; never one of another chain or with a stale view.
func (p *Pool) ranked(only *endpoint, pass int) []*endpoint {
	type place struct {
		e     *endpoint
		score int
		free  bool
	}
	var usable, resort []place
	for _, e := range p.order() {
		if only != nil && e != only {
			continue
		}
		e.mu.Lock()
		reason, last := e.verdict(p.o.MaxSlotLag, p.o.FrozenAfter)
		s := place{e, e.score(), e.turns.free()}
		resting := e.rest.left(e.now()) > 0
		e.mu.Unlock()
		switch {
		case reason == "":
			usable = append(usable, s)
		case last && pass > 1 && !resting:
			resort = append(resort, s)
		}
	}
	// An endpoint whose budget makes a call wait comes after those that can answer at once.
	slices.SortStableFunc(usable, func(a, b place) int {
		if x, y := a.free, b.free; x != y {
			if x {
				return -1
			}
			return 1
		}
		return a.score - b.score
	})
	out := make([]*endpoint, 0, len(usable)+len(resort))
	for _, s := range append(usable, resort...) {
		out = append(out, s.e)
	}
	return out
}

// pause is how long to wait before the next pass: until the first rest ends, within reason.
func (p *Pool) pause(only *endpoint) time.Duration {
	wait := time.Duration(0)
	for _, e := range p.endpoints {
		if only != nil && e != only {
			continue
		}
		e.mu.Lock()
		left := e.rest.left(e.now())
		e.mu.Unlock()
		if left > 0 && (wait == 0 || left < wait) {
			wait = left
		}
	}
	return min(max(wait, slotTime), maxPause)
}

// usable lists the endpoints that may be asked now, best first.
func (p *Pool) usable() []*endpoint { return p.ranked(nil, 1) }

// withContext is the shape of answers that say at which slot they hold.
type withContext[T any] struct {
	Context struct {
		Slot uint64 `json:"slot"`
	} `json:"context"`
	Value T `json:"value"`
}

// read makes a call whose answer carries its slot, and raises the waterline with it.
func read[T any](ctx context.Context, p *Pool, r request) (withContext[T], *endpoint, error) {
	var out withContext[T]
	e, err := p.call(ctx, r, &out)
	if err != nil {
		return out, nil, err
	}
	if r.monotonic {
		p.water.raise(r.commitment, out.Context.Slot)
	}
	return out, e, nil
}
