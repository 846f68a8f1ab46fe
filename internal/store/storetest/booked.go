package storetest

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// planOf stores a plan of another vault and day than the suite's.
func planOf(t *testing.T, s *store.Store, v string, d domain.Day) domain.Manifest {
	t.Helper()
	m := Manifest(t, 2, 5)
	m.Vault, m.Day = v, d
	m, err := m.Seal()
	require.NoError(t, err)
	_, err = s.SaveManifest(t.Context(), m)
	require.NoError(t, err)
	return m
}

func booked(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("the newest plan of each vault comes with its opening and its report", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		planOf(t, s, "a", "2026-03-01")
		a2, b1 := planOf(t, s, "a", "2026-03-02"), planOf(t, s, "b", "2026-03-01")
		require.NoError(t, s.SetOpening(ctx, "a", "2026-03-02", domain.Opening{TS: 1_772_400_000, Claimed: most}))
		old := domain.DayReport{Vault: "a", Day: "2026-03-01", State: domain.Complete}
		report := domain.DayReport{Vault: "a", Day: "2026-03-02", State: domain.Complete, Result: domain.Reconciliation{Residual: most}}
		require.NoError(t, s.SaveReport(ctx, old))
		require.NoError(t, s.SaveReport(ctx, report))
		got, err := s.NewestPlans(ctx)
		require.NoError(t, err)
		opened := int64(1_772_400_000)
		require.Equal(t, map[string]domain.BookedDay{
			"a": {Vault: "a", Day: "2026-03-02", Hash: a2.Hash, Opened: &opened, Report: &report},
			"b": {Vault: "b", Day: "2026-03-01", Hash: b1.Hash},
		}, got)
		require.NoError(t, s.ClearOpening(ctx, "a", "2026-03-02"))
		got, err = s.NewestPlans(ctx)
		require.NoError(t, err)
		require.Nil(t, got["a"].Opened, "an opening that was rolled back is none")
	})
	t.Run("booked days are those of the plans and of reports without one", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		a2, a3 := planOf(t, s, "a", "2026-03-02"), planOf(t, s, "a", "2026-03-03")
		planOf(t, s, "a", "2026-03-04")
		lost := domain.DayReport{Vault: "b", Day: "2026-03-02", State: domain.CompleteUnreconciled}
		require.NoError(t, s.SaveReport(ctx, lost))
		require.NoError(t, s.SaveReport(ctx, domain.DayReport{Vault: "b", Day: "2026-03-05", State: domain.Complete}))
		want := []domain.BookedDay{
			{Vault: "a", Day: "2026-03-02", Hash: a2.Hash},
			{Vault: "a", Day: "2026-03-03", Hash: a3.Hash},
			{Vault: "b", Day: "2026-03-02", Report: &lost},
		}
		got, err := s.BookedDays(ctx, "", "2026-03-02", "2026-03-03")
		require.NoError(t, err)
		require.Equal(t, want, got)
		got, err = s.BookedDays(ctx, "b", "2026-03-02", "2026-03-03")
		require.NoError(t, err)
		require.Equal(t, want[2:], got)
		got, err = s.BookedDays(ctx, "nobody", "2026-03-02", "2026-03-03")
		require.NoError(t, err)
		require.Empty(t, got)
	})
	t.Run("the volume grows with what is stored", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		empty, err := s.Volume(ctx)
		require.NoError(t, err)
		require.Zero(t, empty.VaultDays)
		require.Empty(t, empty.First)
		require.NoError(t, s.SaveReport(ctx, domain.DayReport{Vault: "b", Day: "2026-03-05", State: domain.Complete}))
		require.NoError(t, s.SaveReport(ctx, domain.DayReport{Vault: "b", Day: "2026-03-07", State: domain.Complete}))
		for i := range 50 {
			in := Intent(string(rune('A'+i)), string(rune('A'+i)), i)
			in.Raw = unpackable(t, i, 40_000)
			require.NoError(t, s.InsertIntent(ctx, in))
		}
		full, err := s.Volume(ctx)
		require.NoError(t, err)
		require.Equal(t, 2, full.VaultDays)
		require.Equal(t, []domain.Day{"2026-03-05", "2026-03-07"}, []domain.Day{full.First, full.Last})
		require.Greater(t, full.Bytes, empty.Bytes+1_000_000)
	})
}

