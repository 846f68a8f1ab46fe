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
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Finality says what became of a day's signatures.
type Finality struct {
	Finalized int
	Lost      []string // Rolled back and expired: their pages must be turned again.
	Cursor    uint32   // Of the finalized progress account.
	Complete  bool
	CloseSlot uint64
}

// finalityLag is how many slots a confirmed slot needs to become final, on a network that runs well.
const finalityLag = 32

// AwaitFinality waits until every signature of the day is finalized and the finalized progress account says complete.
// A confirmed signature that the chain forgot is settled like any other unknown one; if it is proved lost, the day goes
// back to the chain's cursor.
func (s *Service) AwaitFinality(ctx context.Context, id string, day domain.Day, hash string) (Finality, error) {
	v, m, err := s.frozen(ctx, id, day, hash)
	if err != nil {
		return Finality{}, err
	}
	send, err := s.Sender(id)
	if err != nil {
		return Finality{}, err
	}
	var out Finality
	missing := map[string]int{}
	for {
		open, slots, err := s.settleFinal(ctx, id, day, missing, &out)
		if err != nil {
			return out, err
		}
		for signature, times := range missing {
			if times < 3 {
				continue // One endpoint may be behind; three looks in a row are a rollback.
			}
			delete(missing, signature)
			if err := s.rolledBack(ctx, send, m, signature, &out); err != nil {
				return out, err
			}
		}
		if open == 0 {
			return s.finalState(ctx, v, m, out)
		}
		if err := s.Sleep(ctx, s.SlotTime*time.Duration(slots)); err != nil {
			return out, fault.Newf(fault.Unknown, "finality/waiting", "%d signatures of %s for %s are not final yet: %w", open, id, day, err)
		}
	}
}

// settleFinal looks at all confirmed signatures of the day at once and records those that are final. It returns how
// many are still open and after how many slots it is worth looking again, and counts in missing how often in a row a
// signature was not found.
func (s *Service) settleFinal(ctx context.Context, id string, day domain.Day, missing map[string]int, out *Finality) (open int, slots uint64, err error) {
	intents, err := s.Store.Intents(ctx, id, day)
	if err != nil {
		return 0, 0, fmt.Errorf("intents of %s for %s: %w", id, day, err)
	}
	var waiting []domain.Intent
	var sigs []solana.Signature
	out.Finalized = 0
	for _, i := range intents {
		switch i.State {
		case domain.IntentFinalized:
			out.Finalized++
		case domain.IntentConfirmed, domain.IntentSent, domain.IntentPrepared:
			sig, err := solana.SignatureFromBase58(i.Signature)
			if err != nil {
				return 0, 0, fault.Newf(fault.Human, "intent/signature", "signature %q of %s: %w", i.Signature, id, err)
			}
			waiting, sigs = append(waiting, i), append(sigs, sig)
		}
	}
	if len(sigs) == 0 {
		return 0, 0, nil
	}
	statuses, seen, err := s.Chain.Statuses(ctx, sigs, true)
	if err != nil {
		return 0, 0, fmt.Errorf("statuses of %d signatures of %s: %w", len(sigs), id, err)
	}
	for n, status := range statuses {
		i := waiting[n]
		switch {
		case !status.Known:
			missing[i.Signature]++
			open, slots = open+1, max(slots, 2)
			continue
		case !status.AtLeast(rpc.CommitmentFinalized):
			delete(missing, i.Signature)
			final := status.Slot + finalityLag + 1
			open, slots = open+1, max(slots, 1, final-min(final, seen))
			continue
		}
		delete(missing, i.Signature)
		state, text := domain.IntentFinalized, ""
		if status.Err != nil {
			state, text = domain.IntentFailed, status.Err.Code()
		} else {
			out.Finalized++
		}
		if err := s.Store.SettleIntent(ctx, i.Signature, store.IntentUpdate{State: state, Slot: status.Slot, Err: text, At: s.Now()}); err != nil {
			return 0, 0, fmt.Errorf("settle %s of %s: %w", i.Signature, id, err)
		}
	}
	return open, slots, nil
}

// rolledBack takes a signature that the chain forgot back to "sent" and settles it: it lands again or is proved lost.
func (s *Service) rolledBack(ctx context.Context, send Sender, m domain.Manifest, signature string, out *Finality) error {
	s.Log.Warn("a confirmed transaction is gone: the chain rolled back", "vault", m.Vault, "day", m.Day, "signature", signature)
	if err := s.Store.SettleIntent(ctx, signature, store.IntentUpdate{State: domain.IntentSent, At: s.Now()}); err != nil {
		return fmt.Errorf("take back %s of %s: %w", signature, m.Vault, err)
	}
	settled, err := send.Settle(ctx, m.Vault)
	if err != nil {
		return fmt.Errorf("settle rolled-back signatures of %s: %w", m.Vault, err)
	}
	for _, i := range settled {
		if i.Kind == domain.IntentPage && i.State == domain.IntentExpired {
			out.Lost = append(out.Lost, i.Signature)
		}
	}
	return s.forget(ctx, m.Vault, m.Day)
}

