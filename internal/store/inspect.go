package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressly/goose/v3"
)

// Both count the table of versions, which each database lists in its own way.
const (
	sqliteVersions   = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = '" + goose.DefaultTablename + "'"
	postgresVersions = "SELECT COUNT(to_regclass('" + goose.DefaultTablename + "'))"
)

// Kinds of databases.
const (
	KindSQLite   = "sqlite"
	KindPostgres = "postgres"
)

// Info is what can be said of a database without changing it.
type Info struct {
	Kind   string
	Place  string // A path, or an address without its password.
	Server string // Product and version; empty while there is no file.
	Schema int64  // Version of its tables; 0: it has none yet.
	Known  int64  // The version that this program makes.
	Doubts []Doubt
}

// Doubt is something about a database that works and should not stay so.
type Doubt struct {
	Seen string
	Next string // What to do.
}

// Inspect looks at the database that dsn names and changes nothing. A file that is not there yet is no error.
func Inspect(ctx context.Context, dsn string) (Info, error) {
	scheme, rest, _ := strings.Cut(dsn, ":")
	switch path := strings.TrimPrefix(rest, "//"); {
	case scheme == "file" && path != "":
		return inspectSQLite(ctx, path)
	case isPostgres(dsn):
		return inspectPostgres(ctx, dsn)
	default:
		return Info{}, badDSN(scheme)
	}
}

func inspectSQLite(ctx context.Context, path string) (info Info, err error) {
	path, err = filepath.Abs(path)
	info = Info{Kind: KindSQLite, Place: path}
	if err == nil {
		info.Known, err = knownSchema()
	}
	var file fs.FileInfo
	if err == nil {
		file, err = os.Stat(path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return info, nil
	case err != nil:
		return info, fmt.Errorf("store: look at %s: %w", path, explainSQLite(err))
	}
	db, err := sql.Open("sqlite", sqliteName(path, busyTimeout, "mode=rw&_pragma=query_only(1)")) // rw: reading a WAL needs its index.
	if err == nil {
		err = db.QueryRowContext(ctx, "SELECT 'SQLite ' || sqlite_version()").Scan(&info.Server)
		if err == nil {
			info.Schema, err = schemaOf(ctx, db, sqliteVersions)
		}
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		return info, fmt.Errorf("store: look at %s: %w", path, explainSQLite(err))
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if one, err := os.Stat(name); err == nil && one.Mode().Perm()&0o077 != 0 {
			info.Doubts = append(info.Doubts, Doubt{fmt.Sprintf("%s is open to others (mode %04o)", name, one.Mode().Perm()), "chmod 600 " + name})
		}
	}
	if dir, err := os.Stat(filepath.Dir(path)); err == nil && dir.Mode().Perm()&0o022 != 0 && file.Mode().IsRegular() {
		info.Doubts = append(info.Doubts, Doubt{fmt.Sprintf("others may replace files in %s (mode %04o)", filepath.Dir(path), dir.Mode().Perm()), "chmod 700 " + filepath.Dir(path)})
	}
	return info, nil
}

func inspectPostgres(ctx context.Context, dsn string) (Info, error) {
	info := Info{Kind: KindPostgres}
	config, err := postgresConfig(dsn)
	if err != nil {
		return info, err
	}
	info.Place = placeOf(config)
	if info.Known, err = knownSchema(); err == nil {
		db := connectPostgres(config, 1, true)
		err = errors.Join(lookPostgres(ctx, db, dsn, &info), db.Close())
	}
	if err != nil {
		return info, fmt.Errorf("store: look at %s: %w", info.Place, explainPostgres(err))
	}
	return info, nil
}

func lookPostgres(ctx context.Context, db *sql.DB, dsn string, info *Info) (err error) {
	var version, fsync, fullPages string
	var encrypted, nearby, superuser bool
	err = db.QueryRowContext(ctx, `SELECT current_setting('server_version'), current_setting('fsync'), current_setting('full_page_writes'),
		COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), FALSE),
		COALESCE(inet_server_addr() = inet_client_addr(), TRUE),
		(SELECT rolsuper FROM pg_roles WHERE rolname = current_user)`).Scan(&version, &fsync, &fullPages, &encrypted, &nearby, &superuser)
	if err != nil {
		return err
	}
	info.Server = "PostgreSQL " + version
	if fsync != "on" || fullPages != "on" {
		info.Doubts = append(info.Doubts, Doubt{"the server may lose what it has stored when its host crashes (fsync or full_page_writes is off)", "Set fsync = on and full_page_writes = on in postgresql.conf: a signature must be stored before it is sent."})
	}
	if !encrypted && !nearby && !strings.Contains(dsn, "sslmode=disable") {
		info.Doubts = append(info.Doubts, Doubt{"the connection to another host is not encrypted", "Add sslmode=verify-full (and sslrootcert=FILE) to store.dsn; sslmode=disable says that this is meant."})
	}
	if superuser {
		info.Doubts = append(info.Doubts, Doubt{"the role is a superuser of the server", "Give the workers a role of their own that owns this database only (docs/production.md)."})
	}
	info.Schema, err = schemaOf(ctx, db, postgresVersions)
	return err
}

// schemaOf reads the version that the last migration left; 0 is a database without tables of ours. there counts the
// table of versions.
func schemaOf(ctx context.Context, db *sql.DB, there string) (int64, error) {
	var tables, version int64
	if err := db.QueryRowContext(ctx, there).Scan(&tables); err != nil || tables == 0 {
		return 0, err
	}
	err := db.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM "+goose.DefaultTablename).Scan(&version)
	return version, err
}
