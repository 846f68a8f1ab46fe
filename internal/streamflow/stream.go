// Package streamflow reads Streamflow vesting contracts as the Fee Router sees them (CHAIN.md §2): what is locked, and
// whether the router would accept the stream at all. It is pure, without any I/O.
package streamflow

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/gagliardetto/solana-go"
)

// Streamflow deployments. The router accepts streams of the mainnet program; a vault's setting may name others.
var (
	ProgramMainnet = solana.MustPublicKeyFromBase58("strmRqUCoQUgGUan5YhzUZa6KqdzwX5L6FpUxfmKg5m")
	ProgramDevnet  = solana.MustPublicKeyFromBase58("HqDGZjaVRXJ9MGRQEw7qDc2rAr6iH1n1kAQdCZaCMfMZ")
)

const (
	// AccountSize is the length of a stream account in bytes.
	AccountSize = 1104
	// MinSize is the shortest account that the router reads.
	MinSize = 672
	// Magic is the value that Streamflow writes; the router asks only that it is not zero.
	Magic = 2_762_121_728
)

// What is wrong with bytes that Decode refuses.
var (
	ErrTooShort = errors.New("stream account is too short")
	ErrNoMagic  = errors.New("stream account has no magic")
)

// Stream is a Streamflow contract. Amounts are base units of Mint, times unix seconds and signed, because the router
// reads them so. The fields from CurrentPauseStart on stand behind MinSize and are zero in a shorter account.
type Stream struct {
	Magic           uint64
	Version         uint8
	CreatedAt       int64
	Withdrawn       uint64
	CanceledAt      int64
	End             int64
	LastWithdrawnAt int64

	Sender                   solana.PublicKey
	SenderTokens             solana.PublicKey
	Recipient                solana.PublicKey
	RecipientTokens          solana.PublicKey
	Mint                     solana.PublicKey
	EscrowTokens             solana.PublicKey
	StreamflowTreasury       solana.PublicKey
	StreamflowTreasuryTokens solana.PublicKey
	StreamflowFeeTotal       uint64
	StreamflowFeeWithdrawn   uint64
	StreamflowFeeBits        uint32 // The percentage as the bits of a float32; the router never looks at it.
	Partner                  solana.PublicKey
	PartnerTokens            solana.PublicKey
	PartnerFeeTotal          uint64
	PartnerFeeWithdrawn      uint64
	PartnerFeeBits           uint32 // As StreamflowFeeBits.

	Start           int64
	Deposited       uint64 // Net of fees.
	Period          uint64 // Seconds.
	AmountPerPeriod uint64
	Cliff           int64
	CliffAmount     uint64

	CancelableBySender      bool
	CancelableByRecipient   bool
	AutomaticWithdrawal     bool
	TransferableBySender    bool
	TransferableByRecipient bool
	CanTopup                bool
	StreamName              [64]byte
	WithdrawFrequency       uint64
	Ghost                   uint32
	Pausable                bool
	CanUpdateRate           bool
	Ghost2                  uint32
	IsPDA                   bool
	Nonce                   uint32
	Closed                  bool

	CurrentPauseStart             int64
	PauseCumulative               uint64
	LastRateChangeTime            int64
	FundsUnlockedAtLastRateChange uint64
	CreationFeeBits               uint32 // As StreamflowFeeBits.
	CreationFeeClaimed            bool
	AutoClaimFeeBits              uint32 // As StreamflowFeeBits.
	AutoClaimFeeClaimed           bool
	OldMetadata                   solana.PublicKey
	Payer                         solana.PublicKey
	Bump                          uint8
	FeePartner                    solana.PublicKey
	CancelRequestTime             int64
}

// Name is the stream's name without the trailing zeros.
func (s *Stream) Name() string {
	n := len(s.StreamName)
	for n > 0 && s.StreamName[n-1] == 0 {
		n--
	}
	return string(s.StreamName[:n])
}

// Decode reads a stream account. It takes any bytes of at least MinSize with a magic; whether the router would accept
// the stream is for Check to say. Errors: ErrTooShort, ErrNoMagic.
func Decode(data []byte) (Stream, error) {
	var s Stream
	err := s.Read(data)
	return s, err
}

// Read is Decode into an existing stream, for lists. On error the stream is unchanged.
func (s *Stream) Read(data []byte) error {
	if len(data) < MinSize {
		return fmt.Errorf("%w: %d bytes, want at least %d", ErrTooShort, len(data), MinSize)
	}
	if u64(data, 0) == 0 {
		return ErrNoMagic
	}
	if len(data) < tailEnd {
		*s = Stream{} // An earlier stream's tail must not show through.
	}
	s.readHead(data)
	s.readTerms(data)
	s.readTail(data)
	return nil
}

// Encode gives the account's AccountSize bytes.
func (s *Stream) Encode() []byte {
	data := make([]byte, AccountSize)
	s.Put(data)
	return data
}

// Put writes the stream's fields over an account's bytes and leaves the others as they are. Like Read it leaves out
// what stands behind the end of a shorter account. It panics when data is shorter than MinSize, as indexing does.
func (s *Stream) Put(data []byte) {
	_ = data[MinSize-1]
	s.putHead(data)
	s.putTerms(data)
	s.putTail(data)
}

func u64(b []byte, at int) uint64 { return binary.LittleEndian.Uint64(b[at:]) }
func u32(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
func i64(b []byte, at int) int64  { return int64(u64(b, at)) }

func putU64(b []byte, at int, v uint64) { binary.LittleEndian.PutUint64(b[at:], v) }
func putU32(b []byte, at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }
func putI64(b []byte, at int, v int64)  { putU64(b, at, uint64(v)) }

func putBool(b []byte, at int, v bool) {
	b[at] = 0
	if v {
		b[at] = 1
	}
}
