package chaos

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"github.com/meteora-fee-router/feeops/internal/chaos/proxy"
	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// orders are what people do to a running day, at any of its steps.
func orders() []Scenario {
	const group = "order"
	return []Scenario{
		{"emergency-stop", group, "the emergency stop falls in the middle: nothing leaves until it is lifted, then the day goes on", false, func(p *Plan) {
			k, hold := p.middle(), p.seconds(2, 5)
			p.Operator, p.Restarts = true, 2
			p.say("before page %d for %s", k, hold)
			p.held("emergency stop", k, func(_ context.Context, r *Run) error {
				if err := r.safety(func(s *store.Store, f domain.SafetyFlag) error { return s.SetSafety(context.Background(), f) }); err != nil {
					return err
				}
				r.wire.stop(true)
				time.AfterFunc(hold, func() {
					r.wire.stop(false)
					if err := r.safety(func(s *store.Store, f domain.SafetyFlag) error { return s.ClearSafety(context.Background(), f) }); err != nil {
						r.trouble("lift the stop", err)
					}
					close(r.calm)
				})
				return nil
			})
		}},
		{"pause-anywhere", group, "the day is paused at any step and resumed", true, func(p *Plan) {
			k, hold := p.between(1, 12+6*p.pages()), p.between(1, 20)
			p.say("at request %d for %d00 ms", k, hold)
			p.does("pause", func(ctx context.Context, r *Run) error {
				if err := r.requests(ctx, k); err != nil {
					return err
				}
				if err := r.signal(ctx, ops.SignalPause, "a look around"); err != nil {
					return nil //nolint:nilerr // The day was over first.
				}
				if err := pause(ctx, time.Duration(hold)*100*time.Millisecond); err != nil {
					return nil //nolint:nilerr // Likewise.
				}
				return r.signal(ctx, ops.SignalResume, "go on")
			})
		}},
		{"stop-and-restart", group, "the day is stopped at any step and started again", false, func(p *Plan) {
			k := p.between(1, 12+6*p.pages())
			p.Restarts = 1
			p.say("at request %d", k)
			p.does("stop", func(ctx context.Context, r *Run) error {
				if err := r.requests(ctx, k); err != nil {
					return err
				}
				_ = r.signal(ctx, ops.SignalStop, "the end, for now") // The day may be over already.
				return nil
			})
		}},
		{"signal-storm", group, "hundreds of pause and resume signals, also double ones, during the whole day", true, func(p *Plan) {
			n := p.between(100, 250)
			p.say("%d signals", n)
			p.does("signal storm", func(ctx context.Context, r *Run) error {
				if err := r.requests(ctx, 1); err != nil {
					return err
				}
				defer func() { _ = r.signal(context.Background(), ops.SignalResume, "the storm is over") }()
				for i := range n {
					name := []string{ops.SignalPause, ops.SignalResume, ops.SignalResume, ops.SignalPause}[i%4]
					if r.signal(ctx, name, "storm") != nil {
						return nil // The day is over.
					}
				}
				return nil
			})
		}},
		{"cli-terminate", group, "the workflow is terminated with the temporal CLI at any step and started again", false, func(p *Plan) {
			k := p.between(2, 12+6*p.pages())
			p.Restarts = 1
			p.say("at request %d", k)
			p.does("terminate", func(ctx context.Context, r *Run) error {
				if err := r.requests(ctx, k); err != nil {
					return err
				}
				return r.cli(ctx, "terminate", "--reason", "chaos")
			})
		}},
		{"cli-reset", group, "the workflow is reset to its beginning with the temporal CLI while it pays", false, func(p *Plan) {
			k := p.page()
			p.Restarts = 1
			p.say("after page %d", k)
			p.does("reset", func(ctx context.Context, r *Run) error {
				if err := r.sends(ctx, k); err != nil {
					return err
				}
				return r.cli(ctx, "reset", "--type", "FirstWorkflowTask", "--reason", "chaos")
			})
		}},
		{"terminate-and-kill", group, "a page is held back, worker and workflow end, the day is started again at once, and the page lands", false, func(p *Plan) {
			k := p.page()
			p.Restarts = 1
			p.say("page %d", k)
			p.arms(func(r *Run) error {
				r.landLate(k, 110).After = func(proxy.Call) {
					r.kill(0)
					if err := r.client.TerminateWorkflow(context.Background(), ops.DailyID(r.id), "", "chaos"); err != nil {
						r.trouble("terminate", err)
					}
				}
				return nil
			})
		}},
	}
}

// requests waits until the worker has asked so many times.
func (r *Run) requests(ctx context.Context, n int) error {
	return r.until(ctx, fmt.Sprintf("request %d", n), func() bool {
		return r.net.Count("")-r.net.Count("getSlot")-r.net.Count("getGenesisHash") >= n
	})
}

func (r *Run) sends(ctx context.Context, n int) error {
	return r.until(ctx, fmt.Sprintf("send %d", n), func() bool { return r.wire.count() >= n })
}

// cli runs a command of the Temporal CLI on the day's workflow. One that has ended meanwhile is no failure.
func (r *Run) cli(ctx context.Context, command string, args ...string) error {
	args = append([]string{"workflow", command, "--address", r.address, "--namespace", devstack.Namespace, "--workflow-id", ops.DailyID(r.id)}, args...)
	cmd := exec.CommandContext(ctx, r.lab.binary, args...)
	cmd.Env = devstack.Environment(r.lab.o.Env)
	out, err := cmd.CombinedOutput()
	r.tell("temporal workflow %s: %s", command, out)
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("temporal workflow %s: %w: %s", command, err, out)
	}
	return nil
}

// safety changes the emergency stop in the worker's store, as the safety switch does.
func (r *Run) safety(f func(*store.Store, domain.SafetyFlag) error) (err error) {
	s, err := store.Open(context.Background(), "file:"+r.store())
	if err != nil {
		return err
	}
	defer func() {
		if e := s.Close(); err == nil {
			err = e
		}
	}()
	return f(s, domain.SafetyFlag{Kind: domain.SafetyStop, Reason: "chaos", Actor: "chaos", At: time.Now()})
}
