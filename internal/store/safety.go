package store

import (
	"context"
	"fmt"
	"slices"
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

// SetSafety raises a flag (S11). One that is up already stays as it is, with its first reason and time, except that a
// person's isolation takes the place of one that an incident put up by itself: the incident must not take it down. Every
// attempt is in the audit log, written in the same transaction.
func (s *Store) SetSafety(ctx context.Context, f domain.SafetyFlag) error {
	what := fmt.Sprintf("set %s %s", f.Kind, f.Vault)
	if err := checkFlag(f); err != nil {
		return fmt.Errorf("store: %s: %w", what, err)
	}
	return s.urgent(ctx, what, func(tx bun.Tx) error {
		row := safetyRow{Kind: string(f.Kind), Vault: f.Vault, Reason: f.Reason, Actor: f.Actor, At: moment(f.At)}
		insert := tx.NewInsert().Model(&row).On("CONFLICT (kind, vault) DO NOTHING")
		if f.Kind == domain.SafetyIsolate && !f.ByIncident() {
			insert = tx.NewInsert().Model(&row).On("CONFLICT (kind, vault) DO UPDATE").
				Set("reason = EXCLUDED.reason, actor = EXCLUDED.actor, at = EXCLUDED.at").Where("safety_row.actor = ?", domain.Automation)
		}
		if _, err := insert.Exec(ctx); err != nil {
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
	case !slices.Contains([]domain.SafetyKind{domain.SafetyStop, domain.SafetyIsolate, domain.SafetyPause, domain.SafetyDrill}, f.Kind):
		return fmt.Errorf("%w: kind %q", ErrInvalid, f.Kind)
	case f.Vault == "" && f.Kind != domain.SafetyStop:
		return fmt.Errorf("%w: %s concerns one vault, and none is named", ErrInvalid, f.Kind)
	case f.Actor == "" || f.Reason == "" || f.At.IsZero():
		return fmt.Errorf("%w: actor, reason and time are needed", ErrInvalid)
	}
	return nil
}

// Lift takes several flags down at once.
type Lift struct {
	Flags   []domain.SafetyFlag // By kind and vault.
	AsOf    int64               // The mark at which it was decided; see SafetyMark.
	Subject string              // Names the decision. The same one is carried out once, however often it is asked for.
	Actor   string
	Reason  string
	At      time.Time
}

// LiftSafety carries out a decision to take flags down. One that was raised, or raised again, after the mark gives
// ErrRaised and nothing is taken down: whoever decided did not know of it. The comparison and the clearing are one
// transaction, so that an order of the same moment is never lost.
func (s *Store) LiftSafety(ctx context.Context, l Lift) error {
	what := "lift " + l.Subject
	if l.Actor == "" || l.Reason == "" || l.Subject == "" || l.At.IsZero() || len(l.Flags) == 0 {
		return fmt.Errorf("store: %s: %w: flags, subject, actor, reason and time are needed", what, ErrInvalid)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		done, err := tx.NewSelect().Model((*auditRow)(nil)).Where("action = ? AND subject = ?", actionLift, l.Subject).Exists(ctx)
		if err != nil || done {
			return err
		}
		mark, err := raisedAt(ctx, tx)
		if err != nil {
			return err
		}
		if mark != l.AsOf {
			return fmt.Errorf("%w: entry %d of the audit log, decided at %d", ErrRaised, mark, l.AsOf)
		}
		for _, f := range l.Flags {
			if _, err := tx.NewDelete().Model((*safetyRow)(nil)).Where("kind = ? AND vault = ?", f.Kind, f.Vault).Exec(ctx); err != nil {
				return err
			}
			entry := AuditEntry{At: l.At, Actor: l.Actor, Action: "safety.clear." + string(f.Kind), Subject: f.Vault, Detail: l.Reason}
			if err := appendAudit(ctx, tx, entry); err != nil {
				return err
			}
		}
		return appendAudit(ctx, tx, AuditEntry{At: l.At, Actor: l.Actor, Action: actionLift, Subject: l.Subject, Detail: l.Reason})
	})
}

const actionLift = "safety.lifted"

// raisedAt is the audit log's entry at which a flag that keeps transactions in was last raised; 0 for never.
func raisedAt(ctx context.Context, db bun.IDB) (int64, error) {
	var last auditRow
	_, err := one(db.NewSelect().Model(&last).Column("seq").
		Where("action IN (?, ?, ?)", "safety.set.stop", "safety.set.isolate", "safety.set.pause").Order("seq DESC").Limit(1).Scan(ctx))
	return last.Seq, err
}

// SafetyMark reads every flag that is up, and the mark: the audit log's entry at which one was last raised.
func (s *Store) SafetyMark(ctx context.Context) (flags []domain.SafetyFlag, mark int64, err error) {
	var rows []safetyRow
	err = s.snapshot(ctx, "safety flags and their mark", func(db bun.IDB) error {
		if err := db.NewSelect().Model(&rows).Order("at", "kind", "vault").Scan(ctx); err != nil {
			return err
		}
		mark, err = raisedAt(ctx, db)
		return err
	})
	return flagsOf(rows), mark, err
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
	return flagsOf(rows), nil
}

func flagsOf(rows []safetyRow) []domain.SafetyFlag {
	out := make([]domain.SafetyFlag, len(rows))
	for i, r := range rows {
		out[i] = domain.SafetyFlag{Kind: domain.SafetyKind(r.Kind), Vault: r.Vault, Reason: r.Reason, Actor: r.Actor, At: time.Time(r.At)}
	}
	return out
}
