//go:build postgres

package e2e

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/store/pgtest"
)

// TestPostgreSQL_TwoWorkersShareTheDayAndOneThatDiesLosesNothing pays four vaults with two
// workers that know of each other only through Temporal and the database.
func TestPostgreSQL_TwoWorkersShareTheDayAndOneThatDiesLosesNothing(t *testing.T) {
	dsn := pgtest.NewDatabase(t)
	w := newChain(t, []localnet.VaultSpec{
		{ID: "a", Investors: 18, DuplicateRecipients: 3}, {ID: "b", Investors: 15, MissingATAs: 1}, {ID: "c", Investors: 12, ClosedStreams: 1}, {ID: "d", Investors: 9},
	}, pageSize(3), with(slowly), with(func(s *config.Settings) { s.Store.DSN = config.NewURL(dsn) }))
	stopOne := w.another("one", with(hastily))
	stopTwo := w.another("two")
	defer stopTwo()

	ids := []string{"a", "b", "c", "d"}
	before, runs := map[string]ledger{}, map[string]client.WorkflowRun{}
	for _, id := range ids {
		before[id] = w.ledger(id)
		runs[id] = w.start(id)
	}
	total := func() map[string]int {
		sum := map[string]int{}
		for _, run := range runs {
			for name, n := range w.workers(run) {
				sum[name] += n
			}
		}
		return sum
	}
	w.until("both workers have pages", func() bool { n := total(); return n["one"] > 0 && n["two"] > 0 })
	stopOne()
	for _, id := range ids {
		w.audited(id, before[id], w.end(runs[id]))
	}
	t.Log("pages by worker:", total())

	// What one of them wrote the other and every command see.
	books := w.store()
	for _, id := range ids {
		reports, err := books.Reports(t.Context(), w.slug(id), 0)
		require.NoError(t, err)
		require.Len(t, reports, 1)
		require.Equal(t, domain.Complete, reports[0].State, fmt.Sprint(id, reports[0].Reason))
		open, err := books.OpenIntents(t.Context(), w.slug(id))
		require.NoError(t, err)
		require.Empty(t, open)
	}

	w.nextDay()
	stopThree := w.another("three")
	defer stopThree()
	before["a"] = w.ledger("a")
	w.audited("a", before["a"], w.pay("a"))
}
