package alert_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// pair is what must fire an alert, and what looks like it and must not.
type pair struct {
	fires map[string]func(*scene)
	quiet map[string]func(*scene)
}

// pairs has one for every alert of the catalogue.
func pairs() map[string]pair {
	return map[string]pair{
		"distribution_failed": {
			fires: map[string]func(*scene){
				"the newest report says so":        func(s *scene) { s.v.Books.Last.State = domain.Failed },
				"a run that died without a report": func(s *scene) { s.v.Run = &domain.RunView{RunID: "run-2", Failed: noon} },
			},
			quiet: map[string]func(*scene){
				"complete":                           func(*scene) {},
				"a later run is under way":           func(s *scene) { s.v.Books.Last.State, s.v.Run.Live = domain.Failed, true },
				"the failed run is the one reported": func(s *scene) { s.v.Run.Failed = noon },
				"not due is no failure (X03)":        func(s *scene) { s.v.Books.Last.State = domain.NotDue },
				"never ran":                          func(s *scene) { s.v.Books.Last = nil },
			},
		},
		"distribution_stuck": {
			fires: map[string]func(*scene){
				"no progress for 30 minutes": func(s *scene) { s.openDay(time.Hour); s.v.Track.Progress = noon.Add(-30 * time.Minute).Unix() },
				"a run that waits in retries (M11)": func(s *scene) {
					s.openDay(time.Hour)
					s.v.Run.State, s.v.Track.Progress = domain.Stuck, noon.Add(-45*time.Minute).Unix()
				},
				"no run at all": func(s *scene) {
					s.openDay(time.Hour)
					s.v.Run, s.v.Track.Progress = &domain.RunView{}, noon.Add(-45*time.Minute).Unix()
				},
				"capped under the reference program, which goes on": func(s *scene) {
					s.openDay(time.Hour)
					s.v.Policy.DailyCap, s.v.Track.Progress = amount(70), noon.Add(-45*time.Minute).Unix()
				},
			},
			quiet: map[string]func(*scene){
				"progress ten minutes ago": func(s *scene) { s.openDay(time.Hour); s.v.Track.Progress = noon.Unix() },
				"complete":                 func(s *scene) { s.v.Track.Progress = noon.Add(-5 * time.Hour).Unix() },
				"paused": func(s *scene) {
					s.openDay(5 * time.Hour)
					s.v.Track.Progress, s.v.Run.State = noon.Add(-4*time.Hour).Unix(), domain.Paused
				},
				"stopped": func(s *scene) {
					s.openDay(5 * time.Hour)
					s.v.Track.Progress, s.v.Books.Flags = noon.Add(-4*time.Hour).Unix(), []domain.SafetyFlag{{Kind: domain.SafetyStop}}
				},
				"opened without fees": func(s *scene) {
					s.openDay(5 * time.Hour)
					s.v.Track.Progress, s.v.Day.Cursor, s.v.Day.Treasury.Amount = noon.Add(-4*time.Hour).Unix(), 0, 0
				},
				"capped under the published program": func(s *scene) {
					s.openDay(5 * time.Hour)
					s.v.Track.Progress, s.v.Behaviour, s.v.Policy.DailyCap = noon.Add(-4*time.Hour).Unix(), domain.Published, amount(70)
				},
				"whether it is paused is unknown": func(s *scene) {
					s.openDay(5 * time.Hour)
					s.v.Track.Progress, s.v.Run = noon.Add(-4*time.Hour).Unix(), nil
				},
			},
		},
		"distribution_overdue": {
			fires: map[string]func(*scene){"61 minutes": func(s *scene) { s.due(61 * time.Minute) }},
			quiet: map[string]func(*scene){
				"due for half an hour":            func(s *scene) { s.due(30 * time.Minute) },
				"never ran is not 54 years (D12)": func(s *scene) { s.v.Day.LastTS, s.v.Day.Complete, s.v.Day.Cursor = 0, false, 0 },
				"isolated": func(s *scene) {
					s.due(3 * time.Hour)
					s.v.Books.Flags = []domain.SafetyFlag{{Kind: domain.SafetyIsolate}}
				},
				"no fees to claim":                  func(s *scene) { s.due(3 * time.Hour); s.v.Fees.Quote = 0 },
				"whether there are fees is unknown": func(s *scene) { s.due(3 * time.Hour); s.v.Fees = nil },
				"open":                              func(s *scene) { s.openDay(20 * time.Hour) },
			},
		},
		"treasury_empty": {
			fires: map[string]func(*scene){
				"nothing there": func(s *scene) { s.openDay(time.Hour); s.v.Day.Treasury.Amount = 0 },
				"no account":    func(s *scene) { s.openDay(time.Hour); s.v.Day.Treasury = domain.Balance{State: domain.BalanceAbsent} },
			},
			quiet: map[string]func(*scene){
				"nothing is owed":     func(s *scene) { s.openDay(time.Hour); s.v.Day.Treasury.Amount, s.v.Books.Owed = 0, amount(0) },
				"owed is unknown":     func(s *scene) { s.openDay(time.Hour); s.v.Day.Treasury.Amount, s.v.Books.Owed = 0, nil },
				"the read failed":     func(s *scene) { s.openDay(time.Hour); s.v.Day.Treasury = domain.Balance{State: domain.BalanceUnknown} },
				"complete":            func(s *scene) { s.v.Day.Treasury.Amount = 0 },
				"opened without fees": func(s *scene) { s.openDay(time.Hour); s.v.Day.Treasury.Amount, s.v.Day.Cursor = 0, 0 },
			},
		},
		"deadline_2h": {
			fires: map[string]func(*scene){
				"two hours left":    func(s *scene) { s.openDay(22 * time.Hour) },
				"also while paused": func(s *scene) { s.openDay(22 * time.Hour); s.v.Run.State = domain.Paused },
			},
			quiet: map[string]func(*scene){
				"half a day left": func(s *scene) { s.openDay(12 * time.Hour) },
				"complete":        func(s *scene) { s.v.Day.LastTS = noon.Add(-23 * time.Hour).Unix() },
				"past":            func(s *scene) { s.openDay(25 * time.Hour) },
				"without fees":    func(s *scene) { s.openDay(23 * time.Hour); s.v.Day.Cursor, s.v.Day.Treasury.Amount = 0, 0 },
			},
		},
		"deadline_30m": {
			fires: map[string]func(*scene){"29 minutes left": func(s *scene) { s.openDay(24*time.Hour - 29*time.Minute) }},
			quiet: map[string]func(*scene){"an hour left": func(s *scene) { s.openDay(23 * time.Hour) }, "complete": func(s *scene) { s.v.Day.LastTS = noon.Add(-24*time.Hour + 29*time.Minute).Unix() }},
		},
		"day_lost": {
			fires: map[string]func(*scene){"it ended unfinished": func(s *scene) { s.v.Track.Lost = &domain.LostDay{At: noon, LastTS: 7, Cursor: 50, Owed: amount(9)} }},
			quiet: map[string]func(*scene){
				"complete":              func(*scene) {},
				"two days ago":          func(s *scene) { s.v.Track.Lost = &domain.LostDay{At: noon.Add(-48 * time.Hour), LastTS: 7} },
				"nothing is remembered": func(s *scene) { s.v.Track = nil },
			},
		},
		"payer_low": {
			fires: map[string]func(*scene){"under twice the reserve": func(s *scene) { s.v.Payer.Lamports = 19_999_999 }, "empty": func(s *scene) { s.v.Payer.Lamports = 0 }},
			quiet: map[string]func(*scene){"twice the reserve": func(s *scene) { s.v.Payer.Lamports = 20_000_000 }, "not read": func(s *scene) { s.v.Payer = nil }},
		},
		"base_fee_detected": {
			fires: map[string]func(*scene){"one base unit": func(s *scene) { s.v.Fees.Base = 1 }},
			quiet: map[string]func(*scene){"none": func(*scene) {}, "not read": func(s *scene) { s.v.Fees = nil }},
		},
		"foreign_crank": {
			fires: map[string]func(*scene){
				"seen in the samples":         func(s *scene) { s.v.Track.Stranger = &domain.Stranger{At: noon, To: 20} },
				"found by the reconciliation": func(s *scene) { s.v.Books.Foreign = 1 },
			},
			quiet: map[string]func(*scene){"all pages are ours": func(*scene) {}, "the books were not read": func(s *scene) { s.v.Books = nil }},
		},
		"policy_changed": {
			fires: map[string]func(*scene){"another hash": func(s *scene) { s.v.Track.Policy = &domain.Changed{At: noon, From: "p0", To: "p1"} }},
			quiet: map[string]func(*scene){"the same": func(*scene) {}, "not read": func(s *scene) { s.v.Policy = nil }},
		},
		"program_upgraded": {
			fires: map[string]func(*scene){"another deployment": func(s *scene) { s.v.Track.Program = &domain.Changed{At: noon, From: "slot 5", To: "slot 9"} }},
			quiet: map[string]func(*scene){"the same": func(*scene) {}, "not read": func(s *scene) { s.v.Program = nil }},
		},
		"stream_quarantined": {
			fires: map[string]func(*scene){"one is left out": func(s *scene) { s.v.Books.Quarantined = ptr(1) }},
			quiet: map[string]func(*scene){"none": func(*scene) {}, "no plan is known": func(s *scene) { s.v.Books.Quarantined = nil }},
		},
		"reconcile_mismatch": {
			fires: map[string]func(*scene){
				"the report says so":      func(s *scene) { s.v.Books.Last.State, s.v.Books.Last.Mismatches = domain.CompleteUnreconciled, 1 },
				"the books were not made": func(s *scene) { s.v.State = domain.CompleteUnreconciled },
			},
			quiet: map[string]func(*scene){
				"clean":                               func(*scene) {},
				"the run is still at its books":       func(s *scene) { s.v.State, s.v.Run.Live = domain.CompleteUnreconciled, true },
				"whether a run is at them is unknown": func(s *scene) { s.v.State, s.v.Run = domain.CompleteUnreconciled, nil },
			},
		},
		"capped_day": {
			fires: map[string]func(*scene){"at the cap": func(s *scene) { s.v.Policy.DailyCap = amount(70) }},
			quiet: map[string]func(*scene){"below it": func(s *scene) { s.v.Policy.DailyCap = amount(71) }, "no cap": func(*scene) {}, "the next day is due": func(s *scene) { s.v.Policy.DailyCap = amount(70); s.due(time.Minute) }},
		},
		"no_fee_day": {
			fires: map[string]func(*scene){
				"due and nothing to claim": func(s *scene) { s.due(time.Minute); s.v.Fees.Quote = 0 },
				"opened without fees":      func(s *scene) { s.openDay(time.Hour); s.v.Day.Cursor, s.v.Day.Treasury.Amount = 0, 0 },
			},
			quiet: map[string]func(*scene){
				"due and something to claim": func(s *scene) { s.due(time.Minute) },
				"not due":                    func(s *scene) { s.v.Fees.Quote = 0 },
				"not read":                   func(s *scene) { s.due(time.Minute); s.v.Fees = nil },
				"never ran":                  func(s *scene) { s.v.Day.LastTS, s.v.Fees.Quote = 0, 0 },
			},
		},
		"rpc_degraded": {
			fires: map[string]func(*scene){"one of two": func(s *scene) { s.f.Endpoints[1] = domain.EndpointSample{Name: "b", Reason: "frozen"} }},
			quiet: map[string]func(*scene){"all usable": func(*scene) {}, "nobody looked": func(s *scene) { s.f.Endpoints = nil }},
		},
		"rpc_all_down": {
			fires: map[string]func(*scene){"both": func(s *scene) { s.f.Endpoints = []domain.EndpointSample{{Name: "a"}, {Name: "b"}} }},
			quiet: map[string]func(*scene){"one of two": func(s *scene) { s.f.Endpoints[1].Usable = false }, "nobody looked": func(s *scene) { s.f.Endpoints = nil }},
		},
		"clock_skew": {
			fires: map[string]func(*scene){"ahead": func(s *scene) { s.f.Skew = ptr(int64(61)) }, "behind": func(s *scene) { s.f.Skew = ptr(int64(-61)) }},
			quiet: map[string]func(*scene){"a minute": func(s *scene) { s.f.Skew = ptr(int64(60)) }, "not read": func(s *scene) { s.f.Skew = nil }},
		},
		"monitor_stale": {
			fires: map[string]func(*scene){
				"some vaults cannot be read": func(s *scene) { s.f.Good, s.f.Read = noon.Add(-time.Minute), 0 },
			},
			quiet: map[string]func(*scene){"every vault was read": func(*scene) {}},
		},
		"channel_down": {
			fires: map[string]func(*scene){"one of two": func(s *scene) { s.f.Channels[0].OK = false }},
			quiet: map[string]func(*scene){
				"both work": func(*scene) {}, "nobody knows": func(s *scene) { s.f.Channels = nil },
				"nothing went there yet": func(s *scene) { s.f.Channels[0] = domain.Condition{Name: "slack", Unknown: true} },
			},
		},
		"worker_down": {
			fires: map[string]func(*scene){
				"none is left": func(s *scene) { s.f.Workers = []domain.WorkerBeat{} },
				"it is silent": func(s *scene) { s.f.Workers[0].Seen = noon.Add(-4 * time.Minute) },
			},
			quiet: map[string]func(*scene){"one asks": func(*scene) {}, "Temporal did not answer": func(s *scene) { s.f.Workers = nil }},
		},
		"backup_failed": {
			fires: map[string]func(*scene){"it failed": func(s *scene) { s.f.Backup.OK = false }},
			quiet: map[string]func(*scene){"it went well": func(*scene) {}, "nobody looks": func(s *scene) { s.f.Backup = nil }},
		},
		"audit_broken": {
			fires: map[string]func(*scene){"the chain does not fit": func(s *scene) { s.f.Audit.OK = false }},
			quiet: map[string]func(*scene){"it fits": func(*scene) {}, "nobody looks": func(s *scene) { s.f.Audit = nil }},
		},
		"signer_unreachable": {
			fires: map[string]func(*scene){"the key cannot be used": func(s *scene) { s.f.Signers[0].OK = false }},
			quiet: map[string]func(*scene){"it can": func(*scene) {}, "nobody looks": func(s *scene) { s.f.Signers = nil }},
		},
	}
}

