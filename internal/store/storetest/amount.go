package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// amounts shows that no u64 changes in any column or document, up to 2^64-1.
func amounts(t *testing.T, open func(*testing.T) *store.Store) {
	ctx, s := t.Context(), open(t)
	edge := rapid.OneOf(rapid.Uint64(), rapid.SampledFrom([]uint64{0, 1, 1<<53 + 1, 1<<63 - 1, 1 << 63, most}))
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) uint64 { return edge.Draw(t, name) }
		p := page(uint32(draw("cursor")), "sig", domain.Amount(draw("amount")))
		p.Slot, p.Paid, p.Creator, p.Claimed = draw("slot"), domain.Amount(draw("paid")), domain.Amount(draw("creator")), domain.Amount(draw("claimed"))
		p.Day = domain.Day(rapid.StringMatching(`[0-9a-f]{16}`).Draw(t, "day"))
		require.NoError(t, s.SavePage(ctx, p))
		pages, err := s.Pages(ctx, vault, p.Day)
		require.NoError(t, err)
		require.Contains(t, pages, p)

		o := []domain.Outcome{{Planned: p.Paid, Paid: p.Claimed}}
		require.NoError(t, s.SaveOutcomes(ctx, vault, p.Day, o))
		outcomes, err := s.Outcomes(ctx, vault, p.Day)
		require.NoError(t, err)
		require.Equal(t, o, outcomes)

		r := domain.DayReport{Vault: vault, Day: p.Day, Result: domain.Reconciliation{Figures: domain.Figures{Claimed: p.Claimed, DustIn: p.Paid}}, FeeLamports: p.Slot}
		require.NoError(t, s.SaveReport(ctx, r))
		report, _, err := s.Report(ctx, vault, p.Day)
		require.NoError(t, err)
		require.Equal(t, r, report)
	})
}

// concurrency lets many writers meet on two handles of one database.
func concurrency(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("of many plans one is frozen, and everyone gets it", func(t *testing.T) {
		ctx, handles := t.Context(), []*store.Store{open(t), open(t)}
		const writers = 8
		got, errs := make([]domain.Manifest, writers), make([]error, writers)
		plans := make([]domain.Manifest, writers)
		for i := range plans {
			plans[i] = Manifest(t, 20, domain.Amount(i+1))
		}
		var group sync.WaitGroup
		for i := range writers {
			group.Go(func() { got[i], errs[i] = handles[i%2].SaveManifest(ctx, plans[i]) })
		}
		group.Wait()
		winners := 0
		for i := range writers {
			require.Equal(t, got[0].Hash, got[i].Hash)
			if errs[i] == nil {
				winners++
				require.Equal(t, plans[i], got[i])
				continue
			}
			require.ErrorIs(t, errs[i], store.ErrFrozen)
		}
		require.Equal(t, 1, winners)
	})
	t.Run("of many signatures for one page one is stored", func(t *testing.T) {
		ctx, handles := t.Context(), []*store.Store{open(t), open(t)}
		errs := make([]error, 8)
		var group sync.WaitGroup
		for i := range errs {
			group.Go(func() { errs[i] = handles[i%2].InsertIntent(ctx, Intent(fmt.Sprint("s", i), "page/0", i)) })
		}
		group.Wait()
		stored := 0
		for _, err := range errs {
			if err == nil {
				stored++
				continue
			}
			require.ErrorIs(t, err, store.ErrOpenIntent)
		}
		require.Equal(t, 1, stored)
		require.Len(t, signatures(handles[0].OpenIntents(ctx, vault)), 1)
	})
	t.Run("the audit chain does not fork", func(t *testing.T) {
		ctx, handles := t.Context(), []*store.Store{open(t), open(t)}
		errs := make([]error, 20)
		var group sync.WaitGroup
		for i := range errs {
			group.Go(func() {
				errs[i] = handles[i%2].Audit(ctx, store.AuditEntry{At: At(i), Actor: "ann", Action: "note", Detail: fmt.Sprint(i)})
			})
		}
		group.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		state, err := handles[1].VerifyAudit(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 20, state.Entries)
	})
}
