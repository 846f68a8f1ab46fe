package alert_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// watch steps an engine by hand. Messages are delivered when the test says so.
type watch struct {
	t     *testing.T
	e     *alert.Engine
	s     alert.State
	known []string
	sent  []domain.Message // Newest last; one that is shown again because it was not delivered stands once.
	seen  map[string]bool
	lost  bool // Channels take nothing.
	told  []domain.Delivered
	log   []domain.AlertEvent

	incident string // Takes what opens one; empty: none can be opened.
}

func newWatch(t *testing.T) *watch {
	return &watch{t: t, e: engine(), known: []string{"alpha"}, seen: map[string]bool{}}
}

// look steps once, at noon plus d.
func (w *watch) look(d time.Duration, s scene, orders ...domain.AlertOrder) []domain.Message {
	now := s.after(d)
	return w.see(noon.Add(d), &now.f, []domain.VaultSample{now.v}, orders...)
}

func (w *watch) see(now time.Time, f *domain.FleetSample, vaults []domain.VaultSample, orders ...domain.AlertOrder) []domain.Message {
	out := w.e.Step(w.s, alert.Input{Now: now, Since: noon.Add(-time.Hour), Fleet: f, Vaults: vaults, Known: w.known, Told: w.told, Orders: orders})
	w.s, w.told = out.State, nil
	w.log = append(w.log, out.Events...)
	var fresh []domain.Message
	for _, m := range out.Messages {
		if id := fmt.Sprint(m.Key, m.Seq); !w.seen[id] {
			w.seen[id] = true
			fresh = append(fresh, m)
		}
		if !w.lost {
			d := domain.Delivered{Key: m.Key, Seq: m.Seq, At: now}
			if m.Opens {
				d.Incident = w.incident
			}
			w.told = append(w.told, d)
		}
	}
	w.sent = append(w.sent, fresh...)
	return fresh
}

func kinds(all []domain.Message) []domain.MessageKind {
	var out []domain.MessageKind
	for _, m := range all {
		out = append(out, m.Kind)
	}
	return out
}

