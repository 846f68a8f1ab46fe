package bench

import (
	"fmt"
	"strconv"
	"strings"
)

// Table is a result for people. The first column is a name, the others are figures.
type Table struct {
	Name   string // As docs/scaling.md calls for it.
	Title  string
	Header []string
	Rows   [][]string
}

// NoFigure stands where nothing was measured: never a 0.
const NoFigure = "no data"

// Markdown is the table for a document.
func (t Table) Markdown() string {
	var b strings.Builder
	line := func(cells []string) {
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	line(t.Header)
	rule := make([]string, len(t.Header))
	for i := range rule {
		if rule[i] = "---"; i > 0 {
			rule[i] = "---:"
		}
	}
	line(rule)
	for _, r := range t.Rows {
		line(r)
	}
	return b.String()
}

// Tables are the result for people.
func (r Result) Tables() []Table {
	out := []Table{r.pace(), r.cost(), r.watch()}
	if r.Peer != nil {
		out = append(out, r.Peer.table(), r.Peer.words())
	}
	return append(out, r.summary())
}

// summary is the contract's figures with the bars of DESIGN.md §7.
func (r Result) summary() Table {
	t := Table{Name: "figures", Title: "Figures", Header: []string{"Figure", "Measured", "Bar"}}
	bars := map[string]string{
		"slots_per_page": "≤ 2", "orchestration_ms_per_page": "≤ 100", "tick_ms_1000": "< 2000", "tick_requests_1000": "≤ 40",
		"stop_p99_ms": "≤ 1000", "rss_mib": "≤ 200",
	}
	for _, f := range figures() {
		bar := bars[f.name]
		if bar == "" {
			bar = "–"
		}
		t.Rows = append(t.Rows, []string{f.name, show(f.of(r)), bar})
	}
	return t
}

// pace says how fast days were paid.
func (r Result) pace() Table {
	t := Table{
		Name:   "pace",
		Title:  "How fast days are paid, all vaults side by side, one worker",
		Header: []string{"Vaults × investors", "Day", "Paid", "Pages", "Closed s", "Pages/s", "Investors a second", "Settled s", "One day p99 s", "Slots a page", "Between pages"},
	}
	for _, c := range r.Cases {
		for _, d := range []struct {
			name string
			r    *Round
		}{{"first", c.First}, {"next", c.Next}} {
			row := []string{c.name(), d.name}
			if d.r == nil {
				t.Rows = append(t.Rows, append(row, none(len(t.Header)-len(row))...))
				continue
			}
			t.Rows = append(t.Rows, append(
				row, fmt.Sprintf("%d of %d", d.r.Complete, c.Vaults), strconv.Itoa(d.r.Pages), number(d.r.Closed), number(d.r.PagesPerSecond), number(d.r.InvestorsPerSecond), number(d.r.Seconds),
				number(d.r.DayP99/1000), number(d.r.SlotsPerPage), millis(d.r.Orchestration),
			))
		}
	}
	return t
}

// cost says what the last day took.
func (r Result) cost() Table {
	t := Table{
		Name:   "cost",
		Title:  "What a vault's last day costs",
		Header: []string{"Vaults × investors", "Requests", "with the watch", "Fee lamports", "per investor", "History events", "History KiB", "Store KiB", "Temporal KiB"},
	}
	for _, c := range r.Cases {
		row := []string{c.name()}
		if n := c.paid(); n != nil {
			row = append(row, number(n.Requests), number(n.NodeRequests), number(n.FeeLamports), number(n.PerInvestor), number(n.Events), number(n.HistoryKiB))
		} else {
			row = append(row, none(6)...)
		}
		if d := c.Disk; d != nil {
			row = append(row, number(d.Store), number(d.Temporal))
		} else {
			row = append(row, none(2)...)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// watch says what the worker needs and what looking at the fleet takes.
func (r Result) watch() Table {
	t := Table{
		Name:   "watch",
		Title:  "The worker, and one look of the watch at the whole fleet",
		Header: []string{"Vaults × investors", "Worker peak MiB", "after MiB", "Looks", "Look p50 ms", "max ms", "Requests"},
	}
	for _, c := range r.Cases {
		row := []string{c.name()}
		if m := c.Memory; m != nil {
			row = append(row, number(m.Peak), number(m.Now))
		} else {
			row = append(row, none(2)...)
		}
		if k := c.Tick; k != nil {
			row = append(row, strconv.Itoa(k.Looks), number(k.P50), number(k.Most), number(k.Requests))
		} else {
			row = append(row, none(4)...)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// table is the script's.
func (p Peer) table() Table {
	t := Table{
		Name:   "script",
		Title:  "The document's own script on the same chains, one vault after the other",
		Header: []string{"Vaults × investors", "Program", "Day", "Page", "Covered", "Complete", "Sent", "Seconds", "Investors a second", "Slots a page", "Requests"},
	}
	for _, c := range p.Cases {
		for _, d := range []struct {
			name string
			day  PeerDay
		}{{"first", c.First}, {"next", c.Next}} {
			pace := none(2)
			if d.day.Pages > 0 {
				pace = []string{number(d.day.InvestorsPerSecond), number(d.day.SlotsPerPage)}
			}
			row := []string{
				fmt.Sprintf("%d × %d", c.Vaults, c.Investors), c.Behaviour, d.name, strconv.Itoa(c.PageSize),
				fmt.Sprintf("%d of %d", d.day.Covered, c.Vaults*c.Investors), fmt.Sprintf("%d of %d", d.day.Complete, c.Vaults), strconv.Itoa(d.day.Sent), number(d.day.Seconds),
			}
			t.Rows = append(t.Rows, append(append(row, pace...), number(d.day.Requests)))
		}
	}
	return t
}

// words are what the script prints last.
func (p Peer) words() Table {
	t := Table{Name: "words", Title: "What the script says at its end", Header: []string{"Vaults × investors", "Program", "First day", "Next day"}}
	for _, c := range p.Cases {
		t.Rows = append(t.Rows, []string{fmt.Sprintf("%d × %d", c.Vaults, c.Investors), c.Behaviour, brief(c.First.Said), brief(c.Next.Said)})
	}
	return t
}

// brief keeps a long error of a node out of the table.
func brief(said string) string {
	const most = 96
	said, _, _ = strings.Cut(said, "\n")
	if r := []rune(said); len(r) > most {
		return string(r[:most]) + "…"
	}
	return said
}

// Table is the comparison for people.
func (c Comparison) Table() Table {
	t := Table{Name: "compared", Title: "Compared with the saved run", Header: []string{"Figure", "Before", "Now", "Change", "Verdict"}}
	for _, ch := range c.Changes {
		change := NoFigure
		if ch.Percent != nil {
			change = fmt.Sprintf("%+.0f %%", *ch.Percent)
		}
		t.Rows = append(t.Rows, []string{ch.Figure, show(ch.Before), show(ch.Now), change, string(ch.Verdict)})
	}
	return t
}

func (c Case) name() string { return fmt.Sprintf("%d × %d", c.Vaults, c.Investors) }

func none(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = NoFigure
	}
	return out
}

func show(v *float64) string {
	if v == nil {
		return NoFigure
	}
	return number(*v)
}

func millis(v *float64) string {
	if v == nil {
		return NoFigure
	}
	return number(*v) + " ms"
}

// number has three digits that mean something; more would pretend to a precision that no run has.
func number(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}
