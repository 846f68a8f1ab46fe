package localnet_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/programs/system"
	solanarpc "github.com/gagliardetto/solana-go/rpc"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

func TestMain(m *testing.M) {
	// Idle connections of the shared client, and a ping loop that the solana-go WebSocket client leaves behind.
	goleak.VerifyTestMain(
		m,
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreAnyFunction("github.com/gagliardetto/solana-go/rpc/ws.ConnectWithOptions.func1"),
		goleak.IgnoreAnyFunction("github.com/gagliardetto/solana-go/rpc/ws.ConnectWithOptions.func2"),
	)
}

type rpcError struct {
	Code    int             `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
}

type reply struct {
	Result json.RawMessage `json:"result"`
	Error  *rpcError       `json:"error"`
}

// head is what an HTTP answer says before its body.
type head struct {
	StatusCode int
	Header     http.Header
}

// post sends a body as any HTTP client would.
func post(t testing.TB, url, body string) (head, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewBufferString(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return head{response.StatusCode, response.Header}, answer
}

// ask calls a method with parameters written as JSON.
func ask(t testing.TB, url, method, params string) reply {
	t.Helper()
	if params == "" {
		params = "[]"
	}
	_, body := post(t, url, `{"jsonrpc":"2.0","id":7,"method":"`+method+`","params":`+params+`}`)
	var r reply
	require.NoError(t, json.Unmarshal(body, &r), "%s", body)
	return r
}

func result[T any](t testing.TB, url, method, params string) T {
	t.Helper()
	r := ask(t, url, method, params)
	require.Nil(t, r.Error, "%+v", r.Error)
	var out T
	require.NoError(t, json.Unmarshal(r.Result, &out), "%s", r.Result)
	return out
}

func client(n *localnet.Node) *solanarpc.Client { return solanarpc.New(n.URL()) }

func vault(t testing.TB, n *localnet.Node, spec localnet.VaultSpec) localnet.Vault {
	t.Helper()
	if spec.ID == "" {
		spec.ID = "v1"
	}
	v, err := n.AddVault(spec)
	require.NoError(t, err)
	return v
}

// signed builds a transaction with the newest blockhash.
func signed(t testing.TB, n *localnet.Node, payer solana.PrivateKey, list ...solana.Instruction) *solana.Transaction {
	t.Helper()
	hash, _ := n.Bank().LatestBlockhash(bank.Processed)
	tx, err := solana.NewTransaction(list, hash, solana.TransactionPayer(payer.PublicKey()))
	require.NoError(t, err)
	_, err = tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &payer })
	require.NoError(t, err)
	return tx
}

// transfer moves lamports from the payer to itself: it costs the fee and nothing else.
func transfer(t testing.TB, n *localnet.Node, payer solana.PrivateKey, lamports uint64) *solana.Transaction {
	t.Helper()
	return signed(t, n, payer, system.NewTransferInstruction(lamports, payer.PublicKey(), payer.PublicKey()).Build())
}

// sendParams are those of sendTransaction for a transaction in base64.
func sendParams(t testing.TB, tx *solana.Transaction, options string) string {
	t.Helper()
	raw, err := tx.MarshalBinary()
	require.NoError(t, err)
	if options != "" {
		options = "," + options
	}
	return `["` + base64.StdEncoding.EncodeToString(raw) + `",{"encoding":"base64"` + options + `}]`
}

func send(t testing.TB, n *localnet.Node, tx *solana.Transaction) solana.Signature {
	t.Helper()
	sig, err := client(n).SendTransactionWithOpts(context.Background(), tx, solanarpc.TransactionOpts{PreflightCommitment: solanarpc.CommitmentProcessed})
	require.NoError(t, err)
	return sig
}
