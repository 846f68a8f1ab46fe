package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/drill"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// drillFlags are the flags of drill stop.
type drillFlags struct {
	running, samples, workers int
	live                      bool
}

// drillResult is drill stop --json. The names are a contract (DESIGN.md §6).
type drillResult struct {
	OK      bool    `json:"ok"`
	Running int     `json:"running"`
	Samples int     `json:"samples"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	Workers int     `json:"workers,omitempty"`
	Took    []took  `json:"took,omitempty"`
}

// took is one sample.
type took struct {
	Gate  float64 `json:"gate_ms"`      // From the signal until the flag can be read by every gate.
	Send  float64 `json:"last_send_ms"` // From the signal until the last transaction on the wire; 0: none came after it.
	Sends int     `json:"sends_before"` // In the ten seconds before the signal.
	Late  int     `json:"sends_after_gate"`
}

func (c *cli) drillCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "drill", Short: "Exercises that measure what is promised"}
	f := drillFlags{running: 50, samples: 10, workers: 2}
	stop := &cobra.Command{
		Use: "stop", Short: "Measure the emergency stop: from the signal to the last send", Args: cobra.NoArgs,
		Long: "Builds a stack of its own: a local chain, Temporal, several workers, and as many vaults as are to be running. Stops it by the signal\n" +
			"that anybody can send, watches the gate and every transaction on the wire, resumes with two operators' keys, and does it again.\n" +
			"Nothing of a running deployment is touched. --live measures a running deployment instead, with a flag that forbids nothing:\n" +
			"from the signal to the gate of a worker, without sends.\n" +
			"Exit codes: 0 the slowest of a hundred takes at most a second, 1 not.",
		Example: "  feeops drill stop --running 50 --workers 2\n  feeops drill stop --live --json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.drillStop(cmd.Context(), f) },
	}
	flags := stop.Flags()
	flags.IntVar(&f.running, "running", f.running, "distributions that run when the stop comes")
	flags.IntVar(&f.samples, "samples", f.samples, "how often")
	flags.IntVar(&f.workers, "workers", f.workers, "worker processes")
	flags.BoolVar(&f.live, "live", false, "measure the running deployment of the settings, stopping nothing")
	stop.PreRunE = func(*cobra.Command, []string) error { return f.check() }
	cmd.AddCommand(stop, c.drillIncidentCommand(), c.drillRestoreCommand(), c.drillDisasterCommand(), c.drillRecoveryCommand())
	return cmd
}

func (f *drillFlags) check() error {
	switch {
	case f.running < 1 || f.running > 500:
		return usageError("--running: got %d, want 1..500", f.running)
	case f.samples < 1 || f.samples > 200:
		return usageError("--samples: got %d, want 1..200", f.samples)
	case f.workers < 1 || f.workers > 8:
		return usageError("--workers: got %d, want 1..8", f.workers)
	}
	return nil
}

func (c *cli) drillStop(ctx context.Context, f drillFlags) error {
	if f.live {
		return c.drillLive(ctx, f)
	}
	r, run, err := c.measureStop(ctx, f)
	if err != nil {
		return err
	}
	out := drillResult{OK: r.OK(), Running: r.Running, Samples: len(r.Samples), P50: ms(r.P50), P99: ms(r.P99), Workers: f.workers}
	for _, s := range r.Samples {
		out.Took = append(out.Took, took{Gate: ms(s.Gate), Send: ms(s.Send), Sends: s.Sends, Late: s.Late})
	}
	return errors.Join(c.showDrill(out), run.Close(true))
}

// measureStop runs the drill on a stack of its own. The run's directory is the caller's to close.
func (c *cli) measureStop(ctx context.Context, f drillFlags) (drill.Result, *devstack.Run, error) {
	self, err := os.Executable()
	if err != nil {
		return drill.Result{}, nil, fmt.Errorf("find this program, to start workers: %w", err)
	}
	stateDir, err := devstack.StateDir()
	if err != nil {
		return drill.Result{}, nil, err
	}
	run, err := devstack.NewRun(stateDir, time.Now())
	if err != nil {
		return drill.Result{}, nil, err
	}
	r, err := drill.Stop(ctx, drill.Options{
		Running: f.running, Samples: f.samples, Workers: f.workers, Worker: []string{self, "worker"}, Env: c.env, Dir: run.Dir,
		Tell: func(line string) { c.say("%s", line) },
	})
	if err != nil {
		return r, nil, errors.Join(fmt.Errorf("%w (logs: %s)", err, run.Dir), run.Close(false))
	}
	return r, run, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// drillLive runs StopDrill on the deployment of the settings.
func (c *cli) drillLive(ctx context.Context, f drillFlags) error {
	var report ops.DrillReport
	err := c.withSwitch(func(s config.Settings, tc client.Client) error {
		queue := s.Temporal.TaskQueue
		run, err := tc.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID: ops.DrillSchedule(queue) + "/cli", TaskQueue: queue, StaticSummary: "Measures the emergency stop, stopping nothing",
		}, ops.StopDrill, ops.DrillInput{Samples: f.samples})
		if err != nil {
			return fmt.Errorf("start the drill: %w", err)
		}
		if err := run.Get(ctx, &report); err != nil {
			value, asked := tc.QueryWorkflow(ctx, run.GetID(), run.GetRunID(), ops.QueryResult)
			if asked != nil || value.Get(&report) != nil || report.Samples == 0 {
				return plainReason(err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.showDrill(drillResult{OK: report.OK, Running: report.Running, Samples: report.Samples, P50: report.P50, P99: report.P99})
}

func (c *cli) showDrill(r drillResult) error {
	if c.json {
		if err := c.printJSON(r); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(c.stdout, "%d stops with %d running distributions: half within %.0f ms, 99 of 100 within %.0f ms\n", r.Samples, r.Running, r.P50, r.P99)
	}
	if !r.OK {
		return &exitError{code: exitFailed, err: fmt.Errorf("a stop may take a second, and took %.0f ms", r.P99)}
	}
	return nil
}
