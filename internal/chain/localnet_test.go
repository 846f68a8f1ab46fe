package chain_test

import (
	"context"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
	"github.com/meteora-fee-router/feeops/internal/router"
)

type local struct {
	node  *localnet.Node
	vault localnet.Vault
	pool  *chain.Pool
}

func newLocal(t *testing.T) local {
	n := localnet.NewForTest(t)
	v, err := n.AddVault(localnet.VaultSpec{ID: "v1", Investors: 5})
	require.NoError(t, err)
	n.Slots(40)
	c := newClock()
	p, err := chain.New(chain.Options{
		Endpoints: []chain.Endpoint{{Name: "local", URL: n.URL(), WSURL: n.WSURL()}},
		Genesis:   n.Bank().Genesis().String(), Now: c.Now, Sleep: c.Sleep, RequestTimeout: 2 * time.Second,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Stop(context.Background())) })
	p.Probe(t.Context())
	return local{n, v, p}
}

// page builds the whole day's call, signed with the newest blockhash.
func (l local) page(t *testing.T) (*solana.Transaction, []byte) {
	cursor := uint32(0)
	var list []router.Payee
	for _, i := range l.vault.Investors {
		list = append(list, router.Payee{Stream: i.Stream, ATA: i.ATA})
	}
	call := router.DistributeFees{
		Program: l.vault.ProgramID, Crank: l.vault.Payer.PublicKey(), Vault: l.vault.Vault, HonoraryPosition: l.vault.HonoraryPosition,
		CPAMMProgram: l.vault.CPAMMProgram, Addresses: l.vault.Addresses, PageSize: 5, Cursor: &cursor, Remaining: router.ReferenceRemaining(list),
	}
	hash, err := l.pool.LatestBlockhash(t.Context())
	require.NoError(t, err)
	tx, err := solana.NewTransaction([]solana.Instruction{call.Instruction()}, hash.Hash, solana.TransactionPayer(l.vault.Payer.PublicKey()))
	require.NoError(t, err)
	_, err = tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &l.vault.Payer })
	require.NoError(t, err)
	raw, err := tx.MarshalBinary()
	require.NoError(t, err)
	return tx, raw
}

func TestLocalnet_AHeadIsTheBeginningOfTheData(t *testing.T) {
	l := newLocal(t)
	keys := []solana.PublicKey{l.vault.Addresses.Policy, l.vault.Payer.PublicKey()}
	whole, err := l.pool.Snapshot(t.Context(), keys, chain.ReadOptions{})
	require.NoError(t, err)
	cut, err := l.pool.Snapshot(t.Context(), keys, chain.ReadOptions{Head: 40})
	require.NoError(t, err)
	require.Equal(t, whole.Accounts[keys[0]].Data[:40], cut.Accounts[keys[0]].Data)
	require.Equal(t, whole.Accounts[keys[1]].Lamports, cut.Accounts[keys[1]].Lamports)
	require.Empty(t, cut.Accounts[keys[1]].Data)
}

func TestLocalnet_ReadsAgreeWithTheLedger(t *testing.T) {
	l := newLocal(t)
	ctx := t.Context()
	clock, err := l.pool.Clock(ctx, rpc.CommitmentConfirmed)
	require.NoError(t, err)
	require.Equal(t, l.node.Bank().UnixTime(bank.Confirmed), clock.UnixTime)
	require.Equal(t, l.node.Bank().Slot(bank.Confirmed), clock.Slot)
	slot, err := l.pool.Slot(ctx, rpc.CommitmentFinalized)
	require.NoError(t, err)
	require.Equal(t, l.node.Bank().Slot(bank.Finalized), slot)
	balance, err := l.pool.Balance(ctx, l.vault.Payer.PublicKey(), rpc.CommitmentConfirmed)
	require.NoError(t, err)
	account, _ := l.node.Bank().Account(l.vault.Payer.PublicKey(), bank.Confirmed)
	require.Equal(t, account.Lamports, balance)
	rent, err := l.pool.MinimumRent(ctx, 165)
	require.NoError(t, err)
	require.Equal(t, uint64(2_039_280), rent)
	fees, err := l.pool.PriorityFees(ctx, []solana.PublicKey{l.vault.Addresses.Progress})
	require.NoError(t, err)
	for _, f := range fees {
		require.Zero(t, f)
	}
	keys := append([]solana.PublicKey{l.vault.Addresses.Policy, {99}}, l.vault.Streams...)
	snap, err := l.pool.Snapshot(ctx, keys, chain.ReadOptions{})
	require.NoError(t, err)
	require.True(t, snap.OneSlot())
	require.Equal(t, l.vault.ProgramID, snap.Accounts[l.vault.Addresses.Policy].Owner)
	require.False(t, snap.Accounts[solana.PublicKey{99}].Exists)
	require.Len(t, snap.Accounts[l.vault.Streams[0]].Data, 1104)
}

