package chain_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
)

func signed(t testing.TB) *solana.Transaction {
	private, err := solana.NewRandomPrivateKey()
	require.NoError(t, err)
	tx, err := solana.NewTransaction([]solana.Instruction{
		solana.NewInstruction(key(50), solana.AccountMetaSlice{solana.Meta(key(60)).WRITE(), solana.Meta(key(61))}, []byte{1, 2}),
	}, solana.Hash{3}, solana.TransactionPayer(private.PublicKey()), solana.TransactionAddressTables(map[solana.PublicKey]solana.PublicKeySlice{key(70): {key(60), key(61)}}))
	require.NoError(t, err)
	_, err = tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &private })
	require.NoError(t, err)
	return tx
}

func token(index int, mint solana.PublicKey, owner string, amount string) map[string]any {
	return map[string]any{"accountIndex": index, "mint": mint.String(), "owner": owner, "uiTokenAmount": map[string]any{"amount": amount, "decimals": 6, "uiAmount": nil, "uiAmountString": "x"}}
}

func TestTransaction_MoneyIsTheDeltaOfBalances(t *testing.T) {
	tx := signed(t)
	raw, err := tx.MarshalBinary()
	require.NoError(t, err)
	n := newNode(t)
	p := newPool(t, newClock(), n)
	sig := tx.Signatures[0]

	_, found, err := p.Transaction(t.Context(), sig, rpc.CommitmentConfirmed)
	require.NoError(t, err, "an absent transaction is not an error")
	require.False(t, found)

	meta := map[string]any{
		"err": map[string]any{"InstructionError": []any{0, map[string]any{"Custom": 1}}}, "fee": 5001, "computeUnitsConsumed": 4000,
		"logMessages":      []string{"Program " + key(50).String() + " invoke [1]", "Program log: Program " + key(66).String() + " failed: x", "Program " + key(51).String() + " failed: custom program error: 0x1", "Program " + key(50).String() + " failed: custom program error: 0x1"},
		"preTokenBalances": []any{token(3, key(90), key(91).String(), "18446744073709551615")}, "postTokenBalances": []any{token(2, key(90), "", "12"), token(3, key(90), key(91).String(), "18446744073709551614")},
		"loadedAddresses": map[string]any{"writable": []string{key(60).String()}, "readonly": []string{key(61).String()}},
	}
	record := map[string]any{"slot": 77, "blockTime": nil, "transaction": []string{base64.StdEncoding.EncodeToString(raw), "base64"}, "meta": meta, "version": 0}
	n.with(func(n *node) { n.txs[sig.String()] = record })
	got, found, err := p.Transaction(t.Context(), sig, rpc.CommitmentConfirmed)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, uint64(77), got.Slot)
	require.Nil(t, got.BlockTime)
	require.Equal(t, uint64(5001), got.Fee)
	require.Equal(t, uint64(4000), got.Units)
	require.Equal(t, []solana.PublicKey{key(60), key(61)}, got.Keys[len(got.Keys)-2:])
	require.Equal(t, key(51), got.Err.Program, "the innermost program failed, whatever a program writes into its log")
	require.Equal(t, []chain.TokenDelta{
		{Account: key(60), Mint: key(90), Pre: 0, Post: 12},
		{Account: key(61), Owner: key(91), Mint: key(90), Pre: 1<<64 - 1, Post: 1<<64 - 2},
	}, got.TokenDeltas)

	broken := []func(){
		func() { meta["postTokenBalances"] = []any{token(4, key(90), "", "1")} },
		func() { meta["postTokenBalances"] = []any{token(-1, key(90), "", "1")} },
		func() { meta["postTokenBalances"] = []any{token(2, key(90), "", "1.5")} },
		func() { meta["postTokenBalances"] = []any{token(3, key(92), "", "1")} },
		func() { meta["postTokenBalances"] = nil; record["meta"] = nil },
		func() { record["meta"] = meta; record["transaction"] = []string{"AAAA", "base64"} },
		func() { record["transaction"] = []string{"", "base58"} },
	}
	for i, change := range broken {
		change()
		_, found, err := p.Transaction(t.Context(), sig, rpc.CommitmentConfirmed)
		require.Error(t, err, "case %d: a broken record is not an empty one", i)
		require.False(t, found)
	}
}

