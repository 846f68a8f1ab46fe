package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/schedule"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

func (c *cli) scheduleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "schedule", Short: "What Temporal starts by itself: apply, list, pause, resume, trigger, backfill",
		Long: "The schedules stand in the settings: the fleet's day, the morning check, the evening report, the weekly maintenance, the monthly review\n" +
			"and the stop drill (schedules.*), backups and the restore drill (backup.every, backup.drill_every). apply shows the difference and makes\n" +
			"the Temporal server match. Only schedules with this deployment's mark are changed; others are left alone, also when they have the same\n" +
			"name. A worker makes backup, restore-drill and stop-drill by itself when they are absent; it changes none.",
		Example: "  feeops schedule apply --dry-run\n  feeops schedule apply --yes\n  feeops schedule list\n  feeops schedule pause daily-distribution --reason 'new signer'",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.scheduleApplyCommand(), c.scheduleListCommand(), c.schedulePauseCommand(), c.scheduleResumeCommand(), c.scheduleTriggerCommand(), c.scheduleBackfillCommand())
	return cmd
}

// scheduleDesk is what the schedule commands open.
type scheduleDesk struct {
	schedule.Book

	settings config.Settings
	close    func()
}

func (c *cli) openSchedules() (*scheduleDesk, error) {
	s, err := c.settings()
	if err != nil {
		return nil, err
	}
	tc, err := dialTemporal(s)
	if err != nil {
		return nil, err
	}
	book, err := app.Schedules(s, tc.ScheduleClient())
	if err != nil {
		tc.Close()
		return nil, usageError("%w", err)
	}
	return &scheduleDesk{Book: book, settings: s, close: tc.Close}, nil
}

// known refuses a name that no schedule of the settings has.
func (d *scheduleDesk) known(id string) (schedule.Definition, error) {
	names := make([]string, 0, len(d.Defs))
	for _, def := range d.Defs {
		if def.ID == id || def.ID == ops.ScheduleID(id, d.Queue) {
			return def, nil
		}
		names = append(names, def.ID)
	}
	return schedule.Definition{}, usageError("schedule %q is not in the settings, or switched off; known are %s", id, strings.Join(names, ", "))
}

// applyResult is the object of schedule apply --json.
type applyResult struct {
	OK      bool              `json:"ok"`
	Applied bool              `json:"applied"`
	Changes []schedule.Change `json:"changes"`
}

