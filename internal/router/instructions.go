package router

import (
	"fmt"

	"github.com/gagliardetto/solana-go"
)

// discriminator is the 8-byte tag that Anchor puts before an instruction's, account's or event's bytes.
type discriminator [8]byte

var (
	discDistributeFees = discriminator{0x78, 0x38, 0x1b, 0x07, 0x35, 0xb0, 0x71, 0xba}
	discInitialize     = discriminator{0x99, 0x17, 0x76, 0x2d, 0x02, 0xe4, 0x05, 0x13}
)

const (
	// MaxPageSize is the largest page the program takes; 0 or more gives 6005 (row C08).
	MaxPageSize = 50
	// FixedAccounts is the number of accounts of distribute_fees before the remaining ones.
	FixedAccounts = 12
)

// Positions of the accounts of distribute_fees (CHAIN.md §1).
const (
	AccountCrank = iota
	AccountPolicy
	AccountProgress
	AccountPositionOwner
	AccountVault
	AccountHonoraryPosition
	AccountTreasury
	AccountCreator
	AccountCPAMMProgram
	AccountTokenProgram
	AccountAssociatedTokenProgram
	AccountSystemProgram
)

// DistributeFees is one call of the crank. Cursor should always be set, 0 included: an absent cursor runs unguarded and
// a repeated send can then pay the next page (row C07).
type DistributeFees struct {
	Program          solana.PublicKey
	Crank            solana.PublicKey
	Vault            solana.PublicKey
	HonoraryPosition solana.PublicKey
	CPAMMProgram     solana.PublicKey
	Addresses        Addresses
	PageSize         uint32
	Cursor           *uint32
	Remaining        []*solana.AccountMeta // See ReferenceRemaining and PublishedRemaining.
}

// Args are the call's arguments without its accounts.
func (d DistributeFees) Args() DistributeFeesArgs {
	return DistributeFeesArgs{PageSize: d.PageSize, Cursor: d.Cursor}
}

// Instruction builds the call with its accounts in the program's order.
func (d DistributeFees) Instruction() solana.Instruction {
	accounts := make(solana.AccountMetaSlice, 0, FixedAccounts+len(d.Remaining))
	accounts = append(
		accounts,
		solana.NewAccountMeta(d.Crank, true, true),
		solana.NewAccountMeta(d.Addresses.Policy, true, false),
		solana.NewAccountMeta(d.Addresses.Progress, true, false),
		solana.NewAccountMeta(d.Addresses.PositionOwner, false, false),
		solana.NewAccountMeta(d.Vault, false, false),
		solana.NewAccountMeta(d.HonoraryPosition, true, false),
		solana.NewAccountMeta(d.Addresses.Treasury, true, false),
		solana.NewAccountMeta(d.Addresses.Creator, true, false),
		solana.NewAccountMeta(d.CPAMMProgram, false, false),
		solana.NewAccountMeta(solana.TokenProgramID, false, false),
		solana.NewAccountMeta(solana.SPLAssociatedTokenAccountProgramID, false, false),
		solana.NewAccountMeta(solana.SystemProgramID, false, false),
	)
	accounts = append(accounts, d.Remaining...)
	return solana.NewInstruction(d.Program, accounts, d.Args().Encode())
}

// InitializeHonoraryPosition sets up a vault's policy and progress accounts. It runs once per vault.
type InitializeHonoraryPosition struct {
	Program      solana.PublicKey
	Payer        solana.PublicKey
	Vault        solana.PublicKey
	Pool         solana.PublicKey
	PoolConfig   solana.PublicKey
	QuoteVault   solana.PublicKey
	BaseVault    solana.PublicKey
	CPAMMProgram solana.PublicKey
	Addresses    Addresses
	Args         InitializeArgs
}

// Instruction builds the call with its accounts in the program's order.
func (i InitializeHonoraryPosition) Instruction() solana.Instruction {
	return solana.NewInstruction(i.Program, solana.AccountMetaSlice{
		solana.NewAccountMeta(i.Payer, true, true),
		solana.NewAccountMeta(i.Addresses.Policy, true, false),
		solana.NewAccountMeta(i.Addresses.Progress, true, false),
		solana.NewAccountMeta(i.Addresses.PositionOwner, false, false),
		solana.NewAccountMeta(i.Vault, false, false),
		solana.NewAccountMeta(i.Pool, false, false),
		solana.NewAccountMeta(i.PoolConfig, false, false),
		solana.NewAccountMeta(i.QuoteVault, false, false),
		solana.NewAccountMeta(i.BaseVault, false, false),
		solana.NewAccountMeta(i.CPAMMProgram, false, false),
		solana.NewAccountMeta(solana.SystemProgramID, false, false),
		solana.NewAccountMeta(solana.TokenProgramID, false, false),
	}, i.Args.Encode())
}

