package report

import (
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Bounds of the daily rules. Each rule says its figures, so that a reader can disagree.
const (
	lateOpening  = time.Hour // As a day is overdue (M12).
	muchDust     = 10        // Per cent of the claim.
	manyRetries  = 10        // Per cent of the steps.
	runwayDays   = 7
	manyExpiries = 3 // Signatures of one day.
)

// advise runs every rule over the report (E06).
func (d *Daily) advise(now *Morning) []Advice {
	var out []Advice
	if now != nil {
		out = append(out, now.Advice...)
	}
	for _, v := range d.Vaults {
		if v.Source == "books" {
			out = append(out, adviceOn(Health{ID: v.ID, State: v.State, Reason: v.Reason})...)
		}
	}
	for _, line := range d.Runs {
		out = append(out, line.advice()...)
	}
	for _, m := range d.Mints {
		if m.Difference != "0" {
			out = append(out, Advice{
				Rule: "sums", Severity: domain.SeverityCritical, Text: "what came in is not what went out and what stayed, in " + mintName(m.Token),
				Evidence: fmt.Sprintf("claimed %s + dust in %s − paid %s − creator %s − dust out %s leaves %s base units", m.Claimed, m.DustIn, m.Paid, m.Creator, m.DustOut, m.Difference),
				Next:     "feeops report events --day latest",
			})
		}
	}
	if c := d.Chain; c != nil && c.Differ > 0 {
		out = append(out, Advice{
			Rule: "chain", Severity: domain.SeverityCritical, Text: "chain and books differ", Evidence: fmt.Sprintf("%s of %d", plural(c.Differ, "day"), c.Days), Next: "feeops report events",
		})
	}
	return append(out, d.runway(now)...)
}

func (l DayLine) advice() []Advice {
	var out []Advice
	add := func(rule string, severity domain.Severity, next, text, evidence string, args ...any) {
		out = append(out, Advice{Rule: rule, Severity: severity, Vault: l.Vault, Text: text, Evidence: fmt.Sprintf("day %s: ", l.Day) + fmt.Sprintf(evidence, args...), Next: next})
	}
	if l.Mismatches+l.PaidTwice+l.Missed > 0 {
		add("not_exact", domain.SeverityCritical, "feeops report events "+l.Vault, "investors were not paid exactly what was planned", "%d mismatches, %d paid twice, %d missed", l.Mismatches, l.PaidTwice, l.Missed)
	}
	if l.Quarantined > 0 {
		add("quarantined", domain.SeverityLow, "feeops catchup "+l.Vault, "streams were left out and wait on the catch-up list", "%d of %d", l.Quarantined, l.Investors)
	}
	held := time.Duration(l.Held) * time.Second
	if held > 0 {
		add("drift_reset", domain.SeverityLow, "", "it waited on purpose, to come back to the wanted time of day: its investors were paid later, once", "%s after it was due", hours(held))
	}
	if l.late-held > lateOpening {
		add("drift", domain.SeverityMedium, "feeops distribute "+l.Vault+", as soon as it is due", "its day was opened late, and every day after it is due as late", "%s after it was due", hours(l.late))
	}
	if l.Claimed > 0 && l.DustOut > 0 && share(uint64(l.DustOut), uint64(l.Claimed), 100) >= muchDust {
		add("dust", domain.SeverityLow, "feeops checks "+l.Vault, "much of the claim was carried over: the daily cap or the minimum payout holds it back",
			"%s of %s claimed", l.Token.Format(l.DustOut), l.Token.Format(l.Claimed))
	}
	if e := l.Effort; e != nil && e.Steps > 0 && e.Retries*100 >= e.Steps*manyRetries && e.Retries > 1 {
		add("retries", domain.SeverityMedium, "feeops doctor", "its steps had to be tried again and again", "%d of %d steps were retries, %d failed", e.Retries, e.Steps, e.Failures)
	}
	if l.Cost.Failed > 0 {
		add("failed", domain.SeverityLow, "feeops report events "+l.Vault, "transactions failed on chain and cost fees", "%s, %s", plural(l.Cost.Failed, "transaction"), sol(l.Cost.FailedLamports))
	}
	if l.Cost.Expired >= manyExpiries {
		add("expired", domain.SeverityMedium, "raise distribution.priority_fee_percentile, or add an endpoint", "many signatures expired before they landed", "%d for %s", l.Cost.Expired, plural(l.Pages, "page"))
	}
	return out
}

// runway compares each payer's balance with what its vault spent in the window.
func (d *Daily) runway(now *Morning) []Advice {
	if now == nil {
		return nil
	}
	spent := map[string]uint64{}
	days := map[string]uint64{}
	for _, line := range d.Runs {
		spent[line.Vault] += line.Cost.FeeLamports + line.Cost.RentLamports
		days[line.Vault]++
	}
	var out []Advice
	for _, h := range now.Vaults {
		cost := spent[h.ID]
		if h.Payer.Amount == nil || cost == 0 {
			continue
		}
		if left := share(uint64(*h.Payer.Amount), cost, days[h.ID]); left < runwayDays {
			out = append(out, Advice{
				Rule: "runway", Severity: domain.SeverityHigh, Vault: h.ID, Text: "its fee payer runs out of SOL",
				Evidence: fmt.Sprintf("%s left, %s spent on %s: lasts %d days", sol(uint64(*h.Payer.Amount)), sol(cost), plural(int(days[h.ID]), "day"), left), Next: "send SOL to the fee payer",
			})
		}
	}
	return out
}

// ChainCheck is what the chain says of the days of the report.
type ChainCheck struct {
	Complete bool       `json:"complete"` // Nothing was missing.
	Days     int        `json:"days"`
	Equal    int        `json:"equal"`
	Differ   int        `json:"differ"`
	Unknown  int        `json:"unknown"` // Not whole, or not in the books.
	Totals   []MintFlow `json:"totals"`
}

// compare takes over an event review of the same window.
func (d *Daily) compare(r *Review) {
	if r == nil {
		d.Sources = append(d.Sources, Source{Name: "chain's transactions", State: SourceNotAssessed, Note: "not compared with the books; --verify does"})
		return
	}
	c := &ChainCheck{Complete: r.Complete, Totals: r.Totals}
	for _, v := range r.Vaults {
		for _, day := range v.Days {
			c.Days++
			switch day.Books {
			case booksEqual:
				c.Equal++
			case booksDiffer:
				c.Differ++
			default:
				c.Unknown++
			}
		}
	}
	state := SourceRead
	if !r.Complete {
		state = SourcePart
	}
	d.Chain = c
	d.Sources = append(d.Sources, Source{Name: "chain's transactions", State: state, Note: fmt.Sprintf("%d of %s equal the books", c.Equal, plural(c.Days, "day"))})
}
