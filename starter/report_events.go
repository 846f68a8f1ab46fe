package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report"
)

// eventFlags say which transactions are reviewed.
type eventFlags struct {
	reportFlags

	hours int
	day   string
	date  string
	lines int
}

const mostHours = 24 * 400

func (c *cli) reportEventsCommand() *cobra.Command {
	var f eventFlags
	cmd := &cobra.Command{
		Use: "events [VAULT…]", Short: "What the chain recorded: claims, pages, closes and failures, held against the books",
		Long: "Pages through the finalized transactions of each vault to the cut-off, the vault's own day or a date. Money is counted by\n" +
			"token-balance deltas; the program's events stand beside it. What the list hides or no endpoint serves is a gap, and the review is\n" +
			"then not complete. Each day is held against its own sums and against the books.\n" +
			"Exit codes: 0 complete and equal, 3 not complete or something stands out, 1 sums or books differ, or nothing could be read.",
		Example: "  feeops report events\n  feeops report events usdc-vault --day latest\n  feeops report events --day 2026-11-23 --json\n  feeops report events --hours 168 --format csv",
		PreRunE: func(cmd *cobra.Command, _ []string) error { return f.check(cmd, c.json) },
		RunE:    func(cmd *cobra.Command, args []string) error { return c.reportEvents(cmd.Context(), args, f) },
	}
	flags := cmd.Flags()
	flags.IntVar(&f.hours, "hours", 24, "how far to look back from the chain's now")
	flags.StringVar(&f.day, "day", "", "on-chain day instead: YYYY-MM-DD by the books (UTC), or latest")
	flags.StringVar(&f.date, "date", "", "calendar date instead, in reports.time_zone: YYYY-MM-DD")
	flags.IntVar(&f.lines, "lines", 0, "newest transactions of each vault to list")
	f.addTo(cmd)
	return cmd
}

func (f *eventFlags) check(cmd *cobra.Command, asJSON bool) error {
	given := 0
	for _, name := range []string{"hours", "day", "date"} {
		if cmd.Flags().Changed(name) {
			given++
		}
	}
	switch {
	case given > 1:
		return usageError("give one of --hours, --day and --date")
	case f.hours < 1 || f.hours > mostHours:
		return usageError("--hours: got %d, want 1..%d", f.hours, mostHours)
	case f.lines < 0 || f.lines > 10_000:
		return usageError("--lines: got %d, want 0..10000", f.lines)
	}
	if f.day != "" && f.day != "latest" {
		if _, err := domain.ParseDay(f.day); err != nil {
			return usageError("--day: %w, or latest", err)
		}
	}
	if _, err := dateOf(f.date, time.Time{}, time.UTC); err != nil {
		return err
	}
	return f.reportFlags.check(asJSON)
}

// span is what the flags ask for, at a moment of the chain.
func (f *eventFlags) span(now time.Time, loc *time.Location) (report.Span, string, error) {
	end := now.Add(time.Second) // The last second counts as well.
	w := report.NewWindow(fmt.Sprintf("last %d h", f.hours), now.Add(-time.Duration(f.hours)*time.Hour), end, now, loc)
	switch {
	case f.day == "latest":
		return report.Span{Window: w, Latest: true}, "events-" + now.In(loc).Format(time.DateOnly), nil
	case f.day != "":
		return report.Span{Window: w, Day: domain.Day(f.day)}, "events-day-" + f.day, nil
	case f.date != "":
		w, err := report.DayWindow(domain.Day(f.date), now, loc)
		return report.Span{Window: w}, "events-" + f.date, err
	}
	return report.Span{Window: w}, "events-" + now.In(loc).Format(time.DateOnly), nil
}

func (c *cli) reportEvents(ctx context.Context, names []string, f eventFlags) (err error) {
	d, err := c.openReports(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close(ctx)) }()
	ids, err := d.chosen(names)
	if err != nil {
		return err
	}
	if d.pool == nil {
		return d.FleetErr
	}
	span, name, err := f.span(d.now, d.zone)
	if err != nil {
		return usageError("%w", err)
	}
	r := d.review(ctx, ids, span, f.lines)
	return c.emit(r, name, f.reportFlags, d.settings, r.Verdict)
}
