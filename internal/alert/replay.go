package alert

import (
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// WouldOpen stands for the incident that takes an episode's messages in a replay: which one it is, only the store knows.
const WouldOpen = "would open or join one"

// Replay runs the engine over recorded or written samples, as if every message had been delivered at once.
type Replay struct {
	engine *Engine
	limits Limits
	state  State
	latest map[string]domain.VaultSample
	known  []string
	fleet  *domain.FleetSample
	since  time.Time
	last   time.Time

	Ticks    int
	Samples  int
	Messages []domain.Message
	Events   []domain.AlertEvent
	Episodes map[string]domain.Episode // All of them, as they ended.
}

// NewReplay makes a bench for an engine with its limits.
func NewReplay(e *Engine, l Limits) *Replay {
	return &Replay{engine: e, limits: l, latest: map[string]domain.VaultSample{}, Episodes: map[string]domain.Episode{}}
}

// Add looks at the samples of one moment. They must come in the order of time. Where the recording has a gap, the watch
// was blind: the bench looks once in between, as the real one would have.
func (r *Replay) Add(at time.Time, fleet *domain.FleetSample, vaults []domain.VaultSample) {
	if r.since.IsZero() {
		r.since = at
	}
	if blind := r.last.Add(r.limits.Stale + time.Second); !r.last.IsZero() && blind.Before(at) {
		r.step(blind)
	}
	for _, v := range vaults {
		if _, seen := r.latest[v.Vault]; !seen {
			r.known = append(r.known, v.Vault)
		}
		r.latest[v.Vault] = v
	}
	if fleet == nil { // Written samples of vaults alone: nothing is known of what they share, and the watch can see.
		fleet = &domain.FleetSample{At: at, Good: at, Vaults: len(vaults), Read: len(vaults)}
	}
	r.fleet = fleet
	r.last = at
	r.Ticks++
	r.Samples += len(vaults)
	r.stepWith(at, vaults)
}

// step looks again at the newest samples.
func (r *Replay) step(now time.Time) {
	all := make([]domain.VaultSample, 0, len(r.known))
	for _, id := range r.known {
		all = append(all, r.latest[id])
	}
	r.stepWith(now, all)
}

func (r *Replay) stepWith(now time.Time, vaults []domain.VaultSample) {
	in := Input{Now: now, Since: r.since, Fleet: r.fleet, Vaults: vaults, Known: r.known}
	for {
		out := r.engine.Step(r.state, in)
		r.state = out.State
		r.Messages = append(r.Messages, out.Messages...)
		r.Events = append(r.Events, out.Events...)
		for _, ep := range out.Episodes {
			r.Episodes[ep.Key] = ep
		}
		if len(out.Messages) == 0 {
			return
		}
		in.Told = nil
		for _, m := range out.Messages {
			d := domain.Delivered{Key: m.Key, Seq: m.Seq, At: now}
			if m.Opens {
				d.Incident = WouldOpen
			}
			in.Told = append(in.Told, d)
		}
	}
}

// Fired are the episodes of the replay without the groups, in the order in which they opened.
func (r *Replay) Fired() []domain.Episode {
	var out []domain.Episode
	for _, ep := range r.Episodes {
		if !ep.IsGroup() {
			out = append(out, ep)
		}
	}
	slices.SortFunc(out, func(a, b domain.Episode) int {
		if c := a.Opened.Compare(b.Opened); c != 0 {
			return c
		}
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	return out
}
