package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// approvers may approve a plan.
func approvers() []operator.Role { return []operator.Role{operator.Approver, operator.Admin} }

// codeNotWanted refuses an approval that is for nothing that waits.
const codeNotWanted = "refused/plan"

// approve holds the plan against the vault's own past. Outside its band the day waits for a person before anything is
// sent; nobody's answer in time is a no. A day that is open on chain is not held up: it would lose its investors.
func (d *daily) approve(ctx workflow.Context) error {
	if d.open() || d.plan.Closed || workflow.GetVersion(ctx, changeApprovePlan, workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return nil
	}
	if v := d.status.Approval; v != nil && v.By != "" && v.Hash == d.plan.Hash {
		return nil // The step is done again for another reason; this very plan was approved.
	}
	j, err := ops.JudgePlan.Do(ctx, d.ref(), "the plan against the vault's own past")
	if err != nil {
		return err
	}
	if len(j.Findings) == 0 {
		return nil
	}
	d.roster, d.yes = j.Roster, nil
	d.status.Approval = &ops.ApprovalView{
		Request: ops.ApprovalID(d.in.Vault, d.plan.Day), Hash: d.plan.Hash, Findings: j.Findings, Past: j.Past, Expires: workflow.Now(ctx).Add(j.Timeout),
	}
	was := d.status.State
	d.askApproval(ctx)
	if err := d.awaitApproval(ctx); err != nil {
		return err
	}
	d.status.State, d.status.Reason = was, ""
	return nil
}

// awaitApproval waits until the plan is approved and that is recorded, somebody stops the day, or the time is over.
func (d *daily) awaitApproval(ctx workflow.Context) error {
	v := d.status.Approval
	for {
		d.status.State, d.status.Reason = domain.WaitingApproval, anomaliesText(v.Findings, v.Past, d.plan.Token)
		d.show(ctx, d.status.Step)
		left := v.Expires.Sub(workflow.Now(ctx))
		if left <= 0 {
			d.tellApproval(ctx, 2, domain.MessageResolve, "counts as refused", "Nobody approved it in time. Nothing was paid. Start the day again with feeops distribute "+d.in.Vault)
			return d.end(domain.Stopped, "nobody approved the plan by %s, which counts as a refusal: %s", v.Expires.UTC().Format(time.RFC3339), d.status.Reason)
		}
		if err := d.wait(ctx, func() bool { return d.yes != nil || d.stopped != nil || d.paused != nil }, left); err != nil {
			return err
		}
		if err := d.mayGoOn(ctx); err != nil {
			d.tellApproval(ctx, 2, domain.MessageResolve, "is over", d.status.Reason)
			return err
		}
		if d.yes == nil {
			continue
		}
		yes := *d.yes
		_, err := ops.RecordApproval.Do(ctx, ops.ApprovalRecord{Vault: d.in.Vault, Day: d.plan.Day, Hash: d.plan.Hash, Findings: v.Findings, Approval: yes}, "approved by "+yes.Operator)
		if err == nil {
			v.By = yes.Operator
			d.tellApproval(ctx, 2, domain.MessageResolve, "is approved by "+yes.Operator, "The day is paid now.")
			return nil
		}
		if fault.KindOf(err) != fault.Human {
			return err
		}
		workflow.GetLogger(ctx).Warn("an approval was not accepted", "operator", yes.Operator, "error", err)
		d.yes = nil // The worker's own settings did not accept it: somebody else may.
	}
}

// mayApprove is the update's validator: what does not fit changes nothing, and says why.
func (d *daily) mayApprove(ctx workflow.Context, a operator.Approval) error {
	v := d.status.Approval
	refuse := func(format string, args ...any) error {
		return fault.Seal(fault.Newf(fault.Human, codeNotWanted, format, args...))
	}
	switch {
	case v == nil || d.status.State != domain.WaitingApproval:
		return refuse("the day of %s does not wait for an approval: it is %s", d.in.Vault, d.status.State)
	case d.yes != nil:
		return refuse("%s has approved it already", d.yes.Operator)
	case !workflow.Now(ctx).Before(v.Expires):
		return refuse("the time for an approval was over at %s", v.Expires.UTC().Format(time.RFC3339))
	case a.Decision != operator.Plan:
		return refuse("the approval is for %q and not for a plan", a.Decision)
	case a.Request != v.Request:
		return refuse("the approval is for %s, and %s is waiting", a.Request, v.Request)
	case a.State != v.Hash:
		return refuse("the approval is for the plan %.12s, and the plan is %.12s: look at it again", a.State, v.Hash)
	}
	return fault.Seal(d.roster.Verify(a, workflow.Now(ctx), approvers()...))
}

// approved takes a valid approval.
func (d *daily) approved(_ workflow.Context, a operator.Approval) (ops.ApprovalAnswer, error) {
	d.yes = &a
	return ops.ApprovalAnswer{Vault: d.in.Vault, Day: d.plan.Day, By: a.Operator}, nil
}

// askApproval tells people why the day waits, and what they can do.
func (d *daily) askApproval(ctx workflow.Context) {
	v := d.status.Approval
	who := 0
	for _, o := range d.roster {
		if o.Has(approvers()...) {
			who++
		}
	}
	text := fmt.Sprintf("%s\nNothing is sent before an operator approves it: feeops approve-plan %s --key FILE\nRefuse it with: feeops approve-plan %s --refuse --reason TEXT\nWithout an answer by %s it counts as refused.",
		anomaliesText(v.Findings, v.Past, d.plan.Token), d.in.Vault, d.in.Vault, v.Expires.UTC().Format(time.RFC3339))
	if who == 0 {
		text += "\nThe workers' settings know nobody who may approve: see operators in docs/emergency.md."
	}
	d.tellApproval(ctx, 1, domain.MessageTrigger, "waits for approval", text)
}

// tellApproval tells beside the main line; the day waits for it only before it ends.
func (d *daily) tellApproval(ctx workflow.Context, seq int, kind domain.MessageKind, what, text string) {
	m := domain.Message{
		Key: "approval/" + d.status.Approval.Request + "/" + d.report.RunID, Seq: seq, Kind: kind, Severity: domain.SeverityHigh,
		Title: fmt.Sprintf("The plan of %s for %s %s", d.in.Vault, d.plan.Day, what), Text: text, Vault: d.in.Vault, Day: d.plan.Day, At: workflow.Now(ctx),
	}
	d.trouble.waiting = append(d.trouble.waiting, ops.TellPeople.Start(ctx, m, m.Title))
}

// anomaliesText says what is unusual, amounts with their unit.
func anomaliesText(list []domain.Anomaly, past int, token domain.Token) string {
	var out []string
	for _, a := range list {
		is, usual := a.Is, a.Usual
		if a.Figure == "claimed" || a.Figure == "largest" {
			is, usual = amountText(is, token), amountText(usual, token)
		}
		out = append(out, fmt.Sprintf("%s is %s, usual is %s (%s)", a.Figure, is, usual, a.Band))
	}
	return fmt.Sprintf("%s, by the last %d days", strings.Join(out, "; "), past)
}

func amountText(text string, token domain.Token) string {
	a, err := domain.ParseAmount(text)
	if err != nil {
		return text
	}
	return token.Format(a)
}
