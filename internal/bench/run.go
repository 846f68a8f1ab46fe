package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// Options say what is measured.
type Options struct {
	Vaults    []int // Sizes of the fleets.
	Investors []int // Of one vault; the first also of every vault of a fleet.
	Slot      time.Duration
	Days      int  // 1: only the first day; 2: the next one as well, which makes no lookup tables.
	Peer      bool // Let the document's script run as well.
	PeerMost  int  // The most vaults that it pays one after the other.
	Looks     int  // Looks of the watch at each fleet.
	Command   string
	StateDir  string
	Worker    []string // Command that starts a worker.
	Env       []string
	Tell      func(line string)
	// Stop measures the emergency stop: the slowest of a hundred. Nil leaves it out.
	Stop func(ctx context.Context) (time.Duration, error)
}

// shape is a case before it is measured.
type shape struct{ vaults, investors int }

// shapes are one vault of each number of investors and each fleet of the first number, each once.
func (o Options) shapes() []shape {
	var out []shape
	for _, n := range o.Investors {
		out = append(out, shape{1, n})
	}
	for _, n := range o.Vaults {
		out = append(out, shape{n, o.Investors[0]})
	}
	slices.SortFunc(out, func(a, b shape) int {
		if a.vaults != b.vaults {
			return a.vaults - b.vaults
		}
		return a.investors - b.investors
	})
	return slices.Compact(out)
}

// Run measures everything, one case after the other. A case that fails says so and does not keep the others from being
// measured; only the context's end does.
func Run(ctx context.Context, o Options) Result {
	r := Result{Machine: thisMachine(), Command: o.Command, Started: time.Now().UTC(), SlotMS: int(o.Slot.Milliseconds()), Days: o.Days, NotMeasured: []Gap{}, Cases: []Case{}, OK: true}
	if o.Peer {
		r.Peer = &Peer{Cases: []PeerCase{}}
	}
	for _, s := range o.shapes() {
		if ctx.Err() != nil {
			r.gap(s.String(), "interrupted")
			continue
		}
		o.Tell(fmt.Sprintf("%s: a chain, Temporal and a worker of its own", s))
		c := o.measure(ctx, s, r.Peer)
		if c.Error != "" {
			r.OK = false
			o.Tell(fmt.Sprintf("%s: %s", s, c.Error))
		}
		r.Cases = append(r.Cases, c)
	}
	r.measureStop(ctx, o)
	r.Machine.LoadAfter = load()
	r.DurationMS = time.Since(r.Started).Milliseconds()
	r.conclude()
	return r
}

func (s shape) String() string { return fmt.Sprintf("%d × %d investors", s.vaults, s.investors) }

// measure is one case.
func (o Options) measure(ctx context.Context, s shape, p *Peer) Case {
	c := Case{Vaults: s.vaults, Investors: s.investors, Load: load()}
	l, err := newLab(ctx, o, s.vaults, s.investors)
	if err == nil {
		if err = o.inside(ctx, l, s, &c, p); err != nil {
			err = errors.Join(err, l.close())
		} else {
			c.Disk, err = l.measureDisk(o.Days * s.vaults)
		}
	}
	if err != nil {
		c.Error = err.Error()
	}
	return c
}

// inside measures a case while its stack runs. The script comes last: its vaults must not disturb the operations.
func (o Options) inside(ctx context.Context, l *lab, s shape, c *Case, p *Peer) (err error) {
	if c.First, err = l.pay(ctx, 1); err != nil {
		return fmt.Errorf("the first day: %w", err)
	}
	o.Tell(fmt.Sprintf("%s: first day paid in %.1f s", s, c.First.Seconds))
	if o.Days > 1 {
		if err = l.nextDay(ctx); err != nil {
			return err
		}
		if c.Next, err = l.pay(ctx, 2); err != nil {
			return fmt.Errorf("the second day: %w", err)
		}
		o.Tell(fmt.Sprintf("%s: second day paid in %.1f s, %.2f pages a second", s, c.Next.Seconds, c.Next.PagesPerSecond))
	}
	c.Memory = memory(l.stack.Worker.PID())
	if c.Tick, err = l.tick(ctx, o.Looks); err != nil {
		return err
	}
	if p == nil || s.vaults > o.PeerMost {
		return nil
	}
	return o.peers(ctx, l, s, p)
}

func (o Options) peers(ctx context.Context, l *lab, s shape, p *Peer) error {
	list := []bank.Behaviour{bank.Reference}
	if s.vaults == 1 && s.investors <= maxPublished {
		list = append(list, bank.Published)
	}
	for _, behaviour := range list {
		got, err := l.script(ctx, s.vaults, s.investors, behaviour)
		if err != nil {
			return fmt.Errorf("the document's script: %w", err)
		}
		o.Tell(fmt.Sprintf("%s: the document's script (%s) turned %d pages in %.1f s", s, behaviour, got.First.Pages, got.First.Seconds))
		p.Cases = append(p.Cases, got)
	}
	return nil
}

// maxPublished is the most investors that the published program can pay at all (CHAIN.md §1).
const maxPublished = 50

func (r *Result) measureStop(ctx context.Context, o Options) {
	if o.Stop == nil {
		r.gap("stop_p99_ms", "--stops 0")
		return
	}
	o.Tell("the emergency stop, measured by its drill")
	p99, err := o.Stop(ctx)
	if err != nil {
		r.gap("stop_p99_ms", err.Error())
		return
	}
	v := ms(p99)
	r.StopP99 = &v
}

func (r *Result) gap(what, why string) { r.NotMeasured = append(r.NotMeasured, Gap{what, why}) }
