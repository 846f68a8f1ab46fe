package bank

import (
	"slices"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

// record turns an outcome into what getTransaction shows, but for the balances.
func (b *Bank) record(item *pending, out *outcome, at *block) *Record {
	r := &Record{
		Signature: item.signatures[0], Slot: at.slot, BlockTime: at.clock.Unix(), Raw: item.raw, Tx: item.tx,
		Version: item.message.version, Err: out.err, Fee: out.fee, UnitsConsumed: out.used,
		Logs: out.logs, LogsTruncated: out.truncated,
		Keys: out.keys, LoadedWritable: out.tableRW, LoadedReadonly: out.tableRO,
		price: out.budget.price, writable: out.writable, hash: item.hash,
	}
	for _, in := range out.inner {
		if n := len(r.Inner); n == 0 || r.Inner[n-1].Index != in.Index {
			r.Inner = append(r.Inner, InnerInstructions{Index: in.Index})
		}
		group := &r.Inner[len(r.Inner)-1]
		group.Instructions = append(group.Instructions, in.Instruction)
		group.StackHeights = append(group.StackHeights, in.StackHeight)
	}
	return r
}

// remember makes a record findable.
func (b *Bank) remember(r *Record, at *block) {
	at.records = append(at.records, r)
	b.landed[r.Signature] = r
	b.seen[r.hash] = struct{}{}
	for _, key := range r.Keys {
		b.byKey[key] = append(b.byKey[key], r)
	}
}

// holdings are the balances of a transaction's accounts at one moment.
type holdings struct {
	lamports []uint64
	tokens   []TokenBalance
}

func (b *Bank) balances(keys []solana.PublicKey, read func(solana.PublicKey) *vm.Account) holdings {
	h := holdings{lamports: make([]uint64, len(keys))}
	for i, key := range keys {
		account := read(key)
		if account == nil {
			continue
		}
		h.lamports[i] = account.Lamports
		token, ok := programs.DecodeTokenAccount(account)
		if !ok {
			continue
		}
		balance := TokenBalance{AccountIndex: i, Mint: token.Mint, Owner: token.Owner, Program: account.Owner, Amount: token.Amount}
		if mint, ok := programs.DecodeMint(read(token.Mint)); ok {
			balance.Decimals = mint.Decimals
		}
		h.tokens = append(h.tokens, balance)
	}
	return h
}

// Transaction finds a landed transaction in any slot up to the tip.
func (b *Bank) Transaction(sig solana.Signature) (*Record, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	r, ok := b.landed[sig]
	return r, ok
}

// SignaturesFor lists the transactions that name an address, newest first: at most limit of them, older
// than before and newer than until where those are set. An unknown before gives none.
func (b *Bank) SignaturesFor(addr solana.PublicKey, before, until solana.Signature, limit int, c Commitment) []*Record {
	b.mu.RLock()
	defer b.mu.RUnlock()
	slot := b.at(c).slot
	started := before.IsZero()
	var out []*Record
	for _, r := range slices.Backward(b.byKey[addr]) {
		switch {
		case !until.IsZero() && r.Signature == until, len(out) >= limit:
			return out
		case started && r.Slot <= slot:
			out = append(out, r)
		}
		started = started || r.Signature == before
	}
	return out
}

// PriorityFees tells, oldest first, for up to 150 recent slots the lowest price that landed a transaction
// writing to one of the keys; for each key the highest of these counts, and 0 stands for a free slot.
func (b *Bank) PriorityFees(keys []solana.PublicKey) []SlotFee {
	b.mu.RLock()
	defer b.mu.RUnlock()
	recent := b.blocks[max(0, len(b.blocks)-hashAge):]
	out := make([]SlotFee, 0, len(recent))
	for i := range recent {
		out = append(out, SlotFee{recent[i].slot, recent[i].minimumPrice(keys)})
	}
	return out
}

func (at *block) minimumPrice(keys []solana.PublicKey) uint64 {
	if len(at.records) == 0 {
		return 0
	}
	lowest := ^uint64(0)
	for _, r := range at.records {
		lowest = min(lowest, r.price)
	}
	for _, key := range keys {
		local, found := ^uint64(0), false
		for _, r := range at.records {
			if i := slices.Index(r.Keys, key); i >= 0 && r.writable[i] {
				local, found = min(local, r.price), true
			}
		}
		if found {
			lowest = max(lowest, local)
		}
	}
	return lowest
}
