package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// statementRow is an outcome with the token of its day and its line of the catch-up list.
type statementRow struct {
	outcomeRow `bun:",extend"`

	Document sql.NullString
	Mint     sql.NullString
	Symbol   sql.NullString
	Decimals sql.NullInt64
	State    sql.NullString
	Would    sql.NullString
}

// Statement reads every outcome of an investor, named by wallet or by stream, of the days from first to last, both
// included; an empty day is no bound. Oldest first.
func (s *Store) Statement(ctx context.Context, address string, first, last domain.Day) ([]domain.StatementLine, error) {
	var rows []statementRow
	err := s.read(ctx, "statement of "+address, func(db bun.IDB) error {
		q := db.NewSelect().ColumnExpr("o.vault, o.day, o.place, o.idx, o.stream, o.recipient, o.planned, o.paid, o.signature, o.reason, o.note").
			ColumnExpr("r.document, a.mint, a.symbol, a.decimals, a.state, a.would").TableExpr("outcomes AS o").
			Join("LEFT JOIN reports AS r ON r.vault = o.vault AND r.day = o.day").
			Join("LEFT JOIN arrears AS a ON a.vault = o.vault AND a.day = o.day AND a.stream = o.stream").
			Where("(o.recipient = ? OR o.stream = ?)", address, address).OrderExpr("o.day, o.vault, o.place")
		if first != "" {
			q = q.Where("o.day >= ?", first)
		}
		if last != "" {
			q = q.Where("o.day <= ?", last)
		}
		return q.Scan(ctx, &rows)
	})
	if err != nil {
		return nil, err
	}
	return each(rows, statementRow.line)
}

func (r statementRow) line() (domain.StatementLine, error) {
	paid := domain.Amount(r.Paid)
	line := domain.StatementLine{
		Vault: r.Vault, Day: domain.Day(r.Day), Stream: r.Stream, Recipient: r.Recipient, Planned: domain.Amount(r.Planned), Paid: &paid,
		Reason: domain.Reason(r.Reason), Signature: r.Signature, Note: r.Note, Arrear: domain.ArrearState(r.State.String),
		Token: domain.Token{Mint: r.Mint.String, Symbol: r.Symbol.String, Decimals: uint8(r.Decimals.Int64)},
	}
	if r.Document.Valid {
		var report domain.DayReport
		if err := json.Unmarshal([]byte(r.Document.String), &report); err != nil {
			return line, fmt.Errorf("store: report of %s for %s: %w: %w", r.Vault, r.Day, ErrCorrupt, err)
		}
		line.Token = report.Token
	}
	if r.Would.Valid {
		would, err := domain.ParseAmount(r.Would.String)
		if err != nil {
			return line, fmt.Errorf("store: arrear of %s in %s for %s: %w: %w", r.Stream, r.Vault, r.Day, ErrCorrupt, err)
		}
		line.Would = &would
	}
	return line, nil
}
