package incident

import (
	"fmt"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Record is everything that is recorded of an incident, for its post-mortem.
type Record struct {
	Incident   domain.Incident
	Failures   []domain.Failure
	Money      []Money // By vault and day of the failures.
	Signatures []domain.Intent
}

// Draft writes the post-mortem from recorded facts only. What is not recorded is an open question, never a guess.
func Draft(r Record, now time.Time) string {
	i := r.Incident
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# Post-mortem of %s: %s\n", i.ID, plain(i.Title))
	line("Draft made from the records on %s. Everything below is recorded; what is not recorded stands under open questions.\n", stamp(now))
	line("| | |\n|---|---|")
	for _, row := range [][2]string{
		{"Severity", string(i.Severity)},
		{"State", string(i.State)},
		{"Cause", i.Cause},
		{"Code", orNone(i.Code)},
		{"Vaults", fmt.Sprintf("%d: %s", i.VaultCount, VaultsText(i))},
		{"Opened", stamp(i.OpenedAt)},
		{"First acknowledged", firstAck(i)},
		{"Resolved", stampOr(i.ResolvedAt, "not yet")},
		{"Lasted", lasted(i, now)},
		{"Owner", owner(i)},
		{"Reopened", fmt.Sprintf("%d times", i.Reopened)},
		{"Money at risk", TotalRisk(r.Money)},
		{"Runbook", orNone(i.Runbook)},
	} {
		line("| %s | %s |", row[0], cell(row[1]))
	}
	line("\n## Resolution\n\n%s", orElse(plain(i.Resolution), "Not resolved."))
	r.money(line)
	r.failures(line)
	line("\n## Timeline\n\n| Time (UTC) | Who | Through | What |\n|---|---|---|---|")
	for _, e := range i.Timeline {
		line("| %s | %s | %s | %s |", stamp(e.At), cell(e.Actor), cell(e.Channel), cell(e.Text))
	}
	r.deeds(line)
	r.signatures(line)
	line("\n## Evidence\n")
	if len(i.Evidence) == 0 {
		line("None was taken.")
	}
	for _, e := range i.Evidence {
		line("- `%s`, %s, SHA-256 `%s`, %s", e.Path, e.Kind, e.SHA256, orElse(unknownParts(e), "all parts read"))
	}
	line("\n## Open questions\n")
	for _, q := range r.questions() {
		line("- %s", q)
	}
	return b.String()
}

func (r Record) money(line func(string, ...any)) {
	line("\n## Impact in money\n\n| Vault | Day | State | Planned | Paid | Not paid | Investors missed |\n|---|---|---|---|---|---|---|")
	if len(r.Money) == 0 {
		line("| – | – | not assessed | – | – | – | – |")
	}
	for _, m := range r.Money {
		if m.Unknown != "" {
			line("| %s | %s | not assessed: %s | – | – | – | – |", cell(m.Vault), m.Day, cell(m.Unknown))
			continue
		}
		planned, missed := m.Token.Format(m.Planned), "not assessed"
		if m.Forecast {
			planned += " (forecast)"
		}
		if m.State == domain.Complete || m.State == domain.CompleteUnreconciled {
			missed = fmt.Sprint(m.Missed)
		}
		line("| %s | %s | %s | %s | %s | %s | %s |", cell(m.Vault), m.Day, orElse(string(m.State), "no report"), planned, m.Token.Format(m.Paid), m.Token.Format(m.AtRisk()), missed)
	}
}

// shownFailures keeps a storm's draft readable.
const shownFailures = 20

func (r Record) failures(line func(string, ...any)) {
	line("\n## What failed\n\n| Time (UTC) | Vault | Kind | Code | Page | Run | Message |\n|---|---|---|---|---|---|---|")
	for _, f := range r.Failures[:min(shownFailures, len(r.Failures))] {
		page := "–"
		if f.Cursor != nil {
			page = fmt.Sprintf("cursor %d", *f.Cursor)
		}
		line("| %s | %s | %s | %s | %s | %s | %s |", stamp(f.At), cell(f.Vault), f.Kind, orNone(f.Code), page, cell(orElse(f.RunID, "–")), cell(f.Message))
	}
	if more := len(r.Failures) - shownFailures; more > 0 {
		line("\nand %d more in the store.", more)
	}
}

// deeds are what was done, by whom it was done.
func (r Record) deeds(line func(string, ...any)) {
	line("\n## What was done\n")
	none := true
	for _, e := range r.Incident.Timeline {
		switch e.Kind {
		case domain.EntryResponse, domain.EntryPaged, domain.EntryEvidence, domain.EntryAssigned, domain.EntrySeverity, domain.EntryState, domain.EntryNote:
			none = false
			line("- %s, %s: %s", stamp(e.At), plain(e.Actor), plain(e.Text))
		}
	}
	if none {
		line("Nothing is recorded.")
	}
}

func (r Record) signatures(line func(string, ...any)) {
	line("\n## Signatures\n")
	if len(r.Signatures) == 0 {
		line("None is recorded for these days.")
		return
	}
	line("| Signature | Vault | Day | For | State | Slot | Error |\n|---|---|---|---|---|---|---|")
	for _, s := range r.Signatures {
		line("| `%s` | %s | %s | %s | %s | %d | %s |", s.Signature, cell(s.Vault), s.Day, cell(s.Key), s.State, s.Slot, cell(orElse(s.Err, "–")))
	}
}

// questions are what the records do not answer.
func (r Record) questions() []string {
	i := r.Incident
	var out []string
	ask := func(when bool, format string, args ...any) {
		if when {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	ask(true, "Why did it happen? The records say what failed (%s), not why.", orElse(i.Code, i.Cause))
	ask(!i.Over(), "It is not resolved: what remains to be done?")
	ask(firstAck(i) == never, "Nobody acknowledged it. Was anybody reached?")
	expired := 0
	for _, e := range i.Timeline {
		if e.Kind == domain.EntryState && strings.Contains(e.Text, "has expired") {
			expired++
		}
	}
	ask(expired > 0, "The acknowledgement expired %d times. Was somebody missing?", expired)
	ask(i.Reopened > 0, "It was reopened %d times. What did the first resolution miss?", i.Reopened)
	for _, m := range r.Money {
		ask(m.Unknown != "", "The money of %s on %s is not assessed: %s", m.Vault, orElse(string(m.Day), "no day"), m.Unknown)
		ask(m.Unknown == "" && m.AtRisk() > 0 && !m.Forecast, "%s of %s on %s was not paid. Who gets it, and when? See feeops catchup %s.", m.Token.Format(m.AtRisk()), m.Vault, m.Day, m.Vault)
	}
	for _, s := range r.Signatures {
		ask(!s.State.Settled(), "Signature %s is %s: did it land?", s.Signature, s.State)
	}
	for _, e := range i.Evidence {
		ask(len(e.Unknown) > 0, "The evidence %s lacks %s.", e.Path, strings.Join(e.Unknown, ", "))
	}
	ask(len(i.Evidence) == 0, "No evidence was taken. Why?")
	ask(true, "What keeps it from happening again?")
	return out
}

const never = "never"

// firstAck reads it from the timeline: the field holds the newest one only.
func firstAck(i domain.Incident) string {
	for _, e := range i.Timeline {
		if e.Kind == domain.EntryState && (strings.HasPrefix(e.Text, "acknowledged by") || strings.HasSuffix(e.Text, " investigates")) {
			return fmt.Sprintf("%s by %s, after %s", stamp(e.At), e.Actor, e.At.Sub(i.OpenedAt).Round(time.Second))
		}
	}
	return never
}

func lasted(i domain.Incident, now time.Time) string {
	text := i.Duration(now).Round(time.Second).String()
	if !i.Over() {
		text += " until now"
	}
	return text
}

func unknownParts(e domain.Evidence) string {
	if len(e.Unknown) == 0 {
		return ""
	}
	return "unknown: " + strings.Join(e.Unknown, ", ")
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

func stampOr(t time.Time, zero string) string {
	if t.IsZero() {
		return zero
	}
	return stamp(t)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func orNone(s string) string { return orElse(s, "none") }

// plain puts hostile text on one line that Markdown does not read as its own.
func plain(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.NewReplacer("<", "&lt;", "`", "'", "[", "\\[", "*", "\\*", "_", "\\_", "#", "\\#").Replace(s)
}

// cell is plain inside a table.
func cell(s string) string { return strings.ReplaceAll(plain(s), "|", "\\|") }
