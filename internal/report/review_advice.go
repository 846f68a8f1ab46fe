package report

import (
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// benign are failures that only say "too early" or "done already" (C05, S06).
func benign(code string) bool {
	return code == fmt.Sprintf("router/%d", router.CodeDayAlreadyComplete) || code == fmt.Sprintf("router/%d", router.CodeCooldownNotElapsed)
}

// advice says what of a vault's review wants a person.
func (v *Reviewed) advice() []Advice {
	list := v.Findings
	add := func(rule string, severity domain.Severity, next, text, evidence string, args ...any) {
		list = append(list, Advice{Rule: "review/" + rule, Severity: severity, Vault: v.ID, Text: text, Evidence: fmt.Sprintf(evidence, args...), Next: next})
	}
	if !v.Complete {
		add("incomplete", domain.SeverityHigh, "feeops report events "+v.ID+", later or with an endpoint that keeps the whole history",
			"the review is not complete: its sums are too small or not known", "%s, first: %s", plural(len(v.Gaps), "gap"), v.Gaps[0].Text)
	}
	for _, d := range v.Days {
		name := d.name()
		if d.Sums == sumsDiffer {
			add("sums", domain.SeverityCritical, "feeops stop --vault "+v.ID+" --reason 'sums of "+name+" differ'",
				"what came in is not what went out and what stayed", "day %s: claimed %s + dust in %s − paid %s − creator %s − dust out %s = %s base units", name, d.Claimed, *d.DustIn, d.Paid, d.Creator, *d.DustOut, d.Difference)
		}
		if d.Books == booksDiffer {
			add("books", domain.SeverityCritical, "feeops distribute "+v.ID+" (makes the books again once the day is closed)",
				"the chain and the books differ", "day %s: %v", name, d.Differences)
		}
		if d.Closed && d.Books == booksNotMade {
			add("books_missing", domain.SeverityHigh, "feeops distribute "+v.ID, "a day is closed and its books are not made", "day %s, %s", name, plural(d.Pages, "page"))
		}
	}
	if v.Behaviour == domain.Reference && v.Flow.Logged != v.Flow.Paid && v.Cut == 0 {
		add("logged", domain.SeverityHigh, "feeops report events "+v.ID+" --json", "the program's events and the balances differ", "logged %s, moved %s base units", v.Flow.Logged, v.Flow.Paid)
	}
	if v.BaseFees > 0 {
		add("base_fees", domain.SeverityCritical, "feeops checks "+v.ID, "base fees were claimed: the position is not quote-only (6001)", "%d base units of the base mint", v.BaseFees)
	}
	if v.Foreign > 0 {
		add("foreign", domain.SeverityMedium, "feeops report events "+v.ID+" --lines 1000 --json", "somebody else turned pages", "%s of %d", plural(v.Foreign, "page"), v.Pages)
	}
	if v.TreasuryIn+v.TreasuryOut > 0 {
		add("treasury", domain.SeverityMedium, "feeops report events "+v.ID+" --lines 1000 --json", "the treasury moved without a page", "%s in, %s out", v.Token.Format(v.TreasuryIn), v.Token.Format(v.TreasuryOut))
	}
	for _, f := range v.Failed {
		severity := domain.SeverityMedium
		if benign(f.Code) || f.Program != "" {
			severity = domain.SeverityLow
		}
		add("failed/"+f.Code, severity, "", "transactions failed with "+f.text(), "%s, newest %s", plural(f.Count, "transaction"), f.Newest)
	}
	return list
}

func (f FailedCode) text() string {
	text := f.Code
	if f.Name != "" {
		text += " " + f.Name
	}
	if f.Program != "" {
		text += " of program " + f.Program
	}
	return text
}

func (d ReviewedDay) name() string {
	switch {
	case d.Day != "":
		return string(d.Day)
	case d.Opened != nil:
		return "opened " + utc(*d.Opened)
	default:
		return "opened before the window"
	}
}

// verdict judges the vault: money that does not add up fails, what is not seen or stands out warns.
func (v *Reviewed) verdict() Verdict {
	out := OK
	for _, a := range v.advice() {
		one := OK
		switch a.Severity {
		case domain.SeverityCritical:
			one = Fail
		case domain.SeverityHigh, domain.SeverityMedium:
			one = Warn
		}
		if one.worse(out) {
			out = one
		}
	}
	if v.Signatures == 0 && !v.Complete {
		return Fail // Nothing was seen at all.
	}
	return out
}
