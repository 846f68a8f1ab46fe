package notify

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
)

// Report says who was told.
type Report struct {
	Told     bool      `json:"told"` // At least one channel has it, now or before.
	Outcomes []Outcome `json:"outcomes"`
	Down     []string  `json:"down,omitempty"` // Channels that failed for good: worth an alert in another one (N08).
}

const (
	firstWait = time.Second
	mostWait  = 30 * time.Second
)

// Dispatch plans a message and tells it, each channel in its own time: one that hangs delays no other. A channel that
// fails for good, or too often, is replaced by the next of the fallbacks. It returns when every channel has ended.
func (d *Dispatcher) Dispatch(ctx context.Context, m Message) Report {
	run := dispatch{d: d, m: m, tried: d.Plan(ctx, m)}
	var group sync.WaitGroup
	ends := make([][]Outcome, len(run.tried))
	for i, name := range run.tried {
		group.Go(func() { ends[i] = run.chain(ctx, name) })
	}
	group.Wait()
	var report Report
	for _, chain := range ends {
		for _, o := range chain {
			report.Outcomes = append(report.Outcomes, o)
			if o.Error != "" || o.State == domain.DeliveryFailed {
				report.Down = append(report.Down, o.Channel)
			} else {
				report.Told = true
			}
		}
	}
	return report
}

// dispatch is one message on its way.
type dispatch struct {
	d *Dispatcher
	m Message

	mu    sync.Mutex
	tried []string
}

// chain tells one channel, or what takes its place.
func (r *dispatch) chain(ctx context.Context, name string) []Outcome {
	var out []Outcome
	for inPlaceOf := ""; ; {
		o, err := r.series(ctx, name)
		o.InPlaceOf = inPlaceOf
		out = append(out, o)
		if err == nil || ctx.Err() != nil {
			return out
		}
		if giveUp := r.d.GiveUp(ctx, name, r.m, err); giveUp != nil {
			r.d.p.Log.Warn("the end of a delivery cannot be recorded", "channel", name, "key", r.m.Key, "error", giveUp)
		}
		next, ok := r.next()
		if !ok {
			return out
		}
		r.d.p.Log.Warn("a channel failed, another takes its place", "channel", name, "next", next, "key", r.m.Key, "code", o.Code)
		if inPlaceOf == "" {
			inPlaceOf = name
		}
		name = next
	}
}

// next takes the next fallback, so that two failed channels do not take the same one.
func (r *dispatch) next() (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name, ok := r.d.Next(r.m, r.tried)
	if ok {
		r.tried = append(r.tried, name)
	}
	return name, ok
}

// series tries one channel until it is told, or only people can mend it, or it was tried often enough.
func (r *dispatch) series(ctx context.Context, name string) (Outcome, error) {
	p, wait := r.d.p, firstWait
	for attempt := 1; ; attempt++ {
		o, err := r.d.DeliverTo(ctx, name, r.m)
		if err == nil {
			return o, nil
		}
		o.Code, o.Error = fault.CodeOf(err), Cut(Line(err.Error()), maxRecorded)
		kind, pause := fault.KindOf(err), after(err)
		if kind != fault.Retry && kind != fault.Unknown || attempt >= p.Attempts || pause > p.Patience {
			return o, err
		}
		if pause == 0 {
			pause = min(wait+p.Jitter(wait), p.Patience)
			wait = min(2*wait, mostWait)
		}
		if p.Sleep(ctx, pause) != nil {
			return o, err
		}
	}
}

// after is how long a failure asks to wait; 0 leaves it to us.
func after(err error) time.Duration {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.After
	}
	return 0
}
