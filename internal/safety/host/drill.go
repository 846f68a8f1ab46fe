package host

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// drillWait bounds one measurement. A stop that took so long has failed its promise ten times over.
const drillWait = 10 * time.Second

// MeasureStop sends the switch a drill order and waits until this worker's gate reads its flag: the way of a real stop,
// from the signal to the store. It says how long that took, and how many distributions ran beside it.
func (h *Host) MeasureStop(ctx context.Context, id string) (took time.Duration, running int, err error) {
	if err := h.sweep(ctx); err != nil {
		return 0, 0, err
	}
	running, err = h.running(ctx)
	if err != nil {
		return 0, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, drillWait)
	defer cancel()
	began := h.Now()
	if err := h.Runs.Drill(ctx, id); err != nil {
		return 0, running, fmt.Errorf("signal the drill: %w", err)
	}
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for {
		flags, err := h.Store.Safety(ctx, id) // As every gate reads it.
		for _, f := range flags {
			if f.Kind == domain.SafetyDrill && f.Vault == id {
				return h.Now().Sub(began), running, h.endDrill(ctx, f)
			}
		}
		if err != nil && ctx.Err() == nil {
			return 0, running, fmt.Errorf("read the gate: %w", err)
		}
		select {
		case <-ctx.Done():
			return 0, running, fault.Newf(fault.Human, "drill/unseen", "the drill %s was not seen at the gate within %s", id, drillWait).
				WithNext("Look at the workflow safety-switch: a real stop by signal would be as late. feeops stop writes the flag itself")
		case <-ticker.C:
		}
	}
}

// sweep takes away what drills left that were interrupted.
func (h *Host) sweep(ctx context.Context) error {
	flags, _, err := h.Store.SafetyMark(ctx)
	if err != nil {
		return fmt.Errorf("read what earlier drills left: %w", err)
	}
	for _, f := range flags {
		if f.Kind == domain.SafetyDrill {
			if err := h.endDrill(ctx, f); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
	}
	return nil
}

func (h *Host) endDrill(ctx context.Context, f domain.SafetyFlag) error {
	f.At = h.Now()
	if err := h.Store.ClearSafety(ctx, f); err != nil {
		return fmt.Errorf("end the drill: %w", err)
	}
	return nil
}

// running counts the distributions that run now.
func (h *Host) running(ctx context.Context) (int, error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	n := 0
	var errs []error
	side := make(chan struct{}, 16)
	for _, vault := range h.Sources.Vaults {
		wg.Go(func() {
			side <- struct{}{}
			defer func() { <-side }()
			live, err := h.Runs.Running(ctx, vault)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
			}
			if live {
				n++
			}
		})
	}
	wg.Wait()
	return n, errors.Join(errs...)
}
