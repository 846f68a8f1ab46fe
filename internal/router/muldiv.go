package router

import (
	"fmt"
	"math/bits"
)

// mulDiv is floor(a·b/c) with a 128-bit product. c = 0 or a quotient above 64 bits gives 6006.
func mulDiv(a, b, c uint64) (uint64, error) {
	hi, lo := bits.Mul64(a, b)
	if hi >= c {
		return 0, fmt.Errorf("%d·%d/%d: %w", a, b, c, CodeArithmeticOverflow)
	}
	q, _ := bits.Div64(hi, lo, c)
	return q, nil
}

func add(a, b uint64) (uint64, error) {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return 0, fmt.Errorf("%d+%d: %w", a, b, CodeArithmeticOverflow)
	}
	return sum, nil
}

func sub(a, b uint64) (uint64, error) {
	if b > a {
		return 0, fmt.Errorf("%d−%d: %w", a, b, CodeArithmeticOverflow)
	}
	return a - b, nil
}

// eligibleBPS is min(shareBPS, floor(locked·10000/y0)). A quotient above 64 bits is above any share.
func eligibleBPS(locked, y0 uint64, shareBPS uint16) uint64 {
	hi, lo := bits.Mul64(locked, maxBPS)
	if hi >= y0 {
		return uint64(shareBPS)
	}
	q, _ := bits.Div64(hi, lo, y0)
	return min(q, uint64(shareBPS))
}
