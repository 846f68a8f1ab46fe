package vm

import (
	"encoding/json"
	"fmt"
)

// TransactionError is the outcome of a transaction that failed, in the vocabulary of a validator. The
// zero value is not an error. It is comparable, so tests and callers may use ==.
type TransactionError struct {
	Kind        string // variant name, e.g. "BlockhashNotFound" or "InstructionError"
	Index       uint8  // instruction of InstructionError and DuplicateInstruction, account of InsufficientFundsForRent
	Instruction string // variant of the instruction error, e.g. "Custom" or "ComputationalBudgetExceeded"
	Custom      uint32 // program error code when Instruction is "Custom"
}

// Variants that carry a number beside their name.
const (
	KindInstruction = "InstructionError"
	KindDuplicate   = "DuplicateInstruction"
	KindRent        = "InsufficientFundsForRent"
)

// Failed returns the error of a variant without fields, e.g. Failed("AlreadyProcessed").
func Failed(kind string) *TransactionError { return &TransactionError{Kind: kind} }

// MarshalJSON writes exactly what a validator writes, e.g. {"InstructionError":[2,{"Custom":6005}]}.
func (e TransactionError) MarshalJSON() ([]byte, error) {
	switch e.Kind {
	case KindInstruction:
		var inner any = e.Instruction
		if e.Instruction == Custom(0).Name {
			inner = map[string]uint32{e.Instruction: e.Custom}
		}
		return json.Marshal(map[string][2]any{e.Kind: {e.Index, inner}})
	case KindDuplicate:
		return json.Marshal(map[string]uint8{e.Kind: e.Index})
	case KindRent:
		return json.Marshal(map[string]map[string]uint8{e.Kind: {"account_index": e.Index}})
	default:
		return json.Marshal(e.Kind)
	}
}

// Error is the validator's own text, e.g. "Error processing Instruction 2: custom program error: 0x1771".
func (e TransactionError) Error() string {
	switch e.Kind {
	case KindInstruction:
		return fmt.Sprintf("Error processing Instruction %d: %s", e.Index, InstructionError{e.Instruction, e.Custom}.Error())
	case KindDuplicate:
		return fmt.Sprintf("Transaction contains a duplicate instruction (%d) that is not allowed", e.Index)
	case KindRent:
		return fmt.Sprintf("Transaction results in an account (%d) with insufficient funds for rent", e.Index)
	}
	if text, ok := transactionTexts[e.Kind]; ok {
		return text
	}
	return e.Kind
}

// InstructionError is how a program ends when it does not succeed.
type InstructionError struct {
	Name string // variant, e.g. "Custom", "MissingRequiredSignature"
	Code uint32 // only for Custom
}

// Custom is a program's own error code, e.g. 6005 of the router or 1 of SPL Token.
func Custom(code uint32) InstructionError { return InstructionError{Name: "Custom", Code: code} }

// Error is the validator's text as it stands in "Program X failed: …".
func (e InstructionError) Error() string {
	if e.Name == "Custom" {
		return fmt.Sprintf("custom program error: %#x", e.Code)
	}
	if text, ok := instructionTexts[e.Name]; ok {
		return text
	}
	return e.Name
}

// Errors that the native programs and the runtime return.
var (
	ErrInvalidArgument        = InstructionError{Name: "InvalidArgument"}
	ErrInvalidInstructionData = InstructionError{Name: "InvalidInstructionData"}
	ErrInvalidAccountData     = InstructionError{Name: "InvalidAccountData"}
	ErrInvalidAccountOwner    = InstructionError{Name: "InvalidAccountOwner"}
	ErrInvalidSeeds           = InstructionError{Name: "InvalidSeeds"}
	ErrInsufficientFunds      = InstructionError{Name: "InsufficientFunds"}
	ErrIncorrectProgramID     = InstructionError{Name: "IncorrectProgramId"}
	ErrMissingSignature       = InstructionError{Name: "MissingRequiredSignature"}
	ErrAlreadyInitialized     = InstructionError{Name: "AccountAlreadyInitialized"}
	ErrUninitialized          = InstructionError{Name: "UninitializedAccount"}
	ErrNotEnoughKeys          = InstructionError{Name: "NotEnoughAccountKeys"}
	ErrMissingAccount         = InstructionError{Name: "MissingAccount"}
	ErrReadonlyLamports       = InstructionError{Name: "ReadonlyLamportChange"}
	ErrReadonlyData           = InstructionError{Name: "ReadonlyDataModified"}
	ErrIllegalOwner           = InstructionError{Name: "IllegalOwner"}
	ErrPrivilege              = InstructionError{Name: "PrivilegeEscalation"}
	ErrImmutable              = InstructionError{Name: "Immutable"}
	ErrIncorrectAuthority     = InstructionError{Name: "IncorrectAuthority"}
	ErrNotRentExempt          = InstructionError{Name: "AccountNotRentExempt"}
	ErrUnsupportedProgram     = InstructionError{Name: "UnsupportedProgramId"}
	ErrBudgetExceeded         = InstructionError{Name: "ComputationalBudgetExceeded"}
	ErrArithmetic             = InstructionError{Name: "ArithmeticOverflow"}
	ErrCallDepth              = InstructionError{Name: "CallDepth"}
	ErrExternalData           = InstructionError{Name: "ExternalAccountDataModified"}
	ErrUnsupportedSysvar      = InstructionError{Name: "UnsupportedSysvar"}
)
