package distribution

import (
	"context"
	"fmt"
	"slices"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// historyPage is how many signatures one request asks for (C: at most 1,000).
const historyPage = 1_000

// history reads from the chain every transaction that turned a page of the day opened at ts, oldest first, whoever
// signed it. It is the independent side of the reconciliation: it uses none of our books but to say what is ours.
func (s *Service) history(ctx context.Context, v Vault, m domain.Manifest, ts int64) ([]domain.PageResult, error) {
	ours, err := s.ours(ctx, v, m.Day)
	if err != nil {
		return nil, err
	}
	var out []domain.PageResult
	var before solana.Signature
	for {
		batch, err := s.Chain.SignaturesFor(ctx, v.Accounts.Progress, before, solana.Signature{}, historyPage)
		if err != nil {
			return nil, fmt.Errorf("signatures of the progress account of %s: %w", v.ID, err)
		}
		for _, info := range batch {
			before = info.Signature
			// A null block time is not old: only a known and older one ends the search (D15).
			if info.BlockTime != nil && *info.BlockTime < ts-1 {
				slices.Reverse(out)
				return out, nil
			}
			if info.Err != nil {
				continue
			}
			tx, found, err := s.Chain.Transaction(ctx, info.Signature, rpc.CommitmentConfirmed)
			if err != nil || !found {
				return nil, fmt.Errorf("transaction %s of %s: found %t: %w", info.Signature, v.ID, found, err)
			}
			got, err := read(v, m.Day, tx)
			if err != nil {
				return nil, err
			}
			if got.page == nil || !ofDay(got.page.Timestamp, ts) {
				continue
			}
			got.result.Ours = ours[got.result.Signature]
			out = append(out, got.result)
		}
		if len(batch) < historyPage {
			slices.Reverse(out)
			return out, nil
		}
	}
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
