// Package store keeps what the operations must not forget: plans, signatures, what was paid, why nothing may be sent.
// It is a SQLite file for one machine, or a PostgreSQL database for workers on several.
//
// A write that returned without error is on the disk: an intent that was stored survives a power cut before its
// transaction leaves. Reads that find nothing say so with a boolean; an error is never "nothing there".
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// What may be wrong with the database as a whole. Each comes with a sentence that says what to do. They carry codes, so
// that a failure is judged by its code wherever it comes out; their kind is that of an error that nobody classified,
// since a write may have happened.
var (
	ErrLocked       = coded("store/locked", "the database is locked by another process")
	ErrFull         = coded("store/full", "the disk is full")
	ErrNotADatabase = coded("store/not_a_database", "the file is not a feeops database")
	ErrCorrupt      = coded("store/corrupt", "the database is damaged")
	ErrNewer        = coded("store/newer", "the database was made by a newer feeops")
	ErrReadOnly     = coded("store/read_only", "the database cannot be written")
	ErrDSN          = errors.New("the DSN is not understood")
	ErrUnreachable  = coded("store/unreachable", "the database cannot be reached")
	ErrLogin        = coded("store/login", "the database refuses the login")
	ErrNoDatabase   = coded("store/no_database", "there is no such database")
	ErrDenied       = coded("store/denied", "the database denies this role something that it needs")
)

// What may be refused.
var (
	ErrFrozen     = coded(codeRefused, "the day's manifest is frozen with another content")
	ErrOpened     = coded(codeRefused, "the day's opening is stored with another content")
	ErrNotFound   = coded(codeRefused, "not stored")
	ErrDuplicate  = coded(codeRefused, "already stored")
	ErrOpenIntent = coded(codeRefused, "an earlier signature for the same page may still land")
	ErrBudget     = coded(codeRefused, "the payer's fees would pass their cap")
	ErrTransition = coded(codeRefused, "the intent cannot change so")
	ErrInvalid    = coded(codeRefused, "the value cannot be stored")
	ErrRaised     = coded(codeRefused, "a flag was raised meanwhile")
	ErrAudit      = coded("store/audit", "the audit log was changed")
)

const codeRefused = "store/refused"

func coded(code, text string) error { return fault.New(fault.Unknown, code, errors.New(text)) }

// Store is one database. It is safe for concurrent use.
type Store struct {
	w *bun.DB // Writes go one after the other, and waiting in Go is fairer than in the database.
	r *bun.DB // Reads do not wait for a write's fsync. These connections cannot write.
	u *bun.DB // A stop waits for no queue of writes.
	engine
	group *group
}

// engine is what the databases do each in its own way.
type engine struct {
	explain   func(error) error                   // Says in words what the database's code means, and what to do.
	exclusive func(context.Context, bun.Tx) error // Keeps other writers out of a transaction that has just begun.
	writable  func(context.Context, bun.Tx) error // Finds out whether that transaction could write.
	busy      func(error) bool                    // Another connection is writing just now, and the database does not wait for it.
	still     *sql.TxOptions                      // Lets all reads of a transaction see one state.
	patient   func(context.Context, bun.Tx) error // Lets a transaction be silent while its user waits for somebody else.
	kind      string
	collate   string // Behind a text column it sorts by bytes.
}

// Open opens or makes the database that dsn names and brings its schema up to date. file:PATH is SQLite: the directory
// is made with mode 0700 and the file with 0600. postgres://… is a database that exists on a PostgreSQL server.
// No error holds any part of the DSN that could be a password.
func Open(ctx context.Context, dsn string) (*Store, error) {
	s, err := open(ctx, dsn)
	if err != nil {
		return nil, err
	}
	return s.begin(), nil
}

func open(ctx context.Context, dsn string) (*Store, error) {
	scheme, rest, _ := strings.Cut(dsn, ":")
	switch path := strings.TrimPrefix(rest, "//"); {
	case scheme == "file" && path != "":
		return openSQLite(ctx, path)
	case isPostgres(dsn):
		return openPostgres(ctx, dsn)
	default:
		return nil, badDSN(scheme)
	}
}

func badDSN(scheme string) error {
	return fmt.Errorf("store: %q…: %w: use file:PATH or postgres://USER@HOST:PORT/DATABASE", scheme, ErrDSN) // The rest may hold a password.
}

// Close lets the write under way end, and ends all connections.
func (s *Store) Close() error {
	s.group.end()
	return errors.Join(s.r.Close(), s.u.Close(), s.w.Close())
}

// Ping says whether the database can be read and whether a write could begin.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.read(ctx, "ping", func(db bun.IDB) error {
		_, err := db.NewSelect().Table("manifests").Limit(1).Exec(ctx)
		return err
	}); err != nil {
		return err
	}
	return s.write(ctx, "ping", func(tx bun.Tx) error { return s.writable(ctx, tx) })
}

// write runs f in a transaction that no other process and no other write shares: what f reads cannot change before its
// own changes, and all of them are on the disk or none. SQLite begins it IMMEDIATE; on PostgreSQL it waits for a lock
// first (ADR 0020). Writes that wait for each other are committed together (see group). f runs once more when the
// transaction in which it ran was rolled back through no fault of its own.
func (s *Store) write(ctx context.Context, what string, f func(bun.Tx) error) error {
	if err := s.group.join(ctx, f); err != nil {
		return fmt.Errorf("store: %s: %w", what, s.explain(err))
	}
	return nil
}

const (
	// urgentLimit is as long as other writes wait for the database.
	urgentLimit = 10 * time.Second
	// urgentPause is short: other writers, of this process or another one, wait longer before they look again, so that the
	// next gap is ours.
	urgentPause = 2 * time.Millisecond
)

// urgent is write on a connection of its own: it waits for the transaction that is under way, and for none of those that
// wait before it.
func (s *Store) urgent(ctx context.Context, what string, f func(bun.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, urgentLimit)
	defer cancel()
	for {
		err := s.u.RunInTx(ctx, nil, func(_ context.Context, tx bun.Tx) error {
			if err := s.exclusive(ctx, tx); err != nil {
				return err
			}
			return f(tx)
		})
		if err == nil {
			return nil
		}
		if !s.busy(err) {
			return fmt.Errorf("store: %s: %w", what, s.explain(err))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("store: %s: %w", what, s.explain(err))
		case <-time.After(urgentPause):
		}
	}
}

func (s *Store) read(_ context.Context, what string, f func(bun.IDB) error) error {
	if err := f(s.r); err != nil {
		return fmt.Errorf("store: %s: %w", what, s.explain(err))
	}
	return nil
}

// each turns rows into what they hold. One that cannot be read ends it: a part of a list looks like the whole.
func each[R, T any](rows []R, read func(R) (T, error)) ([]T, error) {
	out := make([]T, len(rows))
	for i, r := range rows {
		var err error
		if out[i], err = read(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// one turns "no rows" into false.
func one(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
