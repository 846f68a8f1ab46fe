package proxy_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chaos/proxy"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// node remembers what reached it and answers everything with "yes".
type node struct {
	mu   sync.Mutex
	got  []string
	http *httptest.Server
}

func newNode(t *testing.T) *node {
	n := &node{}
	n.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		n.mu.Lock()
		n.got = append(n.got, string(body))
		n.mu.Unlock()
		_, _ = w.Write([]byte(`{"jsonrpc":"2.0","id":1,"result":"yes, this is a long answer"}`))
	}))
	t.Cleanup(n.http.Close)
	return n
}

func (n *node) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.got)
}

type world struct {
	*node
	proxy *proxy.Proxy
	urls  []string
}

func newWorld(t *testing.T, endpoints int) *world {
	w := &world{node: newNode(t), proxy: proxy.New(router.ProgramLocalnet.String())}
	t.Cleanup(func() { require.NoError(t, w.proxy.Close()) })
	for range endpoints {
		url, err := w.proxy.Serve(w.http.URL)
		require.NoError(t, err)
		w.urls = append(w.urls, url)
	}
	return w
}

// ask sends a request; the error is that of the connection.
func (w *world) ask(t *testing.T, endpoint int, method string, params ...any) (status int, body string, err error) {
	t.Helper()
	in, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.urls[endpoint], bytes.NewReader(in))
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { require.NoError(t, resp.Body.Close()) }()
	out, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(out), err
}

// page is a signed distribute_fees call; another nonce gives another signature.
func page(t *testing.T, cursor *uint32, nonce byte) (text, signature string) {
	t.Helper()
	key := solana.NewWallet().PrivateKey
	call := router.DistributeFees{Program: router.ProgramLocalnet, Crank: key.PublicKey(), Vault: solana.PublicKey{9}, PageSize: 5, Cursor: cursor}
	tx, err := solana.NewTransaction([]solana.Instruction{call.Instruction()}, solana.Hash{nonce}, solana.TransactionPayer(key.PublicKey()))
	require.NoError(t, err)
	_, err = tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &key })
	require.NoError(t, err)
	raw, err := tx.MarshalBinary()
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(raw), tx.Signatures[0].String()
}

func TestProxy_ForwardsAndCounts(t *testing.T) {
	w := newWorld(t, 2)
	for i := range 2 {
		status, body, err := w.ask(t, i, "getSlot")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, body, "yes")
	}
	require.Equal(t, 2, w.proxy.Count("getSlot"))
	require.Equal(t, 2, w.proxy.Count(""))
	require.Zero(t, w.proxy.Count("getBalance"))
}

func TestProxy_WhatARuleDoes(t *testing.T) {
	tests := []struct {
		name    string
		give    *proxy.Rule
		reaches int  // How often the node gets the request.
		broken  bool // The connection ends without an answer.
		status  int
		body    string
	}{
		{"cut", &proxy.Rule{Do: proxy.Cut}, 0, true, 0, ""},
		{"lose", &proxy.Rule{Do: proxy.Lose}, 1, true, 0, ""},
		{"hang", &proxy.Rule{Do: proxy.Hang, Delay: 20 * time.Millisecond}, 0, true, 0, ""},
		{"mute", &proxy.Rule{Do: proxy.Mute, Delay: 20 * time.Millisecond}, 1, true, 0, ""},
		{"status", &proxy.Rule{Do: proxy.Status, Code: 429, Retry: 3}, 0, false, 429, "Too Many"},
		{"fail", &proxy.Rule{Do: proxy.Fail, FailCode: -32002, FailText: "AlreadyProcessed"}, 1, false, 200, `"code":-32002`},
		{"swallow", &proxy.Rule{Do: proxy.Swallow}, 0, false, 200, `"id":7`},
		{"truncate", &proxy.Rule{Do: proxy.Truncate}, 1, false, 200, `{"jsonrpc"`},
		{"rewrite", &proxy.Rule{Rewrite: func([]byte) []byte { return []byte("other") }}, 1, false, 200, "other"},
		{"delay", &proxy.Rule{Delay: time.Millisecond}, 1, false, 200, "yes"},
		{"another method", &proxy.Rule{Do: proxy.Cut, Method: "getBalance"}, 1, false, 200, "yes"},
		{"another endpoint", &proxy.Rule{Do: proxy.Cut, Endpoint: 2}, 1, false, 200, "yes"},
		{"used up", &proxy.Rule{Do: proxy.Cut, Times: 1}, 0, true, 0, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, 2)
			rule := w.proxy.Add(test.give)
			status, body, err := w.ask(t, 0, "getSlot")
			require.Equal(t, test.broken, err != nil, "%v", err)
			require.Equal(t, test.status, status)
			require.Contains(t, body, test.body)
			require.Equal(t, test.reaches, w.count())
			rule.Off()
			_, body, err = w.ask(t, 0, "getSlot")
			require.NoError(t, err)
			require.Contains(t, body, "yes")
		})
	}
}

