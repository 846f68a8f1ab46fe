package distribution

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Shadow is the next day of a vault as it would be planned now. Nothing of it is stored.
type Shadow struct {
	Evidence    Evidence      // As if the day were due.
	Timing      domain.Timing // Where the vault really stands.
	At          int64         // Chain time, unix seconds, at which the streams were weighed.
	Difference  *Difference   // From the last opened day; nil when the books have none.
	Assumptions []string      // What the figures rest on, in sentences.
}

// Tomorrow plans the next day that the vault can open: streams weighed at its due time by the chain's clock, or now when
// that has passed; claimable is what is claimable now.
func (s *Service) Tomorrow(ctx context.Context, id string) (Shadow, error) {
	v, err := s.vault(id)
	if err != nil {
		return Shadow{}, err
	}
	if v, err = s.measured(ctx, v); err != nil {
		return Shadow{}, err
	}
	e := Evidence{Vault: v, Rules: s.Rules, SlotTime: s.SlotTime, Ahead: true}
	var requests atomic.Uint64
	w, err := readVault(chain.WithCounter(ctx, &requests), s.Chain, v, rpc.CommitmentConfirmed)
	if err != nil {
		return Shadow{}, err
	}
	out := Shadow{Timing: w.Timing(), Assumptions: assumptions(w)}
	e.View, e.Requests = asIfDue(w), requests.Load()
	out.At = e.View.ChainTime
	e.Wall = s.Now().Add(time.Duration(out.At-w.ChainTime) * time.Second) // As far from the chain's clock as it really is.
	if s.Endpoints != nil {
		e.Endpoints = s.Endpoints()
	}
	e.Flags, e.FlagsErr = s.Flags(ctx, id)
	planned, _, err := s.ordered(ctx, v, true)
	if err != nil {
		return out, err
	}
	if e.Manifest, err = Plan(planned, e.View, s.Rules, out.At); err != nil {
		return out, err
	}
	if e.Last, err = s.lastOpened(ctx, id); err != nil {
		return out, err
	}
	out.Evidence = e
	if e.Last == nil {
		out.Assumptions = append(out.Assumptions, "no opened day is in the books: there is nothing to compare with")
		return out, nil
	}
	d := Differ(*e.Last, e.Manifest)
	out.Difference = &d
	return out, nil
}

// asIfDue moves a view's clock to the second at which the next day may open.
func asIfDue(w View) View {
	w.ChainTime = max(w.ChainTime, w.Timing().Due())
	return w
}

// assumptions are what a plan made ahead of its day rests on.
func assumptions(w View) []string {
	t := w.Timing()
	out := []string{
		fmt.Sprintf("claimable is what is claimable now, %d base units: a lower bound, since fees go on accruing until the day is opened", w.Quote),
	}
	if t.Phase() == domain.PhaseNewDay {
		out = append(out, "a new day is due already: this is its plan, with the streams weighed now")
	} else {
		out = append(out, fmt.Sprintf("streams are weighed at the next due time, %s by the chain's clock, as their accounts stand now", time.Unix(t.Due(), 0).UTC().Format(time.RFC3339)))
	}
	if t.Phase() == domain.PhaseContinue {
		out = append(out, "a day is still open: the dust that its close will leave is not known, and the carried dust is that of the day before")
	}
	return out
}

// lastOpened is the plan of the newest day that the chain opened and our books know.
func (s *Service) lastOpened(ctx context.Context, id string) (*domain.Manifest, error) {
	m, found, err := s.Store.LatestManifest(ctx, id)
	switch {
	case err != nil:
		return nil, fmt.Errorf("last day of %s: %w", id, err)
	case found && m.Opening != nil:
		return &m, nil
	case !found || m.PrevTS == 0:
		return nil, nil
	}
	// Planned and never opened: the day before it counts. A day may be opened after the midnight that follows its plan.
	for _, day := range []domain.Day{domain.DayOf(m.PrevTS), domain.DayOf(m.PrevTS - domain.DaySeconds)} {
		prev, found, err := s.Store.Manifest(ctx, id, day)
		if err != nil {
			return nil, fmt.Errorf("day %s of %s: %w", day, id, err)
		}
		if found && prev.Opening != nil {
			return &prev, nil
		}
	}
	return nil, nil
}
