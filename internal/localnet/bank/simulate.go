package bank

import (
	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

// Simulate runs a transaction on the newest block of a commitment and changes nothing. A blockhash newer
// than that block is unknown there, as on a validator. The error is a *RejectError for bytes that no node
// would run; everything else is in the result.
func (b *Bank) Simulate(raw []byte, o SimulateOptions) (SimulateResult, error) {
	t, reject := parse(raw, o.SigVerify)
	if reject != nil {
		return SimulateResult{}, reject
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	at := b.at(o.Commitment)
	v := b.view(at)
	r := SimulateResult{Slot: at.slot, ReturnBlockhash: t.message.blockhash}
	if o.ReplaceBlockhash {
		r.ReturnBlockhash = at.hash
	}
	if born, ok := b.hashes[r.ReturnBlockhash]; ok {
		r.LastValid = born + hashAge
	}
	if !b.hashAlive(r.ReturnBlockhash, at.height) {
		r.Err = vm.Failed("BlockhashNotFound")
		return r, nil
	}
	if first, done := b.landed[t.signatures[0]]; done && !o.ReplaceBlockhash && first.Slot <= at.slot {
		r.Err = vm.Failed("AlreadyProcessed")
		return r, nil
	}
	l, err := load(t, v)
	if err != nil {
		r.Err = err
		return r, nil
	}
	out, err := b.process(l, v)
	if err != nil {
		r.Err = err
		return r, nil
	}
	r.Err, r.Logs, r.UnitsConsumed, r.Fee = out.err, out.logs, out.used, out.fee
	r.Post = make(map[solana.PublicKey]Account, len(l.keys))
	for _, key := range l.keys {
		if a := out.state.Read(key); a != nil && a.Lamports > 0 {
			r.Post[key] = *a
		}
	}
	return r, nil
}

// FeeForMessage is the fee in lamports of a message whose blockhash is alive; false otherwise.
func (b *Bank) FeeForMessage(msg []byte) (uint64, bool) {
	m, err := decodeMessage(msg)
	if err != nil || !m.sane(m.signatures) {
		return 0, false
	}
	want, bad := parseBudget(&m)
	if bad != nil || !b.IsBlockhashValid(m.blockhash, Processed) {
		return 0, false
	}
	return want.fee(m.signatures), true
}
