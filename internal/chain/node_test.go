package chain_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
)

// node is a small JSON-RPC server that keeps state: slots, accounts, statuses. It breaks on request.
type node struct {
	t      *testing.T
	server *httptest.Server

	mu       sync.Mutex
	genesis  string
	slot     uint64
	height   uint64 // Finalized.
	lagging  uint64 // Slots by which another node behind the same address lags, which answers all but the height.
	ahead    uint64 // Slots of the future that its answers claim; its probes do not.
	alive    map[string]bool
	accounts map[string]account
	statuses map[string]map[string]any
	txs      map[string]any
	sent     []string
	requests []string // Methods in order.
	low      []uint64 // minContextSlot of each request that had one.
	creep    uint64   // Slots that pass with every request.
	fault    func(w http.ResponseWriter, method string) bool
}

type account struct {
	owner    solana.PublicKey
	lamports uint64
	data     []byte
}

func newNode(t *testing.T) *node {
	n := &node{
		t: t, genesis: "genesis-1", slot: 100_000, height: 90_000,
		accounts: map[string]account{}, statuses: map[string]map[string]any{}, txs: map[string]any{},
	}
	n.server = httptest.NewServer(n)
	t.Cleanup(n.server.Close)
	return n
}

func (n *node) with(change func(n *node)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change(n)
}

func (n *node) count(method string) (c int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range n.requests {
		if m == method {
			c++
		}
	}
	return c
}

func (n *node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var req struct {
		ID     int               `json:"id"`
		Method string            `json:"method"`
		Params []json.RawMessage `json:"params"`
	}
	if json.NewDecoder(r.Body).Decode(&req) != nil {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	n.requests = append(n.requests, req.Method)
	if n.fault != nil && n.fault(w, req.Method) {
		return
	}
	var conf struct {
		Low uint64 `json:"minContextSlot"`
	}
	if len(req.Params) > 0 {
		_ = json.Unmarshal(req.Params[len(req.Params)-1], &conf)
	}
	answer := map[string]any{"jsonrpc": "2.0", "id": req.ID}
	if conf.Low > 0 {
		n.low = append(n.low, conf.Low)
	}
	if conf.Low > n.slot {
		answer["error"] = map[string]any{"code": -32016, "message": "Minimum context slot has not been reached", "data": map[string]any{"contextSlot": n.slot}}
	} else {
		answer["result"] = n.result(req.Method, req.Params)
	}
	n.slot += n.creep
	_ = json.NewEncoder(w).Encode(answer)
}

func (n *node) result(method string, params []json.RawMessage) any {
	at := func(v any) any {
		return map[string]any{"context": map[string]any{"slot": n.slot - n.lagging + n.ahead}, "value": v}
	}
	switch method {
	case "getGenesisHash":
		return n.genesis
	case "getSlot":
		return n.slot
	case "getEpochInfo":
		return map[string]any{"absoluteSlot": n.slot, "blockHeight": n.height}
	case "isBlockhashValid":
		var hash string
		_ = json.Unmarshal(params[0], &hash)
		return at(n.alive[hash])
	case "getLatestBlockhash":
		return at(map[string]any{"blockhash": solana.Hash{byte(n.slot)}.String(), "lastValidBlockHeight": n.slot + 150})
	case "getMultipleAccounts":
		var keys []string
		_ = json.Unmarshal(params[0], &keys)
		list := make([]any, 0, len(keys))
		for _, k := range keys {
			a, ok := n.accounts[k]
			if !ok {
				list = append(list, nil)
				continue
			}
			list = append(list, map[string]any{"lamports": a.lamports, "owner": a.owner.String(), "data": []string{base64.StdEncoding.EncodeToString(a.data), "base64"}, "executable": false, "rentEpoch": uint64(1<<64 - 1)})
		}
		return at(list)
	case "getSignatureStatuses":
		var sigs []string
		_ = json.Unmarshal(params[0], &sigs)
		list := make([]any, 0, len(sigs))
		for _, s := range sigs {
			if st, ok := n.statuses[s]; ok {
				list = append(list, st)
			} else {
				list = append(list, nil)
			}
		}
		return at(list)
	case "getTransaction":
		var sig string
		_ = json.Unmarshal(params[0], &sig)
		return n.txs[sig]
	case "sendTransaction":
		var raw string
		_ = json.Unmarshal(params[0], &raw)
		n.sent = append(n.sent, raw)
		return "signature"
	case "getBalance":
		return at(uint64(7))
	}
	return fmt.Sprintf("no %s here", method)
}

// clock is time that tests move; sleeping moves it too.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.mu.Unlock()
	return ctx.Err()
}

// newPool makes a pool that was probed once and probes no more by itself.
func newPool(t *testing.T, c *clock, nodes ...*node) *chain.Pool {
	o := chain.Options{RequestTimeout: 2 * time.Second, Now: c.Now, Sleep: c.Sleep}
	for i, n := range nodes {
		o.Endpoints = append(o.Endpoints, chain.Endpoint{Name: string(rune('a' + i)), URL: n.server.URL + "/?api-key=SECRET"})
	}
	p, err := chain.New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Stop(context.Background())) })
	p.Probe(t.Context())
	return p
}

func key(i int) solana.PublicKey {
	return solana.PublicKey{1, byte(i), byte(i >> 8)}
}

func signature(i int) solana.Signature { return solana.Signature{1, byte(i), byte(i >> 8)} }
