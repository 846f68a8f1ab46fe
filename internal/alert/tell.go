package alert

import (
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// slowest bounds how far apart reminders grow.
const slowest = 24 * time.Hour

// reminderDue is true when an episode that nobody has taken over was told long enough ago: after one repeat, then after
// two, four, eight more. What can wait for working hours is told once.
func (t *turn) reminderDue(ep domain.Episode) bool {
	if ep.State != domain.EpisodeOpen || ep.Severity == domain.SeverityLow || ep.Told.IsZero() || len(ep.Unsent) > 0 {
		return false
	}
	if ep.Incident != "" {
		return false // The incident has a ladder of its own.
	}
	return t.in.Now.Sub(ep.Told) >= t.reminderAfter(ep.Times)
}

func (t *turn) reminderAfter(times int) time.Duration {
	wait := t.limits.Repeat
	for range times - 1 {
		if wait *= 2; wait >= slowest {
			return max(slowest, t.limits.Repeat)
		}
	}
	return wait
}

// need says what an episode wants to tell now, or "".
func (t *turn) need(ep domain.Episode) domain.MessageKind {
	switch {
	case ep.Seq == 0, ep.Severity.Rank() > ep.ToldAs.Rank():
		return domain.MessageTrigger
	case t.reminderDue(ep):
		return domain.MessageUpdate
	default:
		return ""
	}
}

// tell makes the messages of this step.
func (t *turn) tell() {
	g := t.groups()
	for _, ep := range t.s.where(func(ep domain.Episode) bool { return !ep.IsGroup() && ep.Group == "" && t.need(ep) != "" }) {
		kind := t.need(ep)
		switch {
		case t.covered(ep) || t.silence(ep):
		case ep.Seq == 0:
			g.fresh[bundleOf(ep)] = append(g.fresh[bundleOf(ep)], ep)
		default:
			t.edit(ep.Key, func(ep *domain.Episode) { t.say(ep, kind) })
		}
	}
	for _, b := range g.bundles() {
		t.tellFresh(g, b)
	}
	for _, key := range g.keys() {
		t.tellGroup(key, g.members[key])
	}
}

// covered is true while a graver alert of the same subject says all that this one could.
func (t *turn) covered(ep domain.Episode) bool {
	for i := range t.rules {
		if r := &t.rules[i]; slices.Contains(r.Weaker, ep.Alert) {
			if _, open := t.open[Ref{r.ID, ep.Subject}]; open {
				return true
			}
		}
	}
	return false
}

// silence is true while a mute covers the episode, and records once that something was not told because of it.
func (t *turn) silence(ep domain.Episode) bool {
	by := t.mutedBy(ep)
	if by == "" {
		return false
	}
	if ep.Muted != by {
		ep = t.edit(ep.Key, func(ep *domain.Episode) { ep.Muted = by })
		t.event(ep, domain.EventSuppressed, "", by)
	}
	return true
}

func (t *turn) mutedBy(ep domain.Episode) string {
	by := ""
	for id, m := range t.s.Mutes {
		if m.Holds(t.in.Now) && m.Covers(ep) && (by == "" || id < by) { // The same one every time.
			by = id
		}
	}
	return by
}

// say makes a message of an episode. It counts as told when it is delivered.
func (t *turn) say(ep *domain.Episode, kind domain.MessageKind) {
	t.append(ep, kind, t.message(*ep, kind))
}

func (t *turn) append(ep *domain.Episode, kind domain.MessageKind, m domain.Message) {
	m = t.address(*ep, m)
	ep.Seq++
	m.Seq = ep.Seq
	if kind == domain.MessageTrigger {
		ep.ToldAs = ep.Severity
	}
	ep.Muted = ""
	ep.Unsent = append(ep.Unsent, m)
}

// delivered stamps what has reached its channels (M14). A stamp that comes twice changes nothing.
func (t *turn) delivered(d domain.Delivered) {
	if m, ok := t.s.Mutes[d.Key]; ok {
		t.deliveredMute(m, d)
		return
	}
	ep, ok := t.s.Episodes[d.Key]
	if !ok || len(ep.Unsent) == 0 || ep.Unsent[0].Seq != d.Seq {
		return
	}
	kind := ep.Unsent[0].Kind
	t.adopt(d)
	ep = t.edit(d.Key, func(ep *domain.Episode) {
		ep.Unsent = ep.Unsent[1:]
		if kind == domain.MessageTrigger || kind == domain.MessageUpdate {
			ep.Told = d.At
			ep.Times++
		}
	})
	t.event(ep, domain.EventTold, "", string(kind))
}
