package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// FleetMonitor watches the fleet for good: it looks, judges, tells and shows at its intervals, one of each at a time, and
// continues as new before its history gets long. It never ends by itself; a part that fails is tried again at the next
// interval, and a look that fails or comes late makes the samples old, which is what monitor_stale is about (M05).
func FleetMonitor(ctx workflow.Context, in ops.MonitorInput) error {
	// The first judgement is that of the first look.
	m := &monitor{in: in, every: in.Intervals.Defaults(), judged: workflow.Now(ctx), telling: map[string]bool{}}
	if m.in.Since.IsZero() {
		m.in.Since = workflow.Now(ctx)
	}
	if err := m.listen(ctx); err != nil {
		return err
	}
	for !m.full(ctx) {
		if err := m.turn(ctx); err != nil {
			return err
		}
	}
	return m.again(ctx)
}

// monitor is one run of the watch. What the next run must know stands in in.
type monitor struct {
	in     ops.MonitorInput
	every  ops.Intervals
	judged time.Time

	looking bool // A look is under way: no second one begins (M01).
	showing bool
	fresh   bool // A look has ended and is not judged yet (M02).
	forced  bool // Somebody asked for everything now: a look, its judgement, and what they show.
	asked   bool // That look is under way.
	telling map[string]bool
	looks   int // That have ended in this run, well or not.
	last    ops.LookResult
}

const (
	// fullAt is about two hours of history; then the run ends at the next quiet moment. fullAnyway does not wait for one.
	fullAt     = 4_000
	fullAnyway = 12_000
	// pruneEvery clears old samples once in so many dashboards: once an hour.
	pruneEvery = 12
	// lookGrace is how long a judgement that is due waits for a look that is under way.
	lookGrace = 10 * time.Second
)

// full is true when this run should end. Messages that are being told are waited for, within reason: the next run would
// only tell them again.
func (m *monitor) full(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	length := info.GetCurrentHistoryLength()
	busy := m.looking || m.showing || len(m.telling) > 0
	return length > fullAnyway || !busy && (length > fullAt || info.GetContinueAsNewSuggested())
}

// again hands over to the next run, with every order that has arrived.
func (m *monitor) again(ctx workflow.Context) error {
	m.drain(ctx)
	m.in.Intervals = m.every
	return workflow.NewContinueAsNewError(ctx, FleetMonitor, m.in)
}

// turn waits for the next thing to do and does it.
func (m *monitor) turn(ctx workflow.Context) error {
	wait := m.next(ctx).Sub(workflow.Now(ctx))
	if wait > 0 {
		if _, err := workflow.AwaitWithTimeout(ctx, wait, m.urgent); err != nil {
			return err //nolint:wrapcheck // Cancelled: the watch was asked to end.
		}
	}
	now := workflow.Now(ctx)
	force := m.forced && !m.looking // A look that began before somebody asked is not what was asked for.
	if force {
		m.forced, m.asked = false, true
	}
	if !m.looking && (force || !now.Before(m.lookAt())) {
		m.look(ctx)
	}
	answered := m.asked && m.fresh
	if m.fresh || len(m.in.Orders) > 0 || !now.Before(m.judgeAt()) {
		m.judge(ctx)
	}
	if !m.showing && (answered || !now.Before(m.showAt())) {
		m.show(ctx)
		m.asked = m.asked && !answered
	}
	return ctx.Err()
}

// urgent is what is not waited for: a look to judge, an order, somebody who asks.
func (m *monitor) urgent() bool {
	return m.fresh || m.forced && !m.looking || len(m.in.Orders) > 0
}

// next is when something is due. What is under way is not due again before it has ended.
func (m *monitor) next(ctx workflow.Context) time.Time {
	at := m.judgeAt()
	if !m.looking && m.lookAt().Before(at) {
		at = m.lookAt()
	}
	if !m.showing && m.showAt().Before(at) {
		at = m.showAt()
	}
	if now := workflow.Now(ctx); at.Before(now) {
		return now
	}
	return at
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// Intervals count from the beginning of the last one, so that slow looks do not drift; those that were missed are not
// made up for.
func (m *monitor) lookAt() time.Time { return m.in.Looked.Add(seconds(m.every.Metrics)) }

// judgeAt waits a little for a look that is under way: its end is judged anyway.
func (m *monitor) judgeAt() time.Time {
	at := m.judged.Add(seconds(m.every.Rules))
	if later := m.in.Looked.Add(lookGrace); m.looking && later.After(at) {
		return later
	}
	return at
}

// showAt is soon after the first look and then at its interval.
func (m *monitor) showAt() time.Time {
	if m.in.Shown.IsZero() && m.looks > 0 {
		return m.in.Looked
	}
	last := m.in.Shown
	if last.IsZero() {
		last = m.in.Since
	}
	return last.Add(seconds(m.every.Dashboard))
}

// look takes a look beside the main line: rules and orders do not wait for slow endpoints.
func (m *monitor) look(ctx workflow.Context) {
	m.looking, m.in.Looked = true, workflow.Now(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		res, err := ops.TakeLook.Do(ctx, ops.LookInput{}, "look at the fleet")
		m.looking, m.fresh = false, true
		m.looks++
		if err != nil {
			workflow.GetLogger(ctx).Warn("the look failed", "error", err)
			return
		}
		m.last = res
		if res.Intervals != (ops.Intervals{}) {
			m.every = res.Intervals.Defaults()
		}
	})
}

// show renews what the dashboard query answers.
func (m *monitor) show(ctx workflow.Context) {
	m.showing, m.in.Shown = true, workflow.Now(ctx)
	m.in.Shows++
	workflow.Go(ctx, func(ctx workflow.Context) {
		d, err := ops.ShowDashboard.Do(ctx, ops.ShowInput{Prune: m.in.Shows%pruneEvery == 0}, "dashboard")
		m.showing = false
		if err != nil {
			workflow.GetLogger(ctx).Warn("the dashboard failed", "error", err)
			return
		}
		m.in.Dashboard = d
		workflow.SetCurrentDetails(ctx, details(d))
	})
}

// details is the dashboard's head in the Temporal UI.
func details(d domain.Dashboard) string {
	text := fmt.Sprintf("%d of %d vaults read, %d alerts open", d.Read, d.Total, d.OpenAll)
	for _, s := range domain.States() {
		if n := d.States[s]; n > 0 {
			text += fmt.Sprintf("\n- %s: %d", s, n)
		}
	}
	return text
}
