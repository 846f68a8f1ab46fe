package alert

import (
	"fmt"
	"maps"
	"slices"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// order does what a person asked for. What cannot be done is recorded, because whoever asked may not be there to see.
func (t *turn) order(o domain.AlertOrder) {
	switch {
	case o.Acknowledge != "":
		t.acknowledge(o)
	case o.Mute != nil:
		t.mute(o)
	case o.Unmute != "":
		t.unmute(o)
	}
}

func (t *turn) refuse(about string, o domain.AlertOrder, why string) {
	t.out.Events = append(t.out.Events, domain.AlertEvent{At: t.in.Now, Episode: about, Kind: domain.EventRefused, Actor: o.Actor, Detail: why})
}

// acknowledge takes an episode over; a group's members with it. Asked again it changes nothing: the first name stands.
func (t *turn) acknowledge(o domain.AlertOrder) {
	ep, ok := t.s.Episodes[o.Acknowledge]
	switch {
	case !ok || !ep.Active():
		t.refuse(o.Acknowledge, o, "no such episode is open")
		return
	case o.Actor == "":
		t.refuse(ep.Key, o, "nobody says who takes it over")
		return
	case ep.State == domain.EpisodeAcknowledged:
		return
	}
	t.take(ep.Key, o)
	if !ep.IsGroup() {
		return
	}
	for _, member := range t.s.where(func(m domain.Episode) bool { return m.Group == ep.Key && m.State == domain.EpisodeOpen }) {
		t.take(member.Key, o)
	}
}

func (t *turn) take(key string, o domain.AlertOrder) {
	ep := t.edit(key, func(ep *domain.Episode) {
		ep.State, ep.Acked, ep.AckedBy, ep.Changed = domain.EpisodeAcknowledged, t.in.Now, o.Actor, t.in.Now
		if ep.Seq > 0 {
			t.say(ep, domain.MessageAcknowledge)
		}
	})
	t.event(ep, domain.EventAcknowledged, o.Actor, "")
}

// mute takes a mute. One that is longer than allowed is cut rather than refused: whoever asked wanted silence now.
func (t *turn) mute(o domain.AlertOrder) {
	m := *o.Mute
	if _, known := t.s.Mutes[m.ID]; known {
		return // The order came twice.
	}
	if m.From.Before(t.in.Now) {
		m.From = t.in.Now
	}
	if latest := m.From.Add(t.limits.MaxMute); m.Until.After(latest) {
		m.Until = latest
	}
	m.Began, m.Ended, m.Seq, m.Unsent = false, false, 0, nil
	if err := m.Check(t.in.Now, t.limits.MaxMute); err != nil {
		t.refuse(m.ID, o, err.Error())
		return
	}
	t.keep(m)
	t.out.Events = append(t.out.Events, domain.AlertEvent{At: t.in.Now, Episode: m.ID, Kind: domain.EventMuted, Alert: m.Alert, Vault: m.Vault, Actor: m.Actor, Detail: m.Reason})
}

func (t *turn) unmute(o domain.AlertOrder) {
	m, ok := t.s.Mutes[o.Unmute]
	if !ok || m.Ended {
		t.refuse(o.Unmute, o, "no such mute is in force")
		return
	}
	m.Until = t.in.Now
	t.keep(m)
}

func (t *turn) keep(m domain.Mute) {
	t.s.Mutes[m.ID] = m
	t.muted[m.ID] = true
}

// announce says that mutes begin and end. Whatever they kept back is told once they are over.
func (t *turn) announce() {
	for _, id := range slices.Sorted(maps.Keys(t.s.Mutes)) {
		m, changed := t.s.Mutes[id], false
		if !m.Began && !t.in.Now.Before(m.From) {
			m.Began, changed = true, true
			t.out.Events = append(t.out.Events, muteEvent(t, m, domain.EventMuteBegan))
			m = t.tellMute(m, fmt.Sprintf("%s until %s", muteTitle(m), stamp(m.Until)), fmt.Sprintf("%s: %s", m.Actor, m.Reason))
		}
		if m.Began && !m.Ended && !t.in.Now.Before(m.Until) {
			m.Ended, changed = true, true
			under := 0
			for _, ep := range t.s.Episodes {
				if ep.Active() && !ep.IsGroup() && m.Covers(ep) {
					under++
				}
			}
			t.out.Events = append(t.out.Events, muteEvent(t, m, domain.EventMuteEnded))
			m = t.tellMute(m, muteTitle(m)+" is over", fmt.Sprintf("Open alerts that it covered: %d.", under))
		}
		if changed {
			t.keep(m)
		}
	}
}

func muteEvent(t *turn, m domain.Mute, kind domain.EventKind) domain.AlertEvent {
	return domain.AlertEvent{At: t.in.Now, Episode: m.ID, Kind: kind, Alert: m.Alert, Vault: m.Vault, Actor: m.Actor, Detail: m.Reason}
}

func muteTitle(m domain.Mute) string {
	what, where := "all alerts", "all vaults"
	if m.Alert != "" {
		what = m.Alert
	}
	if m.Vault != "" {
		where = m.Vault
	}
	if m.Kind == domain.MuteMaintenance {
		return fmt.Sprintf("Maintenance of %s (%s)", where, what)
	}
	return fmt.Sprintf("Mute of %s for %s", what, where)
}

func (t *turn) tellMute(m domain.Mute, title, text string) domain.Mute {
	m.Seq++
	message := domain.Message{
		Key: m.ID, Seq: m.Seq, Kind: domain.MessageInfo, Severity: domain.SeverityLow, Title: title, Text: text, Vault: m.Vault, Alert: m.Alert, At: t.in.Now,
	}
	m.Unsent = append(append([]domain.Message{}, m.Unsent...), message)
	return m
}

func (t *turn) deliveredMute(m domain.Mute, d domain.Delivered) {
	if len(m.Unsent) == 0 || m.Unsent[0].Seq != d.Seq {
		return
	}
	m.Unsent = m.Unsent[1:]
	t.keep(m)
}
