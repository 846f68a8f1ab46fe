package router

import "fmt"

// Code is a custom program error as it stands on the wire, {"Custom":6005}. It is an error itself, so the arithmetic
// returns what the program would return. Classify by code, never by text (CHAIN.md §1, row C19).
type Code uint32

// The router's own errors.
const (
	CodeInvalidQuoteMint                Code = 6000
	CodeBaseFeeDetected                 Code = 6001
	CodeCooldownNotElapsed              Code = 6002
	CodeDailyCapExceeded                Code = 6003
	CodePayoutBelowMinimum              Code = 6004
	CodeInvalidPaginationCursor         Code = 6005
	CodeArithmeticOverflow              Code = 6006
	CodeStreamflowValidationFailed      Code = 6007
	CodeInvalidPda                      Code = 6008
	CodeInvalidStreamMint               Code = 6009
	CodeStreamClosed                    Code = 6010
	CodeInvalidStreamTimeParameters     Code = 6011
	CodeStreamflowDataParsingFailed     Code = 6012
	CodeInvalidPoolConfiguration        Code = 6013
	CodePositionOwnerMismatch           Code = 6014
	CodeInvalidTickRange                Code = 6015
	CodeInvalidTreasuryAta              Code = 6016
	CodeInvalidCreatorAta               Code = 6017
	CodeInsufficientFunds               Code = 6018
	CodeInvalidInvestorFeeShare         Code = 6019
	CodeDayAlreadyComplete              Code = 6020
	CodeDayNotComplete                  Code = 6021
	CodeInvalidY0TotalAllocation        Code = 6022
	CodePoolTokenOrderValidationFailed  Code = 6023
	CodeCpiCallFailed                   Code = 6024
	CodeAccountInitializationFailed     Code = 6025
	CodeInvalidFeeShareBasisPoints      Code = 6026
	CodeInvalidMinPayoutThreshold       Code = 6027
	CodeInvalidTotalAllocation          Code = 6028
	CodeInvalidDailyCap                 Code = 6029
	CodeFeeClaimingFailed               Code = 6030
	CodeTreasuryTransferFailed          Code = 6031
	CodePositionFeeDataExtractionFailed Code = 6032
	CodeInvalidVaultAccount             Code = 6033
	CodeInvalidStreamflowAccountOwner   Code = 6034
)

// Errors of the Anchor framework that the router's calls can give.
const (
	CodeInstructionMissing           Code = 100
	CodeInstructionFallbackNotFound  Code = 101
	CodeInstructionDidNotDeserialize Code = 102
	CodeConstraintMut                Code = 2000
	CodeConstraintHasOne             Code = 2001
	CodeConstraintSigner             Code = 2002
	CodeConstraintOwner              Code = 2004
	CodeConstraintSeeds              Code = 2006
	CodeConstraintAddress            Code = 2012
	CodeConstraintTokenMint          Code = 2014
	CodeConstraintTokenOwner         Code = 2015
	CodeAccountDiscriminatorNotFound Code = 3001
	CodeAccountDiscriminatorMismatch Code = 3002
	CodeAccountDidNotDeserialize     Code = 3003
	CodeAccountDidNotSerialize       Code = 3004
	CodeAccountNotEnoughKeys         Code = 3005
	CodeAccountNotMutable            Code = 3006
	CodeAccountOwnedByWrongProgram   Code = 3007
	CodeInvalidProgramID             Code = 3008
	CodeInvalidProgramExecutable     Code = 3009
	CodeAccountNotSigner             Code = 3010
	CodeAccountNotSystemOwned        Code = 3011
	CodeAccountNotInitialized        Code = 3012
	CodeAccountNotAssociatedToken    Code = 3014
)

const firstRouterCode = CodeInvalidQuoteMint

type codeText struct{ name, message string }

// routerCodes is indexed by code − 6000.
var routerCodes = [...]codeText{
	{"InvalidQuoteMint", "Invalid quote mint configuration"},
	{"BaseFeeDetected", "Base fees detected - quote-only enforcement failed"},
	{"CooldownNotElapsed", "24-hour cooldown not elapsed"},
	{"DailyCapExceeded", "Daily distribution cap exceeded"},
	{"PayoutBelowMinimum", "Payout below minimum threshold"},
	{"InvalidPaginationCursor", "Invalid pagination cursor"},
	{"ArithmeticOverflow", "Arithmetic overflow in fee calculation"},
	{"StreamflowValidationFailed", "Streamflow account validation failed"},
	{"InvalidPda", "Invalid PDA derivation"},
	{"InvalidStreamMint", "Invalid Streamflow stream mint"},
	{"StreamClosed", "Streamflow stream is closed"},
	{"InvalidStreamTimeParameters", "Invalid Streamflow stream time parameters"},
	{"StreamflowDataParsingFailed", "Streamflow account data parsing failed"},
	{"InvalidPoolConfiguration", "Invalid pool configuration for quote-only fees"},
	{"PositionOwnerMismatch", "Position owner PDA mismatch"},
	{"InvalidTickRange", "Invalid tick range for quote-only accrual"},
	{"InvalidTreasuryAta", "Treasury ATA not found or invalid"},
	{"InvalidCreatorAta", "Creator ATA not found or invalid"},
	{"InsufficientFunds", "Insufficient funds for distribution"},
	{"InvalidInvestorFeeShare", "Invalid investor fee share basis points"},
	{"DayAlreadyComplete", "Day already complete, cannot continue distribution"},
	{"DayNotComplete", "Day not complete, cannot process creator payout"},
	{"InvalidY0TotalAllocation", "Invalid Y0 total allocation"},
	{"PoolTokenOrderValidationFailed", "Pool token order validation failed"},
	{"CpiCallFailed", "Cross-program invocation failed"},
	{"AccountInitializationFailed", "Account initialization failed"},
	{"InvalidFeeShareBasisPoints", "Invalid fee share basis points (must be 0-10000)"},
	{"InvalidMinPayoutThreshold", "Invalid minimum payout threshold"},
	{"InvalidTotalAllocation", "Invalid total allocation (must be greater than 0)"},
	{"InvalidDailyCap", "Invalid daily cap (must be greater than 0)"},
	{"FeeClaimingFailed", "Fee claiming failed"},
	{"TreasuryTransferFailed", "Treasury transfer failed"},
	{"PositionFeeDataExtractionFailed", "Position fee data extraction failed"},
	{"InvalidVaultAccount", "Invalid vault account"},
	{"InvalidStreamflowAccountOwner", "Invalid Streamflow account owner - not owned by Streamflow program"},
}

