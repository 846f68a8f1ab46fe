package host

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

// shown is how many signatures an answer lists; all are counted.
const shown = 100

// Flights lists what may still land, and until which block. The list is the store's, and is right also while no node
// answers; how far the chain is may be unknown then.
func (h *Host) Flights(ctx context.Context) (safety.Flights, error) {
	list, err := h.Store.Flights(ctx)
	if err != nil {
		return safety.Flights{}, fmt.Errorf("signatures in flight: %w", err)
	}
	out := listed(list)
	out.At, out.Settled = h.Now().UTC(), len(list) == 0
	if len(list) == 0 {
		out.SettledAt = out.At
		return out, nil
	}
	soon, cancel := context.WithTimeout(ctx, 3*time.Second) // Somebody waits for the list.
	defer cancel()
	if out.Height, _, err = h.Chain.ExpiryHeight(soon); err != nil {
		out.Problem = "how far the chain is cannot be read: " + err.Error()
	}
	return out, nil
}

func listed(list []domain.Flight) safety.Flights {
	out := safety.Flights{May: len(list), List: list[:min(len(list), shown)]}
	for _, f := range list {
		out.Until = max(out.Until, f.LastValid)
	}
	return out
}

// settleAtMost is how long one call watches before it says what it knows. It is shorter than the activity may take.
const settleAtMost = 8 * time.Minute

// SettleFlights watches every open signature until it has landed, failed or provably expired. It sends nothing: the gate
// is closed. What is still open when the time is over, or of a vault that cannot be watched, stays in the list.
//
// known is what was listed before: some of it may have been settled by its own run meanwhile, and counts too.
func (h *Host) SettleFlights(ctx context.Context, known []domain.Flight) (safety.Flights, error) {
	list, err := h.Store.Flights(ctx)
	if err != nil {
		return safety.Flights{}, fmt.Errorf("signatures in flight: %w", err)
	}
	for _, f := range known {
		if !slices.ContainsFunc(list, func(o domain.Flight) bool { return o.Signature == f.Signature }) {
			list = append(list, f)
		}
	}
	watch, cancel := context.WithTimeout(ctx, settleAtMost)
	defer cancel()
	problem := h.watch(watch, list)
	if ctx.Err() != nil {
		return safety.Flights{}, context.Cause(ctx) //nolint:wrapcheck // The worker ends, and another goes on.
	}
	var out safety.Flights
	var open []domain.Flight
	for _, f := range list {
		// What became of it may have been found by its own run meanwhile: the store knows either way.
		i, found, err := h.Store.Intent(ctx, f.Signature)
		switch {
		case err != nil || !found:
			open = append(open, f)
		case i.State == domain.IntentExpired:
			out.Expired++
		case i.State == domain.IntentFailed, i.State.Landed() && i.Err != "":
			out.Failed++
		case i.State.Landed():
			out.Landed++
		default:
			open = append(open, f)
		}
	}
	left := listed(open)
	out.At, out.May, out.List, out.Until, out.Problem = h.Now().UTC(), left.May, left.List, left.Until, problem
	return out, nil
}

// watch settles the vaults of the list side by side, and says what went wrong with the first that could not be.
func (h *Host) watch(ctx context.Context, list []domain.Flight) (problem string) {
	vaults := map[string]bool{}
	for _, f := range list {
		vaults[f.Vault] = true
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	side := make(chan struct{}, 16)
	for vault := range vaults {
		wg.Go(func() {
			side <- struct{}{}
			defer func() { <-side }()
			if err := h.Settle(ctx, vault); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if problem == "" {
					problem = err.Error()
				}
			}
		})
	}
	wg.Wait()
	return problem
}