// long is longer than every hold time.
const long = 15 * time.Minute

func TestCatalogue_EveryAlertFiresWhenItMustAndOnlyThen(t *testing.T) {
	all := pairs()
	require.Len(t, all, len(alert.Catalogue()))
	for _, rule := range alert.Catalogue() {
		p, ok := all[rule.ID]
		require.True(t, ok, "%s has no pair of tests", rule.ID)
		require.NotEmpty(t, p.fires, rule.ID)
		require.NotEmpty(t, p.quiet, rule.ID)
		for name, change := range p.fires {
			t.Run(rule.ID+" fires: "+name, func(t *testing.T) {
				r := bench()
				play(r, quietScene(), -long, -time.Minute)
				require.Empty(t, r.Fired(), "all is well before")
				s := quietScene()
				change(&s)
				play(r, s, 0, long)
				require.True(t, fired(r, rule.ID))
			})
		}
		for name, change := range p.quiet {
			t.Run(rule.ID+" is quiet: "+name, func(t *testing.T) {
				r, s := bench(), quietScene()
				change(&s)
				play(r, s, 0, long)
				require.False(t, fired(r, rule.ID))
			})
		}
	}
}

// blind makes everything unknown.
func (s *scene) blind() {
	s.v.Day, s.v.Fees, s.v.Policy, s.v.Payer, s.v.Program, s.v.Books, s.v.Run, s.v.Track = nil, nil, nil, nil, nil, nil, nil, nil
	s.f = domain.FleetSample{At: s.f.At, Good: s.f.At}
}

