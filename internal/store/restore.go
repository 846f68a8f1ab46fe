package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/dialect/sqlitedialect"
)

// ErrNotEmpty keeps a restore from putting old rows over newer ones: signatures that were stored since would be
// forgotten, and what they paid with them.
var ErrNotEmpty = coded(codeRefused, "the store is not empty")

// Filling is an empty database that is being filled, in one transaction.
type Filling struct {
	Shapes []Shape      // Tables to which others refer come first; rows must come so too.
	Setup  []AuditEntry // What setup had written into the empty store; it gave way.

	tx      bun.Tx
	collate string
	explain func(error) error
	table   string
	query   string
	rows    int
	args    []any
	bytes   int
}

const (
	fillRows  = 200
	fillBytes = 256 << 10 // Of text: a statement holds its values.
)

// Restore fills the empty database that dsn names with rows that were exported when its tables were those of the given
// migrations, and then brings the tables up to date. A database that holds a row of ours is refused with ErrNotEmpty,
// and migrations that this program does not know with ErrNewer. When fill fails nothing is kept, and other writers see
// either nothing or all of it. Nobody else changes the tables while it runs.
func Restore(ctx context.Context, dsn string, migrations []int64, fill func(*Filling) error) error {
	if err := knowsAll(migrations); err != nil {
		return err
	}
	scheme, rest, _ := strings.Cut(dsn, ":")
	switch path := strings.TrimPrefix(rest, "//"); {
	case scheme == "file" && path != "":
		return restoreSQLite(ctx, path, migrations, fill)
	case isPostgres(dsn):
		return restorePostgres(ctx, dsn, migrations, fill)
	default:
		return badDSN(scheme)
	}
}

// knowsAll refuses what a newer program has made.
func knowsAll(migrations []int64) error {
	known, err := Migrations()
	if err != nil {
		return fmt.Errorf("store: restore: %w", err)
	}
	for _, v := range migrations {
		if !slices.Contains(known, v) {
			return fmt.Errorf("store: restore: %w: it has migration %d, this program knows %v: install the newer program", ErrNewer, v, known)
		}
	}
	return nil
}

func restoreSQLite(ctx context.Context, path string, migrations []int64, fill func(*Filling) error) (err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("store: restore: %w", err)
	}
	var own error
	fail := func(err error) error { return fmt.Errorf("store: restore into %s: %w", path, explainSQLite(err)) }
	_, statErr := os.Stat(path)
	if err := makeFile(path); err != nil {
		return fail(err)
	}
	if errors.Is(statErr, fs.ErrNotExist) {
		defer func() { // What was made for this alone goes with its failure.
			if err != nil {
				for _, more := range []string{"", "-wal", "-shm", ".lock"} {
					_ = os.Remove(path + more)
				}
			}
		}()
	}
	waiting, cancel := context.WithTimeout(ctx, busyTimeout)
	defer cancel()
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(waiting, lockInterval); err != nil {
		return fail(fmt.Errorf("%s.lock: %w (%w)", path, ErrLocked, err))
	}
	w, err := connectSQLite(path, 1, busyTimeout, "&_txlock=immediate")
	if err == nil {
		r := restoring{db: w, bun: bun.NewDB(w, sqlitedialect.New()), dialect: gooseSQLite, engine: sqliteEngine(), migrations: migrations, there: sqliteVersions}
		own, err = r.run(ctx, fill)
		err = errors.Join(err, w.Close())
	}
	if err = errors.Join(err, lock.Unlock()); err != nil && own == nil {
		return fail(err)
	}
	return own
}

func restorePostgres(ctx context.Context, dsn string, migrations []int64, fill func(*Filling) error) error {
	config, err := postgresConfig(dsn)
	if err != nil {
		return err
	}
	var own error
	w := connectPostgres(config, writers, false)
	err = withSchemaLock(ctx, w, func() (err error) {
		r := restoring{db: w, bun: bun.NewDB(w, pgdialect.New()), dialect: goosePostgres, engine: postgresEngine(), migrations: migrations, there: postgresVersions}
		own, err = r.run(ctx, fill)
		return err
	})
	if err = errors.Join(err, w.Close()); err != nil && own == nil {
		return fmt.Errorf("store: restore into %s: %w", placeOf(config), explainPostgres(err))
	}
	return own
}

// restoring is one restore.
type restoring struct {
	engine

	db         *sql.DB
	bun        *bun.DB
	dialect    goose.Dialect
	migrations []int64
	there      string // Counts the table of versions.
}

// run does it all. own is an error of fill, which is not the database's.
func (r restoring) run(ctx context.Context, fill func(*Filling) error) (own, err error) {
	if err := r.refuseFull(ctx); err != nil {
		return nil, err
	}
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	shapes, err := shapesAfter(ctx, r.migrations)
	if err != nil {
		return nil, err
	}
	err = r.bun.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if err := errors.Join(r.exclusive(ctx, tx), r.patient(ctx, tx)); err != nil {
			return err
		}
		if err := empty(ctx, tx, shapes); err != nil { // Somebody may have been faster.
			return err
		}
		setup, err := giveWay(ctx, tx, shapes)
		if err != nil {
			return err
		}
		f := &Filling{Shapes: shapes, Setup: setup, tx: tx, collate: r.collate, explain: r.explain}
		if own = fill(f); own == nil {
			return f.flush(ctx)
		}
		return own
	})
	if err != nil {
		return own, err
	}
	return nil, migrate(ctx, r.dialect, r.db)
}

