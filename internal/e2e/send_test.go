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
	fault := func(f localnet.Fault) []localnet.Fault { return []localnet.Fault{f} }
	shortly := func(s *config.Settings) { s.RPC.RequestTimeout = 300 * time.Millisecond }
	polling := func(s *config.Settings) { s.RPC.Endpoints[0].WSURL = config.URL{} }
	as := func(*config.Settings) {}
	tests := []struct {
		name     string
		settings func(*config.Settings)
		faults   []localnet.Fault
	}{
		{"accepted, then timeout", shortly, fault(localnet.Fault{Name: "timeout-after-accept", Count: 4})},
		{"no answer", shortly, fault(localnet.Fault{Name: "hang", PerMille: 100, Count: 5})},
		{"late landing", as, fault(localnet.Fault{Name: "late", Value: 25, Count: 3})},
		{"dropped", as, fault(localnet.Fault{Name: "drop", PerMille: 400})},
		{"429 with Retry-After", as, fault(localnet.Fault{Name: "429", PerMille: 150, Duration: 200 * time.Millisecond, Count: 6})},
		{"server errors", as, fault(localnet.Fault{Name: "5xx", PerMille: 150, Count: 8})},
		{"answers that break off", as, fault(localnet.Fault{Name: "truncated-json", PerMille: 100, Count: 8})},
		{"slow answers", as, fault(localnet.Fault{Name: "latency", Value: 60})},
		{"block times unknown", as, fault(localnet.Fault{Name: "null-block-time"})},
		{"logs cut off", as, fault(localnet.Fault{Name: "truncated-logs"})},
		{"websocket cut", as, fault(localnet.Fault{Name: "ws-cut", PerMille: 200})},
		{"no websocket", polling, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, specs(localnet.VaultSpec{Investors: 12, MissingATAs: 1}), pageSize(3), with(tt.settings))
			for _, f := range tt.faults {
				w.node.SetFault(f)
			}
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

// TestX17_RollbackBeforeFinalityIsPaidAgain: what was confirmed can be rolled back, and the day is paid once all the
// same. The chain's clock jumps with it, and fees come in, so that a day that lands again has another opening.
func TestX17_RollbackBeforeFinalityIsPaidAgain(t *testing.T) {
	t.Parallel()
	t.Run("the last page", func(t *testing.T) {
		t.Parallel()
		w := newSlowWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3))
		w.slots(40) // So that there is something to go back to.
		before := w.ledger("v")
		run := w.start("v")
		w.cursor("v", 12)
		w.slots(2)
		require.NoError(t, w.node.Rollback(3))
		w.audited("v", before, w.end(run))
	})
	t.Run("the whole day", func(t *testing.T) {
		t.Parallel()
		w := newSlowWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3))
		w.slots(40)
		before := w.ledger("v")
		run := w.start("v")
		w.cursor("v", 12)
		w.slots(2)
		before.accrued = w.reopen(before)
		w.audited("v", before, w.end(run))
	})
	t.Run("a day in its middle", func(t *testing.T) {
		t.Parallel()
		w := newSlowWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3), with(func(s *config.Settings) {
			s.Distribution.DelayBetweenPages = 150 * time.Millisecond
		}))
		w.slots(40)
		before := w.ledger("v")
		run := w.start("v")
		w.cursor("v", 6)
		before.accrued = w.reopen(before)
		w.audited("v", before, w.end(run))
	})
}

// newSlowWorld has slots long enough for a busy machine to act before 32 of them have made a page final.
func newSlowWorld(t testing.TB, specs []localnet.VaultSpec, changes ...change) *world {
	t.Helper()
	w := newChainAt(t, 4*slot, specs, changes...)
	w.startWorker()
	return w
}

// reopen rolls the chain back to before the day, moves its clock and lets fees come in.
func (w *world) reopen(before ledger) (accrued uint64) {
	w.t.Helper()
	tip := w.node.Bank().Slot(bank.Processed)
	opened := w.turned("v", before.slot)[0].slot
	require.Greater(w.t, opened, w.node.Bank().Slot(bank.Finalized), "the opening is not final yet")
	w.node.AdvanceClock(5 * time.Second)
	require.NoError(w.t, w.node.Rollback(tip-opened+1))
	require.NoError(w.t, w.node.AccrueFees(w.slug("v"), 7_000_001, 0))
	return 7_000_001
}
