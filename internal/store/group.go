package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/uptrace/bun"
)

const (
	// groupMost is how many writes share a commit at most. A stop that comes from another connection waits for one such
	// transaction, some tens of milliseconds.
	groupMost = 32
	// groupLimit bounds a transaction that serves several callers, since none of their contexts may end it.
	groupLimit = 20 * time.Second
)

// group lets writes that wait for each other share one transaction. A commit waits for the disk, which takes as long as
// several writes; two hundred vaults that each wait for each other's would pay at the pace of the disk. A write that comes
// alone is a transaction of its own, at once.
//
// Every write stands behind a savepoint: one that fails takes nothing of the others with it. All return after the common
// commit and not before, so that what a caller was told is stored is on the disk.
type group struct {
	incoming chan *entry
	closing  chan struct{}
	closed   chan struct{}
	once     sync.Once // A second Close does nothing.
}

// entry is a write whose caller waits.
type entry struct {
	ctx   context.Context
	f     func(bun.Tx) error
	done  chan struct{}
	err   error
	panic any // What f panicked with: its caller's to see.
}

var errClosed = errors.New("the store is closed")

// begin starts the one goroutine that writes.
func (s *Store) begin() *Store {
	s.group = &group{incoming: make(chan *entry), closing: make(chan struct{}), closed: make(chan struct{})}
	go func() {
		defer close(s.group.closed)
		for {
			select {
			case first := <-s.group.incoming:
				s.carryOut(s.group.gather(first))
			case <-s.group.closing:
				return
			}
		}
	}()
	return s
}

// end returns when the write under way has ended. Later ones are refused.
func (g *group) end() {
	g.once.Do(func() { close(g.closing) })
	<-g.closed
}

// gather takes along everybody who waits now.
func (g *group) gather(first *entry) []*entry {
	list := []*entry{first}
	for len(list) < groupMost {
		select {
		case next := <-g.incoming:
			list = append(list, next)
		default:
			return list
		}
	}
	return list
}

// join has f carried out and waits for its commit.
func (g *group) join(ctx context.Context, f func(bun.Tx) error) error {
	e := &entry{ctx: ctx, f: f, done: make(chan struct{})}
	select {
	case g.incoming <- e:
	case <-ctx.Done():
		return ctx.Err()
	case <-g.closed:
		return errClosed
	}
	<-e.done
	if e.panic != nil {
		panic(e.panic)
	}
	return e.err
}

// carryOut does the writes and wakes their callers.
func (s *Store) carryOut(list []*entry) {
	defer func() {
		for _, e := range list {
			close(e.done)
		}
	}()
	if len(list) == 1 {
		s.alone(list[0])
		return
	}
	err := s.together(list)
	var broken *brokenError
	for _, e := range list {
		switch {
		case !errors.As(err, &broken) && err != nil:
			e.err = errors.Join(e.err, err) // Begun or committed by nobody: what each of them stored is not known to be there.
		case broken == nil || e.panic != nil:
		case e.ctx.Err() != nil:
			e.err = errors.Join(e.err, e.ctx.Err()) // What it did was rolled back, and its caller has gone.
		default:
			s.alone(e)
		}
	}
}

// brokenError is a transaction that ended before its time and stored nothing: the disk is full, the connection is gone, or
// a caller's context ended in the middle of a statement.
type brokenError struct{ err error }

func (e *brokenError) Error() string { return "the shared transaction ended: " + e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

// together does the writes in one transaction. Its own error concerns all of them.
func (s *Store) together(list []*entry) error {
	ctx, cancel := context.WithTimeout(context.Background(), groupLimit)
	defer cancel()
	return s.w.RunInTx(ctx, nil, func(_ context.Context, tx bun.Tx) error {
		if err := s.exclusive(ctx, tx); err != nil {
			return err
		}
		for i, e := range list {
			if e.err = e.ctx.Err(); e.err != nil {
				continue
			}
			if err := e.behind(ctx, tx, fmt.Sprintf("write_%d", i)); err != nil {
				return &brokenError{err}
			}
		}
		return nil
	})
}

// behind does one write behind a savepoint. Its result is e.err; an error means that the transaction itself is gone, which
// a database may do on its own after some failures.
func (e *entry) behind(ctx context.Context, tx bun.Tx, savepoint string) error {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT "+savepoint); err != nil {
		e.err = err
		return err
	}
	end := "RELEASE SAVEPOINT "
	if e.run(tx); e.err != nil {
		end = "ROLLBACK TO SAVEPOINT "
	}
	if _, err := tx.ExecContext(ctx, end+savepoint); err != nil {
		e.err = errors.Join(e.err, err)
		return err
	}
	return nil
}

// alone does a write in a transaction of its own.
func (s *Store) alone(e *entry) {
	err := s.w.RunInTx(e.ctx, nil, func(_ context.Context, tx bun.Tx) error {
		if err := s.exclusive(e.ctx, tx); err != nil {
			return err
		}
		e.run(tx)
		return e.err
	})
	e.err = err
}

// run keeps a panic for the caller: it must end neither the goroutine that writes nor the others' writes.
func (e *entry) run(tx bun.Tx) {
	defer func() {
		if e.panic = recover(); e.panic != nil {
			e.err = errors.New("panic")
		}
	}()
	e.err = e.f(tx)
}
