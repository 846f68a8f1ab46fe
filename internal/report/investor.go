package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

// Investor is one investor's statement: every day of every vault that knows him, with amount, signature and reason, also
// for nothing.
type Investor struct {
	Address string                 `json:"address"` // A wallet or a stream.
	From    domain.Day             `json:"from,omitempty"`
	To      domain.Day             `json:"to,omitempty"`
	MadeAt  time.Time              `json:"made_at"`
	Zone    string                 `json:"time_zone"`
	Vaults  []string               `json:"vaults"`
	Totals  []InvestorTotal        `json:"totals"`
	Lines   []domain.StatementLine `json:"lines"`
	Sources []Source               `json:"sources"`

	loc *time.Location
}

// InvestorTotal sums what he got of one mint.
type InvestorTotal struct {
	Token   domain.Token  `json:"token"`
	Days    int           `json:"days"` // On which he got something.
	Paid    domain.Amount `json:"paid"`
	Unknown int           `json:"days_unknown"` // Whose books were not made: the true sum may be higher.
}

// ReasonNoBooks stands in a statement for a day that the chain opened and whose books were not made.
const ReasonNoBooks domain.Reason = "not_reconciled"

// Investor makes a statement of the days from first to last, both included; an empty day is no bound. known is false when
// the books have nothing of him.
func (r *Reporter) Investor(ctx context.Context, address string, first, last domain.Day) (out Investor, known bool, err error) {
	out = Investor{Address: address, From: first, To: last, MadeAt: r.Now().In(r.Zone), Zone: r.Zone.String(), Vaults: []string{}, Totals: []InvestorTotal{}, Lines: []domain.StatementLine{}, loc: r.Zone}
	lines, err := r.Books.Statement(ctx, address, first, last)
	if err != nil {
		return out, false, fmt.Errorf("statement of %s: %w", address, err)
	}
	have := map[[2]string]bool{}
	for _, l := range lines {
		have[[2]string{l.Vault, string(l.Day)}] = true
		if !slices.Contains(out.Vaults, l.Vault) {
			out.Vaults = append(out.Vaults, l.Vault)
		}
	}
	out.Lines = append(out.Lines, lines...)
	for _, vault := range out.Vaults {
		if err := r.addUnmade(ctx, &out, vault, have); err != nil {
			return out, false, fmt.Errorf("statement of %s: %w", address, err)
		}
	}
	slices.SortStableFunc(out.Lines, func(a, b domain.StatementLine) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Vault, b.Vault))
	})
	if err := out.sum(); err != nil {
		return out, false, fmt.Errorf("statement of %s: %w", address, err)
	}
	out.Sources = []Source{{Name: "books", State: SourceRead, Note: "amounts are token-balance deltas of the finalized chain, as each day's reconciliation stored them"}}
	return out, len(lines) > 0, nil
}

// addUnmade adds the days of a vault that the chain opened and whose books were not made: what he got then is unknown.
func (r *Reporter) addUnmade(ctx context.Context, out *Investor, vault string, have map[[2]string]bool) error {
	first, last := out.From, out.To
	if first == "" {
		first = "0000-01-01"
	}
	if last == "" {
		last = "9999-12-31"
	}
	days, err := r.Books.BookedDays(ctx, vault, first, last)
	if err != nil {
		return err
	}
	for _, b := range days {
		if have[[2]string{vault, string(b.Day)}] || b.Opened == nil {
			continue
		}
		line := domain.StatementLine{Vault: vault, Day: b.Day, Reason: ReasonNoBooks, Note: "the chain opened the day, and no run has come to its end"}
		if b.Report != nil {
			line.Token, line.Note = b.Report.Token, fmt.Sprintf("the run ended as %s: %s", b.Report.State, b.Report.Reason)
		}
		out.Lines = append(out.Lines, line)
	}
	return nil
}

