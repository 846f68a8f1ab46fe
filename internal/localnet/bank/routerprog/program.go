package routerprog

import (
	"errors"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// Model runs the fee router's instructions. It keeps no state of the chain: that lies in accounts, so a
// failed transaction or a rollback takes it back like anything else.
type Model struct {
	vaults  *Registry
	derived *derivations
}

// New returns a model that finds the vaults' registered lists in the registry.
func New(vaults *Registry) *Model { return &Model{vaults: vaults, derived: newDerivations()} }

// DataPrograms are the programs whose accounts are only data on the local chain.
func DataPrograms() []solana.PublicKey {
	return []solana.PublicKey{streamflow.ProgramMainnet, streamflow.ProgramDevnet, damm.CPAMMProgram}
}

// Run executes one instruction of the router.
func (m *Model) Run(c *vm.Call) error {
	args, err := router.DecodeInstruction(c.Data)
	switch {
	case errors.Is(err, router.ErrDiscriminator) || len(c.Data) < 8:
		return anchor(c, router.CodeInstructionFallbackNotFound, "")
	case err != nil:
		return anchor(c, router.CodeInstructionDidNotDeserialize, "")
	}
	switch args := args.(type) {
	case router.InitializeArgs:
		c.Log("Instruction: InitializeHonoraryPosition")
		return m.initialize(c, args)
	case router.DistributeFeesArgs:
		c.Log("Instruction: DistributeFees")
		return m.distribute(c, args)
	}
	return anchor(c, router.CodeInstructionFallbackNotFound, "")
}

// anchor logs an error as the Anchor framework does. account names the account that caused it, if any.
func anchor(c *vm.Call, code router.Code, account string) error {
	cause := "AnchorError occurred."
	if account != "" {
		cause = "AnchorError caused by account: " + account + "."
	}
	c.Log("%s Error Code: %s. Error Number: %d. Error Message: %s.", cause, code.Name(), uint32(code), code.Message())
	return vm.Custom(uint32(code))
}

// failed turns the arithmetic's error into the program's.
func failed(c *vm.Call, err error) error {
	var code router.Code
	if errors.As(err, &code) {
		return anchor(c, code, "")
	}
	return anchor(c, router.CodeArithmeticOverflow, "")
}

// Compute units of distribute_fees: together 30,000 and 12,000 per pair or stream of the page (CHAIN.md §5).
const (
	checkUnits = 10_000 // accounts, timing and cursor
	openUnits  = 20_000 // and the claim
	callUnits  = 30_000 // and the close
	entryUnits = 12_000
)

// meter brings the units of a call up to a mark. What its inner calls took counts towards the mark.
type meter struct {
	call    *vm.Call
	start   uint64
	percent uint64 // Of the usual units.
}

func (m meter) upTo(units uint64) error {
	units = units * m.percent / 100
	if used := m.call.Used() - m.start; used < units {
		return m.call.Consume(units - used)
	}
	return nil
}
