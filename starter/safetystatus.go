package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/safety"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// statusOfSafety is resume status --json. The store's flags are what keeps transactions in; the switch's view follows.
type statusOfSafety struct {
	Stopped   bool                `json:"stopped"`
	Flags     []domain.SafetyFlag `json:"flags"`              // The store's.
	Emergency bool                `json:"emergency_stop_set"` // In these settings.
	Switch    *safety.State       `json:"switch"`             // null: it does not answer.
	Temporal  string              `json:"temporal"`           // ok, or why the switch does not answer.
	Store     string              `json:"store"`              // ok, or why the flags cannot be read, which counts as stopped.
}

func (c *cli) resumeStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "What is stopped, what may still land, and the open request", Args: cobra.NoArgs,
		Example: "  feeops resume status\n  feeops resume status --json",
		Long:    "Reads the store and asks the switch; works while one of them is away.\nExit codes: 0 nothing is stopped, 3 something is, or cannot be read.",
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.resumeStatus(cmd.Context()) },
	}
}

func (c *cli) resumeStatus(ctx context.Context) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	r := statusOfSafety{Flags: []domain.SafetyFlag{}, Temporal: "ok", Store: "ok", Emergency: s.Safety.EmergencyStop}
	if list, err := flagsOf(ctx, s); err != nil {
		r.Store = err.Error()
	} else {
		r.Flags = list
	}
	tc, err := dialTemporal(s)
	if err != nil {
		return err
	}
	defer tc.Close()
	if state, err := queryState(ctx, tc, s); err != nil {
		r.Temporal = err.Error()
	} else {
		r.Switch = &state
	}
	r.Stopped = r.Store != "ok" || len(r.Flags) > 0 || r.Emergency
	if err := c.showSafety(r); err != nil {
		return err
	}
	if r.Stopped || r.Temporal != "ok" {
		return &exitError{code: exitWarnings}
	}
	return nil
}

func flagsOf(ctx context.Context, s config.Settings) ([]domain.SafetyFlag, error) {
	db, err := store.Open(ctx, s.Store.DSN.Reveal())
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }() // It was only read.
	all, err := db.AllSafety(ctx)
	out := []domain.SafetyFlag{}
	for _, f := range all {
		if f.Kind.Closes() {
			out = append(out, f)
		}
	}
	return out, err
}

func (c *cli) showSafety(r statusOfSafety) error {
	if c.json {
		return c.printJSON(r)
	}
	if len(r.Flags) == 0 && r.Store == "ok" {
		fmt.Fprintln(c.stdout, "nothing is stopped")
	}
	if r.Emergency {
		fmt.Fprintln(c.stdout, "EMERGENCY_STOP is set in these settings: workers that use them send nothing")
	}
	for _, f := range r.Flags {
		vault := f.Vault
		if vault == "" {
			vault = "all vaults"
		}
		fmt.Fprintf(c.stdout, "%s of %s since %s by %s: %s\n", f.Kind, vault, f.At.UTC().Format(time.DateTime+" UTC"), f.Actor, f.Reason)
	}
	if r.Store != "ok" {
		fmt.Fprintf(c.stdout, "the store cannot be read, which counts as stopped: %s\n", r.Store)
	}
	if r.Switch == nil {
		fmt.Fprintf(c.stdout, "the switch does not answer: %s\n", r.Temporal)
		return nil
	}
	if f := r.Switch.Flights; f != nil && r.Stopped {
		switch {
		case f.Settled:
			fmt.Fprintf(c.stdout, "settled: %d landed, %d failed, %d expired since the stop\n", f.Landed, f.Failed, f.Expired)
		default:
			fmt.Fprintf(c.stdout, "%d signatures may still land, until block %d (final: %d); so far %d landed, %d failed, %d expired\n", f.May, f.Until, f.Height, f.Landed, f.Failed, f.Expired)
		}
		if f.Problem != "" {
			fmt.Fprintf(c.stdout, "  %s\n", f.Problem)
		}
	}
	if stop := r.Switch.Stop; stop != nil && r.Stopped {
		for _, part := range []struct {
			name string
			step safety.Step
		}{{"flag", stop.Stored}, {"runs", stop.Runs}, {"people", stop.Told}, {"evidence", stop.Evidence}} {
			word := "done"
			if !part.step.Done {
				word = "not done"
			}
			fmt.Fprintf(c.stdout, "  %-8s %s %s\n", part.name, word, part.step.Text)
		}
	}
	if q := r.Switch.Request; q != nil {
		c.showRequest(*q)
		for _, a := range q.Approvals {
			fmt.Fprintf(c.stdout, "  approved by %s, counts until %s\n", a.Operator, a.Expires.UTC().Format(time.TimeOnly+" UTC"))
		}
	}
	return nil
}
