package router

import (
	"errors"
	"fmt"

	"github.com/gagliardetto/solana-go"
)

// What can be wrong with bytes that claim to be the router's. Each means: do not act on this account.
var (
	ErrOwner         = errors.New("account is not owned by the router program")
	ErrDiscriminator = errors.New("discriminator is not the expected one")
	ErrLength        = errors.New("length is wrong")
	ErrFlag          = errors.New("bool or option byte is neither 0 nor 1")
	ErrPadding       = errors.New("padding is not zero")
)

var (
	discPolicy   = discriminator{0xdb, 0x07, 0x4f, 0x54, 0xaf, 0x33, 0x94, 0x92}
	discProgress = discriminator{0x52, 0x24, 0x30, 0x74, 0x67, 0x4a, 0xd4, 0x44}
)

const (
	// PolicySize is the space of a PolicyConfig account; without a cap its last 8 bytes are zero.
	PolicySize = 132
	// ProgressSize is the space of a DistributionProgress account.
	ProgressSize = 70
)

// Policy is the vault's PolicyConfig account (row C01).
type Policy struct {
	Vault               solana.PublicKey
	QuoteMint           solana.PublicKey
	CreatorWallet       solana.PublicKey
	InvestorFeeShareBPS uint16  // 0–10000.
	DailyCap            *uint64 // Base units of the quote mint for investors per day; nil means no cap.
	MinPayout           uint64  // Base units of the quote mint.
	Y0TotalAllocation   uint64  // Base units of the streams' mint.
	Bump                uint8
}

// Progress is the vault's DistributionProgress account (row C02): the only truth for resuming a day.
type Progress struct {
	Vault                 solana.PublicKey
	LastDistributionTS    int64  // Chain clock, seconds, when the day was opened; 0 means never run.
	CurrentDayDistributed uint64 // Base units of the quote mint, investors only.
	CarryOverDust         uint64 // Base units of the quote mint.
	PaginationCursor      uint32 // Moves by the page size even past the end of the list.
	DayComplete           bool
	Bump                  uint8
}

// DecodePolicy reads a PolicyConfig account owned by program. Errors: ErrOwner, ErrDiscriminator, ErrLength, ErrFlag,
// ErrPadding.
func DecodePolicy(owner, program solana.PublicKey, data []byte) (Policy, error) {
	r, err := openAccount(owner, program, data, PolicySize, discPolicy)
	if err != nil {
		return Policy{}, fmt.Errorf("decode policy account: %w", err)
	}
	p := Policy{
		Vault: r.key(), QuoteMint: r.key(), CreatorWallet: r.key(), InvestorFeeShareBPS: r.u16(),
		DailyCap: r.optionU64(), MinPayout: r.u64(), Y0TotalAllocation: r.u64(), Bump: r.u8(),
	}
	if r.err != nil {
		return Policy{}, fmt.Errorf("decode policy account: %w", r.err)
	}
	for _, b := range r.data {
		if b != 0 {
			return Policy{}, fmt.Errorf("decode policy account of vault %s: %w", p.Vault, ErrPadding)
		}
	}
	return p, nil
}

// Encode gives the account's bytes, discriminator and trailing padding included.
func (p Policy) Encode() []byte {
	b := append(make([]byte, 0, PolicySize), discPolicy[:]...)
	b = append(append(append(b, p.Vault[:]...), p.QuoteMint[:]...), p.CreatorWallet[:]...)
	b = appendOptionU64(appendU16(b, p.InvestorFeeShareBPS), p.DailyCap)
	b = append(appendU64(appendU64(b, p.MinPayout), p.Y0TotalAllocation), p.Bump)
	return b[:PolicySize]
}

// Terms are the policy's part of a day's arithmetic; claimed and dust come from the chain.
func (p Policy) Terms(claimed, dustIn uint64) DayTerms {
	return DayTerms{
		Claimed: claimed, DustIn: dustIn, ShareBPS: p.InvestorFeeShareBPS,
		Y0: p.Y0TotalAllocation, MinPayout: p.MinPayout, Cap: p.DailyCap,
	}
}

// DecodeProgress reads a DistributionProgress account owned by program. Errors: ErrOwner, ErrDiscriminator, ErrLength,
// ErrFlag.
func DecodeProgress(owner, program solana.PublicKey, data []byte) (Progress, error) {
	r, err := openAccount(owner, program, data, ProgressSize, discProgress)
	if err != nil {
		return Progress{}, fmt.Errorf("decode progress account: %w", err)
	}
	p := Progress{
		Vault: r.key(), LastDistributionTS: r.i64(), CurrentDayDistributed: r.u64(), CarryOverDust: r.u64(),
		PaginationCursor: r.u32(), DayComplete: r.flag(), Bump: r.u8(),
	}
	if err := r.end(); err != nil {
		return Progress{}, fmt.Errorf("decode progress account: %w", err)
	}
	return p, nil
}

// Encode gives the account's bytes, discriminator included.
func (p Progress) Encode() []byte {
	b := append(make([]byte, 0, ProgressSize), discProgress[:]...)
	b = appendI64(append(b, p.Vault[:]...), p.LastDistributionTS)
	b = appendU64(appendU64(b, p.CurrentDayDistributed), p.CarryOverDust)
	return append(appendFlag(appendU32(b, p.PaginationCursor), p.DayComplete), p.Bump)
}

func openAccount(owner, program solana.PublicKey, data []byte, size int, want discriminator) (*reader, error) {
	if owner != program {
		return nil, fmt.Errorf("%w: owner %s, router %s", ErrOwner, owner, program)
	}
	if len(data) != size {
		return nil, fmt.Errorf("%w: %d bytes, want %d", ErrLength, len(data), size)
	}
	if tag := discriminator(data[:8]); tag != want {
		return nil, fmt.Errorf("%w: %x, want %x", ErrDiscriminator, tag, want)
	}
	return &reader{data: data[8:]}, nil
}
