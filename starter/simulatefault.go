package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/operator/keyfile"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// Faults that only a simulation has.
const (
	anomalyFault  = "anomaly"
	pageSizeFault = "worse-page-size"

	anomalyDay   = 5 // Counted from 0: the gate judges by five days of the past at least.
	anomalyTimes = 9 // As many more fees as on other days.

	trialSize = 5  // Investors a page; a day then takes more pages, and more time an investor.
	trialMost = 14 // Days that pass at most from its first one to the Sunday that takes it back: five must, and it may be a week later.
)

// trialDay is the first day by whose end enough pages were measured to compare with: twenty.
func (f *simulateFlags) trialDay() int { return 20/max(1, f.chain.investors/25) + 1 }

// checkFaults names a simulation that is too short for its faults to be seen.
func (f *simulateFlags) checkFaults() error {
	if f.anomaly && f.days <= anomalyDay {
		return usageError("--fault %s: got --days %d, want at least %d: the gate judges a plan by the days before it", anomalyFault, f.days, anomalyDay+1)
	}
	if least := f.trialDay() + trialMost; f.worsePages && f.days < least {
		return usageError("--fault %s: got --days %d, want at least %d with these investors: pages are compared with those from before, and judged on a Sunday", pageSizeFault, f.days, least)
	}
	return nil
}

// last is the vault with the most investors, which has the faults of this file.
func (s *simulation) last() string { return s.chain.vaults[len(s.chain.vaults)-1].ID }

// anomaly lets the largest vault have claimed far more than usual, and approves its day with an operator's key once it
// waits. The result comes when somebody has approved it, or when that failed.
func (s *simulation) anomaly(ctx context.Context) (<-chan error, error) {
	vault := s.chain.at(s.last())
	fees := vault.DailyFees * anomalyTimes
	s.view.say(fmt.Sprintf("%s has %d times its usual fees", vault.ID, anomalyTimes+1))
	if err := s.chain.node.AccrueFees(vault.ID, fees, 0); err != nil {
		return nil, err
	}
	done := make(chan error, 1)
	go func() { done <- s.approve(ctx, vault.ID) }()
	return done, nil
}

func (s *simulation) approve(ctx context.Context, vault string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	var view *ops.ApprovalView
	for view == nil {
		status, err := queryStatus(ctx, s.stack.Client, ops.DailyID(vault), "")
		if err == nil && status.State == domain.WaitingApproval {
			view = status.Approval
		}
		if err := wait(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("the day of %s never waited for an approval: %w", vault, err)
		}
	}
	s.view.say(fmt.Sprintf("the day of %s waits: %s is %s, usual is %s; alice approves it", vault, view.Findings[0].Figure, view.Findings[0].Is, view.Findings[0].Usual))
	key, err := keyfile.Read(filepath.Join(s.stack.Dir, devstack.OperatorKey("alice")))
	if err != nil {
		return err
	}
	// The clock of whoever signs, which is not the simulated one.
	signed, err := operator.Sign(key, operator.Approval{
		Decision: operator.Plan, Request: view.Request, State: view.Hash, Operator: "alice", Expires: time.Now().Add(operator.Lifetime).Truncate(time.Second),
	})
	if err != nil {
		return err
	}
	handle, err := s.stack.Client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: ops.DailyID(vault), UpdateName: ops.UpdateApprove, Args: []any{signed}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return fmt.Errorf("approve the plan of %s: %w", vault, err)
	}
	var answer ops.ApprovalAnswer
	if err := handle.Get(ctx, &answer); err != nil {
		return fmt.Errorf("approve the plan of %s: %w", vault, err)
	}
	s.approved++
	return nil
}

// worsePages approves short pages for the largest vault, as feeops page-size approve does. They count from the next day on.
func (s *simulation) worsePages(ctx context.Context) error {
	return s.books(ctx, func(db *store.Store) error {
		m, found, err := db.LatestManifest(ctx, s.last())
		if err != nil || !found {
			return errors.Join(err, fmt.Errorf("the newest plan of %s: found %t", s.last(), found))
		}
		s.view.say(fmt.Sprintf("%d investors a page are approved for %s instead of %d", trialSize, s.last(), m.PageSize))
		_, err = db.ApprovePageSize(ctx, domain.PageOrder{Vault: s.last(), Size: trialSize, Before: m.PageSize, Actor: "simulate", Reason: "to see it taken back", At: s.now()})
		return err
	})
}

// judgeFaults looks whether the faults of this file were seen and met.
func (s *simulation) judgeFaults(ctx context.Context, r *simulateResult) error {
	r.Approved = s.approved
	if s.flags.anomaly && s.approved == 0 {
		r.Notes = append(r.Notes, "the anomaly was not held up")
	}
	if !s.flags.worsePages {
		return nil
	}
	return s.books(ctx, func(db *store.Store) error {
		orders, err := db.PageOrders(ctx, s.last())
		if err != nil || len(orders) != 1 {
			return errors.Join(err, fmt.Errorf("%d page orders of %s, want 1", len(orders), s.last()))
		}
		newest, _, err := db.LatestManifest(ctx, s.last())
		if err != nil {
			return err
		}
		r.Notes = append(r.Notes, pageNotes(orders[0], newest)...)
		if orders[0].State == domain.PageTakenBack {
			r.TakenBack++
			s.view.say(fmt.Sprintf("%s: %d a page since %s were taken back by %s: %s", s.last(), orders[0].Size, orders[0].Since, orders[0].EndedBy, orders[0].Note))
		}
		return nil
	})
}

// pageNotes say what did not happen to an approved page size that is worse: the next day takes it, the weekly maintenance
// takes it back, and the day after that is cut as before.
func pageNotes(o domain.PageOrder, newest domain.Manifest) []string {
	var out []string
	switch {
	case o.State != domain.PageTakenBack || o.EndedBy != "weekly-maintenance":
		out = append(out, fmt.Sprintf("%s: the worse page size is %s and not taken back: %s", o.Vault, o.State, o.Note))
	case o.Was == nil || o.Is == nil || o.Is.PerInvestor <= o.Was.PerInvestor:
		out = append(out, o.Vault+": the page size was taken back without being slower")
	case newest.Day > domain.DayOf(o.EndedAt.Unix()) && newest.PageSize != o.Before:
		out = append(out, fmt.Sprintf("%s: after it was taken back the pages have %d investors, want %d", o.Vault, newest.PageSize, o.Before))
	}
	if since, err := o.Since.Since(domain.DayOf(o.At.Unix())); err != nil || since < 1 {
		out = append(out, fmt.Sprintf("%s: approved on %s and counts since %s, want a later day", o.Vault, o.At.UTC().Format(time.DateOnly), o.Since))
	}
	return out
}

// books opens the stack's store beside its worker.
func (s *simulation) books(ctx context.Context, do func(*store.Store) error) (err error) {
	db, err := store.Open(ctx, "file:"+filepath.Join(s.stack.Dir, "feeops.db"))
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return do(db)
}
