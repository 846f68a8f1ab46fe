// Package heartbeat tells a dead man's switch that the watch is alive: a service that raises an alarm by itself when it
// hears nothing any more. It is the only alarm that works when this machine does not.
package heartbeat

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
)

// Heartbeat calls one address, at most once in an interval. It is safe for concurrent use.
type Heartbeat struct {
	url   string
	every time.Duration
	http  *http.Client
	now   func() time.Time

	mu   sync.Mutex
	last time.Time
}

// New makes a heartbeat. An empty address is none: Beat does nothing.
func New(url string, every time.Duration, client *http.Client, now func() time.Time) *Heartbeat {
	return &Heartbeat{url: url, every: every, http: client, now: now}
}

// Beat calls the address when the interval is over, and says whether it did. It belongs behind the work that is watched,
// such as a completed look at the fleet; a tenth of the interval early counts, because a look takes now and then less time
// than the one before it, and its beat would be left out: beating beside it would say that all is well while nothing is done.
func (h *Heartbeat) Beat(ctx context.Context) (bool, error) {
	if h.url == "" {
		return false, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	if !h.last.IsZero() && now.Sub(h.last) < h.every-h.every/10 {
		return false, nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, http.NoBody)
	if err != nil {
		return false, fault.New(fault.Human, "heartbeat/address", errors.New("heartbeat: the address is not understood")).WithNext("Correct notify.heartbeat.url.")
	}
	resp, err := h.http.Do(r)
	if err != nil {
		return false, notify.Unreachable("heartbeat", err)
	}
	defer resp.Body.Close()
	if _, err := notify.ReadReply(resp); err != nil {
		return false, notify.Unreachable("heartbeat", err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return false, notify.Refused("heartbeat", resp.StatusCode, notify.RetryAfter(resp.Header, now), "", "Check notify.heartbeat.url: the service does not know it.")
	}
	h.last = now
	return true, nil
}
