package safety

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/operator"
)

// kept is how many lines the switch keeps of what happened; the audit log has all of them.
const kept = 50

// State is what the switch knows and carries from run to run. The flags that keep transactions in are the store's; these
// are the switch's view of them.
type State struct {
	Flags   []domain.SafetyFlag `json:"flags,omitempty"`
	Pending []domain.SafetyFlag `json:"pending,omitempty"` // Raised, and not known to be in the store yet.
	AsOf    int64               `json:"as_of,omitempty"`   // Entry of the audit log at which a flag was last raised, as far as known.
	Vaults  []string            `json:"vaults,omitempty"`
	Roster  operator.Roster     `json:"roster,omitempty"`
	Request *Request            `json:"request,omitempty"`
	Stop    *Stop               `json:"stop,omitempty"`    // The newest one, with what was done about it.
	Flights *Flights            `json:"flights,omitempty"` // What was in the air when it came.
	Episode Episode             `json:"episode,omitzero"`
	Asked   int                 `json:"asked,omitempty"` // How many resumes were requested, ever.
	History []Entry             `json:"history,omitempty"`
}

// Entry is one thing that happened.
type Entry struct {
	At    time.Time `json:"at"`
	Actor string    `json:"actor"`
	What  string    `json:"what"`
	Vault string    `json:"vault,omitempty"`
	Text  string    `json:"text,omitempty"`
}

// Facts are what the switch learns from the store and from the worker's settings.
type Facts struct {
	Flags  []domain.SafetyFlag `json:"flags,omitempty"`
	AsOf   int64               `json:"as_of"`
	Vaults []string            `json:"vaults,omitempty"`
	Roster operator.Roster     `json:"roster,omitempty"`
}

// Runs counts the distributions that were told to stop.
type Runs struct {
	Signalled int      `json:"signalled"`
	Absent    int      `json:"absent"` // Vaults without a run.
	Failed    []string `json:"failed,omitempty"`
}

// Episode is the time from the first flag to the last one's end: one thread of messages, one piece of evidence to compare
// with.
type Episode struct {
	Key    string `json:"key,omitempty"`
	Seq    int    `json:"seq,omitempty"` // Of the last message.
	Bundle Bundle `json:"bundle,omitzero"`
}

// Stop is an order with what was done about it. A step that is not done yet, or failed, says so itself: none waits for
// another.
type Stop struct {
	Flag     domain.SafetyFlag `json:"flag"`
	Stored   Step              `json:"stored"`
	Runs     Step              `json:"runs"`
	Told     Step              `json:"told"`
	Evidence Step              `json:"evidence"`
	Bundle   Bundle            `json:"bundle,omitzero"`
}

// Step is how far one part of a stop is.
type Step struct {
	Done bool      `json:"done"`
	At   time.Time `json:"at,omitzero"`
	Text string    `json:"text,omitempty"` // The result, or why it failed.
}

// Bundle is the evidence of a stop: a file, and the hash that shows a change of it.
type Bundle struct {
	Path    string   `json:"path,omitempty"`
	SHA256  string   `json:"sha256,omitempty"`
	Unknown []string `json:"unknown,omitempty"` // Parts that could not be read.
}

// Flights are signatures that were on their way at a stop.
type Flights struct {
	At        time.Time       `json:"at"`
	May       int             `json:"may"`             // How many may still land.
	Until     uint64          `json:"until,omitempty"` // Block height after which none of them can.
	Height    uint64          `json:"height,omitempty"`
	List      []domain.Flight `json:"list,omitempty"` // The first hundred.
	Landed    int             `json:"landed"`
	Failed    int             `json:"failed"`
	Expired   int             `json:"expired"`
	Settled   bool            `json:"settled"` // Nothing is on its way any more.
	Problem   string          `json:"problem,omitempty"`
	SettledAt time.Time       `json:"settled_at,omitzero"`
}

// Up is true while anything keeps transactions in.
func (s State) Up() bool {
	return slices.ContainsFunc(s.Flags, func(f domain.SafetyFlag) bool { return f.Kind.Closes() })
}

// Find looks a flag up by kind and vault.
func (s State) Find(kind domain.SafetyKind, vault string) (domain.SafetyFlag, bool) {
	i := slices.IndexFunc(s.Flags, func(f domain.SafetyFlag) bool { return f.Kind == kind && f.Vault == vault })
	if i < 0 {
		return domain.SafetyFlag{}, false
	}
	return s.Flags[i], true
}

