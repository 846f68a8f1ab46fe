package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// ErrPageOrder means that a page order's state does not allow the step.
var ErrPageOrder = coded(codeRefused, "the page order's state does not allow it")

type pageOrderRow struct {
	bun.BaseModel `bun:"table:page_orders"`

	Seq      int64
	Vault    string
	State    string
	Document string
}

func newPageOrderRow(o domain.PageOrder) (pageOrderRow, error) {
	document, err := encode(o)
	if err != nil {
		return pageOrderRow{}, fmt.Errorf("page order %d: encode: %w", o.Seq, err)
	}
	return pageOrderRow{Seq: o.Seq, Vault: o.Vault, State: string(o.State), Document: document}, nil
}

func (r pageOrderRow) order() (domain.PageOrder, error) {
	var o domain.PageOrder
	if err := json.Unmarshal([]byte(r.Document), &o); err != nil {
		return o, fmt.Errorf("page order %d of %s: %w: %w", r.Seq, r.Vault, ErrCorrupt, err)
	}
	return o, nil
}

// ApprovePageSize records that a vault's next new day takes a page size. ErrPageOrder: the effect of an earlier order is
// not known yet, and a second one would mix the figures of both.
func (s *Store) ApprovePageSize(ctx context.Context, o domain.PageOrder) (domain.PageOrder, error) {
	what := "approve a page size of " + o.Vault
	if o.Vault == "" || o.Size == 0 || o.Size > domain.MaxPageSize || o.Actor == "" || o.Reason == "" || o.At.IsZero() {
		return o, fmt.Errorf("store: %s: %w: vault, size from 1 to %d, actor, reason and time are needed", what, ErrInvalid, domain.MaxPageSize)
	}
	o.State, o.At = domain.PageApproved, o.At.UTC()
	err := s.write(ctx, what, func(tx bun.Tx) error {
		held, found, err := heldPageOrder(ctx, tx, o.Vault)
		if err != nil {
			return err
		}
		if found && held.UnderWay() {
			return fmt.Errorf("%w: order %d, %d investors a page, is %s", ErrPageOrder, held.Seq, held.Size, held.State)
		}
		var last pageOrderRow
		if _, err := one(tx.NewSelect().Model(&last).Order("seq DESC").Limit(1).Scan(ctx)); err != nil {
			return err
		}
		o.Seq = last.Seq + 1
		row, err := newPageOrderRow(o)
		if err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return err
		}
		return appendAudit(ctx, tx, AuditEntry{
			At: o.At, Actor: o.Actor, Action: "pagesize.approve", Subject: o.Vault,
			Detail: fmt.Sprintf("order %d: %d investors a page instead of %d, from the next new day on: %s", o.Seq, o.Size, o.Before, o.Reason),
		})
	})
	return o, err
}

// heldPageOrder is the newest order of a vault that is not taken back.
func heldPageOrder(ctx context.Context, db bun.IDB, vault string) (domain.PageOrder, bool, error) {
	var row pageOrderRow
	found, err := one(db.NewSelect().Model(&row).Where("vault = ? AND state <> ?", vault, domain.PageTakenBack).Order("seq DESC").Limit(1).Scan(ctx))
	if err != nil || !found {
		return domain.PageOrder{}, false, err
	}
	o, err := row.order()
	return o, err == nil, err
}

// PageOrder reads the order that a vault's new days follow: the newest that is not taken back.
func (s *Store) PageOrder(ctx context.Context, vault string) (o domain.PageOrder, found bool, err error) {
	err = s.read(ctx, "page order of "+vault, func(db bun.IDB) error {
		o, found, err = heldPageOrder(ctx, db, vault)
		return err
	})
	return o, found && err == nil, err
}