func (c *cli) scheduleApplyCommand() *cobra.Command {
	var yes, dryRun bool
	cmd := &cobra.Command{
		Use: "apply", Short: "Show how the server differs from the settings, and make it match", Args: cobra.NoArgs,
		Example: "  feeops schedule apply --dry-run\n  feeops schedule apply --yes",
		Long: "What is missing is made, what differs is changed, and a schedule of this deployment that the settings do not have is deleted. A paused\n" +
			"schedule stays paused. Exit codes: 0 the server matches, 3 a foreign schedule has one of the names, 4 not confirmed.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.scheduleApply(cmd.Context(), yes, dryRun) },
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only show the difference")
	return cmd
}

func (c *cli) scheduleApply(ctx context.Context, yes, dryRun bool) error {
	d, err := c.openSchedules()
	if err != nil {
		return err
	}
	defer d.close()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	plan, err := d.Plan(ctx)
	if err != nil {
		return fmt.Errorf("schedules at %s: %w%s", d.settings.Temporal.Address, err, unansweredNext(err))
	}
	foreign, work := 0, 0
	for _, ch := range plan {
		switch ch.Kind {
		case schedule.Foreign:
			foreign++
		case schedule.Same:
		default:
			work++
		}
	}
	if !c.json {
		c.printScheduleChanges(plan)
	}
	if work > 0 && !dryRun {
		if err := c.confirm(yes, "Apply?"); err != nil {
			return err
		}
		if err := d.applyAll(ctx, plan); err != nil {
			return err
		}
		c.say("%s", countOf(work, "schedule")+" changed: the server matches the settings")
	}
	if c.json {
		if err := c.printJSON(applyResult{OK: foreign == 0, Applied: work > 0 && !dryRun, Changes: plan}); err != nil {
			return err
		}
	}
	if foreign > 0 {
		return &exitError{code: exitWarnings}
	}
	return nil
}

// applyAll makes the changes, each written into the audit log first.
func (d *scheduleDesk) applyAll(ctx context.Context, plan []schedule.Change) (err error) {
	db, err := store.Open(ctx, d.settings.Store.DSN.Reveal())
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, ch := range plan {
		if ch.Kind == schedule.Same || ch.Kind == schedule.Foreign {
			continue
		}
		if err := db.Audit(ctx, store.AuditEntry{At: time.Now(), Actor: actor(), Action: "schedule.apply", Subject: ch.ID, Detail: string(ch.Kind)}); err != nil {
			return err
		}
		if err := d.Apply(ctx, ch); err != nil {
			return err
		}
	}
	return nil
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// printScheduleChanges shows the difference first, line by line.
func (c *cli) printScheduleChanges(plan []schedule.Change) {
	for _, ch := range plan {
		c.para(0, fmt.Sprintf("%-7s  %s", ch.Kind, ch.ID))
		for _, p := range ch.Parts {
			line := fmt.Sprintf("%s: %s → %s", p.Name, p.Is, p.Want)
			if ch.Kind == schedule.Create {
				line = fmt.Sprintf("%s: %s", p.Name, p.Want)
			}
			c.para(9, line)
		}
		c.para(9, ch.Note)
	}
}

// confirm asks before something is done. Without a terminal nobody can answer, so --yes is wanted then.
func (c *cli) confirm(yes bool, question string) error {
	if yes {
		return nil
	}
	if !isTerminal(os.Stdin) {
		return usageError("nobody can be asked here: give --yes")
	}
	fmt.Fprint(c.stderr, question+" Type yes: ")
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil || strings.TrimSpace(line) != "yes" {
		return &exitError{code: exitRefused, err: errors.New("not confirmed; nothing was changed")}
	}
	return nil
}

// schedulesResult is the object of schedule list --json.
type schedulesResult struct {
	OK        bool           `json:"ok"`
	TimeZone  string         `json:"time_zone"`
	Schedules []schedule.Row `json:"schedules"`
}

func (c *cli) scheduleListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Schedules with their next and last runs, and runs that were missed", Args: cobra.NoArgs,
		Example: "  feeops schedule list\n  feeops schedule list --json",
		Long: "A run is missed when its time has passed by two minutes and nothing was started for it: Temporal was down for longer than\n" +
			"schedules.catch_up, or the run before had not ended. Times are those of schedules.time_zone. Exit codes: 0 all as the settings have\n" +
			"it, 3 something is not.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.scheduleList(cmd.Context()) },
	}
}

func (c *cli) scheduleList(ctx context.Context) error {
	d, err := c.openSchedules()
	if err != nil {
		return err
	}
	defer d.close()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	rows, err := d.Look(ctx, time.Now())
	if err != nil {
		return fmt.Errorf("schedules at %s: %w%s", d.settings.Temporal.Address, err, unansweredNext(err))
	}
	bad := slices.ContainsFunc(rows, func(r schedule.Row) bool { return r.Health != schedule.Good })
	if c.json {
		err = c.printJSON(schedulesResult{OK: !bad, TimeZone: d.settings.Schedules.TimeZone, Schedules: rows})
	} else {
		err = c.printSchedules(rows, d.settings.Schedules.TimeZone)
	}
	if err == nil && bad {
		return &exitError{code: exitWarnings}
	}
	return err
}

func (c *cli) printSchedules(rows []schedule.Row, zone string) error {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return usageError("schedules.time_zone: %w", err)
	}
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return "none"
		}
		return t.In(loc).Format("01-02 15:04")
	}
	t := newTable("Schedules, times in "+zone, "Schedule", "When", "Health", "Next", "Last", "Missed", "Running")
	for _, r := range rows {
		when, _, _ := strings.Cut(r.Calendar, " (")
		t.AppendRow([]any{r.ID, wrap(when, 20), r.Health, stamp(r.Next), stamp(r.Last), r.Late + r.Skipped, r.Running})
	}
	rightFrom(t, 6, 7)
	fmt.Fprintln(c.stdout, t.Render())
	for _, r := range rows {
		if _, next := r.Check(); next != "" {
			c.para(0, fmt.Sprintf("%s: %s. Next: %s", r.ID, cmp.Or(r.Note, r.Seen), next))
		}
	}
	return nil
}
