package sender_test

import (
	"encoding/json"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/sender"
)

func TestClassify(t *testing.T) {
	amm := solana.MustPublicKeyFromBase58("cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG")
	r, none := router.ProgramLocalnet, solana.PublicKey{}
	ata, system, tok := solana.SPLAssociatedTokenAccountProgramID, solana.SystemProgramID, solana.TokenProgramID
	tests := []struct {
		name   string
		wire   string
		called solana.PublicKey
		inner  solana.PublicKey // What the logs name; zero when there are none.
		kind   fault.Kind
		code   string
	}{
		{"day already complete", `{"InstructionError":[2,{"Custom":6020}]}`, r, none, fault.Done, "router/6020"},
		{"cooldown", `{"InstructionError":[2,{"Custom":6002}]}`, r, r, fault.Wait, "router/6002"},
		{"cursor differs", `{"InstructionError":[2,{"Custom":6005}]}`, r, r, fault.Unknown, "router/6005"},
		{"base fees", `{"InstructionError":[2,{"Custom":6001}]}`, r, r, fault.Human, "router/6001"},
		{"stream invalid", `{"InstructionError":[2,{"Custom":6007}]}`, r, r, fault.Human, "router/6007"},
		{"stream owner", `{"InstructionError":[2,{"Custom":6034}]}`, r, none, fault.Human, "router/6034"},
		{"stream mint", `{"InstructionError":[2,{"Custom":6009}]}`, r, none, fault.Human, "router/6009"},
		{"stream closed", `{"InstructionError":[2,{"Custom":6010}]}`, r, none, fault.Human, "router/6010"},
		{"stream times", `{"InstructionError":[2,{"Custom":6011}]}`, r, none, fault.Human, "router/6011"},
		{"stream data", `{"InstructionError":[2,{"Custom":6012}]}`, r, none, fault.Human, "router/6012"},
		{"treasury short", `{"InstructionError":[2,{"Custom":6018}]}`, r, none, fault.Human, "router/6018"},
		{"any other router error", `{"InstructionError":[2,{"Custom":6006}]}`, r, none, fault.Human, "router/6006"},
		{"the pool's own 6020 is not the router's", `{"InstructionError":[2,{"Custom":6020}]}`, r, amm, fault.Human, "program/" + amm.String() + "/6020"},
		{"another instruction's 6020 is not the router's", `{"InstructionError":[2,{"Custom":6020}]}`, amm, none, fault.Human, "program/" + amm.String() + "/6020"},
		{"token account missing", `{"InstructionError":[2,{"Custom":3012}]}`, r, r, fault.Retry, "account_missing"},
		{"other Anchor error", `{"InstructionError":[2,{"Custom":2006}]}`, r, r, fault.Human, "anchor/2006"},
		{"treasury short in the token program", `{"InstructionError":[2,{"Custom":1}]}`, r, tok, fault.Human, "treasury_low"},
		{"treasury short, no logs", `{"InstructionError":[2,{"Custom":1}]}`, r, none, fault.Human, "treasury_low"},
		{"payer short while an account is made", `{"InstructionError":[2,{"Custom":1}]}`, ata, system, fault.Human, "payer_low"},
		{"payer short, no logs", `{"InstructionError":[2,{"Custom":1}]}`, ata, none, fault.Human, "payer_low"},
		{"frozen account", `{"InstructionError":[2,{"Custom":17}]}`, r, tok, fault.Human, "account_frozen"},
		{"stranger's number", `{"InstructionError":[2,{"Custom":99}]}`, r, none, fault.Human, "custom/99"},
		{"compute", `{"InstructionError":[2,"ComputationalBudgetExceeded"]}`, r, none, fault.Retry, "more_units"},
		{"other instruction error", `{"InstructionError":[2,"ProgramFailedToComplete"]}`, r, none, fault.Human, "ix/ProgramFailedToComplete"},
		{"blockhash", `"BlockhashNotFound"`, none, none, fault.Retry, "tx/BlockhashNotFound"},
		{"already processed", `"AlreadyProcessed"`, none, none, fault.Unknown, "tx/AlreadyProcessed"},
		{"fee", `"InsufficientFundsForFee"`, none, none, fault.Human, "payer_low"},
		{"rent", `{"InsufficientFundsForRent":{"account_index":0}}`, none, none, fault.Human, "payer_low"},
		{"in use", `"AccountInUse"`, none, none, fault.Retry, "tx/AccountInUse"},
		{"locks", `"TooManyAccountLocks"`, none, none, fault.Human, "tx/TooManyAccountLocks"},
		{"something new", `"QuantumFluctuation"`, none, none, fault.Human, "tx/QuantumFluctuation"},
		{"something unreadable", `17`, none, none, fault.Human, "tx/Unrecognised"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := chain.ParseTxError(json.RawMessage(tt.wire))
			e.Program = tt.inner
			got := sender.Classify(e, tt.called, []solana.PublicKey{router.ProgramDevnet, router.ProgramLocalnet})
			require.Equal(t, tt.kind, got.Kind)
			require.Equal(t, tt.code, got.Code)
			require.ErrorIs(t, got, e)
			if got.Kind == fault.Human {
				require.NotEmpty(t, got.Next, "a human must be told what to do")
			}
		})
	}
}
