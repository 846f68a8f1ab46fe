// Package hook is a receiver of any HTTP request, for signed webhooks and heartbeats. It keeps what came and breaks on
// request; it knows no format.
package hook

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/internal/fake"
)

// Request is one that was taken.
type Request struct {
	Method string
	Path   string
	Header http.Header
	Body   []byte
}

// Server is a running receiver.
type Server struct {
	*fake.Breaker
	*fake.Server

	mu       sync.Mutex
	requests []Request
	arrived  chan struct{}
}

// Start runs a receiver.
func Start(ctx context.Context) (*Server, error) {
	s := &Server{Breaker: fake.NewBreaker(), arrived: make(chan struct{}, 1000)}
	var err error
	s.Server, err = fake.Listen(ctx, s.Breaker, s.Wrap(http.HandlerFunc(s.take), refuse))
	return s, err
}

func refuse(w http.ResponseWriter, f fake.Fault) {
	if f.After > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.After/time.Second)))
	}
	http.Error(w, f.Code, f.Status)
}

func (s *Server) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
	if err != nil {
		return
	}
	s.mu.Lock()
	s.requests = append(s.requests, Request{Method: r.Method, Path: r.URL.RequestURI(), Header: r.Header.Clone(), Body: body})
	s.mu.Unlock()
	select {
	case s.arrived <- struct{}{}:
	default: // Nobody is waiting for so many.
	}
	w.WriteHeader(http.StatusAccepted)
}

// Requests are all that were taken.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Arrived gives one value for each request that was taken.
func (s *Server) Arrived() <-chan struct{} { return s.arrived }
