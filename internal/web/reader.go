package web

import (
	"context"
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// glanceFor is how long one reading of the store serves everybody who looks: with a thousand vaults each takes a while,
// and many people look when something is wrong.
const glanceFor = time.Second

// glance is what every page shows something of.
type glance struct {
	tick     domain.FleetTick
	episodes []domain.Episode // Open, or of the last hour.
	mutes    []domain.Mute
	flags    []domain.SafetyFlag
}

// reader reads glances.
type reader struct {
	store Store
	now   func() time.Time

	mu   sync.Mutex
	at   time.Time // Guarded by mu, as is last.
	last glance
}

// read gives the newest glance. A reading that fails is not kept: the next one asks again.
func (r *reader) read(ctx context.Context) (glance, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if age := now.Sub(r.at); age >= 0 && age < glanceFor {
		return r.last, nil
	}
	var g glance
	var err error
	if g.tick, _, err = r.store.LatestTick(ctx); err != nil {
		return g, unreadable("the newest look", err)
	}
	if g.episodes, err = r.store.Episodes(ctx, now.Add(-domain.RecentWindow)); err != nil {
		return g, unreadable("the alerts", err)
	}
	if g.mutes, err = r.store.Mutes(ctx, now); err != nil {
		return g, unreadable("the mutes", err)
	}
	if g.flags, err = r.store.AllSafety(ctx); err != nil {
		return g, unreadable("the safety flags", err)
	}
	r.last, r.at = g, now
	return g, nil
}

// forget makes the next page read anew: somebody has just changed something and looks for it.
func (r *reader) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = time.Time{}
}
