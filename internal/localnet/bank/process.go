package bank

import (
	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

// outcome is what one transaction did. state holds every change it makes to the ledger: after a failure
// that is the fee payer's fee and nothing else.
type outcome struct {
	*loaded
	state     *vm.State
	err       *TransactionError
	fee, used uint64
	logs      []string
	truncated bool
	inner     []vm.Inner
}

// process charges and runs a loaded transaction. The second result refuses it: it cannot land at all.
func (b *Bank) process(l *loaded, v view) (*outcome, *TransactionError) {
	out := &outcome{loaded: l, fee: l.budget.fee(l.message.signatures), state: vm.NewState(v.read)}
	if err := charge(out.state, l.keys[0], out.fee); err != nil {
		return nil, err
	}
	if out.err = l.unloadable(v); out.err != nil {
		return out, nil //nolint:nilerr // Landed all the same: the fee is due.
	}
	tx := &vm.Tx{State: out.state, Keys: l.keys, Limit: l.budget.units, Env: vm.Env{
		Slot: v.slot, Unix: v.unix, Programs: b.programs,
		RecentSlot: func(slot uint64) bool { return b.recentSlot(slot, v.slot) },
	}}
	out.err = tx.Run(l.instructions)
	if out.err == nil {
		out.err = l.settled(out.state, v, out.fee)
	}
	out.used, out.inner = tx.Used(), tx.Inner
	out.logs, out.truncated = tx.Logs.Lines()
	if out.err != nil {
		out.state = vm.NewState(v.read)
		return out, charge(out.state, l.keys[0], out.fee)
	}
	return out, nil
}

// charge takes the fee. The payer must be a plain system account and end rent-exempt or empty.
func charge(state *vm.State, payer solana.PublicKey, fee uint64) *TransactionError {
	account := state.Read(payer)
	switch {
	case account == nil || account.Lamports == 0:
		return vm.Failed("AccountNotFound")
	case account.Owner != solana.SystemProgramID || len(account.Data) > 0:
		return vm.Failed("InvalidAccountForFee")
	case account.Lamports < fee:
		return vm.Failed("InsufficientFundsForFee")
	}
	before := *account
	after := state.Mut(payer)
	after.Lamports -= fee
	if !rentHolds(&before, after) {
		return &TransactionError{Kind: vm.KindRent}
	}
	return nil
}

// unloadable holds the failures between the fee and the first instruction.
func (l *loaded) unloadable(v view) *TransactionError {
	var size uint64
	for _, key := range l.keys {
		if a := v.read(key); a != nil {
			size += uint64(len(a.Data))
		}
	}
	switch {
	case l.missing:
		return vm.Failed("ProgramAccountNotFound")
	case l.forbidden:
		return vm.Failed("InvalidProgramForExecution")
	case size > l.budget.loaded:
		return vm.Failed("MaxLoadedAccountsDataSizeExceeded")
	}
	return nil
}

// settled checks what must hold after the last instruction: rent, and that no lamports appeared.
func (l *loaded) settled(state *vm.State, v view, fee uint64) *TransactionError {
	var before, after uint64
	for i, key := range l.keys {
		old, now := v.read(key), state.Read(key)
		if old != nil {
			before += old.Lamports
		}
		if now != nil {
			after += now.Lamports
		}
		if l.writable[i] && now != nil && !rentHolds(old, now) {
			return &TransactionError{Kind: vm.KindRent, Index: uint8(i)}
		}
	}
	if before != after+fee {
		return vm.Failed("UnbalancedTransaction")
	}
	return nil
}

// rentHolds allows an account that is empty, rent-exempt, or was below the limit already and has neither
// grown nor gained since.
func rentHolds(old, now *vm.Account) bool {
	if now.Lamports == 0 || now.Lamports >= vm.MinimumRent(len(now.Data)) {
		return true
	}
	return old != nil && old.Lamports > 0 && old.Lamports < vm.MinimumRent(len(old.Data)) &&
		len(old.Data) == len(now.Data) && now.Lamports <= old.Lamports
}

// slotHashes is how many slots back the SlotHashes sysvar reaches.
const slotHashes = 512

// recentSlot says whether a block stands in that slot, recently and before the current one.
func (b *Bank) recentSlot(slot, current uint64) bool {
	for i := len(b.blocks) - 1; i >= 0 && b.blocks[i].slot >= slot && current-slot <= slotHashes; i-- {
		if b.blocks[i].slot == slot {
			return slot < current
		}
	}
	return false
}
