package chain

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// BlockhashBlocks is how many blocks a blockhash stays valid (CHAIN.md §4).
const BlockhashBlocks = 150

// Blockhash gives a transaction its lifetime: it can land up to block height LastValid.
type Blockhash struct {
	Hash      solana.Hash
	LastValid uint64 // Block height.
	Slot      uint64 // At which it was read.
}

type blockhashCache struct {
	mu   sync.Mutex
	hash Blockhash
	read time.Time
}

// LatestBlockhash gives a confirmed blockhash. It is shared for some seconds, so that pages in a row need one request;
// two transactions of equal content and equal blockhash are one transaction with one signature.
func (p *Pool) LatestBlockhash(ctx context.Context) (Blockhash, error) {
	p.blockhash.mu.Lock()
	defer p.blockhash.mu.Unlock()
	if p.blockhash.hash.LastValid != 0 && p.o.Now().Sub(p.blockhash.read).Abs() < p.o.BlockhashAge {
		return p.blockhash.hash, nil
	}
	type value struct {
		Blockhash string `json:"blockhash"`
		LastValid uint64 `json:"lastValidBlockHeight"`
	}
	ans, e, err := read[value](ctx, p, request{method: "getLatestBlockhash", commitment: rpc.CommitmentConfirmed, monotonic: true})
	if err != nil {
		return Blockhash{}, fmt.Errorf("read the latest blockhash: %w", err)
	}
	hash, err := solana.HashFromBase58(ans.Value.Blockhash)
	if err != nil || ans.Value.LastValid == 0 {
		return Blockhash{}, fault.Newf(fault.Retry, CodeUnavailable, "%s answered no usable blockhash", e.Name)
	}
	p.blockhash.hash, p.blockhash.read = Blockhash{Hash: hash, LastValid: ans.Value.LastValid, Slot: ans.Context.Slot}, p.o.Now()
	return p.blockhash.hash, nil
}

// ForgetBlockhash makes the next transaction read a new one: after a refusal, a failure or an expiry, the same content
// must get another signature.
func (p *Pool) ForgetBlockhash() {
	p.blockhash.mu.Lock()
	defer p.blockhash.mu.Unlock()
	p.blockhash.hash = Blockhash{}
}
