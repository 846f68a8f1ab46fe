package incident

import (
	"fmt"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Rules are the correlator's settings.
type Rules struct {
	Window        time.Duration // Failures of one cause within it belong together.
	HighAbove     int           // More vaults than this with one cause are at least high, and one incident.
	CriticalAbove int           // More than this are critical.
}

// DefaultRules are those of the operations document: more than one vault is high, more than five are critical.
func DefaultRules() Rules {
	return Rules{Window: 10 * time.Minute, HighAbove: 1, CriticalAbove: 5}
}

// Correlate says which incident a failure belongs to and how grave that incident is (S02, S04, S05). It counts vaults
// with one cause, whatever each of them said.
func (r Rules) Correlate(f domain.Failure, v Verdict, k domain.Known) domain.Decision {
	if v.Severity == "" {
		return domain.Decision{Correlation: domain.CorrelateNone}
	}
	vaults := k.Others
	if f.Vault != "" {
		vaults++
	}
	d := domain.Decision{Severity: r.severity(v.Severity, vaults), Vaults: vaults, Tell: true}
	target := k.Own
	switch {
	case follows(f, v, k):
		target = k.Near
	case k.Fleet != nil:
		target = k.Fleet
	case target == nil && (vaults > r.HighAbove || f.Kind == domain.FailureAlert && f.Vault == ""):
		target = k.Oldest // An alert of the whole fleet is about what its first vault failed by.
	}
	switch {
	case target == nil:
		d.Correlation, d.Open = domain.CorrelateOpen, r.begin(f, v, d)
		return d
	case target != k.Fleet && target != k.Near && (vaults > r.HighAbove || f.Vault == ""):
		d.Correlation = domain.CorrelatePromote
	default:
		d.Correlation = domain.CorrelateJoin
	}
	d.Incident = target.ID
	affected := target.Vaults
	if !target.Member {
		affected++
	}
	raised := d.Severity.Rank() > target.Severity.Rank()
	again := target.State == domain.IncidentMitigated
	confirms := target.AtMost != "" && f.Kind != domain.FailureAlert // Only alerts have said so until now.
	d.Tell = d.Correlation == domain.CorrelatePromote || raised || again || confirms || !target.Member && r.counts(affected)
	return d
}

// follows is true for what an open incident of the vault has led to, or foresaw: a deadline that nears and a day that is
// lost are news of the same trouble, whatever it was.
func follows(f domain.Failure, v Verdict, k domain.Known) bool {
	if k.Near == nil {
		return false
	}
	ends := v.Class == ClassDeadline || v.Class == ClassLost
	return f.Kind == domain.FailureAlert && ends || f.Kind == domain.FailureLost && k.Near.AtMost != ""
}

// severity of a cause that so many vaults have.
func (r Rules) severity(own domain.Severity, vaults int) domain.Severity {
	switch {
	case vaults > r.CriticalAbove:
		return domain.SeverityCritical
	case vaults > r.HighAbove:
		return more(own, domain.SeverityHigh)
	}
	return own
}

// counts says whether another vault is worth telling: each one until everything is stopped anyway, then every doubling.
// A storm of a thousand vaults is told a dozen times, not a thousand.
func (r Rules) counts(vaults int) bool {
	for at := r.CriticalAbove + 1; at <= vaults; at *= 2 {
		if at == vaults {
			return true
		}
	}
	return vaults <= r.CriticalAbove
}

// begin makes a new incident. Its id is the store's to give.
func (r Rules) begin(f domain.Failure, v Verdict, d domain.Decision) *domain.Incident {
	vault := f.Vault
	if d.Vaults > r.HighAbove && d.Vaults > 1 {
		vault = ""
	}
	i := &domain.Incident{
		Cause: v.Cause, Vault: vault, Code: f.Code, Title: title(f, v), Description: f.Message, Severity: d.Severity, State: domain.IncidentOpen,
		Recovery: v.Recovery, Runbook: v.Runbook, Day: f.Day, OpenedAt: f.At, LadderAt: f.At, VaultCount: d.Vaults,
	}
	if f.Kind == domain.FailureAlert {
		i.Alerts, i.AtMost = []string{f.Episode}, domain.ResponseStandard
	} else if alert, ok := strings.CutPrefix(f.Code, alertPrefix); ok {
		i.Alerts = []string{alert}
	}
	if f.WorkflowID != "" {
		i.Runs = []domain.IncidentRun{{Vault: f.Vault, WorkflowID: f.WorkflowID, RunID: f.RunID}}
	}
	by := domain.Auto()
	if f.Actor != "" {
		by = domain.By{Actor: f.Actor, Channel: "cli"}
	}
	i.Add(by, f.At, domain.EntryOpened, "opened as %s: %s", i.Severity, describe(f, v))
	return i
}

// title is for people who read it on a telephone at night.
func title(f domain.Failure, v Verdict) string {
	text := v.Title
	if f.Kind == domain.FailureStated && f.Message != "" {
		text = firstLine(f.Message)
	}
	if f.Vault != "" {
		text += " in " + f.Vault
	}
	return text
}

func describe(f domain.Failure, v Verdict) string {
	text := v.Title
	if f.Vault != "" {
		text += fmt.Sprintf(", vault %s", f.Vault)
	}
	if f.Day != "" {
		text += fmt.Sprintf(", day %s", f.Day)
	}
	if f.Cursor != nil {
		text += fmt.Sprintf(", page at cursor %d", *f.Cursor)
	}
	if f.Code != "" {
		text += fmt.Sprintf(" (%s)", f.Code)
	}
	if f.Message != "" {
		text += ": " + f.Message
	}
	return text
}

// maxTitle keeps a title on one line of every channel.
const maxTitle = 120

func firstLine(s string) string {
	for n, r := range s {
		if r == '\n' || n > maxTitle {
			return s[:n]
		}
	}
	return s
}
