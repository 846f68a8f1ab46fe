package chaos

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/chaos/audit"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// TestScenarios_NoneIsMissing holds the table against what must be shown to be survived.
func TestScenarios_NoneIsMissing(t *testing.T) {
	want := map[string]string{
		"process":     "kill-before-stored kill-stored-unsent kill-sent-unconfirmed kill-confirmed-unrecorded two-workers-one-killed temporal-killed store-locked store-full store-lost",
		"transaction": "dropped late-1 late-60 late-149 accepted-timeout landed-though-expired rebroadcast-twice rolled-back already-processed tables-impossible tables-gone compute-dearer",
		"rpc":         "rpc-429 rpc-5xx rpc-hang rpc-truncated rpc-wrong-genesis rpc-frozen rpc-behind-2500 rpc-disagree rpc-all-down rpc-all-down-long",
		"stranger":    "crank-turns-page crank-opens-day crank-closes-day crank-races",
		"time":        "clock-day-behind clock-day-ahead rollover late-page-0 clock-skew machine-clock-jumps first-day-ever",
		"money":       "cap-mid-page zero-fees base-fee base-fee-late policy-changed creator-missing payer-dry treasury-short",
		"investor":    "stream-closed stream-transferred stream-reminted stream-duplicated ata-closed ata-frozen",
		"published":   "published-closes-early published-50-streams published-zero-fees",
		"order":       "emergency-stop pause-anywhere stop-and-restart signal-storm cli-terminate cli-reset",
	}
	groups := map[string][]string{}
	for _, s := range Scenarios() {
		groups[s.Group] = append(groups[s.Group], s.Name)
	}
	for group, names := range want {
		require.Subset(t, groups[group], strings.Fields(names), group)
	}
	require.Len(t, groups, len(want))
}

func TestScenarios_AreNamedOnceAndExplained(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Scenarios() {
		require.False(t, seen[s.Name], s.Name)
		seen[s.Name] = true
		require.Regexp(t, regexp.MustCompile(`^[a-z0-9-]+$`), s.Name)
		require.NotEmpty(t, s.About)
		require.NotNil(t, s.Plan)
	}
}

func TestPlanOf_FollowsTheSeedAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		s := rapid.SampledFrom(Scenarios()).Draw(t, "scenario")
		a, b := PlanOf(seed, []string{s.Name}), PlanOf(seed, []string{s.Name})
		require.Equal(t, a.notes, b.notes)
		require.Equal(t, a.Spec, b.Spec)
		require.Equal(t, a.PageSize, b.PageSize)
		require.Equal(t, []int{len(a.arm), len(a.during), len(a.after)}, []int{len(b.arm), len(b.during), len(b.after)})
		require.GreaterOrEqual(t, a.pages(), 2, "a day of one page has no middle")
	})
}

func TestJobs_TheRepeatCommandGivesTheSamePlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Options{Runs: rapid.IntRange(1, 60).Draw(t, "runs"), Seed: rapid.Uint64().Draw(t, "seed")}
		all, err := o.jobs()
		require.NoError(t, err)
		require.Len(t, all, o.Runs)
		j := rapid.SampledFrom(all).Draw(t, "job")
		again, err := Options{Runs: 1, Seed: j.seed, Scenarios: []string{strings.Join(j.names, "+")}}.jobs()
		require.NoError(t, err)
		require.Equal(t, j.seed, again[0].seed)
		require.Equal(t, PlanOf(j.seed, j.names).notes, PlanOf(again[0].seed, again[0].names).notes)
		require.Contains(t, Result{Seed: j.seed, Scenario: strings.Join(j.names, "+")}.Repeat(), "--runs 1 --scenario "+strings.Join(j.names, "+"))
	})
}

func TestJobs_EnoughRunsMakeEveryScenarioAndMixtures(t *testing.T) {
	all, err := Options{Runs: 200, Seed: 3}.jobs()
	require.NoError(t, err)
	seen, mixtures := map[string]bool{}, 0
	for _, j := range all {
		if len(j.names) > 1 {
			mixtures++
			continue
		}
		seen[j.names[0]] = true
	}
	require.Equal(t, 50, mixtures)
	require.Len(t, seen, len(Scenarios()))
}

