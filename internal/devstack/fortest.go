package devstack

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/internal/namespace"
)

// TB is what ForTest needs of *testing.T; naming it here keeps package testing out of the program.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// shared is the one development server of a test binary; starting one for each test would cost more than the tests.
type shared struct {
	mu       sync.Mutex
	armed    bool
	temporal *Temporal
	dir      string
	err      error
}

var testServer shared

// ForTest gives the development server of this test binary, started with the first call. The package needs
//
//	func TestMain(m *testing.M) { os.Exit(devstack.Main(m)) }
//
// which ends it after the last test. Tests share it: each uses its own namespace or its own task queue and ids.
func ForTest(t TB) *Temporal {
	t.Helper()
	testServer.mu.Lock()
	defer testServer.mu.Unlock()
	if !testServer.armed {
		t.Fatalf("this package has no TestMain that calls devstack.Main: the server would outlive the tests")
	}
	if testServer.temporal == nil && testServer.err == nil {
		testServer.err = testServer.start()
	}
	if testServer.err != nil {
		t.Fatalf("Temporal development server: %v", testServer.err)
	}
	return testServer.temporal
}

// Main runs the tests and then ends the server, if any test started it.
func Main(m interface{ Run() int }) int {
	testServer.mu.Lock()
	testServer.armed = true
	testServer.mu.Unlock()
	code := m.Run()
	if err := testServer.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

func (s *shared) start() error {
	ctx, cancel := context.WithTimeout(context.Background(), 9*time.Minute)
	defer cancel()
	binary, err := TemporalBinary(ctx, func(line string) { fmt.Fprintln(os.Stderr, line) })
	if err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "feeops-temporal-"); err != nil {
		return err
	}
	s.temporal, err = StartTemporal(ctx, TemporalOptions{Binary: binary, Dir: s.dir})
	return err
}

func (s *shared) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.temporal != nil {
		if err := s.temporal.Stop(context.Background()); err != nil {
			return err
		}
	}
	if s.dir == "" {
		return nil
	}
	return os.RemoveAll(s.dir)
}

// NewNamespace makes a namespace with the operations' search attributes and returns its name, for tests that count or
// list workflows. It takes a second or two until every part of the server knows it; this waits for that.
func (t *Temporal) NewNamespace(ctx context.Context, name string) (string, error) {
	name = strings.ToLower(strings.NewReplacer("/", "-", "_", "-", " ", "-").Replace(name))
	c, err := t.Dial()
	if err != nil {
		return "", err
	}
	defer c.Close()
	return name, namespace.Ensure(ctx, c, namespace.Want{Name: name, Retention: 24 * time.Hour})
}
