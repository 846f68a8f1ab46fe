package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func (c *cli) booksCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "books", Short: "The books of past days, from the chain", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.booksRebuildCommand())
	return cmd
}

// rebuildFlags say how far back, and whether anything is written.
type rebuildFlags struct {
	days   int
	dryRun bool
}

func (c *cli) booksRebuildCommand() *cobra.Command {
	f := rebuildFlags{days: 30}
	cmd := &cobra.Command{
		Use: "rebuild [VAULT…]", Short: "Make the books of past days again from the chain's history, after the store was lost",
		Long: "Reads the transactions that turned a vault's pages, newest first, and writes every day that is whole in them and that the store does not\n" +
			"know: pages, payouts and a report, marked as rebuilt. Payments are those of the chain's token balances, to the base unit. What was\n" +
			"planned is not on the chain, so nothing is reconciled: such a day is complete_unreconciled. Days and dates that the history does not\n" +
			"show are listed and never filled in. The chain's newest day is left out: 'feeops distribute VAULT' makes its books with its plan.\n" +
			"Nothing is sent, and books that are there stay as they are. Restore a backup first where there is one: it holds more.\n" +
			"Exit codes: 0 all of it is known now, 3 there are gaps, 1 failed.",
		Example: "  feeops books rebuild --days 90 --dry-run\n  feeops books rebuild usdc-vault --json",
		PreRunE: func(*cobra.Command, []string) error {
			if f.days < 1 || f.days > 3650 {
				return usageError("--days: got %d, want 1..3650", f.days)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.booksRebuild(cmd.Context(), args, f) },
	}
	cmd.Flags().IntVar(&f.days, "days", f.days, "how many days back, by the clock of this machine")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "only show what the history gives")
	return cmd
}

// rebuildResult is books rebuild --json.
type rebuildResult struct {
	OK      bool                   `json:"ok"`
	DryRun  bool                   `json:"dry_run"`
	Written map[string][]string    `json:"written"` // Days by vault.
	Vaults  []distribution.Rebuilt `json:"vaults"`
}

func (c *cli) booksRebuild(ctx context.Context, names []string, f rebuildFlags) (err error) {
	d, err := c.openDesk(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close(ctx)) }()
	vaults, err := d.chosen(names)
	if err != nil {
		return err
	}
	out := rebuildResult{OK: true, DryRun: f.dryRun, Written: map[string][]string{}, Vaults: []distribution.Rebuilt{}}
	for _, vault := range vaults {
		past, err := d.service.Past(ctx, vault, time.Now().AddDate(0, 0, -f.days))
		if err != nil {
			return err
		}
		out.Vaults = append(out.Vaults, past)
		out.OK = out.OK && len(past.Gaps) == 0
		if !f.dryRun {
			days, err := d.rebuild(ctx, past)
			if err != nil {
				return err
			}
			out.Written[vault] = days
		}
		if !c.json {
			c.printRebuilt(past)
		}
	}
	if c.json {
		err = c.printJSON(out)
	}
	if err == nil && !out.OK {
		return &exitError{code: exitWarnings}
	}
	return err
}

// rebuild writes the days, after the audit log says so.
func (d *desk) rebuild(ctx context.Context, past distribution.Rebuilt) ([]string, error) {
	days := []string{}
	for _, one := range past.Days {
		if !one.Known {
			days = append(days, string(one.Report.Day))
		}
	}
	if len(days) == 0 {
		return days, nil
	}
	err := d.store.Audit(ctx, store.AuditEntry{At: time.Now(), Actor: actor(), Action: "books.rebuild", Subject: past.Vault, Detail: strings.Join(days, " ")})
	if err != nil {
		return nil, err
	}
	_, err = d.service.Rebuild(ctx, d.store, past)
	return days, err
}

func (c *cli) printRebuilt(past distribution.Rebuilt) {
	reaches := "the history shows nothing"
	if past.Reaches != nil {
		reaches = "the history reaches back to " + past.Reaches.Format(time.RFC3339)
	}
	t := newTable(fmt.Sprintf("%s since %s; %s", past.Vault, past.Since.Format(time.DateOnly), reaches), "Day", "Books", "State", "Claimed", "Investors", "Creator")
	for _, one := range past.Days {
		r, books := one.Report, "rebuilt"
		if one.Known {
			books = "were there"
		}
		t.AppendRow([]any{r.Day, books, r.State, r.Token.Format(r.Result.Claimed), r.Token.Format(r.Result.Paid), r.Token.Format(r.Result.Creator)})
	}
	fmt.Fprintln(c.stdout, t.Render())
	for _, g := range past.Gaps {
		fmt.Fprintf(c.stdout, "gap  %-10s  %s\n", cmp.Or(g.Day, domain.Day("no date")), g.Why)
	}
	if past.Newest != "" {
		fmt.Fprintf(c.stdout, "%s is the chain's newest day: feeops distribute %s makes its books, with its plan.\n", past.Newest, past.Vault)
	}
}
