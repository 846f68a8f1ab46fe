package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

// Sheet shows the daily report.
func (d Daily) Sheet() sheet.Sheet {
	loc := d.Window.loc
	s := sheet.Sheet{Title: "Daily operations report, " + d.Window.Name, Verdict: d.Verdict.cell(), Data: d.data()}
	days := make([]string, len(d.ChainDays))
	for i, day := range d.ChainDays {
		days[i] = string(day)
	}
	s.Facts = []sheet.Fact{
		{Name: "window", Value: d.Window.String()},
		{Name: "on-chain days", Value: cmp.Or(strings.Join(days, ", "), "none")},
		{Name: "made", Value: moment(d.MadeAt, loc)},
	}
	s.Facts = append(s.Facts, sourceFacts(d.Sources)...)
	s.Sections = []sheet.Section{
		d.summary(), adviceSection("Recommendations", d.Advice), statesSection(d.States, d.Total), d.moneySection(), d.runSection(), d.costSection(),
		d.Incidents.section("Incidents", loc), d.Alerts.section("Alerts", loc), d.vaultSection(),
	}
	return s
}

// summary is the seven lines of the original document, each with what it counts.
func (d Daily) summary() sheet.Section {
	t := sheet.Table{Columns: []sheet.Column{sheet.Left("Figure"), sheet.Right("Value")}}
	put := func(name, value string) { t.Rows = append(t.Rows, sheet.Row(name, value)) }
	closed, open, failed := 0, 0, 0
	for _, line := range d.Runs {
		switch {
		case line.State == domain.Complete || line.State == domain.CompleteUnreconciled:
			closed++
		case line.Opened != nil:
			open++
		case line.State == domain.Failed:
			failed++
		}
	}
	put("vaults", fmt.Sprint(d.Total))
	put("days closed", fmt.Sprint(closed))
	put("days opened and not closed", fmt.Sprint(open))
	put("days that failed before they were opened", fmt.Sprint(failed))
	put("vaults unknown", fmt.Sprint(d.States[domain.UnknownState]))
	for _, m := range d.Mints {
		put("claimed, "+mintName(m.Token), m.Token.Format(m.Claimed))
		put("distributed, "+mintName(m.Token), m.Token.Format(m.Distributed))
	}
	put("fees and rent", sol(d.Costs.FeeLamports+d.Costs.RentLamports))
	return sheet.Section{Title: "Summary", Tables: []sheet.Table{t}}
}

// moneySection has one table a mint; each amount with its base units.
func (d Daily) moneySection() sheet.Section {
	s := sheet.Section{Title: "Money"}
	if len(d.Mints) == 0 {
		s.Text = []string{"No data: no day of the window moved money."}
	}
	for _, m := range d.Mints {
		t := sheet.Table{Title: mintName(m.Token) + " " + m.Token.Mint, Columns: []sheet.Column{sheet.Left("Figure"), sheet.Right("Amount"), sheet.Right("Base units")}}
		for _, row := range []struct {
			name   string
			amount domain.Amount
		}{
			{"claimed", m.Claimed},
			{"dust in", m.DustIn},
			{"paid to investors", m.Paid},
			{"paid to creators", m.Creator},
			{"distributed", m.Distributed},
			{"dust out", m.DustOut},
			{"in the treasuries after the closes", m.Residual},
		} {
			t.Rows = append(t.Rows, []sheet.Cell{sheet.T(row.name), sheet.T(m.Token.Format(row.amount)), sheet.N(row.amount.String())})
		}
		held := []sheet.Cell{sheet.T("in the treasuries now"), sheet.Toned(noDataNow(m), sheet.Muted), sheet.N("")}
		if m.Treasury != nil {
			held = []sheet.Cell{sheet.T("in the treasuries now" + lacking(m.Unknown)), sheet.T(m.Token.Format(*m.Treasury)), sheet.N(m.Treasury.String())}
		}
		tone := sheet.Good
		if m.Difference != "0" {
			tone = sheet.Bad
		}
		t.Rows = append(t.Rows, held, []sheet.Cell{sheet.T("claimed + dust in − distributed − dust out"), sheet.T("base units, 0 is exact"), {Text: m.Difference, Number: true, Tone: tone}})
		s.Tables = append(s.Tables, t)
		s.Charts = append(s.Charts, d.moneyChart(m.Token))
	}
	return s
}

