package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// explainResult is explain --json: one entry per stream of the investor.
type explainResult struct {
	Vault    string                     `json:"vault"`
	Investor string                     `json:"investor"`
	Token    domain.Token               `json:"token"`
	Agree    bool                       `json:"agree"`
	Streams  []distribution.Explanation `json:"streams"`
}

func (c *cli) explainCommand() *cobra.Command {
	var day string
	cmd := &cobra.Command{
		Use:   "explain VAULT INVESTOR",
		Short: "Why an investor got this amount, or nothing",
		Long: "INVESTOR is a wallet or a stream address. Shows every step of the payout: locked, weight, pool, minimum, cap, page and\n" +
			"transaction, from the books and from the chain, and whether the two agree.\n" +
			"Exit codes: 0 they agree, 3 they do not or the chain could not be asked, 1 the investor or the day is not known.",
		Example: "  feeops explain usdc-vault 7Np41oeYqPefeNQEHSv1UDhYrehxin3NStELsSKCT4K2 --day 2026-11-23",
		Args:    cobra.ExactArgs(2),
		RunE:    func(cmd *cobra.Command, args []string) error { return c.explain(cmd.Context(), args[0], args[1], day) },
	}
	cmd.Flags().StringVar(&day, "day", "", "UTC day, YYYY-MM-DD (default: the latest planned)")
	return cmd
}

func (c *cli) explain(ctx context.Context, vault, investor, text string) (err error) {
	var day domain.Day
	if text != "" {
		if day, err = domain.ParseDay(text); err != nil {
			return usageError("--day: %w", err)
		}
	}
	d, err := c.openDesk(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close(ctx)) }()
	if _, err := d.chosen([]string{vault}); err != nil {
		return err
	}
	list, err := d.service.Explain(ctx, vault, investor, day)
	if err != nil {
		return err
	}
	result := explainResult{Vault: vault, Investor: investor, Agree: true, Streams: list}
	configured, _ := d.settings.Vault(vault)
	result.Token = domain.Token{Mint: configured.QuoteMint, Symbol: configured.QuoteSymbol}
	if m, found, err := d.store.LatestManifest(ctx, vault); err == nil && found {
		result.Token = m.Token
	}
	for _, x := range list {
		result.Agree = result.Agree && x.Agree
	}
	if c.json {
		err = c.printJSON(result)
	} else {
		c.printExplanations(result)
	}
	if err == nil && !result.Agree {
		return &exitError{code: exitWarnings}
	}
	return err
}

func (c *cli) printExplanations(r explainResult) {
	for _, x := range r.Streams {
		if x.Reason == domain.ReasonQuarantined {
			fmt.Fprintf(c.stdout, "%s on %s, stream %s: not on the day's list (%s), so it got nothing.\n", r.Vault, x.Day, x.Stream, x.Note)
			continue
		}
		figures := "exact"
		if !x.Exact {
			figures = "forecast"
		}
		t := newTable(fmt.Sprintf("%s on %s, stream %s (%s)", r.Vault, x.Day, x.Stream, figures), "Step", "Value")
		for _, row := range [][2]string{
			{"recipient", x.Recipient},
			{"locked", fmt.Sprintf("%s of %s in the vault", x.Locked, x.LockedTotal)},
			{"investors' share of the claim", fmt.Sprintf("%d of 10,000", x.EligibleBPS)},
			{"pool", fmt.Sprintf("%s (claimed %s, dust in %s)", r.Token.Format(x.Pool), r.Token.Format(x.Claimed), r.Token.Format(x.DustIn))},
			{"weight in his page", fmt.Sprintf("%d of 1,000,000", x.Weight)},
			{"before minimum and cap", r.Token.Format(x.Raw)},
			{"minimum · daily cap", fmt.Sprintf("%s · %s%s", x.MinPayout, x.Cap, capped(x.PageCapped))},
			{"page", fmt.Sprintf("cursor %d", x.Cursor)},
			{"planned", r.Token.Format(x.Planned)},
			{"paid by our books", fmt.Sprintf("%s (%s) %s", r.Token.Format(x.Paid), x.Reason, x.Note)},
			{"gained on chain", x.OnChain},
			{"signature", x.Signature},
		} {
			t.AppendRow([]any{row[0], wrap(row[1], 64)})
		}
		fmt.Fprintln(c.stdout, t.Render())
	}
	if r.Agree {
		fmt.Fprintln(c.stdout, "Books and chain agree.")
	} else {
		fmt.Fprintln(c.stdout, "Books and chain do not agree, or the chain could not be asked.")
	}
}

func capped(yes bool) string {
	if yes {
		return " (cut this page)"
	}
	return ""
}
