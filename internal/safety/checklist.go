package safety

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Names of the checklist's items.
const (
	CheckStore      = "store_works"
	CheckSwitch     = "emergency_stop_unset"
	CheckSignatures = "signatures_settled"
	CheckBooks      = "chain_equals_books"
	CheckManifest   = "manifest_unchanged"
	CheckPolicy     = "policy_unchanged"
	CheckProgram    = "program_unchanged"
	CheckSettings   = "settings_unchanged"
	CheckSigner     = "signer_reachable"
	CheckRPC        = "rpc_healthy"
	CheckIncidents  = "open_criticals"
)

// waivable are the items that two people may let pass: each may be wanted to be so. What is about money that is on its
// way, about books that do not fit, or about parts that do not work has no exception.
func waivable() []string { return []string{CheckPolicy, CheckProgram, CheckIncidents} }

// Waivable is true for an item that may be waived with a reason.
func Waivable(check string) bool { return slices.Contains(waivable(), check) }

// Passes refuses a checklist with items that failed, or whose answer is unknown, and were not waived. One that was not
// evaluated passes nothing.
func Passes(checks domain.Checks, waivers []Waiver) error {
	if len(checks) == 0 {
		return refuse(CodeChecklist, "the checklist was not evaluated")
	}
	var blocking []string
	for _, c := range checks.Blocking() {
		waived := Waivable(c.Name) && slices.ContainsFunc(waivers, func(w Waiver) bool { return w.Check == c.Name && strings.TrimSpace(w.Reason) != "" })
		if !waived {
			blocking = append(blocking, fmt.Sprintf("%s is %s: %s", c.Name, c.Result, c.Observed))
		}
	}
	if len(blocking) > 0 {
		return refuse(CodeChecklist, "the checklist does not pass: %s", strings.Join(blocking, "; ")).
			WithNext("Put it right and ask again; what may be waived with a reason is " + strings.Join(waivable(), ", "))
	}
	return nil
}

// Sources are what the checklist looks at. Each may fail by itself: its items are unknown then, and the others stand.
type Sources struct {
	Vaults    []string // Of the settings.
	Store     func(context.Context) error
	Flights   func(context.Context) ([]domain.Flight, error)
	Witness   func(ctx context.Context, vault string) (domain.Witness, error)
	Signer    func(ctx context.Context, vault string) error
	Endpoints func() []Endpoint
	Criticals func(context.Context) ([]string, error) // nil: nothing here keeps incidents.
	Settings  string                                  // Hash of what decides who gets how much.
	Emergency bool                                    // EMERGENCY_STOP of the settings.
}

// Endpoint is one RPC endpoint as the pool judges it.
type Endpoint struct {
	Name      string `json:"name"`
	Usable    bool   `json:"usable"`
	Advancing bool   `json:"advancing"`
	Reason    string `json:"reason,omitempty"`
}

// Baseline is what a stop found, kept in its evidence. nil: there is none to compare with.
type Baseline struct {
	Changed   bool             `json:"-"` // The evidence is not what was written at the stop.
	Settings  string           `json:"settings_hash"`
	Witnesses []domain.Witness `json:"vaults"`
}

// Evaluate looks at everything now and judges it. With a vault it looks at that one alone.
func (s Sources) Evaluate(ctx context.Context, vault string, before *Baseline) domain.Checks {
	vaults := s.Vaults
	if vault != "" {
		vaults = []string{vault}
	}
	seen := s.Look(ctx, vaults)
	return domain.Checks{
		s.checkStore(ctx), s.checkSwitch(), s.checkSignatures(ctx, vault), seen.books(), seen.manifests(before), seen.policies(), seen.programs(),
		s.checkSettings(before), s.checkSigners(ctx, vaults), s.checkRPC(), s.checkIncidents(ctx),
	}
}

// Seen are the vaults as they were read, in the order asked; an error is in the place of what could not be.
type Seen struct {
	Witnesses []domain.Witness
	Errs      []error
}

// Look reads the vaults, a few at a time.
func (s Sources) Look(ctx context.Context, vaults []string) Seen {
	out := Seen{Witnesses: make([]domain.Witness, len(vaults)), Errs: make([]error, len(vaults))}
	each(len(vaults), func(i int) {
		out.Witnesses[i], out.Errs[i] = s.Witness(ctx, vaults[i])
		out.Witnesses[i].Vault = vaults[i]
	})
	return out
}

// each does n things, eight at once: enough to hide latency, few enough for a provider's limit.
func each(n int, do func(int)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i := range n {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			do(i)
		})
	}
	wg.Wait()
}

func (s Sources) checkStore(ctx context.Context) domain.Check {
	c := domain.Check{Row: "S11", Name: CheckStore, Result: domain.CheckOK, Observed: "read and written", Threshold: "flags can be read and a write can begin"}
	if err := s.Store(ctx); err != nil {
		c.Result, c.Observed, c.Next = domain.CheckFail, err.Error(), "Repair the store"
	}
	return c
}

