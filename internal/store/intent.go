package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type intentRow struct {
	bun.BaseModel `bun:"table:intents"`

	Signature   string
	Vault       string
	Day         string
	Kind        string
	IntentKey   string
	State       string
	Raw         blob
	Blockhash   string
	LastValid   number
	Slot        number
	Err         string
	FeeLamports number
	Units       number
	UnitPrice   number
	CreatedAt   moment
	UpdatedAt   moment
	Payer       string
	MaxFee      number
}

func rowOfIntent(i domain.Intent) intentRow {
	return intentRow{
		Signature: i.Signature, Vault: i.Vault, Day: string(i.Day), Kind: string(i.Kind), IntentKey: i.Key, State: string(i.State),
		Raw: i.Raw, Blockhash: i.Blockhash, LastValid: number(i.LastValid), Slot: number(i.Slot), Err: i.Err,
		FeeLamports: number(i.FeeLamports), Units: number(i.Units), UnitPrice: number(i.UnitPrice),
		CreatedAt: moment(i.CreatedAt), UpdatedAt: moment(i.UpdatedAt),
	}
}

func (r intentRow) intent() domain.Intent {
	return domain.Intent{
		Signature: r.Signature, Vault: r.Vault, Day: domain.Day(r.Day), Kind: domain.IntentKind(r.Kind), Key: r.IntentKey, State: domain.IntentState(r.State),
		Raw: r.Raw, Blockhash: r.Blockhash, LastValid: uint64(r.LastValid), Slot: uint64(r.Slot), Err: r.Err,
		FeeLamports: uint64(r.FeeLamports), Units: uint64(r.Units), UnitPrice: uint64(r.UnitPrice),
		CreatedAt: time.Time(r.CreatedAt), UpdatedAt: time.Time(r.UpdatedAt),
	}
}

// InsertIntent stores a signed transaction before it is sent; when it returns nil the intent is on the disk.
// A signature that is known gives ErrDuplicate. A page whose earlier signature may still land, or is confirmed and may
// yet be rolled back, gives ErrOpenIntent: two workers that plan the same page cannot both sign it (DESIGN.md §1.3).
func (s *Store) InsertIntent(ctx context.Context, i domain.Intent) error {
	return s.insertIntent(ctx, i, Budget{})
}

func (s *Store) insertIntent(ctx context.Context, i domain.Intent, b Budget) error {
	what := fmt.Sprintf("insert intent %s of %s (%s)", i.Key, i.Vault, i.Signature)
	if i.Signature == "" || i.Vault == "" || i.Key == "" || len(i.Raw) == 0 || i.CreatedAt.IsZero() || i.State != domain.IntentPrepared {
		return fmt.Errorf("store: %s: %w: signature, vault, key, raw bytes, time and state %s are needed", what, ErrInvalid, domain.IntentPrepared)
	}
	if i.UpdatedAt.IsZero() {
		i.UpdatedAt = i.CreatedAt
	}
	return s.write(ctx, what, func(tx bun.Tx) error {
		known, err := tx.NewSelect().Model((*intentRow)(nil)).Where("signature = ?", i.Signature).Exists(ctx)
		if err != nil {
			return err
		}
		if known {
			return ErrDuplicate
		}
		if i.Kind == domain.IntentPage {
			var open []string
			err := tx.NewSelect().Model((*intentRow)(nil)).Column("signature").
				Where("vault = ? AND day = ? AND intent_key = ? AND kind = ?", i.Vault, i.Day, i.Key, i.Kind).
				Where("(state IN (?, ?) OR (state = ? AND err = ''))", domain.IntentPrepared, domain.IntentSent, domain.IntentConfirmed).Scan(ctx, &open)
			if err != nil {
				return err
			}
			if len(open) > 0 {
				return fmt.Errorf("%w: settle %s first", ErrOpenIntent, open[0])
			}
		}
		if err := b.within(ctx, tx); err != nil {
			return err
		}
		row := rowOfIntent(i)
		row.Payer, row.MaxFee = b.Payer, number(b.MaxFee)
		_, err = tx.NewInsert().Model(&row).Exec(ctx)
		return err
	})
}

// IntentUpdate is what was learned of a signature. Zero figures keep the stored ones.
type IntentUpdate struct {
	State       domain.IntentState
	Slot        uint64
	Err         string // The chain's error, for failed.
	FeeLamports uint64
	Units       uint64
	At          time.Time
}

