package localnet_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/programs/system"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/localnet"
)

func TestNode_ErrorsAreThoseOfAValidator(t *testing.T) {
	n := localnet.NewForTest(t)
	v := vault(t, n, localnet.VaultSpec{})
	n.Slots(40)
	key := `"` + v.Vault.String() + `"`
	forged := transfer(t, n, v.Payer, 1)
	forged.Signatures[0][0] ^= 1
	poor := solana.NewWallet().PrivateKey
	tests := []struct {
		name, method, params string
		code                 int
		message              string
	}{
		{"unknown method", "getNothing", "", -32601, "Method not found"},
		{"parameter missing", "getBalance", "", -32602, "at least 1 argument"},
		{"bad key", "getBalance", `["x"]`, -32602, "Invalid param"},
		{"bad commitment", "getSlot", `[{"commitment":"soon"}]`, -32602, "unknown variant"},
		{"bad encoding", "getAccountInfo", `[` + key + `,{"encoding":"hex"}]`, -32602, "unknown variant"},
		{"params not an array", "getSlot", `{"a":1}`, -32602, "array"},
		{"base58 of much data", "getAccountInfo", `["` + v.Streams[0].String() + `"]`, -32600, "128 bytes"},
		{"too many accounts", "getMultipleAccounts", `[[` + strings.Repeat(key+",", 100) + key + `]]`, -32602, "Too many inputs provided; max 100"},
		{"too many filters", "getProgramAccounts", `[` + key + `,{"filters":[{},{},{},{},{}]}]`, -32602, "Too many filters"},
		{"node not there yet", "getSlot", `[{"minContextSlot":1000}]`, -32016, "Minimum context slot"},
		{"no token account", "getTokenAccountBalance", `[` + key + `]`, -32602, "could not find account"},
		{"not a token account", "getTokenAccountBalance", `["` + v.QuoteMint.String() + `"]`, -32602, "not a Token account"},
		{"blocks below confirmed", "getTransaction", `["` + solana.Signature{}.String() + `",{"commitment":"processed"}]`, -32602, "below `confirmed`"},
		{"future block", "getBlockTime", `[100000]`, -32004, "not available"},
		{"too many signatures", "getSignaturesForAddress", `[` + key + `,{"limit":1001}]`, -32602, "limit"},
		{"forged signature", "sendTransaction", sendParams(t, forged, ""), -32003, "signature verification failure"},
		{"no transaction", "sendTransaction", `["AAAA",{"encoding":"base64"}]`, -32602, "failed to deserialize"},
		{"no base64", "sendTransaction", `["!!",{"encoding":"base64"}]`, -32602, "invalid base64"},
		{"too large", "sendTransaction", `["` + strings.Repeat("A", 1648) + `",{"encoding":"base64"}]`, -32602, "too large"},
		{"unknown wire encoding", "sendTransaction", `["AAAA",{"encoding":"hex"}]`, -32602, "unsupported encoding"},
		{"no money", "sendTransaction", sendParams(t, transfer(t, n, poor, 1), `"preflightCommitment":"processed"`), -32002, "no record of a prior credit"},
		{"contradicting options", "simulateTransaction", sendParams(t, transfer(t, n, v.Payer, 1), `"sigVerify":true,"replaceRecentBlockhash":true`), -32602, "sigVerify"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ask(t, n.URL(), test.method, test.params).Error
			require.NotNil(t, got)
			require.Equal(t, test.code, got.Code, got.Message)
			require.Contains(t, got.Message, test.message)
		})
	}
}