func TestCheckNames(t *testing.T) {
	require.NoError(t, CheckNames([]string{"dropped", "dropped+late-60"}))
	require.ErrorContains(t, CheckNames([]string{"droped"}), "no scenario")
	require.ErrorContains(t, CheckNames([]string{"dropped+rollover"}), "cannot be combined")
}

// TestJudge_WhatARunMayCost holds verdicts of the auditor against what a plan allows.
func TestJudge_WhatARunMayCost(t *testing.T) {
	done := audit.Day{Complete: true, Investors: 9, Claimed: 10, Paid: 7, Creator: 3}
	report := domain.DayReport{State: domain.Complete, Result: domain.Reconciliation{Figures: domain.Figures{Claimed: 10, Paid: 7, Creator: 3}}}
	lost := audit.Day{Investors: 9, Unreached: 4}
	failed := domain.DayReport{State: domain.Failed}
	wrong := report
	wrong.Result.Paid = 8
	foreign := done
	foreign.Foreign = 1
	day := func(change func(*Plan)) *Plan {
		p := newPlan(1)
		p.Days = 1
		if change != nil {
			change(p)
		}
		return p
	}
	mayLose := day(func(p *Plan) { p.Lost, p.Days = true, 2 })
	tests := []struct {
		name    string
		plan    *Plan
		verdict audit.Verdict
		story   story
		ok      bool
		missed  int
		lost    int
	}{
		{"a complete day", day(nil), audit.Verdict{Days: []audit.Day{done}}, story{reports: []domain.DayReport{report}}, true, 0, 0},
		{"a day that was never opened", day(func(p *Plan) { p.Spec.Investors, p.Spec.ClosedStreams, p.Spec.BelowMinimum = 9, 0, 0 }), audit.Verdict{}, story{reports: []domain.DayReport{failed}}, false, 9, 0},
		{"a day without its end", day(nil), audit.Verdict{Days: []audit.Day{lost}}, story{reports: []domain.DayReport{failed}}, false, 4 + max(1, day(nil).listed()-day(nil).Spec.BelowMinimum), 0},
		{"a lost day that may be, and the next one", mayLose, audit.Verdict{Days: []audit.Day{lost, done}}, story{reports: []domain.DayReport{failed, report}}, true, 0, 4},
		{"a report of another amount", day(nil), audit.Verdict{Days: []audit.Day{done}}, story{reports: []domain.DayReport{wrong}}, false, 0, 0},
		{"a stranger's page that the report keeps silent about", day(nil), audit.Verdict{Days: []audit.Day{foreign}}, story{reports: []domain.DayReport{report}}, false, 0, 0},
		{"a refused day", day(func(p *Plan) { p.Refused = true }), audit.Verdict{}, story{reports: []domain.DayReport{failed}}, true, 0, 0},
		{"a refused day that was opened", day(func(p *Plan) { p.Refused = true }), audit.Verdict{Days: []audit.Day{done}}, story{}, false, 0, 0},
		{"somebody paid twice", day(nil), audit.Verdict{Days: []audit.Day{done}, PaidTwice: 1}, story{reports: []domain.DayReport{report}}, false, 0, 0},
		{"a fault that never came", day(nil), audit.Verdict{Days: []audit.Day{done}}, story{reports: []domain.DayReport{report}, troubles: []string{"never came to it: x"}}, false, 0, 0},
		{"the same in a mixture", day(func(p *Plan) { p.mixed = true }), audit.Verdict{Days: []audit.Day{done}}, story{reports: []domain.DayReport{report}, troubles: []string{"never came to it: x"}}, true, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var res Result
			res.judge(test.plan, test.verdict, test.story)
			res.close()
			require.Equal(t, test.ok, res.OK, "%+v", res)
			require.Equal(t, test.missed, res.Missed)
			require.Equal(t, test.lost, res.Lost)
		})
	}
}
