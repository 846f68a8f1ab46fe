package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/backup"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// Keeper makes, checks and removes backups, and remembers what it did.
type Keeper interface {
	Make(ctx context.Context, beat func()) (backup.Made, error)
	Prune(ctx context.Context, actor string) ([]string, error)
	Drill(ctx context.Context, before time.Time) (domain.Drill, error)
}

// Backups holds the activities of Backup and RestoreDrill.
type Backups struct {
	keeper Keeper
	now    func() time.Time
}

// NewBackups makes them.
func NewBackups(k Keeper, now func() time.Time) *Backups { return &Backups{keeper: k, now: now} }

// MakeBackup makes one backup. A try that is repeated makes another archive: none is ever written over.
func (b *Backups) MakeBackup(ctx context.Context, _ ops.BackupInput) (ops.BackupResult, error) {
	defer heartbeat(ctx)()
	m, err := b.keeper.Make(ctx, nil)
	if err != nil {
		return ops.BackupResult{}, fault.Seal(fmt.Errorf("make a backup: %w", err))
	}
	return ops.BackupResult{Archive: m.ID, Place: m.Place, Bytes: m.Bytes, Rows: m.Rows, Files: m.Files, SHA256: m.SHA256, TookMS: m.Took.Milliseconds()}, nil
}

// PruneBackups removes what the settings do not keep.
func (b *Backups) PruneBackups(ctx context.Context, in ops.PruneInput) (ops.PruneResult, error) {
	defer heartbeat(ctx)()
	gone, err := b.keeper.Prune(ctx, in.Actor)
	if err != nil {
		return ops.PruneResult{}, fault.Seal(fmt.Errorf("remove old backups: %w", err))
	}
	return ops.PruneResult{Removed: gone}, nil
}

// RehearseRestore restores the newest backup beside the store, on this worker's disk, and judges it.
func (b *Backups) RehearseRestore(ctx context.Context, in ops.RestoreDrillInput) (domain.Drill, error) {
	defer heartbeat(ctx)()
	d, err := b.keeper.Drill(ctx, b.now().Add(time.Second-time.Duration(in.OlderThanHours)*time.Hour))
	if err != nil {
		return domain.Drill{}, fault.Seal(fmt.Errorf("rehearse a restore: %w", err))
	}
	return d, nil
}

// Names are the functions by the names that internal/ops gives them.
func (b *Backups) Names() map[string]any {
	return map[string]any{ops.MakeBackup.Name: b.MakeBackup, ops.PruneBackups.Name: b.PruneBackups, ops.RehearseRestore.Name: b.RehearseRestore}
}