// Raise adds a flag that is to be stored. One that is up stays as it is, with its first reason, unless a person takes over
// what an incident isolated. Whatever is raised, an open request falls: its approvals were given to another state.
func (s *State) Raise(f domain.SafetyFlag) (fresh bool) {
	fresh = s.news(f)
	s.Pending = append(without(s.Pending, f), f)
	if fresh {
		s.Flags = append(without(s.Flags, f), f)
		sortFlags(s.Flags)
	}
	s.Void(f.At, "a new order came")
	return fresh
}

// news is true when what follows from a flag has not been done yet.
func (s *State) news(f domain.SafetyFlag) bool {
	known, up := s.Find(f.Kind, f.Vault)
	return !up || known.ByIncident() && !f.ByIncident()
}

// Stored notes that a raised flag is in the store.
func (s *State) Stored(f domain.SafetyFlag) { s.Pending = without(s.Pending, f) }

// Adopt takes over what the store says, and keeps what is still to be stored. fresh are flags that the switch had not
// known: somebody raised them without it, as the command line does while Temporal is away. gone are flags that were up
// and that nobody lifted: the store was lost or changed by hand, and a stop does not end with that. They stay up here.
// mended are isolations that an incident had put up by itself and has taken down again (S09); a store whose audit log has
// become shorter was lost, and says nothing of them.
func (s *State) Adopt(now Facts, at time.Time) (fresh, gone, mended []domain.SafetyFlag) {
	var closing []domain.SafetyFlag
	for _, f := range now.Flags {
		if !f.Kind.Closes() {
			continue
		}
		closing = append(closing, f)
		if s.news(f) {
			fresh = append(fresh, f)
		}
	}
	for _, f := range s.Flags {
		switch {
		case slices.ContainsFunc(closing, f.Names):
		case slices.ContainsFunc(s.Pending, f.Names):
			closing = append(closing, f)
		case f.ByIncident() && now.AsOf >= s.AsOf:
			mended = append(mended, f)
		default:
			closing, gone = append(closing, f), append(gone, f)
		}
	}
	sortFlags(closing)
	if r := s.Request; r != nil && (now.AsOf != r.AsOf || !Equal(Lifts(closing, r.Vault), r.Flags)) {
		s.Void(at, "what is stopped has changed")
	}
	s.Flags, s.AsOf, s.Vaults, s.Roster = closing, now.AsOf, now.Vaults, now.Roster
	return fresh, gone, mended
}

// Lifted takes down what was lifted in the store.
func (s *State) Lifted(flags []domain.SafetyFlag) {
	for _, f := range flags {
		s.Flags = without(s.Flags, f)
	}
}

// Equal compares flags in every field.
func Equal(a, b []domain.SafetyFlag) bool {
	return slices.EqualFunc(a, b, func(x, y domain.SafetyFlag) bool {
		return x.Names(y) && x.Reason == y.Reason && x.Actor == y.Actor && x.At.Equal(y.At)
	})
}

func without(flags []domain.SafetyFlag, f domain.SafetyFlag) []domain.SafetyFlag {
	return slices.DeleteFunc(slices.Clone(flags), f.Names)
}

// Void ends the open request.
func (s *State) Void(at time.Time, why string) {
	if r := s.Request; r != nil {
		s.Note(Entry{At: at, Actor: r.Actor, What: "request " + r.ID + " is void", Vault: r.Vault, Text: why})
		s.Request = nil
	}
}

// Note keeps what happened, newest last.
func (s *State) Note(e Entry) {
	e.Text = clean(e.Text, longest)
	s.History = append(s.History, e)
	if extra := len(s.History) - kept; extra > 0 {
		s.History = slices.Delete(s.History, 0, extra)
	}
}

// Next numbers the next message of the episode, and begins one with the first flag.
func (s *State) Next(at time.Time) (key string, seq int) {
	if s.Episode.Key == "" {
		s.Episode.Key = fmt.Sprintf("safety/%s", at.UTC().Format("20060102T150405.000Z"))
	}
	s.Episode.Seq++
	return s.Episode.Key, s.Episode.Seq
}

// Calm ends the episode when nothing is up any more.
func (s *State) Calm() {
	if !s.Up() {
		s.Episode = Episode{}
	}
}

func sortFlags(flags []domain.SafetyFlag) {
	slices.SortFunc(flags, func(a, b domain.SafetyFlag) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Vault, b.Vault))
	})
}