func TestNode_PreflightFailureCarriesTheSimulation(t *testing.T) {
	n := localnet.NewForTest(t)
	v := vault(t, n, localnet.VaultSpec{})
	tx := signed(t, n, v.Payer, system.NewTransferInstruction(1<<60, v.Payer.PublicKey(), v.Vault).Build())
	got := ask(t, n.URL(), "sendTransaction", sendParams(t, tx, `"preflightCommitment":"processed"`)).Error
	require.Equal(t, -32002, got.Code)
	require.Equal(t, "Transaction simulation failed: Error processing Instruction 0: custom program error: 0x1", got.Message)
	var data map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(got.Data, &data))
	require.JSONEq(t, `{"InstructionError":[0,{"Custom":1}]}`, string(data["err"]))
	require.Contains(t, string(data["logs"]), "insufficient lamports")
	for _, null := range []string{"accounts", "innerInstructions", "returnData", "replacementBlockhash"} {
		require.JSONEq(t, "null", string(data[null]), null)
	}
	require.JSONEq(t, "150", string(data["unitsConsumed"]))

	n.Slots(1)
	old := transfer(t, n, v.Payer, 1)
	n.Slots(152)
	got = ask(t, n.URL(), "sendTransaction", sendParams(t, old, `"preflightCommitment":"processed"`)).Error
	require.Equal(t, -32002, got.Code)
	require.Equal(t, "Transaction simulation failed: Blockhash not found", got.Message)
	require.Nil(t, ask(t, n.URL(), "sendTransaction", sendParams(t, old, `"skipPreflight":true`)).Error, "without preflight nothing is checked")
}

func TestNode_VersionedTransactionsNeedAClientThatAsksForThem(t *testing.T) {
	n := localnet.NewForTest(t)
	v := vault(t, n, localnet.VaultSpec{})
	tx := transfer(t, n, v.Payer, 1)
	tx.Message.SetVersion(solana.MessageVersionV0)
	_, err := tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &v.Payer })
	require.NoError(t, err)
	tx.Signatures = tx.Signatures[len(tx.Signatures)-1:]
	sig := send(t, n, tx)
	n.Slots(2)
	got := ask(t, n.URL(), "getTransaction", `["`+sig.String()+`",{"commitment":"confirmed"}]`).Error
	require.Equal(t, -32015, got.Code)
	versioned := result[struct{ Version any }](t, n.URL(), "getTransaction", `["`+sig.String()+`",{"commitment":"confirmed","maxSupportedTransactionVersion":0}]`)
	require.Equal(t, float64(0), versioned.Version)
}

func TestNode_HTTPBehavesAsAValidators(t *testing.T) {
	n := localnet.NewForTest(t)
	tests := []struct {
		name, body string
		status     int
		want       string
	}{
		{"no JSON", `{`, 200, `{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}`},
		{"empty batch", `[]`, 200, `{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid request"},"id":null}`},
		{"no version", `{"id":1,"method":"getSlot"}`, 200, `{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid request"},"id":1}`},
		{"text id", `{"jsonrpc":"2.0","id":"a","method":"getSlot"}`, 200, `{"jsonrpc":"2.0","result":0,"id":"a"}`},
		{"notification", `{"jsonrpc":"2.0","method":"getSlot"}`, 200, ``},
		{"batch", `[{"jsonrpc":"2.0","id":1,"method":"getSlot"},{"jsonrpc":"2.0","id":2,"method":"getHealth"},3]`, 200, `[{"jsonrpc":"2.0","result":0,"id":1},{"jsonrpc":"2.0","result":"ok","id":2},{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid request"},"id":null}]`},
		{"too much", strings.Repeat(" ", 51<<10), 413, "Payload Too Large"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response, body := post(t, n.URL(), test.body)
			require.Equal(t, test.status, response.StatusCode)
			require.Equal(t, test.want, strings.TrimSpace(string(body)))
			require.Equal(t, "*", response.Header.Get("Access-Control-Allow-Origin"))
		})
	}
	response, err := http.Get(n.URL() + "/health")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	response, err = http.Get(n.URL())
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
}

func TestNode_CloseEndsHangingAnswers(t *testing.T) {
	n := localnet.NewForTest(t, func(o *localnet.Options) { o.Faults = []localnet.Fault{{Name: "hang"}} })
	done := make(chan error)
	go func() {
		response, err := http.Post(n.URL(), "application/json", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"getSlot"}`))
		if err == nil {
			err = response.Body.Close()
		}
		done <- err
	}()
	require.NoError(t, n.Close())
	require.Error(t, <-done, "no answer is not an empty answer")
	_, err := n.Endpoint()
	require.ErrorContains(t, err, "closed")
}
