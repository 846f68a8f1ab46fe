package signer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// Sizes and prices of the chain (CHAIN.md §4). Rent has only ever become cheaper.
const (
	maxUnits          = 1_400_000 // Compute limit of a transaction, and what a price without a limit may cost at most.
	feePerSignature   = 5_000     // Base fee in lamports.
	rentPerByte       = 6_960     // Lamports for two years, which makes an account exempt.
	accountOverhead   = 128       // Bytes that every account pays for beside its data.
	tokenAccountBytes = 165
	tableBytes        = 56
	mostRent          = 1 << 40 // Far above what a transaction can make; keeps the sum from wrapping.
)

// Cost is the most that a transaction can cost its payer, in lamports.
type Cost struct {
	Fee  uint64
	Rent uint64 // Counted as if none of the accounts existed yet.
}

// budget adds up what a transaction may cost.
type budget struct {
	price    uint64
	limit    uint32
	hasLimit bool
	rent     uint64
}

// Compute budget instructions.
const (
	budgetHeap  = 1
	budgetLimit = 2
	budgetPrice = 3
	budgetData  = 4
)

func (b *budget) add(c call) error {
	switch {
	case len(c.data) == 5 && c.data[0] == budgetLimit && !b.hasLimit:
		b.limit, b.hasLimit = binary.LittleEndian.Uint32(c.data[1:]), true
		return nil
	case len(c.data) == 9 && c.data[0] == budgetPrice && b.price == 0:
		b.price = binary.LittleEndian.Uint64(c.data[1:])
		return nil
	case len(c.data) == 5 && (c.data[0] == budgetHeap || c.data[0] == budgetData):
		return nil
	}
	return errors.New("this compute budget instruction is unknown or stands twice")
}

// rentOf counts a new account of so many bytes.
func (b *budget) rentOf(size int) error { return b.rentMore(accountOverhead + size) }

// rentMore counts so many bytes more.
func (b *budget) rentMore(size int) error {
	b.rent += uint64(size) * rentPerByte
	if b.rent > mostRent {
		return fmt.Errorf("its rent of more than %d lamports cannot be meant", uint64(mostRent))
	}
	return nil
}

// within compares with the caps. Price times limit is in micro-lamports and may pass 64 bits.
func (b *budget) within(l Limits) (Cost, error) {
	if b.price > l.MaxUnitPrice {
		return Cost{}, fmt.Errorf("the priority fee of %d micro-lamports per unit is above the cap of %d", b.price, l.MaxUnitPrice)
	}
	if b.rent > l.MaxRentLamports {
		return Cost{}, fmt.Errorf("the rent of %d lamports is above the cap of %d", b.rent, l.MaxRentLamports)
	}
	units := uint64(maxUnits)
	if b.hasLimit {
		units = min(units, uint64(b.limit))
	}
	hi, lo := bits.Mul64(b.price, units)
	if hi >= 1_000_000 {
		return Cost{}, errors.New("the fee cannot be written as a number of lamports")
	}
	fee, rest := bits.Div64(hi, lo, 1_000_000)
	if rest > 0 {
		fee++
	}
	if fee > ^uint64(0)-feePerSignature || l.MaxFeeLamports > 0 && fee+feePerSignature > l.MaxFeeLamports {
		return Cost{}, fmt.Errorf("the fee of %d+%d lamports is above the cap of %d", fee, feePerSignature, l.MaxFeeLamports)
	}
	return Cost{Fee: fee + feePerSignature, Rent: b.rent}, nil
}
