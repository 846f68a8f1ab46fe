package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

func newProvider(dialect goose.Dialect, db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	// Work on several parts at once numbers its migrations before it is joined: one with a lower number may come later.
	return goose.NewProvider(dialect, db, files, goose.WithAllowOutofOrder(true))
}

// migrationFiles are the names of all migrations of this program.
func migrationFiles() ([]string, error) { return fs.Glob(migrations, "migrations/*.sql") }

// knownSchema is the newest version among the migrations of this program.
func knownSchema() (int64, error) {
	all, err := Migrations()
	if err != nil || len(all) == 0 {
		return 0, err
	}
	return all[len(all)-1], nil
}

// migrate brings the schema up to date. A newer schema is refused: this program does not know what it means.
func migrate(ctx context.Context, dialect goose.Dialect, db *sql.DB) error {
	provider, err := newProvider(dialect, db)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if current > target {
		return fmt.Errorf("%w: its schema has version %d, this program knows %d: install the newer program", ErrNewer, current, target)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the schema from version %d to %d: %w", current, target, err)
	}
	return nil
}
