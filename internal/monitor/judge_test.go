package monitor_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/monitor"
	"github.com/meteora-fee-router/feeops/internal/store"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// bench is a judge over a real store whose clock the test moves.
type bench struct {
	t     *testing.T
	store *store.Store
	now   time.Time
	fail  error // SaveWatch fails.
}

func newBench(t *testing.T) *bench {
	s, err := store.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return &bench{t: t, store: s, now: noon}
}

type memory struct {
	*store.Store

	b *bench
}

func (m memory) SaveWatch(ctx context.Context, c store.WatchChange) error {
	if m.b.fail != nil {
		return m.b.fail
	}
	return m.Store.SaveWatch(ctx, c)
}

// judge is a new one each time: a worker that takes over has nothing but the store.
func (b *bench) judge() *monitor.Judge {
	l := alert.DefaultLimits()
	return monitor.NewJudge(monitor.JudgeParams{
		Store: memory{b.store, b}, Engine: alert.New(alert.Catalogue(), l, nil), Limits: l, Retention: store.DefaultRetention(), Known: []string{"v"}, Now: func() time.Time { return b.now },
	})
}

// look stores a look with so much base fees.
func (b *bench) look(base domain.Amount) {
	b.t.Helper()
	require.NoError(b.t, b.store.SaveTick(b.t.Context(), domain.FleetTick{
		Fleet: domain.FleetSample{At: b.now, Good: b.now, Vaults: 1, Read: 1},
		Vaults: []domain.VaultSample{{
			Vault: "v", At: b.now, State: domain.Complete, Day: &domain.DayFigures{ChainTime: b.now.Unix(), LastTS: b.now.Unix() - 60, Complete: true},
			Fees: &domain.FeeFigures{At: b.now, Base: base},
		}},
	}))
}

func (b *bench) step(told []domain.Delivered, orders ...domain.AlertOrder) []domain.Message {
	b.t.Helper()
	out, err := b.judge().Step(b.t.Context(), noon, told, orders)
	require.NoError(b.t, err)
	return out.Messages
}

func TestJudge_ACrashBetweenDeliveryAndRecordTellsNothingTwice(t *testing.T) {
	b := newBench(t)
	b.look(1)
	first := b.step(nil)
	require.Len(t, first, 1)
	b.now = b.now.Add(30 * time.Second)
	again := b.step(nil) // The worker died before it could stamp: the same message, which channels know by key and number.
	require.Equal(t, first, again)
	b.now = b.now.Add(30 * time.Second)
	stamp := []domain.Delivered{{Key: first[0].Key, Seq: first[0].Seq, At: b.now}}
	require.Empty(t, b.step(stamp))
	require.Empty(t, b.step(stamp), "a stamp that comes twice changes nothing")
	b.now = b.now.Add(59 * time.Minute)
	b.look(1)
	require.Empty(t, b.step(nil), "the hour lives in the store")
	b.now = b.now.Add(2 * time.Minute)
	b.look(1)
	require.Equal(t, domain.MessageUpdate, b.step(nil)[0].Kind)
}

func TestJudge_WhatCannotBeStoredIsNotTold(t *testing.T) {
	b := newBench(t)
	b.look(1)
	b.fail = errors.New("disk full")
	_, err := b.judge().Step(t.Context(), noon, nil, nil)
	require.ErrorContains(t, err, "disk full")
	b.fail = nil
	require.Equal(t, "v/base_fee_detected/1", b.step(nil)[0].Key, "and is told when it can be")
}

func TestJudge_NumbersFlapsHoldsAndMutesLiveInTheStore(t *testing.T) {
	b := newBench(t)
	var keys []string
	for range 3 {
		b.look(1)
		for _, m := range b.step(nil) {
			if m.Kind == domain.MessageTrigger {
				keys = append(keys, m.Key)
				b.step([]domain.Delivered{{Key: m.Key, Seq: m.Seq, At: b.now}})
			}
		}
		b.now = b.now.Add(time.Minute)
		b.look(0)
		for _, m := range b.step(nil) {
			b.step([]domain.Delivered{{Key: m.Key, Seq: m.Seq, At: b.now}})
		}
		b.now = b.now.Add(time.Minute)
	}
	require.Equal(t, []string{"v/base_fee_detected/1", "v/base_fee_detected/2", "v/base_fee_detected/3"}, keys)
	open, err := b.store.Episodes(t.Context(), b.now)
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, 3, open[0].Flapping, "the third opening within two hours")
	mute := domain.Mute{ID: "mute/1", Kind: domain.MuteAlerts, From: b.now, Until: b.now.Add(time.Hour), Reason: "r", Actor: "ann"}
	b.step(nil, domain.AlertOrder{Mute: &mute, Actor: "ann"})
	d, err := b.judge().Dashboard(t.Context())
	require.NoError(t, err)
	require.Len(t, d.Mutes, 1)
	require.Len(t, d.Recent, 3)
	require.Equal(t, []string{"base_fee_detected"}, d.Vaults[0].Alerts)
}

func TestJudge_BlindFromTheStart(t *testing.T) {
	b := newBench(t)
	require.Empty(t, b.step(nil))
	b.now = b.now.Add(4 * time.Minute)
	require.Equal(t, "fleet/monitor_stale/1", b.step(nil)[0].Key, "no sample was ever taken")
}

func TestJudge_PruneKeepsWhatIsOpen(t *testing.T) {
	b := newBench(t)
	b.look(1)
	b.step(nil)
	b.now = b.now.Add(200 * 24 * time.Hour)
	require.NoError(t, b.judge().Prune(t.Context()))
	d, err := b.judge().Dashboard(t.Context())
	require.NoError(t, err)
	require.Len(t, d.Open, 1)
	require.True(t, d.Stale)
}
