package alert

import (
	"maps"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Ref names what at most one episode at a time is about.
type Ref struct {
	Alert   string `json:"alert"`
	Subject string `json:"subject"`
}

// Newest is what is remembered of the newest episode of a Ref, also when it is long over.
type Newest struct {
	Number   int
	Mark     string
	Openings []time.Time // Within the flap window.
}

// State is everything that the engine remembers. The zero value has seen nothing. Step does not change the one it is
// given.
type State struct {
	Episodes map[string]domain.Episode // By key: those that are not resolved, and those with messages to deliver.
	Newest   map[Ref]Newest
	Pending  map[Ref]time.Time      // Since when a condition holds that has not held long enough.
	Mutes    map[string]domain.Mute // By id: those that are not over, and those with announcements to deliver.
}

func (s State) clone() State {
	return State{Episodes: orMake(maps.Clone(s.Episodes)), Newest: orMake(maps.Clone(s.Newest)), Pending: orMake(maps.Clone(s.Pending)), Mutes: orMake(maps.Clone(s.Mutes))}
}

func orMake[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return m
}

// Active are the episodes that are not resolved, gravest first.
func (s State) Active() []domain.Episode {
	return s.where(func(domain.Episode) bool { return true })
}

// where are the active episodes that match. It filters before it sorts: of a thousand that are open few need anything.
func (s State) where(match func(domain.Episode) bool) []domain.Episode {
	var out []domain.Episode
	for _, e := range s.Episodes {
		if e.Active() && match(e) {
			out = append(out, e)
		}
	}
	sortEpisodes(out)
	return out
}

// Input is what one step looks at.
type Input struct {
	Now    time.Time
	Since  time.Time // When the watch began: before the first sample nothing can be stale.
	Fleet  *domain.FleetSample
	Vaults []domain.VaultSample // The newest of each; those of vaults that are not Known are passed over.
	Known  []string             // The vaults of the settings (M06).
	Told   []domain.Delivered   // What was delivered since the step before.
	Orders []domain.AlertOrder  // What people asked for since.
}

// Output is what came of a step.
type Output struct {
	State    State
	Messages []domain.Message    // To deliver now, in this order: the oldest one of each key that is not known to be delivered.
	Events   []domain.AlertEvent // In the order in which they happened.
	Episodes []domain.Episode    // That changed.
	Mutes    []domain.Mute       // That changed.
}
