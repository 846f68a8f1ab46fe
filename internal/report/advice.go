package report

import (
	"cmp"
	"slices"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

// Advice is a recommendation that a rule made, with what shows it (E06). A rule without evidence makes none.
type Advice struct {
	Rule     string          `json:"rule"`
	Severity domain.Severity `json:"severity"`
	Vault    string          `json:"vault,omitempty"`
	Text     string          `json:"text"`
	Evidence string          `json:"evidence"`
	Next     string          `json:"next,omitempty"`
}

// sorted puts the most urgent first; equal ones keep their order.
func sorted(list []Advice) []Advice {
	slices.SortStableFunc(list, func(a, b Advice) int { return cmp.Compare(b.Severity.Rank(), a.Severity.Rank()) })
	if list == nil {
		return []Advice{}
	}
	return list
}

// shownAdvice is how many recommendations of one rule a sheet shows; JSON has all.
const shownAdvice = 10

func adviceSection(title string, list []Advice) sheet.Section {
	s := sheet.Section{Title: title}
	if len(list) == 0 {
		s.Text = []string{"None: no rule found anything."}
		return s
	}
	shown, hidden := map[string]int{}, 0
	for _, a := range list {
		if shown[a.Rule]++; shown[a.Rule] > shownAdvice {
			hidden++
			continue
		}
		text := a.Text
		if a.Vault != "" {
			text = a.Vault + ": " + text
		}
		s.Items = append(s.Items, sheet.Item{Tone: toneOfSeverity(a.Severity), Label: string(a.Severity), Text: text, Evidence: a.Evidence, Next: a.Next})
	}
	if hidden > 0 {
		s.Text = []string{plural(hidden, "more recommendation") + " of the same rules; JSON has all."}
	}
	return s
}

func toneOfSeverity(s domain.Severity) sheet.Tone {
	switch s {
	case domain.SeverityCritical, domain.SeverityHigh:
		return sheet.Bad
	case domain.SeverityMedium:
		return sheet.Warn
	default:
		return sheet.Muted
	}
}

// adviceOn is the rule of each state that wants somebody to do something.
func adviceOn(h Health) []Advice {
	says := func(severity domain.Severity, text, next string) []Advice {
		evidence := string(h.State)
		if h.Reason != "" {
			evidence += ": " + h.Reason
		}
		return []Advice{{Rule: "state/" + string(h.State), Severity: severity, Vault: h.ID, Text: text, Evidence: evidence, Next: next}}
	}
	switch h.State {
	case domain.UnknownState:
		return says(domain.SeverityHigh, "it cannot be read, so nobody knows whether its day is safe", "feeops doctor")
	case domain.Failed:
		return says(domain.SeverityHigh, "its run failed", "feeops checks "+h.ID)
	case domain.CompleteUnreconciled:
		return says(domain.SeverityCritical, "its day is closed and the books do not equal the chain, or are not made", "feeops report events "+h.ID+" --day latest")
	case domain.Overdue:
		return says(domain.SeverityHigh, "its day is overdue: it drifts later, and every day after it too", "feeops distribute "+h.ID)
	case domain.Stuck:
		return says(domain.SeverityHigh, "its day is open and does not move; what is not paid by the deadline is lost", "feeops distribute "+h.ID)
	case domain.WaitingApproval:
		return says(domain.SeverityMedium, "its plan waits for a person", "")
	case domain.Paused, domain.Stopped, domain.Isolated:
		return says(domain.SeverityMedium, "nothing is sent for it until somebody lifts the order", "")
	case domain.NoFees:
		return says(domain.SeverityLow, "there are no fees to pay out", "")
	case domain.Capped:
		return says(domain.SeverityLow, "its daily cap is reached: the rest waits for the next day", "")
	default:
		return nil
	}
}
