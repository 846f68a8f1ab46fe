package distribution

import (
	"context"
	"fmt"
	"slices"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

// historyPage is how many signatures one request asks for (C: at most 1,000).
const historyPage = 1_000

// history reads from the chain every transaction that turned a page of the day opened at ts, oldest first, whoever
// signed it. It is the independent side of the reconciliation: it uses none of our books but to say what is ours.
func (s *Service) history(ctx context.Context, v Vault, m domain.Manifest, ts int64) ([]historyEntry, error) {
	ours, err := s.ours(ctx, v, m.Day)
	if err != nil {
		return nil, err
	}
	var out, maybes []historyEntry
	err = s.walk(ctx, v, m.Day, ts, func(got turned) {
		got.result.Ours = ours[got.result.Signature] || got.crank == v.Payer
		if got.result.Ours && !ours[got.result.Signature] {
			got.result.Note = "it is signed with the vault's own key, and the books do not know it"
		}
		if got.maybe != nil {
			got.result.Cursor = got.maybe.PageStart
			maybes = append(maybes, historyEntry{got.result, got.maybe.PageEnd})
		}
		if got.page == nil || !ofDay(got.page.Timestamp, ts) {
			return
		}
		split := got.split(m)
		if !got.result.Ours {
			for i := range split {
				split[i].Note = got.attribution(m, split[i])
			}
		}
		slices.Reverse(split)
		out = append(out, split...)
	})
	if err != nil {
		return nil, err
	}
	slices.Reverse(out)
	return closeGaps(m, out, maybes), nil
}

// walk reads every successful transaction that touched the progress account since the day was opened at ts, newest first.
func (s *Service) walk(ctx context.Context, v Vault, day domain.Day, ts int64, visit func(turned)) error {
	var before solana.Signature
	for {
		batch, err := s.Chain.SignaturesFor(ctx, v.Accounts.Progress, before, solana.Signature{}, historyPage)
		if err != nil {
			return fmt.Errorf("signatures of the progress account of %s: %w", v.ID, err)
		}
		for _, info := range batch {
			before = info.Signature
			// A null block time is not old: only a known and older one ends the search (D15).
			if info.BlockTime != nil && *info.BlockTime < ts-1 {
				return nil
			}
			if info.Err != nil {
				continue
			}
			tx, err := s.transaction(ctx, info.Signature.String())
			if err != nil {
				return err
			}
			got, err := read(v, day, tx)
			if err != nil {
				return err
			}
			visit(got)
		}
		if len(batch) < historyPage {
			return nil
		}
	}
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

// ofDay is true for a page logged at chain time at on the day opened at ts. A page whose log was cut has no time.
func ofDay(at, ts int64) bool { return at == 0 || at >= ts && at < ts+domain.DaySeconds }
