package chain

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stand is a budget whose clock only the test moves and whose pump is the test itself.
type stand struct {
	*turns
	at time.Time
}

func newStand(rate float64) *stand {
	s := &stand{at: time.Unix(1_772_000_000, 0)}
	s.turns = newTurns(rate, func() time.Time { return s.at }, nil)
	s.pumping = true // No goroutine: step does it.
	return s
}

func (s *stand) step(d time.Duration) {
	s.at = s.at.Add(d)
	s.grant()
}

func (s *stand) enter(u urgency) *turn {
	one := &turn{make(chan struct{})}
	s.queues[u] = append(s.queues[u], one)
	return one
}

func (o *turn) gone() bool {
	select {
	case <-o.granted:
		return true
	default:
		return false
	}
}

// caller asks again as soon as it was served.
type caller struct {
	urgency urgency
	turn    *turn
	served  int
	since   time.Time
	longest time.Duration
}

func (s *stand) run(list []*caller, d time.Duration) {
	for _, c := range list {
		c.turn, c.since = s.enter(c.urgency), s.at
	}
	const tick = 5 * time.Millisecond
	for end := s.at.Add(d); s.at.Before(end); {
		s.step(tick)
		for _, c := range list {
			if c.turn.gone() {
				c.served++
				c.longest = max(c.longest, s.at.Sub(c.since))
				c.turn, c.since = s.enter(c.urgency), s.at
			}
		}
	}
	for _, c := range list {
		c.longest = max(c.longest, s.at.Sub(c.since)) // Whoever still waits counts too.
	}
}

func callers(n int, u urgency) []*caller {
	out := make([]*caller, n)
	for i := range out {
		out[i] = &caller{urgency: u}
	}
	return out
}

func TestTurns_NoVaultStarvesWhen200Share50RequestsASecond(t *testing.T) {
	s := newStand(50)
	vaults := callers(200, ordinary)
	s.run(vaults, time.Minute)
	least, most, total := vaults[0].served, 0, 0
	for _, v := range vaults {
		least, most, total = min(least, v.served), max(most, v.served), total+v.served
		require.LessOrEqual(t, v.longest, 4100*time.Millisecond, "200 calls at 50 a second take 4 s")
	}
	require.LessOrEqual(t, most-least, 1)
	require.GreaterOrEqual(t, total, 2990, "the budget is used")
	require.LessOrEqual(t, total, 3050, "and not passed")
}

func TestTurns_AGreedyVaultDoesNotPushIn(t *testing.T) {
	s := newStand(50)
	greedy, modest := callers(400, ordinary), callers(1, ordinary)
	s.run(append(greedy, modest...), time.Minute)
	require.GreaterOrEqual(t, modest[0].served, 7)
	require.LessOrEqual(t, modest[0].longest, 8200*time.Millisecond, "no longer than one round of all that waited before")
}

func TestTurns_StatusesAreNotHeldUpBySnapshotsNorSnapshotsByStatuses(t *testing.T) {
	s := newStand(50)
	snapshots, statuses := callers(200, ordinary), callers(10, urgent)
	s.run(append(snapshots, statuses...), time.Minute)
	for _, c := range statuses {
		require.LessOrEqual(t, c.longest, 300*time.Millisecond, "of four tokens three are theirs")
	}
	s = newStand(50)
	snapshots, statuses = callers(10, ordinary), callers(500, urgent)
	s.run(append(snapshots, statuses...), time.Minute)
	for _, c := range snapshots {
		require.LessOrEqual(t, c.longest, 900*time.Millisecond, "of four tokens one is theirs")
	}
}

func TestTurns_SendsFindATokenAndLeaveTheRest(t *testing.T) {
	s := newStand(50)
	waiting := callers(400, urgent)
	sent, refused := 0, 0
	for _, c := range waiting {
		c.turn = s.enter(c.urgency)
	}
	served := 0
	for range 6_000 { // A minute, with a send tried every 10 ms: twice the whole budget.
		s.step(10 * time.Millisecond)
		if s.allow() {
			sent++
		} else {
			refused++
		}
		for _, c := range waiting {
			if c.turn.gone() {
				served++
				c.turn = s.enter(c.urgency)
			}
		}
	}
	require.InDelta(t, 750, sent, 20, "a quarter of 3,000")
	require.InDelta(t, 2250, served, 60)
	require.NotZero(t, refused)
}

func TestTurns_WhatNobodyNeedsIsThereForTheOthers(t *testing.T) {
	s := newStand(50)
	for range 50 {
		require.True(t, s.allow(), "with nobody waiting, sends may use the whole second's budget")
	}
	require.False(t, s.allow())
	require.False(t, s.free())
	s.step(time.Hour)
	require.True(t, s.free())
	s.at = s.at.Add(-2 * time.Hour) // The machine's clock is set back.
	require.True(t, s.allow())
	one := s.enter(ordinary)
	s.step(time.Second)
	require.True(t, one.gone())
}

func TestTurns_WhoeverGoesLeavesHisPlace(t *testing.T) {
	var mu sync.Mutex
	now := time.Unix(1_772_000_000, 0)
	woken := make(chan struct{})
	turns := newTurns(1, func() time.Time { mu.Lock(); defer mu.Unlock(); return now }, func(context.Context, time.Duration) error {
		<-woken
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(time.Second)
		return nil
	})
	require.NoError(t, turns.wait(t.Context(), ordinary))
	ctx, cancel := context.WithCancel(t.Context())
	gone, served := make(chan error), make(chan error)
	go func() { gone <- turns.wait(ctx, ordinary) }()
	cancel()
	require.ErrorIs(t, <-gone, context.Canceled)
	go func() { served <- turns.wait(t.Context(), ordinary) }()
	close(woken)
	require.NoError(t, <-served)
	require.ErrorIs(t, turns.wait(ctx, urgent), context.Canceled)
}