func TestMissingDataFiresNothing(t *testing.T) {
	r, s := bench(), quietScene()
	s.blind()
	play(r, s, 0, 3*time.Hour)
	require.Empty(t, r.Fired())
}

// TestMissingDataResolvesNothing opens every alert, blinds the watch for two hours, and looks at what is still open.
func TestMissingDataResolvesNothing(t *testing.T) {
	for id, p := range pairs() {
		if id == "monitor_stale" {
			continue // Being blind is what it is about.
		}
		for name, change := range p.fires {
			t.Run(id+": "+name, func(t *testing.T) {
				r, s := bench(), quietScene()
				change(&s)
				play(r, s, 0, long)
				s.blind()
				play(r, s, long+time.Minute, 2*time.Hour)
				for _, ep := range r.Fired() {
					require.True(t, ep.Active(), "%s: %s", ep.Key, ep.Resolution)
				}
				require.True(t, fired(r, id))
				play(r, quietScene(), 2*time.Hour+time.Minute, 2*time.Hour+long)
				for _, ep := range r.Fired() {
					require.False(t, ep.Active(), "%s is over once it is seen to be", ep.Key)
				}
			})
		}
	}
}

func TestMissingDataResolvesNothing_AlsoOfOneChannelAmongOthers(t *testing.T) {
	r, s := bench(), quietScene()
	s.f.Channels[0].OK = false
	play(r, s, 0, long)
	s.f.Channels[0] = domain.Condition{Name: "slack", Unknown: true}
	play(r, s, long+time.Minute, 2*time.Hour)
	require.True(t, fired(r, "channel_down"))
	for _, ep := range r.Fired() {
		require.True(t, ep.Active(), "%s: %s", ep.Key, ep.Resolution)
	}
}