// PageOrders reads the orders of a vault, or of all when none is named, newest first.
func (s *Store) PageOrders(ctx context.Context, vault string) ([]domain.PageOrder, error) {
	var rows []pageOrderRow
	err := s.read(ctx, "page orders of "+vault, func(db bun.IDB) error {
		q := db.NewSelect().Model(&rows).Order("seq DESC")
		if vault != "" {
			q = q.Where("vault = ?", vault)
		}
		return q.Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out, err := each(rows, pageOrderRow.order)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return out, nil
}

// ApplyPageOrder records the first day that was planned with an approved order. An order in another state stays as it is:
// a later day is planned with it too, and one that was taken back meanwhile is not brought back.
func (s *Store) ApplyPageOrder(ctx context.Context, seq int64, day domain.Day, actor string, at time.Time) error {
	return s.changePageOrder(ctx, seq, func(o *domain.PageOrder) (AuditEntry, bool, error) {
		if o.State != domain.PageApproved {
			return AuditEntry{}, false, nil
		}
		o.State, o.Since, o.AppliedAt = domain.PageApplied, day, at.UTC()
		return AuditEntry{
			At: at, Actor: actor, Action: "pagesize.apply", Subject: o.Vault,
			Detail: fmt.Sprintf("order %d of %d investors a page counts from day %s on", o.Seq, o.Size, day),
		}, true, nil
	})
}

// PageVerdict ends an order: it is kept or taken back.
type PageVerdict struct {
	Seq     int64
	State   domain.PageOrderState // PageKept or PageTakenBack.
	Was, Is *domain.PageFigures   // Nil: not measured.
	Actor   string
	At      time.Time
	Note    string
}

// EndPageOrder keeps an applied order, or takes back one that counts. ErrNotFound: there is none; ErrPageOrder: it is
// not in such a state.
func (s *Store) EndPageOrder(ctx context.Context, v PageVerdict) error {
	action := map[domain.PageOrderState]string{domain.PageKept: "pagesize.keep", domain.PageTakenBack: "pagesize.back"}[v.State]
	if action == "" || v.Actor == "" || v.Note == "" || v.At.IsZero() {
		return fmt.Errorf("store: end page order %d: %w: state kept or taken back, actor, note and time are needed", v.Seq, ErrInvalid)
	}
	return s.changePageOrder(ctx, v.Seq, func(o *domain.PageOrder) (AuditEntry, bool, error) {
		if !o.Counts() || v.State == domain.PageKept && o.State != domain.PageApplied {
			return AuditEntry{}, false, fmt.Errorf("%w: order %d of %s is %s", ErrPageOrder, o.Seq, o.Vault, o.State)
		}
		o.State, o.EndedBy, o.EndedAt, o.Note = v.State, v.Actor, v.At.UTC(), v.Note
		if v.Is != nil {
			o.Was, o.Is = v.Was, v.Is
		}
		return AuditEntry{At: v.At, Actor: v.Actor, Action: action, Subject: o.Vault, Detail: fmt.Sprintf("order %d, %d investors a page: %s", o.Seq, o.Size, v.Note)}, true, nil
	})
}

func (s *Store) changePageOrder(ctx context.Context, seq int64, change func(*domain.PageOrder) (AuditEntry, bool, error)) error {
	return s.write(ctx, fmt.Sprintf("change page order %d", seq), func(tx bun.Tx) error {
		var row pageOrderRow
		found, err := one(tx.NewSelect().Model(&row).Where("seq = ?", seq).Scan(ctx))
		switch {
		case err != nil:
			return err
		case !found:
			return fmt.Errorf("page order %d is %w", seq, ErrNotFound)
		}
		o, err := row.order()
		if err != nil {
			return err
		}
		entry, changed, err := change(&o)
		if err != nil || !changed {
			return err
		}
		if row, err = newPageOrderRow(o); err != nil {
			return err
		}
		if _, err := tx.NewUpdate().Model((*pageOrderRow)(nil)).Set("state = ?", row.State).Set("document = ?", row.Document).Where("seq = ?", seq).Exec(ctx); err != nil {
			return err
		}
		return appendAudit(ctx, tx, entry)
	})
}