func (i *Investor) sum() error {
	at := map[string]int{}
	for _, l := range i.Lines {
		n, ok := at[l.Token.Mint]
		if !ok {
			n = len(i.Totals)
			at[l.Token.Mint] = n
			i.Totals = append(i.Totals, InvestorTotal{Token: l.Token})
		}
		t := &i.Totals[n]
		if l.Paid == nil {
			t.Unknown++
			continue
		}
		if *l.Paid > 0 {
			t.Days++
		}
		var err error
		if t.Paid, err = t.Paid.Add(*l.Paid); err != nil {
			return err
		}
	}
	return nil
}

// Sheet shows the statement.
func (i Investor) Sheet() sheet.Sheet {
	s := sheet.Sheet{Title: "Statement of " + i.Address, Data: i.data()}
	bounds := "all days that the books know"
	switch {
	case i.From != "" && i.To != "":
		bounds = fmt.Sprintf("%s to %s", i.From, i.To)
	case i.From != "":
		bounds = "from " + string(i.From)
	case i.To != "":
		bounds = "until " + string(i.To)
	}
	s.Facts = append([]sheet.Fact{{Name: "on-chain days (UTC)", Value: bounds}, {Name: "made", Value: moment(i.MadeAt, i.loc) + " (" + i.Zone + ")"}}, sourceFacts(i.Sources)...)
	totals := sheet.Table{Columns: []sheet.Column{sheet.Left("Mint"), sheet.Right("Paid days"), sheet.Right("Unknown days"), sheet.Right("Paid"), sheet.Right("Base units")}, Empty: "No data: the books know nothing of this address."}
	for _, t := range i.Totals {
		totals.Rows = append(totals.Rows, []sheet.Cell{sheet.T(mintName(t.Token)), sheet.N(fmt.Sprint(t.Days)), sheet.N(fmt.Sprint(t.Unknown)), sheet.T(t.Token.Format(t.Paid)), sheet.N(t.Paid.String())})
	}
	lines := sheet.Table{Columns: []sheet.Column{sheet.Left("Day"), sheet.Left("Vault"), sheet.Left("Stream"), sheet.Right("Paid"), sheet.Right("Base units"), sheet.Left("Reason"), sheet.Left("Signature")}, Empty: "No data."}
	for _, l := range i.Lines {
		paid, units := sheet.Toned(unknown, sheet.Muted), sheet.N("")
		if l.Paid != nil {
			paid, units = sheet.T(l.Token.Format(*l.Paid)), sheet.N(l.Paid.String())
		}
		lines.Rows = append(lines.Rows, []sheet.Cell{sheet.T(string(l.Day)), sheet.T(l.Vault), sheet.T(l.Stream), paid, units, sheet.T(why(l)), sheet.T(l.Signature)})
	}
	s.Sections = []sheet.Section{{Title: "Totals", Tables: []sheet.Table{totals}}, {Title: "Days", Tables: []sheet.Table{lines}}}
	return s
}

// why is the reason in words, with what the catch-up list says of it.
func why(l domain.StatementLine) string {
	text := string(l.Reason)
	if l.Note != "" {
		text += ": " + l.Note
	}
	if l.Arrear != "" {
		text += fmt.Sprintf(" (catch-up list: %s", l.Arrear)
		if l.Would != nil {
			text += ", would have got " + l.Token.Format(*l.Would)
		}
		text += ")"
	}
	return text
}

func (i Investor) data() sheet.Table {
	t := sheet.Table{Columns: columns("day", "vault", "stream", "recipient", "paid_base_units", "planned_base_units", "mint", "symbol", "decimals", "reason", "signature", "note", "arrear_state", "would_have_got_base_units")}
	for _, l := range i.Lines {
		planned := &l.Planned
		if l.Reason == domain.ReasonRebuilt {
			planned = nil // The books were lost: nobody knows.
		}
		t.Rows = append(t.Rows, []sheet.Cell{
			sheet.T(string(l.Day)), sheet.T(l.Vault), sheet.T(l.Stream), sheet.T(l.Recipient), baseUnits(l.Paid), baseUnits(planned), sheet.T(l.Token.Mint), sheet.T(l.Token.Symbol),
			sheet.N(fmt.Sprint(l.Token.Decimals)), sheet.T(string(l.Reason)), sheet.T(l.Signature), sheet.T(l.Note), sheet.T(string(l.Arrear)), baseUnits(l.Would),
		})
	}
	return t
}
