package monitor

import (
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// markKept is how long a mark of something that happened is carried on. Rules look at it for a day.
const markKept = 48 * time.Hour

// follow compares a sample with the one before and writes down what happened in between: when the cursor moved last,
// whether a day was lost, whether somebody else moved the chain, whether policy or program changed. What could not be
// read changes no memory.
func follow(before, s *domain.VaultSample) {
	var t domain.Track
	known := before != nil && before.Track != nil
	if known {
		t = *before.Track
	}
	forget(&t, s.At)
	if before != nil {
		changes(&t, before, s)
	}
	if s.Day != nil {
		if known && !t.Seen.IsZero() {
			lose(&t, s)
			strangers(&t, s)
			progress(&t, s)
		} else {
			begin(&t, s)
		}
		remember(&t, s)
	}
	if !t.Seen.IsZero() {
		s.Track = &t
	}
}

func forget(t *domain.Track, now time.Time) {
	old := func(at time.Time) bool { return now.Sub(at) > markKept }
	if t.Lost != nil && old(t.Lost.At) {
		t.Lost = nil
	}
	if t.Stranger != nil && old(t.Stranger.At) {
		t.Stranger = nil
	}
	if t.Policy != nil && old(t.Policy.At) {
		t.Policy = nil
	}
	if t.Program != nil && old(t.Program.At) {
		t.Program = nil
	}
}

func changes(t *domain.Track, before, s *domain.VaultSample) {
	if before.Policy != nil && s.Policy != nil && before.Policy.Hash != s.Policy.Hash {
		t.Policy = &domain.Changed{At: s.At, Slot: s.Policy.Slot, From: before.Policy.Hash, To: s.Policy.Hash}
	}
	if before.Program != nil && s.Program != nil && !before.Program.Same(*s.Program) {
		t.Program = &domain.Changed{At: s.At, Slot: s.Program.Slot, From: print(*before.Program), To: print(*s.Program)}
	}
}

// print writes a fingerprint for people.
func print(p domain.Program) string {
	out := fmt.Sprintf("%s under %s", p.Address, p.Owner)
	if !p.Executable {
		out += ", not executable"
	}
	if p.Build != nil {
		out += ", build " + p.Build.String()
	}
	return out
}

// begin is the first sight of a vault. An open day's cursor may have moved a moment ago: it counts from now.
func begin(t *domain.Track, s *domain.VaultSample) {
	t.Progress = s.Day.LastTS
	if s.Day.Open() && s.Day.Cursor > 0 {
		t.Progress = s.Day.ChainTime
	}
	if late := missed(s); late >= 0 && late < markKept && s.Day.Cursor > 0 {
		t.Lost = &domain.LostDay{At: s.At, LastTS: s.Day.LastTS, Cursor: s.Day.Cursor}
	}
}

// missed is how long ago the chain's day ended unfinished; negative when it did not.
func missed(s *domain.VaultSample) time.Duration {
	timing := s.Day.Timing()
	if timing.Phase() != domain.PhaseNewDay || timing.NeverRun() || s.Day.Complete {
		return -1
	}
	return -timing.UntilDue()
}

// lose notices a day that ended unfinished: the chain still shows it past its deadline, or shows the next one. In the
// second case the day may have been finished in between; then our report says so.
func lose(t *domain.Track, s *domain.VaultSample) {
	worked := t.Cursor > 0 || t.Owed != nil && *t.Owed > 0
	switch {
	case t.Complete || t.Capped || t.LastTS == 0 || t.Lost != nil && t.Lost.LastTS == t.LastTS:
		return
	case s.Day.LastTS == t.LastTS:
		if late := missed(s); late < 0 || late >= markKept || s.Day.Cursor == 0 && !worked {
			return
		}
	case !worked || s.Books == nil:
		return
	case s.Books.Last != nil && s.Books.Last.Ended.After(t.Seen) && (s.Books.Last.State == domain.Complete || s.Books.Last.State == domain.CompleteUnreconciled):
		return
	}
	t.Lost = &domain.LostDay{At: s.At, LastTS: t.LastTS, Cursor: max(t.Cursor, cursorOf(s, t.LastTS)), Owed: t.Owed}
}

// cursorOf is the day's cursor when the sample still is of that day.
func cursorOf(s *domain.VaultSample, lastTS int64) uint32 {
	if s.Day.LastTS == lastTS {
		return s.Day.Cursor
	}
	return 0
}

// strangers notices that the chain moved though no run was under way, before or now, no signature of ours was open, and no
// run has ended in between (X25). Whatever of this is unknown keeps it quiet: the reconciliation finds strangers too.
func strangers(t *domain.Track, s *domain.VaultSample) {
	moved := s.Day.LastTS == t.LastTS && s.Day.Cursor > t.Cursor || s.Day.LastTS > t.LastTS && s.Day.Cursor > 0
	switch {
	case !moved || t.Live == nil || *t.Live || s.Run == nil || s.Run.Live:
		return
	case s.Books == nil || s.Books.Pending > 0 || t.Pending > 0 || !ended(s).Equal(t.Ended):
		return
	}
	from := t.Cursor
	if s.Day.LastTS > t.LastTS {
		from = 0
	}
	t.Stranger = &domain.Stranger{At: s.At, LastTS: s.Day.LastTS, From: from, To: s.Day.Cursor}
}

// progress notices that the cursor moved, or that a day was opened (M10).
func progress(t *domain.Track, s *domain.VaultSample) {
	switch {
	case s.Day.LastTS != t.LastTS && s.Day.Cursor == 0:
		t.Progress = s.Day.LastTS
	case s.Day.LastTS != t.LastTS, s.Day.Cursor != t.Cursor, s.Day.Complete != t.Complete:
		t.Progress = s.Day.ChainTime
	}
}

func remember(t *domain.Track, s *domain.VaultSample) {
	if s.Day.LastTS != t.LastTS || s.Books != nil && s.Books.Owed != nil {
		t.Owed = nil
	}
	if s.Books != nil && s.Books.Owed != nil {
		owed := *s.Books.Owed
		t.Owed = &owed
	}
	if s.Day.LastTS != t.LastTS {
		t.Capped = false
	}
	if s.Behaviour == domain.Published && s.Policy != nil {
		t.Capped = domain.Look{Cap: s.Policy.DailyCap, Distributed: s.Day.Distributed}.Capped()
	}
	t.Seen, t.LastTS, t.Cursor, t.Complete, t.Live = s.At, s.Day.LastTS, s.Day.Cursor, s.Day.Complete, nil
	if s.Run == nil || s.Books == nil {
		return
	}
	live := s.Run.Live
	t.Live, t.Pending, t.Ended = &live, s.Books.Pending, ended(s)
}

func ended(s *domain.VaultSample) time.Time {
	if s.Books.Last == nil {
		return time.Time{}
	}
	return s.Books.Last.Ended
}
