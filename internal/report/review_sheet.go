package report

import (
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

// utc writes chain time.
func utc(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// Sheet shows the event review.
func (r Review) Sheet() sheet.Sheet {
	s := sheet.Sheet{Title: "Event review", Verdict: r.Verdict.cell(), Data: r.data()}
	window := r.Window.String()
	if r.Latest {
		window = "the last day of each vault, from its opening until " + moment(r.Window.Seen, r.Window.loc)
	}
	if r.Day != "" {
		window = fmt.Sprintf("on-chain day %s of each vault, from its opening for 24 h", r.Day)
	}
	coverage := "complete"
	if !r.Complete {
		coverage = "NOT complete: sums are too small or not known"
	}
	signatures, missing := 0, 0
	for _, v := range r.Vaults {
		signatures += v.Signatures
		missing += len(v.Missing)
	}
	s.Facts = []sheet.Fact{
		{Name: "window", Value: window},
		{Name: "source", Value: "finalized transactions that name the progress accounts; amounts are token-balance deltas"},
		{Name: "coverage", Value: fmt.Sprintf("%s; %s of %s, %d missing", coverage, plural(signatures, "transaction"), plural(len(r.Vaults), "vault"), missing)},
	}
	s.Sections = append(s.Sections, r.totals(), adviceSection("Findings", r.Advice), r.days())
	if gaps := r.gaps(); len(gaps.Tables[0].Rows) > 0 {
		s.Sections = append(s.Sections, gaps)
	}
	s.Sections = append(s.Sections, r.counts())
	for _, v := range r.Vaults {
		if len(v.Transactions) > 0 {
			s.Sections = append(s.Sections, v.transactions(r.Window.loc))
		}
	}
	return s
}

func (r Review) totals() sheet.Section {
	t := sheet.Table{
		Columns: []sheet.Column{sheet.Left("Mint"), sheet.Left("Figure"), sheet.Right("Amount"), sheet.Right("Base units")},
		Empty:   "No money moved.",
	}
	for _, m := range r.Totals {
		for _, row := range []struct {
			name   string
			amount domain.Amount
		}{
			{"claimed", m.Claimed}, {"paid to investors", m.Paid}, {"paid to creators", m.Creator}, {"distributed", m.Distributed}, {"logged for investors", m.Logged},
		} {
			t.Rows = append(t.Rows, []sheet.Cell{sheet.T(mintName(m.Token)), sheet.T(row.name), sheet.T(m.Token.Format(row.amount)), sheet.N(row.amount.String())})
		}
	}
	return sheet.Section{Title: "Totals", Tables: []sheet.Table{t}}
}

func mintName(t domain.Token) string {
	if t.Symbol == "" {
		return t.Mint
	}
	return t.Symbol
}

func (r Review) days() sheet.Section {
	t := sheet.Table{
		Columns: []sheet.Column{
			sheet.Left("Vault"), sheet.Left("Day"), sheet.Right("Pages"), sheet.Right("Claimed"), sheet.Right("Paid"), sheet.Right("Creator"),
			sheet.Left("Sums"), sheet.Left("Books"),
		},
		Empty: "No day was opened or paid in the window.",
	}
	for _, v := range r.Vaults {
		for _, d := range v.Days {
			t.Rows = append(t.Rows, []sheet.Cell{
				sheet.T(label(v.ID, v.Name)), sheet.T(d.name()), sheet.N(fmt.Sprint(d.Pages)), sheet.T(v.Token.Format(d.Claimed)), sheet.T(v.Token.Format(d.Paid)), sheet.T(v.Token.Format(d.Creator)),
				sheet.Toned(d.Sums, wordTone(d.Sums)), sheet.Toned(d.Books, wordTone(d.Books)),
			})
		}
	}
	return sheet.Section{Title: "Days", Tables: []sheet.Table{t}}
}

func wordTone(word string) sheet.Tone {
	switch word {
	case sumsExact, booksEqual:
		return sheet.Good
	case sumsDiffer:
		return sheet.Bad
	case booksNotMade:
		return sheet.Warn
	default:
		return sheet.Muted
	}
}

// shownGaps is how many gaps of a vault the sheet shows; JSON has all.
const shownGaps = 20

func (r Review) gaps() sheet.Section {
	t := sheet.Table{Columns: []sheet.Column{sheet.Left("Vault"), sheet.Left("Kind"), sheet.Left("What was not seen")}}
	for _, v := range r.Vaults {
		for i, g := range v.Gaps {
			if i == shownGaps {
				t.Rows = append(t.Rows, sheet.Row(v.ID, "", fmt.Sprintf("%d more; JSON has all", len(v.Gaps)-shownGaps)))
				break
			}
			t.Rows = append(t.Rows, sheet.Row(v.ID, g.Kind, g.Text))
		}
	}
	return sheet.Section{Title: "Gaps", Tables: []sheet.Table{t}}
}

func (r Review) counts() sheet.Section {
	t := sheet.Table{
		Columns: []sheet.Column{
			sheet.Left("Vault"), sheet.Right("Transactions"), sheet.Right("Pages"), sheet.Right("Foreign"), sheet.Right("Failed"), sheet.Right("No effect"),
			sheet.Right("Other"), sheet.Right("Not final"), sheet.Right("No time"), sheet.Right("Cut logs"),
		},
		Empty: "There are no vaults.",
	}
	failed := sheet.Table{Title: "Failed transactions by code", Columns: []sheet.Column{sheet.Left("Vault"), sheet.Left("Code"), sheet.Right("Count"), sheet.Left("Newest")}, Empty: "No transaction failed."}
	var notes []string
	for _, v := range r.Vaults {
		sum := 0
		for _, f := range v.Failed {
			sum += f.Count
			failed.Rows = append(failed.Rows, []sheet.Cell{sheet.T(v.ID), sheet.T(f.text()), sheet.N(fmt.Sprint(f.Count)), sheet.T(f.Newest)})
		}
		row := []sheet.Cell{sheet.T(label(v.ID, v.Name))}
		for _, n := range []int{v.Signatures, v.Pages, v.Foreign, sum, v.Nothing, v.Other, v.NotFinal, v.NoTime, v.Cut} {
			row = append(row, sheet.N(fmt.Sprint(n)))
		}
		t.Rows = append(t.Rows, row)
		if v.Note != "" {
			notes = append(notes, v.ID+": "+v.Note)
		}
	}
	return sheet.Section{Title: "Transactions", Text: notes, Tables: []sheet.Table{t, failed}}
}

func (v Reviewed) transactions(loc *time.Location) sheet.Section {
	t := sheet.Table{Columns: []sheet.Column{sheet.Left("When"), sheet.Left("What"), sheet.Left("Whose"), sheet.Left("Signature")}}
	for _, l := range v.Transactions {
		at, whose := unknown, "a stranger's"
		if !l.At.IsZero() {
			at = l.At.In(loc).Format("01-02 15:04:05")
		}
		if l.Ours {
			whose = "ours"
		}
		t.Rows = append(t.Rows, sheet.Row(at, l.Kind+": "+l.Text, whose, l.Signature))
	}
	return sheet.Section{Title: fmt.Sprintf("Newest transactions of %s", v.ID), Text: []string{fmt.Sprintf("%d of %d, newest first.", len(v.Transactions), v.Signatures)}, Tables: []sheet.Table{t}}
}

func (r Review) data() sheet.Table {
	t := sheet.Table{Columns: columns("vault", "name", "day", "opened_unix", "pages", "foreign_pages", "closed", "whole", "mint", "symbol", "decimals",
		"claimed_base_units", "paid_base_units", "creator_base_units", "logged_base_units", "dust_in_base_units", "dust_out_base_units", "sums", "difference_base_units", "books", "vault_review_complete")}
	for _, v := range r.Vaults {
		for _, d := range v.Days {
			opened := ""
			if d.Opened != nil {
				opened = fmt.Sprint(*d.Opened)
			}
			t.Rows = append(t.Rows, []sheet.Cell{
				sheet.T(v.ID), sheet.T(v.Name), sheet.T(string(d.Day)), sheet.N(opened), sheet.N(fmt.Sprint(d.Pages)), sheet.N(fmt.Sprint(d.Foreign)), sheet.T(fmt.Sprint(d.Closed)), sheet.T(fmt.Sprint(d.Whole)),
				sheet.T(v.Token.Mint), sheet.T(v.Token.Symbol), sheet.N(fmt.Sprint(v.Token.Decimals)),
				sheet.N(d.Claimed.String()), sheet.N(d.Paid.String()), sheet.N(d.Creator.String()), sheet.N(d.Logged.String()), baseUnits(d.DustIn), baseUnits(d.DustOut),
				sheet.T(d.Sums), sheet.N(d.Difference), sheet.T(d.Books), sheet.T(fmt.Sprint(v.Complete)),
			})
		}
	}
	return t
}
