package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type deliveryRow struct {
	bun.BaseModel `bun:"table:deliveries"`

	MessageKey string
	Seq        int64
	Channel    string
	Ref        string
	State      string
	Attempts   int64
	Code       string
	Error      string
	Uncertain  bool
	LeaseUntil moment
	BeganAt    moment
	UpdatedAt  moment
}

func (r deliveryRow) delivery() domain.Delivery {
	return domain.Delivery{
		Key: r.MessageKey, Seq: int(r.Seq), Channel: r.Channel, Ref: r.Ref, State: domain.DeliveryState(r.State), Attempts: int(r.Attempts),
		Code: r.Code, Error: r.Error, Uncertain: r.Uncertain, BeganAt: time.Time(r.BeganAt), UpdatedAt: time.Time(r.UpdatedAt),
	}
}

const (
	ofKeyAndChannel = "message_key = ? AND channel = ?"
	sameDelivery    = ofKeyAndChannel + " AND seq = ?"
)

// ClaimDelivery begins an attempt, or says why there must be none: the message was delivered, a later one of its key
// was, or an attempt with the same key and channel is under way. Two workers that claim at once get one grant.
func (s *Store) ClaimDelivery(ctx context.Context, c domain.DeliveryClaim) (domain.DeliveryGrant, error) {
	what := fmt.Sprintf("claim delivery %d of %s to %s", c.Seq, c.Key, c.Channel)
	if c.Key == "" || c.Channel == "" || c.Seq < 0 || c.Now.IsZero() || c.Lease <= 0 {
		return domain.DeliveryGrant{}, fmt.Errorf("store: %s: %w: key, channel, time and lease are needed", what, ErrInvalid)
	}
	var grant domain.DeliveryGrant
	err := s.write(ctx, what, func(tx bun.Tx) error {
		var rows []deliveryRow
		if err := tx.NewSelect().Model(&rows).Where(ofKeyAndChannel, c.Key, c.Channel).Order("seq").Scan(ctx); err != nil {
			return err
		}
		own := deliveryRow{MessageKey: c.Key, Seq: int64(c.Seq), Channel: c.Channel, BeganAt: moment(c.Now)}
		grant = weighClaim(c, rows, &own)
		switch {
		case grant.Granted:
			own.State, own.Uncertain, own.LeaseUntil = string(domain.DeliverySending), true, moment(c.Now.Add(c.Lease))
			own.Attempts++
		case own.State != string(domain.DeliverySuperseded) || !grant.BusyUntil.IsZero():
			return nil // Delivered, or somebody is at it.
		}
		own.UpdatedAt = moment(c.Now)
		grant.Delivery = own.delivery()
		_, err := tx.NewInsert().Model(&own).On("CONFLICT (message_key, channel, seq) DO UPDATE").
			Set("state = EXCLUDED.state").Set("uncertain = EXCLUDED.uncertain").Set("lease_until = EXCLUDED.lease_until").
			Set("updated_at = EXCLUDED.updated_at").Set("attempts = EXCLUDED.attempts").Exec(ctx)
		return err
	})
	return grant, err
}

// weighClaim judges a claim by all records of its key and channel; own becomes the stored record if there is one.
func weighClaim(c domain.DeliveryClaim, rows []deliveryRow, own *deliveryRow) domain.DeliveryGrant {
	var g domain.DeliveryGrant
	later := false
	for _, r := range rows {
		delivered := r.State == string(domain.DeliveryDelivered)
		switch {
		case r.Seq == own.Seq:
			*own, g.Repeat = r, r.Uncertain
		case r.Seq > own.Seq && delivered && !c.AnyAge:
			later = true
		}
		// A lease that ends later than one which would begin now is of a clock that was set back since.
		until := time.Time(r.LeaseUntil)
		if r.State == string(domain.DeliverySending) && until.After(c.Now) && !until.After(c.Now.Add(c.Lease)) {
			g.BusyUntil = until
		}
		if r.Ref != "" {
			g.Before = r.Ref // The newest one: an original that was deleted has a successor.
		}
	}
	if later && own.State != string(domain.DeliveryDelivered) {
		own.State = string(domain.DeliverySuperseded)
	}
	g.Delivery = own.delivery()
	g.Granted = own.State != string(domain.DeliveryDelivered) && !later && g.BusyUntil.IsZero()
	return g
}

// SettleDelivery ends an attempt. What was delivered stays so: neither a slower attempt nor a second failure takes it
// back. An attempt that was overtaken, because its lease ran out and another began, settles nothing but a delivery.
func (s *Store) SettleDelivery(ctx context.Context, d domain.Delivery) error {
	what := fmt.Sprintf("settle delivery %d of %s to %s as %s", d.Seq, d.Key, d.Channel, d.State)
	if d.Key == "" || d.Channel == "" || d.State == "" || d.State == domain.DeliverySending || d.UpdatedAt.IsZero() {
		return fmt.Errorf("store: %s: %w: key, channel, time and the state of an end are needed", what, ErrInvalid)
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		row := deliveryRow{
			MessageKey: d.Key, Seq: int64(d.Seq), Channel: d.Channel, Ref: d.Ref, State: string(d.State), Attempts: int64(d.Attempts), Code: d.Code,
			Error: d.Error, Uncertain: d.Uncertain, LeaseUntil: moment(d.UpdatedAt), BeganAt: moment(d.BeganAt), UpdatedAt: moment(d.UpdatedAt),
		}
		_, err := tx.NewInsert().Model(&row).On("CONFLICT (message_key, channel, seq) DO UPDATE").
			Set("state = EXCLUDED.state").Set("ref = CASE WHEN EXCLUDED.ref = '' THEN delivery_row.ref ELSE EXCLUDED.ref END").
			Set("code = EXCLUDED.code").Set("error = EXCLUDED.error").Set("uncertain = EXCLUDED.uncertain").
			Set("lease_until = EXCLUDED.lease_until").Set("updated_at = EXCLUDED.updated_at").
			Where("delivery_row.state <> ? AND (delivery_row.attempts = EXCLUDED.attempts OR EXCLUDED.state = ?)", domain.DeliveryDelivered, domain.DeliveryDelivered).Exec(ctx)
		return err
	})
}

// Deliveries reads all records of a key, by channel and sequence.
func (s *Store) Deliveries(ctx context.Context, key string) ([]domain.Delivery, error) {
	return s.deliveries(ctx, "deliveries of "+key, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("message_key = ?", key).Order("channel", "seq")
	})
}

// DeliveriesSince reads what changed at or after a time, oldest first: the evidence for "was anybody told?".
func (s *Store) DeliveriesSince(ctx context.Context, since time.Time) ([]domain.Delivery, error) {
	return s.deliveries(ctx, "deliveries since "+since.UTC().Format(time.RFC3339), func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("updated_at >= ?", moment(since)).Order("updated_at", "message_key", "channel", "seq")
	})
}

func (s *Store) deliveries(ctx context.Context, what string, where func(*bun.SelectQuery) *bun.SelectQuery) ([]domain.Delivery, error) {
	var rows []deliveryRow
	err := s.read(ctx, what, func(db bun.IDB) error { return where(db.NewSelect().Model(&rows)).Scan(ctx) })
	if err != nil {
		return nil, err
	}
	out := make([]domain.Delivery, len(rows))
	for i, r := range rows {
		out[i] = r.delivery()
	}
	return out, nil
}
