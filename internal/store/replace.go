package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// ReplaceManifest freezes another plan in place of one that was never used. oldHash guards against a plan that somebody
// else froze in the meantime: ErrFrozen. A plan whose day was opened gives ErrOpened.
func (s *Store) ReplaceManifest(ctx context.Context, m domain.Manifest, oldHash string) error {
	what := fmt.Sprintf("replace manifest of %s for %s", m.Vault, m.Day)
	if err := m.Verify(); err != nil {
		return fmt.Errorf("store: %s: %w: %w", what, ErrInvalid, err)
	}
	m.Opening = nil
	document, err := encode(m)
	if err != nil {
		return fmt.Errorf("store: %s: encode: %w", what, err)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		var row manifestRow
		found, err := one(tx.NewSelect().Model(&row).Where("vault = ? AND day = ?", m.Vault, m.Day).Scan(ctx))
		switch {
		case err != nil:
			return err
		case !found:
			return fmt.Errorf("the manifest is %w", ErrNotFound)
		case row.Hash == m.Hash:
			return nil
		case row.Hash != oldHash:
			return fmt.Errorf("%w: stored %.12s, expected %.12s", ErrFrozen, row.Hash, oldHash)
		case row.Opening.Valid:
			return ErrOpened
		}
		_, err = tx.NewUpdate().Model(&row).Set("hash = ?", m.Hash).Set("document = ?", document).
			Where("vault = ? AND day = ?", m.Vault, m.Day).Exec(ctx)
		return err
	})
}

// ClearOpening takes back an opening that the chain rolled back.
func (s *Store) ClearOpening(ctx context.Context, vault string, day domain.Day) error {
	return s.write(ctx, fmt.Sprintf("clear opening of %s for %s", vault, day), func(tx bun.Tx) error {
		_, err := tx.NewUpdate().Model((*manifestRow)(nil)).Set("opening = ?", sql.NullString{}).Set("opened_ts = ?", sql.NullInt64{}).
			Where("vault = ? AND day = ?", vault, day).Exec(ctx)
		return err
	})
}

// Requests sums the RPC requests of all activities of one workflow run.
func (s *Store) Requests(ctx context.Context, runID string) (uint64, error) {
	var sum uint64
	err := s.read(ctx, "requests of run "+runID, func(db bun.IDB) error {
		return db.NewSelect().Model((*operationRow)(nil)).ColumnExpr("COALESCE(SUM(requests), 0)").Where("run_id = ?", runID).Scan(ctx, &sum)
	})
	return sum, err
}
