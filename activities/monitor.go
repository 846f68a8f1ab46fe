package activities

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// dashboardLines is how much of the dashboard a history carries; the store has all of it.
const dashboardLines = 20

// Looker looks at the fleet and stores what it saw.
type Looker interface {
	Look(ctx context.Context) (domain.FleetTick, error)
}

// Judge holds the newest look against the catalogue.
type Judge interface {
	Step(ctx context.Context, since time.Time, told []domain.Delivered, orders []domain.AlertOrder) (alert.Output, error)
	Dashboard(ctx context.Context) (domain.Dashboard, error)
	Prune(ctx context.Context) error
}

// People are told: a message goes to the channels. It may be given again when it was delivered.
type People interface {
	Tell(ctx context.Context, m domain.Message) error
}

// AlertDesk takes what the watch hands over to incidents. Both may be repeated.
type AlertDesk interface {
	OpenForAlert(ctx context.Context, m domain.Message) (ops.TellAnswer, error)
	NoteAlert(ctx context.Context, m domain.Message) error
}

// MonitorParams are the parts of the activities of FleetMonitor. The intervals are those of the settings; the workflow
// takes them over with each look.
type MonitorParams struct {
	Looker    Looker
	Judge     Judge
	People    People
	Incidents AlertDesk
	Intervals ops.Intervals
	Log       *slog.Logger
}

// Monitor holds the activities of FleetMonitor.
type Monitor struct {
	looker    Looker
	judge     Judge
	people    People
	incidents AlertDesk
	intervals ops.Intervals
	log       *slog.Logger
}

// NewMonitor makes them.
func NewMonitor(p MonitorParams) *Monitor {
	return &Monitor{looker: p.Looker, judge: p.Judge, people: p.People, incidents: p.Incidents, intervals: p.Intervals, log: p.Log}
}

// TakeLook takes one look at the fleet (M01).
func (m *Monitor) TakeLook(ctx context.Context, _ ops.LookInput) (ops.LookResult, error) {
	t, err := m.looker.Look(ctx)
	if err != nil {
		return ops.LookResult{}, fault.Seal(fmt.Errorf("look at the fleet: %w", err))
	}
	f := t.Fleet
	return ops.LookResult{At: f.At, Read: f.Read, Vaults: f.Vaults, Requests: f.Requests, TookMS: f.Took.Milliseconds(), Intervals: m.intervals}, nil
}

// JudgeFleet judges the newest look (M02). Every event is a line of the log too (M15).
func (m *Monitor) JudgeFleet(ctx context.Context, in ops.JudgeInput) (ops.JudgeResult, error) {
	out, err := m.judge.Step(ctx, in.Since, in.Told, in.Orders)
	if err != nil {
		return ops.JudgeResult{}, fault.Seal(fmt.Errorf("judge the fleet: %w", err))
	}
	for _, e := range out.Events {
		m.log.Log(ctx, levelOf(e), "alert "+string(e.Kind), "episode", e.Episode, "severity", e.Severity, "vault", e.Vault, "actor", e.Actor, "detail", e.Detail)
	}
	res := ops.JudgeResult{Messages: out.Messages}
	for _, e := range out.State.Episodes {
		if e.Active() && !e.IsGroup() {
			res.Open++
		}
	}
	return res, nil
}

// levelOf makes what begins or becomes graver a warning; all else is a record.
func levelOf(e domain.AlertEvent) slog.Level {
	if e.Kind == domain.EventOpened || e.Kind == domain.EventRaised || e.Kind == domain.EventRefused {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// Tell delivers one message: to an incident, to people, or to both. A worker that is killed over it is noticed by its
// missing heartbeats, and another tells it.
func (m *Monitor) Tell(ctx context.Context, message domain.Message) (ops.TellAnswer, error) {
	defer heartbeat(ctx)()
	answer, err := m.handOver(ctx, message)
	if err != nil || answer.Incident != "" && (message.Opens || message.Quiet) {
		return answer, err
	}
	if err := m.people.Tell(ctx, message); err != nil {
		return ops.TellAnswer{}, fault.Seal(fmt.Errorf("tell %s #%d: %w", message.Key, message.Seq, err))
	}
	return answer, nil
}

// openTries is how often an incident is tried to be opened before the channels are told instead. The next reminder tries
// again: no alert is lost over an incident that cannot be opened.
const openTries = 4

// handOver gives a message to the incident whose it is. No incident in the answer means that people are to be told.
func (m *Monitor) handOver(ctx context.Context, message domain.Message) (ops.TellAnswer, error) {
	switch {
	case message.Opens:
		answer, err := m.incidents.OpenForAlert(ctx, message)
		if err == nil {
			return answer, nil
		}
		if activity.IsActivity(ctx) && activity.GetInfo(ctx).Attempt < openTries {
			return ops.TellAnswer{}, fault.Seal(fmt.Errorf("open an incident for %s #%d: %w", message.Key, message.Seq, err))
		}
		m.log.Error("no incident could be opened; the channels are told instead", "key", message.Key, "error", err)
		return ops.TellAnswer{}, nil
	case message.Incident != "" && message.Alert != "":
		if err := m.incidents.NoteAlert(ctx, message); err != nil {
			return ops.TellAnswer{}, fault.Seal(fmt.Errorf("note %s #%d: %w", message.Key, message.Seq, err))
		}
		return ops.TellAnswer{Incident: message.Incident}, nil
	}
	return ops.TellAnswer{}, nil
}

// ShowDashboard gives the head of the dashboard (M03) and clears what is too old when asked to.
func (m *Monitor) ShowDashboard(ctx context.Context, in ops.ShowInput) (domain.Dashboard, error) {
	if in.Prune {
		if err := m.judge.Prune(ctx); err != nil {
			m.log.Warn("old samples were not cleared", "error", err) // The next hour tries again; people want the dashboard now.
		}
	}
	d, err := m.judge.Dashboard(ctx)
	if err != nil {
		return domain.Dashboard{}, fault.Seal(fmt.Errorf("dashboard: %w", err))
	}
	return d.Short(dashboardLines), nil
}

// Names are the functions by the names that internal/ops gives them.
func (m *Monitor) Names() map[string]any {
	return map[string]any{ops.TakeLook.Name: m.TakeLook, ops.JudgeFleet.Name: m.JudgeFleet, ops.TellPeople.Name: m.Tell, ops.ShowDashboard.Name: m.ShowDashboard}
}