// next lists the states that may follow. What a poll finds may lie several steps ahead. The way back from confirmed
// to sent is a rollback; from there the signature may land again or expire. Settled states never change.
func next(from domain.IntentState) []domain.IntentState {
	switch from {
	case domain.IntentPrepared:
		return []domain.IntentState{domain.IntentPrepared, domain.IntentSent, domain.IntentConfirmed, domain.IntentFinalized, domain.IntentFailed, domain.IntentExpired}
	case domain.IntentSent:
		return []domain.IntentState{domain.IntentSent, domain.IntentConfirmed, domain.IntentFinalized, domain.IntentFailed, domain.IntentExpired}
	case domain.IntentConfirmed:
		return []domain.IntentState{domain.IntentConfirmed, domain.IntentSent, domain.IntentFinalized, domain.IntentFailed}
	default:
		return []domain.IntentState{from} // Said again, for a step that is retried.
	}
}

// SettleIntent moves an intent to what is now known of it. A move that cannot happen gives ErrTransition, a signature
// that was never stored ErrNotFound.
func (s *Store) SettleIntent(ctx context.Context, signature string, u IntentUpdate) error {
	return s.write(ctx, fmt.Sprintf("settle intent %s as %s", signature, u.State), func(tx bun.Tx) error {
		var row intentRow
		found, err := one(tx.NewSelect().Model(&row).Where("signature = ?", signature).Scan(ctx))
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("the intent is %w", ErrNotFound)
		}
		from := domain.IntentState(row.State)
		if !slices.Contains(next(from), u.State) {
			return fmt.Errorf("%w: from %s to %s", ErrTransition, from, u.State)
		}
		if from == domain.IntentConfirmed && u.State == domain.IntentSent {
			row.Slot, row.Err, row.FeeLamports = 0, "", 0 // The slot was rolled back, and what it charged with it.
		}
		row.apply(u)
		_, err = tx.NewUpdate().Model(&row).Where("signature = ?", signature).
			Column("state", "slot", "err", "fee_lamports", "units", "updated_at").Exec(ctx)
		return err
	})
}

func (r *intentRow) apply(u IntentUpdate) {
	r.State = string(u.State)
	if u.Slot != 0 {
		r.Slot = number(u.Slot)
	}
	if u.Err != "" {
		r.Err = u.Err
	}
	if u.FeeLamports != 0 {
		r.FeeLamports = number(u.FeeLamports)
	}
	if u.Units != 0 {
		r.Units = number(u.Units)
	}
	if !u.At.IsZero() {
		r.UpdatedAt = moment(u.At)
	}
}

// Intent reads one signature.
func (s *Store) Intent(ctx context.Context, signature string) (domain.Intent, bool, error) {
	all, err := s.intents(ctx, "intent "+signature, func(q *bun.SelectQuery) *bun.SelectQuery { return q.Where("signature = ?", signature) })
	if err != nil || len(all) == 0 {
		return domain.Intent{}, false, err
	}
	return all[0], true, nil
}

// OpenIntents reads the vault's signatures of all days that are not settled: they may still land or be rolled back.
func (s *Store) OpenIntents(ctx context.Context, vault string) ([]domain.Intent, error) {
	return s.intents(ctx, "open intents of "+vault, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("vault = ? AND state IN ('prepared', 'sent', 'confirmed')", vault) // As the index says it.
	})
}

// Flights reads the signatures of all vaults that may still land, oldest first.
func (s *Store) Flights(ctx context.Context) ([]domain.Flight, error) {
	intents, err := s.intents(ctx, "signatures in flight", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.ExcludeColumn("raw").Where("state IN ('prepared', 'sent', 'confirmed')").Where("state <> 'confirmed'") // As the index says it.
	})
	if err != nil {
		return nil, err
	}
	out := make([]domain.Flight, len(intents))
	for n, i := range intents {
		out[n] = domain.Flight{Signature: i.Signature, Vault: i.Vault, Day: i.Day, Key: i.Key, State: i.State, LastValid: i.LastValid}
	}
	return out, nil
}

// Intents reads all signatures of a day, oldest first.
func (s *Store) Intents(ctx context.Context, vault string, day domain.Day) ([]domain.Intent, error) {
	return s.intents(ctx, fmt.Sprintf("intents of %s for %s", vault, day), func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("vault = ? AND day = ?", vault, day)
	})
}

func (s *Store) intents(ctx context.Context, what string, where func(*bun.SelectQuery) *bun.SelectQuery) ([]domain.Intent, error) {
	var rows []intentRow
	err := s.read(ctx, what, func(db bun.IDB) error {
		return where(db.NewSelect().Model(&rows)).Order("created_at", "signature").Scan(ctx)
	})
	if err != nil {
		return nil, err
	}
	out := make([]domain.Intent, len(rows))
	for i, r := range rows {
		out[i] = r.intent()
	}
	return out, nil
}
