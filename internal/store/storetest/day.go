package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func page(cursor uint32, signature string, amounts ...domain.Amount) domain.PageResult {
	p := domain.PageResult{Vault: vault, Day: day, Cursor: cursor, Signature: signature, Ours: true, Slot: most, Paid: 7, Creator: most, Claimed: 9}
	for i, a := range amounts {
		p.Payouts = append(p.Payouts, domain.Payout{Recipient: "r" + string(rune('a'+i)), ATA: "ata", Amount: a, Signature: signature})
	}
	return p
}

func pages(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("a page saved twice is there once, as it was last seen", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		p15, p0 := page(15, "b", 1, most), page(0, "a", 3, 2, 1)
		require.NoError(t, s.SavePage(ctx, p15))
		require.NoError(t, s.SavePage(ctx, p0))
		require.NoError(t, s.SavePage(ctx, p0))
		p15.Finalized, p15.Closed, p15.Payouts = true, true, p15.Payouts[:1]
		require.NoError(t, s.SavePage(ctx, p15))
		got, err := s.Pages(ctx, vault, day)
		require.NoError(t, err)
		require.Equal(t, []domain.PageResult{p0, p15}, got)
	})
	t.Run("a page that was rolled back is dropped with its payouts, a finalized one stays", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		lost, kept := page(0, "lost", 1, 2), page(0, "kept", 1)
		kept.Finalized = true
		require.NoError(t, s.SavePage(ctx, lost))
		require.NoError(t, s.SavePage(ctx, kept))
		require.NoError(t, s.DropPage(ctx, vault, day, 0, "lost"))
		require.NoError(t, s.DropPage(ctx, vault, day, 0, "lost"))
		require.ErrorIs(t, s.DropPage(ctx, vault, day, 0, "kept"), store.ErrTransition)
		got, err := s.Pages(ctx, vault, day)
		require.NoError(t, err)
		require.Equal(t, []domain.PageResult{kept}, got)
	})
	t.Run("a page without signature is refused", func(t *testing.T) {
		require.ErrorIs(t, open(t).SavePage(t.Context(), page(0, "")), store.ErrInvalid)
	})
}

