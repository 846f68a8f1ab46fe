package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// IntentCosts counts and sums the transactions of the days from first to last, both included, by vault, day, kind and
// fate.
func (s *Store) IntentCosts(ctx context.Context, first, last domain.Day) ([]domain.IntentCost, error) {
	var rows []struct {
		Vault, Day, Kind, State string
		N                       int
		Fees                    number
	}
	err := s.read(ctx, "costs of transactions", func(db bun.IDB) error {
		return db.NewSelect().Table("intents").Column("vault", "day", "kind", "state").ColumnExpr("COUNT(*) AS n").
			ColumnExpr("SUM(CAST(fee_lamports AS BIGINT)) AS fees").Where("day >= ? AND day <= ?", first, last).
			Group("day", "vault", "kind", "state").Order("day", "vault", "kind", "state").Scan(ctx, &rows)
	})
	if err != nil {
		return nil, err
	}
	out := make([]domain.IntentCost, len(rows))
	for i, r := range rows {
		out[i] = domain.IntentCost{
			Vault: r.Vault, Day: domain.Day(r.Day), Kind: domain.IntentKind(r.Kind), State: domain.IntentState(r.State),
			Count: r.N, FeeLamports: uint64(r.Fees),
		}
	}
	return out, nil
}

// LandedIntents reads the transactions of a kind that are final, with their bytes, of the days from first to last, both
// included.
func (s *Store) LandedIntents(ctx context.Context, kind domain.IntentKind, first, last domain.Day) ([]domain.Intent, error) {
	return s.intents(ctx, fmt.Sprintf("landed transactions of kind %s", kind), func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("day >= ? AND day <= ? AND kind = ? AND state = ?", first, last, kind, domain.IntentFinalized)
	})
}

// effortBatch is how many runs one query names: databases bound the number of parameters.
const effortBatch = 500

// Efforts sums what the activities of each run took. A run without an entry was not measured.
func (s *Store) Efforts(ctx context.Context, runs []string) (map[string]domain.Effort, error) {
	out := make(map[string]domain.Effort, len(runs))
	for len(runs) > 0 {
		batch := runs[:min(effortBatch, len(runs))]
		runs = runs[len(batch):]
		var rows []struct {
			RunID                    string
			Steps, Retries, Failures int
			Requests                 uint64
		}
		err := s.read(ctx, "efforts of runs", func(db bun.IDB) error {
			return db.NewSelect().Table("operations").Column("run_id").ColumnExpr("COUNT(*) AS steps").
				ColumnExpr("SUM(CASE WHEN attempt > 1 THEN 1 ELSE 0 END) AS retries").
				ColumnExpr("SUM(CASE WHEN ok THEN 0 ELSE 1 END) AS failures").ColumnExpr("SUM(requests) AS requests").
				Where("run_id IN (?)", bun.List(batch)).Group("run_id").Scan(ctx, &rows)
		})
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out[r.RunID] = domain.Effort{Steps: r.Steps, Retries: r.Retries, Failures: r.Failures, Requests: r.Requests}
		}
	}
	return out, nil
}

// Load sums the RPC requests of each hour in [from, to), oldest first; an hour without any is not listed.
func (s *Store) Load(ctx context.Context, from, to time.Time) ([]domain.HourLoad, error) {
	const hourLayout = "2006-01-02T15" // The beginning of a stored time.
	var rows []struct {
		Hour     string
		Requests uint64
	}
	err := s.read(ctx, "requests by hour", func(db bun.IDB) error {
		return db.NewSelect().Table("operations").ColumnExpr("SUBSTR(started, 1, 13) AS hour").ColumnExpr("SUM(requests) AS requests").
			Where("started >= ? AND started < ?", moment(from), moment(to)).GroupExpr("SUBSTR(started, 1, 13)").OrderExpr("hour").Scan(ctx, &rows)
	})
	if err != nil {
		return nil, err
	}
	out := make([]domain.HourLoad, len(rows))
	for i, r := range rows {
		hour, err := time.Parse(hourLayout, r.Hour)
		if err != nil {
			return nil, fmt.Errorf("store: requests by hour: %w: %q", ErrCorrupt, r.Hour)
		}
		out[i] = domain.HourLoad{Hour: hour, Requests: r.Requests}
	}
	return out, nil
}

// EachOperation visits the steps that began in [from, to), oldest first, without holding them all.
func (s *Store) EachOperation(ctx context.Context, from, to time.Time, visit func(domain.Operation) error) error {
	return s.read(ctx, "operations", func(db bun.IDB) error {
		rows, err := db.NewSelect().Model((*operationRow)(nil)).Where("started >= ? AND started < ?", moment(from), moment(to)).Order("started").Rows(ctx)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r operationRow
			if err := s.r.ScanRow(ctx, rows, &r); err != nil {
				return err
			}
			if err := visit(r.operation()); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// CheckResults counts the newest evaluations of one pre-distribution check over the days from first to last, both included.
func (s *Store) CheckResults(ctx context.Context, row string, first, last domain.Day) (map[domain.CheckResult]int, error) {
	var rows []struct {
		Result string
		N      int
	}
	err := s.read(ctx, "results of check "+row, func(db bun.IDB) error {
		return db.NewSelect().Table("checks").Column("result").ColumnExpr("COUNT(*) AS n").Where("req = ? AND day >= ? AND day <= ?", row, first, last).Group("result").Scan(ctx, &rows)
	})
	out := make(map[domain.CheckResult]int, len(rows))
	for _, r := range rows {
		out[domain.CheckResult(r.Result)] = r.N
	}
	return out, err
}

// PagesOfStrangers counts the pages of the days from first to last, both included, and those of them that somebody else
// turned (X25).
func (s *Store) PagesOfStrangers(ctx context.Context, first, last domain.Day) (all, strangers int, err error) {
	var row struct{ N, Strangers int }
	err = s.read(ctx, "pages of strangers", func(db bun.IDB) error {
		return db.NewSelect().Table("pages").ColumnExpr("COUNT(*) AS n").ColumnExpr("COALESCE(SUM(CASE WHEN ours THEN 0 ELSE 1 END), 0) AS strangers").
			Where("day >= ? AND day <= ?", first, last).Scan(ctx, &row)
	})
	return row.N, row.Strangers, err
}
