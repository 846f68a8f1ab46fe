package chain

import (
	"context"
	"fmt"
	"sync"

	"github.com/gagliardetto/solana-go"

	"github.com/gagliardetto/solana-go/rpc"
)

// loneMargin is how many blocks beyond a signature's last one a single endpoint must have finalized before it may prove
// an expiry alone: it covers a node whose transaction index lags behind its own height.
const loneMargin = 32

// Candidate is a signature whose fate is asked.
type Candidate struct {
	Signature solana.Signature
	LastValid uint64 // Block height after which it cannot land.
}

// Fate is what the endpoints together say of a signature. Expired is a proof: it can never land.
type Fate struct {
	Status  Status
	Expired bool
	Height  uint64 // The finalized block height that the proof may rest on.
}

// testimony is what one endpoint said, its height read before its statuses: only then does "never heard of it" mean
// that no block up to that height holds it.
type testimony struct {
	height   uint64
	statuses []Status
	err      error
}

// Fates asks every usable endpoint for its finalized block height and then for the signatures, in its whole ledger.
// A signature has expired when no endpoint knows it and every endpoint that answered has finalized a block beyond its
// last valid one; a single answer must be 32 blocks further. Finalized blocks cannot be rolled back, so nothing that
// happens later can bring it back.
func (p *Pool) Fates(ctx context.Context, list []Candidate) ([]Fate, error) {
	targets := p.usable()
	said := make([]testimony, len(targets))
	var wg sync.WaitGroup
	for i, e := range targets {
		wg.Go(func() { said[i] = p.testify(ctx, list, e) })
	}
	wg.Wait()
	height, n := safeHeight(said)
	if n == 0 {
		errs := make([]error, len(said))
		for i := range said {
			errs[i] = said[i].err
		}
		return nil, p.allDown(ctx, "the fate of signatures", byName(targets, errs))
	}
	out := make([]Fate, len(list))
	for i, c := range list {
		out[i].Height = height
		for _, t := range said {
			if t.err == nil {
				out[i].Status = more(out[i].Status, t.statuses[i])
			}
		}
		out[i].Expired = !out[i].Status.Known && height > c.LastValid
	}
	return out, nil
}

func (p *Pool) testify(ctx context.Context, list []Candidate, e *endpoint) (t testimony) {
	if t.height, t.err = p.finalizedHeight(ctx, e); t.err != nil {
		return t
	}
	sigs := make([]solana.Signature, 0, len(list))
	for _, c := range list {
		sigs = append(sigs, c.Signature)
	}
	t.statuses, _, t.err = p.statuses(ctx, sigs, true, e)
	return t
}

func (p *Pool) finalizedHeight(ctx context.Context, e *endpoint) (uint64, error) {
	var height uint64
	_, err := p.call(ctx, request{method: "getBlockHeight", commitment: rpc.CommitmentFinalized, on: e}, &height)
	return height, err
}

// safeHeight is the lowest height among the answers, and less by the margin when there is only one.
func safeHeight(said []testimony) (height uint64, answers int) {
	for _, t := range said {
		if t.err != nil {
			continue
		}
		if answers == 0 || t.height < height {
			height = t.height
		}
		answers++
	}
	if answers == 1 {
		height -= min(height, loneMargin)
	}
	return height, answers
}

// ExpiryHeight is the block height below which nothing unseen can land any more, and how many endpoints vouch for it:
// the lowest finalized height of all that answered, 32 less when there was only one. A caller must still ask for the
// signature afterwards; Fates does both in the right order.
func (p *Pool) ExpiryHeight(ctx context.Context) (height uint64, endpoints int, err error) {
	targets := p.usable()
	said := make([]testimony, len(targets))
	var wg sync.WaitGroup
	for i, e := range targets {
		wg.Go(func() { said[i].height, said[i].err = p.finalizedHeight(ctx, e) })
	}
	wg.Wait()
	height, endpoints = safeHeight(said)
	if endpoints == 0 {
		return 0, 0, fmt.Errorf("read the expiry height: %w", p.allDown(ctx, "getBlockHeight", nil))
	}
	return height, endpoints, nil
}