func TestCatalogue_EveryLineIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range alert.Catalogue() {
		require.False(t, seen[r.ID], r.ID)
		seen[r.ID] = true
		require.Regexp(t, `^[a-z0-9]+(_[a-z0-9]+)*$`, r.ID)
		require.Positive(t, r.Severity.Rank(), r.ID)
		require.NotEmpty(t, r.Title, r.ID)
		require.NotEmpty(t, r.When, r.ID)
		require.NotEmpty(t, r.Ends, r.ID)
		require.Contains(t, r.Next, "feeops ", r.ID)
		_, err := os.Stat(filepath.Join("..", "..", r.Runbook()))
		require.NoError(t, err, "the runbook of %s", r.ID)
		require.NotEmpty(t, r.AtRisk, "which money %s puts at risk, or why none", r.ID)
	}
	for _, r := range alert.Catalogue() {
		for _, weaker := range r.Weaker {
			require.True(t, seen[weaker], "%s covers %s", r.ID, weaker)
		}
	}
}

func TestMoneyAtRisk(t *testing.T) {
	tests := []struct {
		id     string
		change func(*scene)
		want   *domain.Amount
	}{
		{"distribution_failed", func(s *scene) { s.openDay(time.Hour); s.v.Run.Live, s.v.Books.Last.State = false, domain.Failed }, amount(1_500)},
		{"distribution_failed", func(s *scene) { s.v.Books.Last.State = domain.Failed }, amount(5_000_000)},
		{"distribution_stuck", func(s *scene) { s.openDay(time.Hour); s.v.Track.Progress -= 3_600 }, amount(1_500)},
		{"distribution_stuck", func(s *scene) { s.openDay(time.Hour); s.v.Track.Progress -= 3_600; s.v.Books.Owed = nil }, nil},
		{"distribution_overdue", func(s *scene) { s.due(2 * time.Hour) }, amount(5_000_000)},
		{"day_lost", func(s *scene) { s.v.Track.Lost = &domain.LostDay{At: noon, Owed: amount(1<<64 - 1)} }, amount(1<<64 - 1)},
		{"stream_quarantined", func(s *scene) { s.v.Books.Quarantined, s.v.Books.QuarantinedWould = ptr(2), amount(17) }, amount(17)},
	}
	for _, tt := range tests {
		t.Run(tt.id, func(t *testing.T) {
			r, s := bench(), quietScene()
			tt.change(&s)
			play(r, s, 0, time.Minute)
			for _, ep := range r.Fired() {
				if ep.Alert == tt.id {
					require.Equal(t, tt.want, ep.AtRisk)
					return
				}
			}
			require.Fail(t, "it did not fire")
		})
	}
}

func TestMoneyAtRisk_OfAnOutageIsThatOfAllVaultsAsLastSeen(t *testing.T) {
	r, s := bench(), quietScene()
	s.openDay(time.Hour) // 1,500 base units are still to be paid.
	s.f.Workers[0].Seen = noon.Add(-time.Hour)
	second, unread := s.v, s.v
	second.Vault, unread.Vault = "beta", "gamma"
	second.Books, unread.Books = &domain.Books{Owed: amount(40)}, nil
	for d := time.Duration(0); d <= 4*time.Minute; d += time.Minute {
		f := s.f
		f.At, f.Good = noon.Add(d), noon.Add(d)
		r.Add(f.At, &f, []domain.VaultSample{s.v, second, unread}) // Their samples get older.
	}
	for _, m := range r.Messages {
		if m.Alert == "worker_down" {
			require.Contains(t, m.Fields, domain.MessageField{Name: "At risk", Value: "0.001540 USDC, and unknown for 1"})
			return
		}
	}
	require.Fail(t, "it did not fire")
}
