package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/devstack"
)

// recoveryStep is one row of drill recovery.
type recoveryStep struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	TookMS int64  `json:"took_ms"`
}

// recoveryResult is drill recovery --json.
type recoveryResult struct {
	OK       bool           `json:"ok"`
	Database string         `json:"database"` // sqlite or postgres.
	Steps    []recoveryStep `json:"steps"`
	RTO      *int64         `json:"rto_ms"` // From the loss until two workers take tasks again; null: it did not come so far.
	Days     []recoveryDay  `json:"days"`
}

func (c *cli) drillRecoveryCommand() *cobra.Command {
	var server string
	cmd := &cobra.Command{
		Use: "recovery", Short: "A fresh host, a paid day, a backup, everything lost, a restore, the next day: with this program's own commands", Args: cobra.NoArgs,
		Long: "Builds a deployment of its own out of processes of this program: a local chain, Temporal, two workers. It runs setup, distribute,\n" +
			"backup create and verify as an operator does, kills and deletes everything but the chain, the keys and the place of the backups,\n" +
			"and comes back on an empty host with setup, backup restore and two workers. Right means that the audit log goes on unbroken from a\n" +
			"head that was signed before the loss, and that the books of both days equal the token balances of the chain, to the base unit.\n" +
			"With --postgres the store is a database of its own on that server, made and dropped here; else a file. Nothing else is touched.\n" +
			"Exit codes: 0 all of it was right, 1 a step was not.",
		Example: "  feeops drill recovery\n  feeops drill recovery --postgres postgres://postgres@127.0.0.1:5432/postgres --json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.drillRecovery(cmd.Context(), server) },
	}
	cmd.Flags().StringVar(&server, "postgres", "", "`address` of a PostgreSQL server, with a role that may make databases (PGPASSWORD is taken); left out: SQLite")
	return cmd
}

func (c *cli) drillRecovery(ctx context.Context, server string) (err error) {
	stateDir, err := devstack.StateDir()
	if err != nil {
		return err
	}
	run, err := devstack.NewRun(stateDir, time.Now())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, run.Close(err == nil)) }()
	r, err := newRecoveryRig(ctx, c, run.Dir, server)
	if err != nil {
		return err
	}
	out := recoveryResult{OK: true, Database: r.kind(), Steps: []recoveryStep{}, Days: []recoveryDay{}}
	for _, step := range r.steps() {
		began := time.Now()
		detail, stepErr := step.do(ctx)
		row := recoveryStep{Name: step.name, OK: stepErr == nil, Detail: detail, TookMS: time.Since(began).Milliseconds()}
		if stepErr != nil {
			row.Detail, out.OK = stepErr.Error(), false
		}
		out.Steps = append(out.Steps, row)
		if !c.json {
			c.printRecoveryStep(row)
		}
		if !out.OK {
			break
		}
	}
	out.Days, out.RTO = append(out.Days, r.days...), r.rto
	err = r.close(context.WithoutCancel(ctx))
	if c.json {
		err = errors.Join(err, c.printJSON(out))
	} else if out.OK {
		fmt.Fprintf(c.stdout, "everything came back: %d days of vaults equal the chain, workers took tasks again %d ms after the loss\n", len(out.Days), *out.RTO)
	}
	if err == nil && !out.OK {
		return &exitError{code: exitFailed, err: errors.New("the recovery did not succeed: see the failed step")}
	}
	return err
}

func (c *cli) printRecoveryStep(row recoveryStep) {
	word := "ok"
	if !row.OK {
		word = "FAIL"
	}
	fmt.Fprintf(c.stdout, "%-4s  %-52s %6d ms  %s\n", word, row.Name, row.TookMS, row.Detail)
}