func costs(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("fees are summed by vault, day, kind and fate", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		put := func(sig, v string, d domain.Day, kind domain.IntentKind, u store.IntentUpdate) {
			in := Intent(sig, sig, 1)
			in.Vault, in.Day, in.Kind = v, d, kind
			require.NoError(t, s.InsertIntent(ctx, in))
			require.NoError(t, s.SettleIntent(ctx, sig, u))
		}
		final := func(fee uint64) store.IntentUpdate {
			return store.IntentUpdate{State: domain.IntentFinalized, FeeLamports: fee}
		}
		put("1", "a", "2026-03-01", domain.IntentPage, final(5_000))
		put("2", "a", "2026-03-01", domain.IntentPage, final(1<<53+1))
		put("3", "a", "2026-03-01", domain.IntentPage, store.IntentUpdate{State: domain.IntentFailed, FeeLamports: 7})
		put("4", "a", "2026-03-01", domain.IntentAccounts, final(9))
		put("5", "b", "2026-03-02", domain.IntentPage, store.IntentUpdate{State: domain.IntentExpired})
		put("6", "b", "2026-03-03", domain.IntentPage, final(1))
		got, err := s.IntentCosts(ctx, "2026-03-01", "2026-03-02")
		require.NoError(t, err)
		require.Equal(t, []domain.IntentCost{
			{Vault: "a", Day: "2026-03-01", Kind: domain.IntentAccounts, State: domain.IntentFinalized, Count: 1, FeeLamports: 9},
			{Vault: "a", Day: "2026-03-01", Kind: domain.IntentPage, State: domain.IntentFailed, Count: 1, FeeLamports: 7},
			{Vault: "a", Day: "2026-03-01", Kind: domain.IntentPage, State: domain.IntentFinalized, Count: 2, FeeLamports: 1<<53 + 5_001},
			{Vault: "b", Day: "2026-03-02", Kind: domain.IntentPage, State: domain.IntentExpired, Count: 1},
		}, got)
		landed, err := s.LandedIntents(ctx, domain.IntentAccounts, "2026-03-01", "2026-03-31")
		require.NoError(t, err)
		require.Equal(t, []string{"4"}, []string{landed[0].Signature})
	})
	t.Run("efforts are those of the runs that are named", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		step := func(run string, attempt int32, ok bool, requests uint64, hours int) {
			require.NoError(t, s.RecordOperation(ctx, domain.Operation{
				Name: "SendPage", RunID: run, Attempt: attempt, OK: ok, Requests: requests, Started: At(0).Add(time.Duration(hours) * time.Hour), Duration: time.Second,
			}))
		}
		step("r1", 1, false, 3, 0)
		step("r1", 2, true, 4, 0)
		step("r2", 1, true, 5, 2)
		runs := []string{"r1", "nobody"}
		for range 600 { // More than one query takes.
			runs = append(runs, "another")
		}
		got, err := s.Efforts(ctx, append(runs, "r2"))
		require.NoError(t, err)
		require.Equal(t, map[string]domain.Effort{"r1": {Steps: 2, Retries: 1, Failures: 1, Requests: 7}, "r2": {Steps: 1, Requests: 5}}, got)

		load, err := s.Load(ctx, At(0), At(0).Add(3*time.Hour))
		require.NoError(t, err)
		hour := At(0).Truncate(time.Hour)
		require.Equal(t, []domain.HourLoad{{Hour: hour, Requests: 7}, {Hour: hour.Add(2 * time.Hour), Requests: 5}}, load)

		var seen []domain.Operation
		visit := func(o domain.Operation) error { seen = append(seen, o); return nil }
		require.NoError(t, s.EachOperation(ctx, At(0), At(0).Add(time.Hour), visit))
		all, err := s.Operations(ctx, At(0), At(0).Add(time.Hour))
		require.NoError(t, err)
		require.ElementsMatch(t, all, seen)
		require.Len(t, seen, 2)
		require.ErrorIs(t, s.EachOperation(ctx, At(0), At(9), func(domain.Operation) error { return store.ErrInvalid }), store.ErrInvalid)
	})
}

