package domain

import (
	"fmt"
	"math/bits"
	"slices"
)

// PlanFigures are what of a day is compared with the vault's own past.
type PlanFigures struct {
	Day       Day    `json:"day"`
	Claimed   Amount `json:"claimed"`   // Fees, in base units.
	ShareBPS  uint64 `json:"share_bps"` // Of them that goes to the investors.
	Investors int    `json:"investors"` // Who are to be paid.
	Largest   Amount `json:"largest"`   // Largest single payout.
}

// PlanFiguresOf takes them from a plan: exact once the chain has opened the day, a forecast before.
func PlanFiguresOf(m Manifest) PlanFigures {
	f := PlanFigures{Day: m.Day, Claimed: m.Claimable, Investors: len(m.Entries)}
	pool, creator := m.Pool, m.Creator
	if m.Opening != nil {
		f.Claimed, pool, creator = m.Opening.Claimed, m.Opening.Pool, m.Opening.Creator
	}
	if high, low := bits.Mul64(uint64(pool), 10_000); uint64(pool)+uint64(creator) > high && uint64(pool)+uint64(creator) >= uint64(pool) {
		f.ShareBPS, _ = bits.Div64(high, low, uint64(pool)+uint64(creator))
	}
	for i := range m.Entries {
		f.Largest = max(f.Largest, m.Planned(i))
	}
	return f
}

// Band says how far a day's figures may lie from the vault's own past.
type Band struct {
	Least            int    `json:"least"`             // Days of the past that are needed to judge; with fewer nothing is outside.
	ClaimedFactor    uint64 `json:"claimed_factor"`    // Times more, or less.
	LargestFactor    uint64 `json:"largest_factor"`    // Times more. A smaller largest payout harms nobody.
	ShareBPS         uint64 `json:"share_bps"`         // Basis points more, or less.
	InvestorsPercent uint64 `json:"investors_percent"` // Of their number, more or less.
}

// Anomaly is one figure outside its band.
type Anomaly struct {
	Figure string `json:"figure"` // claimed, share, investors or largest.
	Is     string `json:"is"`
	Usual  string `json:"usual"` // Median of the past.
	Band   string `json:"band"`
}

// Judge holds a day against the days before it, newest first. A figure is usual when it lies within the band around the
// median of the past, or around each of the last two days: after a change of regime that somebody approved twice, the new
// level is the usual one (two checkpoints).
func (b Band) Judge(now PlanFigures, past []PlanFigures) []Anomaly {
	if len(past) < max(b.Least, 1) {
		return nil
	}
	var out []Anomaly
	for _, one := range []struct {
		name, band string
		of         func(PlanFigures) uint64
		within     func(is, usual uint64) bool
	}{
		{"claimed", fmt.Sprintf("at most %d times more or less", b.ClaimedFactor), func(f PlanFigures) uint64 { return uint64(f.Claimed) }, func(is, usual uint64) bool {
			return !times(is, usual, b.ClaimedFactor) && !times(usual, is, b.ClaimedFactor)
		}},
		{"share", fmt.Sprintf("at most %d basis points more or less", b.ShareBPS), func(f PlanFigures) uint64 { return f.ShareBPS }, func(is, usual uint64) bool {
			return max(is, usual)-min(is, usual) <= b.ShareBPS
		}},
		{"investors", fmt.Sprintf("at most %d %% more or less", b.InvestorsPercent), func(f PlanFigures) uint64 { return uint64(f.Investors) }, func(is, usual uint64) bool {
			return (max(is, usual)-min(is, usual))*100 <= usual*b.InvestorsPercent
		}},
		{"largest", fmt.Sprintf("at most %d times more", b.LargestFactor), func(f PlanFigures) uint64 { return uint64(f.Largest) }, func(is, usual uint64) bool {
			return !times(is, usual, b.LargestFactor)
		}},
	} {
		values := make([]uint64, len(past))
		for i, f := range past {
			values[i] = one.of(f)
		}
		is, usual := one.of(now), median(values)
		regime := len(values) >= 2 && one.within(is, values[0]) && one.within(is, values[1])
		if !one.within(is, usual) && !regime {
			out = append(out, Anomaly{Figure: one.name, Is: fmt.Sprint(is), Usual: fmt.Sprint(usual), Band: one.band})
		}
	}
	return out
}

// times says whether a is more than factor times b. The product may be larger than 64 bits.
func times(a, b, factor uint64) bool {
	high, low := bits.Mul64(b, factor)
	return high == 0 && a > low
}

// median is a value that occurred: the upper of the two in the middle.
func median(values []uint64) uint64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
