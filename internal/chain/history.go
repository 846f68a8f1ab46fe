package chain

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// MaxSignatures is the largest page that a node gives (CHAIN.md §4).
const MaxSignatures = 1000

// SigInfo is one transaction that names an address.
type SigInfo struct {
	Signature  solana.Signature
	Slot       uint64
	BlockTime  *int64 // Unix seconds; may be unknown.
	Err        *TxError
	Commitment rpc.CommitmentType
}

// SignaturesFor lists confirmed transactions that name an address, newest first, at most limit (1 to 1,000; 0 means
// 1,000). before and until are signatures and may be zero: the list starts after before and ends ahead of until.
func (p *Pool) SignaturesFor(ctx context.Context, addr solana.PublicKey, before, until solana.Signature, limit int) ([]SigInfo, error) {
	if limit <= 0 || limit > MaxSignatures {
		limit = MaxSignatures
	}
	conf := map[string]any{"limit": limit}
	if !before.IsZero() {
		conf["before"] = before
	}
	if !until.IsZero() {
		conf["until"] = until
	}
	var list []struct {
		Signature  solana.Signature `json:"signature"`
		Slot       uint64           `json:"slot"`
		BlockTime  *int64           `json:"blockTime"`
		Err        json.RawMessage  `json:"err"`
		Commitment string           `json:"confirmationStatus"`
	}
	_, err := p.call(ctx, request{
		method: "getSignaturesForAddress", args: []any{addr}, conf: conf,
		commitment: rpc.CommitmentConfirmed, monotonic: true,
	}, &list)
	if err != nil {
		return nil, fmt.Errorf("list the transactions of %s: %w", addr, err)
	}
	out := make([]SigInfo, 0, len(list))
	for _, s := range list {
		out = append(out, SigInfo{s.Signature, s.Slot, s.BlockTime, ParseTxError(s.Err), rpc.CommitmentType(s.Commitment)})
	}
	return out, nil
}

// PriorityFees are the prices (micro-lamports per compute unit) that recent slots charged for writing these accounts,
// in no order; a slot without competition counts with 0.
func (p *Pool) PriorityFees(ctx context.Context, keys []solana.PublicKey) ([]uint64, error) {
	var list []struct {
		Fee uint64 `json:"prioritizationFee"`
	}
	keys = keys[:min(len(keys), 128)] // The method takes no more.
	if _, err := p.call(ctx, request{method: "getRecentPrioritizationFees", args: []any{keys}}, &list); err != nil {
		return nil, fmt.Errorf("read recent priority fees: %w", err)
	}
	out := make([]uint64, 0, len(list))
	for _, f := range list {
		out = append(out, f.Fee)
	}
	return out, nil
}

// MinimumRent is how many lamports an account of that size must hold to be exempt from rent.
func (p *Pool) MinimumRent(ctx context.Context, size uint64) (uint64, error) {
	var lamports uint64
	if _, err := p.call(ctx, request{method: "getMinimumBalanceForRentExemption", args: []any{size}}, &lamports); err != nil {
		return 0, fmt.Errorf("read the rent of %d bytes: %w", size, err)
	}
	if lamports == 0 {
		return 0, fault.Newf(fault.Retry, CodeUnavailable, "the node says that %d bytes cost no rent, which cannot be", size)
	}
	return lamports, nil
}

// Balance is an account's lamports; an account that does not exist holds 0.
func (p *Pool) Balance(ctx context.Context, key solana.PublicKey, c rpc.CommitmentType) (uint64, error) {
	ans, _, err := read[uint64](ctx, p, request{method: "getBalance", args: []any{key}, commitment: c, monotonic: true})
	if err != nil {
		return 0, fmt.Errorf("read the balance of %s: %w", key, err)
	}
	return ans.Value, nil
}

// BlockTime is a slot's estimated time in unix seconds; false when the endpoint does not know it, as for slots that it
// does not keep.
func (p *Pool) BlockTime(ctx context.Context, slot uint64) (unix int64, known bool, err error) {
	var at *int64
	if _, err := p.call(ctx, request{method: "getBlockTime", args: []any{slot}}, &at); err != nil {
		return 0, false, fmt.Errorf("read the time of slot %d: %w", slot, err)
	}
	if at == nil {
		return 0, false, nil
	}
	return *at, true, nil
}
