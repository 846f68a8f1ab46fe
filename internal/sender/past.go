package sender

import (
	"context"
	"encoding/binary"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

// past is what earlier signatures of the same deed teach the next one.
type past struct {
	expired int    // Signatures that no block took.
	price   uint64 // The highest price among those, in micro-lamports per compute unit.
	limit   uint32 // The highest compute limit that did not suffice; 0: none failed for that.
}

// pastOf reads them from the store, so that another process goes on where one died.
func (s *Sender) pastOf(ctx context.Context, r Request) (past, error) {
	list, err := s.store.Attempts(ctx, r.Vault, r.Day, r.Key)
	if err != nil {
		return past{}, fault.Newf(fault.Retry, CodeStore, "earlier signatures of %s of %s cannot be read, so nothing is signed: %w", r.Key, r.Vault, err).
			WithNext("Repair the store; nothing leaves without it")
	}
	var p past
	for _, i := range list {
		if i.State == domain.IntentExpired {
			p.expired++
			p.price = max(p.price, i.UnitPrice)
			continue
		}
		if limit := limitOf(i.Raw); ranOut(i.Err, i.Units, limit) {
			p.limit = max(p.limit, limit)
		}
	}
	return p, nil
}

// Errors of a program that had too little compute. The second one has other causes too, and then less than the limit
// was used.
const (
	outOfUnits = "ix/ComputationalBudgetExceeded"
	incomplete = "ix/ProgramFailedToComplete"
)

// ranOut is true when the compute limit is why a transaction failed.
func ranOut(code string, used uint64, limit uint32) bool {
	return code == outOfUnits || (code == incomplete && limit > 0 && used >= uint64(limit))
}

// OverLimit is true when a simulation failed because no compute limit is high enough for it: only a smaller page helps.
func OverLimit(code string, used uint64) bool { return ranOut(code, used, maxUnits) }

// limitOf is the compute limit that stored bytes ask for, 0 when they cannot be read.
func limitOf(raw []byte) uint32 {
	tx, err := chain.DecodeTransaction(raw)
	if err != nil {
		return 0
	}
	for i, ix := range tx.Message.Instructions {
		// Instruction 2 of the compute-budget program sets the limit.
		if programAt(raw, i) == solana.ComputeBudget && len(ix.Data) == 5 && ix.Data[0] == 2 {
			return binary.LittleEndian.Uint32(ix.Data[1:])
		}
	}
	return 0
}

// unitLimit is the compute limit to ask for: what the request says or the simulated use with a margin, and half as much
// again as any limit that did not suffice, because the accounts have grown since the simulation saw them.
func unitLimit(asked uint32, simulated uint64, percent uint32, p past) uint32 {
	limit := asked
	if limit == 0 {
		limit = withMargin(simulated, percent)
	}
	if p.limit > 0 {
		limit = max(limit, min(p.limit, maxUnits)/2*3)
	}
	return min(limit, maxUnits)
}

// firstStep is the price (micro-lamports per compute unit) from which doubling starts where nobody else pays one.
const firstStep = 1_000

// escalated doubles the recent price for every signature that expired, and never offers less than twice what has failed
// to get in already. The caps come after it.
func escalated(recent uint64, p past) uint64 {
	if p.expired == 0 {
		return recent
	}
	price := max(recent, firstStep)
	for range p.expired {
		price = doubled(price)
	}
	return max(price, doubled(p.price))
}

// doubled stops at the largest number.
func doubled(v uint64) uint64 {
	if v > ^uint64(0)/2 {
		return ^uint64(0)
	}
	return 2 * v
}

// outOfCompute lets the next attempt take a higher limit, as long as there is one.
func outOfCompute(e *chain.TxError, limit uint32) *fault.Error {
	if limit >= maxUnits {
		return tooMuchCompute(e)
	}
	return fault.Newf(fault.Retry, CodeMoreUnits, "the compute limit of %d units did not suffice (%s): %w", limit, e.Code(), e).
		WithNext("The next attempt asks for half as much again")
}

// tooMuchCompute is for what no limit can help: sending it again would only cost fees.
func tooMuchCompute(e *chain.TxError) *fault.Error {
	return fault.Newf(fault.Human, CodeMoreUnits, "it needs more than the %d compute units that a transaction may use (%s): %w", maxUnits, e.Code(), e).
		WithNext("Make the page smaller: distribution.page_size")
}
