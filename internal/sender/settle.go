package sender

import (
	"context"
	"fmt"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

// Settle finds out what became of every open intent of the vault and returns them with their new states: confirmed
// (with Err when it failed), finalized, failed, or expired, which needs a proof. What may still land is sent again,
// unchanged, and watched until one of these is true. Errors: Unknown "sender/unsettled" when ctx ends first.
func (s *Sender) Settle(ctx context.Context, vault string) ([]domain.Intent, error) {
	return s.settle(ctx, vault, rpc.CommitmentConfirmed)
}

// Finalize is Settle until no intent can change any more: finalized, failed or expired. A day counts as paid only then.
func (s *Sender) Finalize(ctx context.Context, vault string) ([]domain.Intent, error) {
	return s.settle(ctx, vault, rpc.CommitmentFinalized)
}

func (s *Sender) settle(ctx context.Context, vault string, goal rpc.CommitmentType) ([]domain.Intent, error) {
	release, err := s.vaults.acquire(ctx, vault)
	if err != nil {
		return nil, fault.Newf(fault.Retry, CodeBusy, "another transaction of vault %s is in flight: %w", vault, err)
	}
	defer release()
	list, err := s.openFlights(ctx, vault)
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		f.goal = goal
	}
	err = s.land(ctx, vault, list, nil, true)
	out := make([]domain.Intent, 0, len(list))
	for _, f := range list {
		out = append(out, f.intent)
	}
	return out, err
}

func (s *Sender) openFlights(ctx context.Context, vault string) ([]*flight, error) {
	intents, err := s.store.OpenIntents(ctx, vault)
	if err != nil {
		return nil, fault.Newf(fault.Retry, CodeStore, "open signatures of vault %s cannot be read, so nothing is signed: %w", vault, err).
			WithNext("Repair the store; nothing leaves without it")
	}
	out := make([]*flight, 0, len(intents))
	for _, i := range intents {
		sig, err := solana.SignatureFromBase58(i.Signature)
		if err != nil {
			return nil, fault.Newf(fault.Human, CodeStore, "the store holds %q as a signature of vault %s: %w", i.Signature, vault, err).
				WithNext("The store is damaged; restore it from a backup")
		}
		out = append(out, &flight{intent: i, sig: sig, goal: s.goalOf(i.Kind)})
	}
	return out, nil
}

// goalOf is how sure a signature must be before something may follow it. Only pages move money.
func (s *Sender) goalOf(kind domain.IntentKind) rpc.CommitmentType {
	if kind == domain.IntentPage {
		return s.o.Goal
	}
	return rpc.CommitmentConfirmed
}

// settleEarlier settles what stands in the way of signing: everything not yet confirmed, and everything with one of the
// keys. A failure with one of the keys must even be final, because a rollback could turn it into a success. It returns
// the flights that did the deed already.
func (s *Sender) settleEarlier(ctx context.Context, vault string, keys map[string]bool) (map[string]*flight, error) {
	all, err := s.openFlights(ctx, vault)
	if err != nil {
		return nil, err
	}
	var first, second []*flight
	for _, f := range all {
		if f.intent.State != domain.IntentConfirmed || f.goal == rpc.CommitmentFinalized || keys[deed(f.intent.Day, f.intent.Key)] {
			first = append(first, f)
		}
	}
	if err := s.land(ctx, vault, first, nil, true); err != nil {
		return nil, fmt.Errorf("settle what was sent before: %w", err)
	}
	for _, f := range first {
		if keys[deed(f.intent.Day, f.intent.Key)] && f.status.Err != nil {
			f.goal = rpc.CommitmentFinalized
			second = append(second, f)
		}
	}
	if err := s.land(ctx, vault, second, nil, true); err != nil {
		return nil, fmt.Errorf("settle what failed before: %w", err)
	}
	done := map[string]*flight{}
	for _, f := range first {
		if f.status.AtLeast(rpc.CommitmentConfirmed) && f.status.Err == nil {
			done[deed(f.intent.Day, f.intent.Key)] = f
		}
	}
	return done, nil
}
