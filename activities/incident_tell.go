package activities

import (
	"context"
	"fmt"
	"strings"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// TellIncident tells people of an incident (S15).
func (a *Incidents) TellIncident(ctx context.Context, in ops.TellInput) (ops.TellResult, error) {
	m := a.message(ctx, in.Incident, incident.Occasion(in.Occasion), in.Text, in.Seq)
	took, err := a.Teller.Tell(ctx, m, in.To, in.Channels)
	if err != nil {
		return ops.TellResult{Channels: took}, fault.Seal(fmt.Errorf("tell of %s: %w", in.Incident.ID, err))
	}
	return ops.TellResult{Channels: took}, nil
}

// message composes what people read. Text from outside may hold secrets; names and figures are our own.
func (a *Incidents) message(ctx context.Context, i domain.Incident, o incident.Occasion, text string, seq int) notify.Message {
	s := a.Surroundings
	s.Team, s.Money = a.team(i), a.money(ctx, i)
	i.Title, i.Description = a.Redact.Text(i.Title), a.Redact.Text(i.Description)
	return incident.Message(i, o, a.Redact.Text(text), seq, a.Now(), s)
}

// countedDays bounds the reading for a message: a storm is told now, and assessed later.
const countedDays = 20

// money is what is at risk, by the books.
func (a *Incidents) money(ctx context.Context, i domain.Incident) string {
	failures, err := a.Store.Failures(ctx, i.ID, countedDays)
	if err != nil {
		return "not assessed: " + a.Redact.Text(err.Error())
	}
	text := incident.TotalRisk(incident.ReadAll(ctx, a.Store, failures))
	if more := i.VaultCount - countedDays; more > 0 {
		text += fmt.Sprintf(", and %d vaults not assessed", more)
	}
	return text
}

// PostRoom opens the incident's room, if it is not open, and posts lines of its timeline into it (I08).
func (a *Incidents) PostRoom(ctx context.Context, in ops.RoomInput) (ops.RoomResult, error) {
	room := notify.Ref(in.Room)
	var err error
	if room == "" {
		s := a.Surroundings
		s.Team = a.team(in.Incident)
		if room, err = a.Rooms.Open(ctx, incident.Room(in.Incident, a.invited(in.Incident), s)); err != nil {
			return ops.RoomResult{}, fault.Seal(fmt.Errorf("open the room of %s: %w", in.Incident.ID, err))
		}
	}
	var lines []string
	for _, e := range in.Entries {
		lines = append(lines, fmt.Sprintf("%s %s: %s", e.At.UTC().Format("15:04:05"), e.Actor, e.Text))
	}
	m := a.message(ctx, in.Incident, incident.Changed, strings.Join(lines, "\n"), in.Seq)
	if err := a.Rooms.Post(ctx, room, m); err != nil {
		return ops.RoomResult{Room: string(room)}, fault.Seal(fmt.Errorf("post into the room of %s: %w", in.Incident.ID, err))
	}
	if err := a.Rooms.Describe(ctx, room, incident.Topic(in.Incident)); err != nil {
		return ops.RoomResult{Room: string(room)}, fault.Seal(fmt.Errorf("topic of the room of %s: %w", in.Incident.ID, err))
	}
	return ops.RoomResult{Room: string(room)}, nil
}

// invited are the people of the first step of the ladder, and whoever owns the incident.
func (a *Incidents) invited(i domain.Incident) []string {
	next := a.Policy.Next(incident.Facts{Severity: i.Severity, Team: a.team(i), LadderAt: i.LadderAt}, a.Now())
	people := next.To
	for _, one := range []string{i.Assignee, i.AcknowledgedBy} {
		if one != "" {
			people = append(people, one)
		}
	}
	return people
}
