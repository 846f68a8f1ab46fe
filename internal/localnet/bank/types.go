package bank

import (
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/routerprog"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

// Commitment says how deep below the tip a read happens: 0, 1 or 32 blocks, never below slot 0.
type Commitment uint8

// The commitments of the cluster.
const (
	Processed Commitment = iota
	Confirmed
	Finalized
)

// Behaviour is one of the two ways in which the fee router works (CHAIN.md §1).
type Behaviour = routerprog.Behaviour

// The behaviours.
const (
	Reference = routerprog.Reference
	Published = routerprog.Published
)

// Account is one version of an account. Data handed out by the bank is shared and must not be changed.
type Account = vm.Account

// KeyedAccount is an account with its address.
type KeyedAccount struct {
	Key     solana.PublicKey
	Account Account
}

// TransactionError is a validator's transaction error; it marshals to exactly the validator's JSON.
type TransactionError = vm.TransactionError

// VaultSpec is what the local router knows of a vault beside its accounts.
type VaultSpec = routerprog.VaultSpec

// Options are the fixed properties of a chain. The same options and inputs give the same bytes.
type Options struct {
	GenesisTime  time.Time                 // chain clock at slot 0
	SlotDuration time.Duration             // how far the chain clock moves with each slot; default 400 ms
	Seed         uint64                    // genesis hash, blockhashes and identity derive from it
	Programs     map[solana.PublicKey]bool // installed fee-router program ids; default: devnet and localnet id of CHAIN.md §1
}

// SlotReport tells what a slot did.
type SlotReport struct {
	Slot, Parent, Root uint64
	Executed           []solana.Signature // landed, failed ones included, in order
}

// SubmitOptions hold the late landing fault: the transaction becomes eligible DelaySlots later, and is
// dropped without a word if its blockhash has expired by then.
type SubmitOptions struct{ DelaySlots uint64 }

// RejectError says why Submit did not take a transaction.
type RejectError struct {
	Err     TransactionError
	Logs    []string
	Message string
}

// Error is the text for people; classify by Err.
func (e *RejectError) Error() string { return e.Message }

// Unwrap gives errors.As the transaction error.
func (e *RejectError) Unwrap() error { return e.Err }

// SimulateOptions are those of simulateTransaction.
type SimulateOptions struct {
	SigVerify, ReplaceBlockhash bool
	Commitment                  Commitment
}

// SimulateResult is what the transaction would have done at Slot. Post holds every account it names.
type SimulateResult struct {
	Err             *TransactionError
	Logs            []string
	UnitsConsumed   uint64
	ReturnBlockhash solana.Hash // the blockhash it ran with: the replacement when one was asked for
	LastValid       uint64      // last block height at which ReturnBlockhash is valid
	Slot            uint64
	Post            map[solana.PublicKey]Account
	Fee             uint64 // lamports
}

// Record is a landed transaction, failed ones included. It is shared and must not be changed.
type Record struct {
	Signature                      solana.Signature
	Slot                           uint64
	BlockTime                      int64 // seconds
	Raw                            []byte
	Tx                             *solana.Transaction
	Version                        int // -1 legacy, 0 v0
	Err                            *TransactionError
	Fee, UnitsConsumed             uint64
	Logs                           []string
	LogsTruncated                  bool               // lines were cut at 10 kB
	Keys                           []solana.PublicKey // static, then loaded writable, then loaded readonly
	LoadedWritable, LoadedReadonly []solana.PublicKey
	PreBalances, PostBalances      []uint64 // lamports, by Keys
	PreTokens, PostTokens          []TokenBalance
	Inner                          []InnerInstructions

	price    uint64 // micro-lamports per compute unit
	writable []bool // by Keys
	hash     solana.Hash
}

// TokenBalance is the state of a token account before or after a transaction.
type TokenBalance struct {
	AccountIndex         int
	Mint, Owner, Program solana.PublicKey
	Amount               uint64 // base units
	Decimals             uint8
}

// InnerInstructions are what the top-level instruction Index called.
type InnerInstructions struct {
	Index        int
	Instructions []solana.CompiledInstruction
	StackHeights []int // by Instructions
}

// SlotFee is the lowest compute-unit price in micro-lamports that was enough in a slot.
type SlotFee struct{ Slot, Fee uint64 }
