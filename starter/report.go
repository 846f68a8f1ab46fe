package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
)

// reportFlags are the flags that every report has.
type reportFlags struct {
	formats []string
	out     string
	save    bool
}

func (c *cli) reportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "report", Short: "Reports: morning, events, daily, weekly, monthly, performance, investor",
		Long: "Reports say their window, their sources and how far these reach. What could not be read is unknown, what nobody looked at is not\n" +
			"assessed. Dates are those of reports.time_zone; on-chain days are named by UTC.\n" +
			"--format writes one format to standard output. --out and --save write files: all formats, or those of --format; a file that is\n" +
			"there is never replaced, the next one is called -v2. Exit codes: 0 all well, 3 something wants attention, 1 failed or not known.",
		Example: "  feeops report morning\n  feeops report events --hours 48\n  feeops report daily --date 2026-11-23 --save\n  feeops report monthly --format html > review.html",
	}
	cmd.Args = cobra.NoArgs // Else a mistyped report would print this help and look like a success.
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(c.reportCommands()...)
	return cmd
}

// reportCommands lists the reports; each has a file of its own name.
func (c *cli) reportCommands() []*cobra.Command {
	return []*cobra.Command{
		c.reportMorningCommand(), c.reportEventsCommand(), c.reportDailyCommand(), c.reportWeeklyCommand(), c.reportMonthlyCommand(), c.performanceCommand(), c.reportInvestorCommand(),
	}
}

func (f *reportFlags) addTo(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&f.formats, "format", nil, "md, json, csv or html; several only for files")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(sheet.Formats(), cobra.ShellCompDirectiveNoFileComp)) // It fails for an unknown flag only.
	flags.StringVar(&f.out, "out", "", "write files into this `directory`")
	flags.BoolVar(&f.save, "save", false, "write files into reports.dir of the settings")
}

// check names what is wrong with the flags, before anything is opened.
func (f *reportFlags) check(asJSON bool) error {
	for _, format := range f.formats {
		if !slices.Contains(sheet.Formats(), format) {
			return usageError("--format: got %q, want one of %s", format, strings.Join(sheet.Formats(), ", "))
		}
	}
	switch {
	case f.out != "" && f.save:
		return usageError("give --out or --save: one of them says where the files go")
	case f.files() || len(f.formats) == 0:
		return nil
	case len(f.formats) > 1:
		return usageError("--format: standard output takes one format; several need --out or --save")
	case asJSON && f.formats[0] != "json":
		return usageError("--json and --format %s ask for two formats", f.formats[0])
	}
	return nil
}

func (f *reportFlags) files() bool { return f.out != "" || f.save }

// emit shows a report, writes its files, and ends with the verdict's exit code.
func (c *cli) emit(r sheet.Paged, name string, f reportFlags, s config.Settings, verdict report.Verdict) error {
	if f.files() {
		if err := c.saveReport(r, name, f, s); err != nil {
			return err
		}
	}
	if err := c.show(r, f); err != nil {
		return err
	}
	switch verdict {
	case report.OK, "":
		return nil
	case report.Warn:
		return &exitError{code: exitWarnings}
	default:
		return &exitError{code: exitFailed}
	}
}

func (c *cli) show(r sheet.Paged, f reportFlags) error {
	switch {
	case c.json:
		return c.printJSON(r)
	case !f.files() && len(f.formats) == 1:
		body, err := sheet.Render(r, f.formats[0])
		if err != nil {
			return err
		}
		_, err = c.stdout.Write(body)
		return err
	}
	c.printSheet(r.Sheet())
	return nil
}

func (c *cli) saveReport(r sheet.Paged, name string, f reportFlags, s config.Settings) error {
	formats := f.formats
	if len(formats) == 0 {
		formats = sheet.Formats()
	}
	files, err := sheet.RenderAll(r, formats)
	if err != nil {
		return err
	}
	dir := f.out
	if f.save {
		dir = s.Reports.Dir
	}
	paths, err := sheet.Save(dir, name, files)
	if err != nil {
		return err
	}
	for _, path := range paths {
		c.say("saved %s", path)
	}
	return nil
}

// dateOf reads --date, or gives the date of a moment in the zone.
func dateOf(text string, now time.Time, loc *time.Location) (domain.Day, error) {
	if text == "" {
		return domain.Day(now.In(loc).Format(time.DateOnly)), nil
	}
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return "", usageError("--date: got %q, want YYYY-MM-DD", text)
	}
	return domain.Day(text), nil
}

// zoneOf is the settings' time zone, which their check has found.
func zoneOf(s config.Settings) (*time.Location, error) {
	loc, err := time.LoadLocation(s.Reports.TimeZone)
	if err != nil {
		return nil, usageError("reports.time_zone: %w", err)
	}
	return loc, nil
}
