package distribution

import (
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// Vault is one vault of the settings with its addresses worked out.
type Vault struct {
	ID        string
	Behaviour domain.Behaviour
	Program   solana.PublicKey
	Address   solana.PublicKey
	QuoteMint solana.PublicKey
	Creator   solana.PublicKey // The creator's wallet.
	Position  solana.PublicKey
	CPAMM     solana.PublicKey
	Accounts  router.Addresses

	Streams    []solana.PublicKey // In the program's registered order.
	StreamMint solana.PublicKey
	Expected   int    // Investors that the settings expect (P19).
	PageSize   uint32 // 0 takes what fits a transaction.
	Token      domain.Token
	Decimals   *uint8           // What the settings say of the quote mint; nil says nothing (P15).
	Accepted   string           // The program build that the settings accept after a change (P18).
	Payer      solana.PublicKey // Crank caller and fee payer.

	Units domain.PageUnits // What its last page took of the compute limit: it bounds the pages of a new plan.
}

// Rules are the settings that bound a day.
type Rules struct {
	MaxInvalidPercent int           // P04.
	MinClaimable      domain.Amount // P16.
	Tables            bool          // Lookup tables may be made when they save pages.
	DeadlineMargin    int64         // Seconds before the deadline after which no page begins (C06).
	ClockSkewWarn     int64         // Seconds (P17).
	PayerReserve      uint64        // Lamports (P14).
	UnitPriceCap      uint64        // Micro-lamports per compute unit.
	PageDelay         time.Duration // Between pages (X09).
	Reset             domain.DriftReset
	RecordUnpaid      bool // Run a published day although its investors get nothing (C16).
}

// call builds the instruction for entries [from, to) of the streams given. The cursor is always there, 0 included: an
// absent one runs unguarded (X14).
func (v Vault) call(cursor, pageSize uint32, remaining []*solana.AccountMeta) solana.Instruction {
	return router.DistributeFees{
		Program: v.Program, Crank: v.Payer, Vault: v.Address, HonoraryPosition: v.Position, CPAMMProgram: v.CPAMM,
		Addresses: v.Accounts, PageSize: pageSize, Cursor: &cursor, Remaining: remaining,
	}.Instruction()
}
