// Package host carries out what the safety switch decides: on the store, the chain, the running distributions, and by
// telling people. It believes no workflow: what lifts a flag is judged again here, by this worker's own settings.
package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/safety"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Store keeps flags and the audit log.
type Store interface {
	SetSafety(ctx context.Context, f domain.SafetyFlag) error
	ClearSafety(ctx context.Context, f domain.SafetyFlag) error
	SafetyMark(ctx context.Context) ([]domain.SafetyFlag, int64, error)
	LiftSafety(ctx context.Context, l store.Lift) error
	Audit(ctx context.Context, e store.AuditEntry) error
	Flights(ctx context.Context) ([]domain.Flight, error)
	Intent(ctx context.Context, signature string) (domain.Intent, bool, error)
	Safety(ctx context.Context, vault string) ([]domain.SafetyFlag, error)
}

// Runs are the vaults' distributions.
type Runs interface {
	Stop(ctx context.Context, vault, reason, actor string) (found bool, err error)
	Running(ctx context.Context, vault string) (bool, error)
	Drill(ctx context.Context, id string) error // Signals the switch.
}

// Chain knows how far blocks are final.
type Chain interface {
	ExpiryHeight(ctx context.Context) (height uint64, endpoints int, err error)
}

// Params are the host's parts.
type Params struct {
	Store    Store
	Chain    Chain
	Runs     Runs
	Vaults   []string                                      // All of the settings, also those that are not paid any more: one may still have a run.
	Settle   func(ctx context.Context, vault string) error // Watches a vault's open signatures to their end.
	Sources  safety.Sources
	Roster   operator.Roster
	Evidence Evidence
	Scene    func(context.Context) (parts any, unknown []string) // The machine, the workers and the queue, for the evidence; nil: not kept.
	Now      func() time.Time
	Log      *slog.Logger
}

// Host is one worker's side of the switch.
type Host struct{ Params }

// New makes it.
func New(p Params) *Host { return &Host{p} }

// Facts reads the flags, and says who and what the settings know.
func (h *Host) Facts(ctx context.Context) (safety.Facts, error) {
	flags, mark, err := h.Store.SafetyMark(ctx)
	if err != nil {
		return safety.Facts{}, fmt.Errorf("read the safety flags: %w", err)
	}
	return safety.Facts{Flags: flags, AsOf: mark, Vaults: h.Vaults, Roster: h.Roster}, nil
}

// Raise stores a flag. From its return on no gate of any worker lets a transaction through.
func (h *Host) Raise(ctx context.Context, f domain.SafetyFlag) error {
	if err := h.Store.SetSafety(ctx, f); err != nil {
		return fmt.Errorf("raise the flag: %w", err)
	}
	return nil
}

// StopRuns tells the running distributions that a flag concerns. That a vault has no run is fine; a run that cannot be
// told is named, and its gate is closed all the same.
func (h *Host) StopRuns(ctx context.Context, f domain.SafetyFlag) (safety.Runs, error) {
	var out safety.Runs
	var errs []error
	var mu sync.Mutex
	side := make(chan struct{}, 16)
	var wg sync.WaitGroup
	for _, vault := range h.Vaults {
		if !f.Concerns(vault) {
			continue
		}
		wg.Go(func() {
			side <- struct{}{}
			defer func() { <-side }()
			found, err := h.Runs.Stop(ctx, vault, f.Reason, f.Actor)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				out.Failed, errs = append(out.Failed, vault), append(errs, fmt.Errorf("%s: %w", vault, err))
			case found:
				out.Signalled++
			default:
				out.Absent++
			}
		})
	}
	wg.Wait()
	slices.Sort(out.Failed)
	if err := errors.Join(errs...); err != nil {
		return out, fault.Newf(fault.Retry, "safety/runs", "%d of %d runs were not told to stop: %w", len(errs), out.Signalled+out.Absent+len(errs), err)
	}
	return out, nil
}

// Inspect evaluates the checklist now.
func (h *Host) Inspect(ctx context.Context, vault string, bundle safety.Bundle) (safety.Facts, domain.Checks, error) {
	facts, err := h.Facts(ctx)
	if err != nil {
		return facts, nil, err
	}
	return facts, h.Sources.Evaluate(ctx, vault, h.baseline(ctx, bundle)), nil
}

// Lift takes down the stops of a request that two people approved. Whoever calls, the approvals are judged again by this
// worker's operators, and what was raised since the checklist was looked at keeps everything up.
func (h *Host) Lift(ctx context.Context, r safety.Request) error {
	now := h.Now()
	if err := safety.VerifyLift(r, h.Roster, now); err != nil {
		return err
	}
	var names []string
	for _, a := range r.Approvals {
		names = append(names, a.Operator)
	}
	return h.lift(ctx, store.Lift{
		Flags: r.Flags, AsOf: r.AsOf, Subject: fmt.Sprintf("%s/%s", r.ID, r.Hash), Actor: fmt.Sprintf("%s and %s", names[0], names[1]),
		Reason: fmt.Sprintf("%s: %s%s", r.ID, r.Reason, waived(r.Waivers)), At: now,
	})
}

// Release takes down one vault's isolation by one person's signature.
func (h *Host) Release(ctx context.Context, b safety.Back, flag domain.SafetyFlag, asOf int64, checks domain.Checks) error {
	now := h.Now()
	if err := safety.VerifyBack(b, flag, h.Roster, now); err != nil {
		return err
	}
	if err := safety.Passes(checks, b.Waivers); err != nil {
		return err
	}
	return h.lift(ctx, store.Lift{
		Flags: []domain.SafetyFlag{flag}, AsOf: asOf, Subject: fmt.Sprintf("release %s/%s", b.Vault, b.Approval.State), Actor: b.Approval.Operator, Reason: b.Reason + waived(b.Waivers), At: now,
	})
}

// lift carries a decision out, unless somebody stopped again after it was made.
func (h *Host) lift(ctx context.Context, l store.Lift) error {
	err := h.Store.LiftSafety(ctx, l)
	if errors.Is(err, store.ErrRaised) {
		return fault.New(fault.Human, safety.CodeStale, err).WithNext("Somebody stopped again: look at feeops resume status, and ask anew")
	}
	if err != nil {
		return fmt.Errorf("lift %d flags: %w", len(l.Flags), err)
	}
	return nil
}

func waived(list []safety.Waiver) string {
	out := ""
	for _, w := range list {
		out += fmt.Sprintf("; %s waived: %s", w.Check, w.Reason)
	}
	return out
}

// Record writes a line of the audit log.
func (h *Host) Record(ctx context.Context, e safety.Entry) error {
	return h.Store.Audit(ctx, store.AuditEntry{At: e.At, Actor: e.Actor, Action: "safety." + e.What, Subject: e.Vault, Detail: e.Text})
}
