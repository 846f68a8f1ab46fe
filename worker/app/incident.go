package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.uber.org/fx"

	"github.com/meteora-fee-router/feeops/activities"
	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var incidentModule = fx.Module("incident",
	fx.Provide(
		newIncidents, newWitness,
		func(d *notify.Dispatcher, log *slog.Logger) activities.Teller { return teller{dispatcher: d, log: log} },
		func(d *notify.Dispatcher, log *slog.Logger) notify.Rooms {
			return rooms{dispatcher: d, console: incident.Console{Log: log}}
		},
	),
	fx.Invoke(checkConfigLocks),
)

type incidentParams struct {
	fx.In

	Settings config.Settings
	Client   client.Client
	Store    *store.Store
	Pool     *chain.Pool
	Service  *distribution.Service
	Witness  *witness
	Teller   activities.Teller
	Rooms    notify.Rooms
	Clock    Clock
}

func newIncidents(p incidentParams) (*activities.Incidents, error) {
	s := p.Settings
	policy, err := PagingPolicy(s)
	if err != nil {
		return nil, fault(err)
	}
	teams := map[string]string{}
	for _, v := range s.Vaults {
		teams[v.ID] = v.Team
	}
	return activities.NewIncidents(activities.IncidentParams{
		Desk: incident.Desk{Rules: IncidentRules(s), Ledger: p.Store}, Store: p.Store,
		Door:   Door{Client: p.Client, Queue: s.Temporal.TaskQueue},
		Guard:  guard{client: p.Client, store: p.Store, queue: s.Temporal.TaskQueue, now: p.Clock},
		Teller: p.Teller, Rooms: p.Rooms, Witness: p.Witness,
		Mender: distribution.Mender{Service: p.Service, Probe: p.Pool.Probe}, Policy: policy, Redact: redactor(s),
		Surroundings: incident.Surroundings{
			Runbooks: s.Incidents.RunbooksURL, TemporalUI: s.Temporal.UIURL, Namespace: s.Temporal.Namespace,
			WorkflowID: func(id string) string { return ops.IncidentID(s.Temporal.TaskQueue, id) },
		},
		Teams: teams, Hash: s.Hash(), Respond: s.Incidents.Respond, ReopenWindow: s.Incidents.ReopenWindow, Now: p.Clock,
	}), nil
}

func redactor(s config.Settings) incident.Redactor {
	return incident.NewRedactor(s.Secrets(), config.RedactURL)
}

// IncidentRules turns settings into the correlator's.
func IncidentRules(s config.Settings) incident.Rules {
	return incident.Rules{Window: s.Incidents.Window, HighAbove: int(s.Incidents.HighAbove), CriticalAbove: int(s.Incidents.CriticalAbove)}
}

// PagingPolicy turns settings into who is paged, and when.
func PagingPolicy(s config.Settings) (incident.Policy, error) {
	e := s.Escalation
	hours, err := businessHours(e)
	if err != nil {
		return incident.Policy{}, err
	}
	roster, err := onCall(s.OnCall)
	if err != nil {
		return incident.Policy{}, err
	}
	a := s.Incidents.AckExpires
	p := incident.Policy{Hours: hours, Roster: roster, AckExpires: map[domain.Severity]time.Duration{
		domain.SeverityLow: a.Low, domain.SeverityMedium: a.Medium, domain.SeverityHigh: a.High, domain.SeverityCritical: a.Critical,
	}}
	for _, l := range e.Ladders {
		ladder := incident.Ladder{Severity: l.Severity, Team: l.Team, BusinessHours: l.BusinessHours, Repeat: int(l.Repeat), RepeatAfter: l.RepeatAfter}
		for _, step := range l.Steps {
			ladder.Steps = append(ladder.Steps, incident.Step(step))
		}
		p.Ladders = append(p.Ladders, ladder)
	}
	return p, nil
}

func businessHours(e config.Escalation) (incident.Hours, error) {
	zone, err := time.LoadLocation(e.TimeZone)
	if err != nil {
		return incident.Hours{}, fmt.Errorf("escalation.time_zone %q: %w", e.TimeZone, err)
	}
	h := incident.Hours{Zone: zone}
	for _, one := range []struct {
		text string
		into *time.Duration
	}{{e.BusinessFrom, &h.From}, {e.BusinessTo, &h.To}} {
		at, err := time.Parse("15:04", one.text)
		if err != nil {
			return h, fmt.Errorf("escalation: business hours %q: want HH:MM", one.text)
		}
		*one.into = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	}
	days := map[string]time.Weekday{
		"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday,
	}
	for _, name := range e.BusinessDays {
		h.Days = append(h.Days, days[name])
	}
	return h, nil
}

func onCall(o config.OnCall) (incident.Roster, error) {
	var out incident.Roster
	zones := map[string]*time.Location{}
	for _, r := range o.Rotations {
		zone, err := time.LoadLocation(r.TimeZone)
		if err != nil {
			return out, fmt.Errorf("oncall: time zone of rotation %s: %w", r.Name, err)
		}
		zones[r.Name] = zone
		start, err := time.ParseInLocation(config.LocalTime, r.Start, zone)
		if err != nil {
			return out, fmt.Errorf("oncall: start of rotation %s: %w", r.Name, err)
		}
		out.Rotations = append(out.Rotations, incident.Rotation{Name: r.Name, Zone: zone, Start: start, Shift: r.Shift, People: r.People})
	}
	for _, x := range o.Overrides {
		zone := zones[x.Rotation]
		if zone == nil {
			return out, fmt.Errorf("oncall: an override names rotation %q, which is not there", x.Rotation)
		}
		from, err := time.ParseInLocation(config.LocalTime, x.From, zone)
		if err != nil {
			return out, fmt.Errorf("oncall: beginning of an override of %s: %w", x.Rotation, err)
		}
		to, err := time.ParseInLocation(config.LocalTime, x.To, zone)
		if err != nil {
			return out, fmt.Errorf("oncall: end of an override of %s: %w", x.Rotation, err)
		}
		out.Overrides = append(out.Overrides, incident.Override{Rotation: x.Rotation, Person: x.Person, From: from, To: to})
	}
	return out, nil
}

// checkConfigLocks refuses to start a worker with other settings of who gets how much than those that a critical
// incident has locked (S12). Endpoints, channels and people may be changed: an incident often needs it.
func checkConfigLocks(s config.Settings, db *store.Store) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	locks, err := db.ConfigLocks(ctx)
	if err != nil {
		return fault(fmt.Errorf("read the locks of the settings: %w", err))
	}
	for _, l := range locks {
		if l.Hash != s.Hash() {
			return fault(fmt.Errorf("the settings are locked by incident %s (%s): network, distribution and vaults must stay as they were (hash %.12s, these have %.12s). "+
				"Put them back, or resolve the incident: feeops incident show %s", l.Incident, l.Reason, l.Hash, s.Hash(), l.Incident))
		}
	}
	return nil
}
