package bank

import (
	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

const (
	blockUnits   = 60_000_000 // compute units a block holds
	accountUnits = 12_000_000 // compute units a block spends on one writable account
)

// ProduceSlot advances the tip by one and executes what is queued: by descending compute-unit price, then
// arrival. What does not fit into the block waits.
func (b *Bank) ProduceSlot() SlotReport {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := b.open(b.tip().clock)
	report := SlotReport{Slot: at.slot, Parent: at.parent, Root: b.byHeight(b.root).slot}
	if len(b.queue.items) == 0 {
		return report
	}
	p := packer{bank: b, at: at, accounts: map[solana.PublicKey]uint64{}}
	for _, item := range b.queue.ordered(at.slot) {
		switch record, wait := p.try(item); {
		case wait:
			b.queue.items = append(b.queue.items, item)
		default:
			delete(b.queue.known, item.hash)
			if record != nil {
				report.Executed = append(report.Executed, record.Signature)
			}
		}
	}
	return report
}

// packer fills one block.
type packer struct {
	bank     *Bank
	at       *block
	used     uint64
	accounts map[solana.PublicKey]uint64
}

// try executes an item. It may wait for a later block, or be dropped (neither record nor wait).
func (p *packer) try(item *pending) (record *Record, wait bool) {
	b := p.bank
	if _, done := b.seen[item.hash]; done || !b.hashUsable(item.message.blockhash, p.at.height) {
		return nil, false
	}
	v := b.view(p.at)
	l, err := load(item.transaction, v)
	if err != nil {
		// A node sends again until the blockhash dies, so a table that is still warming up is waited for.
		return nil, len(item.message.lookups) > 0 && tableError(err)
	}
	if !p.fits(l) {
		return nil, true
	}
	pre := b.balances(l.keys, v.read)
	out, err := b.process(l, v)
	if err != nil {
		return nil, false
	}
	p.spend(l, out.used)
	record = b.record(item, out, p.at)
	record.PreBalances, record.PreTokens = pre.lamports, pre.tokens
	for key, account := range out.state.Changed() {
		if account.Lamports == 0 {
			account = nil
		}
		b.write(p.at, key, account)
	}
	post := b.balances(l.keys, v.read)
	record.PostBalances, record.PostTokens = post.lamports, post.tokens
	b.remember(record, p.at)
	return record, false
}

// fits asks for the units that the transaction may use at most.
func (p *packer) fits(l *loaded) bool {
	if p.used+l.budget.units > blockUnits {
		return false
	}
	for i, key := range l.keys {
		if l.writable[i] && p.accounts[key]+l.budget.units > accountUnits {
			return false
		}
	}
	return true
}

// spend books the units that were really used.
func (p *packer) spend(l *loaded, units uint64) {
	p.used += units
	for i, key := range l.keys {
		if l.writable[i] {
			p.accounts[key] += units
		}
	}
}

// view is the chain as the given block sees it, the block's own transactions so far included.
func (b *Bank) view(at *block) view {
	slot := at.slot
	return view{
		slot: slot, height: at.height, unix: at.clock.Unix(),
		read: func(key solana.PublicKey) *vm.Account { return b.accounts.at(key, slot) },
	}
}

// hashUsable is the age rule for landing in the block of a height: its own hash is not known inside it.
func (b *Bank) hashUsable(h solana.Hash, height uint64) bool {
	return b.hashAlive(h, height) && b.hashes[h] < height
}

func tableError(err *TransactionError) bool {
	switch err.Kind {
	case "AddressLookupTableNotFound", "InvalidAddressLookupTableIndex", "InvalidAddressLookupTableOwner":
		return true
	}
	return false
}
