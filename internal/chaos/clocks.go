package chaos

import (
	"context"
	"os"
	"time"

	"github.com/meteora-fee-router/feeops/internal/chaos/proxy"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// clocks are deadlines and clocks that do not agree. The real clock of a machine cannot be moved without privileges: a
// worker is told that its own is wrong, or the chain's is moved against it.
func clocks() []Scenario {
	const group = "time"
	const day = 24 * time.Hour
	skewed := func(name, about string, skew time.Duration) Scenario {
		return Scenario{name, group, about, true, func(p *Plan) { p.Skew = skew }}
	}
	return []Scenario{
		skewed("clock-day-behind", "the machine's clock is a day behind the chain's", day),
		skewed("clock-day-ahead", "the machine's clock is a day ahead of the chain's", -day),
		{"machine-clock-jumps", group, "the worker's clock jumps by a day, forth or back, in the middle of the day and stays wrong", true, func(p *Plan) {
			k, by := p.page(), day
			if p.rng.IntN(2) == 0 {
				by = -day
			}
			p.say("before page %d by %s", k, by)
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "clock jumps", Method: "sendTransaction", Pages: true, Nth: k, Before: func(proxy.Call) {
					if err := os.WriteFile(r.path("clock"), []byte(by.String()), 0o600); err != nil {
						r.trouble("clock jumps", err)
					}
				}})
				return nil
			})
		}},
		{"clock-skew", group, "the chain's clock jumps by minutes, forth and back, in the middle of the day", false, func(p *Plan) {
			k := p.middle()
			by := time.Duration(p.between(20, 600)) * time.Second
			p.say("before page %d by %s", k, by)
			p.held("jump", k, func(ctx context.Context, r *Run) error { return r.advance(ctx, by) })
		}},
		{"clock-backwards", group, "the chain's clock falls behind the day's opening, and recovers", false, func(p *Plan) {
			k, hold := p.middle(), p.seconds(2, 6)
			p.Operator, p.Restarts = true, 2
			p.say("before page %d for %s", k, hold)
			p.held("fall back", k, func(_ context.Context, r *Run) error {
				r.node.AdvanceClock(-day)
				time.AfterFunc(hold, func() { r.node.AdvanceClock(day); close(r.calm) })
				r.node.Slots(2)
				return nil
			})
		}},
		{"rollover", group, "the day's deadline passes while pages are left: the day is lost with a list, the next one starts clean", false, func(p *Plan) {
			k := p.middle()
			p.Lost, p.Days, p.Ends = true, 2, []domain.State{domain.Failed}
			p.say("before page %d", k)
			p.held("deadline passes", k, func(ctx context.Context, r *Run) error { return r.advance(ctx, day) })
		}},
		{"rollover-in-flight", group, "the deadline passes while a page is on its way: it must not count for the next day", false, func(p *Plan) {
			k := p.middle()
			p.Lost, p.Days, p.Ends = true, 2, []domain.State{domain.Failed}
			p.say("page %d", k)
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "deadline passes in flight", Method: "sendTransaction", Pages: true, Nth: k, Before: func(proxy.Call) {
					r.node.AdvanceClock(day)
					r.node.Slots(3)
				}})
				return nil
			})
		}},
		{"near-deadline", group, "only minutes are left when the day is at its middle, and it is still paid", false, func(p *Plan) {
			k := p.middle()
			p.say("before page %d", k)
			p.held("deadline comes near", k, func(ctx context.Context, r *Run) error {
				progress, err := r.vault.Progress(r.bank(), bank.Processed)
				if err != nil {
					return err
				}
				left := progress.LastDistributionTS + domain.DaySeconds - r.bank().UnixTime(bank.Processed)
				return r.advance(ctx, time.Duration(left-600)*time.Second)
			})
		}},
		{"late-page-0", group, "page 0 of yesterday lands a day late and opens today", false, func(p *Plan) {
			p.arms(func(r *Run) error {
				r.rule(&proxy.Rule{Name: "page 0 is late", Method: "sendTransaction", Pages: true, Nth: 1, Do: proxy.Swallow, Before: func(c proxy.Call) {
					r.node.AdvanceClock(day)
					r.node.Slots(3)
					if _, err := r.bank().Submit(c.Raw, bank.SubmitOptions{DelaySlots: 10}); err != nil {
						r.trouble("page 0 is late", err)
					}
				}})
				return nil
			})
		}},
		{"first-day-ever", group, "the vault never ran before: last_ts is 0", true, func(p *Plan) {
			p.Spec.LastDistribution, p.Spec.DustIn = 0, 0
		}},
	}
}
