package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

const (
	goosePostgres = goose.DialectPostgres

	// Keys of the advisory locks, one for writing and one for changing the schema. They are numbers that no other program
	// in the same database is likely to use.
	writeKey  = 0x6665656f7073_01
	schemaKey = 0x6665656f7073_02

	connectTimeout = 10 * time.Second
	// A worker whose host stands still or is cut off while it holds the write lock would stop all others: the server ends
	// a transaction that says nothing for so long.
	idleTimeout  = 15 * time.Second
	connLifetime = 30 * time.Minute // So that a pool goes back to a server that was away.
	writers      = 2                // One that writes, and one that already waits for the lock.
)

func isPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

func openPostgres(ctx context.Context, dsn string) (*Store, error) {
	config, err := postgresConfig(dsn)
	if err != nil {
		return nil, err
	}
	fail := func(err error) (*Store, error) {
		return nil, fmt.Errorf("store: open %s: %w", placeOf(config), explainPostgres(err))
	}
	w := connectPostgres(config, writers, false)
	if err := migratePostgres(ctx, w); err != nil {
		return fail(errors.Join(err, w.Close()))
	}
	r, u := connectPostgres(config, readers, true), connectPostgres(config, 1, false)
	return &Store{w: bun.NewDB(w, pgdialect.New()), r: bun.NewDB(r, pgdialect.New()), u: bun.NewDB(u, pgdialect.New()), engine: postgresEngine()}, nil
}

func postgresEngine() engine {
	return engine{
		explain: explainPostgres, exclusive: lockWrites, writable: checkWritable, patient: allowSilence, kind: KindPostgres, collate: ` COLLATE "C"`,
		busy:  func(error) bool { return false }, // The lock is given in the order in which it was asked for, and each process asks for two at most.
		still: &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
	}
}

// postgresConfig reads a DSN. What is said of one that cannot be read is kept back, because it may quote a password.
func postgresConfig(dsn string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil || torn(dsn) {
		return nil, fmt.Errorf("store: postgres://…: %w: use postgres://USER@HOST:PORT/DATABASE; in a password write @ / ? # and %% as %%40 %%2F %%3F %%23 %%25", ErrDSN)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	// bun puts the values into the statements itself. Preparing each of them would fill the server with statements that
	// never come again, and fail behind a connection pooler.
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	config.StatementCacheCapacity, config.DescriptionCacheCapacity = 0, 0
	for name, value := range map[string]string{
		"application_name":                    "feeops",
		"standard_conforming_strings":         "on", // Else a backslash in a value would be an escape.
		"timezone":                            "UTC",
		"lock_timeout":                        fmt.Sprint(busyTimeout.Milliseconds()),
		"idle_in_transaction_session_timeout": fmt.Sprint(idleTimeout.Milliseconds()),
	} {
		if _, given := config.RuntimeParams[name]; !given || name == "standard_conforming_strings" {
			config.RuntimeParams[name] = value
		}
	}
	return config, nil
}

// torn is true when a character that was not escaped has cut the password in two: what follows would be taken for the
// name of a host, a database or a parameter, and shown. Only one @ may stand plain, the one before the host.
func torn(dsn string) bool {
	_, rest, _ := strings.Cut(dsn, "://")
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	return strings.Count(authority, "@") > 1 || strings.Contains(rest[len(authority):], "@")
}

// placeOf names the database without its password.
func placeOf(c *pgx.ConnConfig) string {
	return fmt.Sprintf("postgres://%s@%s:%d/%s", c.User, c.Host, c.Port, c.Database)
}

func connectPostgres(config *pgx.ConnConfig, connections int, reading bool) *sql.DB {
	config = config.Copy()
	if reading {
		config.RuntimeParams["default_transaction_read_only"] = "on"
	}
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(syncCommits))
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxLifetime(connLifetime)
	return db
}

// syncCommits makes a commit wait for the disk also where the role or the database was set up not to: "stored before
// sent" is worth what the disk gives. Stricter settings, which wait for a standby, stay.
func syncCommits(ctx context.Context, c *pgx.Conn) error {
	_, err := c.Exec(ctx, "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'")
	return err
}

// lockWrites waits until no other transaction of feeops writes. The lock ends with the transaction, also when its process
// or its connection does. Isolation stays READ COMMITTED: each statement after this one sees what the writers before have
// committed, while a stricter level would go on looking at the state from before the wait.
func lockWrites(ctx context.Context, tx bun.Tx) error {
	_, err := tx.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", int64(writeKey)))
	return err
}

// allowSilence is for a backup that waits for its target, and a restore that waits for its archive: neither holds up a
// page.
func allowSilence(ctx context.Context, tx bun.Tx) error {
	_, err := tx.ExecContext(ctx, "SET LOCAL idle_in_transaction_session_timeout = 0")
	return err
}

// checkWritable finds a standby, a database that was made read-only, and a role that may only look.
func checkWritable(ctx context.Context, tx bun.Tx) error {
	var readOnly, may bool
	err := tx.NewRaw("SELECT current_setting('transaction_read_only') = 'on', has_table_privilege('intents', 'INSERT') AND has_table_privilege('intents', 'UPDATE')").Scan(ctx, &readOnly, &may)
	switch {
	case err != nil:
		return err
	case readOnly:
		return fmt.Errorf("%w: the server takes no writes: it is a standby, or was made read-only, as some providers do when the disk is nearly full", ErrReadOnly)
	case !may:
		return fmt.Errorf("%w: it may not write table intents: %s", ErrDenied, nextDenied)
	}
	return nil
}

// migratePostgres lets one process at a time change the schema: two that start together would both make the tables.
func migratePostgres(ctx context.Context, db *sql.DB) error {
	return withSchemaLock(ctx, db, func() error { return migrate(ctx, goosePostgres, db) })
}

// withSchemaLock does f while no other process changes the schema.
func withSchemaLock(ctx context.Context, db *sql.DB, f func() error) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_lock(%d)", int64(schemaKey))); err != nil {
		return err
	}
	err = f()
	_, unlockErr := conn.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("SELECT pg_advisory_unlock(%d)", int64(schemaKey)))
	return errors.Join(err, unlockErr)
}
