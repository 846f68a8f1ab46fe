package chain

import (
	"context"
	"slices"
	"sync/atomic"
)

type counterKey struct{}

// WithCounter makes every request under ctx add one to n, and to the counters that ctx has already: each chunk, each
// retry, each poll, and one per WebSocket subscription. The request budget of a day is measured with it (DESIGN.md §7).
func WithCounter(ctx context.Context, n *atomic.Uint64) context.Context {
	outer, _ := ctx.Value(counterKey{}).([]*atomic.Uint64)
	return context.WithValue(ctx, counterKey{}, append(slices.Clone(outer), n))
}

func count(ctx context.Context) {
	if all, ok := ctx.Value(counterKey{}).([]*atomic.Uint64); ok {
		for _, n := range all {
			n.Add(1)
		}
	}
}
