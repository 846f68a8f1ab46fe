package report

import (
	"fmt"
	"strings"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// advise runs the month's rules.
func (m *Monthly) advise() []Advice {
	var out []Advice
	add := func(rule string, severity domain.Severity, next, text, evidence string) {
		out = append(out, Advice{Rule: rule, Severity: severity, Text: text, Evidence: evidence, Next: next})
	}
	for _, o := range m.Objectives {
		if o.State == objectiveMissed {
			severity := domain.SeverityMedium
			if strings.Contains(o.Name, "exactly") {
				severity = domain.SeverityCritical
			}
			add("objective", severity, "", o.Name+": the objective was missed", fmt.Sprintf("%d of %d (%s), target %s", o.Good, o.Of, o.Share, o.Target))
		}
	}
	for _, t := range m.Metrics.Mints {
		if t.Difference != "0" {
			add("sums", domain.SeverityCritical, "feeops report events", "what came in is not what went out and what stayed, in "+mintName(t.Token), t.Difference+" base units")
		}
	}
	for _, l := range m.Capacity {
		evidence := fmt.Sprintf("%s of %s %s used; %s", l.Used, l.Most, l.Unit, l.Evidence)
		switch {
		case l.Reached == limitReached:
			add("capacity", domain.SeverityHigh, "", l.Name+": the limit is reached", evidence)
		case strings.HasPrefix(l.Reached, limitSoon):
			add("capacity", domain.SeverityMedium, "", l.Name+": the limit is reached "+l.Reached, evidence)
		}
	}
	for _, a := range m.Security {
		switch a.State {
		case assessedFail:
			add("security", domain.SeverityHigh, "", a.Name+" failed", a.Evidence)
		case assessedWarn:
			add("security", domain.SeverityMedium, "", a.Name+" wants a look", a.Evidence)
		}
	}
	for _, t := range m.Trends {
		if t.Word == trendUp && (strings.HasPrefix(t.Name, "failed") || strings.HasPrefix(t.Name, "time")) {
			add("trend", domain.SeverityMedium, "feeops report weekly", t.Name+" went up", fmt.Sprintf("%s %s, %s before (%s)", t.Now, t.Unit, t.Before, t.Change))
		}
	}
	return out
}

// judge gives the review's word: money fails, the rest warns.
func (m *Monthly) judge() {
	for _, a := range m.Advice {
		one := Warn
		if a.Severity == domain.SeverityCritical {
			one = Fail
		}
		if one.worse(m.Verdict) {
			m.Verdict = one
		}
	}
}
