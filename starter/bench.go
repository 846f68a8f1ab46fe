package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/bench"
	"github.com/meteora-fee-router/feeops/internal/devstack"
)

// benchFlags are the flags of bench.
type benchFlags struct {
	vaults, investors []int
	slotMS, days      int
	peer              bool
	peerVaults        int
	looks             int
	stops             int
	compare           string
	markdown          bool
}

// benchResult is bench --json.
type benchResult struct {
	bench.Result

	Comparison *bench.Comparison `json:"comparison,omitempty"`
}

func (c *cli) benchCommand() *cobra.Command {
	f := benchFlags{vaults: []int{1, 10, 100, 1000}, investors: []int{50, 200, 1000}, slotMS: 400, days: 2, peer: true, peerVaults: 10, looks: 10, stops: 10}
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure pace, cost, memory and the watch on a local chain, beside the document's own script", Args: cobra.NoArgs,
		Long: "For every size it starts a local chain, a Temporal server and a worker of its own, pays days of all vaults side by side,\n" +
			"lets the watch look, and then lets the document's sequential script pay vaults of the same kind on the same chain.\n" +
			"Every figure is from this run; what was not measured says so. The default takes about half an hour on two idle processors.\n" +
			"It uses no real network. Exit codes: 0 measured, 1 a day was not complete and equal to the chain, 3 worse than the saved run.",
		Example: "  feeops bench --vaults 1,10 --investors 50\n  feeops bench --json > before.json\n  feeops bench --compare before.json",
		PreRunE: func(*cobra.Command, []string) error { return f.check() },
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.bench(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.IntSliceVar(&f.vaults, "vaults", f.vaults, "sizes of the fleets, paid one fleet after the other")
	flags.IntSliceVar(&f.investors, "investors", f.investors, "investors of one vault, each measured alone; the first also of every vault of a fleet")
	flags.IntVar(&f.slotMS, "slot-ms", f.slotMS, "milliseconds per slot; a real network's are 400")
	flags.IntVar(&f.days, "days", f.days, "days that every fleet is paid, 1 or 2; the first one makes lookup tables")
	flags.BoolVar(&f.peer, "peer", f.peer, "let the document's script run as well")
	flags.IntVar(&f.peerVaults, "peer-vaults", f.peerVaults, "the largest fleet that the document's script pays too")
	flags.IntVar(&f.looks, "looks", f.looks, "looks of the watch at each fleet")
	flags.IntVar(&f.stops, "stops", f.stops, "emergency stops, measured as feeops drill stop does; 0 leaves them out")
	flags.StringVar(&f.compare, "compare", "", "a saved bench --json `file` to compare with")
	flags.BoolVar(&f.markdown, "markdown", false, "print the tables as Markdown, as docs/scaling.md has them")
	return cmd
}

func (f *benchFlags) check() error {
	switch {
	case len(f.vaults) == 0 || slices.Min(f.vaults) < 1 || slices.Max(f.vaults) > maxVaults:
		return usageError("--vaults: got %v, want numbers from 1 to %d", f.vaults, maxVaults)
	case len(f.investors) == 0 || slices.Min(f.investors) < 1 || slices.Max(f.investors) > maxInvestors:
		return usageError("--investors: got %v, want numbers from 1 to %d", f.investors, maxInvestors)
	case f.slotMS < 1 || f.slotMS > 60_000:
		return usageError("--slot-ms: got %d, want 1..60000", f.slotMS)
	case f.days != 1 && f.days != 2:
		return usageError("--days: got %d, want 1 or 2", f.days)
	case f.peerVaults < 1:
		return usageError("--peer-vaults: got %d, want at least 1; --peer=false leaves the script out", f.peerVaults)
	case f.stops < 0 || f.stops > 100:
		return usageError("--stops: got %d, want 0..100", f.stops)
	case f.looks < 1 || f.looks > 100:
		return usageError("--looks: got %d, want 1..100", f.looks)
	}
	return nil
}

// command is how the run is repeated.
func (f *benchFlags) command() string {
	list := func(n []int) string { return strings.Trim(strings.ReplaceAll(fmt.Sprint(n), " ", ","), "[]") }
	return fmt.Sprintf("feeops bench --vaults %s --investors %s --slot-ms %d --days %d --peer=%t --peer-vaults %d --looks %d --stops %d --json",
		list(f.vaults), list(f.investors), f.slotMS, f.days, f.peer, f.peerVaults, f.looks, f.stops)
}

func (c *cli) bench(ctx context.Context, f benchFlags) error {
	before, err := readBench(f.compare)
	if err != nil {
		return err
	}
	stateDir, err := devstack.StateDir()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program, to start workers: %w", err)
	}
	out := benchResult{Result: bench.Run(ctx, bench.Options{
		Vaults: f.vaults, Investors: f.investors, Slot: time.Duration(f.slotMS) * time.Millisecond, Days: f.days, Peer: f.peer, PeerMost: f.peerVaults,
		Looks: f.looks, Command: f.command(), StateDir: stateDir, Worker: []string{self, "worker"}, Env: c.env,
		Tell: func(line string) { c.say("%s", line) },
		Stop: c.stopMeasure(f.stops),
	})}
	if before != nil {
		compared := bench.Compare(*before, out.Result)
		out.Comparison = &compared
	}
	return errors.Join(c.printBench(out, f.markdown), out.verdict())
}

