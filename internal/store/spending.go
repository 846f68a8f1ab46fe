package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// ErrSpend means that a key would pass its cap of rent or of all its spending in 24 hours.
var ErrSpend = errors.New("the key would pass its cap")

// keptSpendings is how long spendings stay after they count for nothing: a clock that was set back must not free a cap.
const keptSpendings = 7 * domain.SpendWindow

type spendingRow struct {
	bun.BaseModel `bun:"table:spendings"`

	Payer   string
	Message string
	At      moment
	Fee     number
	Rent    number
}

// Spend records what a signature can cost, or refuses with ErrSpend what would pass a cap. Sum and record are one
// transaction, so that several workers cannot pass a cap together. The same message is counted once.
func (s *Store) Spend(ctx context.Context, p domain.Spending, caps domain.SpendCaps) error {
	what := "spend of " + p.Payer
	if p.Payer == "" || p.Message == "" || p.At.IsZero() || p.Fee > math.MaxInt64 || p.Rent > math.MaxInt64-p.Fee {
		return fmt.Errorf("store: %s: %w: payer, message, time and a possible sum are needed", what, ErrInvalid)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		known, err := tx.NewSelect().Model((*spendingRow)(nil)).Where("payer = ? AND message = ?", p.Payer, p.Message).Exists(ctx)
		if err != nil || known {
			return err
		}
		since := p.At.Add(-domain.SpendWindow)
		fees, rent, err := spentSince(ctx, tx, p.Payer, since)
		if err != nil {
			return err
		}
		for _, c := range []struct {
			name             string
			cap, spent, more uint64
		}{{"rent", caps.Rent, rent, p.Rent}, {"fees and rent", caps.Total, fees + rent, p.Fee + p.Rent}} {
			// A transaction that costs nothing of this kind passes, however much was spent before.
			if c.cap > 0 && c.more > 0 && (c.more > c.cap || c.spent > c.cap-c.more) {
				return fmt.Errorf("%w of %s: %d lamports since %s, %d more, cap %d", ErrSpend, c.name, c.spent, since.UTC().Format(time.RFC3339), c.more, c.cap)
			}
		}
		row := spendingRow{Payer: p.Payer, Message: p.Message, At: moment(p.At), Fee: number(p.Fee), Rent: number(p.Rent)}
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return err
		}
		_, err = tx.NewDelete().Model((*spendingRow)(nil)).Where("payer = ? AND at < ?", p.Payer, moment(p.At.Add(-keptSpendings))).Exec(ctx)
		return err
	})
}

// SpentSince sums what the signatures of a key made at or after since can cost, in lamports.
func (s *Store) SpentSince(ctx context.Context, payer string, since time.Time) (fees, rent uint64, err error) {
	err = s.read(ctx, "spendings of "+payer, func(db bun.IDB) (err error) {
		fees, rent, err = spentSince(ctx, db, payer, since)
		return err
	})
	return fees, rent, err
}

func spentSince(ctx context.Context, db bun.IDB, payer string, since time.Time) (fees, rent uint64, err error) {
	var f, r number
	err = db.NewSelect().Model((*spendingRow)(nil)).
		ColumnExpr("COALESCE(SUM(CAST(fee AS BIGINT)), 0)").ColumnExpr("COALESCE(SUM(CAST(rent AS BIGINT)), 0)").
		Where("payer = ? AND at >= ?", payer, moment(since)).Scan(ctx, &f, &r)
	return uint64(f), uint64(r), err
}
