package distribution

import (
	"context"
	"fmt"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// Turned says what the chain's cursor says after a page.
type Turned struct {
	Signature string
	Ours      bool
	Cursor    uint32
	Slot      uint64
	SentSlot  uint64
	Paid      domain.Amount
	Closed    bool
}

// tick is the little of a vault that is read around every page: the chain's clock and the progress account, at one slot.
type tick struct {
	slot     uint64
	now      int64
	progress router.Progress
}

func (t tick) timing() domain.Timing {
	return domain.Timing{ChainNow: t.now, LastTS: t.progress.LastDistributionTS, Complete: t.progress.DayComplete}
}

func (s *Service) tick(ctx context.Context, v Vault, c rpc.CommitmentType, minSlot uint64) (tick, error) {
	snap, err := s.Chain.Snapshot(ctx, []solana.PublicKey{solana.SysVarClockPubkey, v.Accounts.Progress}, chain.ReadOptions{Commitment: c, MinSlot: minSlot})
	if err != nil {
		return tick{}, fmt.Errorf("read progress of %s: %w", v.ID, err)
	}
	clock, err := chain.DecodeClock(snap.Accounts[solana.SysVarClockPubkey].Data)
	if err != nil {
		return tick{}, fmt.Errorf("read the chain's clock: %w", err)
	}
	a := snap.Accounts[v.Accounts.Progress]
	progress, err := router.DecodeProgress(a.Owner, v.Program, a.Data)
	if err != nil {
		return tick{}, vaultFault(v, "progress_bad", fmt.Errorf("progress %s: %w", v.Accounts.Progress, err), "Do not pay this vault before the account is understood")
	}
	return tick{slot: snap.MinSlot, now: clock.UnixTime, progress: progress}, nil
}

// TurnPage turns one page, or finds it turned. It may be called again after any failure: the sender settles earlier
// signatures of the vault before it signs anything, and the chain's cursor decides what is left to do.
func (s *Service) TurnPage(ctx context.Context, id string, day domain.Day, hash string, cursor uint32) (Turned, error) {
	v, m, err := s.frozen(ctx, id, day, hash)
	if err != nil {
		return Turned{}, err
	}
	send, err := s.Sender(id)
	if err != nil {
		return Turned{}, err
	}
	before, err := s.tick(ctx, v, rpc.CommitmentConfirmed, 0)
	if err != nil {
		return Turned{}, err
	}
	if done, ok, err := s.already(ctx, v, m, before, cursor); err != nil || ok {
		return done, err
	}
	receipt, err := s.sendPage(ctx, send, v, m, cursor)
	if err != nil {
		return Turned{}, err
	}
	tx := receipt.Tx
	if tx == nil {
		if tx, err = s.transaction(ctx, receipt.Signature); err != nil {
			return Turned{}, err
		}
	}
	got, err := read(v, m.Day, tx)
	if err != nil {
		return Turned{}, err
	}
	if got.page == nil || got.page.PageStart != cursor {
		// It landed and did nothing: somebody else had turned the page first (C07).
		after, err := s.tick(ctx, v, rpc.CommitmentConfirmed, receipt.Slot)
		if err != nil {
			return Turned{}, err
		}
		return s.foreign(ctx, v, m, after, cursor)
	}
	got.result.Ours = true
	if err := s.Store.SavePage(ctx, got.result); err != nil {
		return Turned{}, fmt.Errorf("save page at cursor %d of %s: %w", cursor, id, err)
	}
	// The next page reads the progress account before it is sent, and the finalized one decides the day, so the page's
	// own log is believed only until then (X17).
	return Turned{
		Signature: receipt.Signature, Ours: true, Cursor: got.page.PageEnd, Slot: receipt.Slot,
		SentSlot: receipt.SentSlot, Paid: got.result.Paid, Closed: got.closed != nil,
	}, nil
}

// tablesGone asks, after a refusal that people would have to look at, whether the page's lookup tables still are what the
// store says. When they are not, that is the reason, and the next attempt does without them. Nodes say so in words only.
func (s *Service) tablesGone(ctx context.Context, v Vault, p page, refusal error) error {
	if len(p.Tables) == 0 || fault.KindOf(refusal) != fault.Human {
		return refusal
	}
	_, changed, err := s.refreshTables(ctx, v)
	if err != nil || !changed {
		return refusal
	}
	return fault.New(fault.Retry, "table/changed", refusal).WithNext("Its lookup tables are gone from the chain: the next attempt sends it without them")
}

// already decides from the chain alone whether the page must still be sent.
func (s *Service) already(ctx context.Context, v Vault, m domain.Manifest, t tick, cursor uint32) (Turned, bool, error) {
	p := t.progress
	switch {
	case p.LastDistributionTS == m.PrevTS && (m.Opening == nil || m.PrevTS != m.Opening.TS) && t.timing().Phase() == domain.PhaseNewDay:
		if cursor != 0 {
			return Turned{Cursor: 0}, true, nil // The opening was rolled back: begin at 0 again.
		}
		if m.Opening != nil {
			if err := s.Store.ClearOpening(ctx, v.ID, m.Day); err != nil {
				return Turned{}, false, fmt.Errorf("take back the opening of %s for %s: %w", v.ID, m.Day, err)
			}
		}
		return Turned{}, false, nil
	case p.LastDistributionTS == m.PrevTS && m.Opening == nil:
		// The plan was made when the day was due; a node whose clock lies a little behind does not know that yet.
		return Turned{}, false, fault.Newf(fault.Retry, "not_due_yet", "vault %s: the day %s is not open, and by this node's clock not due for %s", v.ID, m.Day, t.timing().UntilDue())
	case m.Opening != nil && !sameDay(m.Opening.TS, p.LastDistributionTS):
		return Turned{}, false, dayLost(v, m, "the chain's day is another one")
	case t.timing().Phase() == domain.PhaseNewDay:
		return Turned{}, false, dayLost(v, m, "its 24 hours are over")
	case p.PaginationCursor > cursor || p.DayComplete:
		done, err := s.foreign(ctx, v, m, t, cursor)
		return done, true, err
	case p.PaginationCursor < cursor:
		return Turned{Cursor: p.PaginationCursor, Slot: t.slot}, true, nil // Rolled back: go back to where the chain is.
	}
	if margin := t.timing().Deadline() - t.now; margin < s.Rules.DeadlineMargin {
		return Turned{}, false, dayLost(v, m, fmt.Sprintf("only %d s are left, and a page that lands late could open the next day", margin))
	}
	return Turned{}, false, nil
}

// sameDay is true when two openings cannot both have happened: the earlier one was rolled back, and the day landed again.
func sameDay(a, b int64) bool { return a-b < domain.DaySeconds && b-a < domain.DaySeconds }

func dayLost(v Vault, m domain.Manifest, why string) error {
	return fault.Newf(fault.Human, "day_lost", "vault %s: the day %s cannot be paid to its end: %s", v.ID, m.Day, why).
		WithNext("Unpaid investors of this day are listed in its report; the next day starts clean")
}

// foreign describes a page that the chain has turned already: by a signature of ours that an earlier attempt sent, or
// by somebody else's crank (X25), whose progress is never counted as ours.
func (s *Service) foreign(ctx context.Context, v Vault, m domain.Manifest, t tick, cursor uint32) (Turned, error) {
	out := Turned{Cursor: t.progress.PaginationCursor, Slot: t.slot, Closed: t.progress.DayComplete}
	intents, err := s.Store.Intents(ctx, v.ID, m.Day)
	if err != nil {
		return out, fmt.Errorf("intents of %s for %s: %w", v.ID, m.Day, err)
	}
	for _, i := range intents {
		if i.Key != pageKey(cursor) || i.State != domain.IntentConfirmed && i.State != domain.IntentFinalized {
			continue
		}
		tx, err := s.transaction(ctx, i.Signature)
		if err != nil {
			return out, err
		}
		got, err := read(v, m.Day, tx)
		if err != nil {
			return out, err
		}
		if got.page == nil || got.page.PageStart != cursor {
			continue
		}
		got.result.Ours = true
		if err := s.Store.SavePage(ctx, got.result); err != nil {
			return out, fmt.Errorf("save page at cursor %d of %s: %w", cursor, v.ID, err)
		}
		out.Signature, out.Ours, out.Slot, out.Paid = i.Signature, true, tx.Slot, got.result.Paid
		return out, nil
	}
	return out, nil // The reconciliation finds the stranger's transaction and looks at its accounts.
}

// transaction reads a confirmed transaction. Nodes know a status a moment before they serve the transaction.
func (s *Service) transaction(ctx context.Context, signature string) (*chain.Transaction, error) {
	sig, err := solana.SignatureFromBase58(signature)
	if err != nil {
		return nil, fault.Newf(fault.Human, "intent/signature", "signature %q: %w", signature, err)
	}
	for range 20 {
		tx, found, err := s.Chain.Transaction(ctx, sig, rpc.CommitmentConfirmed)
		if err != nil {
			return nil, fmt.Errorf("transaction %s: %w", signature, err)
		}
		if found {
			return tx, nil
		}
		if err := s.Sleep(ctx, 200*time.Millisecond); err != nil {
			return nil, err
		}
	}
	return nil, fault.Newf(fault.Unknown, "tx/not_served", "transaction %s is confirmed, but no endpoint serves it yet", signature)
}
