package devstack

import (
	"context"
	"errors"
	"fmt"
)

// parts are what was started, in that order. They end in the reverse one, because each uses those before it.
type parts []part

type part struct {
	name string
	stop func(ctx context.Context) error
}

func (p *parts) add(name string, stop func(ctx context.Context) error) {
	*p = append(*p, part{name, stop})
}

// stop ends each once. One that fails to end does not keep the others running.
func (p *parts) stop(ctx context.Context) error {
	var errs []error
	for len(*p) > 0 {
		last := (*p)[len(*p)-1]
		*p = (*p)[:len(*p)-1]
		if err := last.stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", last.name, err))
		}
	}
	return errors.Join(errs...)
}
