package chain_test

import (
	"encoding/binary"
	"net/http"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

func TestSnapshot_AbsentAndFailedAreDifferentThings(t *testing.T) {
	n := newNode(t)
	n.accounts[key(1).String()] = account{owner: key(9), lamports: 5, data: []byte{1, 2, 3}}
	p := newPool(t, newClock(), n)
	snap, err := p.Snapshot(t.Context(), []solana.PublicKey{key(1), key(2), key(1)}, chain.ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, []solana.PublicKey{key(1), key(2)}, snap.Order)
	require.Equal(t, chain.Account{Key: key(1), Exists: true, Owner: key(9), Lamports: 5, Data: []byte{1, 2, 3}}, snap.Accounts[key(1)])
	require.Equal(t, chain.Account{Key: key(2)}, snap.Accounts[key(2)])

	for name, broken := range map[string]string{
		"one account too few":     `{"jsonrpc":"2.0","id":1,"result":{"context":{"slot":100000},"value":[null]}}`,
		"data is not base64":      `{"jsonrpc":"2.0","id":1,"result":{"context":{"slot":100000},"value":[null,{"lamports":1,"owner":"11111111111111111111111111111111","data":["%%","base64"]}]}}`,
		"data in another form":    `{"jsonrpc":"2.0","id":1,"result":{"context":{"slot":100000},"value":[null,{"lamports":1,"owner":"11111111111111111111111111111111","data":["","base58"]}]}}`,
		"owner is not an address": `{"jsonrpc":"2.0","id":1,"result":{"context":{"slot":100000},"value":[null,{"lamports":1,"owner":"x","data":["","base64"]}]}}`,
		"null instead of a list":  `{"jsonrpc":"2.0","id":1,"result":{"context":{"slot":100000},"value":null}}`,
		"null instead of a value": `{"jsonrpc":"2.0","id":1,"result":null}`,
	} {
		n.with(func(n *node) { n.fault = body(broken) })
		_, err := p.Snapshot(t.Context(), []solana.PublicKey{key(1), key(2)}, chain.ReadOptions{})
		require.Error(t, err, name)
		require.Equal(t, fault.Retry, fault.KindOf(err), name)
	}
}

func TestSnapshot_OneRequestPerHundredAccounts(t *testing.T) {
	n := newNode(t)
	p := newPool(t, newClock(), n)
	for _, tt := range []struct{ keys, requests int }{{0, 0}, {1, 1}, {100, 1}, {101, 2}, {1000, 10}} {
		n.with(func(n *node) { n.requests = nil })
		keys := make([]solana.PublicKey, tt.keys)
		for i := range keys {
			keys[i] = key(i)
		}
		snap, err := p.Snapshot(t.Context(), keys, chain.ReadOptions{})
		require.NoError(t, err)
		require.Len(t, snap.Accounts, tt.keys)
		require.True(t, snap.OneSlot())
		require.Equal(t, tt.requests, n.count("getMultipleAccounts"))
	}
}

func TestSnapshot_ChunksOfAnOlderSlotAreReadOnceMore(t *testing.T) {
	n := newNode(t)
	p := newPool(t, newClock(), n)
	keys := make([]solana.PublicKey, 200)
	for i := range keys {
		keys[i] = key(i)
	}
	moved := false
	n.with(func(n *node) {
		n.fault = func(http.ResponseWriter, string) bool {
			if len(n.requests) > 3 && !moved { // Genesis and slot were asked before; the second chunk comes a slot later.
				moved = true
				n.slot++
			}
			return false
		}
	})
	snap, err := p.Snapshot(t.Context(), keys, chain.ReadOptions{})
	require.NoError(t, err)
	require.True(t, moved)
	require.True(t, snap.OneSlot())
	require.Equal(t, 3, n.count("getMultipleAccounts"))

	// A chain that moves with every request cannot be caught at one slot; the snapshot says so.
	n.with(func(n *node) { n.creep, n.requests = 1, nil })
	snap, err = p.Snapshot(t.Context(), keys, chain.ReadOptions{})
	require.NoError(t, err)
	require.False(t, snap.OneSlot())
}

func TestSnapshot_AllChunksComeFromOneEndpoint(t *testing.T) {
	a, b := newNode(t), newNode(t)
	p := newPool(t, newClock(), a, b)
	keys := make([]solana.PublicKey, 500)
	for i := range keys {
		keys[i] = key(i)
	}
	chunks := 0
	a.with(func(n *node) {
		n.fault = func(w http.ResponseWriter, _ string) bool {
			chunks++
			if chunks > 2 {
				w.WriteHeader(http.StatusInternalServerError)
				return true
			}
			return false
		}
	})
	snap, err := p.Snapshot(t.Context(), keys, chain.ReadOptions{Commitment: rpc.CommitmentFinalized})
	require.NoError(t, err)
	require.Equal(t, "b", snap.Endpoint)
	require.Equal(t, 5, b.count("getMultipleAccounts"))
}

func TestClock_IsWhatTheProgramReads(t *testing.T) {
	n := newNode(t)
	p := newPool(t, newClock(), n)
	_, err := p.Clock(t.Context(), rpc.CommitmentConfirmed)
	require.ErrorContains(t, err, "no clock account", "an absent clock is not the year 1970")

	data := make([]byte, 40)
	binary.LittleEndian.PutUint64(data, 77)
	binary.LittleEndian.PutUint64(data[32:], 1_700_000_000)
	n.with(func(n *node) { n.accounts[solana.SysVarClockPubkey.String()] = account{owner: key(1), data: data} })
	got, err := p.Clock(t.Context(), rpc.CommitmentConfirmed)
	require.NoError(t, err)
	require.Equal(t, chain.Clock{Slot: 77, UnixTime: 1_700_000_000}, got)

	_, err = chain.DecodeClock(data[:39])
	require.Error(t, err)
}

func TestBlockhash_IsSharedForSecondsAndForgottenOnDemand(t *testing.T) {
	n := newNode(t)
	c := newClock()
	p := newPool(t, c, n)
	first, err := p.LatestBlockhash(t.Context())
	require.NoError(t, err)
	n.with(func(n *node) { n.slot++ })
	again, err := p.LatestBlockhash(t.Context())
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, 1, n.count("getLatestBlockhash"))

	p.ForgetBlockhash()
	fresh, err := p.LatestBlockhash(t.Context())
	require.NoError(t, err)
	require.NotEqual(t, first.Hash, fresh.Hash)

	require.NoError(t, c.Sleep(t.Context(), 11e9))
	_, err = p.LatestBlockhash(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, n.count("getLatestBlockhash"))
}
