package report

import (
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

// Sheet shows the morning's health.
func (m Morning) Sheet() sheet.Sheet {
	s := sheet.Sheet{Title: "Morning health, " + m.At.Format("2006-01-02"), Verdict: m.Verdict.cell(), Data: m.data()}
	s.Facts = append(s.Facts, sheet.Fact{Name: "made", Value: moment(m.At, m.loc) + " (" + m.Zone + ")"})
	chain := unknown
	if !m.ChainTime.IsZero() {
		chain = moment(m.ChainTime, m.loc)
	}
	s.Facts = append(s.Facts, sheet.Fact{Name: "chain's clock", Value: chain}, sheet.Fact{Name: "vaults", Value: fmt.Sprint(m.Total)})
	s.Facts = append(s.Facts, sourceFacts(m.Sources)...)
	s.Sections = []sheet.Section{statesSection(m.States, m.Total), adviceSection("Attention", m.Advice), {Title: "Vaults", Tables: []sheet.Table{m.table()}}}
	return s
}

// statesSection counts every vault once.
func statesSection(states map[domain.State]int, total int) sheet.Section {
	t := sheet.Table{Columns: []sheet.Column{sheet.Left("State"), sheet.Right("Vaults")}, Empty: "There are no vaults."}
	for _, state := range domain.States() {
		if n := states[state]; n > 0 {
			t.Rows = append(t.Rows, []sheet.Cell{sheet.Toned(string(state), toneOf(state)), sheet.N(fmt.Sprint(n))})
		}
	}
	if total > 0 {
		t.Rows = append(t.Rows, []sheet.Cell{sheet.T("all"), sheet.N(fmt.Sprint(total))})
	}
	return sheet.Section{Title: "States", Tables: []sheet.Table{t}}
}

func (m Morning) table() sheet.Table {
	t := sheet.Table{
		Columns: []sheet.Column{
			sheet.Left("Vault"), sheet.Left("State"), sheet.Left("Next due"), sheet.Left("Day"), sheet.Right("Progress"),
			sheet.Right("Treasury"), sheet.Right("To claim"), sheet.Right("Payer SOL"),
		},
		Empty: "There are no vaults.",
	}
	for _, h := range m.Vaults {
		due, day, progress := unknown, unknown, unknown
		if h.Slot > 0 {
			due, day = dueIn(h.timing), string(h.Day)
			progress = fmt.Sprintf("%d/%d %d %%", min(int(h.Cursor), h.Investors), h.Investors, h.Percent)
		}
		claim := unknown
		if h.Claimable != nil {
			claim = h.Token.Format(*h.Claimable)
		}
		t.Rows = append(t.Rows, []sheet.Cell{
			sheet.T(label(h.ID, h.Name)), sheet.Toned(string(h.State), toneOf(h.State)), sheet.T(due), sheet.T(day), sheet.T(progress),
			balanceCell(h.Treasury, h.Token), sheet.T(claim), balanceCell(h.Payer, domain.Token{Decimals: 9}),
		})
	}
	return t
}

func balanceCell(b Balance, token domain.Token) sheet.Cell {
	if b.Amount == nil {
		return sheet.Toned(b.State, sheet.Muted)
	}
	return sheet.T(token.Format(*b.Amount))
}

func (m Morning) data() sheet.Table {
	t := sheet.Table{Columns: columns("id", "name", "state", "reason", "live", "day", "due_unix", "until_due_seconds", "deadline_unix", "cursor", "investors", "percent",
		"treasury_state", "treasury_base_units", "claimable_base_units", "mint", "symbol", "decimals", "payer_state", "payer_lamports", "chain_time_unix", "slot")}
	for _, h := range m.Vaults {
		left := ""
		if h.UntilDue != nil {
			left = fmt.Sprint(*h.UntilDue)
		}
		t.Rows = append(t.Rows, []sheet.Cell{
			sheet.T(h.ID), sheet.T(h.Name), sheet.T(string(h.State)), sheet.T(h.Reason), sheet.T(fmt.Sprint(h.Live)), sheet.T(string(h.Day)),
			sheet.N(fmt.Sprint(h.Due)), sheet.N(left), sheet.N(fmt.Sprint(h.Deadline)), sheet.N(fmt.Sprint(h.Cursor)), sheet.N(fmt.Sprint(h.Investors)), sheet.N(fmt.Sprint(h.Percent)),
			sheet.T(h.Treasury.State), baseUnits(h.Treasury.Amount), baseUnits(h.Claimable), sheet.T(h.Token.Mint), sheet.T(h.Token.Symbol), sheet.N(fmt.Sprint(h.Token.Decimals)),
			sheet.T(h.Payer.State), baseUnits(h.Payer.Amount), sheet.N(fmt.Sprint(h.ChainTime)), sheet.N(fmt.Sprint(h.Slot)),
		})
	}
	return t
}

// columns names the columns of a table for machines.
func columns(names ...string) []sheet.Column {
	out := make([]sheet.Column, len(names))
	for i, n := range names {
		out[i] = sheet.Left(n)
	}
	return out
}

// baseUnits is an amount for machines; unknown is an empty cell, which is not 0.
func baseUnits(a *domain.Amount) sheet.Cell {
	if a == nil {
		return sheet.N("")
	}
	return sheet.N(a.String())
}
