package bench

import "slices"

// percentile is the smallest value that at least p percent of all are not above (nearest rank). It is one that was
// measured and never one in between. No values have none: nil.
func percentile(values []float64, p int) *float64 {
	if len(values) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := (len(sorted)*min(max(p, 0), 100) + 99) / 100
	return &sorted[max(rank, 1)-1]
}

// median is percentile 50, and 0 without values, for figures that stand beside their number of values.
func median(values []float64) float64 { return deref(percentile(values, 50)) }

func deref(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

// per divides, and gives 0 over nothing.
func per(sum float64, n int) float64 {
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}
