package domain

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Amount is money in base units of a mint (for SOL: lamports). It is a u64 as on chain, never a float.
// JSON carries it as a decimal string, because JavaScript readers lose digits above 2^53.
type Amount uint64

// ErrOverflow means that a sum left the range of u64. Money arithmetic never wraps.
var ErrOverflow = errors.New("amount exceeds 2^64-1 base units")

// ParseAmount reads a decimal string of base units.
func ParseAmount(s string) (Amount, error) {
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("amount %q: want a decimal number of base units from 0 to 2^64-1", s)
	}
	return Amount(v), nil
}

// String gives the base units in decimal.
func (a Amount) String() string { return strconv.FormatUint(uint64(a), 10) }

// MarshalText makes JSON carry the amount as a string, also as a map key.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (a *Amount) UnmarshalText(b []byte) error {
	v, err := ParseAmount(string(b))
	if err != nil {
		return err
	}
	*a = v
	return nil
}

// Add returns a+b, or ErrOverflow.
func (a Amount) Add(b Amount) (Amount, error) {
	sum, carry := bits.Add64(uint64(a), uint64(b), 0)
	if carry != 0 {
		return 0, fmt.Errorf("%d + %d: %w", a, b, ErrOverflow)
	}
	return Amount(sum), nil
}

// Sum adds all amounts, or returns ErrOverflow.
func Sum(amounts ...Amount) (Amount, error) {
	var total Amount
	for _, a := range amounts {
		var err error
		if total, err = total.Add(a); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// Token says how people read amounts of a mint.
type Token struct {
	Mint     string `json:"mint"`
	Symbol   string `json:"symbol,omitempty"`
	Decimals uint8  `json:"decimals"`
}

// Format gives the amount in whole units with the symbol: 1234567 of a mint with 6 decimals is "1.234567 USDC".
// All decimals are kept; a reader who compares two lines must see the last base unit.
func (t Token) Format(a Amount) string {
	digits := a.String()
	whole, fraction := digits, ""
	if d := int(t.Decimals); d > 0 {
		if len(digits) <= d {
			digits = strings.Repeat("0", d-len(digits)+1) + digits
		}
		whole, fraction = digits[:len(digits)-d], "."+digits[len(digits)-d:]
	}
	out := group(whole) + fraction
	if t.Symbol != "" {
		out += " " + t.Symbol
	}
	return out
}

// group puts a comma between thousands.
func group(s string) string {
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
