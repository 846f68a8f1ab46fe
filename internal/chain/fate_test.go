package chain_test

import (
	"net/http"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

func confirmed(slot uint64) map[string]any {
	return map[string]any{"slot": slot, "confirmations": 1, "err": nil, "confirmationStatus": "confirmed"}
}

func TestFates_ExpiredIsAProof(t *testing.T) {
	const last = 90_000 // Block height after which the signature cannot land.
	sig := signature(1)
	tests := []struct {
		name    string
		heights []uint64 // Finalized, per endpoint; 0 means that it does not answer.
		known   int      // Index of an endpoint that knows it, −1 for none.
		expired bool
	}{
		{"both are past it and do not know it", []uint64{last + 1, last + 5}, -1, true},
		{"at the last block it may still land", []uint64{last, last}, -1, false},
		{"one endpoint has not come so far", []uint64{last + 50, last}, -1, false},
		{"one of them knows it", []uint64{last + 50, last + 50}, 1, false},
		{"a single witness just past it is not enough", []uint64{last + 32}, -1, false},
		{"a single witness needs 32 blocks more", []uint64{last + 33}, -1, true},
		{"a silent endpoint leaves a single witness", []uint64{last + 32, 0}, -1, false},
		{"a silent endpoint, and enough blocks more", []uint64{last + 33, 0}, -1, true},
		{"three, and the slowest decides", []uint64{last + 90, last + 90, last - 1}, -1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var nodes []*node
			for i, h := range tt.heights {
				n := newNode(t)
				n.height = h
				if i == tt.known {
					n.statuses[sig.String()] = confirmed(5)
				}
				nodes = append(nodes, n)
			}
			p := newPool(t, newClock(), nodes...)
			for i, h := range tt.heights {
				if h == 0 {
					nodes[i].with(func(n *node) { n.fault = status(500) })
				}
			}
			got, err := p.Fates(t.Context(), []chain.Candidate{{Signature: sig, LastValid: last}})
			require.NoError(t, err)
			require.Equal(t, tt.expired, got[0].Expired)
			require.Equal(t, tt.known >= 0, got[0].Status.Known)
		})
	}
}

func TestFates_TheHeightIsReadBeforeTheStatuses(t *testing.T) {
	n := newNode(t)
	p := newPool(t, newClock(), n)
	n.with(func(n *node) { n.requests = nil })
	_, err := p.Fates(t.Context(), []chain.Candidate{{Signature: signature(1), LastValid: 1}})
	require.NoError(t, err)
	require.Equal(t, []string{"getEpochInfo", "getSignatureStatuses"}, n.requests)
}

func TestFates_AnAnswerFromAnOlderNodeBehindTheSameAddressProvesNothing(t *testing.T) {
	n := newNode(t)
	p := newPool(t, newClock(), n)
	n.with(func(n *node) { n.lagging = 1 })
	_, err := p.Fates(t.Context(), []chain.Candidate{{Signature: signature(1), LastValid: 1}})
	require.Equal(t, fault.Retry, fault.KindOf(err), "it has not seen every block up to the height: the signature may be in one")

	fresh := newNode(t)
	p = newPool(t, newClock(), n, fresh)
	fresh.with(func(n *node) { n.statuses[signature(2).String()] = confirmed(5) })
	got, err := p.Fates(t.Context(), []chain.Candidate{{Signature: signature(1), LastValid: 90_000 - 33}, {Signature: signature(1), LastValid: 90_000 - 32}, {Signature: signature(2), LastValid: 1}})
	require.NoError(t, err)
	require.True(t, got[0].Expired)
	require.False(t, got[1].Expired, "one witness is left, and one alone must be 32 blocks further")
	require.True(t, got[2].Status.Known)
}

func TestFates_ABlockhashThatCanStillBeUsedIsNotExpired(t *testing.T) {
	liar, honest := newNode(t), newNode(t)
	p := newPool(t, newClock(), liar, honest)
	honest.with(func(n *node) { n.alive = map[string]bool{"fresh": true} })
	// The endpoint that gave the blockhash named a last valid height that was past long before.
	got, err := p.Fates(t.Context(), []chain.Candidate{{signature(1), 1, "fresh"}, {signature(2), 1, "old"}, {signature(3), 1, "old"}})
	require.NoError(t, err)
	require.False(t, got[0].Expired, "it can still land")
	require.True(t, got[1].Expired)
	require.True(t, got[2].Expired)
	require.Equal(t, 2, honest.count("isBlockhashValid"), "once a blockhash")
	honest.with(func(n *node) {
		n.requests = nil
		n.fault = func(w http.ResponseWriter, method string) bool {
			return method == "isBlockhashValid" && status(500)(w, method)
		}
	})
	got, err = p.Fates(t.Context(), []chain.Candidate{{signature(2), 90_000 - 10, "old"}})
	require.NoError(t, err)
	require.False(t, got[0].Expired, "who cannot say it is no witness")
}

