package domain_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

var band = domain.Band{Least: 5, ClaimedFactor: 5, LargestFactor: 5, ShareBPS: 2_000, InvestorsPercent: 25}

func usual(n int) []domain.PlanFigures {
	out := make([]domain.PlanFigures, n)
	for i := range out {
		out[i] = domain.PlanFigures{Claimed: domain.Amount(1_000_000 + i), ShareBPS: 7_000, Investors: 100, Largest: 50_000}
	}
	return out
}

func TestAnomaly_OnlyWhatLiesOutsideTheVaultsOwnBand(t *testing.T) {
	tests := []struct {
		name string
		past []domain.PlanFigures
		give func(*domain.PlanFigures)
		want []string
	}{
		{"a day like the others", usual(14), func(*domain.PlanFigures) {}, nil},
		{"five times more is still within", usual(14), func(f *domain.PlanFigures) { f.Claimed = 5_000_000 }, nil},
		{"more", usual(14), func(f *domain.PlanFigures) { f.Claimed = 5_000_100 }, []string{"claimed"}},
		{"less", usual(14), func(f *domain.PlanFigures) { f.Claimed = 199_000 }, []string{"claimed"}},
		{"all of it to one", usual(14), func(f *domain.PlanFigures) { f.Largest = 700_000 }, []string{"largest"}},
		{"a small largest harms nobody", usual(14), func(f *domain.PlanFigures) { f.Largest = 1 }, nil},
		{"another share", usual(14), func(f *domain.PlanFigures) { f.ShareBPS = 9_001 }, []string{"share"}},
		{"half of the investors are gone", usual(14), func(f *domain.PlanFigures) { f.Investors = 50 }, []string{"investors"}},
		{"a quarter more", usual(14), func(f *domain.PlanFigures) { f.Investors = 125 }, nil},
		{"too short a past says nothing", usual(4), func(f *domain.PlanFigures) { f.Claimed = math.MaxUint64 }, nil},
		{"everything at once, at the largest amounts", usual(14), func(f *domain.PlanFigures) {
			*f = domain.PlanFigures{Claimed: math.MaxUint64, ShareBPS: 10_000, Investors: 1, Largest: math.MaxUint64}
		}, []string{"claimed", "share", "investors", "largest"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := usual(1)[0]
			tt.give(&now)
			var got []string
			for _, a := range band.Judge(now, tt.past) {
				got = append(got, a.Figure)
				require.NotEmpty(t, a.Usual+a.Band)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestAnomaly_ANewLevelIsUsualAfterTwoDays(t *testing.T) {
	past := usual(14)
	now := past[0]
	now.Claimed *= 20
	require.NotEmpty(t, band.Judge(now, past), "the first day of it")
	past = append([]domain.PlanFigures{now}, past...)
	require.NotEmpty(t, band.Judge(now, past), "one checkpoint is not enough")
	past = append([]domain.PlanFigures{now}, past...)
	require.Empty(t, band.Judge(now, past), "two are")
	require.Empty(t, band.Judge(usual(1)[0], past), "back at the old level is usual as well")
}

func TestAnomaly_ADayEqualToItsPastNeverWaits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := domain.PlanFigures{
			Claimed: domain.Amount(rapid.Uint64().Draw(t, "claimed")), ShareBPS: rapid.Uint64Range(0, 10_000).Draw(t, "share"),
			Investors: rapid.IntRange(0, 10_000).Draw(t, "investors"), Largest: domain.Amount(rapid.Uint64().Draw(t, "largest")),
		}
		past := make([]domain.PlanFigures, rapid.IntRange(0, 20).Draw(t, "days"))
		for i := range past {
			past[i] = f
		}
		require.Empty(t, band.Judge(f, past))
	})
}

func TestPlanFigures_TheOpeningIsBetterThanTheForecast(t *testing.T) {
	m := domain.Manifest{Day: "2026-11-25", Claimable: 100, Pool: 70, Creator: 30, Entries: []domain.Entry{{Expected: 20}, {Expected: 50}}}
	require.Equal(t, domain.PlanFigures{Day: "2026-11-25", Claimed: 100, ShareBPS: 7_000, Investors: 2, Largest: 50}, domain.PlanFiguresOf(m))
	m.Opening = &domain.Opening{Claimed: 200, Pool: 100, Creator: 100, Expected: []domain.Amount{90, 10}}
	require.Equal(t, domain.PlanFigures{Day: "2026-11-25", Claimed: 200, ShareBPS: 5_000, Investors: 2, Largest: 90}, domain.PlanFiguresOf(m))
	require.Zero(t, domain.PlanFiguresOf(domain.Manifest{}).ShareBPS)
	require.EqualValues(t, 10_000, domain.PlanFiguresOf(domain.Manifest{Pool: math.MaxUint64}).ShareBPS)
}
