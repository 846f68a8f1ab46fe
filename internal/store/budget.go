package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Budget is what an intent may cost and what its payer may spend. Fees are lamports: base and priority fee. Rent is not
// a fee and does not count.
type Budget struct {
	Payer  string
	MaxFee uint64    // Of this transaction.
	Since  time.Time // Intents of that payer made then or later count.
	Cap    uint64    // Of all of them together, this one included; 0 is none.
}

// InsertIntentWithin is InsertIntent, and refuses with ErrBudget an intent that would pass the payer's cap. The sum and
// the insertion are one transaction, so that neither several vaults nor several workers can pass the cap together.
func (s *Store) InsertIntentWithin(ctx context.Context, i domain.Intent, b Budget) error {
	return s.insertIntent(ctx, i, b)
}

// FeesSince sums the fees in lamports of a payer's intents made at or after since: what the landed ones cost, and the
// most that those can cost which may still land or whose transaction was not served yet. Expired ones cost nothing.
func (s *Store) FeesSince(ctx context.Context, payer string, since time.Time) (uint64, error) {
	var sum uint64
	err := s.read(ctx, "fees of "+payer, func(db bun.IDB) (err error) {
		sum, err = feesSince(ctx, db, payer, since)
		return err
	})
	return sum, err
}

// feesSince relies on a fee standing only where the chain has charged one: a rollback takes it back.
func feesSince(ctx context.Context, db bun.IDB, payer string, since time.Time) (uint64, error) {
	var sum number
	err := db.NewSelect().Model((*intentRow)(nil)).
		ColumnExpr(`COALESCE(SUM(CAST(CASE WHEN state = 'expired' THEN '0' WHEN fee_lamports = '0' THEN max_fee ELSE fee_lamports END AS BIGINT)), 0)`).
		Where("payer = ? AND created_at >= ?", payer, moment(since)).Scan(ctx, &sum)
	return uint64(sum), err
}

// within compares inside the transaction that inserts.
func (b Budget) within(ctx context.Context, tx bun.Tx) error {
	if b.Cap == 0 {
		return nil
	}
	spent, err := feesSince(ctx, tx, b.Payer, b.Since)
	if err != nil {
		return err
	}
	if b.MaxFee > b.Cap || spent > b.Cap-b.MaxFee {
		return fmt.Errorf("%w: %d lamports since %s, %d more, cap %d", ErrBudget, spent, b.Since.UTC().Format(time.RFC3339), b.MaxFee, b.Cap)
	}
	return nil
}

// Attempts reads all signatures of one deed, oldest first: equal keys of one vault and day are the same deed.
func (s *Store) Attempts(ctx context.Context, vault string, day domain.Day, key string) ([]domain.Intent, error) {
	return s.intents(ctx, fmt.Sprintf("attempts at %s of %s for %s", key, vault, day), func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("vault = ? AND day = ? AND intent_key = ?", vault, day, key)
	})
}