func TestFates_NobodyAnswersIsNoProof(t *testing.T) {
	n := newNode(t)
	p := newPool(t, newClock(), n)
	n.with(func(n *node) { n.fault = status(500) })
	_, err := p.Fates(t.Context(), []chain.Candidate{{Signature: signature(1), LastValid: 1}})
	require.Equal(t, fault.Retry, fault.KindOf(err))
	_, _, err = p.ExpiryHeight(t.Context())
	require.Error(t, err)
}

func TestExpiryHeight_IsTheLowest(t *testing.T) {
	a, b := newNode(t), newNode(t)
	a.height, b.height = 500, 480
	height, n, err := newPool(t, newClock(), a, b).ExpiryHeight(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(480), height)
	require.Equal(t, 2, n)
	height, n, err = newPool(t, newClock(), a).ExpiryHeight(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(500-32), height)
	require.Equal(t, 1, n)
}

func TestStatuses_UnknownIsNotFailed(t *testing.T) {
	n := newNode(t)
	n.statuses[signature(1).String()] = confirmed(7)
	n.statuses[signature(2).String()] = map[string]any{"slot": 8, "err": map[string]any{"InstructionError": []any{2, map[string]any{"Custom": 6005}}}, "confirmationStatus": "finalized"}
	n.statuses[signature(3).String()] = map[string]any{"slot": 9, "err": nil, "confirmationStatus": "something new"}
	p := newPool(t, newClock(), n)
	got, slot, err := p.Statuses(t.Context(), []solana.Signature{signature(1), signature(2), signature(3), signature(4)}, false)
	require.NoError(t, err)
	require.Equal(t, uint64(100_000), slot)
	require.True(t, got[0].AtLeast(rpc.CommitmentConfirmed))
	require.False(t, got[0].AtLeast(rpc.CommitmentFinalized))
	require.Equal(t, "router/6005", got[1].Err.Code())
	require.True(t, got[2].Known)
	require.False(t, got[2].AtLeast(rpc.CommitmentConfirmed), "an unfamiliar word means the least")
	require.False(t, got[3].Known)
	require.Nil(t, got[3].Err)
}

func TestStatuses_AtMost256PerRequest(t *testing.T) {
	n := newNode(t)
	p := newPool(t, newClock(), n)
	sigs := make([]solana.Signature, 600)
	for i := range sigs {
		sigs[i] = signature(i)
	}
	got, _, err := p.Statuses(t.Context(), sigs, true)
	require.NoError(t, err)
	require.Len(t, got, 600)
	require.Equal(t, 3, n.count("getSignatureStatuses"))
}

func TestAllStatuses_KnownToOneIsKnown(t *testing.T) {
	a, b, dead := newNode(t), newNode(t), newNode(t)
	b.statuses[signature(1).String()] = confirmed(7)
	p := newPool(t, newClock(), a, b, dead)
	dead.with(func(n *node) { n.fault = status(500) })
	got, err := p.AllStatuses(t.Context(), []solana.Signature{signature(1), signature(2)}, true)
	require.NoError(t, err)
	require.True(t, got[0].Known)
	require.False(t, got[1].Known)
}

func TestSendRaw_OnlyASureRefusalMayBeRepeatedAtOnce(t *testing.T) {
	rpcError := func(code string) func(http.ResponseWriter, string) bool {
		return body(`{"jsonrpc":"2.0","id":1,"error":{"code":` + code + `,"message":"no"}}`)
	}
	tests := []struct {
		name string
		a, b func(http.ResponseWriter, string) bool
		want fault.Kind
	}{
		{"both say yes", nil, nil, ""},
		{"one says yes", status(500), nil, ""},
		{"too many requests everywhere", status(429), status(429), fault.Retry},
		{"malformed for everybody", rpcError("-32602"), rpcError("-32602"), fault.Retry},
		{"both behind", rpcError("-32005"), rpcError("-32005"), fault.Retry},
		{"cut after it may have been taken", hangUp, status(429), fault.Unknown},
		{"the other one cut after it may have been taken", status(429), hangUp, fault.Unknown},
		{"server error after it may have been taken", status(500), status(500), fault.Unknown},
		{"preflight refuses: it may have landed already", rpcError("-32002"), rpcError("-32002"), fault.Unknown},
		{"half an answer", body(`{"jsonrpc":"2.0","id":1,"resu`), status(429), fault.Unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := newNode(t), newNode(t)
			p := newPool(t, newClock(), a, b)
			a.with(func(n *node) { n.fault = tt.a })
			b.with(func(n *node) { n.fault = tt.b })
			require.Equal(t, tt.want, fault.KindOf(p.SendRaw(t.Context(), []byte{1})))
			require.Equal(t, 2, a.count("sendTransaction")+b.count("sendTransaction"))
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		a := newNode(t)
		p := newPool(t, newClock(), a)
		require.NoError(t, p.Stop(t.Context())) // No connection is left that could still carry it.
		a.server.Close()
		require.Equal(t, fault.Retry, fault.KindOf(p.SendRaw(t.Context(), []byte{1})))
	})
}
