package main

import (
	"cmp"
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/report"
	"github.com/meteora-fee-router/feeops/worker/app"
)

func (c *cli) reportMonthlyCommand() *cobra.Command {
	var f reportFlags
	var month string
	cmd := &cobra.Command{
		Use: "monthly", Short: "The last full month: metrics, trends, capacity, security, costs, service levels", Args: cobra.NoArgs,
		Long: "Computed from the books of the month before this one, in reports.time_zone, and compared with the month before that. A trend without\n" +
			"days enough is insufficient data; a line of the checklist without evidence is not assessed; a limit says when it is reached at the\n" +
			"present trend. Reads the store only; works while chain and Temporal are down.\n" +
			"Exit codes: 0 all well, 3 something wants attention, 1 somebody was not paid exactly.",
		Example: "  feeops report monthly\n  feeops report monthly --date 2026-10 --save\n  feeops report monthly --format html > review.html",
		PreRunE: func(*cobra.Command, []string) error {
			if _, err := monthOf(month, time.Time{}, time.UTC); err != nil {
				return err
			}
			return f.check(c.json)
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return c.reportMonthly(cmd.Context(), month, f) },
	}
	cmd.Flags().StringVar(&month, "date", "", "month, YYYY-MM or any of its dates (default: the last full month)")
	f.addTo(cmd)
	return cmd
}

// monthOf reads --date, or gives the last full month.
func monthOf(text string, now time.Time, loc *time.Location) (report.Window, error) {
	if text == "" {
		return report.PreviousMonth(now, loc), nil
	}
	at, err := time.Parse("2006-01", text)
	if err != nil {
		if at, err = time.Parse(time.DateOnly, text); err != nil {
			return report.Window{}, usageError("--date: got %q, want YYYY-MM or YYYY-MM-DD", text)
		}
	}
	return report.MonthWindow(at.Year(), at.Month(), now, loc), nil
}

func (c *cli) reportMonthly(ctx context.Context, month string, f reportFlags) (err error) {
	d, err := c.openReports(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close(ctx)) }()
	w, err := monthOf(month, d.now, d.zone)
	if err != nil {
		return err
	}
	m, err := d.Monthly(ctx, report.MonthlyParams{Window: w, Bounds: app.Bounds(d.settings), Security: d.store, Others: append(app.SettingsEvidence(d.settings), auditEvidence(ctx, d.store, d.settings, d.now)...)})
	if err != nil {
		return err
	}
	return c.emit(m, "monthly-review-"+w.Name, f, d.settings, m.Verdict)
}
