package vm_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

func TestTransactionError_IsWrittenAsAValidatorDoes(t *testing.T) {
	in := func(index uint8, e vm.InstructionError) vm.TransactionError {
		return vm.TransactionError{Kind: vm.KindInstruction, Index: index, Instruction: e.Name, Custom: e.Code}
	}
	tests := []struct {
		err        vm.TransactionError
		json, text string
	}{
		{*vm.Failed("BlockhashNotFound"), `"BlockhashNotFound"`, "Blockhash not found"},
		{*vm.Failed("AlreadyProcessed"), `"AlreadyProcessed"`, "This transaction has already been processed"},
		{*vm.Failed("AccountInUse"), `"AccountInUse"`, "Account in use"},
		{in(2, vm.Custom(6005)), `{"InstructionError":[2,{"Custom":6005}]}`, "Error processing Instruction 2: custom program error: 0x1775"},
		{in(0, vm.Custom(0)), `{"InstructionError":[0,{"Custom":0}]}`, "Error processing Instruction 0: custom program error: 0x0"},
		{in(1, vm.ErrBudgetExceeded), `{"InstructionError":[1,"ComputationalBudgetExceeded"]}`, "Error processing Instruction 1: Computational budget exceeded"},
		{in(0, vm.InstructionError{Name: "ProgramFailedToComplete"}), `{"InstructionError":[0,"ProgramFailedToComplete"]}`, "Error processing Instruction 0: Program failed to complete"},
		{vm.TransactionError{Kind: vm.KindRent, Index: 1}, `{"InsufficientFundsForRent":{"account_index":1}}`, "Transaction results in an account (1) with insufficient funds for rent"},
		{vm.TransactionError{Kind: vm.KindDuplicate, Index: 3}, `{"DuplicateInstruction":3}`, "Transaction contains a duplicate instruction (3) that is not allowed"},
	}
	for _, tt := range tests {
		b, err := json.Marshal(tt.err)
		require.NoError(t, err)
		require.Equal(t, tt.json, string(b))
		require.Equal(t, tt.text, tt.err.Error())
		b, err = json.Marshal(&tt.err)
		require.NoError(t, err)
		require.Equal(t, tt.json, string(b))
	}
}

func TestLogs_KeepWhatStillFitsAfterTheCut(t *testing.T) {
	var l vm.Logs
	long := string(make([]byte, 6000))
	l.Add(long)
	l.Add(long)
	l.Add("short")
	l.Add(long)
	lines, truncated := l.Lines()
	require.True(t, truncated)
	require.Equal(t, []string{long, "Log truncated", "short"}, lines)
}
