package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/pressly/goose/v3"
)

// ColumnKind is how a column's values leave the database and come back.
type ColumnKind string

// Kinds of columns. Migrations use no others, so that every database can take what another one gave.
const (
	ColumnText    ColumnKind = "text"    // string
	ColumnInteger ColumnKind = "integer" // int64
	ColumnBoolean ColumnKind = "boolean" // bool
)

// Column is a column of a table.
type Column struct {
	Name string     `json:"name"`
	Kind ColumnKind `json:"kind"`
}

// Shape is a table as the migrations make it.
type Shape struct {
	Table   string   `json:"table"`
	Columns []Column `json:"columns"` // In the order in which they were made.
	Key     []string `json:"key"`     // Primary key; empty: none.
}

// order are the columns by which rows stand the same way in every database.
func (s Shape) order() []Column {
	if len(s.Key) == 0 {
		return s.Columns
	}
	var out []Column
	for _, name := range s.Key {
		for _, c := range s.Columns {
			if c.Name == name {
				out = append(out, c)
			}
		}
	}
	return out
}

// Migrations are the numbers of all migrations that this program knows.
func Migrations() ([]int64, error) {
	names, err := migrationFiles()
	if err != nil {
		return nil, err
	}
	var out []int64
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", name, err)
		}
		out = append(out, version)
	}
	slices.Sort(out)
	return out, nil
}

// shapesAfter works out which tables a list of migrations makes, those that others refer to first. It asks an empty
// database in memory, so that no table is forgotten and none of another program is taken along.
func shapesAfter(ctx context.Context, versions []int64) (_ []Shape, err error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // Each connection has a memory of its own.
	provider, err := newProvider(gooseSQLite, db)
	if err != nil {
		return nil, err
	}
	for _, v := range versions {
		if _, err := provider.ApplyVersion(ctx, v, true); err != nil {
			return nil, fmt.Errorf("tables of migration %d: %w", v, err)
		}
	}
	names, err := texts(ctx, db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> '"+goose.DefaultTablename+"' ORDER BY name")
	if err != nil {
		return nil, err
	}
	var out []Shape
	for len(out) < len(names) {
		before := len(out)
		for _, name := range names {
			if slices.ContainsFunc(out, func(s Shape) bool { return s.Table == name }) {
				continue
			}
			parents, err := texts(ctx, db, `SELECT DISTINCT "table" FROM pragma_foreign_key_list(?)`, name)
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(parents, func(p string) bool {
				return p != name && !slices.ContainsFunc(out, func(s Shape) bool { return s.Table == p })
			}) {
				continue
			}
			shape, err := shapeOf(ctx, db, name)
			if err != nil {
				return nil, err
			}
			out = append(out, shape)
		}
		if len(out) == before {
			return nil, fmt.Errorf("tables %v refer to each other in a circle", names)
		}
	}
	return out, nil
}

func shapeOf(ctx context.Context, db *sql.DB, table string) (Shape, error) {
	out := Shape{Table: table}
	rows, err := db.QueryContext(ctx, "SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid", table)
	if err != nil {
		return out, err
	}
	defer func() { _ = rows.Close() }() // Err tells of a broken list.
	key := map[int]string{}
	for rows.Next() {
		var name, kind string
		var place int
		if err := rows.Scan(&name, &kind, &place); err != nil {
			return out, err
		}
		known := map[string]ColumnKind{"TEXT": ColumnText, "BIGINT": ColumnInteger, "INTEGER": ColumnInteger, "BOOLEAN": ColumnBoolean}[kind]
		if known == "" {
			return out, fmt.Errorf("column %s of %s has type %s, which not every database keeps alike", name, table, kind)
		}
		out.Columns = append(out.Columns, Column{Name: name, Kind: known})
		if place > 0 {
			key[place] = name
		}
	}
	for i := 1; i <= len(key); i++ {
		out.Key = append(out.Key, key[i])
	}
	return out, rows.Err()
}

// texts reads a column of texts.
func texts(ctx context.Context, db *sql.DB, query string, args ...any) ([]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err tells of a broken list.
	var out []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}
