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
)

// disasterRow is one rehearsed disaster.
type disasterRow struct {
	Name   string `json:"name"`
	What   string `json:"what"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
	RPO    *int64 `json:"rpo_ms"` // Age of the restored archive at the loss; null: the chain had it all.
	RTO    *int64 `json:"rto_ms"` // From the loss until the worker takes tasks again.
	TookMS int64  `json:"took_ms"`
	Error  string `json:"error,omitempty"`
}

// disasterResult is drill disaster --json.
type disasterResult struct {
	OK        bool          `json:"ok"`
	Disasters []disasterRow `json:"disasters"`
}

func disasterNames() []string {
	var out []string
	for _, d := range disasters() {
		out = append(out, d.name)
	}
	return out
}

func (c *cli) drillDisasterCommand() *cobra.Command {
	return &cobra.Command{
		Use: "disaster [NAME…]", Short: "Rehearse disasters on a deployment of its own: " + strings.Join(disasterNames(), ", "), ValidArgs: disasterNames(),
		Long: "Builds a small deployment of its own for each disaster: a local chain, a Temporal namespace, a worker and a place for backups. It pays\n" +
			"half a day or a whole one, destroys what the disaster takes, recovers as docs/recovery.md says, and pays the next day. Right means that\n" +
			"every investor's token balance grew as planned, to the base unit, and that nothing was sent twice. Nothing else is touched.\n" +
			"Exit codes: 0 every disaster was survived, 1 one was not, 2 no such disaster.",
		Example: "  feeops drill disaster\n  feeops drill disaster host-lost ransomware --json",
		RunE:    func(cmd *cobra.Command, args []string) error { return c.drillDisaster(cmd.Context(), args) },
	}
}

func (c *cli) drillDisaster(ctx context.Context, names []string) (err error) {
	for _, name := range names {
		if !slices.Contains(disasterNames(), name) {
			return usageError("there is no disaster %q; known are %s", name, strings.Join(disasterNames(), ", "))
		}
	}
	stateDir, err := devstack.StateDir()
	if err != nil {
		return err
	}
	run, err := devstack.NewRun(stateDir, time.Now())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.Close(err == nil)) }()
	binary, err := devstack.TemporalBinary(ctx, func(line string) { c.say("%s", line) })
	if err != nil {
		return err
	}
	server, err := devstack.StartTemporal(ctx, devstack.TemporalOptions{Binary: binary, Dir: run.Dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop(context.WithoutCancel(ctx))) }()
	out := disasterResult{OK: true, Disasters: []disasterRow{}}
	for _, d := range disasters() {
		if len(names) > 0 && !slices.Contains(names, d.name) {
			continue
		}
		c.say("%s: %s", d.name, d.what)
		row := rehearse(ctx, d, run.Dir, server)
		out.OK = out.OK && row.OK
		out.Disasters = append(out.Disasters, row)
		if !c.json {
			c.printDisaster(row)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	if c.json {
		err = c.printJSON(out)
	}
	if err == nil && !out.OK {
		return &exitError{code: exitFailed, err: errors.New("not every disaster was survived")}
	}
	return err
}

func rehearse(ctx context.Context, d disaster, dir string, server *devstack.Temporal) disasterRow {
	began := time.Now()
	row := disasterRow{Name: d.name, What: d.what}
	rig, err := newDisasterRig(ctx, d.name, dir, server)
	if err == nil {
		row.Detail, err = d.play(ctx, rig)
		err = errors.Join(err, rig.close(ctx))
		if !rig.backAt.IsZero() {
			rto := rig.backAt.Sub(rig.lostAt).Milliseconds()
			row.RTO = &rto
		}
		if !rig.point.IsZero() {
			rpo := rig.lostAt.Sub(rig.point).Milliseconds()
			row.RPO = &rpo
		}
	}
	row.TookMS = time.Since(began).Milliseconds()
	if row.OK = err == nil; !row.OK {
		row.Detail, row.Error = "", err.Error()
	}
	return row
}

func (c *cli) printDisaster(r disasterRow) {
	say := func(ms *int64, none string) string {
		if ms == nil {
			return none
		}
		return fmt.Sprintf("%d ms", *ms)
	}
	word, text := "ok", r.Detail
	if !r.OK {
		word, text = "FAIL", r.Error
	}
	fmt.Fprintf(c.stdout, "%-4s  %-15s  restore point %-12s  back after %-9s  %s\n", word, r.Name, say(r.RPO, "the chain"), say(r.RTO, "no data"), text)
}
