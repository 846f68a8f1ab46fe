package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

type distributeFlags struct {
	all, dryRun, tomorrow, yes, wait bool
}

// distributeResult is distribute --json: a plan for each vault with --dry-run, a run for each without.
type distributeResult struct {
	OK     bool      `json:"ok"`
	DryRun bool      `json:"dry_run"`
	Plans  []planRow `json:"plans,omitempty"`
	Vaults []dayRow  `json:"vaults,omitempty"`
}

func (c *cli) distributeCommand() *cobra.Command {
	var f distributeFlags
	cmd := &cobra.Command{
		Use:   "distribute VAULT…|--all",
		Short: "Pay the day of vaults",
		Long: "Shows what would be paid and to how many, asks, and starts one durable run per vault. A second run of a vault is refused\n" +
			"while one is under way. --dry-run shows the plan and the checks and starts nothing.\n" +
			"--dry-run --tomorrow shows the next day as if it were due, and who is new, gone, moved or gets another amount since the last\n" +
			"opened day. What can be claimed now is a lower bound then, and exit code 0 means that nothing would refuse the day.\n" +
			"Exit codes: 0 started (with --wait: complete and reconciled), 4 refused by a safety rule, 5 not due, 1 failed.",
		Example: "  feeops distribute usdc-vault --dry-run\n  feeops distribute usdc-vault --dry-run --tomorrow\n  feeops distribute --all --yes --wait --json",
		RunE:    func(cmd *cobra.Command, args []string) error { return c.distribute(cmd.Context(), args, f) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.all, "all", false, "every enabled vault")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show the plan and the checks, start nothing")
	flags.BoolVar(&f.tomorrow, "tomorrow", false, "with --dry-run: plan the next day and compare it with the last one")
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	flags.BoolVar(&f.wait, "wait", false, "wait for the end and report it")
	return cmd
}

func (c *cli) distribute(ctx context.Context, names []string, f distributeFlags) (err error) {
	switch {
	case f.all && len(names) > 0:
		return usageError("distribute: --all is every vault: give it, or name vaults, and not both")
	case !f.all && len(names) == 0:
		return usageError("distribute: name vaults, or give --all")
	}
	if f.tomorrow && !f.dryRun {
		return usageError("distribute: --tomorrow only looks: give --dry-run with it")
	}
	d, err := c.openDesk(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close(ctx)) }()
	ids, err := d.chosen(names)
	if err != nil {
		return err
	}
	look := d.plans
	if f.tomorrow {
		look = d.shadows
	}
	plans, err := look(ctx, ids)
	if err != nil {
		return err
	}
	if f.dryRun {
		return c.showPlans(plans)
	}
	tc, err := dialTemporal(d.settings)
	if err != nil {
		return err
	}
	defer tc.Close()
	markLive(ctx, tc, plans)
	payable, code := payableOf(plans)
	if len(payable) == 0 {
		c.say("nothing is started:")
		for _, p := range plans {
			c.say("  %s: %s", p.ID, p.Reason)
		}
		return c.refused(plans, code)
	}
	if !f.yes {
		if err := c.askToPay(payable); err != nil {
			return err
		}
	}
	if err := auditStarts(ctx, d.store, payable); err != nil {
		return err
	}
	return c.runDays(ctx, tc, d.settings.Temporal.TaskQueue, payable, plans, f)
}

// auditStarts writes down who orders which days, before any of them is started. The runs themselves add what they were
// told and how they ended (day.start, day.end).
func auditStarts(ctx context.Context, db *store.Store, plans []planRow) error {
	for _, p := range plans {
		e := store.AuditEntry{
			At: time.Now(), Actor: actor(), Action: "distribute.start", Subject: p.ID,
			Detail: fmt.Sprintf("day %s, claims %s, pays %s to %d investors", p.Day, p.Claimable, p.Pool, p.Investors),
		}
		if err := db.Audit(ctx, e); err != nil {
			return fmt.Errorf("nothing is started, because it cannot be written down: %w", err)
		}
	}
	return nil
}

// markLive notes the vaults that have a run already: a second one would be refused by Temporal too (X02).
func markLive(ctx context.Context, tc client.Client, plans []planRow) {
	for i, p := range plans {
		if live(ctx, tc, p.ID) {
			plans[i].State = domain.Running
			plans[i].Reason = fmt.Sprintf("a run is already under way (%s): look at it with feeops status %s, or stop it first", ops.DailyID(p.ID), p.ID)
			plans[i].underWay = true
		}
	}
}

// refused ends a command that started nothing, with the rows that say why.
func (c *cli) refused(plans []planRow, code int) error {
	if c.json {
		result := distributeResult{Vaults: []dayRow{}}
		for _, p := range plans {
			result.Vaults = append(result.Vaults, dayRow{ID: p.ID, Behaviour: p.Behaviour, State: p.State, Day: p.Day, Reason: p.Reason, Signatures: []string{}})
		}
		if err := c.printJSON(result); err != nil {
			return err
		}
	}
	return &exitError{code: code}
}

