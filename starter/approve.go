package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// planFlags are the flags of approve-plan.
type planFlags struct {
	approveFlags

	refuse bool
	reason string
	yes    bool
}

// approveResult is the object of approve-plan --json.
type approveResult struct {
	OK       bool             `json:"ok"`
	Vault    string           `json:"vault"`
	Day      domain.Day       `json:"day"`
	Hash     string           `json:"hash"`
	Findings []domain.Anomaly `json:"findings"`
	Past     int              `json:"past_days"`
	Expires  time.Time        `json:"expires"`
	Decision string           `json:"decision"` // approved, refused, or empty: only looked at.
	By       string           `json:"by,omitempty"`
}

func (c *cli) approvePlanCommand() *cobra.Command {
	var f planFlags
	cmd := &cobra.Command{
		Use: "approve-plan VAULT [--key FILE]", Short: "Approve or refuse a day whose plan lies outside the vault's usual figures", Args: cobra.ExactArgs(1),
		Long: "Such a day waits before anything is sent. Without --key its unusual figures are only shown. With an approver's key exactly this plan is\n" +
			"signed; another one, or one that changed meanwhile, is not. --refuse ends the day without paying it. Without an answer within\n" +
			"distribution.anomaly.timeout it counts as refused. Exit codes: 0 done or shown, 4 refused by a safety rule or nothing waits.",
		Example: "  feeops approve-plan usdc-vault\n  feeops approve-plan usdc-vault --key ~/alice.key\n  feeops approve-plan usdc-vault --refuse --reason 'the fees are a mistake of the pool'",
		PreRunE: func(*cobra.Command, []string) error {
			switch {
			case f.refuse && f.key != "":
				return usageError("give --key to approve, or --refuse")
			case f.refuse && strings.TrimSpace(f.reason) == "":
				return usageError("--reason is needed: the record says why the day was not paid")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.approvePlan(cmd.Context(), args[0], f) },
	}
	f.addTo(cmd)
	flags := cmd.Flags()
	flags.Lookup("key").Usage = "approver's key `file`"
	flags.StringVar(&f.state, "plan", "", "sign only this plan: its hash, or the first 8 digits or more of it")
	flags.BoolVar(&f.refuse, "refuse", false, "end the day; nothing is paid")
	flags.StringVar(&f.reason, "reason", "", "why it is refused")
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	return cmd
}

func (c *cli) approvePlan(ctx context.Context, vault string, f planFlags) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	if err := knownVault(s, vault); err != nil {
		return err
	}
	tc, err := dialTemporal(s)
	if err != nil {
		return err
	}
	defer tc.Close()
	status, err := queryStatus(ctx, tc, ops.DailyID(vault), "")
	if next := unansweredNext(err); next != "" {
		return fmt.Errorf("the day of %s cannot be asked at %s: %w%s", vault, s.Temporal.Address, err, next)
	}
	if err != nil {
		return refusedHere("refused/plan", "no day of %s answers: %v", vault, err)
	}
	v := status.Approval
	if v == nil || status.State != domain.WaitingApproval {
		return refusedHere("refused/plan", "the day of %s does not wait for an approval: it is %s", vault, status.State)
	}
	r := approveResult{OK: true, Vault: vault, Day: status.Day, Hash: v.Hash, Findings: v.Findings, Past: v.Past, Expires: v.Expires}
	if !c.json {
		c.showFindings(r, status.Reason)
	}
	switch {
	case f.refuse:
		if err := c.confirm(f.yes, "Refuse? Nothing is paid then."); err != nil {
			return err
		}
		if err := tc.SignalWorkflow(ctx, ops.DailyID(vault), "", ops.SignalStop, ops.Order{Reason: "the plan is refused: " + f.reason, Actor: actor()}); err != nil {
			return fmt.Errorf("refuse the plan of %s: %w", vault, err)
		}
		r.Decision, r.By = "refused", actor()
	case f.key != "":
		if r.By, err = c.signPlan(ctx, tc, s, v, vault, f); err != nil {
			return err
		}
		r.Decision = "approved"
	}
	if c.json {
		return c.printJSON(r)
	}
	if r.Decision != "" {
		fmt.Fprintf(c.stdout, "%s by %s. See feeops status %s\n", r.Decision, r.By, vault)
	}
	return nil
}

// signPlan signs what was shown, and nothing else.
func (c *cli) signPlan(ctx context.Context, tc client.Client, s config.Settings, v *ops.ApprovalView, vault string, f planFlags) (string, error) {
	if f.state != "" && (len(f.state) < 8 || !strings.HasPrefix(v.Hash, f.state)) {
		return "", refusedHere("refused/plan", "the plan is %s, not %s: look at it again", v.Hash, f.state)
	}
	key, err := f.open()
	if err != nil {
		return "", err
	}
	if err := c.confirm(f.yes, "Pay this plan?"); err != nil {
		return "", err
	}
	a, err := f.sign(key, s.Roster(), operator.Approval{Decision: operator.Plan, Request: v.Request, State: v.Hash})
	if err != nil {
		return "", err
	}
	if f.print {
		return a.Operator, c.printJSON(a)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	handle, err := tc.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{WorkflowID: ops.DailyID(vault), UpdateName: ops.UpdateApprove, Args: []any{a}, WaitForStage: client.WorkflowUpdateStageCompleted})
	var answer ops.ApprovalAnswer
	if err == nil {
		err = handle.Get(ctx, &answer)
	}
	var app *temporal.ApplicationError
	if code := fault.CodeOf(err); err != nil && strings.HasPrefix(code, "refused/") && errors.As(err, &app) {
		return "", refusedHere(code, "%s", app.Message())
	}
	if err != nil {
		return "", fmt.Errorf("approve the plan of %s: %w", vault, err)
	}
	return answer.By, nil
}

func (c *cli) showFindings(r approveResult, reason string) {
	c.para(0, fmt.Sprintf("%s, day %s, plan %s", r.Vault, r.Day, r.Hash))
	c.para(2, reason)
	c.para(2, fmt.Sprintf("Look at it: feeops distribute %s --dry-run, feeops checks %s. Without an answer by %s it counts as refused.", r.Vault, r.Vault, r.Expires.UTC().Format(time.RFC3339)))
}
