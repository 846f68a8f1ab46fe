package safety

import (
	"math"
	"slices"
)

// Percentile is the value that p per cent of the samples do not exceed (nearest rank): never a figure between two that
// were measured. Of no samples it is 0; callers say "no data".
func Percentile(samples []float64, p float64) float64 {
	if len(samples) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(samples))
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
