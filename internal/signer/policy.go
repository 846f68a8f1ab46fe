package signer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Limits are what the policy allows. Zero values forbid: no vault, no priority fee, no rent.
type Limits struct {
	Vaults          []Vault // Those that the key pays for.
	MaxUnitPrice    uint64  // Micro-lamports per compute unit.
	MaxFeeLamports  uint64  // Base and priority fee of one transaction; 0 means only MaxUnitPrice counts.
	MaxRentLamports uint64  // Of the accounts that one transaction makes.
	Caps            domain.SpendCaps
}

// Sources are what the policy asks before it signs.
type Sources struct {
	Tables Tables           // nil: no message may use a lookup table.
	Plans  Plans            // nil: a token account may be made for any wallet, of a vault's mint only.
	Ledger Ledger           // nil: spending is not counted.
	Now    func() time.Time // nil is time.Now.
}

// Ledger counts what a key may have spent, in one step with the refusal.
type Ledger interface {
	// Spend refuses with store.ErrSpend what would pass a cap.
	Spend(ctx context.Context, s domain.Spending, caps domain.SpendCaps) error
}

// Policy signs only what the router's day needs: one guarded distribute_fees of a known vault with that vault's own
// accounts, token accounts of its mint, lookup tables of the key and compute budget, paid by the key itself and by
// nobody else. Plain transfers, token instructions and everything unknown are refused (row X24).
//
// The list of investors is not held against the settings here: the program takes no other streams than the registered
// ones and no other token accounts than their recipients', and a day that is open keeps its list when the settings change.
type Policy struct {
	key     Signer
	limits  Limits
	sources Sources
	vaults  map[place]vaultRules
	mints   map[solana.PublicKey]map[solana.PublicKey]bool // Creators' wallets by quote mint.
	tables  tableCache
}

// WithPolicy puts the policy before a key.
func WithPolicy(key Signer, limits Limits, sources Sources) *Policy {
	p := &Policy{key: key, limits: limits, sources: sources, vaults: map[place]vaultRules{}, mints: map[solana.PublicKey]map[solana.PublicKey]bool{}}
	if p.sources.Now == nil {
		p.sources.Now = time.Now
	}
	for _, v := range limits.Vaults {
		p.vaults[place{v.Program, v.Address}] = v.rules(key.PublicKey())
		if p.mints[v.QuoteMint] == nil {
			p.mints[v.QuoteMint] = map[solana.PublicKey]bool{}
		}
		p.mints[v.QuoteMint][v.Creator] = true
	}
	return p
}

// PublicKey is the key's address.
func (p *Policy) PublicKey() solana.PublicKey { return p.key.PublicKey() }

// Sign signs an allowed message and counts what it can cost; a signature beyond a cap is thrown away. Errors: Human
// "signer/refused" with the rule, Human "signer/spend", Retry when what the rules need cannot be read, or the key's own.
func (p *Policy) Sign(ctx context.Context, message []byte) (solana.Signature, error) {
	cost, err := p.Check(ctx, message)
	switch {
	case err != nil && fault.KindOf(err) == fault.Retry:
		return solana.Signature{}, fmt.Errorf("the signing policy cannot judge this message: %w", err)
	case err != nil:
		return solana.Signature{}, fault.Newf(fault.Human, CodeRefused, "the signing policy refuses this message: %w", err).
			WithNext("Nothing was signed. If the transaction is wanted, widen the policy in the settings; else look for the bug or the intruder")
	}
	// Signed first, counted after: a key service that is out of order for hours must not use up the cap.
	sig, err := p.key.Sign(ctx, message)
	if err != nil {
		return solana.Signature{}, err
	}
	if err := p.spend(ctx, message, cost); err != nil {
		return solana.Signature{}, err
	}
	return sig, nil
}

func (p *Policy) spend(ctx context.Context, message []byte, cost Cost) error {
	if p.sources.Ledger == nil {
		return nil
	}
	sum := sha256.Sum256(message)
	err := p.sources.Ledger.Spend(ctx, domain.Spending{
		Payer: p.PublicKey().String(), Message: hex.EncodeToString(sum[:]), At: p.sources.Now(), Fee: cost.Fee, Rent: cost.Rent,
	}, p.limits.Caps)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrSpend):
		return fault.Newf(fault.Human, CodeSpend, "key %s signs nothing more for now: %w", p.PublicKey(), err).
			WithNext("Find out what needed so many signatures; then raise signer.policy.max_rent_lamports_per_day or max_spend_lamports_per_day, or wait until some leave the 24 hours")
	}
	return fault.Newf(fault.Retry, CodeLedger, "what key %s spends cannot be recorded, so it signs nothing: %w", p.PublicKey(), err).
		WithNext("Repair the store; nothing leaves without it")
}

// Check says which rule a message breaks, or what it can cost.
func (p *Policy) Check(ctx context.Context, message []byte) (Cost, error) {
	m, err := decode(message)
	if err != nil {
		return Cost{}, fmt.Errorf("it cannot be read: %w", err)
	}
	if self := p.PublicKey(); m.AccountKeys[0] != self {
		return Cost{}, fmt.Errorf("the fee payer is %s, not this key %s", m.AccountKeys[0], self)
	}
	if n := m.Header.NumRequiredSignatures; n != 1 {
		return Cost{}, fmt.Errorf("it wants %d signatures; only the fee payer's is allowed", n)
	}
	keys, err := p.resolve(ctx, m)
	if err != nil {
		return Cost{}, err
	}
	list, err := calls(m, keys)
	if err != nil {
		return Cost{}, err
	}
	seen := &tally{payees: map[solana.PublicKey][]solana.PublicKey{}}
	for _, c := range list {
		if err := p.call(c, seen); err != nil {
			return Cost{}, fmt.Errorf("instruction %d: %w", c.index, err)
		}
	}
	if seen.routers > 1 {
		return Cost{}, fmt.Errorf("%d router calls in one transaction; one is allowed", seen.routers)
	}
	if err := p.planned(ctx, seen.payees); err != nil {
		return Cost{}, err
	}
	return seen.budget.within(p.limits)
}

// tally is what the instructions of a message add up to.
type tally struct {
	budget  budget
	routers int
	payees  map[solana.PublicKey][]solana.PublicKey // Wallets that get a token account, by mint.
}

func (p *Policy) call(c call, seen *tally) error {
	switch {
	case p.isRouter(c.program):
		seen.routers++
		return p.routerCall(c)
	case c.program == solana.SPLAssociatedTokenAccountProgramID:
		return p.accountCall(c, seen)
	case c.program == solana.ComputeBudget:
		return seen.budget.add(c)
	case c.program == solana.AddressLookupTableProgramID:
		return p.tableCall(c, seen)
	}
	return fmt.Errorf("program %s is not on the allow-list", c.program)
}

func (p *Policy) isRouter(program solana.PublicKey) bool {
	for at := range p.vaults {
		if at.program == program {
			return true
		}
	}
	return false
}
