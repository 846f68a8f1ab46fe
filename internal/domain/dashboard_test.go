package domain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func sample(vault string, state domain.State, change func(*domain.VaultSample)) domain.VaultSample {
	s := domain.VaultSample{
		Vault: vault, At: noon, State: state, Streams: 40,
		Day: &domain.DayFigures{ChainTime: noon.Unix(), LastTS: noon.Add(-time.Hour).Unix(), Cursor: 10, Treasury: domain.Balance{State: domain.BalanceAbsent}},
	}
	if change != nil {
		change(&s)
	}
	return s
}

func TestDashboard_StaleNeverLooksFresh(t *testing.T) {
	tick := domain.FleetTick{Fleet: domain.FleetSample{At: noon, Vaults: 1, Read: 1}, Vaults: []domain.VaultSample{sample("a", domain.Complete, nil)}}
	fresh := domain.NewDashboard(noon.Add(time.Minute), tick, nil, nil, 3*time.Minute)
	require.False(t, fresh.Stale)
	require.Equal(t, domain.Complete, fresh.Vaults[0].State)
	old := domain.NewDashboard(noon.Add(4*time.Minute), tick, nil, nil, 3*time.Minute)
	require.True(t, old.Stale)
	require.Equal(t, domain.UnknownState, old.Vaults[0].State)
	require.EqualValues(t, 240, old.Vaults[0].Age)
	require.Equal(t, map[domain.State]int{domain.UnknownState: 1}, old.States)
	never := domain.NewDashboard(noon, domain.FleetTick{}, nil, nil, time.Minute)
	require.True(t, never.Stale)
	require.NotNil(t, never.Vaults, "an empty list, not null")
}

func TestDashboard_WhatNeedsSomebodyComesFirst(t *testing.T) {
	tick := domain.FleetTick{Fleet: domain.FleetSample{At: noon}}
	for i, s := range domain.States() {
		tick.Vaults = append(tick.Vaults, sample(fmt.Sprint("v", i), s, nil))
	}
	d := domain.NewDashboard(noon, tick, nil, nil, time.Minute)
	place := map[domain.State]int{}
	for i, v := range d.Vaults {
		place[v.State] = i
	}
	require.Len(t, place, len(domain.States()), "every state has its place")
	for _, before := range [][2]domain.State{
		{domain.Overdue, domain.Complete},
		{domain.Ready, domain.Complete},
		{domain.Overdue, domain.Running},
		{domain.Stuck, domain.Running},
		{domain.UnknownState, domain.Stuck},
	} {
		require.Less(t, place[before[0]], place[before[1]], "%s before %s", before[0], before[1])
	}
}

func TestDashboard_DueIsSignedAndTheDeadlineCountsDown(t *testing.T) {
	tests := []struct {
		name   string
		change func(*domain.VaultSample)
		due    int64
		left   *int64
	}{
		{"open", nil, 23*3_600 - 30, ptr(int64(23*3_600 - 30))},
		{"complete", func(s *domain.VaultSample) { s.Day.Complete = true }, 23*3_600 - 30, nil},
		{"overdue", func(s *domain.VaultSample) { s.Day.LastTS -= 2 * 86_400 }, -86_400 - 3_600 - 30, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tick := domain.FleetTick{Fleet: domain.FleetSample{At: noon}, Vaults: []domain.VaultSample{sample("a", domain.Running, tt.change)}}
			v := domain.NewDashboard(noon.Add(30*time.Second), tick, nil, nil, time.Minute).Vaults[0]
			require.Equal(t, tt.due, *v.UntilDue)
			require.Equal(t, tt.left, v.Left)
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestM18_TheNewestFiveOfTheLastHour(t *testing.T) {
	var all []domain.Episode
	for i := range 20 {
		all = append(all, domain.Episode{Key: fmt.Sprint("k", i), Alert: "a", Subject: "v", Vault: "v", State: domain.EpisodeResolved, Opened: noon.Add(-time.Duration(i*5) * time.Minute)})
	}
	all[3].State = domain.EpisodeOpen
	all[19].State, all[19].Severity = domain.EpisodeOpen, domain.SeverityHigh
	all = append(all, domain.Episode{Key: "group", State: domain.EpisodeOpen, Opened: noon, Members: &domain.Group{}})
	d := domain.NewDashboard(noon, domain.FleetTick{}, all, nil, time.Minute)
	var keys []string
	for _, a := range d.Recent {
		keys = append(keys, a.Key)
	}
	require.Equal(t, []string{"k0", "k1", "k2", "k3", "k4"}, keys)
	require.Len(t, d.Open, 2, "what is open is shown however old it is")
	require.Equal(t, "k19", d.Open[0].Key)
	short := d.Short(1)
	require.Len(t, short.Open, 1)
	require.Equal(t, 2, short.OpenAll)
}

func TestProgress_IsOfTheDayNamedAndClamped(t *testing.T) {
	tests := []struct {
		name    string
		change  func(*domain.VaultSample)
		done    int
		percent int
		known   bool
	}{
		{"half way", func(s *domain.VaultSample) { s.Day.Cursor = 20 }, 20, 50, true},
		{"the cursor moves past the end (C09)", func(s *domain.VaultSample) { s.Day.Cursor = 45 }, 40, 100, true},
		{"yesterday's cursor is not today's (D07)", func(s *domain.VaultSample) { s.Day.LastTS -= 86_400 }, 0, 0, true},
		{"complete", func(s *domain.VaultSample) { s.Day.Complete = true }, 40, 100, true},
		{"the plan knows better than the settings", func(s *domain.VaultSample) { s.Books = &domain.Books{Investors: ptr(20)} }, 10, 50, true},
		{"nobody knows how many", func(s *domain.VaultSample) { s.Streams = 0 }, 0, 0, false},
		{"not read", func(s *domain.VaultSample) { s.Day = nil }, 0, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			done, _, percent, known := sample("a", domain.Running, tt.change).Progress()
			require.Equal(t, tt.done, done)
			require.Equal(t, tt.percent, percent)
			require.Equal(t, tt.known, known)
		})
	}
}

func TestStand_UnknownIsNotTakenForNothing(t *testing.T) {
	due := domain.Timing{ChainNow: noon.Unix(), LastTS: noon.Unix() - 90_000, Complete: true}
	open := domain.Timing{ChainNow: noon.Unix(), LastTS: noon.Unix() - 3_600}
	nothing, limit := domain.Amount(0), domain.Amount(5)
	tests := []struct {
		name string
		look domain.Look
		want domain.State
	}{
		{"due, fees unknown", domain.Look{Timing: due}, domain.Ready},
		{"due, no fees", domain.Look{Timing: due, Claimable: &nothing}, domain.NoFees},
		{"open, treasury unknown", domain.Look{Timing: open}, domain.Stuck},
		{"open, treasury empty", domain.Look{Timing: open, Treasury: &nothing}, domain.NoFees},
		{"published at its cap", domain.Look{Timing: open, Cursor: 5, Behaviour: domain.Published, Cap: &limit, Distributed: 5}, domain.Capped},
		{"reference at its cap goes on", domain.Look{Timing: open, Cursor: 5, Behaviour: domain.Reference, Cap: &limit, Distributed: 5}, domain.Stuck},
		{"a flag comes first", domain.Look{Timing: due, Flags: []domain.SafetyFlag{{Kind: domain.SafetyIsolate}}}, domain.Isolated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := tt.look.Judge()
			require.Equal(t, tt.want, got)
		})
	}
}