// askToPay shows what is about to move and asks. Without a terminal nobody can answer, so --yes is wanted then.
func (c *cli) askToPay(plans []planRow) error {
	for _, p := range plans {
		c.say("%s: day %s, claims %s, pays %s to %d investors in %d pages and %s to the creator", p.ID, p.Day,
			p.Token.Format(p.Claimable), p.Token.Format(p.Pool), p.Investors, p.Pages, p.Token.Format(p.Creator))
	}
	if !isTerminal(os.Stdin) {
		return usageError("nobody can be asked here: give --yes, or --dry-run to look only")
	}
	fmt.Fprint(c.stderr, "Pay? Type yes: ")
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != "yes" {
		return &exitError{code: exitRefused, err: errors.New("not confirmed; nothing was started")}
	}
	return nil
}

// runDays starts a run for each payable vault and follows it: to its end with --wait, else past its checks.
func (c *cli) runDays(ctx context.Context, tc client.Client, queue string, payable, plans []planRow, f distributeFlags) error {
	view := c.newProgress()
	defer view.close()
	rows := make([]dayRow, len(payable))
	errs := make([]error, len(payable))
	var wg sync.WaitGroup
	for i, p := range payable {
		wg.Go(func() { rows[i], errs[i] = runOne(ctx, tc, queue, p, f.wait, view) })
	}
	wg.Wait()
	view.close()
	for _, p := range plans {
		if !p.payable() {
			rows = append(rows, dayRow{ID: p.ID, Behaviour: p.Behaviour, State: p.State, Day: p.Day, Reason: p.Reason, Signatures: []string{}})
		}
	}
	code := exitOK
	for _, r := range rows {
		code = max(code, runCode(r, f.wait))
	}
	for _, err := range errs {
		if err != nil {
			c.say("feeops: %v", err)
			code = max(code, codeOf(err))
		}
	}
	if c.json {
		if err := c.printJSON(distributeResult{OK: code == exitOK, Vaults: rows}); err != nil {
			return err
		}
	} else {
		c.showRuns(rows, f.wait)
	}
	if code != exitOK {
		return &exitError{code: code}
	}
	return nil
}

// runOne starts one vault's run.
func runOne(ctx context.Context, tc client.Client, queue string, p planRow, wait bool, view progress) (dayRow, error) {
	row := dayRow{ID: p.ID, Behaviour: p.Behaviour, State: p.State, Day: p.Day, Reason: p.Reason, Signatures: []string{}, token: p.Token}
	run, err := startDay(ctx, tc, queue, ops.DailyInput{Vault: p.ID, Actor: actor()})
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	switch {
	case errors.As(err, &started):
		return row, &exitError{code: exitRefused, err: fmt.Errorf("vault %s: a run is already under way (%s); look at it with feeops status %s, or stop it first", p.ID, ops.DailyID(p.ID), p.ID)}
	case err != nil:
		return row, fmt.Errorf("vault %s: %w. Is Temporal reachable? feeops doctor looks", p.ID, err)
	}
	if !wait {
		s := pastChecks(ctx, tc, run)
		row.WorkflowID, row.RunID, row.Investors, row.Pages = run.GetID(), run.GetRunID(), s.Investors, s.Pages
		row.State, row.Reason = cmp.Or(s.State, domain.Running), s.Reason
		return row, nil
	}
	report, err := followDay(ctx, tc, run, view.update)
	if report.State == "" {
		return row, fmt.Errorf("vault %s: %w", p.ID, err)
	}
	return newDayRow(p.ID, p.Behaviour, report), nil
}

// pastChecks waits until a run has begun to pay, or has ended, so that a refusal is told at once.
func pastChecks(ctx context.Context, tc client.Client, run client.WorkflowRun) ops.DailyStatus {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var last ops.DailyStatus
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		if s, err := queryStatus(ctx, tc, run.GetID(), run.GetRunID()); err == nil {
			last = s
			if s.State == domain.Running || s.Step == "end" {
				return s
			}
		}
		select {
		case <-ctx.Done():
			return last
		case <-ticker.C:
		}
	}
}

// actor names the person for the record.
func actor() string { return cmp.Or(os.Getenv("FEEOPS_ACTOR"), os.Getenv("USER"), "cli") }

// runCode is the exit code of one vault's row.
func runCode(r dayRow, wait bool) int {
	switch r.State {
	case domain.Complete:
		if r.good() {
			return exitOK
		}
		return exitFailed
	case domain.NotDue:
		return exitNotDue
	case domain.Stopped, domain.Isolated, domain.NoFees:
		return exitRefused
	case domain.Failed, domain.CompleteUnreconciled, domain.UnknownState:
		return exitFailed
	default:
		if wait {
			return exitFailed
		}
		return exitOK
	}
}

func (c *cli) showRuns(rows []dayRow, wait bool) {
	if wait {
		fmt.Fprintln(c.stdout, reconciliationTable(rows))
	} else {
		t := newTable("", "Vault", "State", "Investors", "Pages", "Workflow")
		for _, r := range rows {
			t.AppendRow([]any{r.ID, r.State, r.Investors, r.Pages, r.WorkflowID})
		}
		fmt.Fprintln(c.stdout, t.Render())
	}
	for _, r := range rows {
		if r.Reason != "" {
			fmt.Fprintf(c.stdout, "%s: %s\n", r.ID, r.Reason)
		}
	}
}
