package distribution

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

func TestStand(t *testing.T) {
	progress := func(age int64, cursor uint32, complete bool) router.Progress {
		return router.Progress{LastDistributionTS: now - age, PaginationCursor: cursor, DayComplete: complete}
	}
	flag := func(k domain.SafetyKind) []domain.SafetyFlag {
		return []domain.SafetyFlag{{Kind: k, Actor: "alice", Reason: "r"}}
	}
	tests := []struct {
		name     string
		progress router.Progress
		change   func(w *View)
		flags    []domain.SafetyFlag
		report   *domain.DayReport
		state    domain.State
		percent  int
		reason   string
	}{
		{name: "never run", state: domain.NeverRun, reason: "first day"},
		{name: "never run is not overdue by 54 years", change: func(w *View) { w.Quote = 0 }, state: domain.NoFees, reason: "no fees"},
		{name: "ready", progress: progress(domain.DaySeconds+60, 20, true), state: domain.Ready, reason: "due for 1m0s"},
		{name: "an hour late is ready still", progress: progress(domain.DaySeconds+3_600, 20, true), state: domain.Ready},
		{name: "overdue, signed", progress: progress(domain.DaySeconds+3_601, 20, true), state: domain.Overdue, reason: "overdue 1h0m1s"},
		{name: "yesterday's unfinished day is overdue too", progress: progress(domain.DaySeconds+9_000, 10, false), state: domain.Overdue, reason: "overdue 2h30m0s"},
		{name: "due without fees", progress: progress(domain.DaySeconds+60, 20, true), change: func(w *View) { w.Quote = 0 }, state: domain.NoFees},
		{name: "opened without fees", progress: progress(60, 0, false), state: domain.NoFees, reason: "cannot complete"},
		{name: "stuck", progress: progress(60, 10, false), state: domain.Stuck, percent: 50, reason: "open at cursor 10"},
		{name: "beyond the end is no more than all", progress: progress(60, 27, false), state: domain.Stuck, percent: 100},
		{name: "complete", progress: progress(60, 27, true), state: domain.Complete, percent: 100},
		{name: "complete, books differ", progress: progress(60, 27, true), report: &domain.DayReport{State: domain.CompleteUnreconciled, Reason: "1 mismatch"}, state: domain.CompleteUnreconciled, percent: 100, reason: "1 mismatch"},
		{name: "backwards", progress: progress(-5, 20, true), state: domain.UnknownState, percent: 100, reason: "before the last opening"},
		{name: "stopped", flags: flag(domain.SafetyStop), state: domain.Stopped, reason: "stop by alice: r"},
		{name: "paused", flags: flag(domain.SafetyPause), state: domain.Paused},
		{name: "isolated", flags: flag(domain.SafetyIsolate), progress: progress(60, 27, true), state: domain.Isolated, percent: 100},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := aVault(20)
			w := aView(v)
			w.Progress = tt.progress
			if tt.change != nil {
				tt.change(&w)
			}
			got := stand(v, w, Rules{}, tt.flags, tt.report)
			require.Equal(t, tt.state, got.State, got.Reason)
			require.Equal(t, tt.percent, got.Percent)
			require.Contains(t, got.Reason, tt.reason)
		})
	}
}

func TestStand_YesterdaysCursorIsNotTodays(t *testing.T) {
	v := aVault(20)
	w := aView(v)
	w.Progress = router.Progress{LastDistributionTS: now - domain.DaySeconds - 1, PaginationCursor: 27, DayComplete: true}
	got := stand(v, w, Rules{}, nil, nil)
	require.Zero(t, got.Cursor)
	require.Zero(t, got.Percent)
}

func TestStand_SaysWhatAResetOfTheDriftCosts(t *testing.T) {
	v := aVault(20)
	w := aView(v)
	w.Policy.Vault = v.Address
	w.Progress = router.Progress{LastDistributionTS: now - 60, PaginationCursor: 27, DayComplete: true}
	due := time.Unix(now-60+domain.DaySeconds, 0).UTC()
	at, err := domain.NewCalendar(due.Add(-7*time.Hour).Format("15:04"), "", 0, "UTC")
	require.NoError(t, err)
	rules := Rules{Reset: domain.DriftReset{At: at, After: 6 * time.Hour}}
	got := stand(v, w, rules, nil, nil)
	require.Equal(t, at.Next(due).Unix(), got.Hold)
	require.Contains(t, got.Reason, "on purpose until "+at.Next(due).Format("2006-01-02 15:04"))
	require.Zero(t, stand(v, w, Rules{}, nil, nil).Hold)

	unread := w
	unread.Policy = router.Policy{}
	require.Zero(t, stand(v, unread, rules, nil, nil).Hold, "it may have a cap")
}

func TestJoin_ARunsWordIsNotAboveAStop(t *testing.T) {
	require.Equal(t, domain.Running, Standing{State: domain.Stuck}.Join(domain.Running, "").State)
	require.Equal(t, domain.Stopped, Standing{State: domain.Stopped}.Join(domain.Running, "").State)
	require.Equal(t, domain.Isolated, Standing{State: domain.Isolated}.Join(domain.Running, "").State)
}
