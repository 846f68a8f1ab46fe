package distribution

import (
	"context"
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

// history reads from the chain every transaction that turned a page of the day opened at ts, oldest first, whoever
// signed it. It is the independent side of the reconciliation: it uses none of our books but to say what is ours.
func (s *Service) history(ctx context.Context, v Vault, m domain.Manifest, ts int64) ([]historyEntry, error) {
	ours, err := s.ours(ctx, v, m.Day)
	if err != nil {
		return nil, err
	}
	pages, unsure, err := s.dayOnChain(ctx, v, m.Day, ts, m.Opening)
	if err != nil {
		return nil, err
	}
	var out, maybes []historyEntry
	for _, got := range pages {
		got.result.Ours = ours[got.result.Signature] || got.crank == v.Payer
		if got.result.Ours && !ours[got.result.Signature] {
			got.result.Note = "it is signed with the vault's own key, and the books do not know it"
		}
		split := got.split(m)
		if !got.result.Ours {
			for i := range split {
				split[i].Note = got.attribution(m, split[i])
			}
		}
		out = append(out, split...)
	}
	for _, got := range unsure {
		got.result.Ours, got.result.Cursor = ours[got.result.Signature] || got.crank == v.Payer, got.maybe.PageStart
		maybes = append(maybes, historyEntry{got.result, got.maybe.PageEnd})
	}
	return closeGaps(m, out, maybes), nil
}

// historyEntry is a page that the chain turned, up to which cursor.
type historyEntry struct {
	domain.PageResult

	end uint32
}

// attribution says whose page it was and whether it paid the accounts of the plan (X25).
func (t turned) attribution(m domain.Manifest, e historyEntry) string {
	said := "signed by " + t.crank.String()
	payees := t.payees(e.Cursor)
	if payees == nil {
		return said + ", called by another program: its accounts are known from the balances alone"
	}
	for i, p := range payees {
		at := int(e.Cursor) + i
		if at >= len(m.Entries) || m.Entries[at].Stream != p.Stream.String() || m.Entries[at].ATA != p.ATA.String() {
			return fmt.Sprintf("%s, and its accounts differ from the plan at entry %d", said, at)
		}
	}
	return said + ", with the accounts of the plan"
}

// whole says whether the pages lead from the first entry to the chain's cursor. An endpoint whose index lags or was cut
// shows fewer: that is not known, and must not read as investors who got nothing.
func whole(v Vault, list []historyEntry, cursor uint32) ([]domain.PageResult, error) {
	pages := make([]domain.PageResult, len(list))
	at := map[uint32]uint32{}
	for i, e := range list {
		pages[i] = e.PageResult
		at[e.Cursor] = max(at[e.Cursor], e.end)
	}
	reached := uint32(0)
	for reached < cursor && at[reached] > reached {
		reached = at[reached]
	}
	if reached < cursor {
		return nil, fault.Newf(fault.Retry, "history/incomplete", "vault %s: the history shows pages up to cursor %d, and the chain stands at %d", v.ID, reached, cursor).
			WithNext("An endpoint's transaction index lags or was cut short: wait, or add an endpoint with the whole history")
	}
	return pages, nil
}

// ours are the signatures that our books know for the day.
func (s *Service) ours(ctx context.Context, v Vault, day domain.Day) (map[string]bool, error) {
	intents, err := s.Store.Intents(ctx, v.ID, day)
	if err != nil {
		return nil, fmt.Errorf("intents of %s for %s: %w", v.ID, day, err)
	}
	out := make(map[string]bool, len(intents))
	for _, i := range intents {
		out[i.Signature] = true
	}
	return out, nil
}
