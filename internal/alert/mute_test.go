package alert_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

func muteOrder(change func(*domain.Mute)) domain.AlertOrder {
	m := domain.Mute{ID: "mute/1", Kind: domain.MuteAlerts, Alert: "base_fee_detected", From: noon, Until: noon.Add(time.Hour), Reason: "being repaired", Actor: "ann"}
	if change != nil {
		change(&m)
	}
	return domain.AlertOrder{Mute: &m, Actor: m.Actor, At: noon}
}

func TestMute_KeepsQuietRecordsAndTellsAtItsEnd(t *testing.T) {
	w := newWatch(t)
	began := w.look(0, broken(), muteOrder(nil))
	require.Equal(t, []domain.MessageKind{domain.MessageInfo}, kinds(began))
	require.Equal(t, "Mute of base_fee_detected for all vaults until 2026-03-02 13:00:00Z", began[0].Title)
	require.Contains(t, began[0].Text, "ann: being repaired")
	for d := time.Minute; d < time.Hour; d += time.Minute {
		require.Empty(t, w.look(d, broken()))
	}
	require.Equal(t, 1, w.happened(domain.EventOpened))
	require.Equal(t, 1, w.happened(domain.EventSuppressed), "recorded once")
	ended := w.look(time.Hour, broken())
	require.Equal(t, []domain.MessageKind{domain.MessageTrigger, domain.MessageInfo}, kinds(ended))
	require.Contains(t, ended[1].Text, "covered: 1.")
	w.look(time.Hour+time.Minute, broken())
	require.Empty(t, w.s.Mutes, "it is over for good")
}

func TestMute_WhatWasToldBeforeIsStillResolved(t *testing.T) {
	w := newWatch(t)
	w.look(0, broken())
	w.look(time.Minute, broken(), muteOrder(nil))
	require.Equal(t, []domain.MessageKind{domain.MessageResolve}, kinds(w.look(2*time.Minute, quietScene())))
}

func TestMute_WhatBeginsAndEndsUnderItIsNeverTold(t *testing.T) {
	w := newWatch(t)
	w.look(0, quietScene(), muteOrder(nil))
	require.Empty(t, w.look(time.Minute, broken()))
	require.Empty(t, w.look(2*time.Minute, quietScene()))
	require.Equal(t, 1, w.happened(domain.EventResolved))
	require.Equal(t, []domain.MessageKind{domain.MessageInfo}, kinds(w.look(time.Hour, quietScene())))
}

func TestMute_AlwaysEnds(t *testing.T) {
	w := newWatch(t)
	w.look(0, quietScene(), muteOrder(func(m *domain.Mute) { m.Until = noon.Add(1_000 * time.Hour) }))
	require.Equal(t, noon.Add(24*time.Hour), w.s.Mutes["mute/1"].Until, "cut to the longest that is allowed")
	w.look(24*time.Hour, quietScene())
	w.look(24*time.Hour+time.Minute, quietScene())
	require.Empty(t, w.s.Mutes)
}

func TestMute_CriticalAlertsAreToldUnlessMeant(t *testing.T) {
	tests := []struct {
		name   string
		change func(*domain.Mute)
		told   bool
	}{
		{"all alerts", func(m *domain.Mute) { m.Alert = "" }, true},
		{"all alerts of the vault", func(m *domain.Mute) { m.Alert, m.Vault = "", "alpha" }, true},
		{"all alerts, critical ones too", func(m *domain.Mute) { m.Alert, m.Critical = "", true }, false},
		{"the alert by name", nil, false},
		{"another alert", func(m *domain.Mute) { m.Alert = "payer_low" }, true},
		{"another vault", func(m *domain.Mute) { m.Vault = "beta" }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWatch(t)
			w.look(0, quietScene(), muteOrder(tt.change))
			require.Equal(t, tt.told, len(w.look(time.Minute, broken())) > 0)
		})
	}
}

func TestMute_MaintenanceIsAnnouncedWhenItBegins(t *testing.T) {
	w := newWatch(t)
	window := muteOrder(func(m *domain.Mute) {
		m.Kind, m.Alert, m.Vault, m.From, m.Until = domain.MuteMaintenance, "", "alpha", noon.Add(time.Hour), noon.Add(2*time.Hour)
	})
	require.Empty(t, w.look(0, quietScene(), window))
	require.Empty(t, w.look(30*time.Minute, quietScene()))
	began := w.look(time.Hour, quietScene())
	require.Equal(t, "Maintenance of alpha (all alerts) until 2026-03-02 14:00:00Z", began[0].Title)
	ended := w.look(90*time.Minute, quietScene(), domain.AlertOrder{Unmute: "mute/1", Actor: "bob"})
	require.Equal(t, "Maintenance of alpha (all alerts) is over", ended[0].Title)
	require.Equal(t, 2, ended[0].Seq)
}

func TestMute_OrdersThatCannotBeFollowedAreRecorded(t *testing.T) {
	for name, order := range map[string]domain.AlertOrder{
		"without a reason":      muteOrder(func(m *domain.Mute) { m.Reason = "" }),
		"over already":          muteOrder(func(m *domain.Mute) { m.Until = noon.Add(-time.Second) }),
		"of no kind":            muteOrder(func(m *domain.Mute) { m.Kind = "forever" }),
		"with an episode's key": muteOrder(func(m *domain.Mute) { m.ID = "alpha/base_fee_detected/1" }),
		"with a whole book":     muteOrder(func(m *domain.Mute) { m.Reason = strings.Repeat("x", 10_000) }),
		"without an id":         muteOrder(func(m *domain.Mute) { m.ID = "" }),
		"an unmute of nothing":  {Unmute: "nothing", Actor: "bob"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWatch(t)
			require.Empty(t, w.look(0, quietScene(), order))
			require.Equal(t, 1, w.happened(domain.EventRefused))
			require.Empty(t, w.s.Mutes)
		})
	}
}
