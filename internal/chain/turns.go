package chain

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"
)

// urgency orders calls that wait for one endpoint's budget.
type urgency uint8

const (
	ordinary urgency = iota // Snapshots, simulations, transactions, history.
	urgent                  // Money is in the air, or the endpoint is judged by it.
	urgencies
)

// urgencyOf is by method: what tells whether a signature has landed or expired, what a signature's life hangs on, and
// the probes, without which a busy endpoint would look frozen.
func urgencyOf(method string) urgency {
	switch method {
	case "getSignatureStatuses", "getEpochInfo", "isBlockhashValid", "getLatestBlockhash", "getSlot", "getGenesisHash":
		return urgent
	}
	return ordinary
}

// urgentInARow is how many urgent calls may go before an ordinary one that waits: neither kind can starve the other.
const urgentInARow = 3

// sendShare is the part of the rate that sends get while others wait, one in so many. Sends never wait (sendNow): without
// a share they would find every token gone, and without a bound they would leave none for the statuses.
const sendShare = 4

// turns is one endpoint's request budget: a bucket that fills at a steady rate, and a small one beside it for sends.
// Waiting calls go in the order of their coming within their urgency, so that whoever waits is served after those that
// waited before, and no vault can push in.
type turns struct {
	rate  float64 // Per second; 0 is no limit.
	most  float64 // What the bucket holds.
	spare float64 // What the sends' bucket holds.
	now   func() time.Time
	sleep func(ctx context.Context, d time.Duration) error

	mu      sync.Mutex
	tokens  float64
	sends   float64 // Tokens of the sends' bucket.
	filled  time.Time
	queues  [urgencies][]*turn
	inARow  int  // Urgent calls since the last ordinary one.
	pumping bool // One goroutine hands out tokens while somebody waits.
}

// turn is closed when its call may go.
type turn struct{ granted chan struct{} }

// newTurns lets through one second's calls at once, a fifth of them for sends, and one of each kind at least.
func newTurns(rate float64, now func() time.Time, sleep func(context.Context, time.Duration) error) *turns {
	spare := math.Max(1, math.Floor(rate/5))
	most := math.Max(1, math.Floor(rate)-spare)
	return &turns{rate: rate, most: most, spare: spare, tokens: most, sends: spare, now: now, sleep: sleep, filled: now()}
}

// wait returns when the call may go, or with the context's error.
func (t *turns) wait(ctx context.Context, u urgency) error {
	if err := ctx.Err(); err != nil || t.rate <= 0 {
		return err
	}
	t.mu.Lock()
	mine := &turn{make(chan struct{})}
	t.queues[u] = append(t.queues[u], mine)
	t.grant()
	t.pump()
	t.mu.Unlock()
	select {
	case <-mine.granted:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.queues[u], mine); i >= 0 {
		t.queues[u] = slices.Delete(t.queues[u], i, i+1)
	} else {
		t.tokens++ // It was granted in the same moment: the next one gets it.
		t.grant()
	}
	return ctx.Err()
}

// allow takes a token for a send, at once or not at all.
func (t *turns) allow() bool {
	if t.rate <= 0 {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fill()
	switch {
	case t.sends >= 1:
		t.sends--
	case t.waiting() == 0 && t.tokens >= 1:
		t.tokens--
	default:
		return false
	}
	return true
}

// free is true when a call would not have to wait.
func (t *turns) free() bool {
	if t.rate <= 0 {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fill()
	return t.waiting() == 0 && t.tokens >= 1
}

func (t *turns) waiting() int { return len(t.queues[ordinary]) + len(t.queues[urgent]) }

// fill adds what the time since the last look has brought. A clock that goes back brings nothing.
func (t *turns) fill() {
	now := t.now()
	if passed := now.Sub(t.filled); passed > 0 {
		fresh := passed.Seconds() * t.rate
		share := math.Min(fresh/sendShare, t.spare-t.sends)
		t.sends += share
		t.tokens = math.Min(t.most, t.tokens+fresh-share)
	}
	t.filled = now
}

// grant hands out what is there. It is called with the lock held, like fill, next and pump.
func (t *turns) grant() {
	t.fill()
	for t.waiting() > 0 && t.tokens >= 1 {
		close(t.next().granted)
		t.tokens--
	}
}

func (t *turns) next() *turn {
	u := urgent
	if len(t.queues[urgent]) == 0 || (len(t.queues[ordinary]) > 0 && t.inARow >= urgentInARow) {
		u = ordinary
	}
	t.inARow++
	if u == ordinary {
		t.inARow = 0
	}
	first := t.queues[u][0]
	t.queues[u] = slices.Delete(t.queues[u], 0, 1)
	return first
}

// pump wakes at the next token while somebody waits. One timer for all: 200 of them would all wake for one token.
func (t *turns) pump() {
	if t.pumping || t.waiting() == 0 {
		return
	}
	t.pumping = true
	go func() {
		for {
			t.mu.Lock()
			t.grant()
			if t.waiting() == 0 {
				t.pumping = false
				t.mu.Unlock()
				return
			}
			short := 1 - t.tokens
			t.mu.Unlock()
			// At least a millisecond, so that rounding cannot make it spin.
			_ = t.sleep(context.Background(), max(time.Millisecond, time.Duration(short/t.rate*float64(time.Second))))
		}
	}()
}
