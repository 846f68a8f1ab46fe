package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/devstack"
)

// temporal connects the run to the shared server, or starts one for it alone.
func (r *Run) temporal(ctx context.Context) error {
	var err error
	if !r.plan.Own {
		r.address = r.lab.temporal.Address
		r.client, err = r.lab.temporal.Dial()
		return err
	}
	if r.server, err = startOwn(ctx, r.lab.binary, r.dir); err != nil {
		return err
	}
	r.address = r.server.address
	r.client, err = client.NewLazyClient(client.Options{HostPort: r.address, Namespace: devstack.Namespace, Logger: quiet{}})
	if err != nil {
		return fmt.Errorf("temporal client for %s: %w", r.address, err)
	}
	return nil
}

// quiet is a Temporal SDK logger that says nothing: what fails is returned to the caller.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

// ownServer is a Temporal server that can be killed and started again behind one address: a relay passes connections
// on, because a server that starts again gets other ports.
type ownServer struct {
	binary, dir string
	address     string
	listener    net.Listener
	wg          sync.WaitGroup

	mu    sync.Mutex
	now   *devstack.Temporal
	conns map[net.Conn]bool
	ended bool
}

func startOwn(ctx context.Context, binary, dir string) (*ownServer, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for a relay: %w", err)
	}
	s := &ownServer{binary: binary, dir: dir, address: l.Addr().String(), listener: l, conns: map[net.Conn]bool{}}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s.wg.Go(s.accept)
	return s, nil
}

func (s *ownServer) start(ctx context.Context) error {
	t, err := devstack.StartTemporal(ctx, devstack.TemporalOptions{Binary: s.binary, DBFile: s.dir + "/temporal.db", Dir: s.dir})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = t
	return nil
}

// kill ends the server as a power cut does, and every connection with it.
func (s *ownServer) kill() error {
	s.mu.Lock()
	t := s.now
	s.now = nil
	for c := range s.conns {
		_ = c.Close() // The other side sees a broken connection, which is what is wanted.
	}
	s.mu.Unlock()
	p, err := os.FindProcess(t.PID())
	if err != nil {
		return fmt.Errorf("find the Temporal server: %w", err)
	}
	if err := p.Kill(); err != nil {
		return fmt.Errorf("kill the Temporal server: %w", err)
	}
	select {
	case <-t.Done():
		return nil
	case <-time.After(10 * time.Second):
		return errors.New("the killed Temporal server does not end")
	}
}

func (s *ownServer) accept() {
	for {
		in, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.wg.Go(func() { s.relay(in) })
	}
}

func (s *ownServer) relay(in net.Conn) {
	defer func() { _ = in.Close() }()
	s.mu.Lock()
	t := s.now
	s.mu.Unlock()
	if t == nil {
		return
	}
	out, err := net.DialTimeout("tcp", t.Address, time.Second)
	if err != nil {
		return
	}
	defer func() { _ = out.Close() }()
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	s.conns[in], s.conns[out] = true, true
	s.mu.Unlock()
	done := make(chan struct{}, 2)
	pass := func(to, from net.Conn) { _, _ = io.Copy(to, from); done <- struct{}{} } // A broken pipe ends both ways.
	go pass(out, in)
	go pass(in, out)
	<-done
	s.mu.Lock()
	delete(s.conns, in)
	delete(s.conns, out)
	s.mu.Unlock()
}

func (s *ownServer) stop() error {
	err := s.listener.Close()
	s.mu.Lock()
	s.ended = true
	t := s.now
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
	if t != nil {
		err = errors.Join(err, t.Stop(context.Background()))
	}
	return err
}