// stopMeasure is the drill as bench asks for it; nil when it is left out.
func (c *cli) stopMeasure(samples int) func(context.Context) (time.Duration, error) {
	if samples == 0 {
		return nil
	}
	return func(ctx context.Context) (time.Duration, error) {
		r, run, err := c.measureStop(ctx, drillFlags{running: 50, samples: samples, workers: 2})
		if err != nil {
			return 0, err
		}
		return r.P99, run.Close(true)
	}
}

// verdict is the error of a run that did not measure what it should, or that got worse.
func (r benchResult) verdict() error {
	var errs []error
	for _, one := range r.Cases {
		if one.Error != "" {
			errs = append(errs, fmt.Errorf("%d vaults of %d investors: %s", one.Vaults, one.Investors, one.Error))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	if r.Comparison != nil && r.Comparison.Worse() {
		return &exitError{code: exitWarnings, err: errors.New("something got worse than in the saved run")}
	}
	return nil
}

// readBench reads a saved run before anything is measured: a wrong file is found out at once and not after half an hour.
func readBench(file string) (*bench.Result, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // Nothing to compare with.
	}
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, usageError("--compare: %w", err)
	}
	var r bench.Result
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, usageError("--compare: %s holds no result of feeops bench --json: %w", file, err)
	}
	if r.Started.IsZero() || len(r.Cases) == 0 {
		return nil, usageError("--compare: %s holds no result of feeops bench --json: it has no cases", file)
	}
	return &r, nil
}

func (c *cli) printBench(r benchResult, markdown bool) error {
	if c.json {
		return c.printJSON(r)
	}
	tables := r.Tables()
	if r.Comparison != nil {
		tables = append(tables, r.Comparison.Table())
	}
	for _, t := range tables {
		if markdown {
			fmt.Fprintf(c.stdout, "\n%s\n\n%s", t.Title, t.Markdown())
			continue
		}
		header := make([]any, len(t.Header))
		for i, h := range t.Header {
			header[i] = wrap(h, 9)
		}
		w := newTable(t.Title, header...)
		for _, row := range t.Rows {
			cells := make([]any, len(row))
			for i, cell := range row {
				cells[i] = wrap(cell, 34)
			}
			w.AppendRow(cells)
		}
		rightFrom(w, 2, len(header))
		fmt.Fprintf(c.stdout, "\n%s\n", w.Render())
	}
	fmt.Fprintf(c.stdout, "\n%s\n", r.About())
	return nil
}