func TestProxy_TheNthPageIsADistinctSignature(t *testing.T) {
	w := newWorld(t, 2)
	var before, after []string
	rule := w.proxy.Add(&proxy.Rule{
		Method: "sendTransaction", Pages: true, Nth: 2, Do: proxy.Lose,
		Before: func(c proxy.Call) { before = append(before, c.Sig) }, After: func(c proxy.Call) { after = append(after, c.Sig) },
	})
	cursor := uint32(0)
	first, _ := page(t, &cursor, 1)
	second, signature := page(t, &cursor, 2)
	for i := range 2 { // The same bytes go to both endpoints and are one page.
		_, _, err := w.ask(t, i, "sendTransaction", first)
		require.NoError(t, err)
	}
	_, _, err := w.ask(t, 0, "sendTransaction", second)
	require.Error(t, err)
	<-rule.Fired()
	require.Equal(t, []string{signature}, before)
	require.Equal(t, []string{signature}, after)
	require.Equal(t, 3, w.count(), "it reached the node before its answer was lost")
	_, _, err = w.ask(t, 1, "sendTransaction", second)
	require.NoError(t, err, "a copy after the fault passes")
}

func TestProxy_AStickyRuleTakesAllCopies(t *testing.T) {
	w := newWorld(t, 1)
	rule := w.proxy.Add(&proxy.Rule{Method: "sendTransaction", Pages: true, Nth: 1, Sticky: true, Do: proxy.Swallow})
	text, signature := page(t, nil, 1)
	for range 3 {
		_, body, err := w.ask(t, 0, "sendTransaction", text)
		require.NoError(t, err)
		require.Contains(t, body, signature, "it is answered as a node would")
	}
	require.Zero(t, w.count())
	require.Equal(t, 3, rule.Strikes())
}

func TestProxy_ChancesFollowTheSeed(t *testing.T) {
	pattern := func(seed uint64) (out []bool) {
		w := newWorld(t, 1)
		rule := w.proxy.Add(&proxy.Rule{PerMille: 300, Seed: seed, Do: proxy.Status, Code: 502})
		for range 60 {
			status, _, err := w.ask(t, 0, "getSlot")
			require.NoError(t, err)
			out = append(out, status == 502)
		}
		require.Positive(t, rule.Strikes())
		require.Less(t, rule.Strikes(), 60)
		return out
	}
	require.Equal(t, pattern(1), pattern(1))
	require.NotEqual(t, pattern(1), pattern(2))
}

func TestProxy_WatchersSeeWhatRulesTake(t *testing.T) {
	w := newWorld(t, 1)
	w.proxy.Add(&proxy.Rule{Do: proxy.Swallow, Method: "sendTransaction"})
	var seen []proxy.Call
	w.proxy.Watch(func(c proxy.Call) { seen = append(seen, c) })
	cursor := uint32(15)
	guarded, _ := page(t, &cursor, 1)
	unguarded, _ := page(t, nil, 2)
	for _, text := range []string{guarded, unguarded} {
		_, _, err := w.ask(t, 0, "sendTransaction", text)
		require.NoError(t, err)
	}
	require.Len(t, seen, 2)
	require.Equal(t, uint32(15), seen[0].Page.Cursor)
	require.Equal(t, uint32(5), seen[0].Page.Size)
	require.True(t, seen[0].Page.Guarded)
	require.Equal(t, solana.PublicKey{9}.String(), seen[0].Page.Vault)
	require.False(t, seen[1].Page.Guarded)
}

func FuzzProxy_TakesAnyBody(f *testing.F) {
	f.Add([]byte(`{"method":"sendTransaction","params":["AAAA"]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		w := newWorld(t, 1)
		resp, err := http.Post(w.urls[0], "application/json", bytes.NewReader(body)) //nolint:noctx // The server is local and answers at once.
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 1, w.count())
	})
}
