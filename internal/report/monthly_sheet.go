package report

import (
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

// Sheet shows the monthly review.
func (m Monthly) Sheet() sheet.Sheet {
	loc := m.Window.loc
	s := sheet.Sheet{Title: "Monthly review, " + m.Window.Name, Verdict: m.Verdict.cell(), Data: m.data()}
	s.Facts = append([]sheet.Fact{
		{Name: "window", Value: m.Window.String()}, {Name: "compared with", Value: m.Before.String()}, {Name: "made", Value: moment(m.MadeAt, loc)},
	}, sourceFacts(m.Sources)...)
	s.Sections = []sheet.Section{
		m.metricsSection(),
		{Title: "Objectives", Tables: []sheet.Table{m.objectivesTable()}},
		adviceSection("Recommendations", m.Advice), m.moneySection(),
		{Title: "Trends", Tables: []sheet.Table{m.trendsTable()}},
		{Title: "Capacity", Tables: []sheet.Table{m.capacityTable()}},
		assessments("Security", m.Security), m.costSection(), m.Performance.section(), assessments("Drills", m.Drills),
		m.Incidents.section("Incidents", loc), m.Alerts.section("Alerts", loc),
	}
	return s
}

func (m Monthly) metricsSection() sheet.Section {
	t := sheet.Table{Columns: []sheet.Column{sheet.Left("Figure"), sheet.Right("Value")}}
	put := func(name string, value any) { t.Rows = append(t.Rows, sheet.Row(name, fmt.Sprint(value))) }
	x := m.Metrics
	put("vaults with a day", x.Vaults)
	put("vault-days", x.VaultDays)
	put("vault-days that were due", x.Expected)
	put("due and never opened", x.Missed)
	put("investor payments planned", x.Investors)
	put("streams left out", x.Quarantined)
	put("mismatches", x.Mismatches)
	put("paid twice", x.PaidTwice)
	put("investors missed", x.Missing)
	put("pages", x.Pages)
	put("RPC requests", x.Requests)
	put("first page to books, average", took(m.Performance.Runs.Average))
	put("first page to books, p95", took(m.Performance.Runs.P95))
	put("store", size(x.StoreBytes))
	states := statesSection(x.States, x.VaultDays)
	states.Tables[0].Title, states.Tables[0].Columns[1].Name, states.Tables[0].Empty = "Vault-days by state", "Vault-days", "No data: the books know no day of this month."
	return sheet.Section{Title: "Metrics", Tables: []sheet.Table{t, states.Tables[0]}}
}

func (m Monthly) objectivesTable() sheet.Table {
	t := sheet.Table{Columns: []sheet.Column{sheet.Left("Objective"), sheet.Right("Target"), sheet.Right("Reached"), sheet.Right("Good"), sheet.Right("Of"), sheet.Left("State"), sheet.Left("Counted")}}
	for _, o := range m.Objectives {
		tone := map[string]sheet.Tone{objectiveMet: sheet.Good, objectiveMissed: sheet.Bad}[o.State]
		if tone == "" {
			tone = sheet.Muted
		}
		t.Rows = append(t.Rows, []sheet.Cell{sheet.T(o.Name), sheet.T(o.Target), sheet.T(o.Share), sheet.N(fmt.Sprint(o.Good)), sheet.N(fmt.Sprint(o.Of)), sheet.Toned(o.State, tone), sheet.T(o.Rule)})
	}
	return t
}

func (m Monthly) moneySection() sheet.Section {
	s := sheet.Section{Title: "Money"}
	if len(m.Metrics.Mints) == 0 {
		s.Text = []string{"No data: no day of the month moved money."}
	}
	for _, t := range m.Metrics.Mints {
		table := sheet.Table{Title: mintName(t.Token) + " " + t.Token.Mint, Columns: []sheet.Column{sheet.Left("Figure"), sheet.Right("Amount"), sheet.Right("Base units")}}
		for _, row := range []struct {
			name   string
			amount domain.Amount
		}{
			{"claimed", t.Claimed}, {"dust in", t.DustIn}, {"paid to investors", t.Paid}, {"paid to creators", t.Creator}, {"distributed", t.Distributed}, {"dust out", t.DustOut},
		} {
			table.Rows = append(table.Rows, []sheet.Cell{sheet.T(row.name), sheet.T(t.Token.Format(row.amount)), sheet.N(row.amount.String())})
		}
		table.Rows = append(table.Rows, []sheet.Cell{sheet.T("claimed + dust in − distributed − dust out"), sheet.T("base units, 0 is exact"), sheet.N(t.Difference)})
		s.Tables, s.Charts = append(s.Tables, table), append(s.Charts, dayChart(m.Days, t.Token))
	}
	return s
}

// dayChart shows what each on-chain day distributed.
func dayChart(days []DaySum, token domain.Token) sheet.Chart {
	c := sheet.Chart{Title: "By on-chain day, " + mintName(token), Upward: true, Series: []string{"investors", "creators"}}
	for _, d := range days {
		bar := sheet.Bar{Label: string(d.Day)[5:], Parts: []sheet.Part{{Text: token.Format(0)}, {Text: token.Format(0)}}}
		for _, t := range d.Mints {
			if t.Token.Mint == token.Mint {
				bar.Parts[0] = sheet.Part{Size: uint64(t.Paid), Text: token.Format(t.Paid)}
				bar.Parts[1] = sheet.Part{Size: uint64(t.Creator), Text: token.Format(t.Creator)}
			}
		}
		c.Bars = append(c.Bars, bar)
	}
	return c
}

func (m Monthly) trendsTable() sheet.Table {
	t := sheet.Table{Columns: []sheet.Column{sheet.Left("Figure"), sheet.Left("Unit"), sheet.Right("Before"), sheet.Right("Now"), sheet.Right("Change"), sheet.Left("Trend"), sheet.Left("Rule")}}
	for _, x := range m.Trends {
		t.Rows = append(t.Rows, []sheet.Cell{sheet.T(x.Name), sheet.T(x.Unit), sheet.T(x.Before), sheet.T(x.Now), {Text: x.Change, Number: true}, sheet.T(x.Word), sheet.T(x.Rule)})
	}
	return t
}

func (m Monthly) capacityTable() sheet.Table {
	t := sheet.Table{Columns: []sheet.Column{sheet.Left("Limit"), sheet.Left("Unit"), sheet.Right("Used"), sheet.Right("Of"), sheet.Right("Share"), sheet.Right("Before"), sheet.Left("Reached"), sheet.Left("Evidence")}}
	for _, l := range m.Capacity {
		t.Rows = append(t.Rows, sheet.Row(l.Name, l.Unit, l.Used, l.Most, l.Share, l.Before, l.Reached, l.Evidence))
	}
	return t
}

func assessments(title string, list []Assessment) sheet.Section {
	t := sheet.Table{Columns: []sheet.Column{sheet.Left("What"), sheet.Left("State"), sheet.Left("Evidence")}}
	for _, a := range list {
		tone := map[string]sheet.Tone{assessedOK: sheet.Good, assessedWarn: sheet.Warn, assessedFail: sheet.Bad}[a.State]
		if tone == "" {
			tone = sheet.Muted
		}
		t.Rows = append(t.Rows, []sheet.Cell{sheet.T(a.Name), sheet.Toned(a.State, tone), sheet.T(a.Evidence)})
	}
	return sheet.Section{Title: title, Tables: []sheet.Table{t}}
}

func (m Monthly) costSection() sheet.Section {
	each := sheet.Table{Columns: []sheet.Column{sheet.Left("Figure"), sheet.Right("Amount"), sheet.Right("Lamports")}}
	for _, row := range []struct {
		name string
		v    *uint64
	}{{"a closed vault-day", m.Costs.PerVaultDay}, {"an investor payment", m.Costs.PerInvestor}} {
		amount, lamports := noData, ""
		if row.v != nil {
			amount, lamports = sol(*row.v), fmt.Sprint(*row.v)
		}
		each.Rows = append(each.Rows, []sheet.Cell{sheet.T(row.name), sheet.T(amount), sheet.N(lamports)})
	}
	dear := sheet.Table{Title: "Dearest vaults", Columns: []sheet.Column{sheet.Left("Vault"), sheet.Right("Days"), sheet.Right("Fees"), sheet.Right("Rent"), sheet.Right("Failed"), sheet.Right("Expired")}, Empty: "No data."}
	for _, v := range m.Costs.Vaults[:min(charted, len(m.Costs.Vaults))] {
		dear.Rows = append(dear.Rows, []sheet.Cell{sheet.T(v.Vault), sheet.N(fmt.Sprint(v.Days)), sheet.T(sol(v.FeeLamports)), sheet.T(sol(v.RentLamports)), sheet.N(fmt.Sprint(v.Failed)), sheet.N(fmt.Sprint(v.Expired))})
	}
	return sheet.Section{Title: "Cost", Text: []string{m.Costs.Deposit.text()}, Tables: []sheet.Table{m.Costs.Costs.table(), each, dear}}
}

// data is the review in lines for machines: section, item, value, unit, detail.
func (m Monthly) data() sheet.Table {
	t := sheet.Table{Columns: columns("section", "item", "value", "unit", "detail")}
	put := func(section, item, value, unit, detail string) {
		t.Rows = append(t.Rows, []sheet.Cell{sheet.T(section), sheet.T(item), sheet.N(value), sheet.T(unit), sheet.T(detail)})
	}
	x := m.Metrics
	for _, row := range []struct {
		name string
		v    int
	}{{"vaults", x.Vaults}, {"vault_days", x.VaultDays}, {"vault_days_expected", x.Expected}, {"vault_days_missed", x.Missed}, {"mismatches", x.Mismatches}, {"paid_twice", x.PaidTwice}, {"investors_missed", x.Missing}, {"pages", x.Pages}} {
		put("metrics", row.name, fmt.Sprint(row.v), "", "")
	}
	for _, mint := range x.Mints {
		for _, row := range []struct {
			name string
			a    domain.Amount
		}{{"claimed", mint.Claimed}, {"paid", mint.Paid}, {"creator", mint.Creator}, {"dust_in", mint.DustIn}, {"dust_out", mint.DustOut}} {
			put("money", row.name, row.a.String(), "base units of "+mint.Token.Mint, mint.Token.Format(row.a))
		}
	}
	for _, o := range m.Objectives {
		put("objectives", o.Name, fmt.Sprint(o.Good), fmt.Sprintf("of %d", o.Of), o.State)
	}
	for _, tr := range m.Trends {
		put("trends", tr.Name, tr.Now, tr.Unit, tr.Word+" "+tr.Change)
	}
	for _, l := range m.Capacity {
		put("capacity", l.Name, l.Used, l.Unit, l.Reached)
	}
	for _, a := range m.Security {
		put("security", a.Name, a.State, "", a.Evidence)
	}
	put("costs", "fee_lamports", fmt.Sprint(m.Costs.FeeLamports), "lamports", "")
	put("costs", "rent_lamports", fmt.Sprint(m.Costs.RentLamports), "lamports", "")
	return t
}
