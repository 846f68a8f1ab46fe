package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// demoFlags are the flags of demo and dev.
type demoFlags struct {
	chain chainFlags
	days  int
	keep  bool

	killWorker bool // --fault kill-worker: the worker's, not the chain's.
}

const (
	killWorkerFault = "kill-worker"
	maxDays         = 30
)

func (c *cli) demoCommand() *cobra.Command {
	f := demoFlags{chain: demoChain()}
	cmd := &cobra.Command{
		Use: "demo", Short: "Pay the day of three vaults on a local chain, through a real Temporal server", Args: cobra.NoArgs,
		Example: "  feeops demo\n  feeops demo --vaults 5 --investors 300 --days 2\n  feeops demo --fault drop=0.2 --fault kill-worker --json\n  feeops demo --keep",
		Long: "demo builds what is missing, starts a local chain, Temporal with its Web UI and a worker, pays the day of every vault,\n" +
			"shows the reconciliation and ends everything that it started. It uses no real network and no real money.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.demo(cmd.Context(), f) },
	}
	f.chain.addTo(cmd.Flags())
	flags := cmd.Flags()
	flags.IntVar(&f.days, "days", 1, "days to pay; the chain's clock is moved in between")
	flags.BoolVar(&f.keep, "keep", false, "leave everything running until Ctrl-C")
	flags.Lookup("fault").Usage += "; " + killWorkerFault + " kills the worker once after its first page"
	cmd.PreRunE = func(*cobra.Command, []string) error { return f.check() }
	return cmd
}

// check names what is wrong with the flags, before anything is started.
func (f *demoFlags) check() error {
	f.killWorker = slices.Contains(f.chain.faults, killWorkerFault)
	f.chain.faults = slices.DeleteFunc(slices.Clone(f.chain.faults), func(s string) bool { return s == killWorkerFault })
	if f.days < 1 || f.days > maxDays {
		return usageError("--days: got %d, want 1..%d", f.days, maxDays)
	}
	if f.chain.vaults < 1 {
		return usageError("--vaults: got %d, want at least 1", f.chain.vaults)
	}
	return f.chain.check()
}

func (c *cli) demo(ctx context.Context, f demoFlags) error {
	started := time.Now()
	view := c.newProgress()
	defer view.close()
	stack, chain, err := c.startStack(ctx, f.chain, view.say)
	if err != nil {
		view.close()
		if c.json {
			err = errors.Join(err, c.printJSON(demoResult{Vaults: []dayRow{}, DurationMS: time.Since(started).Milliseconds()}))
		}
		return err
	}
	d := &demoRun{cli: c, flags: f, stack: stack, chain: chain, view: view}
	payErr := d.payAll(ctx)
	view.close()
	result := demoResult{
		OK: payErr == nil, Vaults: d.rows, TemporalUI: stack.UI, RPCURL: stack.RPC, DurationMS: time.Since(started).Milliseconds(), page: stack.Page,
	}
	printErr := c.printDemo(result, f.keep)
	if payErr != nil && !f.keep {
		c.say("logs: %s", stack.Dir)
	}
	if f.keep && ctx.Err() == nil {
		payErr = errors.Join(payErr, c.keepRunning(ctx, stack))
	}
	return errors.Join(payErr, printErr, c.stopStack(stack, payErr != nil))
}

// demoRun pays the days of one stack.
type demoRun struct {
	cli   *cli
	flags demoFlags
	stack *devstack.Stack
	chain *localChain
	view  progress
	rows  []dayRow
	kill  killOnce
}

// payAll pays every vault's day, for all days. Its error says what kept it from being complete and reconciled.
func (d *demoRun) payAll(ctx context.Context) error {
	d.rows = []dayRow{}
	ctx, cancel := d.stack.Watch(ctx)
	defer cancel()
	for day := range d.flags.days {
		if day > 0 {
			d.view.say("moving the chain's clock to the next day")
			if err := d.chain.nextDay(ctx); err != nil {
				return fmt.Errorf("move the chain to day %d: %w", day+1, err)
			}
		}
		if err := d.payDay(ctx); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return fmt.Errorf("not finished: %w", cause) // Once, and not for each vault.
			}
			return err
		}
	}
	if d.flags.killWorker && !d.kill.done() {
		return errors.New("the worker was not killed: every day was over before a first page was seen")
	}
	return d.verdict()
}

// verdict names every row that is not complete and reconciled.
func (d *demoRun) verdict() error {
	var bad []string
	for _, r := range d.rows {
		if r.good() {
			continue
		}
		line := fmt.Sprintf("%s of %s is %s: %d mismatches, %d paid twice, %d missed", r.ID, r.Day, r.State, r.Mismatches, r.PaidTwice, r.Missed)
		if r.Reason != "" {
			line += " (" + r.Reason + ")"
		}
		bad = append(bad, line)
	}
	if len(bad) > 0 {
		return errors.New(strings.Join(bad, "\n"))
	}
	if want := len(d.stack.Chain.VaultIDs) * d.flags.days; len(d.rows) != want {
		return fmt.Errorf("%d of %d days were paid", len(d.rows), want)
	}
	return nil
}

// byDay groups rows for the tables; a vault's day may differ from the others' around midnight.
func byDay(rows []dayRow) [][]dayRow {
	var days []domain.Day
	for _, r := range rows {
		if !slices.Contains(days, r.Day) {
			days = append(days, r.Day)
		}
	}
	out := make([][]dayRow, len(days))
	for _, r := range rows {
		i := slices.Index(days, r.Day)
		out[i] = append(out[i], r)
	}
	return out
}

// printDemo prints the tables and where to look, or the JSON object.
func (c *cli) printDemo(r demoResult, keep bool) error {
	if c.json {
		return c.printJSON(r)
	}
	for _, rows := range byDay(r.Vaults) {
		fmt.Fprintf(c.stdout, "\n%s\n", reconciliationTable(rows))
	}
	if len(r.Vaults) > 0 {
		fmt.Fprintf(c.stdout, "\n%s\n", runsTable(r.Vaults))
	}
	verdict := "not every vault is complete and reconciled"
	if r.OK {
		verdict = "every vault is complete and equals the chain to the base unit"
	}
	fmt.Fprintf(c.stdout, "\n%s, in %d s\n", verdict, r.DurationMS/1000)
	if keep {
		fmt.Fprintf(c.stdout, "Web page     %s\nTemporal UI  %s\nlocal chain  %s\n", r.page, r.TemporalUI, r.RPCURL)
		return nil
	}
	fmt.Fprintf(c.stdout, `Temporal UI was at %s; it ended with this command.
Next:
  feeops demo --keep               the same, left running, with the Temporal UI to look at
  feeops demo --days 2             the second day as well
  feeops demo --fault kill-worker  the worker is killed in the middle
  feeops dev                       a stack to try the other commands on
`, r.TemporalUI)
	return nil
}
