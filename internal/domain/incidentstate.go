package domain

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Refusal says why an incident cannot be changed so, and what can be done instead.
type Refusal struct {
	Incident string
	Why      string
}

// Error gives the reason.
func (r *Refusal) Error() string { return r.Incident + " " + r.Why }

func (i *Incident) refuse(format string, args ...any) error {
	return &Refusal{Incident: i.ID, Why: fmt.Sprintf(format, args...)}
}

// maxTimeline and maxListed bound what an incident carries with it; the store keeps every entry and every vault.
const (
	maxTimeline = 100
	maxListed   = 50
)

// Add puts a line on the timeline.
func (i *Incident) Add(by By, at time.Time, kind EntryKind, format string, args ...any) TimelineEntry {
	i.Seq++
	e := TimelineEntry{Seq: i.Seq, At: at, By: by, Kind: kind, Text: fmt.Sprintf(format, args...)}
	i.Timeline = append(i.Timeline, e)
	if over := len(i.Timeline) - maxTimeline; over > 0 {
		i.Timeline = slices.Delete(i.Timeline, 0, over)
	}
	return e
}

// person refuses an actor without a name, and the operations where a person is wanted.
func (i *Incident) person(by By) error {
	if strings.TrimSpace(by.Actor) == "" || by.Actor == Automation {
		return i.refuse("needs the name of a person for this")
	}
	return nil
}

func (i *Incident) notOver(verb string) error {
	if i.Over() {
		return i.refuse("is resolved and cannot be %s: reopen it first", verb)
	}
	return nil
}

// Acknowledge makes a person hold the incident; paging stops until the acknowledgement expires. Doing it again renews
// it, and another person's takes it over.
func (i *Incident) Acknowledge(by By, at time.Time) error {
	if err := i.person(by); err != nil {
		return err
	}
	if err := i.notOver("acknowledged"); err != nil {
		return err
	}
	before := i.AcknowledgedBy
	i.AcknowledgedAt, i.AcknowledgedBy = at, by.Actor
	if i.State == IncidentOpen {
		i.State = IncidentAcknowledged
	}
	switch before {
	case "":
		i.Add(by, at, EntryState, "acknowledged by %s", by.Actor)
	case by.Actor:
		i.Add(by, at, EntryState, "acknowledgement renewed by %s", by.Actor)
	default:
		i.Add(by, at, EntryState, "taken over by %s from %s", by.Actor, before)
	}
	return nil
}

// Investigate says that a person works on it; it also acknowledges.
func (i *Incident) Investigate(by By, at time.Time) error {
	if err := i.person(by); err != nil {
		return err
	}
	if i.State != IncidentOpen && i.State != IncidentAcknowledged {
		return i.refuse("is %s: only an open or acknowledged incident can be investigated", i.State)
	}
	i.State, i.AcknowledgedAt, i.AcknowledgedBy = IncidentInvestigating, at, by.Actor
	i.Add(by, at, EntryState, "%s investigates", by.Actor)
	return nil
}

// Mitigate says that the harm is stopped. The operations say so as well, when a recovery worked.
func (i *Incident) Mitigate(by By, at time.Time, text string) error {
	if strings.TrimSpace(text) == "" {
		return i.refuse("is mitigated only with a text that says how")
	}
	if by != Auto() {
		if err := i.person(by); err != nil {
			return err
		}
		if i.State != IncidentAcknowledged && i.State != IncidentInvestigating {
			return i.refuse("is %s: acknowledge it before saying that it is mitigated", i.State)
		}
	}
	if i.State == IncidentMitigated || i.Over() {
		return i.refuse("is %s already", i.State)
	}
	i.State, i.MitigatedAt = IncidentMitigated, at
	i.Add(by, at, EntryState, "mitigated: %s", text)
	return nil
}

