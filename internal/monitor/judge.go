package monitor

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// openingsSince is how far back the engine is told of openings; it covers its flap window.
const openingsSince = 4 * time.Hour

// Memory is what judging needs from the store.
type Memory interface {
	LatestTick(ctx context.Context) (domain.FleetTick, bool, error)
	Watch(ctx context.Context, since time.Time) (store.Watch, error)
	SaveWatch(ctx context.Context, c store.WatchChange) error
	Episodes(ctx context.Context, since time.Time) ([]domain.Episode, error)
	Mutes(ctx context.Context, since time.Time) ([]domain.Mute, error)
	Prune(ctx context.Context, now time.Time, r store.Retention) error
}

// JudgeParams are the judge's parts.
type JudgeParams struct {
	Store     Memory
	Engine    *alert.Engine
	Limits    alert.Limits
	Retention store.Retention
	Known     []string // The vaults of the settings.
	Now       func() time.Time
}

// Judge holds the newest look against the catalogue. One judge works at a time: FleetMonitor sees to that.
type Judge struct{ JudgeParams }

// NewJudge makes a judge.
func NewJudge(p JudgeParams) *Judge { return &Judge{p} }

// Step looks once, after it has taken deliveries and orders, and stores what came of it before it gives the messages. It
// may be repeated: an order or a stamp that comes twice changes nothing, and a message that is not known to be delivered
// is given again.
func (j *Judge) Step(ctx context.Context, since time.Time, told []domain.Delivered, orders []domain.AlertOrder) (alert.Output, error) {
	now := j.Now().UTC()
	tick, found, err := j.Store.LatestTick(ctx)
	if err != nil {
		return alert.Output{}, fmt.Errorf("the newest look: %w", err)
	}
	w, err := j.Store.Watch(ctx, now.Add(-openingsSince))
	if err != nil {
		return alert.Output{}, fmt.Errorf("what is remembered: %w", err)
	}
	before := stateOf(w)
	in := alert.Input{Now: now, Since: since, Vaults: tick.Vaults, Known: j.Known, Told: told, Orders: orders}
	if found {
		in.Fleet = &tick.Fleet
	}
	out := j.Engine.Step(before, in)
	change := store.WatchChange{Episodes: out.Episodes, Mutes: out.Mutes, Events: out.Events, Pending: pendingOf(out.State), Newest: newestOf(before, out.State)}
	if len(change.Episodes)+len(change.Mutes)+len(change.Events)+len(change.Newest) == 0 && maps.Equal(before.Pending, out.State.Pending) {
		return out, nil // Most looks change nothing, and then the disk is left in peace.
	}
	if err := j.Store.SaveWatch(ctx, change); err != nil {
		return alert.Output{}, fmt.Errorf("store what came of the look: %w", err)
	}
	return out, nil
}

func stateOf(w store.Watch) alert.State {
	s := alert.State{Episodes: map[string]domain.Episode{}, Newest: map[alert.Ref]alert.Newest{}, Pending: map[alert.Ref]time.Time{}, Mutes: map[string]domain.Mute{}}
	for _, e := range w.Episodes {
		s.Episodes[e.Key] = e
	}
	for _, n := range w.Newest {
		s.Newest[alert.Ref{Alert: n.Alert, Subject: n.Subject}] = alert.Newest{Number: n.Number, Mark: n.Mark}
	}
	for _, o := range w.Openings {
		ref := alert.Ref{Alert: o.Alert, Subject: o.Subject}
		n := s.Newest[ref]
		n.Openings = append(n.Openings, o.At)
		s.Newest[ref] = n
	}
	for _, p := range w.Pending {
		s.Pending[alert.Ref{Alert: p.Alert, Subject: p.Subject}] = p.Since
	}
	for _, m := range w.Mutes {
		s.Mutes[m.ID] = m
	}
	return s
}

func pendingOf(s alert.State) []store.PendingAlert {
	var out []store.PendingAlert
	for ref, since := range s.Pending {
		out = append(out, store.PendingAlert{Alert: ref.Alert, Subject: ref.Subject, Since: since})
	}
	slices.SortFunc(out, func(a, b store.PendingAlert) int {
		return cmp.Or(cmp.Compare(a.Alert, b.Alert), cmp.Compare(a.Subject, b.Subject))
	})
	return out
}

// newestOf are the heads that changed.
func newestOf(before, after alert.State) []store.EpisodeHead {
	var out []store.EpisodeHead
	for ref, n := range after.Newest {
		if old := before.Newest[ref]; old.Number != n.Number || old.Mark != n.Mark {
			out = append(out, store.EpisodeHead{Alert: ref.Alert, Subject: ref.Subject, Number: n.Number, Mark: n.Mark})
		}
	}
	slices.SortFunc(out, func(a, b store.EpisodeHead) int {
		return cmp.Or(cmp.Compare(a.Alert, b.Alert), cmp.Compare(a.Subject, b.Subject))
	})
	return out
}

// Dashboard is the fleet at a glance, from what is stored.
func (j *Judge) Dashboard(ctx context.Context) (domain.Dashboard, error) {
	return ReadDashboard(ctx, j.Store, j.Now(), j.Limits.Stale)
}

// Prune removes what is too old to be kept.
func (j *Judge) Prune(ctx context.Context) error {
	return j.Store.Prune(ctx, j.Now().UTC(), j.Retention)
}

// DashboardStore is what a dashboard is made of.
type DashboardStore interface {
	LatestTick(ctx context.Context) (domain.FleetTick, bool, error)
	Episodes(ctx context.Context, since time.Time) ([]domain.Episode, error)
	Mutes(ctx context.Context, since time.Time) ([]domain.Mute, error)
}

// ReadDashboard makes the dashboard of this moment.
func ReadDashboard(ctx context.Context, s DashboardStore, now time.Time, stale time.Duration) (domain.Dashboard, error) {
	tick, _, err := s.LatestTick(ctx)
	if err != nil {
		return domain.Dashboard{}, fmt.Errorf("the newest look: %w", err)
	}
	episodes, err := s.Episodes(ctx, now.Add(-domain.RecentWindow))
	if err != nil {
		return domain.Dashboard{}, fmt.Errorf("episodes: %w", err)
	}
	mutes, err := s.Mutes(ctx, now)
	if err != nil {
		return domain.Dashboard{}, fmt.Errorf("mutes: %w", err)
	}
	return domain.NewDashboard(now, tick, episodes, mutes, stale), nil
}
