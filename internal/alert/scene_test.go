package alert_test

import (
	"time"

	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// noon is when the scenes play, by both clocks.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func amount(a domain.Amount) *domain.Amount { return &a }

func ptr[T any](v T) *T { return &v }

// scene is one vault and its fleet, well in all respects until a test changes it.
type scene struct {
	v domain.VaultSample
	f domain.FleetSample
}

// quietScene is a vault whose day was paid six hours ago.
func quietScene() scene {
	opened := noon.Add(-6 * time.Hour).Unix()
	return scene{
		v: domain.VaultSample{
			Vault: "alpha", At: noon, Token: domain.Token{Mint: "mint", Symbol: "USDC", Decimals: 6}, Behaviour: domain.Reference, Streams: 100, State: domain.Complete,
			Day:     &domain.DayFigures{Slot: 1_000, ChainTime: noon.Unix(), LastTS: opened, Cursor: 100, Complete: true, Distributed: 70, Treasury: domain.Balance{State: domain.BalanceValue, Amount: 3}},
			Fees:    &domain.FeeFigures{At: noon, Quote: 5_000_000},
			Policy:  &domain.PolicyPrint{At: noon, Hash: "p1"},
			Payer:   &domain.PayerFigure{At: noon, Address: "payer", Lamports: 1_000_000_000},
			Program: &domain.Program{At: noon, Address: "router", Owner: "loader", Executable: true, Build: &domain.ProgramState{Slot: 5}},
			Books:   &domain.Books{Investors: ptr(100), Quarantined: ptr(0), Last: &domain.LastRun{RunID: "run-1", Day: "2026-03-02", State: domain.Complete, Ended: noon.Add(-5 * time.Hour)}},
			Run:     &domain.RunView{RunID: "run-1"},
			Track:   &domain.Track{Seen: noon, LastTS: opened, Cursor: 100, Complete: true, Progress: opened + 60},
		},
		f: domain.FleetSample{
			At: noon, ChainTime: ptr(noon.Unix()), Skew: ptr(int64(0)), Vaults: 1, Read: 1, Good: noon,
			Endpoints: []domain.EndpointSample{{Name: "a", Usable: true}, {Name: "b", Usable: true}},
			Workers:   []domain.WorkerBeat{{ID: "w1", Seen: noon}},
			Channels:  []domain.Condition{{Name: "slack", OK: true, At: noon}, {Name: "pagerduty", OK: true, At: noon}},
			Signers:   []domain.Condition{{Name: "payer", OK: true, At: noon}},
			Backup:    &domain.Condition{Name: "backup", OK: true, At: noon}, Audit: &domain.Condition{Name: "audit", OK: true, At: noon},
		},
	}
}

// openDay lets the vault be in the middle of its day: opened so long ago, with half of the list paid.
func (s *scene) openDay(ago time.Duration) {
	opened := noon.Add(-ago).Unix()
	s.v.State = domain.Running
	s.v.Day.LastTS, s.v.Day.Cursor, s.v.Day.Complete, s.v.Day.Treasury.Amount = opened, 50, false, 2_000
	s.v.Books.Owed = amount(1_500)
	s.v.Run = &domain.RunView{RunID: "run-2", Live: true, State: domain.Running}
	s.v.Track = &domain.Track{Seen: noon, LastTS: opened, Cursor: 50, Progress: noon.Unix()}
}

// due lets a new day have been due for so long.
func (s *scene) due(since time.Duration) {
	s.v.State = domain.Ready
	s.v.Day.LastTS = noon.Add(-since).Unix() - domain.DaySeconds
}

// onPurpose is a live run that has not begun, as one that waits by distribution.drift_reset.
func (s *scene) onPurpose() { s.v.Run = &domain.RunView{RunID: "r9", Live: true, State: domain.NotDue} }

// after is the same scene some time later: both clocks have moved, nothing else.
func (s scene) after(d time.Duration) scene {
	v, f := s.v, s.f
	v.At, f.At = v.At.Add(d), f.At.Add(d)
	if v.Day != nil {
		day := *v.Day
		day.ChainTime += int64(d / time.Second)
		v.Day = &day
	}
	if f.Good.Equal(s.f.At) {
		f.Good = f.At
	}
	if s.f.Workers != nil {
		f.Workers = []domain.WorkerBeat{} // Nobody asks for work, which is not the same as nobody knows.
	}
	for _, w := range s.f.Workers {
		if w.Seen.Equal(s.f.At) {
			w.Seen = f.At
		}
		f.Workers = append(f.Workers, w)
	}
	return scene{v, f}
}

func engine() *alert.Engine { return alert.New(alert.Catalogue(), alert.DefaultLimits(), nil) }

func bench() *alert.Replay { return alert.NewReplay(engine(), alert.DefaultLimits()) }

// play shows the scene once a minute for so long and tells what came of it.
func play(r *alert.Replay, s scene, from, to time.Duration) {
	for d := from; d <= to; d += time.Minute {
		now := s.after(d)
		r.Add(now.v.At, &now.f, []domain.VaultSample{now.v})
	}
}

// fired says whether an alert opened.
func fired(r *alert.Replay, id string) bool {
	for _, ep := range r.Fired() {
		if ep.Alert == id {
			return true
		}
	}
	return false
}
