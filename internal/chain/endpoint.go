package chain

import (
	"fmt"
	"log/slog"
	"math/bits"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	keptSamples = 16              // Latencies and outcomes that are remembered per endpoint.
	shortRest   = time.Second     // After a 429 without Retry-After, and after the first failures in a row.
	longRest    = 5 * time.Second // After restAfter failures in a row.
	restAfter   = 3
)

type genesisState uint8

const (
	genesisUnread genesisState = iota
	genesisOK
	genesisWrong
)

// endpoint is one node with what is known of it.
type endpoint struct {
	Endpoint
	client  *http.Client
	turns   *turns
	timeout time.Duration
	now     func() time.Time
	log     *slog.Logger
	socket  socket

	mu        sync.Mutex
	genesis   genesisState
	foundHash string
	probed    time.Time
	probeErr  error
	slot      uint64    // Of the last probe: only slots of one round are compared with each other.
	movedAt   time.Time // When a probe last saw the slot rise.
	advancing bool
	lag       uint64
	ahead     bool // Far ahead of all others: it lies, or everybody else stands still.
	rest      rest
	restWhy   string
	inARow    int
	latencies []time.Duration
	outcomes  []bool
}

// succeeded records an answer of any kind: the endpoint is alive.
func (e *endpoint) succeeded(took time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.inARow = 0
	e.latencies = keep(e.latencies, took)
	e.outcomes = keep(e.outcomes, true)
}

// failed records a failure and decides for how long the endpoint rests.
func (e *endpoint) failed(ce *callError) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.outcomes = keep(e.outcomes, false)
	length := time.Duration(0)
	switch {
	case ce.tooMany():
		length = max(ce.after, shortRest)
	case ce.behind():
		// It is alive and will catch up within a slot or two; the next probe judges its lag.
	default:
		e.inARow++
		length = max(ce.after, shortRest)
		if e.inARow >= restAfter {
			length = max(ce.after, longRest)
		}
	}
	if length > 0 {
		e.rest, e.restWhy = rest{e.now(), length}, ce.Error()
	}
}

func keep[T any](list []T, v T) []T {
	list = append(list, v)
	if len(list) > keptSamples {
		list = slices.Delete(list, 0, len(list)-keptSamples)
	}
	return list
}

// verdict says why the endpoint may not be used, or "". lastResort is true when the reason may have passed since it was
// noted, so that the endpoint may be tried when no other is left; a wrong chain or a stale view never is.
func (e *endpoint) verdict(maxLag uint64, frozenAfter time.Duration) (reason string, lastResort bool) {
	now := e.now()
	switch {
	case e.genesis == genesisWrong:
		return fmt.Sprintf("another chain: its genesis hash is %s", e.foundHash), false
	case e.genesis == genesisUnread && e.probeErr != nil:
		return fmt.Sprintf("unreachable: %v", e.probeErr), false
	case e.genesis == genesisUnread:
		return "not probed yet", false
	case e.lag > maxLag:
		return fmt.Sprintf("%d slots behind the best endpoint", e.lag), false
	case e.ahead:
		return "far ahead of all other endpoints, which cannot be", false
	case e.probeErr != nil:
		return fmt.Sprintf("unreachable: %v", e.probeErr), true
	case !e.movedAt.IsZero() && now.Sub(e.movedAt) >= frozenAfter:
		return fmt.Sprintf("frozen: slot %d has not moved for %s", e.slot, now.Sub(e.movedAt).Round(time.Second)), false
	case e.rest.left(now) > 0:
		return fmt.Sprintf("resting for %s: %s", e.rest.left(now).Round(time.Millisecond), e.restWhy), true
	}
	return "", true
}

// score orders usable endpoints: lower is better, and failures weigh as much as ten times the latency. It is coarse on
// purpose: among endpoints of about one speed the configured order decides, because jumping between nodes that are a
// slot apart costs requests.
func (e *endpoint) score() int {
	weighed := e.latency() * time.Duration(100+10*e.errorPercent()) / 100
	return bits.Len64(uint64(max(0, weighed) / (10 * time.Millisecond)))
}

func (e *endpoint) latency() time.Duration {
	if len(e.latencies) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(e.latencies))
	return sorted[len(sorted)/2]
}

func (e *endpoint) errorPercent() int {
	bad := 0
	for _, ok := range e.outcomes {
		if !ok {
			bad++
		}
	}
	if bad == 0 {
		return 0
	}
	return 100 * bad / len(e.outcomes)
}

// EndpointHealth is what is known of one endpoint.
type EndpointHealth struct {
	Name         string        `json:"name"`
	URL          string        `json:"url"` // Redacted.
	Usable       bool          `json:"usable"`
	Reason       string        `json:"reason,omitempty"` // Why not usable.
	Slot         uint64        `json:"slot"`             // Confirmed, at the last probe.
	Lag          uint64        `json:"lag"`              // Slots behind the best endpoint of the same probe round.
	Advancing    bool          `json:"advancing"`        // The slot rose between the last two probes.
	Latency      time.Duration `json:"latency_ns"`       // Median of the last answers; 0 when none.
	ErrorPercent int           `json:"error_percent"`    // Of the last requests.
	GenesisOK    bool          `json:"genesis_ok"`
	LastProbe    time.Time     `json:"last_probe"`
}

// Health shows every endpoint in configured order. It asks nobody.
func (p *Pool) Health() []EndpointHealth {
	out := make([]EndpointHealth, 0, len(p.endpoints))
	for _, e := range p.endpoints {
		e.mu.Lock()
		reason, _ := e.verdict(p.o.MaxSlotLag, p.o.FrozenAfter)
		out = append(out, EndpointHealth{
			Name: e.Name, URL: Redact(e.URL), Usable: reason == "", Reason: reason, Slot: e.slot, Lag: e.lag,
			Advancing: e.advancing, Latency: e.latency(), ErrorPercent: e.errorPercent(),
			GenesisOK: e.genesis == genesisOK, LastProbe: e.probed,
		})
		e.mu.Unlock()
	}
	return out
}
