package sender

import (
	"context"
	"fmt"

	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

// Codes of the sender's own failures.
const (
	CodeStopped   = "stopped"          // Wait: the gate is closed or cannot be read.
	CodeUnsettled = "sender/unsettled" // Unknown: it may still land.
	CodeExpired   = "sender/expired"   // Retry: proved never to land.
	CodeStore     = "sender/store"     // The store did not take what it was given.
	CodeBusy      = "sender/busy"      // Retry: another call holds the vault.
	CodeBug       = "sender/bug"       // Human: the caller asks for what cannot be meant.
)

// Send brings one transaction onto the chain and waits until it is confirmed, has failed, or provably cannot land. It
// first settles what is open for the vault; when the same key has landed already, that one is returned and nothing is
// signed. In fair weather it takes one request each for blockhash (shared), simulation, send and transaction, and one
// or two for statuses.
//
// Errors: Wait "stopped"; the chain's refusal by code (Classify), with Receipt.Landed telling whether it cost a fee;
// Retry "sender/expired"; Unknown "sender/unsettled" when ctx ends first, so give ctx a deadline.
func (s *Sender) Send(ctx context.Context, r Request) (Receipt, error) {
	receipts, err := s.SendAll(ctx, []Request{r})
	if len(receipts) == 0 {
		return Receipt{}, err
	}
	return receipts[0], err
}

// SendAll does the same for requests of one vault that do not depend on each other, all in flight together. Receipts
// come in the order of the requests, also with an error, which is that of the first request that failed.
func (s *Sender) SendAll(ctx context.Context, rs []Request) ([]Receipt, error) {
	if len(rs) == 0 {
		return nil, nil
	}
	vault := rs[0].Vault
	keys := map[string]bool{}
	for _, r := range rs {
		if r.Vault != vault || r.Key == "" || keys[deed(r.Day, r.Key)] || len(r.Instructions) == 0 {
			return nil, fault.Newf(fault.Human, CodeBug, "requests sent together must be of one vault and have keys that differ: %q of %q", r.Key, r.Vault)
		}
		keys[deed(r.Day, r.Key)] = true
	}
	release, err := s.vaults.acquire(ctx, vault)
	if err != nil {
		return nil, fault.Newf(fault.Retry, CodeBusy, "another transaction of vault %s is in flight: %w", vault, err)
	}
	defer release()
	earlier, err := s.settleEarlier(ctx, vault, keys)
	if err != nil {
		return nil, err
	}
	receipts := make([]Receipt, len(rs))
	var fresh []*flight
	for i, r := range rs {
		if f := earlier[deed(r.Day, r.Key)]; f != nil {
			receipts[i] = s.receipt(ctx, f)
			continue
		}
		fresh = append(fresh, &flight{request: &rs[i], place: i})
	}
	if len(fresh) == 0 {
		return receipts, nil
	}
	err = s.fly(ctx, vault, fresh)
	for _, f := range fresh {
		receipts[f.place] = s.receipt(ctx, f)
		if err == nil {
			err = s.verdict(f)
		}
	}
	if err != nil {
		// The same content must get another signature next time.
		s.chain.ForgetBlockhash()
	}
	return receipts, err
}

func deed(day domain.Day, key string) string { return string(day) + " " + key }

// fly prepares all, sends all and waits for all. When preparing one fails, none has been sent.
func (s *Sender) fly(ctx context.Context, vault string, list []*flight) error {
	if err := s.open(ctx, vault); err != nil {
		return err
	}
	for _, f := range list {
		s.o.Heartbeat(ctx)
		var err error
		if f.past, err = s.pastOf(ctx, *f.request); err != nil {
			return err
		}
		if err := s.simulate(ctx, f); err != nil {
			return err
		}
	}
	hash, err := s.chain.LatestBlockhash(ctx)
	if err != nil {
		return err
	}
	for _, f := range list {
		if err := s.prepare(ctx, f, hash); err != nil {
			return err
		}
	}
	var woken <-chan struct{}
	if len(list) == 1 {
		// Subscribed before the send, so that nothing can land unnoticed in between.
		var stop func()
		woken, stop = s.chain.Watch(ctx, list[0].sig, list[0].goal)
		defer stop()
	}
	for _, f := range list {
		if err := s.open(ctx, vault); err != nil {
			return err
		}
		s.broadcast(ctx, f)
	}
	first := s.o.FirstPoll
	if woken != nil {
		first = 3 * s.o.FirstPoll
	}
	if err := s.pause(ctx, first, woken); err != nil {
		return unsettled(ctx, vault, list)
	}
	return s.land(ctx, vault, list, woken, false)
}

// open asks the gate. Whatever goes wrong there keeps transactions in.
func (s *Sender) open(ctx context.Context, vault string) error {
	err := s.gate.Open(ctx, vault)
	if err == nil {
		return nil
	}
	if fault.KindOf(err) == fault.Wait {
		return fmt.Errorf("nothing is sent for vault %s: %w", vault, err)
	}
	return fault.Newf(fault.Wait, CodeStopped, "nothing is sent for vault %s because the emergency stop cannot be read: %w", vault, err).
		WithNext("Repair the store: an unreadable stop counts as a stop")
}

// simulate finds out whether it would work now and what it would use. Nothing is signed before.
func (s *Sender) simulate(ctx context.Context, f *flight) error {
	raw, err := s.Build(ctx, *f.request)
	if err != nil {
		return err
	}
	if f.cheap() {
		f.units = unitLimit(f.request.Units, 0, 0, f.past)
		return nil
	}
	sim, err := s.chain.Simulate(ctx, raw, nil)
	if err != nil {
		return fmt.Errorf("%s of %s: nothing was sent: %w", f.request.Key, f.request.Vault, err)
	}
	if sim.Err != nil && OverLimit(sim.Err.Code(), sim.Units) {
		return fmt.Errorf("%s of %s: nothing was sent: simulation: %w", f.request.Key, f.request.Vault, tooMuchCompute(sim.Err))
	}
	if sim.Err != nil {
		return fmt.Errorf("%s of %s: nothing was sent: simulation: %w", f.request.Key, f.request.Vault, Classify(sim.Err, programAt(raw, sim.Err.Instruction), s.o.Routers))
	}
	// The simulation saw the confirmed slot; the chain that gets the transaction is at least one slot further.
	f.sentSlot, f.units = sim.Slot+1, unitLimit(f.request.Units, sim.Units, s.o.ComputeMarginPercent, f.past)
	return nil
}

// prepare signs and stores, in this order and before anything leaves.
func (s *Sender) prepare(ctx context.Context, f *flight, hash chain.Blockhash) error {
	micro, err := s.unitPrice(ctx, *f.request, f.units, f.past)
	if err != nil {
		return err
	}
	budget := s.budget(maxFee(f.units, micro))
	if err := s.affordable(ctx, *f.request, budget); err != nil {
		return err
	}
	tx, err := s.build(*f.request, hash.Hash, f.units, micro)
	if err != nil {
		return err
	}
	sig, raw, err := s.sign(ctx, tx)
	if err != nil {
		return fmt.Errorf("%s of %s: nothing was sent: %w", f.request.Key, f.request.Vault, err)
	}
	now := s.o.Now()
	intent := domain.Intent{
		Signature: sig.String(), Vault: f.request.Vault, Day: f.request.Day, Kind: f.request.Kind, Key: f.request.Key,
		State: domain.IntentPrepared, Raw: raw, Blockhash: hash.Hash.String(), LastValid: hash.LastValid,
		UnitPrice: micro, CreatedAt: now, UpdatedAt: now,
	}
	if err := s.keep(ctx, *f.request, intent, budget); err != nil {
		return err
	}
	f.sig, f.intent, f.goal = sig, intent, s.goalOf(intent.Kind)
	f.checkAt = hash.Slot + chain.BlockhashBlocks
	return nil
}

// receipt describes a flight as far as it is known.
func (s *Sender) receipt(ctx context.Context, f *flight) Receipt {
	r := Receipt{Signature: f.intent.Signature, SentSlot: f.sentSlot}
	if !f.status.AtLeast(rpc.CommitmentConfirmed) {
		return r
	}
	if f.tx == nil && !f.cheap() {
		s.fetch(ctx, f)
	}
	r.Landed, r.Slot, r.Err, r.Tx = true, f.status.Slot, f.failure(), f.tx
	r.Fee, r.Units = f.intent.FeeLamports, f.intent.Units
	return r
}

// verdict is nil when the flight landed and succeeded.
func (s *Sender) verdict(f *flight) error {
	what := fmt.Sprintf("%s of %s, signature %s", f.intent.Key, f.intent.Vault, f.intent.Signature)
	switch {
	case f.expired:
		return fault.Newf(fault.Retry, CodeExpired, "%s expired: no endpoint knows it and its last block %d is past", what, f.intent.LastValid)
	case f.failure() != nil:
		e := f.failure()
		if limit := limitOf(f.intent.Raw); ranOut(e.Code(), f.intent.Units, limit) {
			return fmt.Errorf("%s landed in slot %d: %w", what, f.status.Slot, outOfCompute(e, limit))
		}
		return fmt.Errorf("%s landed in slot %d: %w", what, f.status.Slot, Classify(e, programAt(f.intent.Raw, e.Instruction), s.o.Routers))
	}
	return nil
}