func TestLocalnet_ATimeThatTheNodeDoesNotKnowIsNoTime(t *testing.T) {
	l := newLocal(t)
	slot := l.node.Bank().Slot(bank.Finalized)
	at, known, err := l.pool.BlockTime(t.Context(), slot)
	require.NoError(t, err)
	require.True(t, known)
	want, _ := l.node.Bank().BlockTime(slot)
	require.Equal(t, want, at)
	l.node.SetFault(localnet.Fault{Name: "null-block-time"})
	_, known, err = l.pool.BlockTime(t.Context(), slot)
	require.NoError(t, err)
	require.False(t, known)
}

func TestLocalnet_APageFromSimulationToFinality(t *testing.T) {
	l := newLocal(t)
	ctx := t.Context()
	tx, raw := l.page(t)
	sig := tx.Signatures[0]

	sim, err := l.pool.Simulate(ctx, raw, []solana.PublicKey{l.vault.Addresses.Progress, l.vault.Investors[0].ATA})
	require.NoError(t, err)
	require.Nil(t, sim.Err, "%v", sim.Logs)
	require.NotZero(t, sim.Units)
	require.Len(t, sim.Accounts, 2)
	after, err := router.DecodeProgress(sim.Accounts[0].Owner, l.vault.ProgramID, sim.Accounts[0].Data)
	require.NoError(t, err)
	require.True(t, after.DayComplete)
	require.Empty(t, l.node.Requests()["sendTransaction"], "nothing has happened")

	woken, stop := l.pool.Watch(ctx, sig, rpc.CommitmentConfirmed)
	defer stop()
	require.NotNil(t, woken)
	require.NoError(t, l.pool.SendRaw(ctx, raw))
	statuses, _, err := l.pool.Statuses(ctx, []solana.Signature{sig}, false)
	require.NoError(t, err)
	require.False(t, statuses[0].Known, "accepted is not landed")
	require.Eventually(t, func() bool {
		l.node.Slot()
		select {
		case <-woken:
			return true
		default:
			return false
		}
	}, 10*time.Second, time.Millisecond)
	statuses, _, err = l.pool.Statuses(ctx, []solana.Signature{sig}, false)
	require.NoError(t, err)
	require.True(t, statuses[0].AtLeast(rpc.CommitmentConfirmed))

	got, found, err := l.pool.Transaction(ctx, sig, rpc.CommitmentConfirmed)
	require.NoError(t, err)
	require.True(t, found)
	require.Nil(t, got.Err)
	require.Equal(t, uint64(5000), got.Fee)
	sum := uint64(0)
	for _, d := range got.TokenDeltas {
		require.Equal(t, l.vault.QuoteMint, d.Mint)
		require.GreaterOrEqual(t, d.Post, d.Pre, "the pool, which pays, is not among the call's accounts")
		sum += d.Post - d.Pre
	}
	require.Equal(t, l.vault.DailyFees, sum, "investors, creator and the treasury's rest are what was claimed")

	list, err := l.pool.SignaturesFor(ctx, l.vault.Addresses.Progress, solana.Signature{}, solana.Signature{}, 0)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, sig, list[0].Signature)

	l.node.Slots(40)
	fates, err := l.pool.Fates(ctx, []chain.Candidate{{Signature: sig, LastValid: 1}, {Signature: signature(5), LastValid: 1}})
	require.NoError(t, err)
	require.True(t, fates[0].Status.AtLeast(rpc.CommitmentFinalized))
	require.False(t, fates[0].Expired)
	require.True(t, fates[1].Expired)
}

func TestLocalnet_ARefusalComesWithCodeAndProgram(t *testing.T) {
	l := newLocal(t)
	require.NoError(t, l.node.AccrueFees("v1", 0, 5))
	l.node.Slots(2)
	_, raw := l.page(t)
	sim, err := l.pool.Simulate(t.Context(), raw, []solana.PublicKey{l.vault.Addresses.Progress})
	require.NoError(t, err)
	require.Equal(t, "router/6001", sim.Err.Code())
	require.Equal(t, l.vault.ProgramID, sim.Err.Program)
	require.Empty(t, sim.Accounts)
}

func TestLocalnet_ACutWebSocketWakesItsWaitersToPoll(t *testing.T) {
	l := newLocal(t)
	woken, stop := l.pool.Watch(t.Context(), signature(1), rpc.CommitmentConfirmed)
	defer stop()
	require.NotNil(t, woken)
	require.Eventually(t, func() bool { return l.node.Requests()["signatureSubscribe"] == 1 }, 10*time.Second, time.Millisecond)
	l.node.SetFault(localnet.Fault{Name: faults.WSCut})
	require.Eventually(t, func() bool {
		l.node.Slot()
		select {
		case <-woken:
			return true
		default:
			return false
		}
	}, 10*time.Second, time.Millisecond)
	l.node.ClearFaults()
	again, stop2 := l.pool.Watch(t.Context(), signature(2), rpc.CommitmentConfirmed)
	defer stop2()
	require.NotNil(t, again, "the next one dials anew")
}

func TestWatch_WithoutASocketIsOnlySlower(t *testing.T) {
	n := newNode(t)
	p := newPool(t, newClock(), n)
	woken, stop := p.Watch(t.Context(), signature(1), rpc.CommitmentConfirmed)
	require.Nil(t, woken)
	stop()
}
