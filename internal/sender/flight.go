package sender

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// bookkeeping bounds a write to the store that must happen although the caller has gone.
const bookkeeping = 5 * time.Second

// flight is a stored signature on its way.
type flight struct {
	request  *Request // nil when it was found in the store.
	place    int
	intent   domain.Intent
	sig      solana.Signature
	goal     rpc.CommitmentType
	past     past
	units    uint32
	sentSlot uint64

	status   chain.Status // The last one known.
	tx       *chain.Transaction
	expired  bool
	tooLate  bool      // The chain is past its last block: sending it again is pointless.
	checkAt  uint64    // Slot before which it cannot have expired.
	lastSend time.Time // Zero: not by this process.
}

func (f *flight) arrived() bool { return f.expired || f.status.AtLeast(f.goal) }

// cheap is a table's transaction with a limit of its own: it moves no money and can be repeated, so neither a rehearsal
// nor its logs are worth a request each. Its fee follows from what was signed.
func (f *flight) cheap() bool {
	return f.request != nil && f.request.Kind == domain.IntentTable && f.request.Units > 0
}

// failure is why it landed without effect; the transaction's logs, once read, tell the program as well.
func (f *flight) failure() *chain.TxError {
	if f.tx != nil && f.tx.Err != nil && f.status.Err != nil {
		return f.tx.Err
	}
	return f.status.Err
}

func pending(list []*flight) []*flight {
	var out []*flight
	for _, f := range list {
		if !f.arrived() {
			out = append(out, f)
		}
	}
	return out
}

// land looks, sends again and waits until every flight has arrived: at its goal, or expired. search also finds
// signatures that are older than a node's recent memory. Failed looks are no verdict; only ctx ends the waiting.
func (s *Sender) land(ctx context.Context, vault string, list []*flight, woken <-chan struct{}, search bool) error {
	for {
		left := pending(list)
		if len(left) == 0 {
			return nil
		}
		s.o.Heartbeat(ctx)
		if err := s.look(ctx, left, search); err != nil {
			return err
		}
		if left = pending(left); len(left) == 0 {
			return nil
		}
		s.sendAgain(ctx, vault, left)
		if woken != nil {
			select {
			case <-woken: // It has done its part; a closed channel must not turn this loop into a spin.
				woken = nil
			default:
			}
		}
		if s.pause(ctx, s.o.PollInterval, woken) != nil {
			return unsettled(ctx, vault, left)
		}
	}
}

// look reads the statuses once and takes them in. Only a failing store is an error.
func (s *Sender) look(ctx context.Context, left []*flight, search bool) error {
	sigs := make([]solana.Signature, 0, len(left))
	for _, f := range left {
		sigs = append(sigs, f.sig)
	}
	statuses, slot, err := s.chain.Statuses(ctx, sigs, search)
	if err != nil {
		s.o.Logger.Warn("statuses cannot be read; what is in flight stays unknown", "vault", left[0].intent.Vault, "error", err)
		return nil
	}
	var due []*flight
	for i, f := range left {
		if !statuses[i].Known && slot < f.intent.Slot {
			continue // This endpoint has not come to the slot where another one saw it.
		}
		if err := s.take(ctx, f, statuses[i], search); err != nil {
			return err
		}
		if !f.status.Known && slot >= f.checkAt {
			due = append(due, f)
		}
	}
	if len(due) == 0 {
		return nil
	}
	return s.expire(ctx, due, slot)
}

