package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// bookedRow is a day's plan without its lists, beside the report of the day.
type bookedRow struct {
	Vault    string
	Day      string
	Hash     sql.NullString
	OpenedTS sql.NullInt64 `bun:"opened_ts"`
	Document sql.NullString
}

func (r bookedRow) day() (domain.BookedDay, error) {
	b := domain.BookedDay{Vault: r.Vault, Day: domain.Day(r.Day), Hash: r.Hash.String}
	if r.OpenedTS.Valid {
		b.Opened = &r.OpenedTS.Int64
	}
	if r.Document.Valid {
		b.Report = &domain.DayReport{}
		if err := json.Unmarshal([]byte(r.Document.String), b.Report); err != nil {
			return b, fmt.Errorf("store: report of %s for %s: %w: %w", r.Vault, r.Day, ErrCorrupt, err)
		}
	}
	return b, nil
}

const bookedColumns = "m.vault, m.day, m.hash, m.opened_ts, r.document"

// NewestPlans reads the newest planned day of every vault, with the report of that day, in one query for the fleet. The
// lists of the plans are not read: they are large.
func (s *Store) NewestPlans(ctx context.Context) (map[string]domain.BookedDay, error) {
	rows, err := s.booked(ctx, "newest plans", func(db bun.IDB) *bun.SelectQuery {
		return db.NewSelect().ColumnExpr(bookedColumns).TableExpr("manifests AS m").
			Join("LEFT JOIN reports AS r ON r.vault = m.vault AND r.day = m.day").
			Where("(m.vault, m.day) IN (SELECT vault, MAX(day) FROM manifests GROUP BY vault)")
	})
	if err != nil {
		return nil, err
	}
	out := make(map[string]domain.BookedDay, len(rows))
	for _, b := range rows {
		out[b.Vault] = b
	}
	return out, nil
}

// BookedDays reads what the books hold of the days from first to last, both included, of one vault or of all when none
// is named, by day and vault. Days are chosen by their names: a day may be opened on the date after.
func (s *Store) BookedDays(ctx context.Context, vault string, first, last domain.Day) ([]domain.BookedDay, error) {
	within := func(q *bun.SelectQuery, table string) *bun.SelectQuery {
		q = q.Where(table+".day >= ? AND "+table+".day <= ?", first, last)
		if vault != "" {
			q = q.Where(table+".vault = ?", vault)
		}
		return q
	}
	planned, err := s.booked(ctx, "planned days", func(db bun.IDB) *bun.SelectQuery {
		return within(db.NewSelect().ColumnExpr(bookedColumns).TableExpr("manifests AS m").
			Join("LEFT JOIN reports AS r ON r.vault = m.vault AND r.day = m.day"), "m").OrderExpr("m.day, m.vault")
	})
	if err != nil {
		return nil, err
	}
	// A report without a plan: the plan was lost with the store and the day ended without it.
	bare, err := s.booked(ctx, "days without a plan", func(db bun.IDB) *bun.SelectQuery {
		return within(db.NewSelect().ColumnExpr("r.vault, r.day, r.document").TableExpr("reports AS r"), "r").
			Where("NOT EXISTS (SELECT 1 FROM manifests AS m WHERE m.vault = r.vault AND m.day = r.day)").OrderExpr("r.day, r.vault")
	})
	return append(planned, bare...), err
}

func (s *Store) booked(ctx context.Context, what string, query func(bun.IDB) *bun.SelectQuery) ([]domain.BookedDay, error) {
	var rows []bookedRow
	err := s.read(ctx, what, func(db bun.IDB) error { return query(db).Scan(ctx, &rows) })
	if err != nil {
		return nil, err
	}
	return each(rows, bookedRow.day)
}

// Volume says how large the database is and how many days it holds.
func (s *Store) Volume(ctx context.Context) (domain.Volume, error) {
	var v domain.Volume
	var days struct {
		N     int
		First sql.NullString
		Last  sql.NullString
	}
	err := s.read(ctx, "volume", func(db bun.IDB) error {
		if err := db.NewSelect().Table("reports").ColumnExpr("COUNT(*) AS n, MIN(day) AS first, MAX(day) AS last").Scan(ctx, &days); err != nil {
			return err
		}
		return db.NewRaw(s.sizeQuery()).Scan(ctx, &v.Bytes)
	})
	v.VaultDays, v.First, v.Last = days.N, domain.Day(days.First.String), domain.Day(days.Last.String)
	return v, err
}

// sizeQuery is the one question that every database wants in words of its own.
func (s *Store) sizeQuery() string {
	if s.r.Dialect().Name() == dialect.PG {
		return "SELECT pg_database_size(current_database())"
	}
	return "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
}
