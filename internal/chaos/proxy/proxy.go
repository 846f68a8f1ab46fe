// Package proxy stands between a worker and a Solana node and breaks what passes: it counts, drops, delays, refuses,
// hangs, cuts and rewrites JSON-RPC requests, and fires triggers at chosen ones. Faults reach a worker through the wire
// only, as they do in life.
package proxy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// maxBody bounds a request; a transaction is 1,232 bytes, and a hundred keys are less than 5 kB.
const maxBody = 1 << 20

// Call is one request on its way.
type Call struct {
	Endpoint int    // Which of the proxy's endpoints was asked, from 0.
	Method   string // JSON-RPC method.
	Body     []byte
	Page     *Page // Of send and simulate: the router's page in the transaction, if there is one.
	Raw      []byte
	Sig      string // Signature of a sent transaction.
	id       json.RawMessage
	ctx      context.Context
}

// Proxy serves one or more endpoints with common rules and counts.
type Proxy struct {
	program string
	client  *http.Client
	stop    context.CancelFunc
	ctx     context.Context

	mu      sync.Mutex
	rules   []*Rule
	counts  map[string]int
	watch   []func(Call)
	servers []*http.Server
	urls    []string
	wg      sync.WaitGroup
}

// New makes a proxy for pages of the router program.
func New(program string) *Proxy {
	ctx, stop := context.WithCancel(context.Background())
	return &Proxy{
		program: program, ctx: ctx, stop: stop, counts: map[string]int{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}},
	}
}

// Serve adds an endpoint in front of a node and returns its URL.
func (p *Proxy) Serve(upstream string) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(p.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen for a proxy of %s: %w", upstream, err)
	}
	p.mu.Lock()
	index := len(p.servers)
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, index, upstream) }),
		ReadHeaderTimeout: 10 * time.Second,
	}
	url := "http://" + l.Addr().String()
	p.servers, p.urls = append(p.servers, server), append(p.urls, url)
	p.mu.Unlock()
	p.wg.Go(func() { _ = server.Serve(l) }) // It always ends with ErrServerClosed.
	return url, nil
}

// Close ends every endpoint and every hanging answer.
func (p *Proxy) Close() error {
	p.stop()
	p.mu.Lock()
	servers := p.servers
	p.mu.Unlock()
	var errs []error
	for _, s := range servers {
		errs = append(errs, s.Close())
	}
	p.wg.Wait()
	p.client.CloseIdleConnections()
	return errors.Join(errs...)
}

// Count is how many requests of a method came, over all endpoints; "" counts all.
func (p *Proxy) Count(method string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts[method]
}

// Watch calls f with every request before any rule looks at it. f must be quick.
func (p *Proxy) Watch(f func(Call)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watch = append(p.watch, f)
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request, index int, upstream string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		panic(http.ErrAbortHandler) // The client has gone, often because it was killed.
	}
	c := p.parse(r.Context(), body, index)
	for _, f := range p.observe(c) {
		f(c)
	}
	rule := p.strike(&c)
	if rule == nil {
		p.forward(w, c, upstream)
		return
	}
	rule.run(p, w, c, upstream)
}

// parse reads as much of a request as rules need. What cannot be read is forwarded as it is.
func (p *Proxy) parse(ctx context.Context, body []byte, index int) Call {
	c := Call{Endpoint: index, Body: body, ctx: ctx}
	var in struct {
		ID     json.RawMessage   `json:"id"`
		Method string            `json:"method"`
		Params []json.RawMessage `json:"params"`
	}
	if json.Unmarshal(body, &in) != nil {
		return c
	}
	c.id, c.Method = in.ID, in.Method
	if (c.Method == "sendTransaction" || c.Method == "simulateTransaction") && len(in.Params) > 0 {
		c.transaction(in.Params[0], p.program)
	}
	return c
}

func (p *Proxy) observe(c Call) []func(Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[c.Method]++
	p.counts[""]++
	return p.watch
}

// forward passes the request on and the answer back.
func (p *Proxy) forward(w http.ResponseWriter, c Call, upstream string) {
	status, header, body, err := p.ask(c, upstream)
	if err != nil {
		panic(http.ErrAbortHandler) // The node behind has gone: so has this one.
	}
	answer(w, status, header, body)
}

func answer(w http.ResponseWriter, status int, header http.Header, body []byte) {
	for key, values := range header {
		if key != "Content-Length" {
			w.Header()[key] = values
		}
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // The client's end of the connection is its own business.
}

// ask is not ended with the client: what a killed worker had handed over still reaches the node.
func (p *Proxy) ask(c Call, upstream string) (int, http.Header, []byte, error) {
	ctx, cancel := context.WithTimeout(p.ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, upstream, bytes.NewReader(c.Body))
	if err != nil {
		return 0, nil, nil, fmt.Errorf("ask %s: %w", upstream, err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := p.client.Do(req)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("ask %s: %w", upstream, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("ask %s: %w", upstream, err)
	}
	return resp.StatusCode, resp.Header, body, nil
}

// wait sleeps until the client, the proxy or the time ends; false unless the time was over.
func (p *Proxy) wait(c Call, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.ctx.Done():
	case <-p.ctx.Done():
	}
	return false
}
