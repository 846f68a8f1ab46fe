package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/chaos"
	"github.com/meteora-fee-router/feeops/internal/devstack"
)

// chaosFlags are the flags of chaos.
type chaosFlags struct {
	runs, parallel int
	seed           uint64
	scenarios      []string
	list, verbose  bool
	markdown       bool
}

const (
	maxChaosRuns = 100_000
	maxParallel  = 64
)

func (c *cli) chaosCommand() *cobra.Command {
	f := chaosFlags{runs: 12, parallel: defaultParallel(runtime.NumCPU())}
	cmd := &cobra.Command{
		Use: "chaos", Short: "Pay days while everything goes wrong, and audit what the chain's balances show", Args: cobra.NoArgs,
		Example: "  feeops chaos --runs 20\n  feeops chaos --list\n  feeops chaos --seed 7 --runs 1 --json",
		Long: "chaos pays days on local chains with real worker processes that are really killed, a real Temporal server, and faults of\n" +
			"the wire, the store, the processes and the chain. After each run an auditor that shares no code with the payment path\n" +
			"recomputes the day from the chain's balances. A failing run prints the command that repeats it and keeps its directory.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.chaos(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.IntVar(&f.runs, "runs", f.runs, "number of runs")
	flags.Uint64Var(&f.seed, "seed", 0, "everything that is drawn derives from it; 0 takes one from the clock and says which")
	flags.StringArrayVar(&f.scenarios, "scenario", nil, "only this scenario, or a mixture as A+B; may be repeated (default: all, and mixtures)")
	flags.IntVar(&f.parallel, "parallel", f.parallel, "runs side by side")
	flags.BoolVar(&f.list, "list", false, "list the scenarios")
	flags.BoolVar(&f.markdown, "markdown", false, "print the table as Markdown, as docs/reliability.md has it")
	flags.BoolVar(&f.verbose, "verbose", false, "tell what happens in each run")
	cmd.PreRunE = func(*cobra.Command, []string) error { return f.check() }
	return cmd
}

// defaultParallel suits runs that mostly wait, for slots and for a killed worker's heartbeat to be missed.
func defaultParallel(processors int) int { return min(max(3*processors, 3), maxParallel) }

func (f *chaosFlags) check() error {
	switch {
	case f.runs < 1 || f.runs > maxChaosRuns:
		return usageError("--runs: got %d, want 1..%d", f.runs, maxChaosRuns)
	case f.parallel < 1 || f.parallel > maxParallel:
		return usageError("--parallel: got %d, want 1..%d", f.parallel, maxParallel)
	}
	if err := chaos.CheckNames(f.scenarios); err != nil {
		return usageError("--scenario: %w", err)
	}
	return nil
}

func (c *cli) chaos(ctx context.Context, f chaosFlags) error {
	if f.list {
		return c.listScenarios()
	}
	if f.seed == 0 {
		f.seed = uint64(time.Now().UnixMilli())
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program, to start workers: %w", err)
	}
	stateDir, err := devstack.StateDir()
	if err != nil {
		return err
	}
	run, err := devstack.NewRun(stateDir, time.Now())
	if err != nil {
		return err
	}
	began, done := time.Now(), 0
	c.say("seed %d, %d runs, %d side by side", f.seed, f.runs, f.parallel)
	results, err := chaos.Execute(ctx, chaos.Options{
		Runs: f.runs, Seed: f.seed, Scenarios: f.scenarios, Parallel: f.parallel, Worker: []string{self, "worker"}, Env: c.env,
		Dir: run.Dir, Verbose: f.verbose, Tell: func(line string) { c.say("%s", line) },
		Done: func(r chaos.Result) { done++; c.tellRun(r, done, f.runs) },
	})
	if err != nil {
		return errors.Join(err, run.Close(false))
	}
	sum := newChaosResult(results, f.seed, time.Since(began))
	switch {
	case c.json:
		err = c.printJSON(sum)
	case f.markdown:
		_, err = fmt.Fprintln(c.stdout, chaosTable(results, true).RenderMarkdown())
	default:
		fmt.Fprintf(c.stdout, "\n%s\n", chaosTable(results, false).Render())
		fmt.Fprintf(c.stdout, "\n%d runs, %d failed: %d paid twice, %d missed, %d wrong amounts, %d sums that do not add up; %d of lost days (a stated rule). Seed %d, %d s\n",
			sum.Runs, sum.Failed, sum.PaidTwice, sum.Missed, sum.WrongAmount, sum.Conservation, sum.Lost, sum.Seed, sum.DurationMS/1000)
	}
	err = errors.Join(err, run.Close(sum.OK))
	if err == nil && !sum.OK {
		err = fmt.Errorf("%d of %d runs failed; their logs and stores: %s", sum.Failed, sum.Runs, run.Dir)
	}
	return err
}

// tellRun is one line for a run, and for a failed one what is wrong and how to repeat it.
func (c *cli) tellRun(r chaos.Result, done, all int) {
	word := "ok"
	if !r.OK {
		word = "FAILED"
	}
	c.say("%4d/%d  %-6s %5.1f s  %s  (%s)", done, all, word, r.Duration.Seconds(), r.Scenario, strings.Join(r.Notes, "; "))
	if r.OK {
		return
	}
	if r.PaidTwice+r.Missed+r.Wrong+r.Conservation > 0 {
		c.say("           money: %d paid twice, %d missed, %d wrong, %d sums", r.PaidTwice, r.Missed, r.Wrong, r.Conservation)
	}
	for _, list := range []struct {
		name  string
		lines []string
	}{{"rule", r.Broken}, {"report", r.Disagree}, {"problem", r.Problems}} {
		for i, line := range list.lines {
			if i == 8 {
				c.say("           %s: and %d more", list.name, len(list.lines)-i)
				break
			}
			c.say("           %s: %s", list.name, line)
		}
	}
	c.say("           repeat: %s\n           kept: %s", r.Repeat(), r.Dir)
}

// chaosResult is the object of chaos --json. The names up to failed_seeds are a contract (DESIGN.md §6).
type chaosResult struct {
	OK           bool           `json:"ok"`
	Runs         int            `json:"runs"`
	Failed       int            `json:"failed"`
	PaidTwice    int            `json:"paid_twice"`
	Missed       int            `json:"missed"`
	WrongAmount  int            `json:"wrong_amount"`
	Conservation int            `json:"conservation_failures"`
	FailedSeeds  []uint64       `json:"failed_seeds"`
	Seed         uint64         `json:"seed"`
	Lost         int            `json:"lost_by_deadline"`
	DurationMS   int64          `json:"duration_ms"`
	Failures     []chaos.Result `json:"failures"`
}

func newChaosResult(results []chaos.Result, seed uint64, took time.Duration) chaosResult {
	out := chaosResult{Runs: len(results), Seed: seed, DurationMS: took.Milliseconds(), FailedSeeds: []uint64{}, Failures: []chaos.Result{}}
	for _, r := range results {
		out.PaidTwice += r.PaidTwice
		out.Missed += r.Missed
		out.WrongAmount += r.Wrong
		out.Conservation += r.Conservation
		out.Lost += r.Lost
		if !r.OK {
			out.Failed++
			out.FailedSeeds = append(out.FailedSeeds, r.Seed)
			out.Failures = append(out.Failures, r)
		}
	}
	out.OK = out.Failed == 0
	return out
}

// chaosTable is scenarios × result; mixtures are one line. told adds what each scenario is about.
func chaosTable(results []chaos.Result, told bool) table.Writer {
	type sum struct {
		name                                              string
		runs, ok, twice, missed, wrong, sums, lost, order int
		longest                                           time.Duration
	}
	var rows []*sum
	for _, r := range results {
		name := r.Scenario
		if strings.Contains(name, "+") {
			name = "mixtures"
		}
		at := slices.IndexFunc(rows, func(s *sum) bool { return s.name == name })
		if at < 0 {
			at, rows = len(rows), append(rows, &sum{name: name, order: chaos.Place(name)})
		}
		s := rows[at]
		s.runs++
		if r.OK {
			s.ok++
		}
		s.twice, s.missed, s.wrong, s.sums, s.lost = s.twice+r.PaidTwice, s.missed+r.Missed, s.wrong+r.Wrong, s.sums+r.Conservation, s.lost+r.Lost
		s.longest = max(s.longest, r.Duration)
	}
	slices.SortFunc(rows, func(a, b *sum) int { return cmp.Compare(a.order, b.order) })
	header, about := []any{"Scenario"}, map[string]string{"mixtures": "two or three of those that leave a day payable"}
	if told {
		header = append(header, "What goes wrong, and what must come of it")
		for _, s := range chaos.Scenarios() {
			about[s.Name] = s.About
		}
	}
	t := newTable("", append(header, "Runs", "OK", "Twice", "Missed", "Wrong", "Sums", "Lost by deadline", "Longest")...)
	for _, s := range rows {
		row := []any{s.name}
		if told {
			row = append(row, about[s.name])
		}
		t.AppendRow(append(row, s.runs, s.ok, s.twice, s.missed, s.wrong, s.sums, s.lost, fmt.Sprintf("%.0f s", s.longest.Seconds())))
	}
	rightFrom(t, len(header)+1, len(header)+8)
	return t
}

// scenarioRow is one line of chaos --list --json.
type scenarioRow struct {
	Name  string `json:"name"`
	Group string `json:"group"`
	About string `json:"about"`
	Mixes bool   `json:"mixes"`
}

func (c *cli) listScenarios() error {
	all := chaos.Scenarios()
	if c.json {
		rows := []scenarioRow{}
		for _, s := range all {
			rows = append(rows, scenarioRow{s.Name, s.Group, s.About, s.Mixes})
		}
		return c.printJSON(rows)
	}
	t := newTable("", "Scenario", "Group", "What happens", "Mixes")
	for _, s := range all {
		mixes := ""
		if s.Mixes {
			mixes = "yes"
		}
		t.AppendRow([]any{s.Name, s.Group, wrap(s.About, 52), mixes})
	}
	_, err := fmt.Fprintln(c.stdout, t.Render())
	return err
}
