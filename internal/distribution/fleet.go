package distribution

import (
	"context"
	"fmt"
	"slices"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// FleetBooks is what the fleet's standing needs of the store: one query for all vaults.
type FleetBooks interface {
	NewestPlans(ctx context.Context) (map[string]domain.BookedDay, error)
	AllSafety(ctx context.Context) ([]domain.SafetyFlag, error)
}

// Fleet reads many vaults at once (D01): three accounts a vault and its pool, a hundred a request.
type Fleet struct {
	*Service
	books FleetBooks
}

// NewFleet makes one.
func NewFleet(s *Service, b FleetBooks) *Fleet { return &Fleet{Service: s, books: b} }

// Standings reads where the vaults stand. A chunk that fails makes its own vaults unknown and no others (D11); a store
// that fails leaves flags and books unknown, which counts as stopped.
func (f *Fleet) Standings(ctx context.Context, ids []string) []Standing {
	out := make([]Standing, len(ids))
	var vaults []Vault
	for i, id := range ids {
		v, err := f.vault(id)
		out[i] = unknownStanding(v, id, err)
		if err == nil {
			vaults = append(vaults, v)
		}
	}
	views := f.look(ctx, vaults)
	flags, flagsErr := f.allFlags(ctx)
	plans, plansErr := f.books.NewestPlans(ctx)
	for i, id := range ids {
		seen, ok := views[id]
		if !ok {
			continue
		}
		v := f.Vaults[id]
		if seen.err != nil {
			out[i] = unknownStanding(v, id, seen.err)
			continue
		}
		report, err := f.reportOf(ctx, v, seen.View, plans[id])
		if err = firstOf(plansErr, err); err != nil {
			out[i] = unknownStanding(v, id, err)
			continue
		}
		out[i] = stand(v, seen.View, f.Rules, flagsFor(flags, flagsErr, id), report)
	}
	return out
}

func unknownStanding(v Vault, id string, err error) Standing {
	s := Standing{Vault: id, State: domain.UnknownState, Token: v.Token, Entries: len(v.Streams)}
	if err != nil {
		s.Reason = err.Error()
	}
	return s
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *Fleet) allFlags(ctx context.Context) ([]domain.SafetyFlag, error) {
	flags, err := f.books.AllSafety(ctx)
	if f.Stopped != nil && f.Stopped() {
		flags = append(flags, f.settingsStop())
	}
	return flags, err
}

func flagsFor(all []domain.SafetyFlag, err error, vault string) []domain.SafetyFlag {
	if err != nil {
		return []domain.SafetyFlag{{Kind: domain.SafetyStop, Actor: "store", Reason: err.Error()}}
	}
	return slices.DeleteFunc(slices.Clone(all), func(f domain.SafetyFlag) bool { return f.Vault != "" && f.Vault != vault })
}

// reportOf is the report of the day that the chain opened last, when our newest plan is of that day.
func (f *Fleet) reportOf(ctx context.Context, v Vault, w View, newest domain.BookedDay) (*domain.DayReport, error) {
	if newest.Hash == "" || w.Timing().Phase() != domain.PhaseComplete {
		return nil, nil // Only a closed day is judged by its books.
	}
	ours := newest.Opened != nil && *newest.Opened == w.Progress.LastDistributionTS
	if newest.Opened == nil {
		// Its opening was not written down yet: the whole plan tells whether it is that day's.
		_, found, err := f.openedManifest(ctx, v, w)
		if err != nil {
			return nil, fmt.Errorf("newest plan of %s: %w", v.ID, err)
		}
		ours = found
	}
	switch {
	case !ours:
		return nil, nil
	case newest.Report == nil:
		return &domain.DayReport{Vault: v.ID, Day: newest.Day, State: domain.Failed}, nil // Planned by us, and no run came to its end.
	default:
		return newest.Report, nil
	}
}
