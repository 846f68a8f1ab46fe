package report

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestW10_PageSizesFollowAVaultsOwnPages(t *testing.T) {
	pages := func(n int, each time.Duration) []time.Duration { return slices.Repeat([]time.Duration{each}, n) }
	tests := []struct {
		name   string
		give   VaultPages
		took   []time.Duration
		failed int
		want   uint32
		why    string
	}{
		{"too few say nothing", VaultPages{"v", 20, 50}, pages(19, time.Second), 0, 20, "insufficient data"},
		{"slow pages get shorter", VaultPages{"v", 20, 50}, pages(20, 31*time.Second), 0, 15, "slow"},
		{"a slow one among fast ones changes nothing", VaultPages{"v", 20, 50}, append(pages(30, 15*time.Second), time.Hour), 0, 20, "median"},
		{"never below five", VaultPages{"v", 6, 50}, pages(20, time.Minute), 0, 5, "slow"},
		{"fast pages get longer", VaultPages{"v", 20, 50}, pages(20, time.Second), 0, 25, "fast"},
		{"not when many fail", VaultPages{"v", 20, 50}, pages(19, time.Second), 1, 20, "95 %"},
		{"no longer than a transaction", VaultPages{"v", 18, 19}, pages(20, time.Second), 0, 19, "fast"},
		{"as long as a transaction", VaultPages{"v", 19, 19}, pages(20, time.Second), 0, 19, "as long as a transaction"},
		{"failures alone are no data", VaultPages{"v", 20, 50}, nil, 40, 20, "insufficient data"},
		{"no plan", VaultPages{"v", 0, 50}, pages(20, time.Second), 0, 0, "no plan"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := adviseSize(tt.give, tt.took, tt.failed)
			require.Equal(t, tt.want, got.Proposed, got.Why)
			require.Contains(t, got.Why, tt.why)
		})
	}
}

func TestW10_AProposalIsAlwaysASmallStepWithinTheBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := VaultPages{"v", rapid.Uint32Range(1, 50).Draw(t, "size"), rapid.Uint32Range(1, 50).Draw(t, "most")}
		v.Size = min(v.Size, v.Most)
		each := time.Duration(rapid.Int64Range(1, int64(2*time.Minute)).Draw(t, "each"))
		a := adviseSize(v, slices.Repeat([]time.Duration{each}, rapid.IntRange(0, 60).Draw(t, "pages")), rapid.IntRange(0, 60).Draw(t, "failed"))
		require.LessOrEqual(t, a.Proposed, v.Most)
		require.Positive(t, a.Proposed)
		require.LessOrEqual(t, max(a.Proposed, v.Size)-min(a.Proposed, v.Size), uint32(pageStepBy))
	})
}
