package damm

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// U128 is an unsigned 128-bit number, as cp-amm keeps liquidity.
type U128 struct{ Lo, Hi uint64 }

// U256 is an unsigned 256-bit number in little-endian words, as cp-amm keeps fees per liquidity.
type U256 [4]uint64

// Sub is u − v modulo 2^256: a fee counter may wrap between two claims.
func (u U256) Sub(v U256) U256 {
	var out U256
	var borrow uint64
	for i := range u {
		out[i], borrow = bits.Sub64(u[i], v[i], borrow)
	}
	return out
}

// Add is u + v modulo 2^256.
func (u U256) Add(v U256) U256 {
	var out U256
	var carry uint64
	for i := range u {
		out[i], carry = bits.Add64(u[i], v[i], carry)
	}
	return out
}

// sum3 adds three 128-bit numbers without loss: the words of the sum, lowest first.
func sum3(a, b, c U128) [3]uint64 {
	var out [3]uint64
	for _, v := range [...]U128{a, b, c} {
		var carry uint64
		out[0], carry = bits.Add64(out[0], v.Lo, 0)
		out[1], carry = bits.Add64(out[1], v.Hi, carry)
		out[2] += carry
	}
	return out
}

// mulShift128 is min(2^64−1, (liquidity · d) >> 128).
func mulShift128(liquidity [3]uint64, d U256) uint64 {
	var product [8]uint64
	for i, x := range liquidity {
		var carry uint64
		for j, y := range d {
			hi, lo := bits.Mul64(x, y)
			var c uint64
			lo, c = bits.Add64(lo, product[i+j], 0)
			hi += c // hi is at most 2^64−2, so two carries fit.
			product[i+j], c = bits.Add64(lo, carry, 0)
			carry = hi + c
		}
		product[i+len(d)] = carry
	}
	if product[3]|product[4]|product[5]|product[6]|product[7] != 0 {
		return math.MaxUint64
	}
	return product[2]
}

func saturatingAdd(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return math.MaxUint64
	}
	return sum
}

func u64(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }

func u128(b []byte, at int) U128 { return U128{Lo: u64(b, at), Hi: u64(b, at+8)} }

func u256(b []byte, at int) (u U256) {
	for i := range u {
		u[i] = u64(b, at+8*i)
	}
	return u
}

func putU64(b []byte, at int, v uint64) { binary.LittleEndian.PutUint64(b[at:], v) }

func putU128(b []byte, at int, v U128) {
	putU64(b, at, v.Lo)
	putU64(b, at+8, v.Hi)
}

func putU256(b []byte, at int, v U256) {
	for i, w := range v {
		putU64(b, at+8*i, w)
	}
}