func (s Sources) checkSwitch() domain.Check {
	c := domain.Check{Row: "S11", Name: CheckSwitch, Result: domain.CheckOK, Observed: "not set", Threshold: "EMERGENCY_STOP is not set in this worker's settings"}
	if s.Emergency {
		c.Result, c.Observed, c.Next = domain.CheckFail, "set", "Take EMERGENCY_STOP out of the settings of every worker and start them again: it keeps the gate closed whatever is lifted"
	}
	return c
}

func (s Sources) checkSignatures(ctx context.Context, vault string) domain.Check {
	c := domain.Check{Row: "X10", Name: CheckSignatures, Threshold: "every signature has landed, failed or provably expired"}
	flights, err := s.Flights(ctx)
	if err != nil {
		c.Result, c.Observed = domain.CheckUnknown, err.Error()
		return c
	}
	var until uint64
	n := 0
	for _, f := range flights {
		if vault == "" || f.Vault == vault {
			n, until = n+1, max(until, f.LastValid)
		}
	}
	c.Result, c.Observed = domain.CheckOK, "none is open"
	if n > 0 {
		c.Result, c.Observed = domain.CheckFail, fmt.Sprintf("%d may still land, until block %d", n, until)
		c.Next = "Wait: the switch watches them; what is not on chain after that block is proved never to land"
	}
	return c
}

// verdict joins what was found of each vault: the worst result, and the first few vaults that have it.
type verdict struct {
	check domain.Check
	bad   map[domain.CheckResult][]string
}

func newVerdict(row, name, threshold string) verdict {
	return verdict{check: domain.Check{Row: row, Name: name, Threshold: threshold}, bad: map[domain.CheckResult][]string{}}
}

func (v verdict) add(r domain.CheckResult, vault, text string) {
	v.bad[r] = append(v.bad[r], vault+": "+text)
}

func (v verdict) close(vaults int, next string) domain.Check {
	c := v.check
	c.Result, c.Observed = domain.CheckOK, fmt.Sprintf("%d vaults", vaults)
	var parts []string
	for _, r := range []domain.CheckResult{domain.CheckFail, domain.CheckUnknown, domain.CheckWarn} {
		list := v.bad[r]
		if len(list) == 0 {
			continue
		}
		if len(parts) == 0 {
			c.Result = r
		}
		shown := list[:min(len(list), 5)]
		parts = append(parts, strings.Join(shown, "; "))
		if more := len(list) - len(shown); more > 0 {
			parts = append(parts, fmt.Sprintf("and %d more", more))
		}
	}
	if len(parts) > 0 {
		c.Observed, c.Next = clean(fmt.Sprintf("%s (of %d vaults)", strings.Join(parts, "; "), vaults), 2*longest), next
	}
	return c
}

// unread notes the vaults that could not be read; unknown is never ok.
func (s Seen) unread(v verdict) {
	for i, err := range s.Errs {
		if err != nil {
			v.add(domain.CheckUnknown, s.Witnesses[i].Vault, err.Error())
		}
	}
}

func (s Seen) read(f func(domain.Witness)) {
	for i, w := range s.Witnesses {
		if s.Errs[i] == nil {
			f(w)
		}
	}
}

func (s Seen) books() domain.Check {
	v := newVerdict("P09", CheckBooks, "the chain's cursor is where the pages in the books end")
	s.unread(v)
	s.read(func(w domain.Witness) {
		switch {
		case !w.Planned || !w.Opened && w.Complete:
		case !w.Opened:
			v.add(domain.CheckWarn, w.Vault, fmt.Sprintf("the chain's open day (%d) is not in the books: somebody else opened it", w.LastTS))
		case w.Cursor < w.BooksLeast:
			v.add(domain.CheckFail, w.Vault, fmt.Sprintf("the pages in the books end at %d, the chain's cursor is %d: a rollback, or the wrong network", w.BooksLeast, w.Cursor))
		case w.Cursor > w.BooksMost:
			v.add(domain.CheckWarn, w.Vault, fmt.Sprintf("the chain's cursor is %d, our pages end at %d: somebody else turned the rest", w.Cursor, w.BooksMost))
		}
	})
	return v.close(len(s.Witnesses), "Do not resume before it is understood: feeops checks VAULT, feeops explain VAULT INVESTOR")
}

