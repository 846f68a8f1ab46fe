package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type manifestRow struct {
	bun.BaseModel `bun:"table:manifests"`

	Vault    string
	Day      string
	Hash     string
	Document string
	Opening  sql.NullString
	OpenedTS sql.NullInt64 `bun:"opened_ts"` // Of the opening, so that the fleet's days are found without reading their lists.
}

// SaveManifest freezes a day's plan: the first writer wins, and what is stored is returned. Saving the same plan again
// changes nothing; another one gives ErrFrozen together with the stored plan, which is the one to follow.
func (s *Store) SaveManifest(ctx context.Context, m domain.Manifest) (domain.Manifest, error) {
	what := fmt.Sprintf("save manifest of %s for %s", m.Vault, m.Day)
	if err := m.Verify(); err != nil {
		return domain.Manifest{}, fmt.Errorf("store: %s: %w: %w", what, ErrInvalid, err)
	}
	m.Opening = nil
	document, err := encode(m)
	if err != nil {
		return domain.Manifest{}, fmt.Errorf("store: %s: encode: %w", what, err)
	}
	var stored domain.Manifest
	err = s.write(ctx, what, func(tx bun.Tx) error {
		row := manifestRow{Vault: m.Vault, Day: string(m.Day), Hash: m.Hash, Document: document}
		if _, err := tx.NewInsert().Model(&row).On("CONFLICT (vault, day) DO NOTHING").Exec(ctx); err != nil {
			return err
		}
		var first manifestRow
		if err := tx.NewSelect().Model(&first).Where("vault = ? AND day = ?", m.Vault, m.Day).Scan(ctx); err != nil {
			return err
		}
		if stored, err = first.manifest(); err != nil {
			return err
		}
		if first.Hash != m.Hash {
			return fmt.Errorf("%w: stored %.12s, given %.12s", ErrFrozen, first.Hash, m.Hash)
		}
		return nil
	})
	return stored, err
}

// manifest decodes the row and proves that the plan is the one that was frozen.
func (r manifestRow) manifest() (domain.Manifest, error) {
	var m domain.Manifest
	if err := json.Unmarshal([]byte(r.Document), &m); err != nil {
		return domain.Manifest{}, fmt.Errorf("manifest of %s for %s: %w: %w", r.Vault, r.Day, ErrCorrupt, err)
	}
	if err := m.Verify(); err != nil {
		return domain.Manifest{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if r.Opening.Valid {
		m.Opening = &domain.Opening{}
		if err := json.Unmarshal([]byte(r.Opening.String), m.Opening); err != nil {
			return domain.Manifest{}, fmt.Errorf("opening of %s for %s: %w: %w", r.Vault, r.Day, ErrCorrupt, err)
		}
	}
	return m, nil
}

// Manifest reads a day's plan. False means that none was frozen.
func (s *Store) Manifest(ctx context.Context, vault string, day domain.Day) (domain.Manifest, bool, error) {
	return s.manifest(ctx, fmt.Sprintf("manifest of %s for %s", vault, day), func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("vault = ? AND day = ?", vault, day)
	})
}

// LatestManifest reads the plan of the vault's newest day.
func (s *Store) LatestManifest(ctx context.Context, vault string) (domain.Manifest, bool, error) {
	return s.manifest(ctx, "latest manifest of "+vault, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("vault = ?", vault).Order("day DESC").Limit(1)
	})
}

func (s *Store) manifest(ctx context.Context, what string, where func(*bun.SelectQuery) *bun.SelectQuery) (m domain.Manifest, found bool, err error) {
	err = s.read(ctx, what, func(db bun.IDB) error {
		var row manifestRow
		if found, err = one(where(db.NewSelect().Model(&row)).Scan(ctx)); !found {
			return err
		}
		m, err = row.manifest()
		return err
	})
	return m, found && err == nil, err
}

// SetOpening adds what the chain fixed when it opened the day. It is stored once; the same value again changes nothing,
// another one gives ErrOpened: the books would otherwise silently follow a second opening.
func (s *Store) SetOpening(ctx context.Context, vault string, day domain.Day, o domain.Opening) error {
	what := fmt.Sprintf("set opening of %s for %s", vault, day)
	document, err := encode(o)
	if err != nil {
		return fmt.Errorf("store: %s: encode: %w", what, err)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		var row manifestRow
		found, err := one(tx.NewSelect().Model(&row).Column("opening").Where("vault = ? AND day = ?", vault, day).Scan(ctx))
		switch {
		case err != nil:
			return err
		case !found:
			return fmt.Errorf("the manifest is %w", ErrNotFound)
		case row.Opening.Valid && row.Opening.String == document:
			return nil
		case row.Opening.Valid:
			return ErrOpened
		}
		_, err = tx.NewUpdate().Model(&row).Set("opening = ?", document).Set("opened_ts = ?", o.TS).Where("vault = ? AND day = ?", vault, day).Exec(ctx)
		return err
	})
}

// OpenedManifests reads the plans of the vault's days before one that the chain has opened, newest first.
func (s *Store) OpenedManifests(ctx context.Context, vault string, before domain.Day, limit int) ([]domain.Manifest, error) {
	what := fmt.Sprintf("opened days of %s before %s", vault, before)
	var rows []manifestRow
	err := s.read(ctx, what, func(db bun.IDB) error {
		return db.NewSelect().Model(&rows).Where("vault = ? AND day < ? AND opening IS NOT NULL", vault, before).Order("day DESC").Limit(int64(limit)).Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out, err := each(rows, manifestRow.manifest)
	if err != nil {
		return nil, fmt.Errorf("store: %s: %w", what, err)
	}
	return out, nil
}
