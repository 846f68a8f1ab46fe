package e2e

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// TestChaos mixes what the other tests do one by one: a lossy way to the chain, a lying second endpoint, rollbacks, a
// worker that dies, and a stranger at the crank. Whatever happens, the balances are right in the end.
func TestChaos(t *testing.T) {
	t.Parallel()
	for run := range 3 {
		t.Run(fmt.Sprint(run), func(t *testing.T) {
			t.Parallel()
			roll := rand.New(rand.NewPCG(seed(t.Name()), 1))
			w := newWorld(t, specs(localnet.VaultSpec{Investors: 15 + roll.IntN(20), DuplicateRecipients: roll.IntN(5), MissingATAs: roll.IntN(3), ClosedStreams: roll.IntN(2)}),
				pageSize(uint32(2+roll.IntN(5))), second(localnet.Fault{Name: "stale", Value: int64(5 + roll.IntN(20))}), with(hastily), with(func(s *config.Settings) {
					s.RPC.RequestTimeout = 400 * time.Millisecond
					s.Distribution.DelayBetweenPages = 50 * time.Millisecond
				}))
			w.slots(36)
			for _, f := range []localnet.Fault{
				{Name: "drop", PerMille: 150},
				{Name: "late", Value: int64(roll.IntN(30)), PerMille: 150},
				{Name: "timeout-after-accept", PerMille: 100},
				{Name: "429", PerMille: 20, Duration: 100 * time.Millisecond},
				{Name: "truncated-json", PerMille: 20},
			} {
				w.node.SetFault(f)
			}
			before := w.ledger("v")
			run := w.start("v")
			first := w.settings.Distribution.PageSize
			w.cursor("v", first)
			w.slots(uint64(roll.IntN(6)))
			tip, final := w.node.Bank().Slot(bank.Processed), w.node.Bank().Slot(bank.Finalized)
			if back := uint64(roll.IntN(12)); back < tip-final {
				if err := w.node.Rollback(back); err != nil {
					t.Log(err) // The chain finalized meanwhile.
				}
			}
			if roll.IntN(2) == 0 {
				w.stopWorker()
				w.startWorker()
			}
			w.cursor("v", 2*first)
			if complete, err := w.vaultProgress("v"); err == nil && !complete && roll.IntN(2) == 0 {
				w.tryCrank("v", w.chainCursor("v"), uint32(1+roll.IntN(8)))
			}
			w.audited("v", before, w.end(run))
		})
	}
}
