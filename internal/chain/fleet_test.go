package chain_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
)

func TestPool_AFleetSharesOneEndpointsBudget(t *testing.T) {
	// 200 vaults read, ask for statuses and send through the real pool. Its clock only moves when the budget is waited for.
	n, c := newNode(t), newClock()
	begin := c.Now()
	p, err := chain.New(chain.Options{
		Endpoints: []chain.Endpoint{{Name: "a", URL: n.server.URL, PerSecond: 50}}, Now: c.Now, Sleep: c.Sleep, ProbeInterval: time.Hour,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Stop(context.Background())) })
	p.Probe(t.Context())
	const vaults, rounds = 200, 5
	errs := make([]error, vaults)
	var wg sync.WaitGroup
	for v := range vaults {
		wg.Go(func() {
			for range rounds {
				if _, err := p.Balance(t.Context(), key(v), rpc.CommitmentConfirmed); err != nil {
					errs[v] = err
				}
				if _, _, err := p.Statuses(t.Context(), []solana.Signature{signature(v)}, false); err != nil {
					errs[v] = err
				}
			}
		})
	}
	wg.Wait()
	for v, err := range errs {
		require.NoError(t, err, "vault %d", v)
	}
	require.Equal(t, vaults*rounds, n.count("getBalance"))
	require.Equal(t, vaults*rounds, n.count("getSignatureStatuses"))
	passed := c.Now().Sub(begin).Seconds()
	require.LessOrEqual(t, float64(2*vaults*rounds+2), 50+50*passed, "no more than a second's burst and the rate")
}
