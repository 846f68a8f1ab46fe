package alert

import (
	"cmp"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// An episode whose rule names Incident and that is critical is told to nobody by the watch: its first message is handed
// over to an incident, which tells and pages people, and so are its end and whoever takes it over. That is how people
// hear of one thing once. While a mute covers it, or a graver alert, it waits as all messages do.

// opens is true when an incident takes the episode's messages.
func (t *turn) opens(ep domain.Episode) bool {
	r := t.rule(ep.Alert)
	return r != nil && r.Incident != "" && ep.Severity == domain.SeverityCritical
}

// address says whose a message is: an incident's, or people's.
func (t *turn) address(ep domain.Episode, m domain.Message) domain.Message {
	m.Incident = ep.Incident
	switch m.Kind {
	case domain.MessageTrigger, domain.MessageUpdate:
		m.Opens = t.opens(ep)
	default:
		m.Quiet = ep.Incident != "" && !ep.Heard
	}
	return m
}

// adopted writes down which incident took a message. Whoever had heard of the episode from a channel hears there of its
// end as well.
func (t *turn) adopted(key, incident string) {
	ep := t.s.Episodes[key]
	if incident == "" || ep.Incident == incident {
		return
	}
	ep = t.edit(key, func(ep *domain.Episode) {
		ep.Heard = ep.Heard || ep.Incident == "" && ep.Times > 0
		ep.Incident = incident
	})
	t.event(ep, domain.EventIncident, "", incident)
}

// adopt writes it down for an episode and, when it is a group's, for all that it tells.
func (t *turn) adopt(d domain.Delivered) {
	t.adopted(d.Key, d.Incident)
	if d.Incident == "" || !t.s.Episodes[d.Key].IsGroup() {
		return
	}
	for _, member := range t.s.where(func(m domain.Episode) bool { return m.Group == d.Key && m.Incident == "" }) {
		t.adopted(member.Key, cmp.Or(d.Apart[member.Key], d.Incident))
	}
}
