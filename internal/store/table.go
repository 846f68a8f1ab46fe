package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type tableRow struct {
	bun.BaseModel `bun:"table:lookup_tables"`

	Address   string
	Vault     string
	Authority string
	Addresses string
	Slot      number
	Active    bool

	Deactivated number
	UsedOn      string
}

// SaveTable stores a lookup table as the chain holds it. A table only grows, so an older view with fewer addresses
// does not replace a newer one; it is the slot that decides.
func (s *Store) SaveTable(ctx context.Context, t domain.Table) error {
	what := fmt.Sprintf("save lookup table %s of %s", t.Address, t.Vault)
	if t.Address == "" || t.Vault == "" {
		return fmt.Errorf("store: %s: %w: address and vault are needed", what, ErrInvalid)
	}
	addresses, err := encode(t.Addresses)
	if err != nil {
		return fmt.Errorf("store: %s: encode: %w", what, err)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		var old tableRow
		found, err := one(tx.NewSelect().Model(&old).Where("address = ?", t.Address).Scan(ctx))
		if err != nil || (found && uint64(old.Slot) > t.Slot) {
			return err
		}
		row := tableRow{Address: t.Address, Vault: t.Vault, Authority: t.Authority, Addresses: addresses, Slot: number(t.Slot), Active: t.Active, Deactivated: number(t.Deactivated), UsedOn: string(t.UsedOn)}
		_, err = tx.NewInsert().Model(&row).On("CONFLICT (address) DO UPDATE").
			Set("vault = EXCLUDED.vault").Set("authority = EXCLUDED.authority").Set("addresses = EXCLUDED.addresses").
			Set("slot = EXCLUDED.slot").Set("active = EXCLUDED.active").
			Set("deactivated = EXCLUDED.deactivated").Set("used_on = EXCLUDED.used_on").Exec(ctx)
		return err
	})
}

// DropTable forgets a table that the chain does not hold any more. One that is not stored is no error.
func (s *Store) DropTable(ctx context.Context, address string) error {
	return s.write(ctx, "drop lookup table "+address, func(tx bun.Tx) error {
		_, err := tx.NewDelete().Model((*tableRow)(nil)).Where("address = ?", address).Exec(ctx)
		return err
	})
}

// Tables reads a vault's lookup tables by address.
func (s *Store) Tables(ctx context.Context, vault string) ([]domain.Table, error) {
	return s.tables(ctx, "lookup tables of "+vault, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("vault = ?", vault) })
}

// AllTables reads the lookup tables of every vault by address.
func (s *Store) AllTables(ctx context.Context) ([]domain.Table, error) {
	return s.tables(ctx, "all lookup tables", func(q *bun.SelectQuery) *bun.SelectQuery { return q })
}

func (s *Store) tables(ctx context.Context, what string, where func(*bun.SelectQuery) *bun.SelectQuery) ([]domain.Table, error) {
	var rows []tableRow
	err := s.read(ctx, what, func(db bun.IDB) error {
		return where(db.NewSelect().Model(&rows)).Order("address").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out := make([]domain.Table, len(rows))
	for i, r := range rows {
		out[i] = domain.Table{Vault: r.Vault, Address: r.Address, Authority: r.Authority, Slot: uint64(r.Slot), Active: r.Active, Deactivated: uint64(r.Deactivated), UsedOn: domain.Day(r.UsedOn)}
		if err := json.Unmarshal([]byte(r.Addresses), &out[i].Addresses); err != nil {
			return nil, fmt.Errorf("store: lookup table %s: %w: %w", r.Address, ErrCorrupt, err)
		}
	}
	return out, nil
}
