package e2e

import (
	"cmp"
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// recorded runs a published day although its investors get nothing.
func recorded(s *config.Settings) { s.Distribution.PublishedUnpaidInvestors = "record" }

func TestX21_PublishedPageWouldCloseEarly(t *testing.T) {
	t.Parallel()
	t.Run("more streams than a call can take", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 60, Behaviour: bank.Published}), with(recorded))
		before := w.ledger("v")
		report := w.pay("v")
		require.Equal(t, domain.Failed, report.State)
		require.Contains(t, report.Reason, "X21")
		require.Equal(t, before.progress, w.ledger("v").progress)
		require.Zero(t, w.node.Requests()["sendTransaction"])
	})
	for _, investors := range []int{12, 50} {
		t.Run("all streams in one call", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, specs(localnet.VaultSpec{Investors: investors, Behaviour: bank.Published}), pageSize(5), with(recorded))
			before := w.ledger("v")
			report := w.pay("v")
			require.Equal(t, domain.Complete, report.State, report.Reason)
			calls := w.calls("v", before.slot)
			require.Len(t, calls, 1)
			require.Equal(t, investors, calls[0].remaining, "a page alone would close the day")
			after := w.ledgerAt("v", bank.Finalized)
			require.True(t, after.progress.DayComplete)
			require.Equal(t, before.atas, after.atas, "investors get nothing from this program")
			require.EqualValues(t, after.creator-before.creator, report.Result.Creator)
			outcomes, err := w.store().Outcomes(context.Background(), w.slug("v"), report.Day)
			require.NoError(t, err)
			require.Len(t, outcomes, investors)
			for _, o := range outcomes {
				require.Equal(t, domain.ReasonNoTransfer, o.Reason)
				require.NotZero(t, o.Planned, "what each is owed is recorded")
			}
		})
	}
}

func TestX21_AWrongBehaviourIsFoundByTheRehearsal(t *testing.T) {
	t.Parallel()
	// The settings say reference, the program is the published one: its page 1 would close the day.
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 12, Behaviour: bank.Published}), pageSize(4), with(func(s *config.Settings) {
		s.Vaults[0].Behaviour = domain.Reference
	}))
	before := w.ledger("v")
	report := w.pay("v")
	require.Equal(t, domain.Failed, report.State)
	require.Contains(t, report.Reason, "rehearsal")
	require.Equal(t, before.progress, w.ledger("v").progress)
	require.Zero(t, w.node.Requests()["sendTransaction"])
}

// The program's own list holds a stream twice, one of the last page and of little weight: the first page alone looks
// right to a hundredth. It is found to the base unit, before the day is open.
func TestX21_AListThatDiffersInOneStreamIsFoundBeforeTheOpening(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 80}), pageSize(9))
	var right bank.VaultSpec
	for _, spec := range w.node.Bank().Vaults() {
		if spec.Vault == w.vault("v").Vault {
			right = spec
		}
	}
	wrong := right
	lightest := slices.MinFunc(w.vault("v").Investors, func(a, b localnet.Investor) int { return cmp.Compare(a.Deposited, b.Deposited) })
	wrong.Streams = append(slices.Clone(right.Streams), lightest.Stream)
	w.node.Bank().RegisterVault(wrong)
	before := w.ledger("v")
	report := w.pay("v")
	require.Equal(t, domain.Failed, report.State)
	require.Contains(t, report.Reason, "the program's list of streams is another one")
	require.Equal(t, before.progress, w.ledger("v").progress, "nothing was opened")

	w.node.Bank().RegisterVault(right)
	w.audited("v", before, w.pay("v"))
}
