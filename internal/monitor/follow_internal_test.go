package monitor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// seen is a sample of a vault in the middle of its day, so many minutes after noon, with everything known.
func seen(minute int, change func(*domain.VaultSample)) *domain.VaultSample {
	at := noon.Add(time.Duration(minute) * time.Minute)
	owed := domain.Amount(90)
	s := &domain.VaultSample{
		Vault: "v", At: at,
		Day:   &domain.DayFigures{ChainTime: at.Unix(), LastTS: noon.Add(-time.Hour).Unix(), Cursor: 20, Treasury: domain.Balance{State: domain.BalanceValue, Amount: 100}},
		Books: &domain.Books{Owed: &owed, Last: &domain.LastRun{State: domain.Complete, Ended: noon.Add(-20 * time.Hour)}},
		Run:   &domain.RunView{}, Policy: &domain.PolicyPrint{Hash: "p"}, Program: &domain.Program{Address: "r", Owner: "l", Executable: true},
	}
	if change != nil {
		change(s)
	}
	return s
}

// walk follows the samples one after the other and gives the last one's memory.
func walk(samples ...*domain.VaultSample) *domain.Track {
	var before *domain.VaultSample
	for _, s := range samples {
		follow(before, s)
		before = s
	}
	return before.Track
}

func cursor(c uint32) func(*domain.VaultSample) {
	return func(s *domain.VaultSample) { s.Day.Cursor = c }
}

func blind(s *domain.VaultSample) {
	s.Day, s.Books, s.Run, s.Policy, s.Program = nil, nil, nil, nil, nil
}

func opened(ago time.Duration) func(*domain.VaultSample) {
	return func(s *domain.VaultSample) { s.Day.LastTS = noon.Add(-ago).Unix() }
}

func TestFollow_ProgressCountsFromTheLastMoveOfTheCursor(t *testing.T) {
	at := func(minute int) int64 { return noon.Add(time.Duration(minute) * time.Minute).Unix() }
	tests := []struct {
		name    string
		samples []*domain.VaultSample
		want    int64
	}{
		{"first sight of an open day", []*domain.VaultSample{seen(0, nil)}, at(0)},
		{"first sight before the first page", []*domain.VaultSample{seen(0, cursor(0))}, at(-60)},
		{"it stands still", []*domain.VaultSample{seen(0, nil), seen(1, nil), seen(45, nil)}, at(0)},
		{"it moves", []*domain.VaultSample{seen(0, nil), seen(1, cursor(40)), seen(2, cursor(40))}, at(1)},
		{"an outage is not standing still, and not a move (M10)", []*domain.VaultSample{seen(0, nil), seen(1, blind), seen(60, blind), seen(61, nil)}, at(0)},
		{"moved in an outage", []*domain.VaultSample{seen(0, nil), seen(1, blind), seen(61, cursor(40))}, at(61)},
		{"completed", []*domain.VaultSample{seen(0, nil), seen(5, func(s *domain.VaultSample) { s.Day.Complete = true })}, at(5)},
		{"a new day counts from its opening", []*domain.VaultSample{seen(0, opened(25*time.Hour)), seen(3, func(s *domain.VaultSample) { s.Day.Cursor, s.Day.LastTS = 0, at(1) })}, at(1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, walk(tt.samples...).Progress) })
	}
}

// capped is a day of the published program that has paid its cap.
func capped(then func(*domain.VaultSample)) func(*domain.VaultSample) {
	return func(s *domain.VaultSample) {
		then(s)
		limit := domain.Amount(5)
		s.Behaviour, s.Day.Distributed, s.Policy.DailyCap = domain.Published, 5, &limit
	}
}

