package chaos

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"time"

	"github.com/meteora-fee-router/feeops/internal/chaos/proxy"
)

// processes are worker, Temporal server and store that die, hang or lose what they knew.
func processes() []Scenario {
	const group = "process"
	return []Scenario{
		{"kill-before-stored", group, "worker killed while a page is simulated, before its signature is stored", true, func(p *Plan) {
			p.slowly()
			k := p.page()
			p.say("killed at the simulation of page %d", k)
			p.arms(func(r *Run) error {
				// The first simulation is the rehearsal.
				r.rule(&proxy.Rule{Name: "kill at simulation", Method: "simulateTransaction", Pages: true, Nth: k + 1, Do: proxy.Lose, After: func(proxy.Call) { r.kill(0) }})
				return nil
			})
		}},
		{"kill-stored-unsent", group, "worker killed when a page's signature is stored and its send has not reached any node", true, func(p *Plan) {
			p.slowly()
			k := p.page()
			p.say("killed before page %d was sent", k)
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "kill before send", Method: "sendTransaction", Pages: true, Nth: k, Do: proxy.Cut, Before: func(proxy.Call) { r.kill(0) }})
				return nil
			})
		}},
		{"kill-sent-unconfirmed", group, "worker killed right after a node took a page, before it is confirmed", true, func(p *Plan) {
			p.slowly()
			k := p.page()
			p.say("killed after page %d was sent", k)
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "kill after send", Method: "sendTransaction", Pages: true, Nth: k, Do: proxy.Lose, After: func(proxy.Call) { r.kill(0) }})
				return nil
			})
		}},
		{"kill-confirmed-unrecorded", group, "worker killed when it reads a confirmed page's transaction, before it records the result", true, func(p *Plan) {
			k := p.page()
			p.say("killed when page %d was confirmed", k)
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "kill at transaction", Method: "getTransaction", Nth: k, Do: proxy.Lose, After: func(proxy.Call) { r.kill(0) }})
				return nil
			})
		}},
		{"kill-anywhere", group, "worker killed at any request of the day", true, func(p *Plan) {
			p.slowly()
			k := p.between(4, 12+4*p.pages())
			p.say("killed at request %d", k)
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "kill at request", Match: func(c proxy.Call) bool { return c.Sig == "" }, Nth: k, Do: proxy.Lose, After: func(proxy.Call) { r.kill(0) }})
				return nil
			})
		}},
		{"kill-twice", group, "worker killed before one page is sent and again after another is", false, func(p *Plan) {
			a, b := 1, p.pages()
			p.say("killed before page %d and after page %d", a, b)
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "kill before send", Method: "sendTransaction", Pages: true, Nth: a, Do: proxy.Cut, Before: func(proxy.Call) { r.kill(0) }})
				r.rule(&proxy.Rule{Name: "kill after send", Method: "sendTransaction", Pages: true, Nth: b, Do: proxy.Lose, After: func(proxy.Call) { r.kill(0) }})
				return nil
			})
		}},
		{"two-workers-one-killed", group, "two workers share the queue and the store; one is killed when a page is sent", false, func(p *Plan) {
			p.Workers = 2
			k, who := p.page(), p.between(0, 1)
			p.say("worker %d killed at page %d", who+1, k)
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "kill one of two", Method: "sendTransaction", Pages: true, Nth: k, Do: proxy.Forward, After: func(proxy.Call) { r.kill(who) }})
				return nil
			})
		}},
		{"temporal-killed", group, "Temporal server killed in the middle and started again from its database file", false, func(p *Plan) {
			p.Own, p.Delay = true, 300*time.Millisecond
			k, pauseFor := p.middle(), p.between(1, 6)
			p.say("killed after page %d, away for %d s", k, pauseFor)
			p.does("kill Temporal", func(ctx context.Context, r *Run) error {
				if err := r.cursor(ctx, uint32(k-1)*p.PageSize); err != nil {
					return err
				}
				if err := r.server.kill(); err != nil {
					return err
				}
				r.tell("killed the Temporal server")
				if err := pause(ctx, time.Duration(pauseFor)*time.Second); err != nil {
					return err
				}
				return r.server.start(ctx)
			})
		}},
		{"store-locked", group, "another process holds the store's write lock for longer than a write waits", false, func(p *Plan) {
			k, hold := p.middle(), p.seconds(4, 14)
			p.say("locked from page %d on for %s", k, hold)
			p.does("lock the store", func(ctx context.Context, r *Run) error {
				if err := r.cursor(ctx, uint32(k-1)*p.PageSize); err != nil {
					return err
				}
				return r.lockStore(ctx, hold)
			})
		}},
		{"store-full", group, "the worker's files may not grow, as on a full disk, and later may again", false, func(p *Plan) {
			k, hold := p.middle(), p.seconds(3, 10)
			p.Operator, p.Restarts = true, 2
			p.say("full from page %d on for %s", k, hold)
			p.does("fill the disk", func(ctx context.Context, r *Run) error {
				if err := r.cursor(ctx, uint32(k-1)*p.PageSize); err != nil {
					return err
				}
				defer close(r.calm)
				if err := limitFiles(r.workers[0].PID(), 4096); err != nil {
					return err
				}
				if err := pause(ctx, hold); err != nil {
					return err
				}
				return limitFiles(r.workers[0].PID(), unlimited)
			})
		}},
		{"store-lost", group, "worker killed and its store deleted: the day goes on from the chain alone", false, func(p *Plan) {
			k := p.page()
			p.Forgetful, p.Restarts, p.Operator = true, 2, true
			p.say("lost after page %d was sent", k)
			p.arms(func(r *Run) error {
				done := make(chan struct{})
				r.reborn = func(context.Context) error {
					select {
					case <-done:
						return nil
					default:
						close(done)
						defer close(r.calm)
						r.wire.forget()
						return r.loseStore()
					}
				}
				r.rule(&proxy.Rule{Name: "lose the store", Method: "sendTransaction", Pages: true, Nth: k, Do: proxy.Lose, After: func(proxy.Call) { r.kill(0) }})
				return nil
			})
		}},
	}
}

// lockStore holds the database's write lock, as a backup or a stray tool would.
func (r *Run) lockStore(ctx context.Context, hold time.Duration) error {
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: r.store()}).String()+"?_pragma=busy_timeout(10000)&_txlock=exclusive")
	if err != nil {
		return fmt.Errorf("lock the store: %w", err)
	}
	defer func() { _ = db.Close() }() // The lock ends with it.
	tx, err := db.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return fmt.Errorf("lock the store: %w", err)
	}
	r.tell("the store is locked")
	err = pause(ctx, hold)
	return errors.Join(err, tx.Rollback())
}

// loseStore deletes the database with its journal.
func (r *Run) loseStore() error {
	r.tell("the store is gone")
	var errs []error
	for _, more := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(r.store() + more); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
