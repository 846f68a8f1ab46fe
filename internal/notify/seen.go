package notify

import (
	"sync"
	"time"
)

// Seen remembers what came in, for as long as it could be replayed. When more than its limit comes in within that time,
// the oldest is forgotten, so that a flood costs no memory.
type Seen struct {
	window time.Duration
	limit  int

	mu    sync.Mutex
	until map[string]time.Time
	order []string // Oldest first.
}

// NewSeen remembers at most limit entries, each for the window.
func NewSeen(window time.Duration, limit int) *Seen {
	return &Seen{window: window, limit: limit, until: map[string]time.Time{}}
}

// First is true when the id did not come in before, within the window.
func (s *Seen) First(id string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.order) > 0 && (len(s.order) >= s.limit || !now.Before(s.until[s.order[0]])) {
		delete(s.until, s.order[0])
		s.order = s.order[1:]
	}
	if _, known := s.until[id]; known {
		return false
	}
	s.until[id], s.order = now.Add(s.window), append(s.order, id)
	return true
}

// Forget takes an id back, for what could not be handled and may come again.
func (s *Seen) Forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.until[id]; !known {
		return
	}
	delete(s.until, id)
	for i, o := range s.order {
		if o == id {
			s.order = append(s.order[:i:i], s.order[i+1:]...)
			return
		}
	}
}
