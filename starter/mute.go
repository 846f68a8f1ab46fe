package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// muteFlags are what mute is given.
type muteFlags struct {
	vault, alert, reason, starts string
	length                       time.Duration
	maintenance, critical        bool
}

func (c *cli) muteCommand() *cobra.Command {
	var f muteFlags
	cmd := &cobra.Command{
		Use:   "mute --reason TEXT [--vault V] [--alert A] [--for 1h]",
		Short: "Keep alerts quiet for a while: they are recorded, not told",
		Long: "A mute always ends, and beginning and end are told. Without --vault and --alert it concerns all. Critical alerts are told in\n" +
			"spite of it, unless --alert names them or --critical says so. What is still open when it ends is told then; what was told\n" +
			"before is still told to be over. --maintenance is the same, for work that was planned; --starts lets it begin later.\n" +
			"Needs Temporal: the watch keeps mutes.",
		Example: "  feeops mute --vault usdc-vault --alert payer_low --for 2h --reason 'SOL is on its way'\n" +
			"  feeops mute --maintenance --starts 2026-11-25T22:00:00Z --for 3h --reason 'new RPC nodes' --critical\n" +
			"  feeops mute list\n  feeops mute end mute/20261125-1",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.mute(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.vault, "vault", "", "only this vault")
	flags.StringVar(&f.alert, "alert", "", "only this alert")
	flags.DurationVar(&f.length, "for", time.Hour, "how long; at most monitor.max_mute")
	flags.StringVar(&f.reason, "reason", "", "why (needed)")
	flags.StringVar(&f.starts, "starts", "", "when it begins, such as 2026-11-25T22:00:00Z (default: now)")
	flags.BoolVar(&f.maintenance, "maintenance", false, "a maintenance window")
	flags.BoolVar(&f.critical, "critical", false, "critical alerts too")
	cmd.AddCommand(c.muteListCommand(), c.muteEndCommand())
	return cmd
}

func (c *cli) mute(ctx context.Context, f muteFlags) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	o, err := f.order(time.Now(), s.Monitor.MaxMute)
	if err != nil {
		return err
	}
	if _, ok := s.Vault(f.vault); f.vault != "" && !ok {
		return usageError("--vault: %q is not in the settings", f.vault)
	}
	what, where := cmp.Or(f.alert, "all alerts"), cmp.Or(f.vault, "all vaults")
	return c.toMonitor(ctx, ops.SignalMute, o, fmt.Sprintf("%s of %s are not told for %s; they are recorded. The watch tells when it begins and ends", what, where, f.length))
}

// order checks what was given: the watch would cut or refuse it later, when nobody looks.
func (f muteFlags) order(now time.Time, longest time.Duration) (ops.MuteOrder, error) {
	o := ops.MuteOrder{Vault: f.vault, Alert: f.alert, Minutes: int(f.length / time.Minute), Maintenance: f.maintenance, Critical: f.critical, Reason: strings.TrimSpace(f.reason), Actor: actor()}
	if f.starts != "" {
		at, err := time.Parse(time.RFC3339, f.starts)
		if err != nil {
			return o, usageError("--starts: got %q, want a time such as 2026-11-25T22:00:00Z", f.starts)
		}
		o.Starts = at
	}
	var ids []string
	for _, r := range alert.Catalogue() {
		ids = append(ids, r.ID)
	}
	switch {
	case o.Reason == "":
		return o, usageError("--reason is needed: others must know why they hear nothing")
	case f.alert != "" && !slices.Contains(ids, f.alert):
		return o, usageError("--alert: got %q, want one of %s", f.alert, strings.Join(ids, ", "))
	case f.length < time.Minute || f.length > longest:
		return o, usageError("--for: got %s, want 1m to %s (monitor.max_mute): nothing is silenced for good", f.length, longest)
	case !o.Starts.IsZero() && !o.Starts.Add(f.length).After(now):
		return o, usageError("--starts: the window would be over already")
	}
	return o, nil
}

// mutesResult is mute list --json.
type mutesResult struct {
	Mutes []domain.Mute `json:"mutes"`
}

func (c *cli) muteListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Mutes in force and to come", Args: cobra.NoArgs,
		Example: "  feeops mute list\n  feeops mute list --json",
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.muteList(cmd.Context()) },
	}
}

func (c *cli) muteList(ctx context.Context) (err error) {
	db, _, err := c.openBooks(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	now := time.Now()
	mutes, err := db.Mutes(ctx, now)
	if err != nil {
		return err
	}
	mutes = slices.DeleteFunc(mutes, func(m domain.Mute) bool { return m.Ended || !m.Until.After(now) })
	if c.json {
		return c.printJSON(mutesResult{append([]domain.Mute{}, mutes...)})
	}
	if len(mutes) == 0 {
		fmt.Fprintln(c.stdout, "Nothing is muted.")
		return nil
	}
	t := newTable("", "Mute", "Vault", "Alert", "From", "Until", "By", "Reason")
	for _, m := range mutes {
		t.AppendRow([]any{m.ID, cmp.Or(m.Vault, "all"), cmp.Or(m.Alert, "all"), m.From.UTC().Format("01-02 15:04Z"), m.Until.UTC().Format("01-02 15:04Z"), clip(m.Actor, 10), wrap(m.Reason, 24)})
	}
	fmt.Fprintln(c.stdout, t.Render())
	return nil
}

func (c *cli) muteEndCommand() *cobra.Command {
	return &cobra.Command{
		Use: "end MUTE", Short: "End a mute now", Args: cobra.ExactArgs(1),
		Example: "  feeops mute end mute-1",
		Long:    "MUTE is an id of mute list. What it kept back and is still open is told at once.",
		RunE: func(cmd *cobra.Command, args []string) error {
			none := fmt.Sprintf("no mute in force or to come has the id %q. Look at the ids with feeops mute list", args[0])
			if err := c.inBooks(cmd.Context(), none, muteToEnd(args[0])); err != nil {
				return err
			}
			return c.toMonitor(cmd.Context(), ops.SignalUnmute, ops.UnmuteOrder{ID: args[0], Actor: actor()}, args[0]+" ends now")
		},
	}
}

// muteToEnd is true for a mute that is in force or to come.
func muteToEnd(id string) func(context.Context, *store.Store) (bool, error) {
	return func(ctx context.Context, db *store.Store) (bool, error) {
		now := time.Now()
		mutes, err := db.Mutes(ctx, now)
		return slices.ContainsFunc(mutes, func(m domain.Mute) bool { return m.ID == id && !m.Ended && m.Until.After(now) }), err
	}
}
