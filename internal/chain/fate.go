package chain

import (
	"context"
	"fmt"
	"sync"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

// loneMargin is how many blocks beyond a signature's last one a single endpoint must have finalized before it may prove
// an expiry alone: it covers a node whose transaction index lags behind its own height.
const loneMargin = 32

// Candidate is a signature whose fate is asked.
type Candidate struct {
	Signature solana.Signature
	LastValid uint64 // Block height after which it cannot land, as the endpoint said that gave the blockhash.
	Blockhash string // What it was signed for; empty is not asked for.
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
	slot     uint64 // Of that height.
	statuses []Status
	alive    []bool // The blockhash can still be used, whatever the last valid height says.
	err      error
}

// Fates asks every usable endpoint for its finalized block height and then for the signatures, in its whole ledger.
// A signature has expired when no endpoint knows it, every endpoint that answered has finalized a block beyond its last
// valid one, and none takes its blockhash any more; a single answer must be 32 blocks further. Finalized blocks cannot be
// rolled back, so nothing that happens later can bring it back.
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
		alive := false
		for _, t := range said {
			if t.err == nil {
				out[i].Status, alive = more(out[i].Status, t.statuses[i]), alive || t.alive[i]
			}
		}
		out[i].Expired = !out[i].Status.Known && height > c.LastValid && !alive
	}
	return out, nil
}

// testify asks one endpoint. Behind one address there may be several nodes: an answer from an older slot than the height
// says nothing of the blocks in between, and does not count.
func (p *Pool) testify(ctx context.Context, list []Candidate, e *endpoint) (t testimony) {
	if t.height, t.slot, t.err = p.finalized(ctx, e); t.err != nil {
		return t
	}
	sigs := make([]solana.Signature, 0, len(list))
	for _, c := range list {
		sigs = append(sigs, c.Signature)
	}
	var seen uint64
	if t.statuses, seen, t.err = p.statuses(ctx, sigs, true, e); t.err != nil {
		return t
	}
	if len(list) > 0 && seen < t.slot {
		t.err = behindItself(e, "statuses", seen, t.slot)
		return t
	}
	t.alive, t.err = p.alive(ctx, list, t, e)
	return t
}

// alive asks whether the blockhashes of what seems to have expired can still be used. The last valid height is one
// endpoint's word: had it named too low a height, the transaction could land after it was given up.
func (p *Pool) alive(ctx context.Context, list []Candidate, t testimony, e *endpoint) ([]bool, error) {
	out, known := make([]bool, len(list)), map[string]bool{}
	for i, c := range list {
		if t.statuses[i].Known || t.height <= c.LastValid || c.Blockhash == "" {
			continue
		}
		valid, asked := known[c.Blockhash]
		if !asked {
			ans, _, err := read[bool](ctx, p, request{method: "isBlockhashValid", args: []any{c.Blockhash}, commitment: rpc.CommitmentProcessed, on: e})
			switch {
			case err != nil:
				return nil, err
			case ans.Context.Slot < t.slot:
				return nil, behindItself(e, "validity of a blockhash", ans.Context.Slot, t.slot)
			}
			valid, known[c.Blockhash] = ans.Value, ans.Value
		}
		out[i] = valid
	}
	return out, nil
}

func behindItself(e *endpoint, what string, seen, want uint64) error {
	return fault.Newf(fault.Retry, CodeBehind, "%s answered the %s from slot %d, and its finalized slot is %d: several nodes answer there", e.Name, what, seen, want)
}

// finalized reads the finalized block height and its slot in one answer.
func (p *Pool) finalized(ctx context.Context, e *endpoint) (height, slot uint64, err error) {
	var info struct {
		Height uint64 `json:"blockHeight"`
		Slot   uint64 `json:"absoluteSlot"`
	}
	_, err = p.call(ctx, request{method: "getEpochInfo", commitment: rpc.CommitmentFinalized, on: e}, &info)
	if err == nil && info.Slot == 0 {
		err = fault.Newf(fault.Retry, CodeUnavailable, "%s answered no finalized slot", e.Name)
	}
	return info.Height, info.Slot, err
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
		wg.Go(func() { said[i].height, said[i].slot, said[i].err = p.finalized(ctx, e) })
	}
	wg.Wait()
	height, endpoints = safeHeight(said)
	if endpoints == 0 {
		return 0, 0, fmt.Errorf("read the expiry height: %w", p.allDown(ctx, "getEpochInfo", nil))
	}
	return height, endpoints, nil
}