// expire asks for a proof. Without one it says when asking again makes sense: a block takes at least a slot.
func (s *Sender) expire(ctx context.Context, due []*flight, slot uint64) error {
	list := make([]chain.Candidate, 0, len(due))
	for _, f := range due {
		list = append(list, chain.Candidate{Signature: f.sig, LastValid: f.intent.LastValid, Blockhash: f.intent.Blockhash})
	}
	fates, err := s.chain.Fates(ctx, list)
	if err != nil {
		s.o.Logger.Warn("no proof of expiry to be had now", "vault", due[0].intent.Vault, "error", err)
		return nil
	}
	for i, f := range due {
		fate := fates[i]
		f.tooLate = f.tooLate || fate.Height > f.intent.LastValid
		f.checkAt = slot + 1
		if fate.Height <= f.intent.LastValid {
			f.checkAt += f.intent.LastValid - fate.Height
		}
		switch {
		case fate.Status.Known:
			if err := s.take(ctx, f, fate.Status, true); err != nil {
				return err
			}
		case fate.Expired:
			f.expired = true
			s.chain.ForgetBlockhash() // It may be on a fork that is gone.
			if err := s.record(ctx, f, domain.IntentExpired, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// take brings one answer into the books. A confirmed signature that a searching node no longer knows was rolled back:
// it is in flight again.
func (s *Sender) take(ctx context.Context, f *flight, now chain.Status, searched bool) error {
	if !now.Known {
		if f.intent.State == domain.IntentConfirmed && searched {
			s.o.Logger.Warn("a confirmed transaction is gone from the chain; it is in flight again", "vault", f.intent.Vault, "key", f.intent.Key, "signature", f.intent.Signature)
			f.status, f.tx = chain.Status{}, nil
			f.intent.Slot, f.intent.FeeLamports, f.intent.Units = 0, 0, 0
			return s.record(ctx, f, domain.IntentSent, "")
		}
		if f.intent.State != domain.IntentConfirmed {
			f.status = chain.Status{} // A slot that was only processed may be dropped: it can land again or expire.
		}
		return nil
	}
	f.status = now
	state := f.intent.State
	switch {
	case now.AtLeast(rpc.CommitmentFinalized) && now.Err != nil:
		state = domain.IntentFailed
	case now.AtLeast(rpc.CommitmentFinalized):
		state = domain.IntentFinalized
	case now.AtLeast(rpc.CommitmentConfirmed):
		state = domain.IntentConfirmed
	}
	if state == f.intent.State && now.Slot == f.intent.Slot {
		return nil
	}
	if state == domain.IntentPrepared || state == domain.IntentSent {
		return nil // Processed only: a fork may still drop it.
	}
	f.intent.Slot = now.Slot
	switch {
	case f.intent.FeeLamports > 0:
	case f.cheap():
		f.intent.FeeLamports = maxFee(f.units, f.intent.UnitPrice)
	default:
		s.fetch(ctx, f)
	}
	text := ""
	if e := f.failure(); e != nil {
		text = e.Code()
	}
	return s.record(ctx, f, state, text)
}

// fetch reads the landed transaction for its fee, use and effects. Endpoints serve it a moment after its status.
func (s *Sender) fetch(ctx context.Context, f *flight) {
	tx, found, err := s.chain.Transaction(ctx, f.sig, rpc.CommitmentConfirmed)
	if err != nil || !found {
		s.o.Logger.Debug("a landed transaction is not served yet", "signature", f.intent.Signature, "error", err)
		return
	}
	f.tx, f.intent.FeeLamports, f.intent.Units = tx, tx.Fee, tx.Units
}

// record writes the state, also when the caller has gone: what is known must not be forgotten.
func (s *Sender) record(ctx context.Context, f *flight, state domain.IntentState, text string) error {
	keep, cancel := context.WithTimeout(context.WithoutCancel(ctx), bookkeeping)
	defer cancel()
	now := s.o.Now()
	u := store.IntentUpdate{State: state, Slot: f.intent.Slot, Err: text, FeeLamports: f.intent.FeeLamports, Units: f.intent.Units, At: now}
	if err := s.store.SettleIntent(keep, f.intent.Signature, u); err != nil {
		return fault.Newf(fault.Unknown, CodeStore, "signature %s of %s is %s, which the store did not take: %w", f.intent.Signature, f.intent.Vault, state, err).
			WithNext("Repair the store; the next attempt settles the signature again")
	}
	f.intent.State, f.intent.Err, f.intent.UpdatedAt = state, text, now
	return nil
}

// broadcast hands the bytes out and notes that it did. What a node answers proves nothing, so it changes nothing.
func (s *Sender) broadcast(ctx context.Context, f *flight) {
	f.lastSend = s.o.Now()
	if err := s.chain.SendRaw(ctx, f.intent.Raw); err != nil {
		s.o.Logger.Info("send not acknowledged; watching the chain", "signature", f.intent.Signature, "key", f.intent.Key, "kind", fault.KindOf(err), "error", err)
	}
	if f.intent.State == domain.IntentPrepared {
		if err := s.record(ctx, f, domain.IntentSent, ""); err != nil {
			s.o.Logger.Warn("the store still says prepared, which is as good: it is settled like a sent one", "signature", f.intent.Signature, "error", err)
		}
	}
}

// sendAgain repeats the same bytes while they can land and the gate is open. A stop ends the sending, not the watching.
func (s *Sender) sendAgain(ctx context.Context, vault string, left []*flight) {
	for _, f := range left {
		if f.status.Known || f.tooLate || s.o.Now().Sub(f.lastSend).Abs() < s.o.RebroadcastInterval {
			continue
		}
		if err := s.open(ctx, vault); err != nil {
			s.o.Logger.Info("not sent again", "vault", vault, "signature", f.intent.Signature, "reason", err)
			return
		}
		s.broadcast(ctx, f)
	}
}

// pause waits, or less when woken.
func (s *Sender) pause(ctx context.Context, d time.Duration, woken <-chan struct{}) error {
	if woken == nil {
		return s.o.Sleep(ctx, d)
	}
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-woken:
			cancel()
		case <-inner.Done():
		}
	}()
	_ = s.o.Sleep(inner, d)
	return ctx.Err()
}

// unsettled names what may still land and until when.
func unsettled(ctx context.Context, vault string, left []*flight) error {
	names := make([]string, 0, len(left))
	for _, f := range left {
		names = append(names, fmt.Sprintf("%s (%s, may land up to block %d)", f.intent.Signature, f.intent.Key, f.intent.LastValid))
	}
	return fault.Newf(fault.Unknown, CodeUnsettled, "vault %s: not settled: %s: %w", vault, strings.Join(names, ", "), context.Cause(ctx)).
		WithNext("Nothing else is signed for this vault before they have landed or expired; the next attempt goes on watching")
}
