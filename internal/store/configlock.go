package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type configLockRow struct {
	bun.BaseModel `bun:"table:config_locks"`

	Incident string
	Hash     string
	Reason   string
}

// LockConfig keeps the settings as they are until the incident is over (S12). Locking again changes nothing.
func (s *Store) LockConfig(ctx context.Context, l domain.ConfigLock, by domain.By, at time.Time) error {
	what := "lock the settings for " + l.Incident
	if l.Incident == "" || l.Hash == "" || l.Reason == "" {
		return fmt.Errorf("store: %s: %w: incident, hash and reason are needed", what, ErrInvalid)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		row := configLockRow{Incident: l.Incident, Hash: l.Hash, Reason: l.Reason}
		done, err := tx.NewInsert().Model(&row).On("CONFLICT (incident) DO NOTHING").Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return appendAudit(ctx, tx, AuditEntry{At: at, Actor: by.Actor, Action: "config.lock", Subject: l.Incident, Detail: l.Reason})
	})
}

// ConfigLocks reads the locks that stand.
func (s *Store) ConfigLocks(ctx context.Context) ([]domain.ConfigLock, error) {
	var rows []configLockRow
	err := s.read(ctx, "locks of the settings", func(db bun.IDB) error { return db.NewSelect().Model(&rows).Order("incident").Scan(ctx) })
	if err != nil {
		return nil, err
	}
	out := make([]domain.ConfigLock, len(rows))
	for n, r := range rows {
		out[n] = domain.ConfigLock{Incident: r.Incident, Hash: r.Hash, Reason: r.Reason}
	}
	return out, nil
}
