package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

const sameDay = "vault = ? AND day = ?"

type outcomeRow struct {
	bun.BaseModel `bun:"table:outcomes"`

	Vault     string
	Day       string
	Place     int64
	Idx       int64
	Stream    string
	Recipient string
	Planned   number
	Paid      number
	Signature string
	Reason    string
	Note      string
}

// SaveOutcomes replaces a day's outcomes, one per investor stream.
func (s *Store) SaveOutcomes(ctx context.Context, vault string, day domain.Day, outcomes []domain.Outcome) error {
	rows := make([]outcomeRow, len(outcomes))
	for i, o := range outcomes {
		rows[i] = outcomeRow{
			Vault: vault, Day: string(day), Place: int64(i), Idx: int64(o.Index), Stream: o.Stream, Recipient: o.Recipient,
			Planned: number(o.Planned), Paid: number(o.Paid), Signature: o.Signature, Reason: string(o.Reason), Note: o.Note,
		}
	}
	return s.write(ctx, fmt.Sprintf("save outcomes of %s for %s", vault, day), func(tx bun.Tx) error {
		if _, err := tx.NewDelete().Model((*outcomeRow)(nil)).Where(sameDay, vault, day).Exec(ctx); err != nil || len(rows) == 0 {
			return err
		}
		_, err := tx.NewInsert().Model(&rows).Exec(ctx)
		return err
	})
}

// Outcomes reads a day's outcomes in the order in which they were saved. None is an empty list.
func (s *Store) Outcomes(ctx context.Context, vault string, day domain.Day) ([]domain.Outcome, error) {
	var rows []outcomeRow
	err := s.read(ctx, fmt.Sprintf("outcomes of %s for %s", vault, day), func(db bun.IDB) error {
		return db.NewSelect().Model(&rows).Where(sameDay, vault, day).Order("place").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out := make([]domain.Outcome, len(rows))
	for i, r := range rows {
		out[i] = domain.Outcome{
			Index: int(r.Idx), Stream: r.Stream, Recipient: r.Recipient, Planned: domain.Amount(r.Planned), Paid: domain.Amount(r.Paid),
			Signature: r.Signature, Reason: domain.Reason(r.Reason), Note: r.Note,
		}
	}
	return out, nil
}

type checkRow struct {
	bun.BaseModel `bun:"table:checks"`

	Vault     string
	Day       string
	Place     int64
	Req       string
	Name      string
	Result    string
	Observed  string
	Threshold string
	Next      string
}

// SaveChecks replaces a day's pre-checks with the newest evaluation (P01).
func (s *Store) SaveChecks(ctx context.Context, vault string, day domain.Day, checks domain.Checks) error {
	rows := make([]checkRow, len(checks))
	for i, c := range checks {
		rows[i] = checkRow{
			Vault: vault, Day: string(day), Place: int64(i), Req: c.Row, Name: c.Name, Result: string(c.Result),
			Observed: c.Observed, Threshold: c.Threshold, Next: c.Next,
		}
	}
	return s.write(ctx, fmt.Sprintf("save checks of %s for %s", vault, day), func(tx bun.Tx) error {
		if _, err := tx.NewDelete().Model((*checkRow)(nil)).Where(sameDay, vault, day).Exec(ctx); err != nil || len(rows) == 0 {
			return err
		}
		_, err := tx.NewInsert().Model(&rows).Exec(ctx)
		return err
	})
}

// Checks reads a day's newest evaluation. An empty list was never evaluated (domain.Checks.Worst says unknown).
func (s *Store) Checks(ctx context.Context, vault string, day domain.Day) (domain.Checks, error) {
	var rows []checkRow
	err := s.read(ctx, fmt.Sprintf("checks of %s for %s", vault, day), func(db bun.IDB) error {
		return db.NewSelect().Model(&rows).Where(sameDay, vault, day).Order("place").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out := make(domain.Checks, len(rows))
	for i, r := range rows {
		out[i] = domain.Check{Row: r.Req, Name: r.Name, Result: domain.CheckResult(r.Result), Observed: r.Observed, Threshold: r.Threshold, Next: r.Next}
	}
	return out, nil
}