// Args is what DecodeInstruction returns: DistributeFeesArgs or InitializeArgs.
type Args interface {
	// Encode gives the instruction data, discriminator included.
	Encode() []byte
	args()
}

// DistributeFeesArgs are the arguments of distribute_fees.
type DistributeFeesArgs struct {
	PageSize uint32
	Cursor   *uint32 // nil runs unguarded.
}

// Encode gives the instruction data.
func (a DistributeFeesArgs) Encode() []byte {
	b := append(make([]byte, 0, 17), discDistributeFees[:]...)
	return appendOptionU32(appendU32(b, a.PageSize), a.Cursor)
}

// InitializeArgs are the arguments of initialize_honorary_position: the vault's terms.
type InitializeArgs struct {
	QuoteMint           solana.PublicKey
	CreatorWallet       solana.PublicKey
	InvestorFeeShareBPS uint16  // 0–10000.
	DailyCap            *uint64 // Base units of the quote mint; nil means no cap.
	MinPayout           uint64  // Base units of the quote mint.
	Y0TotalAllocation   uint64  // Base units of the streams' mint.
}

// Encode gives the instruction data.
func (a InitializeArgs) Encode() []byte {
	b := append(make([]byte, 0, 99), discInitialize[:]...)
	b = append(append(b, a.QuoteMint[:]...), a.CreatorWallet[:]...)
	b = appendOptionU64(appendU16(b, a.InvestorFeeShareBPS), a.DailyCap)
	return appendU64(appendU64(b, a.MinPayout), a.Y0TotalAllocation)
}

func (DistributeFeesArgs) args() {}
func (InitializeArgs) args()     {}

// DecodeInstruction reads a router instruction's data and takes nothing that Encode would not have written. Errors:
// ErrLength, ErrDiscriminator, ErrFlag.
func DecodeInstruction(data []byte) (Args, error) {
	r := &reader{data: data}
	var out Args
	switch tag := discriminator(pad8(r.take(8))); {
	case r.err != nil:
		return nil, fmt.Errorf("decode instruction: %w", r.err)
	case tag == discDistributeFees:
		out = DistributeFeesArgs{PageSize: r.u32(), Cursor: r.optionU32()}
	case tag == discInitialize:
		out = InitializeArgs{
			QuoteMint: r.key(), CreatorWallet: r.key(), InvestorFeeShareBPS: r.u16(), DailyCap: r.optionU64(),
			MinPayout: r.u64(), Y0TotalAllocation: r.u64(),
		}
	default:
		return nil, fmt.Errorf("decode instruction: %w: %x", ErrDiscriminator, tag)
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("decode instruction %T: %w", out, err)
	}
	return out, nil
}

// pad8 turns a failed take into zeros, so that converting it to an array cannot panic.
func pad8(b []byte) []byte {
	if len(b) == 8 {
		return b
	}
	return make([]byte, 8)
}

// Payee is one entry of a manifest as the reference program wants it.
type Payee struct {
	Stream solana.PublicKey
	ATA    solana.PublicKey // The recipient's token account for the quote mint; it must exist.
}

// ReferenceRemaining lists a page for the reference behaviour: pairs of stream (read only) and token account (writable)
// in manifest order, the page's and no others (CHAIN.md §1).
func ReferenceRemaining(page []Payee) []*solana.AccountMeta {
	out := make([]*solana.AccountMeta, 0, 2*len(page))
	for _, p := range page {
		out = append(out, solana.NewAccountMeta(p.Stream, false, false), solana.NewAccountMeta(p.ATA, true, false))
	}
	return out
}

// PublishedRemaining lists the streams for the published behaviour. It must be given all streams of the vault in every
// call: a page alone closes the day after page 1 (row X21).
func PublishedRemaining(streams []solana.PublicKey) []*solana.AccountMeta {
	out := make([]*solana.AccountMeta, 0, len(streams))
	for _, s := range streams {
		out = append(out, solana.NewAccountMeta(s, false, false))
	}
	return out
}