var anchorCodes = map[Code]codeText{
	CodeInstructionMissing:           {"InstructionMissing", "Instruction discriminator not provided"},
	CodeInstructionFallbackNotFound:  {"InstructionFallbackNotFound", "Fallback functions are not supported"},
	CodeInstructionDidNotDeserialize: {"InstructionDidNotDeserialize", "The program could not deserialize the given instruction"},
	CodeConstraintMut:                {"ConstraintMut", "A mut constraint was violated"},
	CodeConstraintHasOne:             {"ConstraintHasOne", "A has one constraint was violated"},
	CodeConstraintSigner:             {"ConstraintSigner", "A signer constraint was violated"},
	CodeConstraintOwner:              {"ConstraintOwner", "An owner constraint was violated"},
	CodeConstraintSeeds:              {"ConstraintSeeds", "A seeds constraint was violated"},
	CodeConstraintAddress:            {"ConstraintAddress", "An address constraint was violated"},
	CodeConstraintTokenMint:          {"ConstraintTokenMint", "A token mint constraint was violated"},
	CodeConstraintTokenOwner:         {"ConstraintTokenOwner", "A token owner constraint was violated"},
	CodeAccountDiscriminatorNotFound: {"AccountDiscriminatorNotFound", "No discriminator was found on the account"},
	CodeAccountDiscriminatorMismatch: {"AccountDiscriminatorMismatch", "Account discriminator did not match what was expected"},
	CodeAccountDidNotDeserialize:     {"AccountDidNotDeserialize", "Failed to deserialize the account"},
	CodeAccountDidNotSerialize:       {"AccountDidNotSerialize", "Failed to serialize the account"},
	CodeAccountNotEnoughKeys:         {"AccountNotEnoughKeys", "Not enough account keys given to the instruction"},
	CodeAccountNotMutable:            {"AccountNotMutable", "The given account is not mutable"},
	CodeAccountOwnedByWrongProgram:   {"AccountOwnedByWrongProgram", "The given account is owned by a different program than expected"},
	CodeInvalidProgramID:             {"InvalidProgramId", "Program ID was not as expected"},
	CodeInvalidProgramExecutable:     {"InvalidProgramExecutable", "Program account is not executable"},
	CodeAccountNotSigner:             {"AccountNotSigner", "The given account did not sign"},
	CodeAccountNotSystemOwned:        {"AccountNotSystemOwned", "The given account is not owned by the system program"},
	CodeAccountNotInitialized:        {"AccountNotInitialized", "The program expected this account to be already initialized"},
	CodeAccountNotAssociatedToken:    {"AccountNotAssociatedTokenAccount", "The given account is not the associated token account"},
}

// CodeOf recognises a number from the wire. ok is false for a number that neither the router nor the listed part of
// Anchor uses; such an error is unclassified and belongs to a human.
func CodeOf(number uint32) (code Code, ok bool) {
	_, ok = Code(number).text()
	return Code(number), ok
}

// Router tells whether the code is the router's own.
func (c Code) Router() bool {
	return c >= firstRouterCode && int(c-firstRouterCode) < len(routerCodes)
}

// Name is the code's name in the program's interface, or "Unknown" with the number.
func (c Code) Name() string {
	if t, ok := c.text(); ok {
		return t.name
	}
	return fmt.Sprintf("Unknown%d", uint32(c))
}

// Message is the program's own text for the code, empty when the code is unknown.
func (c Code) Message() string {
	t, _ := c.text()
	return t.message
}

// Error gives number, name and message.
func (c Code) Error() string {
	return fmt.Sprintf("program error %d %s: %s", uint32(c), c.Name(), c.Message())
}

func (c Code) text() (codeText, bool) {
	if c.Router() {
		return routerCodes[c-firstRouterCode], true
	}
	t, ok := anchorCodes[c]
	return t, ok
}
