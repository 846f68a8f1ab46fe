package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/internal/devstack"
)

// Options are a laboratory's.
type Options struct {
	Runs      int
	Seed      uint64
	Scenarios []string // Names, or several joined by +; empty: all of them, and mixtures.
	Parallel  int
	Worker    []string // Command that starts a worker; --config and the file are added.
	Env       []string
	Dir       string // Where runs keep what they write; those that fail stay.
	Tell      func(line string)
	Verbose   bool
	Done      func(Result) // Called after every run, one at a time.
}

// Lab runs scenarios.
type Lab struct {
	o        Options
	binary   string // The Temporal CLI.
	temporal *devstack.Temporal
}

// job is one run that is to be made.
type job struct {
	n     int
	seed  uint64
	names []string
}

// Execute makes the runs and returns their results in order. Errors: the laboratory itself could not be set up, or the
// context ended.
func Execute(ctx context.Context, o Options) (results []Result, err error) {
	jobs, err := o.jobs()
	if err != nil {
		return nil, err
	}
	lab := &Lab{o: o}
	if lab.binary, err = devstack.TemporalBinary(ctx, o.Tell); err != nil {
		return nil, err
	}
	dir := filepath.Join(o.Dir, "server")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the laboratory's directory: %w", err)
	}
	if lab.temporal, err = devstack.StartTemporal(ctx, devstack.TemporalOptions{Binary: lab.binary, Dir: dir}); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lab.temporal.Stop(context.WithoutCancel(ctx))) }()
	results = make([]Result, len(jobs))
	queue := make(chan int)
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range max(o.Parallel, 1) {
		wg.Go(func() {
			for i := range queue {
				r := lab.run(ctx, jobs[i])
				mu.Lock()
				results[i] = r
				if ctx.Err() == nil {
					o.Done(r)
				}
				mu.Unlock()
			}
		})
	}
	for i := range jobs {
		select {
		case queue <- i:
		case <-ctx.Done(): // The rest is not begun.
		}
	}
	close(queue)
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return results, nil
}

// jobs chooses the scenarios: those that are named, or all in an order of the seed, with every fourth run a mixture.
func (o Options) jobs() ([]job, error) {
	all := Scenarios()
	var mixable []string
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name
		if s.Mixes {
			mixable = append(mixable, s.Name)
		}
	}
	if err := CheckNames(o.Scenarios); err != nil {
		return nil, err
	}
	order := rand.New(rand.NewPCG(o.Seed, 1)).Perm(len(all))
	var out []job
	single := 0
	for n := range o.Runs {
		j := job{n: n, seed: mix(o.Seed, n)}
		switch {
		case len(o.Scenarios) > 0:
			j.names = strings.Split(o.Scenarios[n%len(o.Scenarios)], "+")
		case n%4 == 3:
			r := rand.New(rand.NewPCG(j.seed, 2))
			for _, i := range r.Perm(len(mixable))[:2+r.IntN(2)] {
				j.names = append(j.names, mixable[i])
			}
		default:
			j.names = []string{names[order[single%len(all)]]}
			single++
		}
		out = append(out, j)
	}
	return out, nil
}

// CheckNames refuses scenarios that do not exist and mixtures of what cannot be mixed.
func CheckNames(list []string) error {
	for _, wanted := range list {
		names := strings.Split(wanted, "+")
		for _, name := range names {
			at := Place(name)
			switch {
			case at == len(Scenarios()):
				return fmt.Errorf("no scenario is called %q; see feeops chaos --list", name)
			case len(names) > 1 && !Scenarios()[at].Mixes:
				return fmt.Errorf("scenario %q cannot be combined with others", name)
			}
		}
	}
	return nil
}

// Place is a scenario's place in the table; behind the last for what is none.
func Place(name string) int {
	all := Scenarios()
	for i, s := range all {
		if s.Name == name {
			return i
		}
	}
	return len(all)
}

// run makes one run from plan to verdict.
func (l *Lab) run(ctx context.Context, j job) (res Result) {
	began := time.Now()
	res = Result{Run: j.n + 1, Seed: j.seed, Scenario: strings.Join(j.names, "+")}
	plan := PlanOf(j.seed, j.names)
	res.Notes = plan.notes
	r := &Run{plan: plan, lab: l, id: fmt.Sprintf("chaos-%d-%x", j.n+1, j.seed), calm: make(chan struct{})}
	r.dir = filepath.Join(l.o.Dir, r.id)
	r.tell = func(format string, args ...any) {
		if l.o.Verbose {
			l.o.Tell(fmt.Sprintf("run %d: ", j.n+1) + fmt.Sprintf(format, args...))
		}
	}
	limited, cancel := context.WithTimeout(ctx, plan.Limit)
	defer cancel()
	if err := r.once(limited, &res); err != nil {
		res.Problems = append(res.Problems, err.Error())
	}
	res.close()
	keep := !res.OK
	if keep {
		res.Dir = r.dir
	}
	if err := r.close(keep); err != nil && res.OK {
		res.OK, res.Problems = false, append(res.Problems, err.Error())
	}
	res.Duration = time.Since(began)
	return res
}

// once builds the world, pays the days, lets everything land that still can, and judges.
func (r *Run) once(ctx context.Context, res *Result) error {
	if err := r.build(ctx); err != nil {
		return err
	}
	s, err := r.days(ctx)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for _, w := range r.workers {
		if !r.plan.unstartable {
			err = errors.Join(err, w.Failure())
		}
		err = errors.Join(err, w.Stop(gone))
	}
	// What is still on its way lands now, before anybody judges.
	r.node.Slots(200)
	verdict := r.auditor.Judge()
	if err != nil {
		s.troubles = append(s.troubles, err.Error())
	}
	r.mu.Lock()
	s.troubles = append(s.troubles, r.troubles...)
	r.mu.Unlock()
	for _, check := range r.checks {
		if err := check(); err != nil {
			s.troubles = append(s.troubles, err.Error())
		}
	}
	for _, rule := range r.rules {
		if rule.Nth > 0 && !fired(rule) {
			s.troubles = append(s.troubles, "never came to it: "+rule.Name)
		}
	}
	res.judge(r.plan, verdict, s)
	res.Broken = r.wire.said()
	return nil
}

func fired(rule interface{ Fired() <-chan struct{} }) bool {
	select {
	case <-rule.Fired():
		return true
	default:
		return false
	}
}

// PlanOf draws the plan of a run: the same seed and names give the same plan.
func PlanOf(seed uint64, names []string) *Plan {
	p := newPlan(seed)
	p.mixed = len(names) > 1
	for _, s := range Scenarios() {
		if slices.Contains(names, s.Name) {
			s.Plan(p)
		}
	}
	p.say("%d investors, pages of %d, %d days", p.Spec.Investors, p.PageSize, p.Days)
	return p
}
