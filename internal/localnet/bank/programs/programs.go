// Package programs holds native Go models of the Solana programs that feeops and its tools meet: System,
// Compute Budget, Address Lookup Table, SPL Token, Associated Token and Memo. Each models the instructions
// in use, with the checks, error codes, logs and (about) the compute units of the real one.
package programs

import (
	"encoding/binary"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

// All returns the programs by id.
func All() map[solana.PublicKey]vm.Program {
	return map[solana.PublicKey]vm.Program{
		solana.SystemProgramID:                    {Run: system, Builtin: true},
		solana.ComputeBudget:                      {Run: computeBudget, Builtin: true},
		solana.AddressLookupTableProgramID:        {Run: lookupTable},
		solana.TokenProgramID:                     {Run: token},
		solana.SPLAssociatedTokenAccountProgramID: {Run: associatedToken},
		solana.MemoProgramID:                      {Run: memo},
	}
}

// computeBudget has nothing to do when it runs: the bank read its instructions before the first one.
func computeBudget(c *vm.Call) error { return c.Consume(150) }

// input reads instruction data in borsh or bincode order; after a short read bad stays set.
type input struct {
	b   []byte
	bad bool
}

func (in *input) take(n uint64) []byte {
	if in.bad || n > uint64(len(in.b)) {
		in.bad = true
		return nil
	}
	out := in.b[:n]
	in.b = in.b[n:]
	return out
}

func (in *input) u8() uint8 {
	if b := in.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (in *input) u32() uint32 {
	if b := in.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (in *input) u64() uint64 {
	if b := in.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (in *input) key() (k solana.PublicKey) {
	copy(k[:], in.take(32))
	return k
}

// option reads SPL Token's one-byte option of a key.
func (in *input) option() *solana.PublicKey {
	if in.u8() == 0 {
		return nil
	}
	k := in.key()
	return &k
}
