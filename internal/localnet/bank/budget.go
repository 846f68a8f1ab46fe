package bank

import (
	"math/bits"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

const (
	baseFee        = 5000      // lamports per signature
	defaultUnits   = 200_000   // compute units per instruction that sets no limit
	maxUnits       = 1_400_000 // compute units per transaction
	minHeap        = 32 << 10
	maxHeap        = 256 << 10
	maxLoadedBytes = 64 << 20
)

// budget is what the Compute Budget instructions of a transaction ask for.
type budget struct {
	units  uint64 // compute unit limit
	price  uint64 // micro-lamports per unit
	loaded uint64 // bytes of account data
}

// parseBudget reads the Compute Budget instructions. A bad or repeated one refuses the transaction before
// any fee is charged.
func parseBudget(m *message) (budget, *TransactionError) {
	out := budget{loaded: maxLoadedBytes}
	var limit *uint64
	seen, others := map[byte]bool{}, uint64(0)
	for i, ix := range m.instructions {
		if m.keys[ix.program] != solana.ComputeBudget {
			others++
			continue
		}
		bad := &TransactionError{Kind: vm.KindInstruction, Index: uint8(i), Instruction: vm.ErrInvalidInstructionData.Name}
		if len(ix.data) == 0 {
			return out, bad
		}
		tag, body := ix.data[0], ix.data[1:]
		small, ok := u32(body)
		large, okLarge := u64(body)
		switch {
		case tag < 1 || tag > 4 || !ok || (tag == 3 && !okLarge):
			return out, bad
		case seen[tag]:
			return out, &TransactionError{Kind: vm.KindDuplicate, Index: uint8(i)}
		case tag == 1 && (small < minHeap || small > maxHeap || small%1024 != 0):
			return out, bad
		case tag == 2:
			units := min(uint64(small), maxUnits)
			limit = &units
		case tag == 3:
			out.price = large
		case tag == 4 && small == 0:
			return out, vm.Failed("InvalidLoadedAccountsDataSizeLimit")
		case tag == 4:
			out.loaded = min(uint64(small), maxLoadedBytes)
		}
		seen[tag] = true
	}
	out.units = min(others*defaultUnits, maxUnits)
	if limit != nil {
		out.units = *limit
	}
	return out, nil
}

// fee is the whole fee in lamports: 5000 per signature and the price of the units asked for, rounded up.
func (b budget) fee(signatures int) uint64 {
	hi, lo := bits.Mul64(b.price, b.units)
	lo, carry := bits.Add64(lo, 999_999, 0)
	priority := ^uint64(0)
	if hi += carry; hi < 1_000_000 {
		priority, _ = bits.Div64(hi, lo, 1_000_000)
	}
	total, carry := bits.Add64(baseFee*uint64(signatures), priority, 0)
	if carry != 0 {
		return ^uint64(0)
	}
	return total
}