func days(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("outcomes and checks are replaced as a whole", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		first := make([]domain.Outcome, 1_000)
		for i := range first {
			first[i] = domain.Outcome{Index: i, Stream: "s", Recipient: "r", Planned: most, Paid: domain.Amount(i), Reason: domain.ReasonPaid, Note: "it's \"here\"\n"}
		}
		require.NoError(t, s.SaveOutcomes(ctx, vault, day, first))
		got, err := s.Outcomes(ctx, vault, day)
		require.NoError(t, err)
		require.Equal(t, first, got)
		require.NoError(t, s.SaveOutcomes(ctx, vault, day, first[:2]))
		got, err = s.Outcomes(ctx, vault, day)
		require.NoError(t, err)
		require.Equal(t, first[:2], got)

		checks := domain.Checks{{Row: "P08", Name: "streams", Result: domain.CheckFail, Observed: "2", Threshold: "0", Next: "look"}, {Row: "P10", Name: "rpc", Result: domain.CheckUnknown}}
		require.NoError(t, s.SaveChecks(ctx, vault, day, checks))
		require.NoError(t, s.SaveChecks(ctx, vault, day, checks))
		stored, err := s.Checks(ctx, vault, day)
		require.NoError(t, err)
		require.Equal(t, checks, stored)
		stored, err = s.Checks(ctx, vault, "2026-03-02")
		require.NoError(t, err)
		require.Equal(t, domain.CheckUnknown, stored.Worst())
	})
	t.Run("reports are listed from the newest day", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		report := func(v string, d domain.Day, state domain.State) domain.DayReport {
			r := domain.DayReport{Vault: v, Day: d, State: state, Signatures: []string{"a"}, StartedAt: At(1), EndedAt: At(2), Requests: most}
			r.Result.Paid = most
			return r
		}
		a1, a2, b1 := report("a", "2026-03-01", domain.Running), report("a", "2026-03-02", domain.Complete), report("b", "2026-03-01", domain.Capped)
		for _, r := range []domain.DayReport{a1, a2, b1} {
			require.NoError(t, s.SaveReport(ctx, r))
		}
		a1.State = domain.Complete
		require.NoError(t, s.SaveReport(ctx, a1))
		got, err := s.Reports(ctx, "a", 0)
		require.NoError(t, err)
		require.Equal(t, []domain.DayReport{a2, a1}, got)
		got, err = s.Reports(ctx, "", 2)
		require.NoError(t, err)
		require.Equal(t, []domain.DayReport{a2, a1}, got)
		got, err = s.Reports(ctx, "", 0)
		require.NoError(t, err)
		require.Equal(t, []domain.DayReport{a2, a1, b1}, got)
		one, found, err := s.Report(ctx, "b", "2026-03-01")
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, b1, one)
		_, found, err = s.Report(ctx, "b", "2026-03-02")
		require.NoError(t, err)
		require.False(t, found)
		require.ErrorIs(t, s.SaveReport(ctx, domain.DayReport{}), store.ErrInvalid)

		// A later run that found nothing to do does not wipe a finished day's figures out.
		done := domain.DayReport{Vault: "finished", Day: "2026-11-23", State: domain.Complete, Result: domain.Reconciliation{Figures: domain.Figures{Paid: 7}}}
		require.NoError(t, s.SaveReport(ctx, done))
		require.NoError(t, s.SaveReport(ctx, domain.DayReport{Vault: "finished", Day: "2026-11-23", State: domain.NotDue}))
		kept, _, err := s.Report(ctx, "finished", "2026-11-23")
		require.NoError(t, err)
		require.Equal(t, domain.Complete, kept.State)
		require.Equal(t, domain.Amount(7), kept.Result.Paid)
	})
	t.Run("an older view of a lookup table does not replace a newer one", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		old := domain.Table{Vault: vault, Address: "t", Authority: "me", Addresses: []string{"a"}, Slot: 5, Active: true}
		grown := domain.Table{Vault: vault, Address: "t", Authority: "me", Addresses: []string{"a", "b"}, Slot: most, Active: true}
		for _, table := range []domain.Table{old, grown, old} {
			require.NoError(t, s.SaveTable(ctx, table))
		}
		got, err := s.Tables(ctx, vault)
		require.NoError(t, err)
		require.Equal(t, []domain.Table{grown}, got)
		other := domain.Table{Vault: "another", Address: "u", Authority: "me", Slot: 1, Active: true}
		require.NoError(t, s.SaveTable(ctx, other))
		all, err := s.AllTables(ctx)
		require.NoError(t, err)
		require.Equal(t, []domain.Table{grown, other}, all)
		require.ErrorIs(t, s.SaveTable(ctx, domain.Table{}), store.ErrInvalid)
	})
	t.Run("a lookup table's end is kept, and then it is forgotten", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		table := domain.Table{Vault: vault, Address: "t", Authority: "me", Addresses: []string{"a"}, Slot: 5, Active: true, UsedOn: day}
		require.NoError(t, s.SaveTable(ctx, table))
		table.Active, table.Deactivated = false, most
		require.NoError(t, s.SaveTable(ctx, table))
		got, err := s.Tables(ctx, vault)
		require.NoError(t, err)
		require.Equal(t, []domain.Table{table}, got)
		for range 2 {
			require.NoError(t, s.DropTable(ctx, "t"))
		}
		got, err = s.Tables(ctx, vault)
		require.NoError(t, err)
		require.Empty(t, got)
	})
	t.Run("operations are read by their start", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		var all []domain.Operation
		for i := range 4 {
			o := domain.Operation{Name: "page", Vault: vault, Started: At(i), Duration: time.Duration(i) * time.Nanosecond, OK: i%2 == 0, Code: "retry", WorkflowID: "w", RunID: "run", Attempt: 2, Requests: uint64(i)}
			require.NoError(t, s.RecordOperation(ctx, o))
			all = append(all, o)
		}
		got, err := s.Operations(ctx, At(1), At(3))
		require.NoError(t, err)
		require.Equal(t, all[1:3], got)
		sum, err := s.Requests(ctx, "run")
		require.NoError(t, err)
		require.EqualValues(t, 0+1+2+3, sum)
		sum, err = s.Requests(ctx, "another")
		require.NoError(t, err)
		require.Zero(t, sum)
		require.ErrorIs(t, s.RecordOperation(ctx, domain.Operation{}), store.ErrInvalid)
	})
}
