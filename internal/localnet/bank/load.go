package bank

import (
	"encoding/binary"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

const (
	maxLocks = 64
	// tableMeta is the length of a lookup table's head; the addresses follow it.
	tableMeta = 56
)

// view is the chain as one block sees it.
type view struct {
	read   func(solana.PublicKey) *vm.Account
	slot   uint64
	height uint64
	unix   int64
}

// loaded is a transaction with its accounts resolved.
type loaded struct {
	*transaction
	budget             budget
	keys               []solana.PublicKey
	writable           []bool
	tableRW, tableRO   []solana.PublicKey
	instructions       []vm.Instruction
	missing, forbidden bool // a program account is absent, or not executable
}

// load resolves lookup tables and applies the rules that stop a transaction before any fee.
func load(t *transaction, v view) (*loaded, *TransactionError) {
	l := &loaded{transaction: t, keys: append([]solana.PublicKey(nil), t.message.keys...)}
	for _, lk := range t.message.lookups {
		addresses, err := table(lk.table, v)
		if err != nil {
			return nil, err
		}
		for side, indexes := range [2][]uint8{lk.writable, lk.readonly} {
			for _, index := range indexes {
				switch {
				case int(index) >= len(addresses):
					return nil, vm.Failed("InvalidAddressLookupTableIndex")
				case side == 0:
					l.tableRW = append(l.tableRW, addresses[index])
				default:
					l.tableRO = append(l.tableRO, addresses[index])
				}
			}
		}
	}
	l.keys = append(append(l.keys, l.tableRW...), l.tableRO...)
	if len(l.keys) > maxLocks {
		return nil, vm.Failed("TooManyAccountLocks")
	}
	unique := make(map[solana.PublicKey]bool, len(l.keys))
	for _, key := range l.keys {
		if unique[key] {
			return nil, vm.Failed("AccountLoadedTwice")
		}
		unique[key] = true
	}
	var err *TransactionError
	if l.budget, err = parseBudget(&t.message); err != nil {
		return nil, err
	}
	l.resolve(v)
	return l, nil
}

// resolve works out which accounts may be written, and the instructions with their accounts.
func (l *loaded) resolve(v view) {
	m := &l.message
	static := len(m.keys)
	called := map[uint8]bool{}
	for _, ix := range m.instructions {
		called[ix.program] = true
		switch program := v.read(m.keys[ix.program]); {
		case program == nil:
			l.missing = true
		case !program.Executable:
			l.forbidden = true
		}
	}
	l.writable = make([]bool, len(l.keys))
	for i, key := range l.keys {
		switch {
		case i < m.signatures:
			l.writable[i] = i < m.signatures-m.readonlySigned
		case i < static:
			l.writable[i] = i < static-m.readonlyPlain
		default:
			l.writable[i] = i < static+len(l.tableRW)
		}
		// Programs and sysvars lose their write lock without an error, as on a validator.
		if reserved[key] || (i < static && called[uint8(i)]) {
			l.writable[i] = false
		}
	}
	for _, ix := range m.instructions {
		out := vm.Instruction{Program: m.keys[ix.program], Data: ix.data, Accounts: make([]vm.Meta, len(ix.accounts))}
		for i, index := range ix.accounts {
			out.Accounts[i] = vm.Meta{Key: l.keys[index], Signer: int(index) < m.signatures, Writable: l.writable[index]}
		}
		l.instructions = append(l.instructions, out)
	}
}

// table returns the addresses of a lookup table that are usable in the view's slot. What was added in
// that very slot is not.
func table(key solana.PublicKey, v view) ([]solana.PublicKey, *TransactionError) {
	account := v.read(key)
	switch {
	case account == nil:
		return nil, vm.Failed("AddressLookupTableNotFound")
	case account.Owner != solana.AddressLookupTableProgramID:
		return nil, vm.Failed("InvalidAddressLookupTableOwner")
	case len(account.Data) < tableMeta || (len(account.Data)-tableMeta)%32 != 0 || account.Data[0] != 1:
		return nil, vm.Failed("InvalidAddressLookupTableData")
	}
	off := binary.LittleEndian.Uint64(account.Data[4:])
	if off != ^uint64(0) && v.slot > off+programs.TableCooldown {
		return nil, vm.Failed("AddressLookupTableNotFound")
	}
	count := (len(account.Data) - tableMeta) / 32
	if v.slot <= binary.LittleEndian.Uint64(account.Data[12:]) {
		count = min(count, int(account.Data[20]))
	}
	out := make([]solana.PublicKey, count)
	for i := range out {
		copy(out[i][:], account.Data[tableMeta+32*i:])
	}
	return out, nil
}
