package web

import (
	"math/bits"
	"net/url"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

const (
	historyDays = 60 // Read for the table.
	chartDays   = 30 // Drawn: so many bars are told apart on a phone.
	chartHeight = 100
	chartColumn = 10
)

// historyView is what a vault claimed and paid, day by day.
type historyView struct {
	Rows  []historyRow // Newest first.
	Chart *chart       // Nil without a finished day.
	Fees  domain.Amount
	Token domain.Token
}

// historyRow is one day of the table.
type historyRow struct {
	domain.DayReport

	Link     string
	Current  bool
	Assessed bool // Its figures are reconciled ones.
}

// chart are bars in a box of chartColumn by chartHeight for each day. The page stretches the box; words stand beside it.
type chart struct {
	Width, Height int
	Bars          []bar
	Top, Middle   string // What the upper edge and the middle stand for.
	First, Last   domain.Day
	Alt           string
}

// bar is one rectangle.
type bar struct {
	X, Y, W, H int
	Kind       string // claimed, paid or gap.
	Tip        string
}

func history(vault string, now domain.Day, reports []domain.DayReport) historyView {
	var v historyView
	for _, r := range reports {
		v.Rows = append(v.Rows, historyRow{
			DayReport: r, Link: vaultLink(vault) + "?" + url.Values{"day": {string(r.Day)}}.Encode(), Current: r.Day == now,
			Assessed: r.State == domain.Complete || r.State == domain.CompleteUnreconciled,
		})
		if sum, err := v.Fees.Add(domain.Amount(r.FeeLamports)); err == nil {
			v.Fees = sum
		}
		v.Token = r.Token
	}
	v.Chart = draw(v.Rows)
	return v
}

// draw makes the bars of the newest days, one column a calendar day. A day without reconciled figures is a gap and not a
// zero.
func draw(rows []historyRow) *chart {
	byDay := map[domain.Day]historyRow{}
	var first, last domain.Day
	var most domain.Amount
	for _, r := range rows {
		if !r.Assessed {
			continue
		}
		if last == "" {
			last = r.Day
		}
		n, err := last.Since(r.Day)
		if err != nil || n >= chartDays {
			break
		}
		byDay[r.Day], first = r, r.Day
		most = max(most, r.Result.Claimed, r.Result.Paid)
	}
	if last == "" {
		return nil
	}
	token := byDay[last].Token
	days, err := last.Since(first)
	if err != nil {
		return nil
	}
	c := &chart{Width: (days + 1) * chartColumn, Height: chartHeight, Top: token.Format(most), Middle: token.Format(most / 2), First: first, Last: last}
	begin, err := time.Parse(time.DateOnly, string(first))
	if err != nil {
		return nil
	}
	for i := range days + 1 {
		day := domain.Day(begin.AddDate(0, 0, i).Format(time.DateOnly))
		x := i * chartColumn
		r, ok := byDay[day]
		if !ok {
			c.Bars = append(c.Bars, bar{X: x + 1, Y: chartHeight - 1, W: chartColumn - 2, H: 1, Kind: "gap", Tip: string(day) + ": no data"})
			continue
		}
		for _, one := range []struct {
			kind   string
			amount domain.Amount
			at     int
		}{{"claimed", r.Result.Claimed, 1}, {"paid", r.Result.Paid, 5}} {
			h := scale(one.amount, most, chartHeight)
			c.Bars = append(c.Bars, bar{X: x + one.at, Y: chartHeight - h, W: 4, H: h, Kind: one.kind, Tip: string(day) + ": " + one.kind + " " + token.Format(one.amount)})
		}
	}
	c.Alt = "Bars of what was claimed and what investors were paid, " + string(first) + " to " + string(last) + ", at most " + token.Format(most) + " a day. The table below has every figure."
	return c
}

// scale gives a's share of most as a height, rounded up so that something is never drawn as nothing. The product has 128
// bits: amounts are whole u64.
func scale(a, most domain.Amount, height int) int {
	if a == 0 || most == 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(a), uint64(height))
	q, rem := bits.Div64(hi, lo, uint64(most)) // Never too large: a is at most most.
	if rem > 0 {
		q++
	}
	return int(q)
}
