package bank

import (
	"fmt"
	"slices"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

// pending is a transaction that waits for a block.
type pending struct {
	*transaction
	tx       *solana.Transaction
	price    uint64 // micro-lamports per compute unit
	eligible uint64 // first slot
	arrival  uint64
}

// queue holds what waits, and knows each message once.
type queue struct {
	items    []*pending
	known    map[solana.Hash]bool
	arrivals uint64
}

func (q *queue) init() { q.known = map[solana.Hash]bool{} }

// ordered returns the items eligible in a slot by descending price, then arrival; the rest stays.
func (q *queue) ordered(slot uint64) []*pending {
	var ready, later []*pending
	for _, p := range q.items {
		if p.eligible <= slot {
			ready = append(ready, p)
		} else {
			later = append(later, p)
		}
	}
	slices.SortStableFunc(ready, func(a, b *pending) int {
		switch {
		case a.price > b.price || (a.price == b.price && a.arrival < b.arrival):
			return -1
		default:
			return 1
		}
	})
	q.items = later
	return ready
}

// parse checks format, size and sanity, and the signatures if asked.
func parse(raw []byte, verify bool) (*transaction, *RejectError) {
	reject := func(kind, format string, args ...any) *RejectError {
		return &RejectError{Err: *vm.Failed(kind), Message: fmt.Sprintf(format, args...)}
	}
	if len(raw) > packetSize {
		return nil, reject("SanitizeFailure", "solana_transaction::versioned::VersionedTransaction too large: %d bytes (max: encoded/raw 1644/%d)", len(raw), packetSize)
	}
	t, err := decode(raw)
	if err != nil {
		return nil, reject("SanitizeFailure", "failed to deserialize solana_transaction::versioned::VersionedTransaction: %v", err)
	}
	if !t.message.sane(len(t.signatures)) {
		return nil, reject("SanitizeFailure", "invalid transaction: %v", vm.Failed("SanitizeFailure"))
	}
	if verify && !t.verified() {
		return nil, reject("SignatureFailure", "Transaction signature verification failure")
	}
	return t, nil
}

// Submit checks wire format, size and signatures and queues the transaction. It is idempotent: a message
// that is queued or has landed is not queued again. What cannot land later (expired blockhash, no money
// for the fee) is dropped without a word, as on a real cluster. Errors are *RejectError.
func (b *Bank) Submit(raw []byte, o SubmitOptions) (solana.Signature, error) {
	t, reject := parse(raw, true)
	if reject != nil {
		return solana.Signature{}, reject
	}
	tx, err := solana.TransactionFromBytes(t.raw)
	if err != nil {
		return solana.Signature{}, &RejectError{Err: *vm.Failed("SanitizeFailure"), Message: "failed to deserialize: " + err.Error()}
	}
	want, _ := parseBudget(&t.message) // A bad budget fails when the transaction is loaded.
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, done := b.seen[t.hash]; done || b.queue.known[t.hash] {
		return t.signatures[0], nil
	}
	b.queue.arrivals++
	b.queue.known[t.hash] = true
	b.queue.items = append(b.queue.items, &pending{
		transaction: t, tx: tx, price: want.price, eligible: b.lastSlot + 1 + o.DelaySlots, arrival: b.queue.arrivals,
	})
	return t.signatures[0], nil
}
