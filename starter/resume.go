package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/operator/keyfile"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

func (c *cli) resumeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "resume", Short: "Lift a stop: a checklist on the live chain, and the signatures of two operators",
		Long: "A resume is requested, which evaluates a checklist on the live chain. Two different operators then sign what they saw. After the\n" +
			"second the checklist is evaluated once more, and only then the stop comes down.\n" +
			"Exit codes: 0 done, 4 refused by a safety rule (the message says which), 1 failed.",
	}
	cmd.AddCommand(c.resumeRequestCommand(), c.resumeApproveCommand(), c.resumeStatusCommand())
	return cmd
}

func (c *cli) resumeRequestCommand() *cobra.Command {
	var ask safety.Ask
	var waive []string
	cmd := &cobra.Command{
		Use: "request --reason TEXT [--vault VAULT] [--waive ITEM=REASON]…", Short: "Evaluate the checklist and open a request", Args: cobra.NoArgs,
		Long: "Without --vault every stop is to be lifted, with it the stop of that vault alone. What fails or is unknown blocks; policy_unchanged,\n" +
			"program_unchanged and open_criticals may be waived with a reason, which both approvers sign. A new request replaces an open one.",
		Example: "  feeops resume request --reason 'the node lied; it is gone from the settings'\n" +
			"  feeops resume request --reason 'new terms' --waive policy_unchanged='the owners voted on 24 November'",
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, w := range waive {
				check, reason, _ := strings.Cut(w, "=")
				ask.Waivers = append(ask.Waivers, safety.Waiver{Check: check, Reason: reason})
			}
			return c.resumeRequest(cmd.Context(), ask)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&ask.Reason, "reason", "", "why it may go on (needed)")
	flags.StringVar(&ask.Vault, "vault", "", "only the stop of this vault")
	flags.StringVar(&ask.Actor, "actor", "", "who asks (default: FEEOPS_ACTOR, or else USER)")
	flags.StringArrayVar(&waive, "waive", nil, "let `ITEM=REASON` of the checklist pass; may be repeated")
	return cmd
}

func (c *cli) resumeRequest(ctx context.Context, ask safety.Ask) error {
	if strings.TrimSpace(ask.Reason) == "" {
		return usageError("--reason is needed: the approvers sign it")
	}
	if ask.Actor == "" {
		ask.Actor = actor()
	}
	var answer ops.ResumeAnswer
	err := c.withSwitch(func(s config.Settings, tc client.Client) error {
		if ask.Vault != "" {
			if err := knownVault(s, ask.Vault); err != nil {
				return err
			}
		}
		return update(ctx, tc, s, ops.UpdateRequestResume, ask, &answer)
	})
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(answer)
	}
	c.showRequest(*answer.Request)
	fmt.Fprintln(c.stdout, "two different operators approve it, within 15 minutes of each other: feeops resume approve --key FILE")
	return nil
}

func (c *cli) resumeApproveCommand() *cobra.Command {
	var f approveFlags
	cmd := &cobra.Command{
		Use: "approve --key FILE", Short: "Sign the open request; the second operator's signature lifts the stop", Args: cobra.NoArgs,
		Long: "Shows what is signed. The key tells who signs. An approval counts 15 minutes, and for exactly this state: with --state, as\n" +
			"resume status showed it, nothing else is signed than what was looked at.",
		Example: "  feeops resume approve --key ~/alice.key\n  feeops resume approve --key ~/alice.key --print  # for the temporal CLI, instead of sending it",
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.resumeApprove(cmd.Context(), f) },
	}
	f.addTo(cmd)
	cmd.Flags().StringVar(&f.state, "state", "", "sign only this state: the hash, or the first 8 digits or more of it")
	return cmd
}

// approveFlags are the flags of what is signed.
type approveFlags struct {
	key, as, state string
	print          bool
}

func (f *approveFlags) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.key, "key", "", "operator's key `file` (needed)")
	cmd.Flags().StringVar(&f.as, "as", "", "operator's name (default: whose key it is)")
	cmd.Flags().BoolVar(&f.print, "print", false, "print the signed approval and send nothing")
}

func (c *cli) resumeApprove(ctx context.Context, f approveFlags) error {
	key, err := f.open()
	if err != nil {
		return err
	}
	return c.withSwitch(func(s config.Settings, tc client.Client) error {
		state, err := queryState(ctx, tc, s)
		if err != nil {
			return err
		}
		r := state.Request
		if r == nil {
			return refusedHere(safety.CodeNoRequest, "no resume is requested: open one with feeops resume request --reason …")
		}
		if f.state != "" && (len(f.state) < 8 || !strings.HasPrefix(r.Hash, f.state)) {
			return refusedHere(safety.CodeStale, "the open request has the state %s, not %s: look at feeops resume status again", r.Hash, f.state)
		}
		a, err := f.sign(key, state.Roster, operator.Approval{Decision: operator.Resume, Request: r.ID, State: r.Hash})
		if err != nil {
			return err
		}
		if f.print {
			return c.printJSON(a)
		}
		if !c.json {
			c.showRequest(*r)
		}
		var answer ops.ResumeAnswer
		if err := update(ctx, tc, s, ops.UpdateApproveResume, a, &answer); err != nil {
			return err
		}
		if c.json {
			return c.printJSON(answer)
		}
		if len(answer.Lifted) > 0 {
			fmt.Fprintf(c.stdout, "approved by %s; stops lifted: %d. Start the days again: feeops distribute --all\n", a.Operator, len(answer.Lifted))
			return nil
		}
		fmt.Fprintf(c.stdout, "approved by %s, %d of %d; another operator approves within 15 minutes\n", a.Operator, answer.Approvals, answer.Needed)
		return nil
	})
}

func (f *approveFlags) open() (ed25519.PrivateKey, error) {
	if f.key == "" {
		return nil, usageError("--key is needed: the file that feeops operator keygen made")
	}
	key, err := keyfile.Read(f.key)
	if err != nil {
		return nil, usageError("%w", err)
	}
	return key, nil
}

// sign signs as the operator whose key it is. Who is no operator learns it here, not after a refusal.
func (f *approveFlags) sign(key ed25519.PrivateKey, roster operator.Roster, a operator.Approval) (operator.Approval, error) {
	a.Operator = f.as
	if a.Operator == "" {
		public, _ := key.Public().(ed25519.PublicKey)
		owner, known := roster.Owner(public)
		if !known {
			return a, refusedHere(operator.CodeUnknown, "the key %s belongs to no operator of the workers' settings", operator.FormatKey(public))
		}
		a.Operator = owner.Name
	}
	a.Expires = time.Now().Add(operator.Lifetime).Truncate(time.Second)
	signed, err := operator.Sign(key, a)
	if err != nil {
		return a, err
	}
	return signed, nil
}

func (c *cli) showRequest(r safety.Request) {
	fmt.Fprintf(c.stdout, "%s by %s: %s\n  state %s\n", r.ID, r.Actor, r.Reason, r.Hash)
	for _, f := range r.Flags {
		vault := f.Vault
		if vault == "" {
			vault = "all vaults"
		}
		fmt.Fprintf(c.stdout, "  lifts the %s of %s by %s: %s\n", f.Kind, vault, f.Actor, f.Reason)
	}
	t := newTable("", "Checklist", "Result", "Observed")
	for _, check := range r.Checks {
		t.AppendRow([]any{check.Name, check.Result, wrap(check.Observed, 60)})
	}
	fmt.Fprintln(c.stdout, t.Render())
	for _, w := range r.Waivers {
		fmt.Fprintf(c.stdout, "  waived %s: %s\n", w.Check, w.Reason)
	}
}
