package chain

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"

	"github.com/meteora-fee-router/feeops/internal/fault"
)

const statusKeys = 256 // getSignatureStatuses takes no more.

// Status is what an endpoint knows of a signature. Known=false is not a failure: it may still land (CHAIN.md §4).
type Status struct {
	Known      bool
	Slot       uint64
	Commitment rpc.CommitmentType // processed, confirmed or finalized.
	Err        *TxError           // nil: it succeeded.
	Endpoint   string
}

// AtLeast is true when the signature is known with at least that commitment.
func (s Status) AtLeast(c rpc.CommitmentType) bool { return s.Known && depth(s.Commitment) >= depth(c) }

func depth(c rpc.CommitmentType) int {
	switch c {
	case rpc.CommitmentFinalized:
		return 2
	case rpc.CommitmentConfirmed:
		return 1
	}
	return 0
}

type wireStatus struct {
	Slot       uint64          `json:"slot"`
	Err        json.RawMessage `json:"err"`
	Commitment string          `json:"confirmationStatus"`
}

// Statuses asks the best endpoint. search also looks into its ledger, which old signatures need. The slot returned is the
// endpoint's at the moment of the answer, the lowest one when there were several requests (256 signatures each).
func (p *Pool) Statuses(ctx context.Context, sigs []solana.Signature, search bool) ([]Status, uint64, error) {
	return p.statuses(ctx, sigs, search, nil)
}

func (p *Pool) statuses(ctx context.Context, sigs []solana.Signature, search bool, on *endpoint) ([]Status, uint64, error) {
	out := make([]Status, 0, len(sigs))
	slot := uint64(0)
	for len(sigs) > 0 {
		part := sigs[:min(statusKeys, len(sigs))]
		sigs = sigs[len(part):]
		ans, e, err := read[[]*wireStatus](ctx, p, request{
			method: "getSignatureStatuses", args: []any{part},
			conf: map[string]any{"searchTransactionHistory": search}, on: on,
		})
		if err != nil {
			return nil, 0, fmt.Errorf("read the status of %d signatures: %w", len(part), err)
		}
		if len(ans.Value) != len(part) {
			return nil, 0, fault.Newf(fault.Retry, CodeUnavailable, "%s answered %d statuses to %d signatures", e.Name, len(ans.Value), len(part))
		}
		if slot == 0 || ans.Context.Slot < slot {
			slot = ans.Context.Slot
		}
		for _, w := range ans.Value {
			out = append(out, w.status(e.Name))
		}
	}
	return out, slot, nil
}

func (w *wireStatus) status(endpoint string) Status {
	if w == nil {
		return Status{Endpoint: endpoint}
	}
	c := rpc.CommitmentType(w.Commitment)
	if depth(c) == 0 {
		c = rpc.CommitmentProcessed // Also for an unfamiliar word: the least that it can mean.
	}
	return Status{Known: true, Slot: w.Slot, Commitment: c, Err: ParseTxError(w.Err), Endpoint: endpoint}
}

// AllStatuses asks every usable endpoint and keeps, per signature, the most settled answer: what one endpoint knows is
// known, however many others do not.
func (p *Pool) AllStatuses(ctx context.Context, sigs []solana.Signature, search bool) ([]Status, error) {
	targets := p.usable()
	answers := make([][]Status, len(targets))
	errs := make([]error, len(targets))
	var wg sync.WaitGroup
	for i, e := range targets {
		wg.Go(func() { answers[i], _, errs[i] = p.statuses(ctx, sigs, search, e) })
	}
	wg.Wait()
	out := make([]Status, len(sigs))
	answered := 0
	for _, list := range answers {
		if list == nil {
			continue
		}
		answered++
		for i, s := range list {
			out[i] = more(out[i], s)
		}
	}
	if answered == 0 {
		return nil, p.allDown(ctx, "getSignatureStatuses", byName(targets, errs))
	}
	return out, nil
}

func more(a, b Status) Status {
	if b.Known && (!a.Known || depth(b.Commitment) > depth(a.Commitment)) {
		return b
	}
	return a
}

func byName(targets []*endpoint, errs []error) map[string]error {
	out := map[string]error{}
	for i, e := range targets {
		if errs[i] != nil {
			out[e.Name] = errs[i]
		}
	}
	return out
}
