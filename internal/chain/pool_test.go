package chain_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

func status(code int, header ...string) func(http.ResponseWriter, string) bool {
	return func(w http.ResponseWriter, _ string) bool {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		return true
	}
}

func body(text string) func(http.ResponseWriter, string) bool {
	return func(w http.ResponseWriter, _ string) bool {
		_, _ = w.Write([]byte(text))
		return true
	}
}

func hangUp(w http.ResponseWriter, _ string) bool {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

func TestPool_AFailingEndpointIsReplacedByTheNext(t *testing.T) {
	tests := []struct {
		name  string
		fault func(http.ResponseWriter, string) bool
	}{
		{"server error", status(500)},
		{"gateway without JSON", status(502)},
		{"key no longer valid", status(403)},
		{"too many requests", status(429)},
		{"truncated JSON", body(`{"jsonrpc":"2.0","id":1,"result":{"context":{"slot":10`)},
		{"neither result nor error", body(`{"jsonrpc":"2.0","id":1}`)},
		{"answer to another request", body(`{"jsonrpc":"2.0","id":99,"result":{"context":{"slot":1000},"value":7}}`)},
		{"result of another shape", body(`{"jsonrpc":"2.0","id":1,"result":"seven"}`)},
		{"node is behind", body(`{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"Node is behind by 42 slots","data":{"numSlotsBehind":42}}}`)},
		{"slot not reached", body(`{"jsonrpc":"2.0","id":1,"error":{"code":-32016,"message":"Minimum context slot has not been reached"}}`)},
		{"connection cut", hangUp},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bad, good := newNode(t), newNode(t)
			p := newPool(t, newClock(), bad, good)
			bad.with(func(n *node) { n.fault = tt.fault })
			// Whichever is asked first, the answer must be the good one's, every time.
			for range 4 {
				got, err := p.Balance(t.Context(), key(1), rpc.CommitmentConfirmed)
				require.NoError(t, err)
				require.Equal(t, uint64(7), got)
			}
		})
	}
}

func TestPool_EveryFailureIsNamedAndNoneIsAZero(t *testing.T) {
	tests := []struct {
		name  string
		fault func(http.ResponseWriter, string) bool
		code  string
		after time.Duration
	}{
		{"server errors", status(500), chain.CodeAllDown, 0},
		{"too many requests", status(429, "Retry-After", "7"), chain.CodeTooMany, 7 * time.Second},
		{"all behind", body(`{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"behind"}}`), chain.CodeBehind, time.Second},
		{"half an answer", body(`{"jsonrpc":"2.0","id":1,"result":{"con`), chain.CodeAllDown, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := newNode(t), newNode(t)
			p := newPool(t, newClock(), a, b)
			a.with(func(n *node) { n.fault = tt.fault })
			b.with(func(n *node) { n.fault = tt.fault })
			_, err := p.Balance(t.Context(), key(1), rpc.CommitmentConfirmed)
			require.Equal(t, fault.Retry, fault.KindOf(err), "%v", err)
			require.Equal(t, tt.code, fault.CodeOf(err), "%v", err)
			var f *fault.Error
			require.ErrorAs(t, err, &f)
			require.Equal(t, tt.after, f.After)
			require.Contains(t, err.Error(), "a: ")
			require.Contains(t, err.Error(), "b: ")
			require.NotContains(t, err.Error(), "SECRET")
		})
	}
}

func TestPool_AWrongRequestIsNotAskedAgain(t *testing.T) {
	a, b := newNode(t), newNode(t)
	p := newPool(t, newClock(), a, b)
	refusal := body(`{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Invalid param"}}`)
	a.with(func(n *node) { n.fault = refusal })
	b.with(func(n *node) { n.fault = refusal })
	_, err := p.Balance(t.Context(), key(1), rpc.CommitmentConfirmed)
	require.Equal(t, fault.Human, fault.KindOf(err))
	require.Equal(t, 1, a.count("getBalance")+b.count("getBalance"))
}

