package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	busyTimeout  = 10 * time.Second // Other processes' writes take milliseconds; one that holds on longer hangs.
	readers      = 4
	lockInterval = 20 * time.Millisecond
	gooseSQLite  = goose.DialectSQLite3
)

func openSQLite(ctx context.Context, path string) (*Store, error) {
	fail := func(err error) (*Store, error) {
		return nil, fmt.Errorf("store: open %s: %w", path, explainSQLite(err))
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return fail(err)
	}
	if err := makeFile(path); err != nil {
		return fail(err)
	}
	w, err := connectSQLite(path, 1, busyTimeout, "&_txlock=immediate")
	if err != nil {
		return fail(err)
	}
	if err := migrateSQLite(ctx, w, path); err != nil {
		return fail(errors.Join(err, w.Close()))
	}
	r, err := connectSQLite(path, readers, busyTimeout, "&_pragma=query_only(1)")
	if err != nil {
		return fail(errors.Join(err, w.Close()))
	}
	u, err := connectSQLite(path, 1, 0, "&_txlock=immediate")
	if err != nil {
		return fail(errors.Join(err, w.Close(), r.Close()))
	}
	return &Store{w: bun.NewDB(w, sqlitedialect.New()), r: bun.NewDB(r, sqlitedialect.New()), u: bun.NewDB(u, sqlitedialect.New()), engine: sqliteEngine()}, nil
}

// sqliteEngine has little to add: writes begin IMMEDIATE, which needs the write lock, and any transaction sees one state.
func sqliteEngine() engine {
	nothing := func(context.Context, bun.Tx) error { return nil }
	return engine{explain: explainSQLite, exclusive: nothing, writable: nothing, busy: busySQLite, patient: nothing, kind: KindSQLite}
}

// makeFile makes the file before SQLite does, which would let everyone read it. Its journal inherits the mode.
func makeFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// busySQLite is true while another connection is writing.
func busySQLite(err error) bool {
	var engine *sqlite.Error
	return errors.As(err, &engine) && (engine.Code()&0xff == sqlite3.SQLITE_BUSY || engine.Code()&0xff == sqlite3.SQLITE_LOCKED)
}

func connectSQLite(path string, connections int, busy time.Duration, more string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", sqliteName(path, busy, "_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"+more))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

func sqliteName(path string, busy time.Duration, parameters string) string {
	return (&url.URL{Scheme: "file", Path: path}).String() + fmt.Sprintf("?_pragma=busy_timeout(%d)&%s", busy.Milliseconds(), parameters)
}

// migrateSQLite lets one process at a time change the schema: two that start together would both make the tables.
func migrateSQLite(ctx context.Context, db *sql.DB, path string) error {
	ctx, cancel := context.WithTimeout(ctx, busyTimeout)
	defer cancel()
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, lockInterval); err != nil {
		return fmt.Errorf("%s.lock: %w (%w)", path, ErrLocked, err)
	}
	err := migrate(ctx, gooseSQLite, db)
	return errors.Join(err, lock.Unlock())
}

// explainSQLite says in words what the engine's code means, and what to do.
func explainSQLite(err error) error {
	var engine *sqlite.Error
	if errors.As(err, &engine) {
		switch engine.Code() & 0xff { // The upper bits refine the lower.
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return fmt.Errorf("%w for more than %s (%w): stop it, or let it finish its backup", ErrLocked, busyTimeout, err)
		case sqlite3.SQLITE_FULL:
			return fmt.Errorf("%w (%w): nothing was stored; free some space and try again", ErrFull, err)
		case sqlite3.SQLITE_NOTADB:
			return fmt.Errorf("%w (%w): correct store.dsn; the file is left as it is", ErrNotADatabase, err)
		case sqlite3.SQLITE_CORRUPT:
			return fmt.Errorf("%w (%w): stop all distributions and restore a backup", ErrCorrupt, err)
		case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
			return fmt.Errorf("%w (%w): check the owner and the mode of the file and its directory", ErrReadOnly, err)
		}
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w (%w): free some space and try again", ErrFull, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w (%w): check the path, its owner and its mode", ErrReadOnly, err)
	}
	return err
}
