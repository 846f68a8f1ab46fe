// Package chaos is the fault laboratory: it pays days of a vault on a local chain with the real worker as a process of
// its own, the real Temporal development server, and one or more things going wrong, and then lets an auditor that
// shares no code with the payment path say what the chain's balances show.
//
// Faults are reached at the edges only: the wire between worker and node, the store's file, the processes, the chain.
// Parameters, vaults and points in time follow from a seed; races of the wall clock do not.
package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
)

// Scenario is one thing that goes wrong.
type Scenario struct {
	Name  string
	Group string
	About string      // What happens and what must come of it, for people.
	Mixes bool        // It may be combined with others: the day must still be paid to its end.
	Plan  func(*Plan) // Draws the parameters and says what to do when.
}

// Plan is what a run will do, drawn before anything is started.
type Plan struct {
	rng *rand.Rand

	Spec      localnet.VaultSpec
	PageSize  uint32
	Delay     time.Duration // Between pages.
	Slot      time.Duration
	Skew      time.Duration // The chain's clock against the machine's.
	Endpoints int
	WS        bool // The worker also watches by WebSocket.
	Workers   int
	Days      int
	Own       bool // A Temporal server of its own, with a database file.
	Limit     time.Duration

	// What may come of it, beside a complete day.
	Lost      bool // The first day's deadline may pass before its end.
	Refused   bool // Nothing may be opened at all; the day ends in one of Ends.
	Ends      []domain.State
	Restarts  int  // How often somebody may have to start the day again.
	Operator  bool // Somebody looks at a stuck day and resumes it.
	Drift     bool // The terms change under the day: the report must show the chain's sums, and may call them unplanned.
	Forgetful bool // The store is lost, and with it the knowledge of what is ours.

	arm    []func(*Run) error
	during []step
	after  []func(context.Context, *Run) error
	notes  []string
	mixed  bool

	unstartable bool // The worker refuses its settings.
}

// step is something that is done while the day runs.
type step struct {
	name string
	do   func(context.Context, *Run) error
}

// newPlan draws a day in fair weather.
func newPlan(seed uint64) *Plan {
	r := rand.New(rand.NewPCG(seed, 0xfee0_95))
	p := &Plan{
		rng: r, Slot: 40 * time.Millisecond, Endpoints: 2, Workers: 1, Days: 1, Limit: 150 * time.Second,
		PageSize: uint32(3 + r.IntN(3)), WS: r.IntN(2) == 0, Delay: 100 * time.Millisecond,
	}
	p.Spec = localnet.VaultSpec{Investors: 9 + r.IntN(10), LastDistribution: 1, DustIn: r.Uint64N(5_000)}
	if r.IntN(2) == 0 {
		p.Spec.DuplicateRecipients = 1 + r.IntN(2)
	}
	if r.IntN(3) == 0 {
		p.Spec.ClosedStreams = 1
	}
	if r.IntN(3) == 0 {
		p.Spec.BelowMinimum = 1
	}
	if r.IntN(4) == 0 {
		p.Days = 2
	}
	p.Spec.Seed = r.Uint64()
	return p
}

// listed is how many investors the day's list holds.
func (p *Plan) listed() int { return p.Spec.Investors - p.Spec.ClosedStreams }

// pages is how many calls the day takes.
func (p *Plan) pages() int { return (p.listed() + int(p.PageSize) - 1) / int(p.PageSize) }

// page draws one of the day's pages, from 1.
func (p *Plan) page() int { return 1 + p.rng.IntN(p.pages()) }

// middle draws a page that is neither the first nor, when there are enough, the last.
func (p *Plan) middle() int {
	if p.pages() < 3 {
		return p.pages()
	}
	return 2 + p.rng.IntN(p.pages()-2)
}

func (p *Plan) between(a, b int) int { return a + p.rng.IntN(b-a+1) }

func (p *Plan) seconds(a, b int) time.Duration { return time.Duration(p.between(a, b)) * time.Second }

func (p *Plan) say(format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}

// arms does something to the chain or the wire before the worker starts.
func (p *Plan) arms(f func(*Run) error) { p.arm = append(p.arm, f) }

// slowly makes slots, half the time, so long that a signature outlives the 17 s until a killed worker's page is taken up
// again, as it does on a real chain; with short slots it has always expired by then.
func (p *Plan) slowly() {
	if p.rng.IntN(2) == 0 && !p.mixed {
		p.Slot, p.Days = 150*time.Millisecond, 1
		p.say("slots of %s", p.Slot)
	}
}

// largePages makes pages that need lookup tables.
func (p *Plan) largePages() {
	p.PageSize, p.Spec.Investors = uint32(p.between(12, 20)), p.between(30, 48)
}

// does something while the first day runs, in a goroutine of its own. It ends with the day at the latest.
func (p *Plan) does(name string, f func(context.Context, *Run) error) {
	p.during = append(p.during, step{name, f})
}

// then does something after the first day's end.
func (p *Plan) then(f func(context.Context, *Run) error) { p.after = append(p.after, f) }

// mix makes the seed's number n of its own.
func mix(seed uint64, n int) uint64 {
	if n == 0 {
		return seed
	}
	z := seed + uint64(n)*0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return (z ^ (z >> 31)) >> 16 // Short enough to type.
}
