package streamflow

import (
	"errors"
	"math"
	"math/bits"
	"slices"

	"github.com/gagliardetto/solana-go"
)

// Reason says why the router refuses a stream. The empty reason means that it accepts it.
type Reason string

// The reasons, in the router's order of checks (CHAIN.md §2). One such stream fails the whole page, so it is
// quarantined before sending (row C13).
const (
	Valid      Reason = ""
	Missing    Reason = "missing" // There is no account: it belongs to the system program and is empty.
	WrongOwner Reason = "wrong_owner"
	TooShort   Reason = "too_short"
	NoMagic    Reason = "no_magic"
	WrongMint  Reason = "wrong_mint"
	Closed     Reason = "closed"
	BadTimes   Reason = "bad_times" // Start at or after the end, or the cliff outside of them.
)

// The router's error numbers that a refused stream causes.
const (
	codeValidationFailed = 6007
	codeInvalidOwner     = 6034
)

// Code is the router's error number for the reason: 6034 for an account that is not Streamflow's, 6007 for all others,
// 0 for a valid stream.
func (r Reason) Code() uint32 {
	switch r {
	case Valid:
		return 0
	case Missing, WrongOwner:
		return codeInvalidOwner
	default:
		return codeValidationFailed
	}
}

// Check judges an account as the router would. programs are the Streamflow programs that the vault's router accepts,
// expectedMint is the vault's stream mint, which is not always its quote mint (row C14). An account that does not exist
// is passed with the system program as owner and no data. The stream is filled as far as the bytes allow, so that a
// report can name the recipient of a refused stream.
func Check(owner solana.PublicKey, programs []solana.PublicKey, data []byte, expectedMint solana.PublicKey) (Stream, Reason) {
	var s Stream
	err := s.Read(data)
	switch {
	case owner == solana.SystemProgramID && len(data) == 0:
		return s, Missing
	case !slices.Contains(programs, owner):
		return s, WrongOwner
	case errors.Is(err, ErrTooShort):
		return s, TooShort
	case err != nil:
		return s, NoMagic
	}
	return s, s.Judge(expectedMint)
}

// Judge is the part of Check that looks at a decoded stream only.
func (s *Stream) Judge(expectedMint solana.PublicKey) Reason {
	switch {
	case s.Mint != expectedMint:
		return WrongMint
	case s.Closed:
		return Closed
	case s.Start >= s.End || s.Cliff < s.Start || s.Cliff > s.End:
		return BadTimes
	}
	return Valid
}

// Locked is what the router counts as locked at chain time now (unix seconds), in base units of the stream's mint. It
// is the router's view and not Streamflow's: pauses and rate changes do not count, and withdrawals count only before
// the cliff (CHAIN.md §2).
func (s *Stream) Locked(now int64) uint64 {
	switch {
	case s.Closed:
		return 0
	case now < s.Start || now < s.Cliff:
		return s.Deposited - min(s.Deposited, s.Withdrawn)
	case now >= s.End || s.Period == 0:
		return 0
	}
	// The difference fits in 64 unsigned bits even when it does not in 63, and now is not before the cliff.
	periods := (uint64(now) - uint64(s.Cliff)) / s.Period
	return s.Deposited - min(s.Deposited, saturatingAdd(s.CliffAmount, saturatingMul(periods, s.AmountPerPeriod)))
}

func saturatingMul(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	if hi != 0 {
		return math.MaxUint64
	}
	return lo
}

func saturatingAdd(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return math.MaxUint64
	}
	return sum
}
