package main

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/report"
)

func (c *cli) reportWeeklyCommand() *cobra.Command {
	var f reportFlags
	var date string
	cmd := &cobra.Command{
		Use: "weekly", Short: "What 168 hours took and paid, against the 168 before", Args: cobra.NoArgs,
		Long: "Every step of every run was measured and stored; this is their analysis: success, average, p50, p95, longest, failures by code, the\n" +
			"slowest vaults, and what the days of the week paid and cost. Reads the store only; works while chain and Temporal are down.\n" +
			"Exit codes: 0 all well, 3 something wants attention, 1 somebody was not paid exactly.",
		Example: "  feeops report weekly\n  feeops report weekly --date 2026-11-22 --format md",
		PreRunE: func(*cobra.Command, []string) error {
			if _, err := dateOf(date, time.Time{}, time.UTC); err != nil {
				return err
			}
			return f.check(c.json)
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return c.reportWeekly(cmd.Context(), date, f) },
	}
	cmd.Flags().StringVar(&date, "date", "", "last date of the week, YYYY-MM-DD in reports.time_zone (default: until now)")
	f.addTo(cmd)
	return cmd
}

func (c *cli) reportWeekly(ctx context.Context, date string, f reportFlags) (err error) {
	d, err := c.openReports(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close(ctx)) }()
	end := d.now
	if date != "" {
		day, err := dateOf(date, d.now, d.zone)
		if err != nil {
			return err
		}
		w, err := report.DayWindow(day, d.now, d.zone)
		if err != nil {
			return usageError("%w", err)
		}
		end = w.To
	}
	r, err := d.Weekly(ctx, report.WeekWindow(end, d.now, d.zone))
	if err != nil {
		return err
	}
	return c.emit(r, "weekly-report-"+end.Add(-1).In(d.zone).Format(time.DateOnly), f, d.settings, r.Verdict)
}
