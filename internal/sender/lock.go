package sender

import (
	"context"
	"sync"
)

// locks keeps calls for one vault apart. Unlike a mutex, waiting ends with the context.
type locks struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

func (l *locks) acquire(ctx context.Context, key string) (release func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[string]chan struct{}{}
	}
	slot, ok := l.held[key]
	if !ok {
		slot = make(chan struct{}, 1)
		l.held[key] = slot
	}
	l.mu.Unlock()
	select {
	case slot <- struct{}{}:
		return func() { <-slot }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
