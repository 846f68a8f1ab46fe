package main

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"
)

func (c *cli) reportMorningCommand() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use: "morning [VAULT…]", Short: "Where every enabled vault stands this morning, and what wants attention",
		Long: "Reads chain, books and the runs under way, a hundred accounts a request; nothing is sent and no key is needed. Due times are\n" +
			"signed, treasury and fee payer are a value, absent or unknown. What cannot be read is unknown and counted, never left out.\n" +
			"Exit codes: 0 all well, 3 something wants attention, 1 something failed or cannot be read.",
		Example: "  feeops report morning\n  feeops report morning usdc-vault --json\n  feeops report morning --save",
		PreRunE: func(*cobra.Command, []string) error { return f.check(c.json) },
		RunE:    func(cmd *cobra.Command, args []string) error { return c.reportMorning(cmd.Context(), args, f) },
	}
	f.addTo(cmd)
	return cmd
}

func (c *cli) reportMorning(ctx context.Context, names []string, f reportFlags) (err error) {
	d, err := c.openReports(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close(ctx)) }()
	ids, err := d.chosen(names)
	if err != nil {
		return err
	}
	m := d.Morning(ctx, ids)
	return c.emit(m, "morning-"+m.At.Format("2006-01-02"), f, d.settings, m.Verdict)
}
