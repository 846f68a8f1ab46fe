package distribution

import (
	"context"
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/sender"
)

// pageRoom are the compute units that a plan gives a page. A tenth of the limit stays free: the last page pays the creator
// as well, and streams and tables grow between the plan and the page.
const pageRoom = sender.MaxUnits / 10 * 9

// PageUnits are what the vaults' pages took of the compute limit (U-P3).
type PageUnits interface {
	PageUnits(ctx context.Context, vault string) (domain.PageUnits, bool, error)
	SavePageUnits(ctx context.Context, u domain.PageUnits) error
}

// measured is the vault with what its last page took, which bounds the pages of the next plan.
func (s *Service) measured(ctx context.Context, v Vault) (Vault, error) {
	u, _, err := s.Store.PageUnits(ctx, v.ID)
	if err != nil {
		return v, fmt.Errorf("compute units of %s: %w", v.ID, err)
	}
	v.Units = u
	return v, nil
}

// measure keeps what a page took. over is the size of a page that did not fit, 0 when none was tried.
func (s *Service) measure(ctx context.Context, p page, units uint64, over uint32) error {
	if units == 0 || p.plan.Count == 0 {
		return nil // An endpoint that does not count them says nothing.
	}
	u := domain.PageUnits{Vault: p.Vault, Investors: uint32(p.plan.Count), Units: units, Over: over, At: s.Now()}
	if err := s.Store.SavePageUnits(ctx, u); err != nil {
		return fmt.Errorf("compute units of %s: %w", p.Vault, err)
	}
	return nil
}

// half is the next page to try after one that needs more compute than a transaction may use; 0: it cannot be cut. A
// published day has all its streams in one call (X21).
func half(v Vault, p page) uint32 {
	if v.Behaviour == domain.Published {
		return 0
	}
	return uint32(p.plan.Count) / 2
}

// rehearseShorter finds, by simulation, a page that fits the compute limit after p did not, and asks for a plan with
// pages of that length. Nothing was signed for the plan that is in force, so that the day is planned anew before it
// opens, and its checks, its approval and its tables are those of the pages that will really be turned.
func (s *Service) rehearseShorter(ctx context.Context, send Sender, v Vault, m domain.Manifest, p page) (Rehearsal, error) {
	r := Rehearsal{Code: "preflight/compute"}
	whole := uint32(p.plan.Count)
	for size := half(v, p); size > 0; size = half(v, p) {
		var err error
		if p, err = s.pageThatFits(ctx, send, v, m, p.plan.Cursor, size); err != nil {
			return r, err
		}
		keys, err := s.watched(v, m, p.plan)
		if err != nil {
			return r, err
		}
		sim, err := s.simulated(ctx, send, v, p, keys)
		switch {
		case err != nil:
			return r, err
		case sim.Err != nil && sender.OverLimit(sim.Err.Code(), sim.Units):
			continue
		case sim.Err != nil:
			return refused(sim), nil //nolint:nilerr // What the chain refuses is the answer here, not a failure.
		}
		r.Units, r.Replan = sim.Units, true
		r.Reason = fmt.Sprintf("a page of %d investors needs more than the %d compute units that a transaction may use; %d take %d", whole, sender.MaxUnits, p.plan.Count, sim.Units)
		return r, s.measure(ctx, p, sim.Units, whole)
	}
	r.Reason = fmt.Sprintf("a page of %d investors needs more than the %d compute units that a transaction may use, and it cannot be made shorter", p.plan.Count, sender.MaxUnits)
	return r, nil
}

// sendPage sends the page at cursor. One that needs more compute than a transaction may use has turned nothing, whether
// the simulation found it or the chain did: a page of half as many investors goes in its place, under the same key, so
// that both are never in the air together. The frozen list stays; only its cuts change, and the amounts follow from the
// cuts that were made.
func (s *Service) sendPage(ctx context.Context, send Sender, v Vault, m domain.Manifest, cursor uint32) (sender.Receipt, error) {
	v, err := s.measured(ctx, v)
	if err != nil {
		return sender.Receipt{}, err
	}
	size, over := m.PageSize, uint32(0)
	if fit := v.Units.Fit(pageRoom); fit > 0 && v.Behaviour != domain.Published {
		size = min(size, fit)
	}
	for {
		p, err := s.pageThatFits(ctx, send, v, m, cursor, size)
		if err != nil {
			return sender.Receipt{}, err
		}
		receipt, err := send.Send(ctx, p.Request)
		switch {
		case err == nil && over > 0:
			return receipt, s.measure(ctx, p, receipt.Units, over)
		case err == nil:
			return receipt, nil
		case fault.CodeOf(err) != sender.CodeMoreUnits || fault.KindOf(err) != fault.Human || half(v, p) == 0:
			return receipt, s.tablesGone(ctx, v, p, fmt.Errorf("page at cursor %d of %s for %s: %w", cursor, v.ID, m.Day, err))
		}
		if over == 0 {
			over = uint32(p.plan.Count)
		}
		size = half(v, p)
	}
}
