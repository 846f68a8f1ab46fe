package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type receiptRow struct {
	bun.BaseModel `bun:"table:receipts"`

	Vault    string
	Day      string
	At       moment
	Document string
}

// SaveReceipt keeps the signed receipt of a vault's day, with an entry of the audit log in the same transaction. The same
// document again changes nothing; another one replaces it, and the log shows both.
func (s *Store) SaveReceipt(ctx context.Context, vault string, day domain.Day, at time.Time, document []byte) error {
	what := fmt.Sprintf("save receipt of %s for %s", vault, day)
	if vault == "" || day == "" || at.IsZero() || len(document) == 0 {
		return fmt.Errorf("store: %s: %w: vault, day, time and document are needed", what, ErrInvalid)
	}
	sum := sha256.Sum256(document)
	return s.write(ctx, what, func(tx bun.Tx) error {
		var old receiptRow
		found, err := one(tx.NewSelect().Model(&old).Where(sameDay, vault, day).Scan(ctx))
		if err != nil || found && old.Document == string(document) {
			return err
		}
		row := receiptRow{Vault: vault, Day: string(day), At: moment(at), Document: string(document)}
		if _, err := tx.NewInsert().Model(&row).On("CONFLICT (vault, day) DO UPDATE").
			Set("at = EXCLUDED.at").Set("document = EXCLUDED.document").Exec(ctx); err != nil {
			return err
		}
		action := "receipt.issue"
		if found {
			action = "receipt.replace"
		}
		return appendAudit(ctx, tx, AuditEntry{
			At: at, Actor: "feeops", Action: action, Subject: vault, Detail: fmt.Sprintf("day %s, sha256 %s", day, hex.EncodeToString(sum[:])),
		})
	})
}

// Receipt reads the receipt of a vault's day.
func (s *Store) Receipt(ctx context.Context, vault string, day domain.Day) (document []byte, found bool, err error) {
	var row receiptRow
	err = s.read(ctx, fmt.Sprintf("receipt of %s for %s", vault, day), func(db bun.IDB) (err error) {
		found, err = one(db.NewSelect().Model(&row).Where(sameDay, vault, day).Scan(ctx))
		return err
	})
	return []byte(row.Document), found, err
}

// ReceiptDays lists the days of a vault that have a receipt, newest first.
func (s *Store) ReceiptDays(ctx context.Context, vault string) ([]domain.Day, error) {
	var rows []receiptRow
	err := s.read(ctx, "receipts of "+vault, func(db bun.IDB) error {
		return db.NewSelect().Model(&rows).Column("day").Where("vault = ?", vault).Order("day DESC").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out := make([]domain.Day, len(rows))
	for i, r := range rows {
		out[i] = domain.Day(r.Day)
	}
	return out, nil
}
