package sender

import (
	"fmt"
	"slices"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// Codes that do not come from the router itself. The router's own errors keep theirs, such as "router/6005".
const (
	CodeAccountMissing = "account_missing" // A token account of the page does not exist: make it, then send again.
	CodePayerLow       = "payer_low"       // The fee payer has too little SOL.
	CodeTreasuryLow    = "treasury_low"    // The treasury holds less than the program wants to pay.
	CodeFrozen         = "account_frozen"  // A token account is frozen.
	CodeMoreUnits      = "more_units"      // The compute limit was too low.
)

type verdict struct {
	kind fault.Kind
	code string // Empty keeps the chain's own.
	next string
}

const streamNext = "A stream of the page is not valid now: run the checks, quarantine it and plan the rest of the day anew"

// verdicts is the table of what may be done, by code alone. What is not in it moves money in a way that nobody has
// thought about, and goes to a human.
func verdicts() map[string]verdict {
	return map[string]verdict{
		"router/6020": {fault.Done, "", ""},
		"router/6002": {fault.Wait, "", "The program's 24 hours are not over; it is tried again when the chain's clock says so"},
		"router/6005": {fault.Unknown, "", "The chain's cursor differs from the plan's: read the progress account before anything else"},
		"router/6001": {fault.Human, "", "The position earns base fees, and the day cannot open; see the runbook for base fees"},
		"router/6007": {fault.Human, "", streamNext},
		"router/6034": {fault.Human, "", streamNext},
		"router/6009": {fault.Human, "", streamNext},
		"router/6010": {fault.Human, "", streamNext},
		"router/6011": {fault.Human, "", streamNext},
		"router/6012": {fault.Human, "", streamNext},
		"router/6018": {fault.Human, "", "The treasury holds less than the page pays; compare it with the day's claim and carried dust"},
		"anchor/3012": {fault.Retry, CodeAccountMissing, "A token account of the page is missing: create it, then send the page again"},

		"tx/BlockhashNotFound":                {fault.Retry, "", ""},
		"tx/AccountInUse":                     {fault.Retry, "", ""},
		"tx/WouldExceedMaxBlockCostLimit":     {fault.Retry, "", ""},
		"tx/WouldExceedMaxAccountCostLimit":   {fault.Retry, "", ""},
		"tx/WouldExceedAccountDataBlockLimit": {fault.Retry, "", ""},
		"tx/ClusterMaintenance":               {fault.Retry, "", ""},
		"tx/AlreadyProcessed":                 {fault.Unknown, "", "It has landed already: read it from the chain"},
		"tx/AccountNotFound":                  {fault.Human, CodePayerLow, payerNext},
		"tx/InsufficientFundsForFee":          {fault.Human, CodePayerLow, payerNext},
		"tx/InsufficientFundsForRent":         {fault.Human, CodePayerLow, payerNext},
		"tx/ResourceExhausted":                {fault.Retry, "", ""},

		"ix/ComputationalBudgetExceeded": {fault.Retry, CodeMoreUnits, ""},
		"ix/InsufficientFunds":           {fault.Human, CodePayerLow, payerNext},
	}
}

const payerNext = "Send SOL to the fee payer"

// Error numbers of the token and system programs: 1 is too little money in both.
const (
	customTooLittle    = 1
	customTokenFrozen  = 17
	treasuryNext       = "The treasury holds less than the page pays; compare it with the day's claim and carried dust"
	unknownProgramNext = "No rule covers this error: read the transaction's logs and decide; nothing is sent meanwhile"
)

// Classify turns the chain's refusal into what may be done next. called is the program of the instruction that failed;
// the error itself may know a program further inside, and then that one counts.
func Classify(e *chain.TxError, called solana.PublicKey, routers []solana.PublicKey) *fault.Error {
	code := e.Code()
	where := called
	if !e.Program.IsZero() {
		where = e.Program
	}
	foreign := e.Custom != nil && !where.IsZero() && !slices.Contains(routers, where)
	v, known := verdicts()[code]
	switch {
	case foreign || (e.Custom != nil && !known):
		v, code = custom(*e.Custom, where, called, routers), customCode(e, where, routers)
	case !known:
		v = verdict{fault.Human, "", unknownProgramNext}
	}
	if v.code != "" {
		code = v.code
	}
	text := fmt.Errorf("the chain refuses it (%s): %w", e.Code(), e)
	if name, ok := router.CodeOf(orZero(e.Custom)); ok && e.Custom != nil && !foreign {
		text = fmt.Errorf("the chain refuses it (%s %s): %w", e.Code(), name.Name(), e)
	}
	return fault.New(v.kind, code, text).WithNext(v.next)
}

// custom judges numbers of other programs. A called program's number passes up through the router, so "1" may be the
// treasury's tokens or the payer's SOL.
func custom(number uint32, where, called solana.PublicKey, routers []solana.PublicKey) verdict {
	inRouter := slices.Contains(routers, called)
	switch {
	case number == customTooLittle && where == solana.SystemProgramID:
		return verdict{fault.Human, CodePayerLow, payerNext}
	case number == customTooLittle && inRouter:
		return verdict{fault.Human, CodeTreasuryLow, treasuryNext}
	case number == customTooLittle:
		return verdict{fault.Human, CodePayerLow, payerNext}
	case number == customTokenFrozen && (where == solana.TokenProgramID || inRouter):
		return verdict{fault.Human, CodeFrozen, "A recipient's token account is frozen: ask the mint's authority, or quarantine the stream"}
	}
	return verdict{fault.Human, "", unknownProgramNext}
}

func customCode(e *chain.TxError, where solana.PublicKey, routers []solana.PublicKey) string {
	if where.IsZero() || slices.Contains(routers, where) {
		return e.Code()
	}
	return fmt.Sprintf("program/%s/%d", where, *e.Custom)
}

func orZero(n *uint32) uint32 {
	if n == nil {
		return 0
	}
	return *n
}

// programAt finds the program of a stored transaction's instruction.
func programAt(raw []byte, instruction int) solana.PublicKey {
	tx, err := chain.DecodeTransaction(raw)
	if err != nil || instruction < 0 || instruction >= len(tx.Message.Instructions) {
		return solana.PublicKey{}
	}
	if i := int(tx.Message.Instructions[instruction].ProgramIDIndex); i < len(tx.Message.AccountKeys) {
		return tx.Message.AccountKeys[i]
	}
	return solana.PublicKey{}
}
