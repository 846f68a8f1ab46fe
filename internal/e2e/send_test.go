package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// TestX10_BadWeather: whatever the way to the chain does, the day ends complete and right.
func TestX10_BadWeather(t *testing.T) {
	t.Parallel()
	fault := func(f localnet.Fault) change { return func(w *world) { w.node.SetFault(f) } }
	tests := []struct {
		name   string
		change change
	}{
		{"accepted, then timeout", func(w *world) {
			w.settings.RPC.RequestTimeout = 300 * time.Millisecond
			w.node.SetFault(localnet.Fault{Name: "timeout-after-accept", Count: 4})
		}},
		{"late landing", fault(localnet.Fault{Name: "late", Value: 25, Count: 3})},
		{"dropped", fault(localnet.Fault{Name: "drop", PerMille: 400})},
		{"429 with Retry-After", fault(localnet.Fault{Name: "429", PerMille: 150, Duration: 200 * time.Millisecond, Count: 6})},
		{"server errors", fault(localnet.Fault{Name: "5xx", PerMille: 150, Count: 12})},
		{"answers that break off", fault(localnet.Fault{Name: "truncated-json", PerMille: 100, Count: 12})},
		{"slow answers", fault(localnet.Fault{Name: "latency", Value: 60})},
		{"block times unknown", fault(localnet.Fault{Name: "null-block-time"})},
		{"logs cut off", fault(localnet.Fault{Name: "truncated-logs"})},
		{"websocket cut", fault(localnet.Fault{Name: "ws-cut", PerMille: 200})},
		{"no websocket", func(w *world) { w.settings.RPC.Endpoints[0].WSURL = config.URL{} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, specs(localnet.VaultSpec{Investors: 12, MissingATAs: 1}), pageSize(3), tt.change)
			before := w.ledger("v")
			w.audited("v", before, w.pay("v"))
			turned := w.turned("v", before.slot)
			require.Len(t, turned, 4)
			w.ours(w.vault("v"), turned)
		})
	}
}

func TestX10_AcceptedThenTimeoutIsNotPaidTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 9}), pageSize(3), with(func(s *config.Settings) { s.RPC.RequestTimeout = 300 * time.Millisecond }))
	w.node.SetFault(localnet.Fault{Name: "timeout-after-accept"}) // Every send is taken and never answered.
	before := w.ledger("v")
	report := w.pay("v")
	w.audited("v", before, report)
	require.Len(t, w.calls("v", before.slot), 3, "one transaction a page, whatever the node said")
	intents, err := w.store().Intents(context.Background(), w.slug("v"), report.Day)
	require.NoError(t, err)
	require.Len(t, intents, 3)
	for _, i := range intents {
		require.Equal(t, domain.IntentFinalized, i.State)
	}
}

func TestX10_LateLandingIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 6}), pageSize(3))
	w.node.SetFault(localnet.Fault{Name: "late", Value: 100, Count: 1})
	before := w.ledger("v")
	report := w.pay("v")
	w.audited("v", before, report)
	require.Len(t, w.calls("v", 0), 2, "the late page was waited for and not signed again")
	require.Greater(t, report.CloseSlot, before.slot+100)
}

func TestX10_ExpiredSignatureIsReplacedOnlyWithProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 6}), pageSize(3), with(func(s *config.Settings) { s.RPC.RebroadcastInterval = time.Minute }))
	w.node.SetFault(localnet.Fault{Name: "drop", Count: 1}) // And it is not sent again in time.
	before := w.ledger("v")
	report := w.pay("v")
	w.audited("v", before, report)
	intents, err := w.store().Intents(context.Background(), w.slug("v"), report.Day)
	require.NoError(t, err)
	require.Len(t, intents, 3)
	require.Equal(t, domain.IntentExpired, intents[0].State)
	require.Equal(t, intents[0].Key, intents[1].Key)
	require.Greater(t, intents[1].Slot, intents[0].LastValid, "the second signature for the page came after the first could not land any more")
}

func TestX17_RollbackBeforeFinalityIsPaidAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		pages int   // Turned when the chain goes back.
		slots uint64
		jump  time.Duration // Of the chain's clock, so that a day opened again has another time.
	}{
		{"the last page", 4, 3, 0},
		{"the whole day", 4, 31, 0},
		{"the whole day, opened again at another second", 4, 31, 5 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3))
			w.slots(40) // So that there is something to go back to.
			before := w.ledger("v")
			run := w.start("v")
			w.cursor("v", uint32(3*tt.pages))
			w.slots(2)
			tip := w.node.Bank().Slot(bank.Processed)
			require.NoError(t, w.node.Rollback(min(tt.slots, tip-w.node.Bank().Slot(bank.Finalized)-1)))
			if tt.jump > 0 {
				w.node.AdvanceClock(tt.jump)
			}
			w.audited("v", before, w.end(run))
		})
	}
}
