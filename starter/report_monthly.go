package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/report"
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
	m, err := d.Monthly(ctx, report.MonthlyParams{Window: w, Bounds: bounds(d.settings), Security: d.store, Others: settingsEvidence(d.settings)})
	if err != nil {
		return err
	}
	return c.emit(m, "monthly-review-"+w.Name, f, d.settings, m.Verdict)
}

// bounds are the limits that settings and machine set.
func bounds(s config.Settings) report.Bounds {
	b := report.Bounds{DeadlineMargin: s.Distribution.DeadlineMargin}
	for _, e := range s.RPC.Endpoints {
		if e.RequestsPerSecond == 0 {
			b.RequestsPerSecond = 0 // One without a limit takes what the others do not.
			break
		}
		b.RequestsPerSecond += uint64(e.RequestsPerSecond)
	}
	if dir := storeDir(s); dir != "" {
		b.FreeDisk = func() (uint64, error) { return freeBytes(dir) }
	}
	return b
}

// settingsEvidence are the lines of the security checklist that the settings and the files they name can answer.
func settingsEvidence(s config.Settings) []report.Assessment {
	return []report.Assessment{encrypted(s), private(s), keyFiles(s)}
}

func encrypted(s config.Settings) report.Assessment {
	a := report.Assessment{Name: "endpoints encrypted", State: "ok"}
	plain := 0
	for _, e := range s.RPC.Endpoints {
		if !strings.HasPrefix(e.URL.Reveal(), "https://") && s.Network != "localnet" {
			plain++
		}
	}
	a.Evidence = fmt.Sprintf("%d of %d endpoints without TLS on %s", plain, len(s.RPC.Endpoints), s.Network)
	if plain > 0 {
		a.State = "warn"
	}
	return a
}

func private(s config.Settings) report.Assessment {
	a := report.Assessment{Name: "worker's page private", State: "ok", Evidence: "worker.listen is " + s.Worker.Listen}
	host, _, err := net.SplitHostPort(s.Worker.Listen)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		a.State = "warn"
	}
	return a
}

// keyFiles looks at who may read the fee payers' keys. A key that does not lie here cannot be looked at.
func keyFiles(s config.Settings) report.Assessment {
	a := report.Assessment{Name: "fee payer keys", State: "not assessed", Evidence: "no key file can be looked at from here"}
	paths := map[string]bool{s.Signer.KeypairPath: true}
	for _, v := range s.Vaults {
		paths[v.KeypairPath] = true
	}
	seen, open := 0, 0
	for path := range paths {
		info, err := os.Stat(path)
		if path == "" || err != nil {
			continue
		}
		seen++
		if info.Mode().Perm()&0o077 != 0 {
			open++
		}
	}
	if seen > 0 {
		a.State, a.Evidence = "ok", fmt.Sprintf("%d key files on this machine's disk, %d readable by others than their owner", seen, open)
	}
	if open > 0 {
		a.State = "fail"
	}
	return a
}
