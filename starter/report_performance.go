package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/report"
)

func (c *cli) performanceCommand() *cobra.Command {
	var since time.Duration
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "performance [--since 24h]",
		Short: "How often and how fast each step went, and what failed",
		Long: "Every attempt of every step is recorded by the worker. The report counts them by operation: success, the median and the\n" +
			"95th percentile of all attempts, failed ones included, errors by code and the last three. A window without attempts is\n" +
			"\"no data\". Reads the store only; works while chain and Temporal are down.",
		Example: "  feeops report performance\n  feeops report performance --since 168h --json\n  feeops report performance --format csv > steps.csv",
		Args:    cobra.NoArgs,
		PreRunE: func(*cobra.Command, []string) error { return f.check(c.json) },
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.performance(cmd.Context(), since, f) },
	}
	f.addTo(cmd)
	cmd.Flags().DurationVar(&since, "since", 24*time.Hour, "how far back")
	return cmd
}

func (c *cli) performance(ctx context.Context, since time.Duration, f reportFlags) (err error) {
	if since <= 0 {
		return usageError("--since: got %s, want a time such as 24h", since)
	}
	d, err := c.openReports(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close(ctx)) }()
	p, err := d.Performance(ctx, d.now.Add(-since), d.now)
	if err != nil {
		return err
	}
	if c.json || len(f.formats) > 0 || f.files() {
		return c.emit(p, "performance-"+d.now.In(d.zone).Format(time.DateOnly), f, d.settings, report.OK)
	}
	c.printPerformance(p)
	return nil
}

func (c *cli) printPerformance(p report.Performance) {
	window := fmt.Sprintf("%s to %s", p.From.Format(time.DateTime), p.To.Format(time.DateTime+"Z"))
	if p.Total.Count == 0 {
		fmt.Fprintf(c.stdout, "No data: no step was recorded from %s.\n", window)
		return
	}
	t := newTable("Steps from "+window, "Operation", "Attempts", "Success %", "p50 ms", "p95 ms", "Max ms")
	for _, s := range append(p.Operations, p.Total) {
		t.AppendRow([]any{s.Name, s.Count, *s.Success, s.P50.Milliseconds(), s.P95.Milliseconds(), s.Max.Milliseconds()})
	}
	rightFrom(t, 2, 6)
	fmt.Fprintln(c.stdout, t.Render())
	for _, s := range p.Operations {
		if len(s.Errors) == 0 {
			continue
		}
		line := ""
		for _, e := range s.Errors {
			line += fmt.Sprintf(" %s ×%d", cmp.Or(e.Code, "unclassified"), e.Count)
		}
		fmt.Fprintf(c.stdout, "%s failed:%s\n", s.Name, line)
		for _, f := range s.Last {
			fmt.Fprintf(c.stdout, "  %s  %-20s  %s\n", f.At.Format(time.DateTime+"Z"), clip(cmp.Or(f.Vault, f.Workflow), 20), clip(cmp.Or(f.Code, "unclassified"), 40))
		}
	}
}
