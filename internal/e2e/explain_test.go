package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// desk is a service that reads chain and books and never sends, as commands use it.
func (w *world) desk() *distribution.Service {
	w.t.Helper()
	pool, err := chain.New(app.PoolOptions(w.settings, slog.New(slog.DiscardHandler)))
	require.NoError(w.t, err)
	require.NoError(w.t, app.StartPool(context.Background(), w.settings, pool))
	w.t.Cleanup(func() { require.NoError(w.t, pool.Stop(context.Background())) })
	vaults, err := app.Vaults(w.settings, func(config.Vault) (solana.PublicKey, error) { return solana.PublicKey{}, nil })
	require.NoError(w.t, err)
	return distribution.New(distribution.Params{
		Chain: pool, Store: w.store(), Vaults: vaults, Rules: app.Rules(w.settings), Now: time.Now, SlotTime: w.slot, Log: slog.New(slog.DiscardHandler),
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
}

// Every investor's amount, also nothing, is explained to the base unit, and the books agree with the chain.
func TestExplain_TellsEveryInvestorWhyHeGotWhatHeGot(t *testing.T) {
	t.Parallel()
	limit := uint64(20_000_000)
	tests := []struct {
		name string
		spec localnet.VaultSpec
		bare bool
		want map[domain.Reason]int
	}{
		{"of every kind", localnet.VaultSpec{Investors: 14, DuplicateRecipients: 2, BelowMinimum: 1, ClosedStreams: 1, MissingATAs: 1}, false, map[domain.Reason]int{domain.ReasonBelowMinimum: 1, domain.ReasonQuarantined: 1}},
		{"under a daily cap", localnet.VaultSpec{Investors: 12, DailyCap: &limit}, false, nil},
		{"in pages of another size than planned", localnet.VaultSpec{Investors: 30, DuplicateRecipients: 6}, true, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newChain(t, specs(tt.spec), with(func(s *config.Settings) { s.Distribution.MaxInvalidStreamsPercent = 20 }))
			if tt.bare {
				w.node.Bank().DeleteAccount(solana.AddressLookupTableProgramID)
			}
			w.startWorker()
			before := w.ledger("v")
			report := w.pay("v")
			w.audited("v", before, report)
			desk, got := w.desk(), map[domain.Reason]int{}
			var paid domain.Amount
			for _, stream := range w.settings.Vaults[0].Streams {
				list, err := desk.Explain(context.Background(), w.slug("v"), stream, report.Day)
				require.NoError(t, err)
				require.Len(t, list, 1)
				x := list[0]
				require.True(t, x.Agree, "%+v", x)
				require.True(t, x.Exact)
				got[x.Reason]++
				if x.Reason == domain.ReasonQuarantined {
					continue
				}
				paid += x.Paid
				require.Equal(t, x.Planned, x.Paid, "%+v", x)
				if x.Reason != domain.ReasonShared {
					require.Equal(t, fmt.Sprint(x.Paid), x.OnChain)
				}
				if x.Reason == domain.ReasonPaid && !x.PageCapped {
					require.Equal(t, x.Raw, x.Paid, "without minimum and cap the raw share is what is paid")
				}
			}
			require.Equal(t, report.Result.Paid, paid, "nobody's share is missing from the explanations")
			for reason, n := range tt.want {
				require.Equal(t, n, got[reason], "%s: %v", reason, got)
			}
		})
	}
}
