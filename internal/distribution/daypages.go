package distribution

import (
	"context"
	"fmt"
	"slices"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

const (
	// historyPage is how many signatures one request asks for; a node gives at most 1,000.
	historyPage = 1_000
	// forkDepth is by how many slots a transaction that was rolled back may land earlier on the other fork.
	forkDepth = 64
)

// dayOnChain reads every successful transaction that turned a page of the day opened at ts, oldest first, whoever signed
// it. unsure are those whose logs were cut and that moved no money: each turned the page that it was called for, or
// nothing. opening is what is known of the day's opening; nil is nothing.
func (s *Service) dayOnChain(ctx context.Context, v Vault, day domain.Day, ts int64, opening *domain.Opening) (pages, unsure []turned, err error) {
	since := uint64(0)
	if opening != nil {
		since = opening.Slot - min(opening.Slot, forkDepth)
	}
	var all, maybe []turned
	err = s.walk(ctx, v, day, ts, since, func(got turned) {
		switch {
		case got.page != nil:
			all = append(all, got)
		case got.maybe != nil:
			maybe = append(maybe, got)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	slices.Reverse(all)
	pages, from, to := pagesOfDay(all, ts, opening)
	for _, got := range maybe {
		if got.result.Slot >= from && got.result.Slot < to {
			unsure = append(unsure, got)
		}
	}
	return pages, unsure, nil
}

// walk reads every successful transaction that touched the progress account since the day was opened at ts, newest first.
func (s *Service) walk(ctx context.Context, v Vault, day domain.Day, ts int64, since uint64, visit func(turned)) error {
	var before solana.Signature
	for {
		batch, err := s.Chain.SignaturesFor(ctx, v.Accounts.Progress, before, solana.Signature{}, historyPage)
		if err != nil {
			return fmt.Errorf("signatures of the progress account of %s: %w", v.ID, err)
		}
		for _, info := range batch {
			before = info.Signature
			// A null block time is not old: only a known and older one ends the search, or the slot (D15).
			if info.Slot < since || info.BlockTime != nil && *info.BlockTime < ts-1 {
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

// pagesOfDay picks the pages of the day opened at ts from all that a history shows, oldest first. A page at cursor 0
// begins a day. Its pages tell when it was by their logs or their blocks; when all of these are missing, it is the day of
// the known opening, or the newest. from and to are the slots between which the day lies.
func pagesOfDay(all []turned, ts int64, opening *domain.Opening) (day []turned, from, to uint64) {
	var days [][]turned
	for _, got := range all {
		if len(days) == 0 || got.pages[0].PageStart == 0 {
			days = append(days, nil)
		}
		days[len(days)-1] = append(days[len(days)-1], got)
	}
	newest := len(days) - 1
	if opening != nil {
		for newest > 0 && days[newest][0].result.Slot > opening.Slot+forkDepth {
			newest--
		}
	}
	from, to = 0, ^uint64(0)
	for i, pages := range days {
		if !isDay(pages, ts, i == newest) {
			continue
		}
		if day == nil {
			from = pages[0].result.Slot
		}
		day, to = append(day, pages...), ^uint64(0)
		if i+1 < len(days) {
			to = days[i+1][0].result.Slot
		}
	}
	return day, from, to
}

// isDay judges one day's pages by the first time that is known.
func isDay(pages []turned, ts int64, otherwise bool) bool {
	for _, got := range pages {
		if at := got.at(); at != 0 {
			return ofDay(at, ts)
		}
	}
	return otherwise
}

// ofDay is true for a page turned at chain time at on the day opened at ts.
func ofDay(at, ts int64) bool { return at >= ts && at < ts+domain.DaySeconds }