func noDataNow(m MintTotal) string {
	if m.Unknown > 0 {
		return fmt.Sprintf("unknown of %s", plural(m.Unknown, "vault"))
	}
	return "not read: the window is over"
}

func lacking(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", without %s that could not be read", plural(n, "vault"))
}

// charted is how many bars a chart has at most; the tables have all.
const charted = 15

func (d Daily) moneyChart(token domain.Token) sheet.Chart {
	c := sheet.Chart{Title: "Where the money went, " + mintName(token), Series: []string{"investors", "creator", "carried over"}}
	lines := slices.DeleteFunc(slices.Clone(d.Runs), func(l DayLine) bool { return l.Token.Mint != token.Mint })
	slices.SortStableFunc(lines, func(a, b DayLine) int { return cmp.Compare(b.Claimed, a.Claimed) })
	for _, l := range lines[:min(charted, len(lines))] {
		part := func(a domain.Amount) sheet.Part { return sheet.Part{Size: uint64(a), Text: token.Format(a)} }
		c.Bars = append(c.Bars, sheet.Bar{Label: label(l.Vault, l.Name), Total: "claimed " + token.Format(l.Claimed), Parts: []sheet.Part{part(l.Paid), part(l.Creator), part(l.DustOut)}})
	}
	if len(lines) > charted {
		c.Title += fmt.Sprintf(" (the %d largest of %d)", charted, len(lines))
	}
	return c
}

func (d Daily) runSection() sheet.Section {
	t := sheet.Table{
		Columns: []sheet.Column{
			sheet.Left("Vault"), sheet.Left("Day"), sheet.Left("State"), sheet.Right("Paid"), sheet.Right("Creator"), sheet.Right("Pages"), sheet.Right("Took"), sheet.Right("Slots"),
			sheet.Right("RPC"), sheet.Right("Retries"), sheet.Left("Run"),
		},
		Empty: "No data: the books know no run of this window.",
	}
	for _, l := range d.Runs {
		retries, took, run := noData, noData, sheet.Cell{Text: shortID(l.RunID), Link: l.Link}
		if l.Effort != nil {
			retries = fmt.Sprint(l.Effort.Retries)
		}
		if l.DurationMS > 0 {
			took = duration(time.Duration(l.DurationMS) * time.Millisecond)
		}
		t.Rows = append(t.Rows, []sheet.Cell{
			sheet.T(label(l.Vault, l.Name)), sheet.T(string(l.Day)), sheet.Toned(string(l.State), toneOf(l.State)), sheet.T(l.Token.Format(l.Paid)), sheet.T(l.Token.Format(l.Creator)),
			sheet.N(fmt.Sprint(l.Pages)), sheet.T(took), sheet.N(fmt.Sprint(l.Slots)), sheet.N(fmt.Sprint(l.Requests)), sheet.T(retries), run,
		})
	}
	return sheet.Section{Title: "Runs", Text: []string{"Took is the whole run, with waiting until due and for finality. Slots are from the first page to the close."}, Tables: []sheet.Table{t}}
}

func shortID(id string) string {
	if len(id) > 8 {
		return id[:8]
	}
	return id
}

func (d Daily) costSection() sheet.Section {
	return sheet.Section{Title: "Cost", Text: []string{d.Deposit.text()}, Tables: []sheet.Table{d.Costs.table()}}
}

func (d Deposit) text() string {
	if d.Tables == 0 {
		return "No lookup table holds rent now."
	}
	return fmt.Sprintf("%s now hold %s of rent, %d lamports by their lengths; it comes back when they are closed.", plural(d.Tables, "lookup table"), sol(d.Lamports), d.Lamports)
}

func (c Costs) table() sheet.Table {
	t := sheet.Table{Columns: []sheet.Column{sheet.Left("What"), sheet.Right("Number"), sheet.Right("Amount"), sheet.Right("Lamports")}}
	put := func(what string, n int, lamports uint64) {
		t.Rows = append(t.Rows, []sheet.Cell{sheet.T(what), sheet.N(fmt.Sprint(n)), sheet.T(sol(lamports)), sheet.N(fmt.Sprint(lamports))})
	}
	put("transactions that landed", c.Transactions, c.FeeLamports-c.FailedLamports)
	put("transactions that failed on chain", c.Failed, c.FailedLamports)
	put("signatures that expired", c.Expired, 0)
	put("token accounts created, rent (computed)", c.Accounts, c.RentLamports)
	put("all", c.Transactions+c.Failed, c.FeeLamports+c.RentLamports)
	return t
}

