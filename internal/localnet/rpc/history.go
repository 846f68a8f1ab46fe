package rpc

import (
	"bytes"
	"slices"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// historySlots is how far a stale or frozen endpoint can look back: 512 slots and the 32 down to its finalized slot.
// Without such an endpoint accounts are remembered for shallowSlots only, because hundreds of busy slots take hundreds
// of megabytes; one that is made to lag more than these shows somewhat newer accounts until it has lagged long enough.
const (
	historySlots = 560
	shallowSlots = 64
)

// history remembers what accounts and blockhashes were in recent slots. The ledger itself keeps versions only down to
// its finalized slot, which is not enough for an endpoint that lags by hundreds of slots. It is guarded by Chain.mu.
type history struct {
	slots []pastSlot // ascending by slot, no gaps but those a rollback made
	deep  bool       // an endpoint lags or has lagged
}

type pastSlot struct {
	slot, height, lastValid uint64
	unix                    int64
	hash                    solana.Hash
	before                  map[solana.PublicKey]pastAccount // accounts this slot may have changed, as they were before it
}

type pastAccount struct {
	account bank.Account
	exists  bool
}

func newHistory() *history { return &history{} }

// record takes note of the slot just produced. Confirmed is one slot behind the tip: it still shows every account as it
// was before this slot.
func (h *history) record(b *bank.Bank, executed []solana.Signature) {
	hash, lastValid := b.LatestBlockhash(bank.Processed)
	past := pastSlot{
		slot: b.Slot(bank.Processed), height: b.BlockHeight(bank.Processed), lastValid: lastValid,
		unix: b.UnixTime(bank.Processed), hash: hash, before: map[solana.PublicKey]pastAccount{},
	}
	clock, exists := b.Account(solana.SysVarClockPubkey, bank.Confirmed)
	past.before[solana.SysVarClockPubkey] = pastAccount{clock, exists}
	for _, sig := range executed {
		rec, found := b.Transaction(sig)
		if !found {
			continue
		}
		for i, key := range rec.Keys {
			if _, noted := past.before[key]; noted || !writable(rec, i) {
				continue
			}
			account, exists := b.Account(key, bank.Confirmed)
			past.before[key] = pastAccount{account, exists}
		}
	}
	h.slots = append(h.slots, past)
	if len(h.slots) > historySlots {
		h.slots = slices.Delete(h.slots, 0, len(h.slots)-historySlots)
	}
	if n := len(h.slots) - shallowSlots; !h.deep && n > 0 {
		h.slots[n-1].before = nil
	}
}

// drop forgets slots that a rollback removed and notes the empty one with which the new fork began. What the dropped
// ones changed is restored in the ledger, so nothing else is lost.
func (h *history) drop(b *bank.Bank) {
	h.slots = slices.DeleteFunc(h.slots, func(p pastSlot) bool {
		_, exists := b.BlockTime(p.slot)
		return !exists
	})
	h.record(b, nil)
}

// at is the newest remembered slot that is not after the one asked for, or the oldest there is.
func (h *history) at(slot uint64) pastSlot {
	i, found := slices.BinarySearchFunc(h.slots, slot, func(p pastSlot, s uint64) int {
		switch {
		case p.slot < s:
			return -1
		case p.slot > s:
			return 1
		}
		return 0
	})
	if !found && i > 0 {
		i--
	}
	return h.slots[i]
}

// account tells how an account was at the end of a slot; changed is false when it is still the same today.
func (h *history) account(key solana.PublicKey, slot uint64) (old pastAccount, changed bool) {
	for _, p := range h.after(slot) {
		if old, changed = p.before[key]; changed {
			return old, true
		}
	}
	return pastAccount{}, false
}

func (h *history) after(slot uint64) []pastSlot {
	i := slices.IndexFunc(h.slots, func(p pastSlot) bool { return p.slot > slot })
	if i < 0 {
		return nil
	}
	return h.slots[i:]
}

func (h *history) programAccounts(b *bank.Bank, owner solana.PublicKey, slot uint64) []bank.KeyedAccount {
	changed := map[solana.PublicKey]pastAccount{}
	for _, p := range h.after(slot) {
		for key, old := range p.before {
			if _, earlier := changed[key]; !earlier {
				changed[key] = old
			}
		}
	}
	var out []bank.KeyedAccount
	for _, now := range b.ProgramAccounts(owner, bank.Processed) {
		if _, differs := changed[now.Key]; !differs {
			out = append(out, now)
		}
	}
	for key, old := range changed {
		if old.exists && old.account.Owner == owner {
			out = append(out, bank.KeyedAccount{Key: key, Account: old.account})
		}
	}
	slices.SortFunc(out, func(x, y bank.KeyedAccount) int { return bytes.Compare(x.Key[:], y.Key[:]) })
	return out
}

// knows tells whether a blockhash already existed at a slot.
func (h *history) knows(hash solana.Hash, slot uint64) bool {
	return slices.ContainsFunc(h.slots, func(p pastSlot) bool { return p.slot <= slot && p.hash == hash })
}

// writable tells whether the key at an index of a landed transaction was locked for writing.
func writable(rec *bank.Record, index int) bool {
	static := len(rec.Keys) - len(rec.LoadedWritable) - len(rec.LoadedReadonly)
	header := rec.Tx.Message.Header
	signers := int(header.NumRequiredSignatures)
	switch {
	case index >= static:
		return index < static+len(rec.LoadedWritable)
	case index < signers:
		return index < signers-int(header.NumReadonlySignedAccounts)
	default:
		return index < static-int(header.NumReadonlyUnsignedAccounts)
	}
}
