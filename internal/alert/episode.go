package alert

import (
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// A subject that opens an alert's third episode within the window flaps. That episode then stays open until its
// condition has been gone for flapQuiet without a break: people get one message and its reminders instead of a stream
// of beginnings and ends. Prometheus has the same with keep_firing_for, Nagios with its two thresholds; here the
// beginnings within a window are counted because they are what people are told.
const (
	flapWindow = 2 * time.Hour
	flapAt     = 3
	flapQuiet  = time.Hour
)

// begin opens an episode.
func (t *turn) begin(r *Rule, c *Case, ref Ref) {
	newest := t.s.Newest[ref]
	openings := []time.Time{}
	for _, at := range newest.Openings {
		if t.in.Now.Sub(at) < flapWindow {
			openings = append(openings, at)
		}
	}
	newest.Openings = append(openings, t.in.Now)
	newest.Number++
	ep := domain.Episode{
		Key: domain.EpisodeKey(ref.Subject, ref.Alert, newest.Number), Alert: ref.Alert, Subject: ref.Subject, Number: newest.Number,
		State: domain.EpisodeOpen, Severity: r.Severity, Opened: t.in.Now, Changed: t.in.Now, Next: r.Next, Runbook: r.Runbook(),
	}
	if len(newest.Openings) >= flapAt {
		ep.Flapping = len(newest.Openings)
	}
	describe(&ep, r, c)
	if r.mark != nil {
		newest.Mark = ep.Mark
	}
	t.s.Newest[ref] = newest
	t.s.Episodes[ep.Key] = ep
	t.edited[ep.Key] = true
	t.open[ref] = ep.Key
	t.holds[ref.Alert]++
	t.event(ep, domain.EventOpened, "", ep.Detail)
}

// describe writes down what is seen now.
func describe(ep *domain.Episode, r *Rule, c *Case) {
	ep.Detail = r.detail(c)
	v := c.Vault
	if v == nil {
		return
	}
	ep.Vault, ep.Token, ep.Day = v.Vault, v.Token, c.timing.Day()
	ep.Next = nextFor(r.Next, v.Vault)
	if r.cause != nil {
		ep.Cause = r.cause(c)
	}
	if r.mark != nil {
		ep.Mark = r.mark(c)
	}
	if r.risk != nil {
		ep.AtRisk = copyOf(r.risk(c))
	}
	if r.worse != nil {
		ep.Severity = worst(ep.Severity, r.worse(c))
	}
}

// persist looks again at an episode whose condition still holds. What it says is renewed when it becomes graver or is
// told again; storing it at every look would only wear the disk.
func (t *turn) persist(r *Rule, c *Case, key string) {
	ep := t.s.Episodes[key]
	if r.mark != nil && r.mark(c) != ep.Mark {
		t.resolve(key, "another one followed")
		t.begin(r, c, Ref{ep.Alert, ep.Subject})
		return
	}
	if !ep.Clear.IsZero() {
		t.edit(key, func(ep *domain.Episode) { ep.Clear = time.Time{} })
	}
	graver := r.worse != nil && r.worse(c).Rank() > ep.Severity.Rank()
	if !graver && !t.toldAgain(ep) {
		return
	}
	ep = t.edit(key, func(ep *domain.Episode) {
		describe(ep, r, c)
		ep.Changed = t.in.Now
		if graver {
			ep.State = domain.EpisodeOpen // Somebody took over something less severe.
		}
	})
	if graver {
		t.event(ep, domain.EventRaised, "", ep.Detail)
	}
}

// toldAgain is true when a reminder will be made of the episode in this step, or of its group.
func (t *turn) toldAgain(ep domain.Episode) bool {
	if ep.Group != "" {
		ep = t.s.Episodes[ep.Group]
	}
	return t.reminderDue(ep) && t.mutedBy(ep) == "" && !t.covered(ep)
}

// recede moves an episode whose condition does not hold, or is not known.
func (t *turn) recede(r *Rule, c *Case, key string, v Verdict, at time.Time) {
	ep := t.s.Episodes[key]
	if v == Unknown {
		if !ep.Clear.IsZero() { // Gone must be seen without a break.
			t.edit(key, func(ep *domain.Episode) { ep.Clear = time.Time{} })
		}
		return
	}
	since := ep.Clear
	if since.IsZero() {
		since = at
	}
	quiet := r.Quiet
	if ep.Flapping > 0 {
		quiet = max(quiet, flapQuiet)
	}
	if at.Sub(since) < quiet {
		if ep.Clear.IsZero() {
			t.edit(key, func(ep *domain.Episode) { ep.Clear = since })
		}
		return
	}
	why := "the condition is gone"
	switch {
	case r.Event:
		why = "a day has passed"
	case r.over != nil:
		why = r.over(c)
	}
	t.resolve(key, why)
}

// resolve ends an episode. Whoever was told that it began is told that it is over, also while it is muted: an alarm that
// was raised elsewhere must not stay on there.
func (t *turn) resolve(key, why string) {
	ep := t.edit(key, func(ep *domain.Episode) {
		ep.State, ep.Resolved, ep.Changed, ep.Resolution, ep.Clear = domain.EpisodeResolved, t.in.Now, t.in.Now, why, time.Time{}
		if ep.Seq > 0 {
			t.say(ep, domain.MessageResolve)
		}
	})
	if !ep.IsGroup() {
		delete(t.open, Ref{ep.Alert, ep.Subject})
		t.holds[ep.Alert]--
	}
	t.event(ep, domain.EventResolved, "", why)
}

// retire ends the episodes of vaults that left the settings (M06), and of events that somebody has taken over.
func (t *turn) retire() {
	for _, ep := range t.s.where(func(ep domain.Episode) bool { return !ep.IsGroup() && t.goneBy(ep) != "" }) {
		t.resolve(ep.Key, t.goneBy(ep))
	}
	for ref := range t.s.Pending {
		if t.perVault(ref.Alert) && !t.known[ref.Subject] {
			delete(t.s.Pending, ref)
			t.holds[ref.Alert]--
		}
	}
}

// goneBy says why an episode ends whatever its condition says, or "".
func (t *turn) goneBy(ep domain.Episode) string {
	switch {
	case ep.Vault != "" && !t.known[ep.Vault]:
		return "the vault left the settings"
	case ep.State == domain.EpisodeAcknowledged && t.isEvent(ep.Alert):
		return ep.AckedBy + " has taken it over"
	case t.rule(ep.Alert) == nil:
		return "the alert is not in the catalogue any more"
	default:
		return ""
	}
}

func (t *turn) rule(id string) *Rule {
	for i := range t.rules {
		if t.rules[i].ID == id {
			return &t.rules[i]
		}
	}
	return nil
}

func (t *turn) isEvent(id string) bool {
	r := t.rule(id)
	return r != nil && r.Event
}

func (t *turn) perVault(id string) bool {
	r := t.rule(id)
	return r != nil && r.PerVault()
}

func worst(a, b domain.Severity) domain.Severity {
	if b.Rank() > a.Rank() {
		return b
	}
	return a
}

func copyOf(a *domain.Amount) *domain.Amount {
	if a == nil {
		return nil
	}
	b := *a
	return &b
}
