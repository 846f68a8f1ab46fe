package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/namespace"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// What became of a step of setup.
const (
	stepThere  = "there"  // It was so before.
	stepMade   = "made"   // Now it is.
	stepWould  = "would"  // A run without --dry-run makes it.
	stepFailed = "failed" // It is not, and Next says what to do.
)

// setupStep is one row of setup.
type setupStep struct {
	Step   string `json:"step"`
	Result string `json:"result"`
	Seen   string `json:"seen"`
	Next   string `json:"next,omitempty"`
}

// setupResult is the object of setup --json.
type setupResult struct {
	OK     bool        `json:"ok"`
	DryRun bool        `json:"dry_run"`
	Config string      `json:"config"`
	Steps  []setupStep `json:"steps"`
}

func (c *cli) setupCommand() *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use: "setup", Short: "Make what a worker needs: the store's tables, the Temporal namespace", Args: cobra.NoArgs,
		Example: "  feeops setup --dry-run\n  feeops setup",
		Long: "setup makes the store's tables, the Temporal namespace with its retention, and the search attributes.\n" +
			"It makes only what is missing, deletes and shortens nothing, and may be run again at any time. Run it before the first worker\n" +
			"and after an upgrade; with a database role that may change tables, so that the workers' own need not. Exit code 0: all is there, 1: something is not.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.setup(cmd.Context(), dryRun) },
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only say what would be made")
	return cmd
}

func (c *cli) setup(ctx context.Context, dryRun bool) error {
	p, err := c.findSettings()
	if err != nil {
		return err
	}
	s, err := p.load()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	out := setupResult{OK: true, DryRun: dryRun, Config: p.path}
	out.Steps = append([]setupStep{setupStore(ctx, s, dryRun)}, setupNamespace(ctx, s, dryRun)...)
	for _, step := range out.Steps {
		out.OK = out.OK && step.Result != stepFailed
	}
	if made := madeSteps(out.Steps); made != "" && out.Steps[0].Result != stepFailed {
		if err := auditDeed(ctx, s, store.ActionSetup, "", made); err != nil {
			return err
		}
	}
	if c.json {
		err = c.printJSON(out)
	} else {
		for _, step := range out.Steps {
			fmt.Fprintf(c.stdout, "%-7s  %-18s %s\n", step.Result, step.Step, step.Seen)
			if step.Next != "" {
				fmt.Fprintf(c.stdout, "%-7s  %-18s → %s\n", "", "", step.Next)
			}
		}
	}
	if err == nil && !out.OK {
		return &exitError{code: exitFailed}
	}
	return err
}

// madeSteps names what was made. The store comes first, since it keeps the record of the rest.
func madeSteps(steps []setupStep) string {
	var made []string
	for _, step := range steps {
		if step.Result == stepMade {
			made = append(made, step.Step+": "+step.Seen)
		}
	}
	return strings.Join(made, "; ")
}

// setupStore brings the store's tables up to date, which opening it does.
func setupStore(ctx context.Context, s config.Settings, dryRun bool) setupStep {
	step := setupStep{Step: "store"}
	fail := func(err error) setupStep {
		step.Result, step.Seen, step.Next = stepFailed, err.Error(), "Correct store.dsn, or what the message names, and run it again."
		return step
	}
	info, err := store.Inspect(ctx, s.Store.DSN.Reveal())
	if err != nil {
		return fail(err)
	}
	step.Seen = fmt.Sprintf("%s, schema %d", info.Place, info.Known)
	if info.Schema == info.Known {
		step.Result = stepThere
		return step
	}
	if dryRun && info.Schema < info.Known {
		step.Result, step.Seen = stepWould, fmt.Sprintf("%s, schema from %d to %d", info.Place, info.Schema, info.Known)
		return step
	}
	db, err := store.Open(ctx, s.Store.DSN.Reveal()) // It refuses a newer schema.
	if err == nil {
		err = errors.Join(db.Ping(ctx), db.Close())
	}
	if err != nil {
		return fail(err)
	}
	step.Result, step.Seen = stepMade, fmt.Sprintf("%s, schema from %d to %d", info.Place, info.Schema, info.Known)
	return step
}

func setupNamespace(ctx context.Context, s config.Settings, dryRun bool) []setupStep {
	fail := func(err error) []setupStep {
		return []setupStep{{"temporal", stepFailed, fmt.Sprintf("%s: %v", s.Temporal.Address, err), temporalNext(err)}}
	}
	tc, err := dialTemporal(s)
	if err != nil {
		return fail(err)
	}
	defer tc.Close()
	look, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	parts, err := namespace.Parts(look, tc, namespace.Want{Name: s.Temporal.Namespace, Retention: s.Temporal.Retention})
	if err != nil {
		return fail(err)
	}
	var out []setupStep
	for _, p := range parts {
		step := setupStep{Step: p.Name, Seen: p.Seen}
		switch {
		case p.Met:
			step.Result = stepThere
		case p.Make == nil:
			step.Result, step.Next = stepFailed, p.Next
		case dryRun:
			step.Result = stepWould
		default:
			step.Result = stepMade
			if err := p.Make(ctx); err != nil {
				step.Result, step.Seen, step.Next = stepFailed, err.Error(), p.Next
			}
		}
		out = append(out, step)
	}
	return out
}
