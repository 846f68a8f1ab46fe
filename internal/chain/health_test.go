package chain_test

import (
	"context"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go/rpc"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

func TestHealth_IsJudgedBySlotsNotByWords(t *testing.T) {
	tests := []struct {
		name   string
		change func(a, b, c *node)
		usable [3]bool
		reason string
	}{
		{"all well", func(_, _, _ *node) {}, [3]bool{true, true, true}, ""},
		{"a few slots apart is normal", func(a, _, _ *node) { a.slot -= 40 }, [3]bool{true, true, true}, ""},
		{"thousands of slots behind though it says ok", func(a, _, _ *node) { a.slot -= 2500 }, [3]bool{false, true, true}, "behind"},
		{"one that runs away makes the others no worse", func(a, _, _ *node) { a.slot += 100_000 }, [3]bool{false, true, true}, "far ahead"},
		{"another chain", func(a, _, _ *node) { a.genesis = "genesis-2" }, [3]bool{false, true, true}, "another chain"},
		{"unreachable", func(a, _, _ *node) { a.fault = status(500) }, [3]bool{false, true, true}, "unreachable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b, c := newNode(t), newNode(t), newNode(t)
			// The first in the list fixes the expected genesis, so the one that differs stands last here.
			tt.change(a, b, c)
			p := newPool(t, newClock(), b, c, a)
			h := p.Health()
			require.Equal(t, tt.usable, [3]bool{h[2].Usable, h[0].Usable, h[1].Usable}, "%+v", h)
			require.Contains(t, h[2].Reason, tt.reason)
		})
	}
}

func TestHealth_AFrozenNodeIsFoundByItselfAlone(t *testing.T) {
	n := newNode(t)
	c := newClock()
	p := newPool(t, c, n)
	for range 2 {
		require.NoError(t, c.Sleep(t.Context(), 5*time.Second))
		p.Probe(t.Context())
		require.True(t, p.Health()[0].Usable, "slow is not frozen")
	}
	require.False(t, p.Health()[0].Advancing)
	require.NoError(t, c.Sleep(t.Context(), 5*time.Second))
	p.Probe(t.Context())
	require.Contains(t, p.Health()[0].Reason, "frozen")
	_, err := p.Balance(t.Context(), key(1), rpc.CommitmentConfirmed)
	require.ErrorContains(t, err, "frozen")
	require.Zero(t, n.count("getBalance"), "a frozen node shows the past: it is not asked at all")

	n.with(func(n *node) { n.slot++ })
	p.Probe(t.Context())
	require.True(t, p.Health()[0].Usable)
	require.True(t, p.Health()[0].Advancing)
}

func TestHealth_AProbeThatIsCutShortSaysNothing(t *testing.T) {
	n := newNode(t)
	p := newPool(t, newClock(), n)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p.Probe(ctx)
	require.True(t, p.Health()[0].Usable)
}

func TestHealth_AnotherChainIsNeverUsedNotEvenAsTheLast(t *testing.T) {
	right, wrong := newNode(t), newNode(t)
	wrong.genesis = "genesis-2"
	p := newPool(t, newClock(), right, wrong)
	right.with(func(n *node) { n.fault = status(500) })
	_, err := p.Balance(t.Context(), key(1), rpc.CommitmentConfirmed)
	require.Error(t, err)
	require.Zero(t, wrong.count("getBalance"))
}

func TestHealth_TheConfiguredGenesisDecides(t *testing.T) {
	n := newNode(t)
	p, err := chain.New(chain.Options{Endpoints: []chain.Endpoint{{Name: "main", URL: n.server.URL}}, Genesis: "mainnet"})
	require.NoError(t, err)
	err = p.Start(t.Context())
	require.Equal(t, chain.CodeAllDown, fault.CodeOf(err))
	require.ErrorContains(t, err, "main (")
	require.ErrorContains(t, err, "genesis hash is genesis-1")
}

func TestStart_NamesEachEndpointAndWhy(t *testing.T) {
	down, broken := newNode(t), newNode(t)
	down.server.Close()
	broken.fault = status(503)
	p, err := chain.New(chain.Options{Endpoints: []chain.Endpoint{
		{Name: "down", URL: down.server.URL + "/KEY"}, {Name: "broken", URL: broken.server.URL + "/KEY"},
	}})
	require.NoError(t, err)
	err = p.Start(t.Context())
	require.ErrorContains(t, err, "down (")
	require.ErrorContains(t, err, "refused")
	require.ErrorContains(t, err, "HTTP 503")
	require.NotContains(t, err.Error(), "KEY")
	require.NoError(t, p.Stop(t.Context()))
}
