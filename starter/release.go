package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/operator"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/safety"
)

// releaseCommand brings an isolated vault back.
func (c *cli) releaseCommand() *cobra.Command {
	var f approveFlags
	var b safety.Back
	var waive []string
	cmd := &cobra.Command{
		Use: "release VAULT --key FILE --reason TEXT", Short: "Bring an isolated vault back, by one operator's signature", Args: cobra.ExactArgs(1),
		Long:    "Evaluates the checklist for the vault and, when nothing blocks, takes its isolation down.\nExit codes: 0 released, 4 refused by a safety rule, 1 failed.",
		Example: "  feeops release usdc-vault --key ~/alice.key --reason 'the list is corrected'",
		RunE: func(cmd *cobra.Command, args []string) error {
			b.Vault = args[0]
			for _, w := range waive {
				check, reason, _ := strings.Cut(w, "=")
				b.Waivers = append(b.Waivers, safety.Waiver{Check: check, Reason: reason})
			}
			return c.release(cmd.Context(), f, b)
		},
	}
	f.addTo(cmd)
	cmd.Flags().StringVar(&b.Reason, "reason", "", "why it may come back (needed)")
	cmd.Flags().StringArrayVar(&waive, "waive", nil, "let `ITEM=REASON` of the checklist pass; may be repeated")
	return cmd
}

func (c *cli) release(ctx context.Context, f approveFlags, b safety.Back) error {
	if strings.TrimSpace(b.Reason) == "" {
		return usageError("--reason is needed: it is signed")
	}
	key, err := f.open()
	if err != nil {
		return err
	}
	return c.withSwitch(func(s config.Settings, tc client.Client) error {
		if err := knownVault(s, b.Vault); err != nil {
			return err
		}
		state, err := queryState(ctx, tc, s)
		if err != nil {
			return err
		}
		flag, up := state.Find(domain.SafetyIsolate, b.Vault)
		if !up {
			return refusedHere(safety.CodeNothing, "vault %s is not isolated", b.Vault)
		}
		hash := b.Sum(flag)
		if b.Approval, err = f.sign(key, state.Roster, operator.Approval{Decision: operator.Release, Request: b.Vault, State: hash}); err != nil {
			return err
		}
		if f.print {
			return c.printJSON(b)
		}
		var answer ops.ReleaseAnswer
		if err := update(ctx, tc, s, ops.UpdateReleaseVault, b, &answer); err != nil {
			return err
		}
		if c.json {
			return c.printJSON(answer)
		}
		fmt.Fprintf(c.stdout, "vault %s is released by %s\n", b.Vault, b.Approval.Operator)
		return nil
	})
}