// Resolve ends the incident. A person must have taken it before, and the text is what the next reader learns from.
func (i *Incident) Resolve(by By, at time.Time, text string) error {
	if err := i.person(by); err != nil {
		return err
	}
	switch {
	case i.Over():
		return i.refuse("is resolved already, by its resolution %q", i.Resolution)
	case i.State == IncidentOpen:
		return i.refuse("is open and nobody has taken it: acknowledge it before resolving it")
	case strings.TrimSpace(text) == "":
		return i.refuse("is resolved only with a resolution text: what was wrong, and what was done")
	}
	i.end(by, at, text)
	return nil
}

// Settle ends the incident by itself, because what it was about is over. It ends none that people must decide.
func (i *Incident) Settle(at time.Time, text string) error {
	switch {
	case i.Over():
		return i.refuse("is resolved already")
	case i.NeedsHuman:
		return i.refuse("needs a person's decision")
	case strings.TrimSpace(text) == "":
		return i.refuse("is resolved only with a resolution text")
	}
	i.end(Auto(), at, text)
	return nil
}

func (i *Incident) end(by By, at time.Time, text string) {
	i.State, i.ResolvedAt, i.Resolution, i.NeedsHuman, i.Responder = IncidentResolved, at, text, false, ""
	i.Add(by, at, EntryState, "resolved: %s", text)
}

// Reopen begins a resolved incident again; the ladder begins anew.
func (i *Incident) Reopen(by By, at time.Time, reason string) error {
	switch {
	case !i.Over():
		return i.refuse("is %s: only a resolved incident can be reopened", i.State)
	case strings.TrimSpace(by.Actor) == "":
		return i.refuse("needs a name for this")
	case strings.TrimSpace(reason) == "":
		return i.refuse("is reopened only with a reason")
	}
	i.State, i.ResolvedAt, i.Resolution = IncidentOpen, time.Time{}, ""
	i.MitigatedAt, i.Reopened = time.Time{}, i.Reopened+1
	i.Add(by, at, EntryState, "reopened: %s", reason)
	i.climb(at)
	return nil
}

// Raise makes it more severe. The ladder runs again, and an acknowledgement given for less does not count (I06).
func (i *Incident) Raise(by By, at time.Time, to Severity, reason string) error {
	if err := i.notOver("raised"); err != nil {
		return err
	}
	switch {
	case to.Rank() == 0:
		return i.refuse("cannot have severity %q: want one of %v", to, Severities())
	case to.Rank() <= i.Severity.Rank():
		return i.refuse("is %s: it can only be raised above that, not to %s", i.Severity, to)
	case strings.TrimSpace(by.Actor) == "", strings.TrimSpace(reason) == "":
		return i.refuse("is raised only with a name and a reason")
	}
	from := i.Severity
	i.Severity = to
	i.Add(by, at, EntrySeverity, "raised from %s to %s: %s", from, to, reason)
	i.climb(at)
	return nil
}

// Escalate makes it more severe by one, or runs the ladder again when it is critical already.
func (i *Incident) Escalate(by By, at time.Time, to Severity, reason string) error {
	if err := i.person(by); err != nil {
		return err
	}
	if to == "" && i.Severity != SeverityCritical {
		to = Severities()[min(i.Severity.Rank(), len(Severities())-1)]
	}
	if to != "" {
		return i.Raise(by, at, to, reason)
	}
	if err := i.notOver("escalated"); err != nil {
		return err
	}
	if strings.TrimSpace(reason) == "" {
		return i.refuse("is escalated only with a reason")
	}
	i.Add(by, at, EntrySeverity, "escalated at %s, the ladder begins again: %s", i.Severity, reason)
	i.climb(at)
	return nil
}

// Relapse takes back a mitigation, because it failed again.
func (i *Incident) Relapse(at time.Time, reason string) error {
	if i.State != IncidentMitigated {
		return i.refuse("is %s and cannot relapse", i.State)
	}
	i.Add(Auto(), at, EntryState, "not mitigated after all: %s", reason)
	i.climb(at)
	return nil
}

