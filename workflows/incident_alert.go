package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// watchful is the response to what needs no deed, or to what only an alert says. The watch sees what the chain and the
// endpoints show it, and a node that lies must stop nothing: people are told and decide.
func (r *incidentRun) watchful(ctx workflow.Context, occasion string) {
	if r.i.AtMost == "" {
		r.standard(ctx, occasion)
		return
	}
	r.i.NeedsHuman = true
	r.mark(ctx, "an alert says so and no run has failed by it: people are told and paged, nothing is stopped or isolated by itself")
	r.announce(ctx, occasion, r.i.Title)
	r.evidence(ctx)
	r.i.Responder = ""
	r.add(ctx, domain.EntryRecommended, "people decide: %s; feeops stop stops everything", r.runbook())
}

// alert hears what becomes of an alert that belongs to the incident. None of it ends the incident or begins a response
// again: an alert is a reason to tell people, and what is done follows runs and people.
func (r *incidentRun) alert(ctx workflow.Context, s ops.AlertSignal) {
	if r.warned[s.Key] >= s.Seq {
		return
	}
	r.warned[s.Key] = s.Seq
	switch s.Kind {
	case domain.MessageTrigger, domain.MessageUpdate:
		r.warn(ctx, s)
	default:
		r.i.Add(domain.Auto(), workflow.Now(ctx), domain.EntryAlert, "alert %s: %s", s.Key, s.Text)
		r.changed(ctx)
		if s.Kind == domain.MessageResolve && s.Left == 0 && !r.i.Over() {
			r.announce(ctx, "changed", "Its alert is over. "+s.Text)
		}
	}
}

// warn takes an alert in. People are told when it makes the incident graver or begins it again; else they know already.
func (r *incidentRun) warn(ctx workflow.Context, s ops.AlertSignal) {
	now := workflow.Now(ctx)
	r.well = false
	occasion := ""
	if r.i.Over() && r.i.Reopen(domain.Auto(), now, "an alert says so again: "+s.Text) == nil {
		occasion = "reopened"
	}
	if r.i.Warn(s.Key) {
		r.i.Add(domain.Auto(), now, domain.EntryAlert, "alert %s: %s", s.Key, s.Text)
	}
	if s.Fleet {
		r.i.Vault = ""
	}
	known := r.i.VaultCount
	for _, v := range s.Vaults {
		r.i.Affect(v, now)
	}
	if r.i.VaultCount = max(r.i.VaultCount, s.Count); r.i.VaultCount > known {
		r.i.Add(domain.Auto(), now, domain.EntryVault, "more vaults have it as well: %d by now", r.i.VaultCount)
	}
	if r.i.State == domain.IncidentMitigated && r.i.Relapse(now, s.Text) == nil {
		occasion = "reopened"
	}
	if s.Severity.Rank() > r.i.Severity.Rank() {
		r.i.Bound()
		if r.i.Raise(domain.Auto(), now, s.Severity, "an alert says so: "+s.Text) == nil {
			r.i.NeedsHuman, occasion = true, "raised"
		}
	}
	r.changed(ctx)
	if occasion == "" {
		return
	}
	r.rung++
	if !slices.Contains(r.begun, r.i.Response()) && r.i.AtMost != "" {
		r.respond(ctx)
		return
	}
	r.announce(ctx, occasion, r.i.Title+". "+s.Text)
}
