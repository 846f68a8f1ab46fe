package chain_test

import (
	"net/http"
	"testing"

	"github.com/gagliardetto/solana-go/rpc"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
)

func names(list []chain.Ranked) []string {
	var out []string
	for _, r := range list {
		out = append(out, r.Name)
	}
	return out
}

func TestW12_UnhealthyComesLastAndFreshComesFirst(t *testing.T) {
	dead, stale, fresh, flaky := newNode(t), newNode(t), newNode(t), newNode(t)
	p := newPool(t, newClock(), dead, stale, fresh, flaky)
	stale.with(func(n *node) { n.slot -= 20 }) // Still usable: within the allowed lag.
	dead.with(func(n *node) {
		n.fault = func(w http.ResponseWriter, _ string) bool { w.WriteHeader(http.StatusBadGateway); return true }
	})
	asked := 0
	flaky.with(func(n *node) {
		n.fault = func(w http.ResponseWriter, method string) bool {
			if asked++; method == "getSlot" && asked == 1 {
				w.WriteHeader(http.StatusTooManyRequests)
				return true
			}
			return false
		}
	})
	list := p.Rank(t.Context(), 3)
	require.Equal(t, "c", list[0].Name)
	require.Equal(t, "b", list[1].Name, "a lag is better than failures")
	require.Equal(t, uint64(20), list[1].Behind)
	require.False(t, list[3].Healthy && list[2].Healthy)
	last := list[3]
	if last.Name != "a" {
		last = list[2] // One that answered too many requests rests, and counts as unhealthy too.
	}
	require.Equal(t, "a", last.Name)
	require.Equal(t, 100, last.ErrorPercent())
	require.Equal(t, 1, last.Before)
	require.Contains(t, chain.Cause(list), "a unhealthy")
	require.NotContains(t, chain.Cause(list), "http://127.0.0.1:1")
}

func TestW14_AnOrderIsFollowedAndTakesNoEndpointAway(t *testing.T) {
	a, b, c := newNode(t), newNode(t), newNode(t)
	p := newPool(t, newClock(), a, b, c)
	p.Prefer([]string{"c", "gone"})
	require.Equal(t, []string{"c", "a", "b"}, names(p.Rank(t.Context(), 1)))
	_, err := p.Balance(t.Context(), key(1), rpc.CommitmentConfirmed)
	require.NoError(t, err)
	require.Equal(t, 1, c.count("getBalance"))
	c.server.Close()
	_, err = p.Balance(t.Context(), key(1), rpc.CommitmentConfirmed)
	require.NoError(t, err, "the others are still there")
	p.Prefer(nil)
	require.Equal(t, "a", p.Rank(t.Context(), 1)[0].Name)
}
