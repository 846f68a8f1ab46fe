package sender_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/sender"
	"github.com/meteora-fee-router/feeops/internal/signer"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// BenchmarkSend_Pace sends page after page on a local chain that makes its own slots of 400 ms, as a real cluster does:
// it shows slots and requests per page, and how much time is the sender's own (DESIGN.md §7).
func BenchmarkSend_Pace(b *testing.B) {
	node, err := localnet.Start(b.Context(), localnet.Options{Seed: 1, SlotDuration: slotTime})
	require.NoError(b, err)
	defer node.Close()
	pages := b.N
	vault, err := node.AddVault(localnet.VaultSpec{ID: "v1", Investors: pages * pageSize})
	require.NoError(b, err)
	pool, err := chain.New(chain.Options{Endpoints: []chain.Endpoint{{URL: node.URL(), WSURL: node.WSURL()}}})
	require.NoError(b, err)
	require.NoError(b, pool.Start(b.Context()))
	defer func() { _ = pool.Stop(context.Background()) }()
	db, err := store.Open(b.Context(), "file:"+filepath.Join(b.TempDir(), "feeops.db"))
	require.NoError(b, err)
	defer db.Close()
	s := sender.New(pool, db, payer(b, vault), &gate{}, sender.Options{MaxUnitPrice: 1000})
	w := &world{vault: vault}
	var requests atomic.Uint64
	ctx := chain.WithCounter(b.Context(), &requests)
	var first, last uint64
	began := time.Now()
	for i := range pages {
		got, err := s.Send(ctx, w.page(uint32(i*pageSize)))
		require.NoError(b, err)
		if i == 0 {
			first = got.SentSlot
		}
		last = got.Slot
	}
	b.ReportMetric(float64(last-first)/float64(pages), "slots/page")
	b.ReportMetric(float64(requests.Load())/float64(pages), "requests/page")
	b.ReportMetric(float64(time.Since(began).Milliseconds())/float64(pages), "ms/page")
}

func payer(b *testing.B, v localnet.Vault) signer.Signer {
	numbers := make([]int, 0, len(v.Payer))
	for _, n := range v.Payer {
		numbers = append(numbers, int(n))
	}
	raw, err := json.Marshal(numbers)
	require.NoError(b, err)
	k, err := signer.ParseKey(raw)
	require.NoError(b, err)
	return signer.WithPolicy(k, limits(v), signer.Sources{})
}
