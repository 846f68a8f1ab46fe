package router

import (
	"encoding/base64"
	"fmt"

	"github.com/gagliardetto/solana-go"
)

var (
	discCreatorClosed = discriminator{0x8e, 0x16, 0x35, 0x57, 0xf1, 0x3d, 0xb1, 0x2d}
	discInitialized   = discriminator{0x07, 0xd4, 0xf0, 0xbe, 0x66, 0x29, 0x4b, 0x29}
	discPayoutPage    = discriminator{0x2a, 0x35, 0xea, 0x65, 0xe1, 0xf0, 0xcb, 0x79}
	discFeesClaimed   = discriminator{0x7f, 0x39, 0x14, 0xb0, 0xd7, 0x23, 0x5a, 0x58}
)

// dataPrefix starts a log line that carries an event.
const dataPrefix = "Program data: "

// Event is one of the router's four events (row C18). What an event says is a claim: money counts by token balances
// only, since the published program logs payouts that it never makes (row C16).
type Event interface {
	// Name is the event's name in the program's interface.
	Name() string
	encode() []byte
}

// HonoraryPositionInitialized is logged once, when a vault is set up.
type HonoraryPositionInitialized struct {
	Vault                solana.PublicKey
	QuoteMint            solana.PublicKey
	CreatorWallet        solana.PublicKey
	InvestorFeeShareBPS  uint16
	DailyCap             *uint64
	MinPayout            uint64
	Y0TotalAllocation    uint64
	PositionOwner        solana.PublicKey
	PolicyConfig         solana.PublicKey
	DistributionProgress solana.PublicKey
	Timestamp            int64 // Chain clock, unix seconds.
}

// QuoteFeesClaimed is logged by the call that opens a day with a claim above 0. Amounts are base units.
type QuoteFeesClaimed struct {
	Vault            solana.PublicKey
	ClaimedAmount    uint64
	BaseAmount       uint64
	QuoteMint        solana.PublicKey
	HonoraryPosition solana.PublicKey
	TreasuryATA      solana.PublicKey
	Timestamp        int64 // Chain clock, unix seconds.
}

// InvestorPayoutPage is logged by every page that ran. Amounts are base units of the quote mint.
type InvestorPayoutPage struct {
	Vault                    solana.PublicKey
	PageStart                uint32
	PageEnd                  uint32 // The cursor after the page, which may lie past the end of the list.
	TotalDistributed         uint64
	ProcessedCount           uint32 // Distinct recipients.
	DustCarriedForward       uint64
	CumulativeDayDistributed uint64
	Timestamp                int64 // Chain clock, unix seconds.
}

// CreatorPayoutDayClosed is logged by the page that closes the day. Amounts are base units of the quote mint.
type CreatorPayoutDayClosed struct {
	Vault                   solana.PublicKey
	CreatorPayout           uint64
	CreatorWallet           solana.PublicKey
	TotalDayDistributed     uint64 // Investors and creator together.
	TotalInvestorsProcessed uint32 // Streams, not recipients.
	FinalDustAmount         uint64
	Timestamp               int64 // Chain clock, unix seconds.
}

// Name is the event's name.
func (HonoraryPositionInitialized) Name() string { return "HonoraryPositionInitialized" }

// Name is the event's name.
func (QuoteFeesClaimed) Name() string { return "QuoteFeesClaimed" }

// Name is the event's name.
func (InvestorPayoutPage) Name() string { return "InvestorPayoutPage" }

// Name is the event's name.
func (CreatorPayoutDayClosed) Name() string { return "CreatorPayoutDayClosed" }

func (e HonoraryPositionInitialized) encode() []byte {
	b := append(append(append(discInitialized[:], e.Vault[:]...), e.QuoteMint[:]...), e.CreatorWallet[:]...)
	b = appendOptionU64(appendU16(b, e.InvestorFeeShareBPS), e.DailyCap)
	b = appendU64(appendU64(b, e.MinPayout), e.Y0TotalAllocation)
	b = append(append(append(b, e.PositionOwner[:]...), e.PolicyConfig[:]...), e.DistributionProgress[:]...)
	return appendI64(b, e.Timestamp)
}

func (e QuoteFeesClaimed) encode() []byte {
	b := append(discFeesClaimed[:], e.Vault[:]...)
	b = appendU64(appendU64(b, e.ClaimedAmount), e.BaseAmount)
	b = append(append(append(b, e.QuoteMint[:]...), e.HonoraryPosition[:]...), e.TreasuryATA[:]...)
	return appendI64(b, e.Timestamp)
}

func (e InvestorPayoutPage) encode() []byte {
	b := append(discPayoutPage[:], e.Vault[:]...)
	b = appendU64(appendU32(appendU32(b, e.PageStart), e.PageEnd), e.TotalDistributed)
	b = appendU64(appendU32(b, e.ProcessedCount), e.DustCarriedForward)
	return appendI64(appendU64(b, e.CumulativeDayDistributed), e.Timestamp)
}

func (e CreatorPayoutDayClosed) encode() []byte {
	b := append(discCreatorClosed[:], e.Vault[:]...)
	b = append(appendU64(b, e.CreatorPayout), e.CreatorWallet[:]...)
	b = appendU32(appendU64(b, e.TotalDayDistributed), e.TotalInvestorsProcessed)
	return appendI64(appendU64(b, e.FinalDustAmount), e.Timestamp)
}

// EncodeEvent gives the event's bytes, discriminator included.
func EncodeEvent(e Event) []byte { return e.encode() }

// LogLine gives the log line that carries the event.
func LogLine(e Event) string { return dataPrefix + base64.StdEncoding.EncodeToString(e.encode()) }

// DecodeEvent reads an event's bytes. Errors: ErrDiscriminator for what is not a router event, ErrLength, ErrFlag.
func DecodeEvent(data []byte) (Event, error) {
	r := &reader{data: data}
	tag := discriminator(pad8(r.take(8)))
	if r.err != nil {
		return nil, fmt.Errorf("decode event: %w", r.err)
	}
	var e Event
	switch tag {
	case discInitialized:
		e = HonoraryPositionInitialized{
			Vault: r.key(), QuoteMint: r.key(), CreatorWallet: r.key(), InvestorFeeShareBPS: r.u16(),
			DailyCap: r.optionU64(), MinPayout: r.u64(), Y0TotalAllocation: r.u64(), PositionOwner: r.key(),
			PolicyConfig: r.key(), DistributionProgress: r.key(), Timestamp: r.i64(),
		}
	case discFeesClaimed:
		e = QuoteFeesClaimed{
			Vault: r.key(), ClaimedAmount: r.u64(), BaseAmount: r.u64(), QuoteMint: r.key(),
			HonoraryPosition: r.key(), TreasuryATA: r.key(), Timestamp: r.i64(),
		}
	case discPayoutPage:
		e = InvestorPayoutPage{
			Vault: r.key(), PageStart: r.u32(), PageEnd: r.u32(), TotalDistributed: r.u64(), ProcessedCount: r.u32(),
			DustCarriedForward: r.u64(), CumulativeDayDistributed: r.u64(), Timestamp: r.i64(),
		}
	case discCreatorClosed:
		e = CreatorPayoutDayClosed{
			Vault: r.key(), CreatorPayout: r.u64(), CreatorWallet: r.key(), TotalDayDistributed: r.u64(),
			TotalInvestorsProcessed: r.u32(), FinalDustAmount: r.u64(), Timestamp: r.i64(),
		}
	default:
		return nil, fmt.Errorf("decode event: %w: %x", ErrDiscriminator, tag)
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("decode event %s: %w", e.Name(), err)
	}
	return e, nil
}
