package signer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// maxUnits is the compute limit of a transaction, and what a price without a limit may cost at most.
const maxUnits = 1_400_000

// feePerSignature is the base fee in lamports (CHAIN.md §4).
const feePerSignature = 5_000

// Limits are what the policy allows. Zero values forbid: no router, no priority fee.
type Limits struct {
	Routers        []solana.PublicKey // Fee router programs that may be called.
	MaxUnitPrice   uint64             // Micro-lamports per compute unit.
	MaxFeeLamports uint64             // Base and priority fee of one transaction; 0 means only MaxUnitPrice counts.
}

// Policy signs only what the router's day needs: one guarded distribute_fees, token accounts, lookup tables and compute
// budget, paid by the key itself and by nobody else. Plain transfers, token instructions and everything unknown are
// refused (row X24).
type Policy struct {
	key    Signer
	limits Limits
}

// WithPolicy puts the policy before a key.
func WithPolicy(key Signer, limits Limits) *Policy { return &Policy{key, limits} }

// PublicKey is the key's address.
func (p *Policy) PublicKey() solana.PublicKey { return p.key.PublicKey() }

// Sign signs an allowed message. Errors: Human "signer/refused" with the rule, or the key's own.
func (p *Policy) Sign(ctx context.Context, message []byte) (solana.Signature, error) {
	if err := p.Check(message); err != nil {
		return solana.Signature{}, fault.Newf(fault.Human, CodeRefused, "the signing policy refuses this message: %w", err).
			WithNext("Nothing was signed. If the transaction is wanted, widen the policy in the settings; else look for the bug or the intruder")
	}
	return p.key.Sign(ctx, message)
}

// Check says which rule a message breaks.
func (p *Policy) Check(message []byte) error {
	m, err := decode(message)
	if err != nil {
		return fmt.Errorf("it cannot be read: %w", err)
	}
	if self := p.PublicKey(); m.AccountKeys[0] != self {
		return fmt.Errorf("the fee payer is %s, not this key %s", m.AccountKeys[0], self)
	}
	if n := m.Header.NumRequiredSignatures; n != 1 {
		return fmt.Errorf("it wants %d signatures; only the fee payer's is allowed", n)
	}
	list, err := calls(m)
	if err != nil {
		return err
	}
	var cost budget
	routers := 0
	for _, c := range list {
		switch {
		case p.isRouter(c.program):
			routers++
			err = p.routerCall(c)
		case c.program == solana.SPLAssociatedTokenAccountProgramID:
			err = accountCall(c)
		case c.program == solana.ComputeBudget:
			err = cost.add(c)
		case c.program == solana.AddressLookupTableProgramID:
			err = p.tableCall(c)
		default:
			err = fmt.Errorf("program %s is not on the allow-list", c.program)
		}
		if err != nil {
			return fmt.Errorf("instruction %d: %w", c.index, err)
		}
	}
	if routers > 1 {
		return fmt.Errorf("%d router calls in one transaction; one is allowed", routers)
	}
	return cost.within(p.limits)
}

func (p *Policy) isRouter(program solana.PublicKey) bool {
	for _, r := range p.limits.Routers {
		if r == program {
			return true
		}
	}
	return false
}

// routerCall lets only a guarded page through: without a cursor a late landing pays a page twice (row X14).
func (p *Policy) routerCall(c call) error {
	args, err := router.DecodeInstruction(c.data)
	if err != nil {
		return err
	}
	page, ok := args.(router.DistributeFeesArgs)
	switch {
	case !ok:
		return errors.New("only distribute_fees is allowed")
	case page.Cursor == nil:
		return errors.New("distribute_fees without a cursor could pay a page twice")
	case page.PageSize == 0 || page.PageSize > router.MaxPageSize:
		return fmt.Errorf("page size %d is outside 1 to %d", page.PageSize, router.MaxPageSize)
	}
	if crank, ok := c.account(router.AccountCrank); !ok || crank != p.PublicKey() {
		return errors.New("the crank is not this key")
	}
	return nil
}

// accountCall lets through the making of token accounts: create (no data or 0) and create idempotent (1). Recovering
// nested accounts moves tokens.
func accountCall(c call) error {
	if len(c.data) == 0 || (len(c.data) == 1 && c.data[0] <= 1) {
		return nil
	}
	return errors.New("of the associated token program only the creation of accounts is allowed")
}

// Lookup table instructions; freezing (1) would make a table useless for ever.
const (
	tableCreate     = 0
	tableExtend     = 2
	tableDeactivate = 3
	tableClose      = 4
)

// tableCall lets through what keeps tables; a closed one gives its rent back to this key and to nobody else.
func (p *Policy) tableCall(c call) error {
	if len(c.data) < 4 {
		return errors.New("the lookup table instruction is too short")
	}
	switch binary.LittleEndian.Uint32(c.data) {
	case tableCreate, tableExtend, tableDeactivate:
		return nil
	case tableClose:
		if to, ok := c.account(2); ok && to == p.PublicKey() {
			return nil
		}
		return errors.New("a closed lookup table must give its rent back to this key")
	}
	return errors.New("this lookup table instruction is not allowed")
}

// budget adds up what a transaction may cost.
type budget struct {
	price    uint64
	limit    uint32
	hasLimit bool
}

// Compute budget instructions.
const (
	budgetHeap  = 1
	budgetLimit = 2
	budgetPrice = 3
	budgetData  = 4
)

func (b *budget) add(c call) error {
	switch {
	case len(c.data) == 5 && c.data[0] == budgetLimit && !b.hasLimit:
		b.limit, b.hasLimit = binary.LittleEndian.Uint32(c.data[1:]), true
		return nil
	case len(c.data) == 9 && c.data[0] == budgetPrice && b.price == 0:
		b.price = binary.LittleEndian.Uint64(c.data[1:])
		return nil
	case len(c.data) == 5 && (c.data[0] == budgetHeap || c.data[0] == budgetData):
		return nil
	}
	return errors.New("this compute budget instruction is unknown or stands twice")
}

// within compares with the caps. Price times limit is in micro-lamports and may pass 64 bits.
func (b *budget) within(l Limits) error {
	if b.price > l.MaxUnitPrice {
		return fmt.Errorf("the priority fee of %d micro-lamports per unit is above the cap of %d", b.price, l.MaxUnitPrice)
	}
	if l.MaxFeeLamports == 0 {
		return nil
	}
	units := uint64(maxUnits)
	if b.hasLimit {
		units = min(units, uint64(b.limit))
	}
	hi, lo := bits.Mul64(b.price, units)
	if hi >= 1_000_000 {
		return fmt.Errorf("the fee is above the cap of %d lamports", l.MaxFeeLamports)
	}
	fee, rest := bits.Div64(hi, lo, 1_000_000)
	if rest > 0 {
		fee++
	}
	if fee > l.MaxFeeLamports || feePerSignature > l.MaxFeeLamports-fee {
		return fmt.Errorf("the fee of %d+%d lamports is above the cap of %d", fee, feePerSignature, l.MaxFeeLamports)
	}
	return nil
}