func TestPool_RetryAfterIsHonoured(t *testing.T) {
	busy, other := newNode(t), newNode(t)
	c := newClock()
	p := newPool(t, c, busy, other)
	other.with(func(n *node) { n.fault = status(500) })
	busy.with(func(n *node) { n.fault = status(429, "Retry-After", "90") })
	_, err := p.Balance(t.Context(), key(1), rpc.CommitmentConfirmed)
	require.Error(t, err)
	asked := busy.count("getBalance")
	require.Equal(t, 1, asked, "it asked for 90 s of rest and must not be asked again in this call")
	require.False(t, p.Health()[0].Usable)
	require.Contains(t, p.Health()[0].Reason, "resting")

	busy.with(func(n *node) { n.fault = nil })
	_, err = p.Balance(t.Context(), key(1), rpc.CommitmentConfirmed)
	require.Error(t, err)
	require.Equal(t, asked, busy.count("getBalance"))

	require.NoError(t, c.Sleep(t.Context(), 90*time.Second))
	busy.with(func(n *node) { n.slot++ })
	p.Probe(t.Context())
	_, err = p.Balance(t.Context(), key(1), rpc.CommitmentConfirmed)
	require.NoError(t, err)
}

func TestPool_EqualEndpointsAreUsedInTheConfiguredOrder(t *testing.T) {
	a, b := newNode(t), newNode(t)
	p := newPool(t, newClock(), a, b)
	for range 5 {
		_, err := p.Balance(t.Context(), key(1), rpc.CommitmentConfirmed)
		require.NoError(t, err)
	}
	require.Equal(t, 5, a.count("getBalance"))
}

func TestSendRaw_DoesNotQueueBehindARateLimit(t *testing.T) {
	n := newNode(t)
	// Two requests at once and then one in half a second: the probe takes both.
	p, err := chain.New(chain.Options{Endpoints: []chain.Endpoint{{URL: n.server.URL, PerSecond: 2}}})
	require.NoError(t, err)
	p.Probe(t.Context())
	left := 0 // On a machine that stalls, a token may have come back.
	for err == nil {
		if err = p.SendRaw(t.Context(), []byte{1}); err == nil {
			left++
		}
	}
	require.Equal(t, fault.Retry, fault.KindOf(err), "the emergency stop must be asked again before it leaves")
	require.Equal(t, chain.CodeTooMany, fault.CodeOf(err))
	require.Equal(t, left, n.count("sendTransaction"))
}

func TestPool_ALoneEndpointGetsASecondChance(t *testing.T) {
	n := newNode(t)
	p := newPool(t, newClock(), n)
	var broken atomic.Bool
	broken.Store(true)
	n.with(func(n *node) {
		n.fault = func(w http.ResponseWriter, _ string) bool {
			if broken.Swap(false) {
				w.WriteHeader(http.StatusServiceUnavailable)
				return true
			}
			return false
		}
	})
	_, err := p.Balance(t.Context(), key(1), rpc.CommitmentConfirmed)
	require.NoError(t, err)
}

func TestPool_ReadsNeverGoBackwards(t *testing.T) {
	ahead, behind := newNode(t), newNode(t)
	p := newPool(t, newClock(), ahead, behind)
	ahead.with(func(n *node) { n.slot = 100_010 })
	behind.with(func(n *node) { n.fault = status(500) })
	keys := []solana.PublicKey{key(1)}
	first, err := p.Snapshot(t.Context(), keys, chain.ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, uint64(100_010), first.MinSlot)

	// Now only the one behind answers: an old view is worse than none.
	ahead.with(func(n *node) { n.fault = status(500) })
	behind.with(func(n *node) { n.fault, n.slot = nil, 100_009 })
	_, err = p.Snapshot(t.Context(), keys, chain.ReadOptions{})
	require.Error(t, err)
	require.ErrorContains(t, err, "-32016")

	behind.with(func(n *node) { n.slot = 100_010 })
	second, err := p.Snapshot(t.Context(), keys, chain.ReadOptions{})
	require.NoError(t, err)
	require.GreaterOrEqual(t, second.MinSlot, first.MaxSlot)
}

