package activities

import (
	"context"
	"fmt"
	"log/slog"
	"time"

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

// Monitor holds the activities of FleetMonitor.
type Monitor struct {
	looker    Looker
	judge     Judge
	people    People
	intervals ops.Intervals
	log       *slog.Logger
}

// NewMonitor makes them. The intervals are those of the settings; the workflow takes them over with each look.
func NewMonitor(l Looker, j Judge, p People, i ops.Intervals, log *slog.Logger) *Monitor {
	return &Monitor{looker: l, judge: j, people: p, intervals: i, log: log}
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

// Tell delivers one message. A worker that is killed over it is noticed by its missing heartbeats, and another tells it.
func (m *Monitor) Tell(ctx context.Context, message domain.Message) (struct{}, error) {
	defer heartbeat(ctx)()
	if err := m.people.Tell(ctx, message); err != nil {
		return struct{}{}, fault.Seal(fmt.Errorf("tell %s #%d: %w", message.Key, message.Seq, err))
	}
	return struct{}{}, nil
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
