package alert_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// herd is the scene's vault many times over; ill says which of them it happens to.
func herd(s scene, n int, ill func(i int) bool, change func(*scene)) ([]domain.VaultSample, []string) {
	var all []domain.VaultSample
	var ids []string
	quiet := quietScene()
	for i := range n {
		one := quiet // What a test changes is its own.
		day, fees, payer := *quiet.v.Day, *quiet.v.Fees, *quiet.v.Payer
		one.v.Day, one.v.Fees, one.v.Payer = &day, &fees, &payer
		one.v.At, one.v.Day.ChainTime = s.v.At, s.v.Day.ChainTime
		if ill(i) {
			change(&one)
		}
		one.v.Vault = fmt.Sprintf("v%04d", i)
		all, ids = append(all, one.v), append(ids, one.v.Vault)
	}
	return all, ids
}

func everyone(int) bool { return true }

func withBaseFees(s *scene) { s.v.Fees.Base = 1 }

func TestGroup_AStormOfAThousandIsOneMessage(t *testing.T) {
	w := newWatch(t)
	s := quietScene()
	vaults, ids := herd(s, 1_000, everyone, withBaseFees)
	w.known = ids
	sent := w.see(noon, &s.f, vaults)
	require.Len(t, sent, 1)
	require.Equal(t, "1000 vaults: Base fees in the position", sent[0].Title)
	require.Contains(t, sent[0].Text, "v0009: ")
	require.Contains(t, sent[0].Text, "and 990 more")
	require.Contains(t, sent[0].Fields, domain.MessageField{Name: "At risk", Value: "5,000.000000 USDC"})
	require.Equal(t, 1_000, w.happened(domain.EventJoined))
	require.Len(t, w.s.Active(), 1_001, "every episode is recorded")

	acked := w.see(noon.Add(time.Minute), &s.f, vaults, domain.AlertOrder{Acknowledge: sent[0].Key, Actor: "ann"})
	require.Equal(t, []domain.MessageKind{domain.MessageAcknowledge}, kinds(acked))
	for _, ep := range w.s.Active() {
		require.Equal(t, domain.EpisodeAcknowledged, ep.State)
	}
	now := s.after(2 * time.Minute)
	half, _ := herd(now, 1_000, func(i int) bool { return i%2 == 0 }, withBaseFees)
	require.Empty(t, w.see(noon.Add(2*time.Minute), &now.f, half))
	none, _ := herd(now, 1_000, func(int) bool { return false }, nil)
	over := w.see(noon.Add(3*time.Minute), &now.f, none)
	require.Equal(t, []domain.MessageKind{domain.MessageResolve}, kinds(over))
	require.Contains(t, over[0].Text, "all 1000 are over")
}

func TestGroup_FewAreToldOneByOne(t *testing.T) {
	w := newWatch(t)
	s := quietScene()
	vaults, ids := herd(s, 10, func(i int) bool { return i < 3 }, withBaseFees)
	w.known = ids
	require.Len(t, w.see(noon, &s.f, vaults), 3)
}

func TestGroup_CausesAreToldApart(t *testing.T) {
	w := newWatch(t)
	s := quietScene()
	at := 0
	vaults, ids := herd(s, 20, everyone, func(s *scene) {
		s.v.Payer.Lamports, s.v.Payer.Address = 0, fmt.Sprint("payer-", at%2)
		at++
	})
	w.known = ids
	sent := w.see(noon, &s.f, vaults)
	require.Len(t, sent, 2)
	require.Equal(t, "10 vaults: Fee payer runs low", sent[0].Title)
	require.Contains(t, sent[1].Fields, domain.MessageField{Name: "Cause", Value: "payer-1"})
}

// stormMessages lets a thousand vaults fall ill one after the other within a time, and get well again at its end. It
// counts what channels get, and says whether an incident takes the storm in their place.
func stormMessages(perMinute int, flaky bool, with func(*scene)) (told int, incident bool) {
	r := bench()
	s := quietScene()
	minutes := 1_000/perMinute + 1
	for m := range minutes + 70 {
		now := s.after(time.Duration(m) * time.Minute)
		vaults, _ := herd(now, 1_000, func(i int) bool {
			ill := i < (m+1)*perMinute && m < minutes+60
			return ill && (!flaky || (i+m)%5 != 0)
		}, with)
		r.Add(now.v.At, &now.f, vaults)
	}
	for _, e := range r.Episodes {
		incident = incident || e.Incident != ""
	}
	return len(people(r.Messages)), incident
}

func withoutSOL(s *scene) { s.v.Payer.Lamports = 1 }

func TestGroup_AStormMakesAtMostTenMessagesHoweverItComes(t *testing.T) {
	for _, storm := range []struct {
		perMinute int
		flaky     bool
	}{{1_000, false}, {1_000, true}, {100, true}, {20, false}} {
		n, incident := stormMessages(storm.perMinute, storm.flaky, withoutSOL)
		t.Logf("1,000 alerts, %d a minute, flaky %t: %d messages", storm.perMinute, storm.flaky, n)
		require.LessOrEqual(t, n, 10)
		require.False(t, incident)
		require.NotZero(t, n)
		n, incident = stormMessages(storm.perMinute, storm.flaky, withBaseFees)
		require.Zero(t, n, "the incident tells people")
		require.True(t, incident)
	}
}

func TestGroup_OneWhoIsGraverRaisesTheGroup(t *testing.T) {
	w := newWatch(t)
	s := quietScene()
	lamports := uint64(15_000_000)
	low := func(s *scene) { s.v.Payer.Lamports = lamports }
	vaults, ids := herd(s, 10, everyone, low)
	w.known = ids
	require.Equal(t, domain.SeverityMedium, w.see(noon, &s.f, vaults)[0].Severity)
	lamports = 1
	vaults, _ = herd(s.after(time.Minute), 10, func(i int) bool { return i == 7 }, low)
	raised := w.see(noon.Add(time.Minute), &s.f, vaults)
	require.Equal(t, []domain.MessageKind{domain.MessageTrigger}, kinds(raised))
	require.Equal(t, domain.SeverityHigh, raised[0].Severity)
}

func TestGroup_MutedVaultsStayOut(t *testing.T) {
	w := newWatch(t)
	s := quietScene()
	vaults, ids := herd(s, 6, everyone, withBaseFees)
	w.known = ids
	mute := domain.Mute{ID: "mute/m", Kind: domain.MuteAlerts, Vault: "v0002", Critical: true, From: noon, Until: noon.Add(time.Hour), Reason: "known", Actor: "ann"}
	sent := w.see(noon, &s.f, vaults, domain.AlertOrder{Mute: &mute, Actor: "ann"})
	require.Len(t, sent, 2)
	require.Equal(t, "5 vaults: Base fees in the position", sent[0].Title)
	require.Equal(t, domain.MessageInfo, sent[1].Kind)
}

func BenchmarkStorm1000(b *testing.B) {
	s := quietScene()
	vaults, ids := herd(s, 1_000, everyone, withBaseFees)
	messages := 0
	for b.Loop() {
		out := engine().Step(alert.State{}, alert.Input{Now: noon, Fleet: &s.f, Vaults: vaults, Known: ids})
		messages = len(out.Messages)
	}
	b.ReportMetric(float64(messages), "messages")
}
