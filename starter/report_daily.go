package main

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/report"
)

func (c *cli) reportDailyCommand() *cobra.Command {
	var f reportFlags
	var date string
	var verify bool
	cmd := &cobra.Command{
		Use: "daily", Short: "What a date paid, by mint, with runs, costs, states and recommendations", Args: cobra.NoArgs,
		Long: "The window is a date of reports.time_zone, from midnight to midnight; the on-chain days opened within it are counted and named.\n" +
			"While it is not over, where vaults stand is read from the chain; after that the books tell how their runs ended. --verify also\n" +
			"reads the window's transactions and compares them with the books.\n" +
			"Exit codes: 0 all well, 3 something wants attention, 1 something failed, differs or is not known.",
		Example: "  feeops report daily\n  feeops report daily --date 2026-11-23 --verify\n  feeops report daily --save\n  feeops report daily --format html --out /var/www/reports",
		PreRunE: func(*cobra.Command, []string) error {
			if _, err := dateOf(date, time.Time{}, time.UTC); err != nil {
				return err
			}
			return f.check(c.json)
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return c.reportDaily(cmd.Context(), date, verify, f) },
	}
	cmd.Flags().StringVar(&date, "date", "", "YYYY-MM-DD in reports.time_zone (default: today by the chain's clock)")
	cmd.Flags().BoolVar(&verify, "verify", false, "compare with the chain's transactions, which costs a request each")
	f.addTo(cmd)
	return cmd
}

func (c *cli) reportDaily(ctx context.Context, date string, verify bool, f reportFlags) (err error) {
	d, err := c.openReports(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close(ctx)) }()
	day, err := dateOf(date, d.now, d.zone)
	if err != nil {
		return err
	}
	w, err := report.DayWindow(day, d.now, d.zone)
	if err != nil {
		return usageError("%w", err)
	}
	in := report.DailyInput{Window: w}
	if verify {
		if d.pool == nil {
			return d.FleetErr
		}
		ids, err := d.chosen(nil)
		if err != nil {
			return err
		}
		r := d.review(ctx, ids, report.Span{Window: w}, 0)
		in.Review = &r
	}
	r, err := d.Daily(ctx, in)
	if err != nil {
		return err
	}
	return c.emit(r, "daily-report-"+string(day), f, d.settings, r.Verdict)
}
