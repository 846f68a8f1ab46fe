package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// tomorrowRow is what distribute --dry-run --tomorrow adds to a plan.
type tomorrowRow struct {
	Tomorrow    bool                     `json:"tomorrow,omitempty"`
	WeighedAt   int64                    `json:"weighed_at,omitempty"` // Unix seconds of the chain's clock.
	LowerBound  bool                     `json:"claimable_is_lower_bound,omitempty"`
	Assumptions []string                 `json:"assumptions,omitempty"`
	Difference  *distribution.Difference `json:"difference,omitempty"` // Absent when the books know no opened day.
}

// shadows plans every vault's next day. Nothing is stored.
func (d *desk) shadows(ctx context.Context, ids []string) ([]planRow, error) {
	rows := make([]planRow, 0, len(ids))
	for _, id := range ids {
		s, err := d.service.Tomorrow(ctx, id)
		if err != nil {
			return nil, err
		}
		rows = append(rows, shadowOf(s))
	}
	return rows, nil
}

// shadowOf is the plan's row as if the day were due. Due and the time until then are the real ones.
func shadowOf(s distribution.Shadow) planRow {
	row := planOf(s.Evidence, distribution.Evaluate(s.Evidence))
	row.Due, row.UntilDue = s.Timing.Due(), int64(s.Timing.UntilDue()/time.Second)
	row.tomorrowRow = tomorrowRow{Tomorrow: true, WeighedAt: s.At, LowerBound: true, Assumptions: s.Assumptions, Difference: s.Difference}
	if row.State == domain.Ready {
		row.Reason = "as if due at " + time.Unix(s.At, 0).UTC().Format(time.RFC3339)
	}
	return row
}

// shownChanges is how many changes of a kind the table shows; --json has all.
const shownChanges = 15

func (c *cli) printTomorrow(p planRow) {
	for _, a := range p.Assumptions {
		fmt.Fprintln(c.stdout, wrap("  "+a, width))
	}
	d := p.Difference
	if d == nil {
		return
	}
	bare := p.Token
	bare.Symbol = "" // The title has it.
	t := newTable(fmt.Sprintf("%s: from %s to %s, in %s", p.ID, d.Before.Day, d.After.Day, p.Token.Symbol), "", "Before", "After")
	for _, row := range []struct {
		name          string
		before, after string
	}{
		{"streams on the list", fmt.Sprint(d.Before.Streams), fmt.Sprint(d.After.Streams)},
		{"left out", fmt.Sprint(d.Before.LeftOut), fmt.Sprint(d.After.LeftOut)},
		{"claimed", bare.Format(d.Before.Claimed), "at least " + bare.Format(d.After.Claimed)},
		{"dust in", bare.Format(d.Before.DustIn), bare.Format(d.After.DustIn)},
		{"pool", bare.Format(d.Before.Pool), bare.Format(d.After.Pool)},
		{"investors", bare.Format(d.Before.Investors), bare.Format(d.After.Investors)},
		{"creator", bare.Format(d.Before.Creator), bare.Format(d.After.Creator)},
	} {
		t.AppendRow([]any{row.name, row.before, row.after})
	}
	rightFrom(t, 2, 3)
	fmt.Fprintln(c.stdout, t.Render())
	fmt.Fprintf(c.stdout, "%d new, %d gone, %d moved to another recipient, %d with another amount, %d unchanged\n",
		len(d.New), len(d.Gone), len(d.Moved), len(d.Changed), d.Unchanged)
	if !d.Empty() {
		c.printChanges(*d, bare)
	}
}

// printChanges lists who is concerned, the rarer kinds first.
func (c *cli) printChanges(d distribution.Difference, token domain.Token) {
	t := newTable("", "Change", "Stream", "Before", "After", "Note")
	hidden := 0
	for _, kind := range []struct {
		name string
		list []distribution.Change
	}{{"new", d.New}, {"gone", d.Gone}, {"moved", d.Moved}, {"changed", d.Changed}} {
		for _, change := range kind.list[:min(shownChanges, len(kind.list))] {
			note := change.Note
			if kind.name == "moved" {
				note = short(change.RecipientBefore) + " → " + short(change.RecipientAfter)
			}
			t.AppendRow(table.Row{kind.name, short(change.Stream), optional(token, change.Before), optional(token, change.After), note})
		}
		hidden += max(0, len(kind.list)-shownChanges)
	}
	rightFrom(t, 3, 4)
	fmt.Fprintln(c.stdout, t.Render())
	if hidden > 0 {
		fmt.Fprintf(c.stdout, "%d more; --json has all with whole addresses\n", hidden)
	}
}

// optional writes an amount that may not be there.
func optional(t domain.Token, a *domain.Amount) string {
	if a == nil {
		return "—"
	}
	return t.Format(*a)
}

// short keeps both ends of an address, which is what people compare.
func short(address string) string {
	if len(address) <= 12 {
		return address
	}
	return address[:5] + "…" + address[len(address)-5:]
}
