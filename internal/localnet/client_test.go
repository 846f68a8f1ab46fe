package localnet_test

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	solanarpc "github.com/gagliardetto/solana-go/rpc"
	"github.com/gagliardetto/solana-go/rpc/ws"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// Every method is asked through an ordinary client, which refuses shapes that a validator would not send.
func TestNode_OrdinaryClientUnderstandsEveryAnswer(t *testing.T) {
	n := localnet.NewForTest(t)
	v := vault(t, n, localnet.VaultSpec{Investors: 5})
	n.Slots(40)
	sig := send(t, n, transfer(t, n, v.Payer, 1))
	n.Slots(40)
	c, ctx := client(n), context.Background()
	final := solanarpc.CommitmentFinalized
	zero := uint64(0)
	tests := []struct {
		name string
		call func() (any, error)
		want any
	}{
		{"getHealth", func() (any, error) { return c.GetHealth(ctx) }, "ok"},
		{"getVersion", func() (any, error) { v, err := c.GetVersion(ctx); return v.SolanaCore != "", err }, true},
		{"getGenesisHash", func() (any, error) { return c.GetGenesisHash(ctx) }, n.Bank().Genesis()},
		{"getIdentity", func() (any, error) { v, err := c.GetIdentity(ctx); return v.Identity, err }, n.Bank().Identity()},
		{"getSlot processed", func() (any, error) { return c.GetSlot(ctx, solanarpc.CommitmentProcessed) }, uint64(80)},
		{"getSlot confirmed", func() (any, error) { return c.GetSlot(ctx, solanarpc.CommitmentConfirmed) }, uint64(79)},
		{"getSlot finalized", func() (any, error) { return c.GetSlot(ctx, final) }, uint64(48)},
		{"getBlockHeight", func() (any, error) { return c.GetBlockHeight(ctx, final) }, uint64(48)},
		{"getBlockTime", func() (any, error) { v, err := c.GetBlockTime(ctx, 0); return int64(*v), err }, localnet.TestGenesis().Unix()},
		{"getEpochInfo", func() (any, error) { v, err := c.GetEpochInfo(ctx, final); return v.AbsoluteSlot, err }, uint64(48)},
		{"getLatestBlockhash", func() (any, error) {
			v, err := c.GetLatestBlockhash(ctx, final)
			return v.Value.LastValidBlockHeight, err
		}, uint64(48 + 150)},
		{"isBlockhashValid", func() (any, error) {
			hash, _ := n.Bank().LatestBlockhash(bank.Finalized)
			v, err := c.IsBlockhashValid(ctx, hash, final)
			return v.Value, err
		}, true},
		{"getBalance", func() (any, error) { v, err := c.GetBalance(ctx, v.Payer.PublicKey(), final); return v.Value, err }, 10*solana.LAMPORTS_PER_SOL - 5000},
		{"getAccountInfo", func() (any, error) {
			v, err := c.GetAccountInfoWithOpts(ctx, v.Streams[0], &solanarpc.GetAccountInfoOpts{Encoding: solana.EncodingBase64Zstd})
			return len(v.GetBinary()), err
		}, streamflow.AccountSize},
		{"getMultipleAccounts", func() (any, error) {
			v, err := c.GetMultipleAccounts(ctx, append(v.Streams, v.Vault)...)
			return []bool{len(v.Value) == 6, v.Value[0] != nil, v.Value[5] == nil}, err
		}, []bool{true, true, true}},
		{"getProgramAccounts", func() (any, error) {
			v, err := c.GetProgramAccountsWithOpts(ctx, streamflow.ProgramMainnet, &solanarpc.GetProgramAccountsOpts{
				Encoding: solana.EncodingBase64,
				Filters:  []solanarpc.RPCFilter{{DataSize: streamflow.AccountSize}, {Memcmp: &solanarpc.RPCFilterMemcmp{Offset: 177, Bytes: v.QuoteMint[:]}}},
			})
			return len(v), err
		}, 5},
		{"getTokenAccountBalance", func() (any, error) {
			v, err := c.GetTokenAccountBalance(ctx, v.PoolVault, final)
			return v.Value.Amount, err
		}, "62500000"},
		{"getTokenSupply", func() (any, error) {
			v, err := c.GetTokenSupply(ctx, v.QuoteMint, final)
			return v.Value.UiAmountString, err
		}, "62.5"},
		{"getTokenAccountsByOwner", func() (any, error) {
			v, err := c.GetTokenAccountsByOwner(ctx, v.CreatorWallet, &solanarpc.GetTokenAccountsConfig{Mint: &v.QuoteMint}, &solanarpc.GetTokenAccountsOpts{Encoding: solana.EncodingBase64})
			return v.Value[0].Pubkey, err
		}, v.Addresses.Creator},
		{"getMinimumBalanceForRentExemption", func() (any, error) { return c.GetMinimumBalanceForRentExemption(ctx, 165, final) }, uint64(2_039_280)},
		{"getSignatureStatuses", func() (any, error) {
			v, err := c.GetSignatureStatuses(ctx, true, sig, solana.Signature{1})
			return []any{v.Value[0].ConfirmationStatus, v.Value[0].Slot, v.Value[1] == nil}, err
		}, []any{solanarpc.ConfirmationStatusFinalized, uint64(41), true}},
		{"getSignaturesForAddress", func() (any, error) {
			v, err := c.GetSignaturesForAddress(ctx, v.Payer.PublicKey())
			return v[0].Signature, err
		}, sig},
		{"getTransaction", func() (any, error) {
			v, err := c.GetTransaction(ctx, sig, &solanarpc.GetTransactionOpts{MaxSupportedTransactionVersion: &zero})
			return []uint64{v.Meta.Fee, v.Meta.PreBalances[0] - v.Meta.PostBalances[0]}, err
		}, []uint64{5000, 5000}},
		{"getParsedTransaction", func() (any, error) {
			v, err := c.GetParsedTransaction(ctx, sig, &solanarpc.GetParsedTransactionOpts{MaxSupportedTransactionVersion: &zero})
			return v.Transaction.Message.Instructions[0].Program, err
		}, "system"},
		{"getBlock", func() (any, error) {
			v, err := c.GetBlockWithOpts(ctx, 41, &solanarpc.GetBlockOpts{MaxSupportedTransactionVersion: &zero})
			return []uint64{v.ParentSlot, uint64(len(v.Transactions))}, err
		}, []uint64{40, 1}},
		{"getBlocks", func() (any, error) {
			end := uint64(12)
			v, err := c.GetBlocks(ctx, 10, &end, final)
			return []uint64(v), err
		}, []uint64{10, 11, 12}},
		{"getRecentPrioritizationFees", func() (any, error) {
			v, err := c.GetRecentPrioritizationFees(ctx, solana.PublicKeySlice{v.Vault})
			return len(v) > 0, err
		}, true},
		{"getFeeForMessage", func() (any, error) {
			v, err := c.GetFeeForMessage(ctx, transfer(t, n, v.Payer, 2).Message.ToBase64(), final)
			return *v.Value, err
		}, uint64(5000)},
		{"simulateTransaction", func() (any, error) {
			v, err := c.SimulateTransactionWithOpts(ctx, transfer(t, n, v.Payer, 2), &solanarpc.SimulateTransactionOpts{SigVerify: true, Commitment: solanarpc.CommitmentProcessed})
			return []any{v.Value.Err, *v.Value.UnitsConsumed}, err
		}, []any{nil, uint64(150)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.call()
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestNode_TransactionPassesThroughTheCommitments(t *testing.T) {
	n := localnet.NewForTest(t)
	v := vault(t, n, localnet.VaultSpec{})
	sig := send(t, n, transfer(t, n, v.Payer, 1))
	status := func() any {
		list := result[struct{ Value []map[string]any }](t, n.URL(), "getSignatureStatuses", `[["`+sig.String()+`"]]`)
		return list.Value[0]["confirmationStatus"]
	}
	require.Nil(t, result[struct{ Value []any }](t, n.URL(), "getSignatureStatuses", `[["`+sig.String()+`"]]`).Value[0], "queued is not landed")
	n.Slot()
	require.Equal(t, "processed", status())
	n.Slot()
	require.Equal(t, "confirmed", status())
	n.Slots(30)
	require.Equal(t, "confirmed", status())
	n.Slot()
	require.Equal(t, "finalized", status())
}

func TestNode_AirdropsAreRealTransactions(t *testing.T) {
	n := localnet.NewForTest(t)
	to := solana.NewWallet().PublicKey()
	c, ctx := client(n), context.Background()
	first, err := c.RequestAirdrop(ctx, to, solana.LAMPORTS_PER_SOL, "")
	require.NoError(t, err)
	second, err := c.RequestAirdrop(ctx, to, solana.LAMPORTS_PER_SOL, "")
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	n.Slot()
	held, err := c.GetBalance(ctx, to, solanarpc.CommitmentProcessed)
	require.NoError(t, err)
	require.Equal(t, 2*solana.LAMPORTS_PER_SOL, held.Value)
}

func TestNode_TickerMakesSlotsAndTheirClock(t *testing.T) {
	n := localnet.NewForTest(t, func(o *localnet.Options) {
		o.Manual, o.SlotDuration = false, 2*time.Millisecond
	})
	c, err := ws.Connect(patient(t), n.WSURL())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	slots, err := c.SlotSubscribe()
	require.NoError(t, err)
	last := uint64(0)
	for range 5 {
		told, err := slots.Recv(patient(t))
		require.NoError(t, err)
		require.Greater(t, told.Slot, last)
		last = told.Slot
	}
}

// Clients of @solana/web3.js look for WebSocket on the port above.
func TestNode_WebSocketIsOnBothPorts(t *testing.T) {
	n := localnet.NewForTest(t)
	address, err := url.Parse(n.URL())
	require.NoError(t, err)
	port, err := strconv.Atoi(address.Port())
	require.NoError(t, err)
	for _, at := range []int{port, port + 1} {
		c, err := ws.Connect(patient(t), "ws://127.0.0.1:"+strconv.Itoa(at))
		require.NoError(t, err)
		c.Close()
	}
}

func TestNode_AccountEncodingsAgree(t *testing.T) {
	n := localnet.NewForTest(t)
	v := vault(t, n, localnet.VaultSpec{})
	c, ctx := client(n), context.Background()
	want := account(t, n, v.Addresses.Progress).Data
	for _, encoding := range []solana.EncodingType{solana.EncodingBase58, solana.EncodingBase64, solana.EncodingBase64Zstd} {
		got, err := c.GetAccountInfoWithOpts(ctx, v.Addresses.Progress, &solanarpc.GetAccountInfoOpts{Encoding: encoding})
		require.NoError(t, err)
		require.Equal(t, want, got.GetBinary(), encoding)
	}
	offset, length := uint64(8), uint64(32)
	got, err := c.GetAccountInfoWithOpts(ctx, v.Addresses.Progress, &solanarpc.GetAccountInfoOpts{
		Encoding: solana.EncodingBase64, DataSlice: &solanarpc.DataSlice{Offset: &offset, Length: &length},
	})
	require.NoError(t, err)
	require.Equal(t, v.Vault[:], got.GetBinary())
	parsed := result[struct {
		Value struct{ Data json.RawMessage }
	}](t, n.URL(), "getAccountInfo", `["`+v.Addresses.Creator.String()+`",{"encoding":"jsonParsed"}]`)
	require.JSONEq(t, `{"program":"spl-token","space":165,"parsed":{"type":"account","info":{"isNative":false,"mint":"`+v.QuoteMint.String()+
		`","owner":"`+v.CreatorWallet.String()+`","state":"initialized","tokenAmount":{"amount":"0","decimals":6,"uiAmount":0.0,"uiAmountString":"0"}}}}`, string(parsed.Value.Data))
}