// climb begins the ladder at its first step, with nobody holding the incident. Whoever investigates goes on doing so.
func (i *Incident) climb(at time.Time) {
	i.LadderAt, i.Steps = at, 0
	i.AcknowledgedAt, i.AcknowledgedBy = time.Time{}, ""
	if i.State == IncidentAcknowledged || i.State == IncidentMitigated {
		i.State, i.MitigatedAt = IncidentOpen, time.Time{}
	}
}

// Expire ends an acknowledgement that has lasted too long without a result: paging begins again (I09).
func (i *Incident) Expire(at time.Time) error {
	if !i.Acknowledged() || i.Over() || i.State == IncidentMitigated {
		return i.refuse("has no acknowledgement that could expire")
	}
	who := i.AcknowledgedBy
	i.Add(Auto(), at, EntryState, "the acknowledgement by %s has expired after %s: paging again", who, at.Sub(i.AcknowledgedAt))
	i.climb(at)
	return nil
}

// Assign hands the incident to a person, or to nobody. It does not acknowledge in that person's name.
func (i *Incident) Assign(by By, at time.Time, to string) error {
	if err := i.person(by); err != nil {
		return err
	}
	if err := i.notOver("assigned"); err != nil {
		return err
	}
	to = strings.TrimSpace(to)
	switch to {
	case Automation:
		return i.refuse("can be assigned to people only: automation is its responder, not its owner")
	case i.Assignee:
		return i.refuse("is assigned to %q already", to)
	}
	from := i.Assignee
	i.Assignee = to
	switch {
	case to == "":
		i.Add(by, at, EntryAssigned, "taken from %s: assigned to nobody", from)
	case from == "":
		i.Add(by, at, EntryAssigned, "assigned to %s", to)
	default:
		i.Add(by, at, EntryAssigned, "handed over from %s to %s", from, to)
	}
	return nil
}

// Paged records a step of the ladder.
func (i *Incident) Paged(at time.Time, text string) {
	i.Steps++
	i.Add(Auto(), at, EntryPaged, "%s", text)
}

// Bound keeps what an alert says from widening what is done by itself. It is called before the alert raises the severity.
func (i *Incident) Bound() {
	if i.AtMost == "" {
		i.AtMost = ResponseStandard
		if r := i.Severity.Response(); r.Rank() > i.AtMost.Rank() {
			i.AtMost = r
		}
	}
}

// Confirm takes in that something else than an alert says that it is so severe. It says whether that widens what is done
// by itself.
func (i *Incident) Confirm(s Severity) bool {
	r := s.Response()
	if i.AtMost == "" || r.Rank() <= i.AtMost.Rank() {
		return false
	}
	if i.AtMost = r; r == ResponseCritical {
		i.AtMost = ""
	}
	return true
}

// Warn adds an alert's key. It says whether the key is new.
func (i *Incident) Warn(key string) bool {
	if slices.Contains(i.Alerts, key) {
		return false
	}
	if len(i.Alerts) < maxListed {
		i.Alerts = append(i.Alerts, key)
	}
	return true
}

// Affect adds a vault. It says whether the vault is new.
func (i *Incident) Affect(vault string, at time.Time) bool {
	if vault == "" || slices.ContainsFunc(i.Vaults, func(v IncidentVault) bool { return v.Vault == vault && v.Recovered.IsZero() }) {
		return false
	}
	for n := range i.Vaults {
		if i.Vaults[n].Vault == vault {
			i.Vaults[n].Recovered = time.Time{}
			return true
		}
	}
	if len(i.Vaults) < maxListed {
		i.Vaults = append(i.Vaults, IncidentVault{Vault: vault, Since: at})
	}
	i.VaultCount = max(i.VaultCount, len(i.Vaults))
	return true
}

// Recover marks a vault whose day went on.
func (i *Incident) Recover(vault string, at time.Time) {
	for n := range i.Vaults {
		if v := &i.Vaults[n]; v.Vault == vault && v.Recovered.IsZero() {
			v.Recovered = at
		}
	}
	i.Add(Auto(), at, EntryVault, "the day of %s goes on", vault)
}
