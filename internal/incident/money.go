package incident

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Books are what the store knows of a day's money.
type Books interface {
	Manifest(ctx context.Context, vault string, day domain.Day) (domain.Manifest, bool, error)
	Pages(ctx context.Context, vault string, day domain.Day) ([]domain.PageResult, error)
	Report(ctx context.Context, vault string, day domain.Day) (domain.DayReport, bool, error)
}

// Money is what one vault's day was to pay and has paid, by the books. What is not known is said in Unknown, and then
// the figures mean nothing.
type Money struct {
	Vault    string        `json:"vault"`
	Day      domain.Day    `json:"day"`
	Token    domain.Token  `json:"token"`
	Forecast bool          `json:"forecast"` // The day is not opened: what it would have paid is an estimate.
	Planned  domain.Amount `json:"planned"`  // To investors and creator.
	Paid     domain.Amount `json:"paid"`     // To investors and creator, as the pages in the books show.
	State    domain.State  `json:"state,omitempty"`
	Missed   int           `json:"missed"` // Investors, by the day's report.
	Mismatch int           `json:"mismatches"`
	Unknown  string        `json:"unknown,omitempty"`
}

// AtRisk is what is planned and not paid.
func (m Money) AtRisk() domain.Amount { return m.Planned - min(m.Planned, m.Paid) }

// Text says it to people. "Not assessed" is not nothing.
func (m Money) Text() string {
	switch {
	case m.Unknown != "":
		return "not assessed: " + m.Unknown
	case m.Forecast:
		return fmt.Sprintf("%s (forecast; the day is not open)", m.Token.Format(m.AtRisk()))
	}
	return fmt.Sprintf("%s of %s", m.Token.Format(m.AtRisk()), m.Token.Format(m.Planned))
}

// ReadMoney reads a day from the books.
func ReadMoney(ctx context.Context, b Books, vault string, day domain.Day) Money {
	out := Money{Vault: vault, Day: day}
	unknown := func(format string, args ...any) Money {
		out.Unknown = fmt.Sprintf(format, args...)
		return out
	}
	if vault == "" || day == "" {
		return unknown("no day of a vault is named")
	}
	m, found, err := b.Manifest(ctx, vault, day)
	switch {
	case err != nil:
		return unknown("the plan cannot be read: %s", err)
	case !found:
		return unknown("there is no plan of %s for %s", vault, day)
	}
	out.Token = m.Token
	pages, err := b.Pages(ctx, vault, day)
	if err != nil {
		return unknown("the pages cannot be read: %s", err)
	}
	out.Forecast = m.Opening == nil
	pool, creator := m.Pool, m.Creator
	if m.Opening != nil {
		pool, creator = m.Opening.Pool, m.Opening.Creator
	}
	if out.Planned, err = pool.Add(creator); err != nil {
		return unknown("the plan's sum: %s", err)
	}
	for _, p := range pages {
		if out.Paid, err = domain.Sum(out.Paid, p.Paid, p.Creator); err != nil {
			return unknown("the pages' sum: %s", err)
		}
	}
	report, found, err := b.Report(ctx, vault, day)
	switch {
	case err != nil:
		return unknown("the report cannot be read: %s", err)
	case found:
		out.State, out.Missed, out.Mismatch = report.State, report.Result.Missed, report.Result.Mismatches
	}
	return out
}

// TotalRisk adds up by mint, and says how many days it does not know.
func TotalRisk(all []Money) string {
	sums, tokens := map[string]domain.Amount{}, map[string]domain.Token{}
	unknown := 0
	for _, m := range all {
		if m.Unknown != "" {
			unknown++
			continue
		}
		sum, err := sums[m.Token.Mint].Add(m.AtRisk())
		if err != nil {
			unknown++
			continue
		}
		sums[m.Token.Mint], tokens[m.Token.Mint] = sum, m.Token
	}
	var parts []string
	for mint, sum := range sums {
		parts = append(parts, tokens[mint].Format(sum))
	}
	slices.Sort(parts)
	if unknown > 0 {
		parts = append(parts, fmt.Sprintf("%d not assessed", unknown))
	}
	if len(parts) == 0 {
		return "not assessed"
	}
	return strings.Join(parts, ", ")
}

// ReadAll reads every day that failures name, once each.
func ReadAll(ctx context.Context, b Books, failures []domain.Failure) []Money {
	var out []Money
	for _, f := range failures {
		if f.Vault == "" || slices.ContainsFunc(out, func(m Money) bool { return m.Vault == f.Vault && m.Day == f.Day }) {
			continue
		}
		out = append(out, ReadMoney(ctx, b, f.Vault, f.Day))
	}
	return out
}
