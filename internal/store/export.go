package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
)

// Export is everything in the store at one moment, whatever workers write meanwhile.
type Export struct {
	Kind       string  // KindSQLite or KindPostgres.
	Migrations []int64 // That made its tables, in their order.
	Shapes     []Shape // Tables to which others refer come first.

	tx      bun.Tx
	collate string
	explain func(error) error
}

// Export gives f one state of the whole store. It keeps no writer waiting, however long f takes.
func (s *Store) Export(ctx context.Context, f func(Export) error) error {
	var own error // An error of f's is not the database's, and is not explained as one.
	err := s.r.RunInTx(ctx, s.still, func(ctx context.Context, tx bun.Tx) error {
		if err := s.patient(ctx, tx); err != nil {
			return err
		}
		e := Export{Kind: s.kind, tx: tx, collate: s.collate, explain: s.explain}
		var err error
		if e.Migrations, err = appliedIn(ctx, tx); err != nil {
			return err
		}
		if e.Shapes, err = shapesAfter(ctx, e.Migrations); err != nil {
			return err
		}
		own = f(e)
		return own
	})
	switch {
	case own != nil:
		return own
	case err != nil:
		return fmt.Errorf("store: export: %w", s.explain(err))
	}
	return nil
}

// appliedIn lists the migrations that a database has.
func appliedIn(ctx context.Context, db bun.IDB) ([]int64, error) {
	var out []int64
	err := db.NewSelect().Table(goose.DefaultTablename).ColumnExpr("DISTINCT version_id").Where("version_id > 0").OrderExpr("version_id").Scan(ctx, &out)
	return out, err
}

// EachRow gives every row of a table to visit, in an order that is the same in every database. Values are string, int64,
// bool or nil, by the shape's columns, and are only good during the call.
func (e Export) EachRow(ctx context.Context, shape Shape, visit func(values []any) error) error {
	return eachRow(ctx, e.tx, e.collate, e.explain, shape, visit)
}

func eachRow(ctx context.Context, tx bun.Tx, collate string, explain func(error) error, shape Shape, visit func([]any) error) error {
	fail := func(err error) error { return fmt.Errorf("store: read table %s: %w", shape.Table, explain(err)) }
	rows, err := tx.QueryContext(ctx, selectAll(shape, collate))
	if err != nil {
		return fail(err)
	}
	defer func() { _ = rows.Close() }() // Err tells of a broken list.
	values, into := make([]any, len(shape.Columns)), make([]any, len(shape.Columns))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fail(err)
		}
		for i, c := range shape.Columns {
			if values[i], err = plainValue(c, values[i]); err != nil {
				return fail(err)
			}
		}
		if err := visit(values); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return nil
}

// selectAll orders text by its bytes: a database that sorts as people do would give another order.
func selectAll(shape Shape, collate string) string {
	names := make([]string, len(shape.Columns))
	for i, c := range shape.Columns {
		names[i] = c.Name
	}
	var order []string
	for _, c := range shape.order() {
		one := c.Name
		if c.Kind == ColumnText {
			one += collate
		}
		order = append(order, one)
	}
	return "SELECT " + strings.Join(names, ", ") + " FROM " + shape.Table + " ORDER BY " + strings.Join(order, ", ")
}

// plainValue evens out what the drivers make of a value.
func plainValue(c Column, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		if c.Kind == ColumnText {
			return v, nil
		}
	case []byte:
		if c.Kind == ColumnText {
			return string(v), nil
		}
	case time.Time: // Some drivers turn text of this form into a time by themselves.
		if c.Kind == ColumnText {
			return v.UTC().Format(timeLayout), nil
		}
	case bool:
		if c.Kind == ColumnBoolean {
			return v, nil
		}
	case int64:
		switch c.Kind {
		case ColumnBoolean:
			return v != 0, nil
		case ColumnInteger:
			return v, nil
		}
	}
	return nil, fmt.Errorf("column %s holds a %T, want %s", c.Name, v, c.Kind)
}

// schemaTables says whether a table of versions is there at all.
func schemaTables(ctx context.Context, db *sql.DB, there string) (bool, error) {
	var n int64
	err := db.QueryRowContext(ctx, there).Scan(&n)
	return n > 0, err
}
