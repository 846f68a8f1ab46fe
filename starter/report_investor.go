package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/gagliardetto/solana-go"
	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

func (c *cli) reportInvestorCommand() *cobra.Command {
	var f reportFlags
	var from, to string
	cmd := &cobra.Command{
		Use: "investor ADDRESS", Short: "An investor's statement: every day, amount, signature and reason", Args: cobra.ExactArgs(1),
		Long: "ADDRESS is a wallet or a stream. Lists every on-chain day (UTC) of every vault that knows it, also for nothing and why; a day whose\n" +
			"books were not made is unknown, which is not 0. Reads the store only; works while chain and Temporal are down.\n" +
			"Exit codes: 0 listed, 1 the books know nothing of the address.",
		Example: "  feeops report investor 7Np41oeYqPefeNQEHSv1UDhYrehxin3NStELsSKCT4K2\n  feeops report investor 7Np41oeYqPefeNQEHSv1UDhYrehxin3NStELsSKCT4K2 --from 2026-11-01 --to 2026-11-30 --format csv",
		PreRunE: func(_ *cobra.Command, args []string) error {
			if _, err := solana.PublicKeyFromBase58(args[0]); err != nil {
				return usageError("%q is no address: want 32 bytes in base58. Copy the whole address", args[0])
			}
			for name, text := range map[string]string{"--from": from, "--to": to} {
				if _, err := domain.ParseDay(text); text != "" && err != nil {
					return usageError("%s: %w", name, err)
				}
			}
			if from != "" && to != "" && from > to {
				return usageError("--from %s lies after --to %s", from, to)
			}
			return f.check(c.json)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.reportInvestor(cmd.Context(), args[0], domain.Day(from), domain.Day(to), f)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "first day, YYYY-MM-DD (UTC)")
	cmd.Flags().StringVar(&to, "to", "", "last day, YYYY-MM-DD (UTC)")
	f.addTo(cmd)
	return cmd
}

func (c *cli) reportInvestor(ctx context.Context, address string, from, to domain.Day, f reportFlags) (err error) {
	d, err := c.openReports(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close(ctx)) }()
	i, known, err := d.Investor(ctx, address, from, to)
	switch {
	case err != nil:
		return err
	case !known:
		return fmt.Errorf("the books know nothing of %s in this time. Look at a vault's list with feeops distribute VAULT --dry-run", address)
	}
	return c.emit(i, "investor-"+address, f, d.settings, "")
}
