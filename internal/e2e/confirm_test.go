package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
)

// U-S5: money settings that change stop everything until two people have lifted it; a worker that starts again with the
// settings that they have seen does not stop anything.
func TestUS5_MoneySettingsThatChangeWaitForTwoPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 6}), pageSize(3), with(people), with(func(s *config.Settings) { s.Safety.ConfirmSettings = true }))
	flags := func() []domain.SafetyFlag {
		list, err := w.store().AllSafety(context.Background())
		require.NoError(t, err)
		return list
	}
	require.Empty(t, flags(), "the first start differs from nothing")
	w.stopWorker()
	w.settings.Signer.Policy.MaxSpendPerDay += 1_000_000
	w.startWorker()
	require.Len(t, flags(), 1)
	require.Equal(t, domain.SafetyStop, flags()[0].Kind)
	require.Equal(t, "settings", flags()[0].Actor)
	require.True(t, strings.Contains(flags()[0].Reason, "other money settings"), flags()[0].Reason)

	before := w.ledger("v")
	require.NotEqual(t, domain.Complete, w.pay("v").State, "nothing is paid meanwhile")
	w.resume()
	w.until("the stop is lifted", func() bool { return len(flags()) == 0 })
	w.stopWorker()
	w.startWorker()
	require.Empty(t, flags(), "these are the settings that two people have seen")
	w.audited("v", before, w.pay("v"))
}
