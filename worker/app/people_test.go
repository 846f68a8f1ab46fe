package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fake"
	"github.com/meteora-fee-router/feeops/internal/fake/hook"
	feefault "github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/notify"
	"github.com/meteora-fee-router/feeops/internal/notify/heartbeat"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// twoHooks are people behind two webhooks: the team of alpha reads the first, and the second takes its place.
func twoHooks(t *testing.T, db *store.Store, now func() time.Time, log *slog.Logger) (p people, first, second *hook.Server) {
	t.Helper()
	start := func() *hook.Server {
		h, err := hook.Start(t.Context())
		fake.ForTest(t, h, err)
		return h
	}
	first, second = start(), start()
	s := config.Default()
	s.Notify.Webhooks = []config.Webhook{
		{Name: "first", URL: config.NewSecret(first.URL), Secret: config.NewSecret("shared")}, {Name: "second", URL: config.NewSecret(second.URL), Secret: config.NewSecret("shared")},
	}
	s.Vaults = []config.Vault{{ID: "alpha", Team: "treasury"}}
	s.Notify.Routes = []config.Route{
		{Name: "team", Teams: []string{"treasury"}, Channels: []string{"webhook/first"}, Fallback: []string{"webhook/second"}},
		{Name: "else", Channels: []string{"webhook/second"}},
	}
	channels, err := Channels(s, io.Discard, now)
	require.NoError(t, err)
	d, err := NewDispatcher(s, channels, db, now, quietLog())
	require.NoError(t, err)
	return newPeople(s, d, log), first, second
}

func message(seq int, at time.Time) domain.Message {
	return domain.Message{Key: "alpha/payer_low/1", Seq: seq, Kind: domain.MessageTrigger, Severity: domain.SeverityMedium, Title: "alpha: Fee payer low", Text: "line", Alert: "payer_low", Vault: "alpha", At: at}
}

func byName(all []domain.Condition) map[string]domain.Condition {
	out := map[string]domain.Condition{}
	for _, c := range all {
		out[c.Name] = c
	}
	return out
}

func TestN08_AChannelThatFailedIsSeenByTheWatchUntilItTakesAMessageAgain(t *testing.T) {
	now := noon
	clock := func() time.Time { return now }
	db := openStore(t)
	log := &bytes.Buffer{}
	p, first, second := twoHooks(t, db, clock, slog.New(slog.NewTextHandler(log, nil)))
	states := &channelStates{names: p.channels.Names(), store: db, now: clock}
	look := func() map[string]domain.Condition {
		t.Helper()
		now = now.Add(time.Minute)
		got, err := states.read(t.Context())
		require.NoError(t, err)
		require.Len(t, got, 2, "channels of the settings, and no others")
		return byName(got)
	}
	require.True(t, look()["webhook/first"].Unknown, "nobody knows a channel that was never used")

	first.Break(fake.Fault{Name: fake.Refuse, Status: 410, Count: 1})
	require.NoError(t, p.Tell(t.Context(), message(1, now)), "another took its place")
	require.Len(t, second.Requests(), 1)
	require.Contains(t, log.String(), `level=WARN msg="message: alpha: Fee payer low"`)
	require.Contains(t, log.String(), "told=[webhook/second]")
	got := look()
	require.False(t, got["webhook/first"].OK)
	require.False(t, got["webhook/first"].Unknown)
	require.Contains(t, got["webhook/first"].Detail, "did not take alpha/payer_low/1: ")
	require.True(t, got["webhook/second"].OK)

	now = now.Add(time.Hour)
	require.False(t, look()["webhook/first"].OK, "silence mends nothing")
	anew, err := (&channelStates{names: p.channels.Names(), store: db, now: clock}).read(t.Context())
	require.NoError(t, err)
	require.False(t, byName(anew)["webhook/first"].OK, "a worker that starts knows it too")

	require.NoError(t, p.Tell(t.Context(), message(2, now)))
	require.True(t, look()["webhook/first"].OK)
	require.NoError(t, db.Close())
	_, err = states.read(t.Context())
	require.Error(t, err, "unknown is not well")
}

func TestTell_WhatNobodyTookIsTriedAgainAndNobodyHearsItTwice(t *testing.T) {
	clock := func() time.Time { return noon }
	p, first, second := twoHooks(t, openStore(t), clock, quietLog())
	first.Break(fake.Fault{Name: fake.Refuse, Status: 410, Count: 1})
	second.Break(fake.Fault{Name: fake.Refuse, Status: 410, Count: 1})
	err := p.Tell(t.Context(), message(1, noon))
	require.Equal(t, feefault.Retry, feefault.KindOf(err))
	require.ErrorContains(t, err, "webhook/first: ")
	require.ErrorContains(t, err, "feeops notify test")
	require.NotContains(t, err.Error(), first.URL)
	for range 2 {
		require.NoError(t, p.Tell(t.Context(), message(1, noon)))
	}
	require.Len(t, first.Requests(), 1)
	require.Empty(t, second.Requests())
}

// glance is a looker that says what it is told to.
type glance struct {
	tick domain.FleetTick
	fail error
}

func (g *glance) Look(context.Context) (domain.FleetTick, error) { return g.tick, g.fail }

func TestBeating_OnlyALookThatSawSomethingIsASignOfLife(t *testing.T) {
	h, err := hook.Start(t.Context())
	fake.ForTest(t, h, err)
	now := noon
	log := &bytes.Buffer{}
	g := &glance{}
	b := &beating{
		Looker: g, log: slog.New(slog.NewTextHandler(log, nil)),
		heart: heartbeat.New(h.URL+"/SECRET", time.Minute, notify.NewHTTPClient(), func() time.Time { return now }),
	}
	look := func(read int, fail error, beats int) {
		t.Helper()
		now = now.Add(time.Minute)
		g.tick.Fleet.Read, g.tick.Fleet.Vaults, g.fail = read, 2, fail
		got, err := b.Look(t.Context())
		require.Equal(t, fail, err)
		require.Equal(t, read, got.Fleet.Read)
		require.Len(t, h.Requests(), beats)
	}
	look(2, errors.New("the store is locked"), 0)
	look(0, nil, 0)
	look(1, nil, 1)
	h.Break(fake.Fault{Name: fake.Refuse, Status: 503, Count: 1})
	look(2, nil, 1)
	require.Contains(t, log.String(), "dead man's switch was not reached", "and the look is one all the same")
	require.NotContains(t, log.String(), "SECRET")
	look(2, nil, 2)
}
