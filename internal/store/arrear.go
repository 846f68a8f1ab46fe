package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// ErrSettled means that an arrear was settled before: settling it again could pay somebody twice.
var ErrSettled = errors.New("the arrear is settled already")

type arrearRow struct {
	bun.BaseModel `bun:"table:arrears"`

	Vault      string
	Day        string
	Stream     string
	Recipient  string
	Reason     string
	Would      sql.NullString
	Mint       string
	Symbol     string
	Decimals   uint8
	State      string
	RetestedOn string
	Retest     string
	Note       string
}

func newArrearRow(a domain.Arrear) arrearRow {
	row := arrearRow{
		Vault: a.Vault, Day: string(a.Day), Stream: a.Stream, Recipient: a.Recipient, Reason: string(a.Reason), Mint: a.Token.Mint, Symbol: a.Token.Symbol,
		Decimals: a.Token.Decimals, State: string(a.State), RetestedOn: string(a.RetestedOn), Retest: a.Retest, Note: a.Note,
	}
	if a.Would != nil {
		row.Would = sql.NullString{String: a.Would.String(), Valid: true}
	}
	return row
}

func (r arrearRow) arrear() (domain.Arrear, error) {
	a := domain.Arrear{
		Vault: r.Vault, Day: domain.Day(r.Day), Stream: r.Stream, Recipient: r.Recipient, Reason: domain.Reason(r.Reason),
		Token: domain.Token{Mint: r.Mint, Symbol: r.Symbol, Decimals: r.Decimals}, State: domain.ArrearState(r.State),
		RetestedOn: domain.Day(r.RetestedOn), Retest: r.Retest, Note: r.Note,
	}
	if r.Would.Valid {
		would, err := domain.ParseAmount(r.Would.String)
		if err != nil {
			return a, fmt.Errorf("arrear of %s in %s for %s: %w: %w", r.Stream, r.Vault, r.Day, ErrCorrupt, err)
		}
		a.Would = &would
	}
	return a, nil
}

const (
	sameArrear = "vault = ? AND day = ? AND stream = ?"
	unsettled  = "state <> ?"
)

// SaveArrears makes the given list a day's arrears. Saving again corrects reason, amount and note and drops what is no
// longer owed, because a day may be reconciled again after a repair; it keeps what the tests found, and never touches
// one that was settled.
func (s *Store) SaveArrears(ctx context.Context, vault string, day domain.Day, arrears []domain.Arrear) error {
	what := fmt.Sprintf("save arrears of %s for %s", vault, day)
	streams, rows := make([]string, len(arrears)), make([]arrearRow, len(arrears))
	for i, a := range arrears {
		if a.Vault != vault || a.Day != day || a.Stream == "" || a.Reason == "" || a.State == "" {
			return fmt.Errorf("store: %s: %w: vault and day must be these; stream, reason and state are needed", what, ErrInvalid)
		}
		streams[i], rows[i] = a.Stream, newArrearRow(a)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		drop := tx.NewDelete().Model((*arrearRow)(nil)).Where(sameDay, vault, day).Where(unsettled, domain.ArrearSettled)
		if len(streams) > 0 {
			drop = drop.Where("stream NOT IN (?)", bun.List(streams))
		}
		if _, err := drop.Exec(ctx); err != nil || len(rows) == 0 {
			return err
		}
		_, err := tx.NewInsert().Model(&rows).On("CONFLICT (vault, day, stream) DO UPDATE").
			Set("recipient = EXCLUDED.recipient").Set("reason = EXCLUDED.reason").Set("would = EXCLUDED.would").
			Set("mint = EXCLUDED.mint").Set("symbol = EXCLUDED.symbol").Set("decimals = EXCLUDED.decimals").Set("note = EXCLUDED.note").
			Where("arrear_row."+unsettled, domain.ArrearSettled).Exec(ctx)
		return err
	})
}

// Arrears reads the catch-up list of a vault, or of all vaults when none is named, oldest day first within a vault.
func (s *Store) Arrears(ctx context.Context, vault string) ([]domain.Arrear, error) {
	var rows []arrearRow
	err := s.read(ctx, "arrears of "+vault, func(db bun.IDB) error {
		q := db.NewSelect().Model(&rows).Order("vault", "day", "stream")
		if vault != "" {
			q = q.Where("vault = ?", vault)
		}
		return q.Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out, err := each(rows, arrearRow.arrear)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return out, nil
}

// SaveRetests stores what a test of arrears found: state, day and finding. One that was settled or dropped in the
// meantime stays so.
func (s *Store) SaveRetests(ctx context.Context, tested []domain.Arrear) error {
	return s.write(ctx, fmt.Sprintf("save the test of %d arrears", len(tested)), func(tx bun.Tx) error {
		for _, a := range tested {
			_, err := tx.NewUpdate().Model((*arrearRow)(nil)).Set("state = ?", a.State).Set("retested_on = ?", a.RetestedOn).Set("retest = ?", a.Retest).
				Where(sameArrear, a.Vault, a.Day, a.Stream).Where(unsettled, domain.ArrearSettled).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Settlement is a person's word that an arrear was dealt with outside the program.
type Settlement struct {
	Vault  string
	Day    domain.Day
	Stream string
	Reason string
	Actor  string
	At     time.Time
}

// SettleArrear ends an arrear, with an entry of the audit log in the same transaction. ErrNotFound: there is none;
// ErrSettled: it was settled before, by whom its note says.
func (s *Store) SettleArrear(ctx context.Context, t Settlement) (domain.Arrear, error) {
	what := fmt.Sprintf("settle arrear of %s in %s for %s", t.Stream, t.Vault, t.Day)
	if t.Reason == "" || t.Actor == "" || t.At.IsZero() {
		return domain.Arrear{}, fmt.Errorf("store: %s: %w: actor, reason and time are needed", what, ErrInvalid)
	}
	var settled domain.Arrear
	err := s.write(ctx, what, func(tx bun.Tx) error {
		var row arrearRow
		found, err := one(tx.NewSelect().Model(&row).Where(sameArrear, t.Vault, t.Day, t.Stream).Scan(ctx))
		switch {
		case err != nil:
			return err
		case !found:
			return fmt.Errorf("the arrear is %w", ErrNotFound)
		}
		if settled, err = row.arrear(); err != nil {
			return err
		}
		if settled.State == domain.ArrearSettled {
			return fmt.Errorf("%w: %s", ErrSettled, settled.Note)
		}
		settled.State, settled.Note = domain.ArrearSettled, settledNote(settled.Note, t)
		if _, err := tx.NewUpdate().Model((*arrearRow)(nil)).Set("state = ?", settled.State).Set("note = ?", settled.Note).
			Where(sameArrear, t.Vault, t.Day, t.Stream).Exec(ctx); err != nil {
			return err
		}
		would := "unknown"
		if settled.Would != nil {
			would = settled.Would.String()
		}
		return appendAudit(ctx, tx, AuditEntry{
			At: t.At, Actor: t.Actor, Action: "catchup.settle", Subject: t.Vault,
			Detail: fmt.Sprintf("day %s, stream %s, %s base units of %s: %s", t.Day, t.Stream, would, settled.Token.Mint, t.Reason),
		})
	})
	return settled, err
}

// settledNote keeps the cause and adds the settlement.
func settledNote(note string, t Settlement) string {
	said := fmt.Sprintf("settled outside by %s on %s: %s", t.Actor, t.At.UTC().Format(time.DateOnly), t.Reason)
	if note == "" {
		return said
	}
	return note + "; " + said
}
