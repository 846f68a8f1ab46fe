package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type pageUnitsRow struct {
	bun.BaseModel `bun:"table:page_units"`

	Vault    string
	Document string
}

// SavePageUnits keeps what a vault's page took of the compute limit, in place of what was measured before.
func (s *Store) SavePageUnits(ctx context.Context, u domain.PageUnits) error {
	what := "save the compute units of " + u.Vault
	if u.Vault == "" || u.Investors == 0 || u.Units == 0 || u.At.IsZero() {
		return fmt.Errorf("store: %s: %w: vault, investors, units and time are needed", what, ErrInvalid)
	}
	u.At = u.At.UTC()
	document, err := encode(u)
	if err != nil {
		return fmt.Errorf("store: %s: encode: %w", what, err)
	}
	row := pageUnitsRow{Vault: u.Vault, Document: document}
	return s.write(ctx, what, func(tx bun.Tx) error {
		_, err := tx.NewInsert().Model(&row).On("CONFLICT (vault) DO UPDATE").Set("document = EXCLUDED.document").Exec(ctx)
		return err
	})
}

// PageUnits reads it; false: nothing was measured.
func (s *Store) PageUnits(ctx context.Context, vault string) (u domain.PageUnits, found bool, err error) {
	err = s.read(ctx, "compute units of "+vault, func(db bun.IDB) error {
		var row pageUnitsRow
		if found, err = one(db.NewSelect().Model(&row).Where("vault = ?", vault).Scan(ctx)); err != nil || !found {
			return err
		}
		if err := json.Unmarshal([]byte(row.Document), &u); err != nil {
			return fmt.Errorf("compute units of %s: %w: %w", vault, ErrCorrupt, err)
		}
		return nil
	})
	return u, found && err == nil, err
}
