package sender

import (
	"context"
	"math/bits"
	"slices"
	"sync"
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// CodeFeeCap is the failure of a cap that even the base fee exceeds; its kind is Human.
const CodeFeeCap = "sender/fee_cap"

// prices remembers what the written accounts of a vault cost lately, so that pages in a row share one request.
type prices struct {
	mu    sync.Mutex
	known map[string]price
}

type price struct {
	micro uint64
	read  time.Time
}

// unitPrice is the percentile of recent prices on the accounts that the request writes, doubled for every signature of
// the same deed that expired, below both caps. A failed read gives no priority fee: a page that lands later is better than one that does not leave.
func (s *Sender) unitPrice(ctx context.Context, r Request, units uint32, p past) (uint64, error) {
	base := uint64(feePerSignature)
	if s.o.MaxFeeLamports > 0 && s.o.MaxFeeLamports < base {
		return 0, fault.Newf(fault.Human, CodeFeeCap, "the fee cap of %d lamports is below the base fee of %d", s.o.MaxFeeLamports, base).
			WithNext("Raise the fee cap in the settings")
	}
	if s.o.MaxUnitPrice == 0 || units == 0 {
		return 0, nil
	}
	micro := min(escalated(s.recentPrice(ctx, r), p), s.o.MaxUnitPrice)
	if s.o.MaxFeeLamports > 0 {
		// left·1e6/units cannot pass 64 bits unless the cap is beyond all money; then the other cap counts.
		if hi, lo := bits.Mul64(s.o.MaxFeeLamports-base, 1_000_000); hi == 0 {
			micro = min(micro, lo/uint64(units))
		}
	}
	return micro, nil
}

func (s *Sender) recentPrice(ctx context.Context, r Request) uint64 {
	s.prices.mu.Lock()
	known, ok := s.prices.known[r.Vault]
	s.prices.mu.Unlock()
	if ok && s.o.Now().Sub(known.read).Abs() < s.o.PriceAge {
		return known.micro
	}
	list, err := s.chain.PriorityFees(ctx, written(r.Instructions))
	if err != nil {
		s.o.Logger.Warn("recent priority fees cannot be read; sending without one", "vault", r.Vault, "error", err)
		return known.micro
	}
	p := price{percentile(list, s.o.PriorityPercentile), s.o.Now()}
	s.prices.mu.Lock()
	defer s.prices.mu.Unlock()
	if s.prices.known == nil {
		s.prices.known = map[string]price{}
	}
	s.prices.known[r.Vault] = p
	return p.micro
}

// written lists the accounts that a request locks for writing, which is what it competes for.
func written(list []solana.Instruction) []solana.PublicKey {
	var out []solana.PublicKey
	for _, ix := range list {
		for _, m := range ix.Accounts() {
			if m.IsWritable && !slices.Contains(out, m.PublicKey) {
				out = append(out, m.PublicKey)
			}
		}
	}
	return out
}

// percentile is the nearest rank, 0 of an empty list.
func percentile(list []uint64, percent uint32) uint64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	rank := (uint64(len(sorted))*uint64(percent) + 99) / 100
	return sorted[max(rank, 1)-1]
}

// withMargin is the compute limit for a simulated use.
func withMargin(units uint64, percent uint32) uint32 {
	limit := units + units*uint64(percent)/100 + 300 // Both compute-budget instructions cost 150 each.
	return uint32(min(limit, maxUnits))
}
