package localnet_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/coder/websocket"
	solanarpc "github.com/gagliardetto/solana-go/rpc"
	"github.com/gagliardetto/solana-go/rpc/ws"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
)

func patient(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestSocket_OrdinaryClientHearsOfEverything(t *testing.T) {
	n := localnet.NewForTest(t)
	v := vault(t, n, localnet.VaultSpec{})
	n.Slots(40)
	ctx := patient(t)
	c, err := ws.Connect(ctx, n.WSURL())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	slots, err := c.SlotSubscribe()
	require.NoError(t, err)
	account, err := c.AccountSubscribe(v.Payer.PublicKey(), solanarpc.CommitmentConfirmed)
	require.NoError(t, err)
	logs, err := c.LogsSubscribeMentions(v.Payer.PublicKey(), solanarpc.CommitmentProcessed)
	require.NoError(t, err)
	tx := transfer(t, n, v.Payer, 1)
	final, err := c.SignatureSubscribe(tx.Signatures[0], solanarpc.CommitmentFinalized)
	require.NoError(t, err)
	// Subscriptions are answered in order, so one more round trip means that all before it are open.
	_, err = c.RootSubscribe()
	require.NoError(t, err)
	send(t, n, tx)
	n.Slots(40)

	slot, err := slots.Recv(ctx)
	require.NoError(t, err)
	require.Equal(t, slot.Slot, slot.Parent+1)
	changed, err := account.Recv(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 9_999_995_000, changed.Value.Lamports)
	require.EqualValues(t, 41, changed.Context.Slot)
	logged, err := logs.Recv(ctx)
	require.NoError(t, err)
	require.Equal(t, tx.Signatures[0], logged.Value.Signature)
	require.Len(t, logged.Value.Logs, 2)
	settled, err := final.Recv(ctx)
	require.NoError(t, err)
	require.Nil(t, settled.Value.Err)

	late, err := c.SignatureSubscribe(tx.Signatures[0], solanarpc.CommitmentFinalized)
	require.NoError(t, err)
	settled, err = late.Recv(ctx)
	require.NoError(t, err, "what has landed already is told at once")
	require.EqualValues(t, 41, settled.Context.Slot)
}

// dial opens a bare WebSocket.
func dial(t testing.TB, n *localnet.Node) (*websocket.Conn, context.Context) {
	t.Helper()
	ctx := patient(t)
	conn, response, err := websocket.Dial(ctx, n.WSURL(), nil)
	require.NoError(t, err)
	if response.Body != nil {
		require.NoError(t, response.Body.Close())
	}
	t.Cleanup(func() { _ = conn.CloseNow() }) // The node may have closed it first.
	return conn, ctx
}

func exchange(ctx context.Context, t testing.TB, conn *websocket.Conn, message string) string {
	t.Helper()
	require.NoError(t, conn.Write(ctx, websocket.MessageText, []byte(message)))
	_, answer, err := conn.Read(ctx)
	require.NoError(t, err)
	return string(answer)
}

func TestSocket_RefusesWhatAValidatorRefuses(t *testing.T) {
	n := localnet.NewForTest(t)
	conn, ctx := dial(t, n)
	tests := []struct{ name, message, want string }{
		{"no JSON", `{`, `{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}`},
		{"other method", `{"jsonrpc":"2.0","id":1,"method":"getSlot"}`, `{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":1}`},
		{"subscription", `{"jsonrpc":"2.0","id":2,"method":"slotSubscribe"}`, `{"jsonrpc":"2.0","result":1,"id":2}`},
		{"its end", `{"jsonrpc":"2.0","id":3,"method":"slotUnsubscribe","params":[1]}`, `{"jsonrpc":"2.0","result":true,"id":3}`},
		{"its end again", `{"jsonrpc":"2.0","id":4,"method":"slotUnsubscribe","params":[1]}`, `{"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid subscription id."},"id":4}`},
		{"two mentions", `{"jsonrpc":"2.0","id":5,"method":"logsSubscribe","params":[{"mentions":["a","b"]}]}`, `{"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid Request: Only 1 address supported"},"id":5}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.JSONEq(t, test.want, exchange(ctx, t, conn, test.message))
		})
	}
}

// A client that never reads must cost the chain nothing but its own connection.
func TestSocket_SlowReaderIsCutAndTheChainGoesOn(t *testing.T) {
	n := localnet.NewForTest(t)
	conn, ctx := dial(t, n)
	conn.SetReadLimit(-1)
	for i := range 40 {
		require.Contains(t, exchange(ctx, t, conn, `{"jsonrpc":"2.0","id":1,"method":"slotSubscribe"}`), "result", "subscription %d", i)
	}
	n.Slots(4000)
	require.EqualValues(t, 4000, n.Bank().Slot(0))
	var err error
	for err == nil {
		_, _, err = conn.Read(ctx)
	}
	require.NoError(t, ctx.Err(), "the node cut the connection, not the test's patience")
}

func TestSocket_FrozenEndpointTellsNothing(t *testing.T) {
	n := localnet.NewForTest(t)
	conn, ctx := dial(t, n)
	require.Contains(t, exchange(ctx, t, conn, `{"jsonrpc":"2.0","id":1,"method":"slotSubscribe"}`), `"result":1`)
	n.SetFault(localnet.Fault{Name: faults.Frozen})
	n.Slots(5)
	n.ClearFaults()
	n.Slot()
	_, message, err := conn.Read(ctx)
	require.NoError(t, err)
	var told struct {
		Params struct{ Result struct{ Slot uint64 } }
	}
	require.NoError(t, json.Unmarshal(message, &told))
	require.EqualValues(t, 1, told.Params.Result.Slot, "it begins where it stood")
}

func TestSocket_CutFaultEndsConnections(t *testing.T) {
	n := localnet.NewForTest(t)
	conn, ctx := dial(t, n)
	require.Contains(t, exchange(ctx, t, conn, `{"jsonrpc":"2.0","id":1,"method":"rootSubscribe"}`), `"result":1`)
	f, err := localnet.ParseFault("ws-cut")
	require.NoError(t, err)
	n.SetFault(f)
	n.Slot()
	_, _, err = conn.Read(ctx)
	require.Error(t, err)
	require.NoError(t, ctx.Err())
	again, ctx := dial(t, n)
	require.Contains(t, exchange(ctx, t, again, `{"jsonrpc":"2.0","id":1,"method":"rootSubscribe"}`), `"result":1`)
	n.Slot()
	require.Contains(t, exchange(ctx, t, again, `{"jsonrpc":"2.0","id":2,"method":"rootUnsubscribe","params":[1]}`), `true`)
}
