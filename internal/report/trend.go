package report

import (
	"fmt"
	"math/bits"
)

// Words of a trend.
const (
	trendUp           = "up"
	trendDown         = "down"
	trendSteady       = "steady"
	trendInsufficient = "insufficient data"
)

// Rules of the trends. A trend needs days enough on both sides; a few days say nothing.
const (
	trendDays    = 14  // With data, in each window.
	steadyWithin = 500 // Hundredths of a per cent.
)

// Trend is a figure against the window before (O02).
type Trend struct {
	Name   string `json:"name"`
	Unit   string `json:"unit"`
	Before string `json:"before"` // A number, or "no data".
	Now    string `json:"now"`
	Change string `json:"change,omitempty"` // Signed per cent with two decimals.
	Word   string `json:"trend"`
	Rule   string `json:"rule"` // Why it is insufficient, or what "steady" means.
}

// figure is a number that may not be known.
type figure struct {
	value uint64
	known bool
}

func known(v uint64) figure { return figure{v, true} }

func (f figure) text() string {
	if !f.known {
		return noData
	}
	return fmt.Sprint(f.value)
}

// trendOf compares. beforeDays and nowDays are the days with data in each window.
func trendOf(name, unit string, before, now figure, beforeDays, nowDays int) Trend {
	t := Trend{Name: name, Unit: unit, Before: before.text(), Now: now.text(), Word: trendInsufficient}
	switch {
	case beforeDays < trendDays || nowDays < trendDays:
		t.Rule = fmt.Sprintf("needs %d days with data in both windows; has %d and %d", trendDays, beforeDays, nowDays)
		return t
	case !before.known || !now.known || before.value == 0:
		t.Rule = "there is nothing to compare with"
		return t
	}
	t.Rule = fmt.Sprintf("steady means less than %d %% either way", steadyWithin/100)
	sign, change := "+", hundredths(now.value, before.value)
	if now.value < before.value {
		sign = "−"
	}
	t.Change = fmt.Sprintf("%s%d.%02d %%", sign, change/100, change%100)
	switch {
	case change < steadyWithin:
		t.Word = trendSteady
	case now.value > before.value:
		t.Word = trendUp
	default:
		t.Word = trendDown
	}
	return t
}

// hundredths is the distance of two numbers in hundredths of a per cent of the second, which is not 0.
func hundredths(a, b uint64) uint64 {
	hi, lo := bits.Mul64(max(a, b)-min(a, b), 10_000)
	if hi >= b {
		return ^uint64(0)
	}
	out, _ := bits.Div64(hi, lo, b)
	return out
}
