// Package fake holds what the small servers of its rooms share: Slack, PagerDuty, Discord, a mail server, a webhook.
// They answer at the wire, hold to the limits that the services document, keep what they were told, and break on request.
package fake

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Name is how a request goes wrong.
type Name string

// Ways to go wrong.
const (
	Refuse    Name = "refuse"     // It is answered with Status and Code, and nothing happens.
	Hang      Name = "hang"       // It is never answered, and nothing happens.
	LoseReply Name = "lose-reply" // It is carried out, and the connection is cut before the reply.
)

// Fault is one thing that goes wrong.
type Fault struct {
	Name   Name
	On     string        // Only for paths that end so, such as chat.postMessage; empty for all.
	Status int           // For Refuse: 429, 503, …; 200 for services that answer errors so.
	Code   string        // For Refuse: the service's own code, such as invalid_auth.
	After  time.Duration // For Refuse with 429: when to come back.
	Skip   int           // How many requests pass before.
	Count  int           // How many requests it hits; 0 is all until Mend.
}

// Breaker holds the faults of one server.
type Breaker struct {
	mu     sync.Mutex
	faults []*Fault
	closed chan struct{}
	hung   chan struct{}
}

// NewBreaker makes one without faults.
func NewBreaker() *Breaker {
	return &Breaker{closed: make(chan struct{}), hung: make(chan struct{}, 100)}
}

// Hung gives one value for each request that hangs.
func (b *Breaker) Hung() <-chan struct{} { return b.hung }

// Hang waits until the other side or the server ends.
func (b *Breaker) Hang(ctx context.Context) {
	select {
	case b.hung <- struct{}{}:
	default: // Nobody is waiting for so many.
	}
	select {
	case <-ctx.Done():
	case <-b.closed:
	}
}

// End lets go of what hangs. It is called once, when the server ends.
func (b *Breaker) End() { close(b.closed) }

// Break adds a fault. The first that fits a request hits it.
func (b *Breaker) Break(f Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f.Count == 0 {
		f.Count = -1
	}
	b.faults = append(b.faults, &f)
}

// Mend removes all faults.
func (b *Breaker) Mend() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = nil
}

// Take gives the fault that hits a request to the path.
func (b *Breaker) Take(path string) (Fault, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.faults {
		switch {
		case f.Count == 0 || !strings.HasSuffix(path, f.On):
		case f.Skip > 0:
			f.Skip--
		default:
			if f.Count > 0 {
				f.Count--
			}
			return *f, true
		}
	}
	return Fault{}, false
}

// Wrap lets a handler go wrong. refuse writes a refusal in the service's own words.
func (b *Breaker) Wrap(next http.Handler, refuse func(http.ResponseWriter, Fault)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, hit := b.Take(r.URL.Path)
		switch {
		case !hit:
			next.ServeHTTP(w, r)
		case f.Name == Refuse:
			refuse(w, f)
		case f.Name == LoseReply:
			next.ServeHTTP(nowhere{http.Header{}}, r)
			panic(http.ErrAbortHandler) // The server's way to cut a connection.
		case f.Name == Hang:
			b.Hang(r.Context())
		}
	})
}

// nowhere takes a reply that is lost.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

// Server is a listening fake.
type Server struct {
	URL string // http://127.0.0.1:PORT

	breaker *Breaker
	http    *http.Server
	done    chan struct{}
	once    sync.Once
	err     error
}

// Listen serves the handler on a free loopback port.
func Listen(ctx context.Context, b *Breaker, h http.Handler) (*Server, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{
		URL: "http://" + l.Addr().String(), breaker: b, done: make(chan struct{}),
		http: &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second},
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.err = err
		}
	}()
	return s, nil
}

// Close ends the server with all its connections, hanging ones too.
func (s *Server) Close() error {
	s.once.Do(func() {
		s.breaker.End()
		if err := s.http.Close(); err != nil {
			s.err = errors.Join(s.err, err)
		}
		<-s.done
	})
	return s.err
}
