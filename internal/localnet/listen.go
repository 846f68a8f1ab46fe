package localnet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
	"github.com/meteora-fee-router/feeops/internal/localnet/rpc"
)

// served is an endpoint with its listeners.
type served struct {
	endpoint *rpc.Endpoint
	server   *http.Server
	url, ws  string
	done     []chan struct{}
}

// portTries is how many free ports are looked at until the one above is free too.
const portTries = 20

// Endpoint adds another address of the same chain with faults of its own. The result is its HTTP URL; WebSocket works on
// the same port and on the next one.
func (n *Node) Endpoint(list ...Fault) (url string, err error) {
	s, err := n.listen("127.0.0.1:0", list)
	if err != nil {
		return "", fmt.Errorf("add endpoint: %w", err)
	}
	return s.url, nil
}

func (n *Node) listen(address string, list []Fault) (*served, error) {
	listeners, err := listenPair(address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	index := uint64(len(n.endpoints))
	n.mu.Unlock()
	endpoint := rpc.NewEndpoint(rpc.Params{
		Chain: n.chain, Faults: faults.NewSet(n.options.Seed + index), Faucet: n.faucet, Admin: n.admin(), Logger: n.options.Logger,
	})
	for _, f := range list {
		if err := endpoint.SetFault(f); err != nil {
			return nil, errors.Join(err, closeAll(listeners))
		}
	}
	s := &served{
		endpoint: endpoint, url: "http://" + listeners[0].Addr().String(), ws: "ws://" + listeners[0].Addr().String(),
		server: &http.Server{Handler: endpoint, ReadHeaderTimeout: 10 * time.Second},
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, errors.Join(errors.New("the local chain is closed"), closeAll(listeners))
	}
	for _, l := range listeners {
		done := make(chan struct{})
		s.done = append(s.done, done)
		go func() {
			defer close(done)
			if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				n.options.Logger.Error("endpoint ended", "url", s.url, "error", err)
			}
		}()
	}
	n.endpoints = append(n.endpoints, s)
	return s, nil
}

// listenPair opens a port and, for clients that look for WebSocket there, the port above it. The second one may be
// taken when the first was asked for by number.
func listenPair(address string) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("listen address %q: %w", address, err)
	}
	var config net.ListenConfig
	ctx := context.Background() // Only name resolution looks at it.
	for try := 1; ; try++ {
		first, err := config.Listen(ctx, "tcp", address)
		if err != nil {
			return nil, fmt.Errorf("listen on %s: %w", address, err)
		}
		above := net.JoinHostPort(host, strconv.Itoa(first.Addr().(*net.TCPAddr).Port+1))
		second, err := config.Listen(ctx, "tcp", above)
		switch {
		case err == nil:
			return []net.Listener{first, second}, nil
		case port != "0" || try == portTries:
			return []net.Listener{first}, nil
		}
		if err := first.Close(); err != nil {
			return nil, fmt.Errorf("close %s: %w", first.Addr(), err)
		}
	}
}

func closeAll(listeners []net.Listener) error {
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// shutdown lets go of every connection and waits for the servers.
func (n *Node) shutdown() {
	n.mu.Lock()
	n.closed = true
	list := n.endpoints
	n.mu.Unlock()
	var errs []error
	for _, s := range list {
		s.endpoint.Close()
		errs = append(errs, s.server.Close())
		for _, done := range s.done {
			<-done
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closing = errors.Join(errs...)
}

func (n *Node) served() []*served {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]*served(nil), n.endpoints...)
}

// URL is the first endpoint's HTTP address.
func (n *Node) URL() string { return n.served()[0].url }

// WSURL is the first endpoint's WebSocket address.
func (n *Node) WSURL() string { return n.served()[0].ws }

func (n *Node) byURL(url string) *served {
	for _, s := range n.served() {
		if s.url == url {
			return s
		}
	}
	return nil
}

// SetFault switches a fault on at the first endpoint. It panics for a fault that Check refuses: a test that asks for
// the impossible must not pass.
func (n *Node) SetFault(f Fault) { n.SetFaultAt(n.URL(), f) }

// SetFaultAt is SetFault for the endpoint of a URL.
func (n *Node) SetFaultAt(url string, f Fault) {
	s := n.byURL(url)
	if s == nil {
		panic("localnet: no endpoint at " + url)
	}
	if err := s.endpoint.SetFault(f); err != nil {
		panic("localnet: " + err.Error())
	}
}

// ClearFaults switches all faults of all endpoints off.
func (n *Node) ClearFaults() {
	for _, s := range n.served() {
		s.endpoint.ClearFaults()
	}
}

// Requests counts the requests per method over all endpoints.
func (n *Node) Requests() map[string]uint64 {
	total := map[string]uint64{}
	for _, s := range n.served() {
		for method, count := range s.endpoint.Requests() {
			total[method] += count
		}
	}
	return total
}

// RequestsFor counts the requests per method of one endpoint; nil when there is none at that URL.
func (n *Node) RequestsFor(url string) map[string]uint64 {
	s := n.byURL(url)
	if s == nil {
		return nil
	}
	return maps.Clone(s.endpoint.Requests())
}