// refuseFull looks for rows before anything about the tables is changed.
func (r restoring) refuseFull(ctx context.Context) error {
	there, err := schemaTables(ctx, r.db, r.there)
	if err != nil || !there {
		return err
	}
	have, err := appliedIn(ctx, r.bun)
	if err == nil {
		err = knowsAll(have)
	}
	if err != nil {
		return err
	}
	shapes, err := shapesAfter(ctx, have)
	if err != nil {
		return err
	}
	return empty(ctx, r.bun, shapes)
}

// ActionSetup is the audit entry of feeops setup. A store that holds nothing else is still empty: on a new host setup
// comes before a restore.
const ActionSetup = "setup.make"

const auditTable = "audit"

// giveWay takes setup's entries out of an empty store, because the log of the archive begins at its own first entry.
func giveWay(ctx context.Context, tx bun.Tx, shapes []Shape) ([]AuditEntry, error) {
	if !slices.ContainsFunc(shapes, func(s Shape) bool { return s.Table == auditTable }) {
		return nil, nil
	}
	var rows []auditRow
	if err := tx.NewSelect().Model(&rows).Order("seq").Scan(ctx); err != nil {
		return nil, err
	}
	var out []AuditEntry
	for _, r := range rows {
		out = append(out, r.entry())
	}
	_, err := tx.NewDelete().Model((*auditRow)(nil)).Where("action = ?", ActionSetup).Exec(ctx)
	return out, err
}

// empty is nil when no table has a row, besides what setup writes.
func empty(ctx context.Context, db bun.IDB, shapes []Shape) error {
	var full []string
	for _, s := range shapes {
		q := db.NewSelect().Table(s.Table)
		if s.Table == auditTable {
			q = q.Where("action <> ?", ActionSetup)
		}
		some, err := q.Exists(ctx)
		if err != nil {
			return fmt.Errorf("table %s: %w", s.Table, err)
		}
		if some {
			full = append(full, s.Table)
		}
	}
	if len(full) > 0 {
		return fmt.Errorf("%w: there are rows in %s. Nothing is written over: what was stored since the backup would be forgotten, and with it which signatures may still land. Restore into another file or database, or move this one away and keep it", ErrNotEmpty, strings.Join(full, ", "))
	}
	return nil
}

// prepare makes exactly the tables of the export. All are empty, so that those of later migrations can be taken back.
func (r restoring) prepare(ctx context.Context) error {
	provider, err := newProvider(r.dialect, r.db)
	if err != nil {
		return err
	}
	if _, err := provider.GetDBVersion(ctx); err != nil { // It also makes the table of versions.
		return err
	}
	have, err := appliedIn(ctx, r.bun)
	if err != nil {
		return err
	}
	for _, v := range slices.Backward(have) {
		if !slices.Contains(r.migrations, v) {
			if _, err := provider.ApplyVersion(ctx, v, false); err != nil {
				return fmt.Errorf("take back migration %d of an empty store: %w", v, err)
			}
		}
	}
	for _, v := range r.migrations {
		if !slices.Contains(have, v) {
			if _, err := provider.ApplyVersion(ctx, v, true); err != nil {
				return fmt.Errorf("migration %d: %w", v, err)
			}
		}
	}
	return nil
}

// Add puts in a row: values by the shape's columns, each a string, int64, bool or nil.
func (f *Filling) Add(ctx context.Context, shape Shape, values []any) error {
	if shape.Table != f.table {
		if err := f.flush(ctx); err != nil {
			return err
		}
		names := make([]string, len(shape.Columns))
		for i, c := range shape.Columns {
			names[i] = c.Name
		}
		f.table, f.query = shape.Table, "INSERT INTO "+shape.Table+" ("+strings.Join(names, ", ")+") VALUES "
	}
	f.rows++
	f.args = append(f.args, values...)
	for _, v := range values {
		if text, ok := v.(string); ok {
			f.bytes += len(text)
		}
	}
	if f.rows >= fillRows || f.bytes >= fillBytes {
		return f.flush(ctx)
	}
	return nil
}

func (f *Filling) flush(ctx context.Context) error {
	if f.rows == 0 {
		return nil
	}
	one := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(f.args)/f.rows), ", ") + "), "
	_, err := f.tx.ExecContext(ctx, f.query+strings.TrimSuffix(strings.Repeat(one, f.rows), ", "), f.args...)
	f.rows, f.bytes, f.args = 0, 0, f.args[:0]
	if err != nil {
		return fmt.Errorf("store: fill table %s: %w", f.table, f.explain(err))
	}
	return nil
}

// EachRow reads back what was put in, as Export does.
func (f *Filling) EachRow(ctx context.Context, shape Shape, visit func(values []any) error) error {
	if err := f.flush(ctx); err != nil {
		return err
	}
	return eachRow(ctx, f.tx, f.collate, f.explain, shape, visit)
}
