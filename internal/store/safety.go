package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type safetyRow struct {
	bun.BaseModel `bun:"table:safety"`

	Kind   string
	Vault  string
	Reason string
	Actor  string
	At     moment
}

// SetSafety raises a flag (S11). One that is up already stays as it is, with its first reason and time; every attempt
// is in the audit log, written in the same transaction.
func (s *Store) SetSafety(ctx context.Context, f domain.SafetyFlag) error {
	what := fmt.Sprintf("set %s %s", f.Kind, f.Vault)
	if err := checkFlag(f); err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		row := safetyRow{Kind: string(f.Kind), Vault: f.Vault, Reason: f.Reason, Actor: f.Actor, At: moment(f.At)}
		if _, err := tx.NewInsert().Model(&row).On("CONFLICT (kind, vault) DO NOTHING").Exec(ctx); err != nil {
			return err
		}
		return appendAudit(ctx, tx, AuditEntry{At: f.At, Actor: f.Actor, Action: "safety.set." + string(f.Kind), Subject: f.Vault, Detail: f.Reason})
	})
}

// ClearSafety takes the flag of the given kind and vault down. Reason, actor and time are those of the clearing and go
// to the audit log. Who may clear is decided above; a flag that is not up gives ErrNotFound.
func (s *Store) ClearSafety(ctx context.Context, f domain.SafetyFlag) error {
	what := fmt.Sprintf("clear %s %s", f.Kind, f.Vault)
	if err := checkFlag(f); err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		result, err := tx.NewDelete().Model((*safetyRow)(nil)).Where("kind = ? AND vault = ?", f.Kind, f.Vault).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return fmt.Errorf("the flag is %w", ErrNotFound)
		}
		return appendAudit(ctx, tx, AuditEntry{At: f.At, Actor: f.Actor, Action: "safety.clear." + string(f.Kind), Subject: f.Vault, Detail: f.Reason})
	})
}

func checkFlag(f domain.SafetyFlag) error {
	switch {
	case f.Kind != domain.SafetyStop && f.Kind != domain.SafetyIsolate && f.Kind != domain.SafetyPause:
		return fmt.Errorf("%w: kind %q", ErrInvalid, f.Kind)
	case f.Vault == "" && f.Kind != domain.SafetyStop:
		return fmt.Errorf("%w: %s concerns one vault, and none is named", ErrInvalid, f.Kind)
	case f.Actor == "" || f.Reason == "" || f.At.IsZero():
		return fmt.Errorf("%w: actor, reason and time are needed", ErrInvalid)
	}
	return nil
}

// Safety reads all flags that hold for the vault: its own and those of all vaults. With an empty vault it reads those
// of all vaults only. An error means that nothing may be sent (DESIGN.md §1.4).
func (s *Store) Safety(ctx context.Context, vault string) ([]domain.SafetyFlag, error) {
	return s.flags(ctx, "safety of "+vault, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("vault = '' OR vault = ?", vault) })
}

// AllSafety reads every flag that is up.
func (s *Store) AllSafety(ctx context.Context) ([]domain.SafetyFlag, error) {
	return s.flags(ctx, "all safety flags", func(q *bun.SelectQuery) *bun.SelectQuery { return q })
}

func (s *Store) flags(ctx context.Context, what string, where func(*bun.SelectQuery) *bun.SelectQuery) ([]domain.SafetyFlag, error) {
	var rows []safetyRow
	err := s.read(ctx, what, func(db bun.IDB) error {
		return where(db.NewSelect().Model(&rows)).Order("at", "kind", "vault").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out := make([]domain.SafetyFlag, len(rows))
	for i, r := range rows {
		out[i] = domain.SafetyFlag{Kind: domain.SafetyKind(r.Kind), Vault: r.Vault, Reason: r.Reason, Actor: r.Actor, At: time.Time(r.At)}
	}
	return out, nil
}
