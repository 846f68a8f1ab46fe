package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type pageRow struct {
	bun.BaseModel `bun:"table:pages"`

	Vault     string
	Day       string
	PageStart int64 // The cursor; the plain word is reserved in PostgreSQL's procedures.
	Signature string
	Ours      bool
	Slot      number
	Finalized bool
	Paid      number
	Creator   number
	Claimed   number
	Closed    bool
}

type payoutRow struct {
	bun.BaseModel `bun:"table:payouts"`

	Vault     string
	Day       string
	PageStart int64
	Signature string
	Place     int64
	Recipient string
	ATA       string `bun:"ata"`
	Amount    number
	PayoutSig string
}

const samePage = "vault = ? AND day = ? AND page_start = ? AND signature = ?"

// SavePage stores what a page moved, with its payouts. Saving it again replaces it, as when it becomes finalized.
func (s *Store) SavePage(ctx context.Context, p domain.PageResult) error {
	what := fmt.Sprintf("save page %d of %s for %s", p.Cursor, p.Vault, p.Day)
	if p.Vault == "" || p.Day == "" || p.Signature == "" {
		return fmt.Errorf("store: %s: %w: vault, day and signature are needed", what, ErrInvalid)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		// The payouts go with the page (ON DELETE CASCADE).
		if _, err := tx.NewDelete().Model((*pageRow)(nil)).Where(samePage, p.Vault, p.Day, p.Cursor, p.Signature).Exec(ctx); err != nil {
			return err
		}
		row := pageRow{
			Vault: p.Vault, Day: string(p.Day), PageStart: int64(p.Cursor), Signature: p.Signature, Ours: p.Ours, Slot: number(p.Slot), Finalized: p.Finalized,
			Paid: number(p.Paid), Creator: number(p.Creator), Claimed: number(p.Claimed), Closed: p.Closed,
		}
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil || len(p.Payouts) == 0 {
			return err
		}
		payouts := make([]payoutRow, len(p.Payouts))
		for i, o := range p.Payouts {
			payouts[i] = payoutRow{
				Vault: p.Vault, Day: string(p.Day), PageStart: int64(p.Cursor), Signature: p.Signature, Place: int64(i),
				Recipient: o.Recipient, ATA: o.ATA, Amount: number(o.Amount), PayoutSig: o.Signature,
			}
		}
		_, err := tx.NewInsert().Model(&payouts).Exec(ctx)
		return err
	})
}

// DropPage forgets a page whose slot was rolled back. A finalized one cannot be rolled back and stays: ErrTransition.
func (s *Store) DropPage(ctx context.Context, vault string, day domain.Day, cursor uint32, signature string) error {
	return s.write(ctx, fmt.Sprintf("drop page %d of %s for %s", cursor, vault, day), func(tx bun.Tx) error {
		var row pageRow
		found, err := one(tx.NewSelect().Model(&row).Where(samePage, vault, day, cursor, signature).Scan(ctx))
		if err != nil || !found {
			return err
		}
		if row.Finalized {
			return fmt.Errorf("%w: the page is finalized", ErrTransition)
		}
		_, err = tx.NewDelete().Model((*pageRow)(nil)).Where(samePage, vault, day, cursor, signature).Exec(ctx)
		return err
	})
}

// Pages reads a day's pages by cursor, with their payouts.
func (s *Store) Pages(ctx context.Context, vault string, day domain.Day) ([]domain.PageResult, error) {
	var pages []pageRow
	var payouts []payoutRow
	err := s.snapshot(ctx, fmt.Sprintf("pages of %s for %s", vault, day), func(db bun.IDB) error {
		if err := db.NewSelect().Model(&pages).Where("vault = ? AND day = ?", vault, day).Order("page_start", "signature").Scan(ctx); err != nil {
			return err
		}
		return db.NewSelect().Model(&payouts).Where("vault = ? AND day = ?", vault, day).Order("page_start", "signature", "place").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	type id struct {
		cursor    int64
		signature string
	}
	byPage := map[id][]domain.Payout{}
	for _, o := range payouts {
		at := id{o.PageStart, o.Signature}
		byPage[at] = append(byPage[at], domain.Payout{Recipient: o.Recipient, ATA: o.ATA, Amount: domain.Amount(o.Amount), Signature: o.PayoutSig})
	}
	out := make([]domain.PageResult, len(pages))
	for i, r := range pages {
		out[i] = domain.PageResult{
			Vault: r.Vault, Day: domain.Day(r.Day), Cursor: uint32(r.PageStart), Signature: r.Signature, Ours: r.Ours, Slot: uint64(r.Slot), Finalized: r.Finalized,
			Paid: domain.Amount(r.Paid), Creator: domain.Amount(r.Creator), Claimed: domain.Amount(r.Claimed), Closed: r.Closed, Payouts: byPage[id{r.PageStart, r.Signature}],
		}
	}
	return out, nil
}

// snapshot lets several reads see one state.
func (s *Store) snapshot(ctx context.Context, what string, f func(bun.IDB) error) error {
	return s.read(ctx, what, func(bun.IDB) error {
		return s.r.RunInTx(ctx, s.still, func(_ context.Context, tx bun.Tx) error { return f(tx) })
	})
}
