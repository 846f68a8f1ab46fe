package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
)

// simulateFlags are the flags of simulate.
type simulateFlags struct {
	chain   chainFlags
	days    int
	out     string
	trouble bool

	killWorker bool
	anomaly    bool
	worsePages bool
}

const maxSimulated = 120

func (c *cli) simulateCommand() *cobra.Command {
	f := simulateFlags{chain: demoChain(), days: 35}
	f.chain.vaults, f.chain.investors, f.chain.slotMS = 10, 40, 20
	cmd := &cobra.Command{
		Use: "simulate", Short: "Weeks of operations in minutes, with every report, audited against the chain", Args: cobra.NoArgs,
		Long: "Starts a local chain, Temporal and a worker, and moves the clock of chain and worker from day to day. Each day has its morning check, its\n" +
			"distribution and its evening report, each Sunday the weekly maintenance, each first of a month the review of the one before. A third\n" +
			"of the way one vault's fee payer is empty: its day fails, an incident opens, the payer is filled and the day is paid. With --fault anomaly a\n" +
			"day waits for an approval, and alice signs it; with --fault worse-page-size shorter pages are approved and taken back. In the end an auditor\n" +
			"that shares no code with the payment path recomputes every day from the chain, and the saved reports are held against it to the base\n" +
			"unit. It uses no real network and no real money. Exit code 0: all days closed and everything is equal.",
		Example: "  feeops simulate\n  feeops simulate --days 7 --vaults 3 --fault kill-worker\n  feeops simulate --days 35 --out reports-of-the-simulation --json",
		PreRunE: func(*cobra.Command, []string) error { return f.check() },
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.simulate(cmd.Context(), f) },
	}
	f.chain.addTo(cmd.Flags())
	flags := cmd.Flags()
	flags.IntVar(&f.days, "days", f.days, "days to simulate")
	flags.StringVar(&f.out, "out", "", "`directory` for the reports (default: a new one below the system's temporary directory)")
	flags.BoolVar(&f.trouble, "incident", true, "empty a fee payer a third of the way")
	flags.Lookup("fault").Usage += "; " + killWorkerFault + " kills the worker in the middle of a day; " + anomalyFault + " gives the largest vault ten times its fees on the sixth day; " +
		pageSizeFault + " approves shorter pages for it, which the weekly maintenance takes back"
	return cmd
}

// check names what is wrong with the flags, before anything is started.
func (f *simulateFlags) check() error {
	for name, on := range map[string]*bool{killWorkerFault: &f.killWorker, anomalyFault: &f.anomaly, pageSizeFault: &f.worsePages} {
		*on = slices.Contains(f.chain.faults, name)
		f.chain.faults = slices.DeleteFunc(slices.Clone(f.chain.faults), func(s string) bool { return s == name })
	}
	if f.days < 1 || f.days > maxSimulated {
		return usageError("--days: got %d, want 1..%d", f.days, maxSimulated)
	}
	if f.chain.vaults < 1 {
		return usageError("--vaults: got %d, want at least 1", f.chain.vaults)
	}
	if f.chain.behaviour != string(domain.Reference) {
		return usageError("--behaviour: a simulation closes every day in full, and the published program pays no investor: see docs/localnet.md")
	}
	if err := f.checkFaults(); err != nil {
		return err
	}
	return f.chain.check()
}

// simulateResult is the object of simulate --json. The names up to reports are a contract (DESIGN.md §6).
type simulateResult struct {
	OK         bool     `json:"ok"`
	Days       int      `json:"days"`
	Vaults     int      `json:"vaults"`
	DaysClosed int      `json:"days_closed"` // Vault-days, by the chain.
	Mismatches int      `json:"mismatches"`  // Figures of reports that differ from the chain.
	PaidTwice  int      `json:"paid_twice"`
	Missed     int      `json:"missed"`
	Reports    []string `json:"reports"`
	Compared   int      `json:"compared"` // Figures of reports that were held against the chain.
	Incidents  int      `json:"incidents"`
	Approved   int      `json:"approved"`   // Days outside their vault's usual figures that an operator approved.
	TakenBack  int      `json:"taken_back"` // Page sizes that were measured as worse.
	Notes      []string `json:"notes"`
	DurationMS int64    `json:"duration_ms"`
}