// forget takes pages out of the books whose transactions are proved never to have happened after all, and the opening's
// figures with the first of them: the next opening has another time and another claim. It goes by the signatures' own
// states, because another attempt, or a process that died since, may have found the proof.
func (s *Service) forget(ctx context.Context, vault string, day domain.Day) error {
	intents, err := s.Store.Intents(ctx, vault, day)
	if err != nil {
		return fmt.Errorf("intents of %s for %s: %w", vault, day, err)
	}
	lost := map[string]bool{}
	for _, i := range intents {
		lost[i.Signature] = i.Kind == domain.IntentPage && i.State == domain.IntentExpired
	}
	pages, err := s.Store.Pages(ctx, vault, day)
	if err != nil {
		return fmt.Errorf("pages of %s for %s: %w", vault, day, err)
	}
	for _, page := range pages {
		if !lost[page.Signature] {
			continue
		}
		if page.Cursor == 0 {
			if err := s.forgetOpening(ctx, vault, day, page.Signature); err != nil {
				return err
			}
		}
		if err := s.Store.DropPage(ctx, vault, day, page.Cursor, page.Signature); err != nil {
			return fmt.Errorf("drop lost page at cursor %d of %s: %w", page.Cursor, vault, err)
		}
	}
	return nil
}

// forgetOpening takes the opening's figures back, unless they are those of another transaction that has opened the day since.
func (s *Service) forgetOpening(ctx context.Context, vault string, day domain.Day, signature string) error {
	m, found, err := s.Store.Manifest(ctx, vault, day)
	if err != nil {
		return fmt.Errorf("manifest of %s for %s: %w", vault, day, err)
	}
	if !found || m.Opening == nil || m.Opening.Signature != signature {
		return nil
	}
	if err := s.Store.ClearOpening(ctx, vault, day); err != nil {
		return fmt.Errorf("take back the opening of %s for %s: %w", vault, day, err)
	}
	return nil
}

// finalState reads where the finalized chain stands once nothing of ours is open.
func (s *Service) finalState(ctx context.Context, v Vault, m domain.Manifest, out Finality) (Finality, error) {
	for range 200 {
		t, err := s.tick(ctx, v, rpc.CommitmentFinalized, 0)
		if err != nil {
			return out, err
		}
		p := t.progress
		mine := p.LastDistributionTS != m.PrevTS
		if mine && p.DayComplete {
			out.Complete, out.Cursor = true, p.PaginationCursor
			return out, nil
		}
		now, err := s.tick(ctx, v, rpc.CommitmentConfirmed, 0)
		if err != nil {
			return out, err
		}
		if !now.progress.DayComplete {
			out.Cursor = now.progress.PaginationCursor
			if now.progress.LastDistributionTS == m.PrevTS {
				out.Cursor = 0 // The opening itself is gone.
			}
			return out, nil
		}
		if err := s.Sleep(ctx, s.SlotTime*4); err != nil {
			return out, err
		}
	}
	return out, fault.Newf(fault.Retry, "finality/slow", "the close of %s for %s is confirmed and not final", v.ID, m.Day)
}

// Books reads the finalized chain and reconciles the day with its plan.
func (s *Service) Books(ctx context.Context, id string, day domain.Day, hash string) (domain.Reconciliation, []domain.PageResult, error) {
	if err := s.forget(ctx, id, day); err != nil {
		return domain.Reconciliation{}, nil, err
	}
	v, m, err := s.frozen(ctx, id, day, hash)
	if err != nil {
		return domain.Reconciliation{}, nil, err
	}
	snap, err := s.Chain.Snapshot(ctx, []solana.PublicKey{v.Accounts.Progress, v.Accounts.Treasury}, chain.ReadOptions{Commitment: rpc.CommitmentFinalized})
	if err != nil {
		return domain.Reconciliation{}, nil, fmt.Errorf("close of %s for %s: %w", id, day, err)
	}
	a := snap.Accounts[v.Accounts.Progress]
	progress, err := router.DecodeProgress(a.Owner, v.Program, a.Data)
	if err != nil {
		return domain.Reconciliation{}, nil, vaultFault(v, "progress_bad", fmt.Errorf("progress %s: %w", v.Accounts.Progress, err), "")
	}
	ts, complete := progress.LastDistributionTS, progress.DayComplete
	switch {
	case m.Opening != nil && !sameDay(m.Opening.TS, ts):
		ts, complete = m.Opening.TS, false // The chain has gone on to another day: this one was lost before its end.
	case m.Opening == nil || m.Opening.TS != ts:
		// The opening was rolled back after its figures were read, and landed again.
		o, err := s.FixOpening(ctx, id, day, hash)
		if err != nil {
			return domain.Reconciliation{}, nil, err
		}
		m.Opening = &o
	}
	found, err := s.history(ctx, v, m, ts)
	if err != nil {
		return domain.Reconciliation{}, nil, err
	}
	reached := progress.PaginationCursor
	if ts != progress.LastDistributionTS {
		reached = 0 // How far a lost day came is known from its history alone.
	}
	pages, err := whole(v, found, reached)
	if err != nil {
		return domain.Reconciliation{}, nil, err
	}
	treasury := tokenView(snap.Accounts[v.Accounts.Treasury], v.Accounts.Treasury, v.QuoteMint)
	m, err = asTurned(m, found)
	if err != nil {
		return domain.Reconciliation{}, nil, vaultFault(v, "arithmetic", err, "")
	}
	result, outcomes := Reconcile(m, Ledger{
		Pages: pages, Complete: complete, Dust: domain.Amount(progress.CarryOverDust), Treasury: domain.Amount(treasury.Amount),
	})
	for i := range pages {
		pages[i].Finalized = true
		if err := s.Store.SavePage(ctx, pages[i]); err != nil {
			return result, nil, fmt.Errorf("save page at cursor %d of %s: %w", pages[i].Cursor, id, err)
		}
	}
	if err := s.Store.SaveOutcomes(ctx, id, day, outcomes); err != nil {
		return result, nil, fmt.Errorf("save outcomes of %s for %s: %w", id, day, err)
	}
	if err := s.keepArrears(ctx, v, m, outcomes); err != nil {
		return result, nil, err
	}
	return result, pages, nil
}
