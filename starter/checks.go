package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

type checksResult struct {
	Vault   string             `json:"vault"`
	Verdict domain.CheckResult `json:"verdict"`
	Day     domain.Day         `json:"day"`
	Checks  domain.Checks      `json:"checks"`
}

func (c *cli) checksCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "checks VAULT",
		Example: "  feeops checks usdc-vault\n  feeops checks usdc-vault --json",
		Short:   "The pre-distribution checks of a vault, each with what was seen and what was wanted",
		Long: "Evaluates every check (P01–P21) on the chain as it is now. Nothing is sent or stored.\n" +
			"Exit codes: 0 all ok, 3 warnings, 4 a check would refuse the day, 1 something could not be read.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.checks(cmd.Context(), args[0]) },
	}
}

func (c *cli) checks(ctx context.Context, vault string) (err error) {
	d, err := c.openDesk(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close(ctx)) }()
	if _, err := d.chosen([]string{vault}); err != nil {
		return err
	}
	e, err := d.service.Inspect(ctx, vault)
	if err != nil {
		return err
	}
	checks := d.funded.Evaluate(ctx, e)
	result := checksResult{Vault: vault, Verdict: checks.Worst(), Day: e.Manifest.Day, Checks: checks}
	if c.json {
		err = c.printJSON(result)
	} else {
		c.printChecks(checks)
	}
	if err != nil || result.Verdict == domain.CheckOK {
		return err
	}
	return &exitError{code: checksCode(result.Verdict)}
}

func (c *cli) printChecks(checks domain.Checks) {
	t := newTable("", "Row", "Check", "Result", "Observed", "Wanted")
	for _, one := range checks {
		t.AppendRow([]any{one.Row, one.Name, one.Result, wrap(one.Observed, 34), wrap(one.Threshold, 30)})
	}
	fmt.Fprintln(c.stdout, t.Render())
	for _, one := range checks {
		if one.Result != domain.CheckOK && one.Next != "" {
			fmt.Fprintf(c.stdout, "%s %s: %s\n", one.Row, one.Name, one.Next)
		}
	}
	fmt.Fprintf(c.stdout, "Overall: %s\n", checks.Worst())
}

func checksCode(r domain.CheckResult) int {
	switch r {
	case domain.CheckOK:
		return exitOK
	case domain.CheckWarn:
		return exitWarnings
	case domain.CheckFail:
		return exitRefused
	default:
		return exitFailed
	}
}
