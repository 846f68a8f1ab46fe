package bench

import (
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// slotTimes knows when the chain made which slot. A busy machine makes them later than the chain's own clock says, and
// a pace must not look better for it.
type slotTimes struct {
	mu    sync.Mutex
	seen  map[uint64]time.Time
	last  uint64
	stop  chan struct{}
	ended sync.WaitGroup
}

// slotLook is how exact the times are.
const slotLook = 10 * time.Millisecond

func (l *lab) watchSlots() *slotTimes {
	s := &slotTimes{seen: map[uint64]time.Time{}, stop: make(chan struct{})}
	s.note(l.node.Bank().Slot(bank.Processed), time.Now())
	s.ended.Go(func() {
		ticker := time.NewTicker(slotLook)
		defer ticker.Stop()
		for {
			select {
			case <-s.stop:
				return
			case now := <-ticker.C:
				s.note(l.node.Bank().Slot(bank.Processed), now)
			}
		}
	})
	return s
}

// note gives all slots since the last look this look's time.
func (s *slotTimes) note(slot uint64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == 0 {
		s.last = slot - min(slot, 1)
	}
	for ; s.last < slot; s.last++ {
		s.seen[s.last+1] = now
	}
}

// at is when the slot was made; zero when it was not seen.
func (s *slotTimes) at(slot uint64) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[slot]
}

func (s *slotTimes) end() {
	close(s.stop)
	s.ended.Wait()
}
