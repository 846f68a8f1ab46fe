package sender

import (
	"context"
	"errors"
	"math/bits"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// CodeBudget is the failure of a transaction that would pass the payer's cap of fees in 24 hours; its kind is Human.
const CodeBudget = "payer_budget"

// budgetWindow is how far back fees count. It slides by this machine's clock, because the cap guards against a fault of
// ours and the payer's money knows no day of the chain.
const budgetWindow = 24 * time.Hour

// maxFee is the most that a transaction can cost its payer, in lamports: base fee and the price of the whole limit.
// What does not fit 64 bits is the largest number.
func maxFee(units uint32, micro uint64) uint64 {
	hi, lo := bits.Mul64(micro, uint64(units))
	if hi >= 1_000_000 {
		return ^uint64(0)
	}
	fee, rest := bits.Div64(hi, lo, 1_000_000)
	if rest > 0 {
		fee++
	}
	if fee > ^uint64(0)-feePerSignature {
		return ^uint64(0)
	}
	return fee + feePerSignature
}

// budget is what one more transaction may cost. Base and priority fees of all vaults of the payer count, of landed
// transactions as charged, of open ones at their most. Rent of token accounts and lookup tables does not count: each is
// paid once, whatever is sent again, the plan bounds it, and the payer check (P14) asks for it before the day.
func (s *Sender) budget(fee uint64) store.Budget {
	return store.Budget{Payer: s.signer.PublicKey().String(), MaxFee: fee, Since: s.o.Now().Add(-budgetWindow), Cap: s.o.MaxFeePerDay}
}

// affordable refuses before anything is signed. The store asks once more while it inserts the intent, which makes the
// cap exact across vaults and workers.
func (s *Sender) affordable(ctx context.Context, r Request, b store.Budget) error {
	if b.Cap == 0 {
		return nil
	}
	spent, err := s.store.FeesSince(ctx, b.Payer, b.Since)
	if err != nil {
		return fault.Newf(fault.Retry, CodeStore, "%s of %s: nothing was signed, because the payer's fees cannot be read: %w", r.Key, r.Vault, err).
			WithNext("Repair the store; nothing leaves without it")
	}
	if b.MaxFee > b.Cap || spent > b.Cap-b.MaxFee {
		return overBudget(r, b, spent, nil)
	}
	return nil
}

func overBudget(r Request, b store.Budget, spent uint64, cause error) error {
	f := fault.Newf(fault.Human, CodeBudget, "%s of %s: nothing was sent: fee payer %s spent %d lamports on fees in 24 hours, this transaction may take %d more, and the cap is %d",
		r.Key, r.Vault, b.Payer, spent, b.MaxFee, b.Cap)
	if cause != nil {
		f = fault.Newf(fault.Human, CodeBudget, "%s of %s: nothing was sent: fee payer %s: %w", r.Key, r.Vault, b.Payer, cause)
	}
	return f.WithNext("Find out why so many transactions were needed; then raise distribution.max_fee_lamports_per_day, or wait until fees leave the 24 hours")
}

// keep stores a signature before it is sent. When the store refuses, nothing of it ever leaves this process.
func (s *Sender) keep(ctx context.Context, r Request, i domain.Intent, b store.Budget) error {
	err := s.store.InsertIntentWithin(ctx, i, b)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrBudget):
		return overBudget(r, b, 0, err)
	case errors.Is(err, store.ErrOpenIntent), errors.Is(err, store.ErrDuplicate):
		return fault.Newf(fault.Retry, CodeStore, "%s of %s: nothing was sent, because another worker signed the same: %w", r.Key, r.Vault, err).
			WithNext("The next attempt settles the other signature first")
	}
	return fault.Newf(fault.Retry, CodeStore, "%s of %s: nothing was sent, because the signature could not be stored: %w", r.Key, r.Vault, err).
		WithNext("Repair the store; nothing leaves without it")
}
