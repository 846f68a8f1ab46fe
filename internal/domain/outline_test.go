package domain_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// TestOutline_SaysWhatItsPlanSays holds it against the plan: for every cursor, before and after the opening, and where
// sums no longer fit.
func TestOutline_SaysWhatItsPlanSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Custom(func(t *rapid.T) domain.Amount {
			most := rapid.SampledFrom([]uint64{0, 1_000, math.MaxUint64 / 3, math.MaxUint64}).Draw(t, "most")
			return domain.Amount(rapid.Uint64Range(0, most).Draw(t, "amount"))
		})
		ts := rapid.Int64Range(0, 4*domain.DaySeconds)
		n := rapid.IntRange(0, 8).Draw(t, "investors")
		m := domain.Manifest{
			Vault: "v", Creator: amount.Draw(t, "creator"), PrevTS: ts.Draw(t, "before"), ChainTime: ts.Draw(t, "seen"),
			Quarantined: make([]domain.Quarantined, rapid.IntRange(0, 3).Draw(t, "quarantined")), Pages: domain.PlanPages(n, 2),
		}
		for i := range n {
			m.Entries = append(m.Entries, domain.Entry{Index: i, Expected: amount.Draw(t, "expected")})
		}
		if rapid.Bool().Draw(t, "opened") {
			m.Opening = &domain.Opening{TS: ts.Draw(t, "opening"), Creator: amount.Draw(t, "creator then")}
			for range n {
				m.Opening.Expected = append(m.Opening.Expected, amount.Draw(t, "exact"))
			}
		}
		o := m.Outline()
		require.Equal(t, n, o.Investors)
		require.Equal(t, len(m.Quarantined), o.Quarantined)
		for cursor := range uint32(n + 3) { // The program moves it past the end as well.
			want, wrong := m.Owed(cursor)
			got, err := o.Owed(cursor)
			require.Equal(t, wrong == nil, err == nil)
			require.Equal(t, want, got)
			if err != nil {
				require.ErrorIs(t, err, domain.ErrOverflow)
			}
		}
		at := ts.Draw(t, "asked")
		require.Equal(t, m.Opens(at), o.Opens(at))
		if m.Opening != nil {
			require.True(t, o.Opens(m.Opening.TS))
			require.Len(t, m.Opening.Expected, n, "the plan itself keeps its lists")
		}
		require.Len(t, m.Entries, n)
	})
}