func TestFollow_ALostDayIsSeenAndNoOtherIsTakenForOne(t *testing.T) {
	early := func(s *domain.VaultSample) { s.Day.LastTS = noon.Add(-24*time.Hour + time.Minute).Unix() }
	next := func(s *domain.VaultSample) { s.Day.LastTS, s.Day.Cursor = noon.Add(2*time.Minute).Unix(), 0 }
	finished := func(s *domain.VaultSample) {
		next(s)
		s.Books.Last = &domain.LastRun{State: domain.Complete, Ended: noon.Add(90 * time.Second)}
	}
	tests := []struct {
		name    string
		samples []*domain.VaultSample
		lost    bool
	}{
		{"past its deadline", []*domain.VaultSample{seen(0, early), seen(2, early)}, true},
		{"the next one is open", []*domain.VaultSample{seen(0, early), seen(3, next)}, true},
		{"the next one is open after an outage", []*domain.VaultSample{seen(0, early), seen(1, blind), seen(3, next)}, true},
		{"finished in the last minute, as our report says", []*domain.VaultSample{seen(0, early), seen(3, finished)}, false},
		{"whether it was finished is unknown", []*domain.VaultSample{seen(0, early), seen(3, func(s *domain.VaultSample) { next(s); s.Books = nil })}, false},
		{"still open", []*domain.VaultSample{seen(0, early), seen(0, early)}, false},
		{"complete", []*domain.VaultSample{seen(0, func(s *domain.VaultSample) { early(s); s.Day.Complete = true }), seen(3, next)}, false},
		{"it had no fees and owed nothing", []*domain.VaultSample{
			seen(0, func(s *domain.VaultSample) { early(s); s.Day.Cursor, s.Books.Owed = 0, nil }), seen(3, next),
		}, false},
		{"the published program stops at its cap", []*domain.VaultSample{seen(0, capped(early)), seen(3, next)}, false},
		{"the reference program goes on at its cap", []*domain.VaultSample{seen(0, func(s *domain.VaultSample) { capped(early)(s); s.Behaviour = domain.Reference }), seen(3, next)}, true},
		{"first sight of one that ended an hour ago", []*domain.VaultSample{seen(0, opened(25*time.Hour))}, true},
		{"first sight of one that ended last year", []*domain.VaultSample{seen(0, opened(9_000*time.Hour))}, false},
		{"never ran", []*domain.VaultSample{seen(0, func(s *domain.VaultSample) { s.Day.LastTS, s.Day.Cursor = 0, 0 })}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := walk(tt.samples...).Lost
			require.Equal(t, tt.lost, got != nil)
		})
	}
	lost := walk(seen(0, early), seen(2, early), seen(5, next), seen(6, next)).Lost
	require.Equal(t, noon.Add(2*time.Minute), lost.At, "it is lost once")
	require.EqualValues(t, 20, lost.Cursor)
	require.EqualValues(t, 90, *lost.Owed)
}

func TestFollow_AStrangerIsSeenOnlyWhenNothingOfOursCanHaveDoneIt(t *testing.T) {
	tests := []struct {
		name     string
		first    func(*domain.VaultSample)
		second   func(*domain.VaultSample)
		stranger bool
	}{
		{"nothing of ours", nil, cursor(40), true},
		{"a new day", opened(25 * time.Hour), func(s *domain.VaultSample) { s.Day.LastTS = noon.Unix(); cursor(15)(s) }, true},
		{"nothing moved", nil, nil, false},
		{"a run is under way", nil, func(s *domain.VaultSample) { cursor(40)(s); s.Run.Live = true }, false},
		{"a run was under way", func(s *domain.VaultSample) { s.Run.Live = true }, cursor(40), false},
		{"a signature is open", nil, func(s *domain.VaultSample) { cursor(40)(s); s.Books.Pending = 1 }, false},
		{"a signature was open", func(s *domain.VaultSample) { s.Books.Pending = 1 }, cursor(40), false},
		{"a run began and ended in between", nil, func(s *domain.VaultSample) { cursor(40)(s); s.Books.Last.Ended = noon.Add(30 * time.Second) }, false},
		{"runs are unknown", nil, func(s *domain.VaultSample) { cursor(40)(s); s.Run = nil }, false},
		{"runs were unknown", func(s *domain.VaultSample) { s.Run = nil }, cursor(40), false},
		{"the books were unknown", func(s *domain.VaultSample) { s.Books = nil }, cursor(40), false},
		{"rolled back", cursor(40), cursor(20), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := walk(seen(0, tt.first), seen(1, tt.second)).Stranger
			require.Equal(t, tt.stranger, got != nil)
		})
	}
}

func TestFollow_ChangesAreMarkedOnceAndForgottenAfterTwoDays(t *testing.T) {
	other := func(s *domain.VaultSample) {
		s.Policy, s.Program = &domain.PolicyPrint{Hash: "q", Slot: 9}, &domain.Program{Address: "r", Owner: "l", Executable: true, Build: &domain.ProgramState{Slot: 7, Authority: "me"}}
	}
	got := walk(seen(0, nil), seen(1, other), seen(2, other))
	require.Equal(t, &domain.Changed{At: noon.Add(time.Minute), Slot: 9, From: "p", To: "q"}, got.Policy)
	require.Equal(t, "r under l", got.Program.From)
	require.Equal(t, "r under l, build 7/me", got.Program.To)
	require.Equal(t, got.Policy, walk(seen(0, nil), seen(1, other), seen(2, blind)).Policy, "not reading forgets nothing")
	require.Nil(t, walk(seen(0, nil), seen(1, blind), seen(2, nil)).Policy, "not reading is no change")
	require.Nil(t, walk(seen(0, nil), seen(1, other), seen(2*24*60+2, other)).Policy)
}

func TestFollow_AVaultThatWasNeverReadRemembersNothing(t *testing.T) {
	require.Nil(t, walk(seen(0, blind), seen(1, blind)))
}

func TestRotation_KeepsTheBudget(t *testing.T) {
	for _, tt := range []struct{ vaults, payers, want int }{{0, 0, 1}, {1, 1, 1}, {500, 500, 1}, {1_000, 1_000, 3}, {1_000, 0, 2}, {5_000, 5_000, 4}} {
		require.Equal(t, tt.want, rotation(tt.vaults, 3*tt.vaults+tt.payers), "%d vaults", tt.vaults)
	}
}
