// Package store keeps what the operations must not forget: plans, signatures, what was paid, why nothing may be sent.
//
// A write that returned without error is on the disk (synchronous=FULL): an intent that was stored survives a power cut
// before its transaction leaves. Reads that find nothing say so with a boolean; an error is never "nothing there".
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

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
	ErrAudit      = coded("store/audit", "the audit log was changed")
)

const codeRefused = "store/refused"

func coded(code, text string) error { return fault.New(fault.Unknown, code, errors.New(text)) }

// Store is one database. It is safe for concurrent use.
type Store struct {
	w       *bun.DB // Writes go one after the other; SQLite knows no other way, and waiting in Go is fairer.
	r       *bun.DB // Reads do not wait for a write's fsync.
	explain func(error) error
}

// Open opens or makes the database that dsn names and brings its schema up to date. file:PATH is SQLite: the directory
// is made with mode 0700 and the file with 0600.
func Open(ctx context.Context, dsn string) (*Store, error) {
	path, isFile := strings.CutPrefix(dsn, "file:")
	if !isFile || strings.TrimPrefix(path, "//") == "" {
		scheme, _, _ := strings.Cut(dsn, ":") // The rest may hold a password.
		return nil, fmt.Errorf("store: %q…: %w: use file:PATH", scheme, ErrDSN)
	}
	return openSQLite(ctx, strings.TrimPrefix(path, "//"))
}

// Close ends all connections.
func (s *Store) Close() error { return errors.Join(s.r.Close(), s.w.Close()) }

// Ping says whether the database can be read and whether a write could begin.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.read(ctx, "ping", func(db bun.IDB) error {
		_, err := db.NewSelect().Table("manifests").Limit(1).Exec(ctx)
		return err
	}); err != nil {
		return err
	}
	return s.write(ctx, "ping", func(bun.Tx) error { return nil })
}

// write runs f in a transaction that no other writer shares. With SQLite it begins IMMEDIATE, so what f reads cannot
// change before it commits; another database must give the same promise here (serializable, or a lock).
func (s *Store) write(ctx context.Context, what string, f func(bun.Tx) error) error {
	err := s.w.RunInTx(ctx, nil, func(_ context.Context, tx bun.Tx) error { return f(tx) })
	if err != nil {
		return fmt.Errorf("store: %s: %w", what, s.explain(err))
	}
	return nil
}

func (s *Store) read(_ context.Context, what string, f func(bun.IDB) error) error {
	if err := f(s.r); err != nil {
		return fmt.Errorf("store: %s: %w", what, s.explain(err))
	}
	return nil
}

// one turns "no rows" into false.
func one(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
