package web

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// tone is how a word looks. It never says anything that the word does not.
type tone string

const (
	toneGood    tone = "good"
	toneGo      tone = "go"
	toneCalm    tone = "calm"
	toneWarn    tone = "warn"
	toneBad     tone = "bad"
	toneUnknown tone = "unknown"
)

// funcs are what templates call.
func (s *server) funcs() template.FuncMap {
	return template.FuncMap{
		"asset": s.assets.path, "stamp": stamp, "iso": iso, "age": age, "lasting": lasting, "plural": plural, "short": short,
		"number": func(n any) string { return digits(n) }, "lamports": func(n any) string { return lamports(n) },
		"stateWord": stateWord, "stateMark": stateMark, "stateTone": stateTone, "severityTone": severityTone, "checkTone": checkTone,
		"due": due, "left": left, "treasury": treasury, "amount": amountText, "owed": owed, "progressText": progressText,
		"money":     func(a domain.Amount, t domain.Token) string { return t.Format(a) },
		"vaultLink": vaultLink, "incidentLink": incidentLink,
		"runbook": s.Links.Runbook, "address": s.Links.Address, "transaction": s.Links.Transaction, "vaultRun": s.Links.VaultRun, "incidentRun": s.Links.IncidentRun,
		"alertTitle": s.alertTitle,
		"words":      func(x any) string { return strings.ReplaceAll(fmt.Sprint(x), "_", " ") },
		"size":       func(n int64) string { return number((n+1023)/1024) + " KiB" },
	}
}

// digits writes a whole number of any of the templates' types.
func digits(n any) string {
	switch n := n.(type) {
	case int:
		return number(n)
	case int64:
		return number(n)
	case uint64:
		return number(n)
	default:
		return fmt.Sprint(n)
	}
}

// lamports writes a fee.
func lamports(n any) string {
	switch n := n.(type) {
	case uint64:
		return sol.Format(domain.Amount(n))
	case domain.Amount:
		return sol.Format(n)
	default:
		return fmt.Sprint(n)
	}
}

// stamp is a time with its zone.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format(time.DateTime) + " UTC"
}

// iso is a time for machines.
func iso(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// age is a length of time that people skim: seconds, then hours and minutes, then days. The page's script writes the same.
func age(sec int64) string {
	switch {
	case sec < 120:
		return fmt.Sprintf("%ds", max(0, sec))
	case sec < 3600:
		return fmt.Sprintf("%dm", sec/60)
	case sec < 2*86_400:
		return fmt.Sprintf("%dh%02dm", sec/3600, sec%3600/60)
	default:
		return fmt.Sprintf("%dd%02dh", sec/86_400, sec%86_400/3600)
	}
}

// lasting is how long something took.
func lasting(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", max(0, d.Milliseconds()))
	case d < 2*time.Minute:
		return d.Round(100 * time.Millisecond).String()
	default:
		return age(seconds(d))
	}
}

