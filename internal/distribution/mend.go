package distribution

import (
	"context"
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Mended is how a recovery by code ended (S09).
type Mended struct {
	Worked bool
	Text   string
}

// Mender recovers vaults after a failure.
type Mender struct {
	Service *Service
	Probe   func(ctx context.Context) // Judges the endpoints anew.
}

// Mend does what a recovery names and believes only a rehearsal of the next page: the chain itself says whether the
// vault can be paid again. Nothing is sent but missing token accounts. It may be repeated.
func (m Mender) Mend(ctx context.Context, id string, r domain.Recovery) (Mended, error) {
	if r == domain.RecoverEndpoint && m.Probe != nil {
		m.Probe(ctx)
	}
	// The plan is made from the chain: its cursor, its accounts, its list. One that may still land stays as it is.
	p, err := m.Service.Prepare(ctx, id)
	if err != nil {
		return Mended{}, err
	}
	switch {
	case p.State == domain.Failed:
		return Mended{Text: p.Reason}, nil
	case p.State != domain.Ready:
		return Mended{Worked: true, Text: fmt.Sprintf("nothing is to be paid now: %s", p.Reason)}, nil
	case p.Closed:
		return Mended{Worked: true, Text: "every page is turned; only the books are open"}, nil
	}
	plan := p.Manifest
	done := ""
	if r == domain.RecoverAccounts {
		ready, err := m.Service.RecreateAccounts(ctx, id, plan.Day, plan.Hash)
		if err != nil {
			return Mended{}, err
		}
		done = fmt.Sprintf("%d token accounts made; ", ready.Created)
	}
	rehearsal, err := m.Service.Rehearse(ctx, id, plan.Day, plan.Hash, p.Cursor)
	if err != nil {
		return Mended{}, err
	}
	if !rehearsal.OK {
		return Mended{Text: fmt.Sprintf("%sthe rehearsal of the page at cursor %d refuses: %s", done, p.Cursor, rehearsal.Reason)}, nil
	}
	return Mended{Worked: true, Text: fmt.Sprintf("%splan %.12s of %s, the rehearsal of the page at cursor %d passes", done, plan.Hash, plan.Day, p.Cursor)}, nil
}
