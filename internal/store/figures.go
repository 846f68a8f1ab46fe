package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// These reads serve the whole fleet with one query each, because the watch asks once a minute.

// PendingSignatures counts by vault the signatures that are not settled: they may still land or be rolled back.
func (s *Store) PendingSignatures(ctx context.Context) (map[string]int, error) {
	var rows []struct {
		Vault string
		N     int
	}
	err := s.read(ctx, "pending signatures", func(db bun.IDB) error {
		return db.NewSelect().Model((*intentRow)(nil)).Column("vault").ColumnExpr("COUNT(*) AS n").
			Where("state IN ('prepared', 'sent', 'confirmed')").Group("vault").Scan(ctx, &rows) // As the index says it.
	})
	if err != nil {
		return nil, err
	}
	out := make(map[string]int, len(rows))
	for _, r := range rows {
		out[r.Vault] = r.N
	}
	return out, nil
}

// ManifestHead names the newest plan of a vault.
type ManifestHead struct {
	Vault  string
	Day    domain.Day
	Hash   string
	Opened bool // The chain has opened the day, and its figures are stored with the plan.
}

// ManifestHeads reads the newest plan's head of every vault.
func (s *Store) ManifestHeads(ctx context.Context) (map[string]ManifestHead, error) {
	var rows []ManifestHead
	err := s.read(ctx, "newest manifests", func(db bun.IDB) error {
		return db.NewSelect().Model((*manifestRow)(nil)).Column("vault", "day", "hash").ColumnExpr("opening IS NOT NULL AS opened").
			Where("(vault, day) IN (SELECT vault, MAX(day) FROM manifests GROUP BY vault)").Scan(ctx, &rows)
	})
	if err != nil {
		return nil, err
	}
	out := make(map[string]ManifestHead, len(rows))
	for _, r := range rows {
		out[r.Vault] = r
	}
	return out, nil
}

// LatestReports reads the newest day's report of every vault.
func (s *Store) LatestReports(ctx context.Context) (map[string]domain.DayReport, error) {
	var rows []reportRow
	err := s.read(ctx, "newest reports", func(db bun.IDB) error {
		return db.NewSelect().Model(&rows).Where("(vault, day) IN (SELECT vault, MAX(day) FROM reports GROUP BY vault)").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out := make(map[string]domain.DayReport, len(rows))
	for _, r := range rows {
		var report domain.DayReport
		if err := json.Unmarshal([]byte(r.Document), &report); err != nil {
			return nil, fmt.Errorf("store: report of %s for %s: %w: %w", r.Vault, r.Day, ErrCorrupt, err)
		}
		out[r.Vault] = report
	}
	return out, nil
}

// DayRef names a vault's day.
type DayRef struct {
	Vault string
	Day   domain.Day
}

// ForeignPages counts the pages that somebody else turned, by vault and day (X25).
func (s *Store) ForeignPages(ctx context.Context) (map[DayRef]int, error) {
	var rows []struct {
		Vault string
		Day   string
		N     int
	}
	err := s.read(ctx, "foreign pages", func(db bun.IDB) error {
		return db.NewSelect().Model((*pageRow)(nil)).Column("vault", "day").ColumnExpr("COUNT(*) AS n").Where("ours = FALSE").Group("vault", "day").Scan(ctx, &rows)
	})
	if err != nil {
		return nil, err
	}
	out := make(map[DayRef]int, len(rows))
	for _, r := range rows {
		out[DayRef{r.Vault, domain.Day(r.Day)}] = r.N
	}
	return out, nil
}
