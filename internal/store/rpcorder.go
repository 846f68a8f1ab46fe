package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type rpcOrderRow struct {
	bun.BaseModel `bun:"table:rpc_orders"`

	Seq   int64
	At    moment
	Actor string
	Cause string
	Names string // JSON.
}

// SaveEndpointOrder appends an order, with a line of the audit log. Earlier ones stay: they are the way back.
func (s *Store) SaveEndpointOrder(ctx context.Context, o domain.EndpointOrder) error {
	const what = "save the order of the endpoints"
	if len(o.Names) == 0 || o.Actor == "" || o.Cause == "" || o.At.IsZero() {
		return fmt.Errorf("store: %s: %w: names, actor, cause and time are needed", what, ErrInvalid)
	}
	names, err := json.Marshal(o.Names)
	if err != nil {
		return fmt.Errorf("store: %s: encode: %w", what, err)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		var last rpcOrderRow
		if _, err := one(tx.NewSelect().Model(&last).Order("seq DESC").Limit(1).Scan(ctx)); err != nil {
			return err
		}
		row := rpcOrderRow{Seq: last.Seq + 1, At: moment(o.At), Actor: o.Actor, Cause: o.Cause, Names: string(names)}
		if _, err := tx.NewInsert().Model(&row).Exec(ctx); err != nil {
			return err
		}
		return appendAudit(ctx, tx, AuditEntry{At: o.At, Actor: o.Actor, Action: "rpc.order", Detail: strings.Join(o.Names, ", ") + ": " + o.Cause})
	})
}

// EndpointOrders reads the newest orders, newest first.
func (s *Store) EndpointOrders(ctx context.Context, limit int) ([]domain.EndpointOrder, error) {
	var rows []rpcOrderRow
	err := s.read(ctx, "orders of the endpoints", func(db bun.IDB) error {
		return db.NewSelect().Model(&rows).Order("seq DESC").Limit(int64(limit)).Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out := make([]domain.EndpointOrder, len(rows))
	for i, r := range rows {
		out[i] = domain.EndpointOrder{Seq: r.Seq, At: time.Time(r.At), Actor: r.Actor, Cause: r.Cause}
		if err := json.Unmarshal([]byte(r.Names), &out[i].Names); err != nil {
			return nil, fmt.Errorf("store: order %d of the endpoints: %w: %w", r.Seq, ErrCorrupt, err)
		}
	}
	return out, nil
}