func TestPool_ASlotOfTheFutureHoldsNobodyUpForEver(t *testing.T) {
	liar, other := newNode(t), newNode(t)
	c := newClock()
	p := newPool(t, c, liar, other)
	read := func() error {
		_, err := p.Snapshot(t.Context(), []solana.PublicKey{key(1)}, chain.ReadOptions{})
		return err
	}
	probe := func() {
		require.NoError(t, c.Sleep(t.Context(), 5*time.Second))
		for _, n := range []*node{liar, other} {
			n.with(func(n *node) { n.slot += 12 })
		}
		p.Probe(t.Context())
	}
	// The probes say 100,000; one answer says that it holds at 9,100,000.
	liar.with(func(n *node) { n.ahead = 9_000_000 })
	require.NoError(t, read())
	liar.with(func(n *node) { n.ahead = 0 })
	require.ErrorContains(t, read(), "-32016", "it may be true: an old view is worse than none")

	for range 3 {
		probe()
		require.Error(t, read())
	}
	probe()
	require.NoError(t, read(), "nobody came near that slot in 15 s: it was no slot of this chain")
}

func TestPool_CountsEveryRequest(t *testing.T) {
	bad, good := newNode(t), newNode(t)
	p := newPool(t, newClock(), bad, good)
	bad.with(func(n *node) { n.fault, n.requests = status(500), nil })
	good.with(func(n *node) { n.requests = nil })
	var n, outer atomic.Uint64
	ctx := chain.WithCounter(chain.WithCounter(t.Context(), &outer), &n)
	keys := make([]solana.PublicKey, 250)
	for i := range keys {
		keys[i] = key(i)
	}
	_, err := p.Snapshot(ctx, keys, chain.ReadOptions{})
	require.NoError(t, err)
	want := 0
	bad.with(func(n *node) { want += len(n.requests) })
	good.with(func(n *node) { want += len(n.requests) })
	require.Equal(t, uint64(want), n.Load())
	require.Equal(t, uint64(want), outer.Load(), "who counts a part takes nothing from who counts the whole")
	require.Equal(t, 3, good.count("getMultipleAccounts"))
}

func TestPool_StopEndsTheProbing(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	n := newNode(t)
	p, err := chain.New(chain.Options{Endpoints: []chain.Endpoint{{URL: n.server.URL}}, ProbeInterval: time.Millisecond})
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context()))
	require.Eventually(t, func() bool { return n.count("getSlot") > 2 }, 5*time.Second, time.Millisecond)
	require.NoError(t, p.Stop(context.Background()))
	require.NoError(t, p.Stop(context.Background()))
	n.server.Close()
}

func TestNew_RefusesSettingsThatCannotWork(t *testing.T) {
	tests := []struct {
		name string
		give []chain.Endpoint
		want string
	}{
		{"none", nil, "no RPC endpoint"},
		{"not an address", []chain.Endpoint{{Name: "x", URL: "api-key-only"}}, "not an http"},
		{"wrong scheme", []chain.Endpoint{{Name: "x", URL: "ws://h"}}, "not an http"},
		{"same name", []chain.Endpoint{{Name: "x", URL: "http://h"}, {Name: "x", URL: "http://i"}}, "names must differ"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := chain.New(chain.Options{Endpoints: tt.give})
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestRedact(t *testing.T) {
	for give, want := range map[string]string{
		"http://127.0.0.1:8899":                  "http://127.0.0.1:8899",
		"https://node.example/v1/KEY":            "https://node.example/…",
		"https://user:KEY@node.example":          "https://node.example/…",
		"https://node.example/?api-key=KEY":      "https://node.example/…",
		"https://node.example:443/path?api=KEY#": "https://node.example:443/…",
		"KEY":                                    "[redacted]",
	} {
		require.Equal(t, want, chain.Redact(give))
	}
}

// An endpoint that is known to be slow gets a shorter wait than the others; without it this test would never end.
func TestPool_AnEndpointsOwnTimeoutCountsForItAlone(t *testing.T) {
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // Only a server that has read the request notices that its client has gone.
		<-r.Context().Done()
	}))
	t.Cleanup(hangs.Close)
	good, c := newNode(t), newClock()
	p, err := chain.New(chain.Options{
		RequestTimeout: time.Hour, Now: c.Now, Sleep: c.Sleep,
		Endpoints: []chain.Endpoint{{Name: "slow", URL: hangs.URL, Timeout: 50 * time.Millisecond}, {Name: "good", URL: good.server.URL}},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Stop(context.Background())) })
	p.Probe(t.Context())
	health := p.Health()
	require.Contains(t, health[0].Reason, "unreachable")
	require.True(t, health[1].Usable)
}
