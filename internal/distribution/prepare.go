package distribution

import (
	"context"
	"fmt"
	"time"

	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

// Prepared is a day ready to be checked and paid, or the reason why none is paid now.
type Prepared struct {
	Manifest  domain.Manifest
	State     domain.State // Ready; or NotDue, NoFees, Failed with Reason.
	Reason    string
	Timing    domain.Timing
	Cursor    uint32 // Where the run starts: 0 on a new day, whatever the chain's old cursor says (X06).
	Continued bool   // The chain's day is open already.
	Closed    bool   // The chain's day is closed, but our books of it are not.
	PageDelay time.Duration
	Hold      int64 // Unix seconds until which a scheduled run waits on purpose, later than the due time; 0: it does not.

	CreatorMissing bool // The creator has no token account: it must be made before the first page.
}

// Prepare reads the vault, says where its day stands and freezes the manifest of the day that can be paid now. A day
// that was planned before keeps its manifest (X26).
func (s *Service) Prepare(ctx context.Context, id string) (Prepared, error) {
	v, err := s.vault(id)
	if err != nil {
		return Prepared{}, err
	}
	w, err := readVault(ctx, s.Chain, v, rpc.CommitmentConfirmed)
	if err != nil {
		return Prepared{}, err
	}
	p := Prepared{Timing: w.Timing(), PageDelay: s.Rules.PageDelay, CreatorMissing: !w.CreatorToken.Exists}
	switch p.Timing.Phase() {
	case domain.PhaseBackwards:
		p.State, p.Reason = domain.Failed, "the chain's clock is before the last opening: the program answers 6002 (CooldownNotElapsed)"
		return p, nil
	case domain.PhaseComplete:
		return s.prepareClosed(ctx, v, w, p)
	case domain.PhaseContinue:
		return s.prepareOpen(ctx, v, w, p)
	default:
		return s.prepareNew(ctx, v, w, p)
	}
}

// prepareClosed ends as not due, unless the day was closed and its books were not: a run that died after the last page
// left them open, and they are finished now.
func (s *Service) prepareClosed(ctx context.Context, v Vault, w View, p Prepared) (Prepared, error) {
	p.State = domain.NotDue
	p.Reason = fmt.Sprintf("next day in %s", p.Timing.UntilDue())
	if p.Hold = s.Rules.Hold(w); p.Hold > 0 {
		p.Reason += ": " + s.Rules.Reset.Text(p.Timing, p.Hold)
	}
	m, found, err := s.openedManifest(ctx, v, w)
	if err == nil && !found {
		m, found, err = s.closedWithoutBooks(ctx, v, w)
	}
	if err != nil || !found {
		return p, err
	}
	report, reported, err := s.Store.Report(ctx, v.ID, m.Day)
	if err != nil {
		return p, fmt.Errorf("report of %s for %s: %w", v.ID, m.Day, err)
	}
	p.Manifest = m
	if !reported || report.State != domain.Complete && report.State != domain.CompleteUnreconciled {
		p.State, p.Reason, p.Continued, p.Closed, p.Cursor = domain.Ready, "", true, true, w.Progress.PaginationCursor
	}
	return p, nil
}

// closedWithoutBooks makes the plan of a closed day again when its pages were signed with the vault's own key and the
// store knows nothing of the vault, as after its loss. A day that somebody else turned is not ours to account for.
func (s *Service) closedWithoutBooks(ctx context.Context, v Vault, w View) (domain.Manifest, bool, error) {
	_, known, err := s.Store.LatestManifest(ctx, v.ID)
	if err != nil || known {
		return domain.Manifest{}, false, err
	}
	seen, err := s.witnessed(ctx, v, w.Progress.LastDistributionTS)
	if err != nil || !seen.ours {
		return domain.Manifest{}, false, err
	}
	m, err := s.rebuild(ctx, v, w, seen)
	return m, err == nil, err
}

// prepareOpen continues a day at the chain's cursor. Without a stored manifest, as after the loss of the store, the
// list is built again from the chain as it was at the opening.
func (s *Service) prepareOpen(ctx context.Context, v Vault, w View, p Prepared) (Prepared, error) {
	p.State, p.Continued, p.Cursor = domain.Ready, true, w.Progress.PaginationCursor
	m, found, err := s.openedManifest(ctx, v, w)
	if err != nil {
		return p, err
	}
	if !found {
		seen, err := s.witnessed(ctx, v, w.Progress.LastDistributionTS)
		if err != nil {
			return p, err
		}
		if m, err = s.rebuild(ctx, v, w, seen); err != nil {
			return p, err
		}
	}
	p.Manifest = m
	if w.Progress.PaginationCursor == 0 && w.Quote == 0 && w.Treasury.Amount == 0 {
		p.State, p.Reason = domain.NoFees, "the day was opened without fees and cannot complete; the next day is due at its deadline"
	}
	return p, nil
}

// openedManifest finds the stored plan of the day that the chain opened last.
func (s *Service) openedManifest(ctx context.Context, v Vault, w View) (domain.Manifest, bool, error) {
	m, found, err := s.Store.LatestManifest(ctx, v.ID)
	if err != nil || !found {
		return m, false, err
	}
	return m, m.Opens(w.Progress.LastDistributionTS), nil
}

// prepareNew plans the day that is due. A plan made earlier for the same day is kept while it is still right, and
// replaced while nothing was signed for it.
func (s *Service) prepareNew(ctx context.Context, v Vault, w View, p Prepared) (Prepared, error) {
	v, order, err := s.ordered(ctx, v, true)
	if err != nil {
		return p, err
	}
	if v, err = s.measured(ctx, v); err != nil {
		return p, err
	}
	fresh, err := Plan(v, w, s.Rules, w.ChainTime)
	if err != nil {
		return p, err
	}
	if err := s.retestArrears(ctx, v, w, fresh.Day); err != nil {
		return p, err
	}
	p.State, p.Manifest = domain.Ready, fresh
	switch {
	case w.Base > 0:
		// The checks say so with the figures; the plan is kept as their evidence.
	case w.Quote < uint64(max(1, s.Rules.MinClaimable)):
		p.State, p.Reason = domain.NoFees, fmt.Sprintf("%d base units of fees to claim: an empty day would use up the 24 hours", w.Quote)
		return p, nil
	}
	if p.Manifest, err = s.freeze(ctx, v, fresh); err != nil {
		return p, err
	}
	return p, s.orderApplied(ctx, order, fresh, p.Manifest)
}

// freeze stores the plan. The first one of a day stands, unless it was never used: nothing signed, the day not open.
func (s *Service) freeze(ctx context.Context, v Vault, fresh domain.Manifest) (domain.Manifest, error) {
	old, found, err := s.Store.Manifest(ctx, v.ID, fresh.Day)
	if err != nil {
		return fresh, fmt.Errorf("manifest of %s for %s: %w", v.ID, fresh.Day, err)
	}
	if !found {
		return s.Store.SaveManifest(ctx, fresh)
	}
	if old.Opening != nil && old.PrevTS != fresh.PrevTS {
		return old, fault.Newf(fault.Human, "manifest/opened", "vault %s: the plan for %s was opened on chain before, yet the chain says that a new day is due", v.ID, fresh.Day).
			WithNext("Look at the progress account: two openings on one date cannot be")
	}
	intents, err := s.Store.Intents(ctx, v.ID, fresh.Day)
	if err != nil {
		return old, fmt.Errorf("intents of %s for %s: %w", v.ID, fresh.Day, err)
	}
	for _, i := range intents {
		if i.Kind == domain.IntentPage && i.State != domain.IntentFailed && i.State != domain.IntentExpired {
			return old, nil // A page of it may still land: it stands until that is known.
		}
	}
	if old.Opening != nil {
		// The chain stands where it stood before that opening: it was rolled back and will not come again.
		if err := s.Store.ClearOpening(ctx, v.ID, fresh.Day); err != nil {
			return old, fmt.Errorf("take back the opening of %s for %s: %w", v.ID, fresh.Day, err)
		}
	}
	if err := s.Store.ReplaceManifest(ctx, fresh, old.Hash); err != nil {
		return old, fmt.Errorf("plan %s for %s anew: %w", v.ID, fresh.Day, err)
	}
	return fresh, nil
}

// Inspect collects the evidence of the checks without freezing anything: the plan is the stored one where there is one.
func (s *Service) Inspect(ctx context.Context, id string) (Evidence, error) {
	v, err := s.vault(id)
	if err != nil {
		return Evidence{}, err
	}
	return s.evidence(ctx, v, nil)
}

// Check evaluates every pre-distribution check of a planned day and stores the result (P01).
func (s *Service) Check(ctx context.Context, id string, day domain.Day, hash string) (domain.Checks, error) {
	v, m, err := s.frozen(ctx, id, day, hash)
	if err != nil {
		return nil, err
	}
	e, err := s.evidence(ctx, v, &m)
	if err != nil {
		return nil, err
	}
	checks := Evaluate(e)
	if err := s.Store.SaveChecks(ctx, id, day, checks); err != nil {
		return nil, fmt.Errorf("save checks of %s for %s: %w", id, day, err)
	}
	return checks, nil
}
