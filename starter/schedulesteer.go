package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func (c *cli) schedulePauseCommand() *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "pause SCHEDULE --reason TEXT", Short: "Start nothing by this schedule until it is resumed", Args: cobra.ExactArgs(1),
		Example: "  feeops schedule pause evening-report --reason 'the store is being moved'",
		Long:    "Runs that are under way go on; feeops stop ends those. The reason and who gave it stand in feeops schedule list.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(reason) == "" {
				return usageError("--reason is needed: others must know why nothing is started")
			}
			note := fmt.Sprintf("paused by %s: %s", actor(), reason)
			return c.steer(cmd.Context(), args[0], "pause", reason, note, func(ctx context.Context, h client.ScheduleHandle) error {
				return h.Pause(ctx, client.SchedulePauseOptions{Note: note})
			})
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why (needed)")
	return cmd
}

func (c *cli) scheduleResumeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "resume SCHEDULE", Short: "Let a paused schedule start runs again", Args: cobra.ExactArgs(1),
		Example: "  feeops schedule resume evening-report",
		Long:    "What was left out while it was paused is not made up for: see feeops schedule trigger and backfill.",
		RunE: func(cmd *cobra.Command, args []string) error {
			note := "resumed by " + actor()
			return c.steer(cmd.Context(), args[0], "resume", "", note, func(ctx context.Context, h client.ScheduleHandle) error {
				return h.Unpause(ctx, client.ScheduleUnpauseOptions{Note: note})
			})
		},
	}
}

func (c *cli) scheduleTriggerCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "trigger SCHEDULE", Short: "Start a run now, as if it were the time", Args: cobra.ExactArgs(1),
		Example: "  feeops schedule trigger weekly-maintenance",
		Long: "A run of the same schedule that has not ended keeps another one from being started, except for daily-distribution, where each vault\n" +
			"has one run at a time anyway. daily-distribution pays: it asks first.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if paysFleet(args[0]) {
				if err := c.confirm(yes, "This pays every vault whose day is due, and the others when they are. Start?"); err != nil {
					return err
				}
			}
			return c.steer(cmd.Context(), args[0], "trigger", "", "triggered by "+actor(), func(ctx context.Context, h client.ScheduleHandle) error {
				return h.Trigger(ctx, client.ScheduleTriggerOptions{})
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func (c *cli) scheduleBackfillCommand() *cobra.Command {
	var from, to string
	cmd := &cobra.Command{
		Use: "backfill SCHEDULE --from TIME [--to TIME]", Short: "Make up for runs that were left out", Args: cobra.ExactArgs(1),
		Long: "Starts a run for every time of the schedule between the two, one after the other; each is about its own time. The days of vaults cannot\n" +
			"be made up for: the chain closes a day when the next one opens. Start today's with feeops schedule trigger daily-distribution.",
		Example: "  feeops schedule backfill evening-report --from 2026-11-20T00:00:00Z --to 2026-11-24T00:00:00Z",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.scheduleBackfill(cmd.Context(), args[0], from, to)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "first moment, such as 2026-11-20T00:00:00Z (needed)")
	cmd.Flags().StringVar(&to, "to", "", "last moment (default: now)")
	return cmd
}

// paysFleet is true for the schedule of payments, by its plain name or by a deployment's.
func paysFleet(id string) bool {
	name, _, _ := strings.Cut(id, "/")
	return name == ops.ScheduleDaily
}

// mostBackfill bounds what a mistyped year would start.
const mostBackfill = 100 * 24 * time.Hour

func (c *cli) scheduleBackfill(ctx context.Context, id, from, to string) error {
	if paysFleet(id) {
		return usageError("the days of vaults cannot be made up for: the chain closed them. Today's are started with feeops schedule trigger %s", id)
	}
	if name, _, _ := strings.Cut(id, "/"); slices.Contains([]string{ops.BackupSchedule(""), ops.RestoreDrillSchedule(""), ops.DrillSchedule("")}, name) {
		return usageError("%s is about the moment at which it runs: one for the past cannot be made. Start one now with feeops schedule trigger %s", id, id)
	}
	start, err := time.Parse(time.RFC3339, from)
	if err != nil {
		return usageError("--from: got %q, want a time such as 2026-11-20T00:00:00Z", from)
	}
	end := time.Now()
	if to != "" {
		if end, err = time.Parse(time.RFC3339, to); err != nil {
			return usageError("--to: got %q, want a time such as 2026-11-24T00:00:00Z", to)
		}
	}
	if !start.Before(end) || end.Sub(start) > mostBackfill || end.After(time.Now()) {
		return usageError("--from and --to: got %s to %s, want a past stretch of at most 100 days", start.Format(time.RFC3339), end.Format(time.RFC3339))
	}
	detail := fmt.Sprintf("from %s to %s", start.Format(time.RFC3339), end.Format(time.RFC3339))
	return c.steer(ctx, id, "backfill", detail, "making up "+detail, func(ctx context.Context, h client.ScheduleHandle) error {
		return h.Backfill(ctx, client.ScheduleBackfillOptions{Backfill: []client.ScheduleBackfill{{Start: start, End: end, Overlap: enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL}}})
	})
}

// steerResult is the object of schedule pause, resume, trigger and backfill with --json.
type steerResult struct {
	OK       bool   `json:"ok"`
	Schedule string `json:"schedule"`
	Did      string `json:"did"`
}

// steer does something with a schedule of ours and writes into the audit log who did it. The log comes first: what cannot
// be recorded is not done.
func (c *cli) steer(ctx context.Context, id, verb, detail, did string, do func(context.Context, client.ScheduleHandle) error) (err error) {
	d, err := c.openSchedules()
	if err != nil {
		return err
	}
	defer d.close()
	def, err := d.known(id)
	if err != nil {
		return err
	}
	id = def.ID
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	h, err := d.Own(ctx, id)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, d.settings.Store.DSN.Reveal())
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Audit(ctx, store.AuditEntry{At: time.Now(), Actor: actor(), Action: "schedule." + verb, Subject: id, Detail: detail}); err != nil {
		return err
	}
	if err := do(ctx, h); err != nil {
		return fmt.Errorf("%s schedule %s: %w", verb, id, err)
	}
	if c.json {
		return c.printJSON(steerResult{OK: true, Schedule: id, Did: did})
	}
	fmt.Fprintf(c.stdout, "%s: %s\n", id, did)
	return nil
}