// number puts a comma between thousands.
func number[N int | int64 | uint64](n N) string {
	if n < 0 {
		return fmt.Sprint(n)
	}
	return domain.Token{}.Format(domain.Amount(n))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// countdown is a time that comes nearer while the page stands open.
type countdown struct {
	Text string
	Sec  *int64 // What the page's script counts on; nil stands still.
	Kind string // due or left: how the script writes it.
	Tone tone
}

// due says when the next day may be opened, signed (M20): an overdue day says by how much, and one that never ran is not
// overdue (D12).
func due(v domain.DashboardVault) countdown {
	switch {
	case v.Stale || v.UntilDue == nil:
		return countdown{Text: "unknown", Tone: toneUnknown}
	case v.NeverRun:
		return countdown{Text: "now, first day", Tone: toneGo}
	}
	out := countdown{Sec: v.UntilDue, Kind: "due", Text: dueText(*v.UntilDue)}
	if *v.UntilDue < -int64(domain.OverdueAfter/time.Second) {
		out.Tone = toneBad
	}
	return out
}

func dueText(sec int64) string {
	switch {
	case sec > 0:
		return "in " + age(sec)
	case sec > -60:
		return "now"
	default:
		return "overdue " + age(-sec)
	}
}

// deadlineNear is when a deadline is worth a colour; the alert deadline_2h fires then.
const deadlineNear = 2 * 3600

// left says when the open day is lost.
func left(v domain.DashboardVault) countdown {
	switch {
	case v.Stale || v.UntilDue == nil:
		return countdown{Text: "unknown", Tone: toneUnknown}
	case v.Left == nil:
		return countdown{Text: "no open day"}
	}
	out := countdown{Sec: v.Left, Kind: "left", Text: leftText(*v.Left)}
	if *v.Left < deadlineNear {
		out.Tone = toneBad
	}
	return out
}

func leftText(sec int64) string {
	if sec <= 0 {
		return "lost"
	}
	return age(sec)
}

// treasury has three answers (D08).
func treasury(b domain.Balance, t domain.Token) string {
	switch b.State {
	case domain.BalanceValue:
		return t.Format(b.Amount)
	case domain.BalanceAbsent:
		return "no account"
	default:
		return "unknown"
	}
}

// owed is what the open day has still to pay.
func owed(v domain.DashboardVault) string {
	if v.Owed == nil && v.UntilDue != nil && v.Left == nil {
		return "no open day"
	}
	return amountText(v.Owed, v.Token)
}

// amountText writes an amount that may be unknown.
func amountText(a *domain.Amount, t domain.Token) string {
	if a == nil {
		return "unknown"
	}
	return t.Format(*a)
}

func progressText(v domain.DashboardVault) string {
	if v.Done == nil {
		return "unknown"
	}
	return fmt.Sprintf("%s of %s", number(*v.Done), number(v.Of))
}

// short keeps both ends of an address or a signature.
func short(s string) string {
	r := []rune(s)
	if len(r) <= 14 {
		return s
	}
	return string(r[:6]) + "…" + string(r[len(r)-6:])
}

// stateWord is a state as people say it.
func stateWord(s domain.State) string {
	if s == domain.CompleteUnreconciled {
		return "complete, not reconciled"
	}
	return strings.ReplaceAll(string(s), "_", " ")
}

// stateMark is a sign for eyes that skim; the word stands beside it.
func stateMark(s domain.State) string {
	switch s {
	case domain.Complete:
		return "✓"
	case domain.Running:
		return "▸"
	case domain.Ready, domain.NeverRun:
		return "●"
	case domain.NotDue, domain.NoFees, domain.Capped, domain.WaitingApproval:
		return "○"
	case domain.Paused:
		return "‖"
	case domain.Stopped, domain.Isolated:
		return "■"
	case domain.UnknownState:
		return "?"
	default:
		return "!"
	}
}

func stateTone(s domain.State) tone {
	switch s {
	case domain.Complete:
		return toneGood
	case domain.Running, domain.Ready, domain.NeverRun:
		return toneGo
	case domain.NotDue, domain.NoFees, domain.Capped:
		return toneCalm
	case domain.Paused, domain.WaitingApproval:
		return toneWarn
	case domain.UnknownState:
		return toneUnknown
	default:
		return toneBad
	}
}

func severityTone(s domain.Severity) tone {
	switch s {
	case domain.SeverityCritical, domain.SeverityHigh:
		return toneBad
	case domain.SeverityMedium:
		return toneWarn
	default:
		return toneCalm
	}
}

func checkTone(r domain.CheckResult) tone {
	switch r {
	case domain.CheckOK:
		return toneGood
	case domain.CheckWarn:
		return toneWarn
	case domain.CheckFail:
		return toneBad
	default:
		return toneUnknown
	}
}

// alertTitle is what people read first of an alert of the catalogue.
func (s *server) alertTitle(id string) string {
	if title := s.Alerts[id]; title != "" {
		return title
	}
	return strings.ReplaceAll(id, "_", " ")
}