// breakfast is the hour of the simulated days' beginning: evening reports are of the same date, however many days drift.
const breakfast = 6 * time.Hour

func (c *cli) simulate(ctx context.Context, f simulateFlags) error {
	began := time.Now()
	if f.out == "" {
		var err error
		if f.out, err = os.MkdirTemp("", "feeops-simulation-"); err != nil {
			return fmt.Errorf("make a directory for the reports: %w", err)
		}
	} else if entries, err := os.ReadDir(f.out); err == nil && len(entries) > 0 {
		return usageError("--out: %s is not empty; reports of another simulation would be counted", f.out)
	}
	clock, err := os.MkdirTemp("", "feeops-clock-")
	if err != nil {
		return fmt.Errorf("make a directory for the clock: %w", err)
	}
	defer os.RemoveAll(clock)
	f.chain.clockFile = filepath.Join(clock, "moved")
	f.chain.genesis = began.UTC().Truncate(24 * time.Hour).Add(breakfast)
	if err := moveClock(f.chain.clockFile, f.chain.genesis); err != nil {
		return err
	}
	view := c.newProgress()
	defer view.close()
	stack, chain, err := c.startStack(ctx, f.chain, view.say)
	if err != nil {
		return err
	}
	s := &simulation{cli: c, flags: f, stack: stack, chain: chain, view: view, auditors: audited(chain)}
	runErr := s.run(ctx)
	view.close()
	result := simulateResult{Days: f.days, Vaults: f.chain.vaults, Reports: []string{}, Notes: []string{}}
	if runErr == nil {
		runErr = s.judge(ctx, &result)
	}
	result.OK, result.DurationMS = runErr == nil && result.clean(f.days*f.chain.vaults), time.Since(began).Milliseconds()
	if runErr == nil && !result.OK {
		runErr = errors.New("the simulation is not clean; the notes say where")
	}
	return errors.Join(c.printSimulation(result, f.out), runErr, c.stopStack(stack, runErr != nil))
}

// clean is true when every vault-day closed and nothing differs.
func (r simulateResult) clean(days int) bool {
	return r.DaysClosed == days && r.Mismatches == 0 && r.PaidTwice == 0 && r.Missed == 0 && len(r.Notes) == 0 && r.Compared > 0
}

func (c *cli) printSimulation(r simulateResult, dir string) error {
	if c.json {
		return c.printJSON(r)
	}
	t := newTable("", "Simulation", "Result")
	for _, row := range [][]any{
		{"days", r.Days},
		{"vaults", r.Vaults},
		{"vault-days closed on chain", r.DaysClosed},
		{"reports saved", len(r.Reports)},
		{"figures held against the chain", r.Compared},
		{"figures that differ", r.Mismatches},
		{"paid twice", r.PaidTwice},
		{"missed", r.Missed},
		{"incidents", r.Incidents},
		{"days that waited for an approval", r.Approved},
		{"page sizes taken back", r.TakenBack},
	} {
		t.AppendRow(row)
	}
	fmt.Fprintln(c.stdout, t.Render())
	for _, n := range r.Notes {
		c.para(2, n)
	}
	verdict := "not clean"
	if r.OK {
		verdict = "every day is closed, and reports and chain are equal to the base unit"
	}
	fmt.Fprintf(c.stdout, "\n%s, in %d s\nreports: %s\n", verdict, r.DurationMS/1000, dir)
	return nil
}

// moveClock makes the worker's clock show a moment of the chain.
func moveClock(file string, to time.Time) error {
	if err := os.WriteFile(file+".new", []byte(time.Until(to).String()), 0o600); err != nil {
		return fmt.Errorf("move the worker's clock: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("move the worker's clock: %w", err)
	}
	return nil
}

// at finds a vault of the simulation's chain.
func (l *localChain) at(id string) localnet.Vault {
	for _, v := range l.vaults {
		if v.ID == id {
			return v
		}
	}
	return localnet.Vault{}
}
