// Package chain is the operations' view of Solana: a pool of JSON-RPC endpoints that are held against each other, the
// chain's clock, snapshots at one slot, and reads with three answers: present, absent, and unknown (an error).
//
// A failed read is never an absence and never a zero (DESIGN.md §1.2). What an endpoint says about its own health is
// not believed: its slot is compared with the other endpoints' and with its own over time (rows P10–P12).
package chain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Endpoint is one JSON-RPC node. URLs may carry keys: they are redacted wherever they are shown.
type Endpoint struct {
	Name      string
	URL       string
	WSURL     string        // Empty: no WebSocket; polling alone then finds what landed.
	PerSecond float64       // Requests per second that the provider allows; 0 means no limit.
	Timeout   time.Duration // Of one request; 0 takes Options.RequestTimeout.
}

// Options are the pool's settings. Zero values take the defaults named here.
type Options struct {
	Endpoints      []Endpoint
	Genesis        string        // Expected genesis hash; empty learns it from the first that answers, and all must agree.
	RequestTimeout time.Duration // Of one HTTP request; 10 s.
	MaxSlotLag     uint64        // Slots behind the best endpoint that are still usable; 40.
	ProbeInterval  time.Duration // 5 s.
	FrozenAfter    time.Duration // An endpoint whose slot stands still this long is not used; 15 s, at least three probes.
	BlockhashAge   time.Duration // How long a blockhash is shared between transactions, at most 10 s; 8 s.
	Logger         *slog.Logger
	Now            func() time.Time
	Sleep          func(ctx context.Context, d time.Duration) error
}

// Pool spreads calls over the usable endpoints. All methods are safe for concurrent use.
type Pool struct {
	o         Options
	endpoints []*endpoint
	water     waterline
	blockhash blockhashCache

	mu      sync.Mutex
	genesis string // Guarded by mu: the expected hash, once known.
	rounds  uint64 // Guarded by mu: probe rounds so far.

	preferred []*endpoint // Guarded by mu: all of them in the order of Prefer; nil: as configured.

	cancel context.CancelFunc
	done   chan struct{}
}

// New checks the settings and makes a pool that has not asked anybody anything yet; Start does.
func New(o Options) (*Pool, error) {
	if len(o.Endpoints) == 0 {
		return nil, errors.New("chain: no RPC endpoint is configured; name at least one")
	}
	o = withDefaults(o)
	p := &Pool{o: o, genesis: o.Genesis}
	seen := map[string]bool{}
	for i, e := range o.Endpoints {
		if e.Name == "" {
			e.Name = fmt.Sprintf("rpc-%d", i+1)
		}
		if seen[e.Name] {
			return nil, fmt.Errorf("chain: two RPC endpoints are named %q; names must differ", e.Name)
		}
		seen[e.Name] = true
		u, err := url.Parse(e.URL)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, fmt.Errorf("chain: the URL of RPC endpoint %q is not an http(s) address", e.Name)
		}
		p.endpoints = append(p.endpoints, newEndpoint(e, o))
	}
	return p, nil
}

func withDefaults(o Options) Options {
	if o.RequestTimeout <= 0 {
		o.RequestTimeout = 10 * time.Second
	}
	if o.MaxSlotLag == 0 {
		o.MaxSlotLag = 40
	}
	if o.ProbeInterval <= 0 {
		o.ProbeInterval = 5 * time.Second
	}
	if o.FrozenAfter <= 0 {
		o.FrozenAfter = 15 * time.Second
	}
	// Slots are compared at probes only; with fewer than three of them in the time nothing can be said.
	o.FrozenAfter = max(o.FrozenAfter, 3*o.ProbeInterval)
	if o.BlockhashAge <= 0 || o.BlockhashAge > 10*time.Second {
		o.BlockhashAge = 8 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	return o
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func newEndpoint(e Endpoint, o Options) *endpoint {
	return &endpoint{
		Endpoint: e,
		turns:    newTurns(e.PerSecond, o.Now, o.Sleep),
		client:   &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second, ForceAttemptHTTP2: true, Proxy: http.ProxyFromEnvironment}},
		timeout:  cmp.Or(e.Timeout, o.RequestTimeout),
		now:      o.Now,
		log:      o.Logger,
	}
}

// Redact shows where an endpoint is without what may be a key: user, path, query and fragment go.
func Redact(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return "[redacted]"
	}
	if u.Path == "" || u.Path == "/" {
		if u.RawQuery == "" && u.User == nil {
			return u.Scheme + "://" + u.Host
		}
	}
	return u.Scheme + "://" + u.Host + "/…"
}
