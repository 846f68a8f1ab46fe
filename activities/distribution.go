// Package activities turns the steps of internal/distribution into retryable ones. It decides nothing: it passes names
// in, small results out, and says of every error what may be done next.
package activities

import (
	"cmp"
	"context"
	"slices"

	"go.temporal.io/sdk/activity"

	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// Day is what the activities of a vault's day need.
type Day interface {
	Flags(ctx context.Context, vault string) ([]domain.SafetyFlag, error)
	Prepare(ctx context.Context, vault string) (distribution.Prepared, error)
	Check(ctx context.Context, vault string, day domain.Day, hash string) (domain.Checks, error)
	EnsureAccounts(ctx context.Context, vault string, day domain.Day, hash string) (distribution.Ready, error)
	Rehearse(ctx context.Context, vault string, day domain.Day, hash string, cursor uint32) (distribution.Rehearsal, error)
	TurnPage(ctx context.Context, vault string, day domain.Day, hash string, cursor uint32) (distribution.Turned, error)
	FixOpening(ctx context.Context, vault string, day domain.Day, hash string) (domain.Opening, error)
	AwaitFinality(ctx context.Context, vault string, day domain.Day, hash string) (distribution.Finality, error)
	TidyTables(ctx context.Context, vault string, day domain.Day) (distribution.Tidied, error)
	Books(ctx context.Context, vault string, day domain.Day, hash string) (domain.Reconciliation, []domain.PageResult, error)
}

// codeForeignID refuses a day that was started under an id of somebody's choice.
const codeForeignID = "run/foreign_id"

// Distribution holds the activities of DailyDistribution.
type Distribution struct{ day Day }

// NewDistribution makes them.
func NewDistribution(d Day) *Distribution { return &Distribution{day: d} }

// CheckGate says whether anything may be sent for a vault. A run under another id than the vault's own is refused: no
// stop would reach it, and two runs of a vault could be under way.
func (a *Distribution) CheckGate(ctx context.Context, vault string) (ops.GateResult, error) {
	if run := activity.GetInfo(ctx); run.WorkflowType != nil && run.WorkflowType.Name == ops.DailyDistribution && run.WorkflowExecution.ID != ops.DailyID(vault) {
		return ops.GateResult{}, fault.Seal(fault.Newf(fault.Human, codeForeignID, "the run %s is not the one of vault %q: its id must be %s, so that a vault has one run at a time and a stop finds it", run.WorkflowExecution.ID, vault, ops.DailyID(vault)).
			WithNext("Start it with feeops distribute, or with that --workflow-id"))
	}
	flags, err := a.day.Flags(ctx, vault)
	if err != nil && fault.KindOf(err) != fault.Wait {
		return ops.GateResult{}, fault.Seal(err)
	}
	// Flags that cannot be read are a closed gate, not a failed activity.
	return ops.GateResult{Open: err == nil && len(flags) == 0, Flags: flags}, nil
}

// PlanDay reads the vault and freezes the manifest of the day that can be paid now (P08, X06, X26).
func (a *Distribution) PlanDay(ctx context.Context, vault string) (ops.Plan, error) {
	p, err := a.day.Prepare(ctx, vault)
	if err != nil {
		return ops.Plan{}, fault.Seal(err)
	}
	return planOf(vault, p), nil
}

func planOf(vault string, p distribution.Prepared) ops.Plan {
	m := p.Manifest
	plan := ops.Plan{
		Vault: vault, Day: m.Day, Hash: m.Hash, Behaviour: m.Behaviour, State: p.State, Reason: p.Reason, Timing: p.Timing,
		Investors: len(m.Entries) + len(m.Quarantined), Quarantined: len(m.Quarantined), PageSize: m.PageSize, Pages: len(m.Pages), Cursor: p.Cursor,
		Claimable: m.Claimable, Pool: m.Pool, Creator: m.Creator, Token: m.Token, Tables: m.Tables, Continued: p.Continued, Closed: p.Closed,
		PageDelay: p.PageDelay, Hold: p.Hold,
	}
	for _, e := range m.Entries {
		if e.NeedsATA {
			plan.NeedATA++
		}
	}
	if p.CreatorMissing {
		plan.NeedATA++ // The program refuses every page without it (6017).
	}
	return plan
}

// RunChecks evaluates and stores P01–P21.
func (a *Distribution) RunChecks(ctx context.Context, r ops.DayRef) (ops.ChecksResult, error) {
	checks, err := a.day.Check(ctx, r.Vault, r.Day, r.Hash)
	return ops.ChecksResult{Checks: checks}, fault.Seal(err)
}

// EnsureAccounts creates missing token accounts and lookup tables.
func (a *Distribution) EnsureAccounts(ctx context.Context, r ops.DayRef) (ops.AccountsResult, error) {
	defer heartbeat(ctx)()
	ready, err := a.day.EnsureAccounts(ctx, r.Vault, r.Day, r.Hash)
	return ops.AccountsResult{Created: ready.Created, Tables: ready.Tables, Signatures: ready.Signatures, Bare: ready.Bare}, fault.Seal(err)
}

// Preflight simulates a page and holds it against the plan (X21).
func (a *Distribution) Preflight(ctx context.Context, in ops.PageInput) (ops.PreflightResult, error) {
	r, err := a.day.Rehearse(ctx, in.Vault, in.Day, in.Hash, in.Cursor)
	return ops.PreflightResult{OK: r.OK, Reason: r.Reason, Code: r.Code, Units: r.Units, Paid: r.Paid, Closes: r.Closes, Replan: r.Replan}, fault.Seal(err)
}

// SendPage settles what was sent before, then signs, stores and sends one page, always under a cursor guard.
func (a *Distribution) SendPage(ctx context.Context, in ops.PageInput) (ops.PageResult, error) {
	defer heartbeat(ctx)()
	t, err := a.day.TurnPage(ctx, in.Vault, in.Day, in.Hash, in.Cursor)
	return ops.PageResult{Signature: t.Signature, Ours: t.Ours, Cursor: t.Cursor, Slot: t.Slot, SentSlot: t.SentSlot, Paid: t.Paid, Closed: t.Closed}, fault.Seal(err)
}

// FixOpening works out the exact figures of an opened day.
func (a *Distribution) FixOpening(ctx context.Context, r ops.DayRef) (ops.OpeningResult, error) {
	defer heartbeat(ctx)()
	o, err := a.day.FixOpening(ctx, r.Vault, r.Day, r.Hash)
	return ops.OpeningResult{TS: o.TS, Claimed: o.Claimed, Pool: o.Pool, Creator: o.Creator}, fault.Seal(err)
}

// AwaitFinality waits until every signature of the day is finalized.
func (a *Distribution) AwaitFinality(ctx context.Context, r ops.DayRef) (ops.FinalityResult, error) {
	defer heartbeat(ctx)()
	f, err := a.day.AwaitFinality(ctx, r.Vault, r.Day, r.Hash)
	return ops.FinalityResult{Finalized: f.Finalized, Lost: f.Lost, Cursor: f.Cursor, Complete: f.Complete, CloseSlot: f.CloseSlot}, fault.Seal(err)
}

// Reconcile compares plan and finalized chain, investor by investor.
func (a *Distribution) Reconcile(ctx context.Context, r ops.DayRef) (ops.ReconcileResult, error) {
	defer heartbeat(ctx)()
	result, pages, err := a.day.Books(ctx, r.Vault, r.Day, r.Hash)
	out := ops.ReconcileResult{Result: result, Signatures: make([]string, 0, len(pages))}
	for _, p := range pages {
		out.Signatures = append(out.Signatures, p.Signature)
		out.FeeLamports += p.FeeLamports
		if p.Closed {
			out.CloseSlot = p.Slot
		}
	}
	if len(pages) > 0 {
		out.FirstSlot = slices.MinFunc(pages, func(x, y domain.PageResult) int { return cmp.Compare(x.Slot, y.Slot) }).Slot
	}
	return out, fault.Seal(err)
}

// TidyTables takes lookup tables out of use that no page needs any more, and gets their rent back.
func (a *Distribution) TidyTables(ctx context.Context, r ops.DayRef) (ops.TidyResult, error) {
	defer heartbeat(ctx)()
	t, err := a.day.TidyTables(ctx, r.Vault, r.Day)
	return ops.TidyResult{Deactivated: t.Deactivated, Closed: t.Closed, Signatures: t.Signatures}, fault.Seal(err)
}

// Names are the functions by the names that internal/ops gives them.
func (a *Distribution) Names() map[string]any {
	return map[string]any{
		ops.CheckGate.Name: a.CheckGate, ops.PlanDay.Name: a.PlanDay, ops.RunChecks.Name: a.RunChecks,
		ops.EnsureAccounts.Name: a.EnsureAccounts, ops.Preflight.Name: a.Preflight, ops.SendPage.Name: a.SendPage,
		ops.FixOpening.Name: a.FixOpening, ops.AwaitFinality.Name: a.AwaitFinality, ops.Reconcile.Name: a.Reconcile,
		ops.TidyTables.Name: a.TidyTables,
	}
}
