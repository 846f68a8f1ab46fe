package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// Past knows a vault's plans.
type Past interface {
	Manifest(ctx context.Context, vault string, day domain.Day) (domain.Manifest, bool, error)
	OpenedManifests(ctx context.Context, vault string, before domain.Day, limit int) ([]domain.Manifest, error)
}

// GateRules are what the anomaly gate follows.
type GateRules struct {
	Enabled bool
	Days    int // Of the past that count.
	Band    domain.Band
	Timeout time.Duration
	Roster  operator.Roster
}

// Gate holds the activities of the anomaly gate.
type Gate struct {
	past   Past
	rules  GateRules
	record func(ctx context.Context, actor, subject, detail string) error
	now    func() time.Time
}

// NewGate makes them; record writes into the audit log.
func NewGate(p Past, r GateRules, record func(ctx context.Context, actor, subject, detail string) error, now func() time.Time) *Gate {
	return &Gate{p, r, record, now}
}

// JudgePlan holds a day's plan against the vault's last opened days.
func (g *Gate) JudgePlan(ctx context.Context, r ops.DayRef) (ops.Judgement, error) {
	if !g.rules.Enabled {
		return ops.Judgement{}, nil
	}
	m, found, err := g.past.Manifest(ctx, r.Vault, r.Day)
	if err == nil && (!found || m.Hash != r.Hash) {
		err = fault.Newf(fault.Human, "manifest/missing", "the plan %.12s of %s for %s is not in the store", r.Hash, r.Vault, r.Day)
	}
	if err != nil {
		return ops.Judgement{}, fault.Seal(fmt.Errorf("judge the plan of %s: %w", r.Vault, err))
	}
	list, err := g.past.OpenedManifests(ctx, r.Vault, r.Day, g.rules.Days)
	if err != nil {
		return ops.Judgement{}, fault.Seal(fmt.Errorf("judge the plan of %s: its past: %w", r.Vault, err))
	}
	past := make([]domain.PlanFigures, 0, len(list))
	for _, p := range list {
		past = append(past, domain.PlanFiguresOf(p))
	}
	out := ops.Judgement{Findings: g.rules.Band.Judge(domain.PlanFiguresOf(m), past), Past: len(past)}
	if len(out.Findings) > 0 {
		out.Timeout, out.Roster = g.rules.Timeout, g.rules.Roster
	}
	return out, nil
}

// RecordApproval judges the signature once more, by this worker's settings, and writes it into the audit log: what cannot
// be recorded is not paid.
func (g *Gate) RecordApproval(ctx context.Context, r ops.ApprovalRecord) (struct{}, error) {
	if err := g.rules.Roster.Verify(r.Approval, g.now(), operator.Approver, operator.Admin); err != nil {
		return struct{}{}, fault.Seal(err)
	}
	var figures []string
	for _, a := range r.Findings {
		figures = append(figures, fmt.Sprintf("%s %s, usual %s", a.Figure, a.Is, a.Usual))
	}
	detail := fmt.Sprintf("plan %s: %s; signed %s", r.Hash, strings.Join(figures, "; "), r.Approval.Signature)
	if err := g.record(ctx, r.Approval.Operator, ops.ApprovalID(r.Vault, r.Day), detail); err != nil {
		return struct{}{}, fault.Seal(fmt.Errorf("record the approval of %s: %w", r.Vault, err))
	}
	return struct{}{}, nil
}

// Names are the functions by the names that internal/ops gives them.
func (g *Gate) Names() map[string]any {
	return map[string]any{ops.JudgePlan.Name: g.JudgePlan, ops.RecordApproval.Name: g.RecordApproval}
}
