package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type reportRow struct {
	bun.BaseModel `bun:"table:reports"`

	Vault    string
	Day      string
	State    string
	Document string
}

// SaveReport stores the end of a run; a later run of the same day replaces it. A finished day's report stands: a later
// run that found nothing to do must not wipe its figures out.
func (s *Store) SaveReport(ctx context.Context, r domain.DayReport) error {
	what := fmt.Sprintf("save report of %s for %s", r.Vault, r.Day)
	if r.Vault == "" || r.Day == "" {
		return fmt.Errorf("store: %s: %w: vault and day are needed", what, ErrInvalid)
	}
	document, err := encode(r)
	if err != nil {
		return fmt.Errorf("store: %s: encode: %w", what, err)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		row := reportRow{Vault: r.Vault, Day: string(r.Day), State: string(r.State), Document: document}
		var old reportRow
		found, err := one(tx.NewSelect().Model(&old).Column("state").Where(sameDay, r.Vault, r.Day).Scan(ctx))
		if err != nil {
			return err
		}
		if found && finished(domain.State(old.State)) && !finished(r.State) {
			return nil
		}
		_, err = tx.NewInsert().Model(&row).On("CONFLICT (vault, day) DO UPDATE").
			Set("state = EXCLUDED.state").Set("document = EXCLUDED.document").Exec(ctx)
		return err
	})
}

// finished is a day whose pages are all turned and whose books were made.
func finished(s domain.State) bool { return s == domain.Complete || s == domain.CompleteUnreconciled }

// Report reads the report of a day.
func (s *Store) Report(ctx context.Context, vault string, day domain.Day) (domain.DayReport, bool, error) {
	reports, err := s.reports(ctx, fmt.Sprintf("report of %s for %s", vault, day), func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where(sameDay, vault, day)
	})
	if err != nil || len(reports) == 0 {
		return domain.DayReport{}, false, err
	}
	return reports[0], true, nil
}

// Reports reads the newest reports of a vault, or of all vaults when none is named; newest day first.
// A limit of 0 reads all of them.
func (s *Store) Reports(ctx context.Context, vault string, limit int) ([]domain.DayReport, error) {
	return s.reports(ctx, "reports of "+vault, func(q *bun.SelectQuery) *bun.SelectQuery {
		if vault != "" {
			q = q.Where("vault = ?", vault)
		}
		if limit > 0 {
			q = q.Limit(int64(limit))
		}
		return q
	})
}

func (s *Store) reports(ctx context.Context, what string, where func(*bun.SelectQuery) *bun.SelectQuery) ([]domain.DayReport, error) {
	var rows []reportRow
	err := s.read(ctx, what, func(db bun.IDB) error {
		return where(db.NewSelect().Model(&rows)).Order("day DESC", "vault").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out := make([]domain.DayReport, len(rows))
	for i, r := range rows {
		if err := json.Unmarshal([]byte(r.Document), &out[i]); err != nil {
			return nil, fmt.Errorf("store: report of %s for %s: %w: %w", r.Vault, r.Day, ErrCorrupt, err)
		}
	}
	return out, nil
}