func (n Notices) section(title string, loc *time.Location) sheet.Section {
	s := sheet.Section{Title: title}
	switch n.State {
	case SourceNotAssessed:
		s.Text = []string{"Not assessed: " + n.Note + "."}
		return s
	case SourceUnknown:
		s.Text = []string{"Unknown: " + n.Note}
		return s
	}
	t := sheet.Table{Columns: []sheet.Column{sheet.Left("Since"), sheet.Left("Severity"), sheet.Left("State"), sheet.Left("Vault"), sheet.Left("What")}, Empty: "None in this window."}
	for _, one := range n.List {
		t.Rows = append(t.Rows, []sheet.Cell{
			sheet.T(moment(one.At, loc)), sheet.Toned(string(one.Severity), toneOfSeverity(one.Severity)), sheet.T(one.State), sheet.T(one.Vault), {Text: one.ID + " " + one.Title, Link: one.Link},
		})
	}
	if n.Note != "" {
		s.Text = []string{n.Note}
	}
	s.Tables = []sheet.Table{t}
	return s
}

func (d Daily) vaultSection() sheet.Section {
	t := sheet.Table{Columns: []sheet.Column{sheet.Left("Vault"), sheet.Left("State"), sheet.Left("Day"), sheet.Left("By"), sheet.Left("Why")}, Empty: "There are no vaults."}
	for _, v := range d.Vaults {
		t.Rows = append(t.Rows, []sheet.Cell{sheet.T(label(v.ID, v.Name)), sheet.Toned(string(v.State), toneOf(v.State)), sheet.T(string(v.Day)), sheet.T(v.Source), sheet.T(v.Reason)})
	}
	return sheet.Section{Title: "Vaults", Tables: []sheet.Table{t}}
}

func (d Daily) data() sheet.Table {
	t := sheet.Table{Columns: columns("vault", "name", "day", "opened_unix", "state", "reason", "mint", "symbol", "decimals",
		"claimed_base_units", "paid_base_units", "creator_base_units", "dust_in_base_units", "dust_out_base_units", "residual_base_units",
		"investors", "pages", "quarantined", "mismatches", "paid_twice", "missed", "started", "ended", "duration_ms", "slots", "rpc_requests", "retries",
		"fee_lamports", "failed_fee_lamports", "rent_lamports", "workflow_id", "run_id")}
	for _, l := range d.Runs {
		t.Rows = append(t.Rows, l.data())
	}
	return t
}

func (l DayLine) data() []sheet.Cell {
	opened, retries := "", ""
	if l.Opened != nil {
		opened = fmt.Sprint(*l.Opened)
	}
	if l.Effort != nil {
		retries = fmt.Sprint(l.Effort.Retries)
	}
	row := []sheet.Cell{
		sheet.T(l.Vault), sheet.T(l.Name), sheet.T(string(l.Day)), sheet.N(opened), sheet.T(string(l.State)), sheet.T(l.Reason),
		sheet.T(l.Token.Mint), sheet.T(l.Token.Symbol), sheet.N(fmt.Sprint(l.Token.Decimals)),
	}
	for _, a := range []domain.Amount{l.Claimed, l.Paid, l.Creator, l.DustIn, l.DustOut, l.Residual} {
		row = append(row, sheet.N(a.String()))
	}
	for _, n := range []int{l.Investors, l.Pages, l.Quarantined, l.Mismatches, l.PaidTwice, l.Missed} {
		row = append(row, sheet.N(fmt.Sprint(n)))
	}
	row = append(row, sheet.T(rfc(l.Started)), sheet.T(rfc(l.Ended)), sheet.N(fmt.Sprint(l.DurationMS)), sheet.N(fmt.Sprint(l.Slots)), sheet.N(fmt.Sprint(l.Requests)), sheet.N(retries))
	for _, n := range []uint64{l.Cost.FeeLamports, l.Cost.FailedLamports, l.Cost.RentLamports} {
		row = append(row, sheet.N(fmt.Sprint(n)))
	}
	return append(row, sheet.T(l.WorkflowID), sheet.T(l.RunID))
}

// rfc writes a time for machines; none is an empty cell.
func rfc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