func statements(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("an investor finds every outcome by wallet or stream, with the day's token", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		usdc := domain.Token{Mint: "u", Symbol: "USDC", Decimals: 6}
		paid, would := domain.Amount(most), domain.Amount(9)
		for _, d := range []domain.Day{"2026-03-01", "2026-03-02"} {
			require.NoError(t, s.SaveReport(ctx, domain.DayReport{Vault: "a", Day: d, State: domain.Complete, Token: usdc}))
			require.NoError(t, s.SaveOutcomes(ctx, "a", d, []domain.Outcome{
				{Index: 0, Stream: "s1", Recipient: "ann", Planned: most, Paid: most, Signature: "sig", Reason: domain.ReasonPaid},
				{Index: 1, Stream: "s2", Recipient: "bob", Planned: 1, Paid: 1, Reason: domain.ReasonPaid},
				{Index: -1, Stream: "s3", Recipient: "ann", Reason: domain.ReasonQuarantined, Note: "closed"},
			}))
		}
		require.NoError(t, s.SaveArrears(ctx, "a", "2026-03-02", []domain.Arrear{
			{Vault: "a", Day: "2026-03-02", Stream: "s3", Recipient: "ann", Reason: domain.ReasonQuarantined, Would: &would, Token: usdc, State: domain.ArrearOpen},
		}))
		zero := domain.Amount(0)
		one := func(d domain.Day) domain.StatementLine {
			return domain.StatementLine{Vault: "a", Day: d, Stream: "s1", Recipient: "ann", Planned: most, Paid: &paid, Token: usdc, Reason: domain.ReasonPaid, Signature: "sig"}
		}
		left := func(d domain.Day) domain.StatementLine {
			return domain.StatementLine{Vault: "a", Day: d, Stream: "s3", Recipient: "ann", Paid: &zero, Token: usdc, Reason: domain.ReasonQuarantined, Note: "closed"}
		}
		owed := left("2026-03-02")
		owed.Arrear, owed.Would = domain.ArrearOpen, &would
		got, err := s.Statement(ctx, "ann", "", "")
		require.NoError(t, err)
		require.Equal(t, []domain.StatementLine{one("2026-03-01"), left("2026-03-01"), one("2026-03-02"), owed}, got)
		got, err = s.Statement(ctx, "ann", "2026-03-02", "2026-03-02")
		require.NoError(t, err)
		require.Equal(t, []domain.StatementLine{one("2026-03-02"), owed}, got)
		got, err = s.Statement(ctx, "s3", "", "2026-03-01")
		require.NoError(t, err)
		require.Equal(t, []domain.StatementLine{left("2026-03-01")}, got)
		got, err = s.Statement(ctx, "nobody", "", "")
		require.NoError(t, err)
		require.Empty(t, got)
	})
}

func evidence(t *testing.T, open func(*testing.T) *store.Store) {
	t.Run("checks and strangers are counted over days", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		for i, result := range []domain.CheckResult{domain.CheckOK, domain.CheckOK, domain.CheckFail} {
			require.NoError(t, s.SaveChecks(ctx, string(rune('a'+i)), day, domain.Checks{{Row: "P18", Name: "x", Result: result}, {Row: "P01", Name: "y", Result: domain.CheckWarn}}))
		}
		got, err := s.CheckResults(ctx, "P18", day, day)
		require.NoError(t, err)
		require.Equal(t, map[domain.CheckResult]int{domain.CheckOK: 2, domain.CheckFail: 1}, got)
		got, err = s.CheckResults(ctx, "P18", "2026-03-02", "2026-03-09")
		require.NoError(t, err)
		require.Empty(t, got)

		all, strangers, err := s.PagesOfStrangers(ctx, day, day)
		require.NoError(t, err)
		require.Zero(t, all+strangers)
		theirs := page(15, "b")
		theirs.Ours = false
		require.NoError(t, s.SavePage(ctx, page(0, "a")))
		require.NoError(t, s.SavePage(ctx, theirs))
		all, strangers, err = s.PagesOfStrangers(ctx, day, day)
		require.NoError(t, err)
		require.Equal(t, []int{2, 1}, []int{all, strangers})
	})
}

// unpackable returns bytes that no database can store in fewer: PostgreSQL packs large values, and zeros take no room at all.
func unpackable(t *testing.T, seed, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	_, err := rand.NewChaCha8([32]byte{byte(seed)}).Read(b)
	require.NoError(t, err)
	return b
}
