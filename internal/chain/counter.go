package chain

import (
	"context"
	"sync/atomic"
)

type counterKey struct{}

// WithCounter makes every request under ctx add one to n: each chunk, each retry, each poll, and one per WebSocket
// subscription. The request budget of a day is measured with it (DESIGN.md §7).
func WithCounter(ctx context.Context, n *atomic.Uint64) context.Context {
	return context.WithValue(ctx, counterKey{}, n)
}

func count(ctx context.Context) {
	if n, ok := ctx.Value(counterKey{}).(*atomic.Uint64); ok {
		n.Add(1)
	}
}