func (w *watch) happened(kind domain.EventKind) int {
	n := 0
	for _, e := range w.log {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// broken is a scene with one plain alert: base fees.
func broken() scene {
	s := quietScene()
	s.v.Fees.Base = 1
	return s
}

func TestEpisode_IsToldResolvedAndToldAgainAsANewOne(t *testing.T) {
	w := newWatch(t)
	first := w.look(0, broken())
	require.Len(t, first, 1)
	require.Equal(t, "alpha/base_fee_detected/1", first[0].Key)
	require.Equal(t, domain.MessageTrigger, first[0].Kind)
	require.Equal(t, domain.SeverityCritical, first[0].Severity)
	require.Equal(t, "alpha: Base fees in the position", first[0].Title)
	require.Contains(t, first[0].Fields, domain.MessageField{Name: "At risk", Value: "5.000000 USDC"})
	require.Contains(t, first[0].Fields, domain.MessageField{Name: "Runbook", Value: "docs/runbooks/base_fee_detected.md"})
	require.Contains(t, first[0].Actions, domain.MessageAction{Name: domain.ActionPause, Value: "alpha"})
	require.Empty(t, w.look(time.Minute, broken()))
	over := w.look(2*time.Minute, quietScene())
	require.Equal(t, []domain.MessageKind{domain.MessageResolve}, kinds(over))
	require.Equal(t, 2, over[0].Seq)
	again := w.look(3*time.Minute, broken())
	require.Equal(t, []domain.MessageKind{domain.MessageTrigger}, kinds(again), "a new episode is told at once (M14)")
	require.Equal(t, "alpha/base_fee_detected/2", again[0].Key)
}

func TestM14_TheHourCountsFromTheDelivery(t *testing.T) {
	w := newWatch(t)
	w.lost = true
	for d := time.Duration(0); d <= 3*time.Hour; d += time.Minute {
		w.look(d, broken())
	}
	require.Len(t, w.sent, 1, "one message waits for its channel, and no second one is made")
	w.lost = false
	w.look(3*time.Hour+time.Minute, broken())
	for d := 3*time.Hour + 2*time.Minute; d <= 4*time.Hour; d += time.Minute {
		w.look(d, broken())
	}
	require.Len(t, w.sent, 1)
	require.Equal(t, []domain.MessageKind{domain.MessageUpdate}, kinds(w.look(4*time.Hour+2*time.Minute, broken())))
}

func TestReminders_SlowDownWithAge(t *testing.T) {
	w := newWatch(t)
	var at []time.Duration
	for d := time.Duration(0); d < 40*time.Hour; d += time.Minute {
		for range w.look(d, broken()) {
			at = append(at, d.Truncate(time.Hour))
		}
	}
	require.Equal(t, []time.Duration{0, 1 * time.Hour, 3 * time.Hour, 7 * time.Hour, 15 * time.Hour, 31 * time.Hour}, at)
}

func TestSeverityRise_BreaksThroughTheHourAndAnAcknowledgement(t *testing.T) {
	low, lower := quietScene(), quietScene()
	low.v.Payer.Lamports, lower.v.Payer.Lamports = 15_000_000, 1_000_000
	w := newWatch(t)
	require.Equal(t, domain.SeverityMedium, w.look(0, low)[0].Severity)
	w.look(time.Minute, low, domain.AlertOrder{Acknowledge: "alpha/payer_low/1", Actor: "ann"})
	raised := w.look(2*time.Minute, lower)
	require.Equal(t, []domain.MessageKind{domain.MessageTrigger}, kinds(raised))
	require.Equal(t, domain.SeverityHigh, raised[0].Severity)
	require.Contains(t, raised[0].Text, "0.001000000 SOL")
	require.Equal(t, domain.EpisodeOpen, w.s.Episodes["alpha/payer_low/1"].State)
	require.Empty(t, w.look(3*time.Minute, low), "what was grave once is not told as less")
	require.Empty(t, w.look(4*time.Minute, lower))
}

func TestAcknowledge_EndsTheReminders(t *testing.T) {
	w := newWatch(t)
	w.look(0, broken())
	acked := w.look(time.Minute, broken(), domain.AlertOrder{Acknowledge: "alpha/base_fee_detected/1", Actor: "ann"})
	require.Equal(t, []domain.MessageKind{domain.MessageAcknowledge}, kinds(acked))
	require.Contains(t, acked[0].Text, "ann has taken it over")
	require.Empty(t, w.look(2*time.Minute, broken(), domain.AlertOrder{Acknowledge: "alpha/base_fee_detected/1", Actor: "bob"}))
	require.Equal(t, "ann", w.s.Episodes["alpha/base_fee_detected/1"].AckedBy, "the first name stands")
	for d := 3 * time.Minute; d < 12*time.Hour; d += time.Minute {
		require.Empty(t, w.look(d, broken()))
	}
	require.Equal(t, []domain.MessageKind{domain.MessageResolve}, kinds(w.look(12*time.Hour, quietScene())))
	w.look(13*time.Hour, quietScene(), domain.AlertOrder{Acknowledge: "alpha/base_fee_detected/1", Actor: "bob"}, domain.AlertOrder{Acknowledge: "nothing", Actor: "bob"})
	require.Equal(t, 2, w.happened(domain.EventRefused))
}

func TestEvent_EndsWhenSomebodyTakesItOverAndOpensOnce(t *testing.T) {
	s := quietScene()
	s.v.Track.Policy = &domain.Changed{At: noon, Slot: 9, From: "p0", To: "p1"}
	w := newWatch(t)
	require.Len(t, w.look(0, s), 1)
	w.look(time.Minute, s, domain.AlertOrder{Acknowledge: "alpha/policy_changed/1", Actor: "ann"})
	over := w.look(2*time.Minute, s)
	require.Equal(t, []domain.MessageKind{domain.MessageResolve}, kinds(over))
	require.Contains(t, over[0].Text, "ann has taken it over")
	for d := 3 * time.Minute; d < 10*time.Hour; d += time.Hour {
		require.Empty(t, w.look(d, s), "the mark is still there, and it had its episode")
	}
	s.v.Track.Policy = &domain.Changed{At: noon.Add(10 * time.Hour), Slot: 99, From: "p1", To: "p2"}
	require.Equal(t, "alpha/policy_changed/2", w.look(10*time.Hour, s)[0].Key)
	s.v.Track.Policy = &domain.Changed{At: noon.Add(11 * time.Hour), Slot: 100, From: "p2", To: "p3"}
	require.Equal(t, []domain.MessageKind{domain.MessageResolve, domain.MessageTrigger}, kinds(w.look(11*time.Hour, s)), "another change is another episode")
}

func TestHold_MustLastWithoutABreak(t *testing.T) {
	down := quietScene()
	down.f.Endpoints[1].Usable = false
	w := newWatch(t)
	for _, d := range []time.Duration{0, 1, 2, 3, 4} {
		require.Empty(t, w.look(d*time.Minute, down))
	}
	require.Empty(t, w.look(5*time.Minute, quietScene()))
	for _, d := range []time.Duration{6, 7, 8, 9, 10} {
		require.Empty(t, w.look(d*time.Minute, down))
	}
	require.Len(t, w.look(11*time.Minute, down), 1)
}

func TestM02_LookingTwiceAtOneSampleChangesNothing(t *testing.T) {
	down := quietScene()
	down.f.Endpoints[1].Usable = false
	w := newWatch(t)
	for range 30 {
		now := down.after(0)
		require.Empty(t, w.see(noon.Add(2*time.Minute), &now.f, []domain.VaultSample{now.v}), "the hold time is counted in samples")
	}
}

func TestM05_AnOldSampleSaysNothing(t *testing.T) {
	w := newWatch(t)
	old := broken()
	sent := w.see(noon.Add(4*time.Minute), &old.f, []domain.VaultSample{old.v})
	require.Len(t, sent, 1)
	require.Equal(t, "fleet/monitor_stale/1", sent[0].Key)
	require.Contains(t, sent[0].Text, "4m")
}

func TestM06_AVaultThatLeavesTheSettingsIsOver(t *testing.T) {
	w := newWatch(t)
	w.look(0, broken())
	w.known = nil
	over := w.look(time.Minute, broken())
	require.Equal(t, []domain.MessageKind{domain.MessageResolve}, kinds(over))
	require.Contains(t, over[0].Text, "left the settings")
	require.Empty(t, w.look(2*time.Minute, broken()))
}

func TestWeaker_IsRecordedAndNotTold(t *testing.T) {
	s := quietScene()
	s.openDay(24*time.Hour - 20*time.Minute)
	w := newWatch(t)
	sent := w.look(0, s)
	require.Len(t, sent, 1)
	require.Equal(t, "alpha/deadline_30m/1", sent[0].Key)
	require.Equal(t, domain.EpisodeOpen, w.s.Episodes["alpha/deadline_2h/1"].State)
}

func TestDeadline_WhatWasToldIsResolvedWithWhatBecameOfIt(t *testing.T) {
	s := quietScene()
	s.openDay(22*time.Hour + 30*time.Minute)
	w := newWatch(t)
	require.Equal(t, "alpha/deadline_2h/1", w.look(0, s)[0].Key)
	lost := s.after(2 * time.Hour)
	lost.v.Track.Lost = &domain.LostDay{At: lost.v.At, LastTS: s.v.Day.LastTS, Cursor: 50, Owed: amount(1_500)}
	sent := w.look(0, lost)
	require.Equal(t, []domain.MessageKind{domain.MessageTrigger, domain.MessageResolve}, kinds(sent))
	require.Equal(t, "alpha/day_lost/1", sent[0].Key)
	require.Contains(t, sent[1].Text, "the day is lost: see day_lost")
}

func TestFlapping_IsDampedFromTheThirdOpeningOn(t *testing.T) {
	w := newWatch(t)
	at := time.Duration(0)
	for range 30 {
		w.look(at, broken())
		w.look(at+time.Minute, quietScene())
		at += 4 * time.Minute
	}
	require.Equal(t, []domain.MessageKind{
		domain.MessageTrigger, domain.MessageResolve, domain.MessageTrigger, domain.MessageResolve, domain.MessageTrigger, domain.MessageUpdate,
	}, kinds(w.sent))
	require.Contains(t, w.sent[4].Text, "began 3 times within 2h00m")
	for d := at; d <= at+61*time.Minute; d += time.Minute {
		w.look(d, quietScene())
	}
	require.Equal(t, domain.MessageResolve, w.sent[len(w.sent)-1].Kind)
}
