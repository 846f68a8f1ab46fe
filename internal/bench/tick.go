package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// tick lets the watch look several times and takes what the worker recorded of it.
func (l *lab) tick(ctx context.Context, looks int) (*Tick, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(looks)*time.Minute)
	defer cancel()
	began := time.Now()
	for i := range looks {
		if err := l.stack.Client.SignalWorkflow(ctx, ops.MonitorID, "", ops.SignalTick, nil); err != nil {
			return nil, fmt.Errorf("ask the watch for a look: %w", err)
		}
		if err := until(ctx, func() (bool, error) {
			t, err := l.looks(ctx, began)
			return len(t) > i, err
		}); err != nil {
			return nil, fmt.Errorf("look %d of %d: %w", i+1, looks, err)
		}
	}
	all, err := l.looks(ctx, began)
	if err != nil {
		return nil, err
	}
	return summarizeLooks(all), nil
}

// looks are the looks that were begun since then and have ended well.
func (l *lab) looks(ctx context.Context, since time.Time) (out []domain.Operation, err error) {
	err = l.store.EachOperation(ctx, since, time.Now().Add(time.Minute), func(o domain.Operation) error {
		if o.Name == ops.TakeLook.Name && o.OK {
			out = append(out, o)
		}
		return nil
	})
	return out, err
}

func summarizeLooks(all []domain.Operation) *Tick {
	t := Tick{Looks: len(all)}
	var took []float64
	for _, o := range all {
		took = append(took, ms(o.Duration))
		t.Requests = max(t.Requests, float64(o.Requests))
	}
	t.P50, t.Most = median(took), deref(percentile(took, 100))
	return &t
}
