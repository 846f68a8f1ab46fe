package distribution

import (
	"context"
	"sync/atomic"

	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// evidence reads everything that the checks look at. With no manifest given it uses a plan made on the spot, so that
// an operator can look at a vault that is not due.
func (s *Service) evidence(ctx context.Context, v Vault, m *domain.Manifest) (Evidence, error) {
	v, err := s.measured(ctx, v)
	if err != nil {
		return Evidence{}, err
	}
	e := Evidence{Vault: v, Rules: s.Rules, Wall: s.Now(), SlotTime: s.SlotTime}
	var requests atomic.Uint64
	w, err := readVault(chain.WithCounter(ctx, &requests), s.Chain, v, rpc.CommitmentConfirmed)
	if err != nil {
		return e, err
	}
	e.View, e.Requests = w, requests.Load()
	if s.Endpoints != nil {
		e.Endpoints = s.Endpoints()
	}
	if e.BooksOpen, err = s.booksOpen(ctx, v, w); err != nil {
		return e, err
	}
	e.Flags, e.FlagsErr = s.Flags(ctx, v.ID)
	last, found, err := s.Store.LatestManifest(ctx, v.ID)
	if err != nil {
		return e, err
	}
	switch {
	case m != nil:
		e.Manifest = *m
	case found && last.Opening != nil && last.Opening.TS == w.Progress.LastDistributionTS && w.Timing().Phase() != domain.PhaseNewDay:
		e.Manifest = last
	default:
		planned, _, err := s.ordered(ctx, v, w.Timing().Phase() != domain.PhaseContinue)
		if err != nil {
			return e, err
		}
		if e.Manifest, err = Plan(planned, w, s.Rules, w.ChainTime); err != nil {
			return e, err
		}
	}
	if found && last.Hash != e.Manifest.Hash {
		e.Last = &last
	} else if found {
		if e.Last, err = s.before(ctx, last); err != nil {
			return e, err
		}
	}
	return e, nil
}

// before finds the manifest of the day before m.
func (s *Service) before(ctx context.Context, m domain.Manifest) (*domain.Manifest, error) {
	if m.PrevTS == 0 {
		return nil, nil
	}
	prev, found, err := s.Store.Manifest(ctx, m.Vault, domain.DayOf(m.PrevTS))
	if err != nil || !found {
		return nil, err
	}
	return &prev, nil
}
