package drill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

// Limit is how long a stop may take, for 99 of 100.
const Limit = time.Second

// Options are a drill's.
type Options struct {
	Running int // Distributions that run when the stop comes.
	Samples int
	Workers int
	Worker  []string // Command that starts a worker; --config and the file are added.
	Env     []string
	Dir     string
	Slot    time.Duration // Of the chain; 0 is a fast one.
	Tell    func(line string)
}

// Sample is one stop.
type Sample struct {
	Gate  time.Duration // From the signal until the flag could be read.
	Send  time.Duration // From the signal until the last transaction on the wire; 0 when none came after it.
	Sends int           // Transactions in the ten seconds before the signal: what there was to stop.
	Late  int           // Transactions after the gate had closed.
}

// Took is the sample's figure.
func (s Sample) Took() time.Duration { return max(s.Gate, s.Send) }

// Result is a drill's.
type Result struct {
	Running int
	Samples []Sample
	P50     time.Duration
	P99     time.Duration
}

// OK is true when the promise holds.
func (r Result) OK() bool { return len(r.Samples) > 0 && r.P99 <= Limit }

// sum works the figures out.
func (r *Result) sum() {
	var ms []float64
	for _, s := range r.Samples {
		ms = append(ms, float64(s.Took().Microseconds())/1000)
	}
	r.P50 = time.Duration(safety.Percentile(ms, 50) * float64(time.Millisecond))
	r.P99 = time.Duration(safety.Percentile(ms, 99) * float64(time.Millisecond))
}

// Stop builds the stack, and stops and resumes it as often as asked.
func Stop(ctx context.Context, o Options) (r Result, err error) {
	lab, err := build(ctx, o)
	if lab != nil {
		defer func() { err = errors.Join(err, lab.close()) }()
	}
	if err != nil {
		return r, err
	}
	for n := range o.Samples {
		running, err := lab.pay(ctx)
		if err != nil {
			return r, fmt.Errorf("sample %d: start the days: %w", n+1, err)
		}
		one, err := lab.stop(ctx, fmt.Sprintf("drill %d", n+1))
		if err != nil {
			return r, fmt.Errorf("sample %d: %w", n+1, err)
		}
		r.Samples = append(r.Samples, one)
		if r.Running == 0 || running < r.Running {
			r.Running = running
		}
		r.sum()
		o.Tell(fmt.Sprintf("%3d/%d  %4d ms to the gate, %4d ms to the last send; %d distributions, %d sends in the 10 s before, %d after the gate closed",
			n+1, o.Samples, one.Gate.Milliseconds(), one.Send.Milliseconds(), running, one.Sends, one.Late))
		if err := lab.resume(ctx); err != nil {
			return r, fmt.Errorf("sample %d: resume: %w", n+1, err)
		}
	}
	return r, nil
}

const (
	// after is how long the wire is watched beyond the gate's closing. What was on its way needs milliseconds.
	after = 2 * time.Second
	// patience bounds every wait for the stack.
	patience = 3 * time.Minute
)

// stop signals the switch as anybody with the temporal CLI would, and watches gate and wire.
func (l *lab) stop(ctx context.Context, why string) (Sample, error) {
	began := time.Now()
	order := map[string]string{"scope": safety.ScopeAll, "reason": why, "actor": "drill"}
	if err := l.client.SignalWorkflow(ctx, ops.SwitchID(l.queue), "", ops.SignalEmergencyStop, order); err != nil {
		return Sample{}, fmt.Errorf("signal the stop: %w", err)
	}
	closed, err := l.gate(ctx)
	if err != nil {
		return Sample{}, err
	}
	if err := pause(ctx, after); err != nil {
		return Sample{}, err
	}
	before, last, late := l.sends(began, closed)
	s := Sample{Gate: closed.Sub(began), Sends: before, Late: late}
	if last.After(began) {
		s.Send = last.Sub(began)
	}
	return s, nil
}

// gate waits until the flag can be read, by the question that every worker asks before every send.
func (l *lab) gate(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		flags, err := l.store.Safety(ctx, l.vaults[0])
		now := time.Now()
		for _, f := range flags {
			if f.Kind == domain.SafetyStop {
				return now, nil
			}
		}
		if err != nil {
			return now, fmt.Errorf("read the gate: %w", err)
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return now, fmt.Errorf("the gate did not close: %w", err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
