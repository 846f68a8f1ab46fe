package fake

import (
	"context"
	"sync"
)

// Gate keeps a server's answers back on request, and what it was asked for.
type Gate struct {
	mu   sync.Mutex
	held chan struct{}
	seen []string
}

// Hold keeps every answer back until the returned function is called.
func (h *Gate) Hold() (release func()) {
	held := make(chan struct{})
	h.set(held)
	return func() {
		h.set(nil)
		close(held)
	}
}

func (h *Gate) set(held chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held = held
}

// Requests are what was asked for so far.
func (h *Gate) Requests() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string{}, h.seen...)
}

// Take remembers a request and waits while answers are kept back. It is false when the other side ends before.
func (h *Gate) Take(ctx context.Context, what string) bool {
	h.mu.Lock()
	h.seen = append(h.seen, what)
	held := h.held
	h.mu.Unlock()
	if held == nil {
		return true
	}
	select {
	case <-held:
		return true
	case <-ctx.Done():
		return false
	}
}