func TestTransaction_AnotherOneIsNotTaken(t *testing.T) {
	tx := signed(t)
	raw, err := tx.MarshalBinary()
	require.NoError(t, err)
	n := newNode(t)
	n.txs[signature(1).String()] = map[string]any{"slot": 1, "transaction": []string{base64.StdEncoding.EncodeToString(raw), "base64"}, "meta": map[string]any{"err": nil, "fee": 1}}
	_, _, err = newPool(t, newClock(), n).Transaction(t.Context(), signature(1), rpc.CommitmentConfirmed)
	require.ErrorContains(t, err, "when asked for")
}

func TestParseTxError(t *testing.T) {
	tests := []struct {
		give, code  string
		instruction int
	}{
		{`{"InstructionError":[2,{"Custom":6005}]}`, "router/6005", 2},
		{`{"InstructionError":[2,{"Custom":6034}]}`, "router/6034", 2},
		{`{"InstructionError":[2,{"Custom":6035}]}`, "custom/6035", 2},
		{`{"InstructionError":[2,{"Custom":3012}]}`, "anchor/3012", 2},
		{`{"InstructionError":[0,{"Custom":1}]}`, "custom/1", 0},
		{`{"InstructionError":[1,"ComputationalBudgetExceeded"]}`, "ix/ComputationalBudgetExceeded", 1},
		{`{"InstructionError":[1,{"BorshIoError":"Unknown"}]}`, "ix/BorshIoError", 1},
		{`"BlockhashNotFound"`, "tx/BlockhashNotFound", -1},
		{`"AlreadyProcessed"`, "tx/AlreadyProcessed", -1},
		{`{"InsufficientFundsForRent":{"account_index":1}}`, "tx/InsufficientFundsForRent", -1},
		{`{"DuplicateInstruction":3}`, "tx/DuplicateInstruction", -1},
		{`{"InstructionError":[2]}`, "tx/InstructionError", -1},
		{`{"InstructionError":[2,{"Custom":-1}]}`, "ix/Custom", 2},
		{`{"InstructionError":[2,7]}`, "ix/Unrecognised", 2},
		{`17`, "tx/Unrecognised", -1},
		{`{"a":1,"b":2}`, "tx/Unrecognised", -1},
		{`{}`, "tx/Unrecognised", -1},
	}
	for _, tt := range tests {
		got := chain.ParseTxError(json.RawMessage(tt.give))
		require.NotNil(t, got, tt.give)
		require.Equal(t, tt.code, got.Code(), tt.give)
		require.Equal(t, tt.instruction, got.Instruction, tt.give)
		require.NotEmpty(t, got.Error())
	}
	require.Nil(t, chain.ParseTxError(nil))
	require.Nil(t, chain.ParseTxError(json.RawMessage(" null ")))
}

func FuzzParseTxError(f *testing.F) {
	f.Add(`{"InstructionError":[2,{"Custom":6005}]}`)
	f.Add(`"BlockhashNotFound"`)
	f.Fuzz(func(t *testing.T, text string) {
		e := chain.ParseTxError(json.RawMessage(text))
		if e != nil && e.Code() == "" {
			t.Fatal("an error without a code")
		}
		if trimmed := strings.TrimSpace(text); e == nil && trimmed != "" && trimmed != "null" {
			t.Fatalf("%q was taken for success", text)
		}
	})
}

func FuzzDecodeTransaction(f *testing.F) {
	raw, err := signed(f).MarshalBinary()
	require.NoError(f, err)
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		tx, err := chain.DecodeTransaction(raw)
		if err != nil {
			return
		}
		again, err := tx.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, raw, again)
	})
}