func (s Seen) manifests(before *Baseline) domain.Check {
	v := newVerdict("P18", CheckManifest, "every stored plan is what was frozen, and what it was at the stop")
	s.unread(v)
	was := map[string]domain.Witness{}
	if before != nil && before.Changed {
		v.add(domain.CheckFail, "all", "the evidence of the stop was changed after it was written; a new stop makes a new one")
	}
	if before != nil {
		for _, w := range before.Witnesses {
			was[w.Vault] = w
		}
	}
	s.read(func(w domain.Witness) {
		old, known := was[w.Vault]
		switch {
		case w.Corrupt != "":
			v.add(domain.CheckFail, w.Vault, w.Corrupt)
		case known && old.Day == w.Day && old.Manifest != w.Manifest:
			v.add(domain.CheckFail, w.Vault, fmt.Sprintf("the plan of %s was %.12s at the stop and is %.12s", w.Day, old.Manifest, w.Manifest))
		case known && old.Manifest != w.Manifest:
			v.add(domain.CheckWarn, w.Vault, fmt.Sprintf("a plan of another day (%s) was made since the stop", w.Day))
		case before == nil && w.Planned:
			v.add(domain.CheckWarn, w.Vault, "nothing of the stop to compare with; the plan fits its own hash")
		}
	})
	return v.close(len(s.Witnesses), "Restore the store from a backup before paying")
}

func (s Seen) policies() domain.Check {
	v := newVerdict("P18", CheckPolicy, "the chain's terms are those of the last plan")
	s.unread(v)
	s.read(func(w domain.Witness) {
		if w.Planned && w.Policy != w.PlannedPolicy {
			v.add(domain.CheckFail, w.Vault, fmt.Sprintf("was %s, is %s", w.PlannedPolicy, w.Policy))
		}
	})
	return v.close(len(s.Witnesses), "Find out who changed it; if it was meant, waive it with that reason")
}

func (s Seen) programs() domain.Check {
	v := newVerdict("U-S9", CheckProgram, "program, deployment and upgrade authority are those of the last plan")
	s.unread(v)
	s.read(func(w domain.Witness) {
		if w.Planned && w.Program != w.PlannedProgram {
			v.add(domain.CheckFail, w.Vault, fmt.Sprintf("was %s, is %s", w.PlannedProgram, w.Program))
		}
	})
	return v.close(len(s.Witnesses), "Find out who changed the program and what it does now; if it was meant, waive it with that reason")
}

func (s Sources) checkSettings(before *Baseline) domain.Check {
	c := domain.Check{Row: "S12", Name: CheckSettings, Result: domain.CheckOK, Observed: fmt.Sprintf("%.12s", s.Settings), Threshold: "the settings that decide who gets how much are those of the stop"}
	switch {
	case before == nil || before.Changed:
		c.Result, c.Observed = domain.CheckWarn, "nothing of the stop to compare with"
	case before.Settings != s.Settings:
		c.Result, c.Observed, c.Next = domain.CheckWarn, fmt.Sprintf("were %.12s at the stop, are %.12s", before.Settings, s.Settings), "Make sure that the change was meant"
	}
	return c
}

func (s Sources) checkSigners(ctx context.Context, vaults []string) domain.Check {
	v := newVerdict("P14", CheckSigner, "every vault's fee payer can sign, with the key that the worker started with")
	errs := make([]error, len(vaults))
	each(len(vaults), func(i int) { errs[i] = s.Signer(ctx, vaults[i]) })
	for i, err := range errs {
		if err != nil {
			v.add(domain.CheckFail, vaults[i], err.Error())
		}
	}
	return v.close(len(vaults), "Look at the key and who may read it")
}

func (s Sources) checkRPC() domain.Check {
	c := domain.Check{Row: "P10", Name: CheckRPC, Threshold: "at least one endpoint usable, and its slot rises"}
	var usable, advancing int
	var why []string
	endpoints := s.Endpoints()
	for _, e := range endpoints {
		switch {
		case !e.Usable:
			why = append(why, e.Name+": "+e.Reason)
		case e.Advancing:
			usable, advancing = usable+1, advancing+1
		default:
			usable++
			why = append(why, e.Name+" stands still")
		}
	}
	c.Observed = fmt.Sprintf("%d of %d usable, %d advancing", usable, len(endpoints), advancing)
	switch {
	case advancing == 0:
		c.Result, c.Next = domain.CheckFail, "Look at rpc.endpoints: nothing can be known without one"
	case len(why) > 0:
		c.Result = domain.CheckWarn
	default:
		c.Result = domain.CheckOK
	}
	if len(why) > 0 {
		c.Observed += " (" + strings.Join(why, "; ") + ")"
	}
	return c
}

func (s Sources) checkIncidents(ctx context.Context) domain.Check {
	c := domain.Check{Row: "I01", Name: CheckIncidents, Result: domain.CheckOK, Observed: "none", Threshold: "no critical incident is open"}
	if s.Criticals == nil {
		c.Result, c.Observed = domain.CheckWarn, "not assessed: this worker keeps no incidents"
		return c
	}
	open, err := s.Criticals(ctx)
	switch {
	case err != nil:
		c.Result, c.Observed = domain.CheckUnknown, err.Error()
	case len(open) > 0:
		c.Result, c.Observed, c.Next = domain.CheckFail, strings.Join(open, ", "), "Resolve them, or waive this item with a reason"
	}
	return c
}
