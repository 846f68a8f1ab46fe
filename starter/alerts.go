package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/internal/alert"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/samplefile"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

func (c *cli) alertsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "alerts", Short: "Alerts: what is open, who has taken it over, what would have fired"}
	cmd.AddCommand(c.alertsListCommand(), c.alertsAckCommand(), c.alertsTestCommand())
	return cmd
}

// alertsResult is alerts list --json.
type alertsResult struct {
	Open     int              `json:"open"`
	Episodes []domain.Episode `json:"episodes"`
}

func (c *cli) alertsListCommand() *cobra.Command {
	var all bool
	var since time.Duration
	cmd := &cobra.Command{
		Use:   "list [VAULT]",
		Short: "Open episodes, gravest first",
		Long: "Reads the store only; works while chain and Temporal are down.\n" +
			"Exit codes: 0 nothing is open, 3 something is.",
		Example: "  feeops alerts list\n  feeops alerts list usdc-vault --all --since 72h --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			vault := ""
			if len(args) > 0 {
				vault = args[0]
			}
			return c.alertsList(cmd.Context(), vault, all, since)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "also those that are over")
	cmd.Flags().DurationVar(&since, "since", 24*time.Hour, "with --all: how far back")
	return cmd
}

func (c *cli) alertsList(ctx context.Context, vault string, all bool, since time.Duration) (err error) {
	db, known, err := c.openBooks(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	episodes, err := db.Episodes(ctx, time.Now().Add(-since))
	if err != nil {
		return err
	}
	if vault != "" && !slices.Contains(known, vault) && !slices.ContainsFunc(episodes, func(e domain.Episode) bool { return e.Vault == vault }) {
		return usageError("vault %q is not in the settings and has no alerts; known are %v", vault, known)
	}
	result := alertsResult{Episodes: []domain.Episode{}}
	for _, e := range episodes {
		if e.IsGroup() || !all && !e.Active() || vault != "" && e.Vault != vault {
			continue
		}
		e.Unsent = nil // Messages are the channels' affair.
		result.Episodes = append(result.Episodes, e)
		if e.Active() {
			result.Open++
		}
	}
	slices.SortStableFunc(result.Episodes, func(a, b domain.Episode) int {
		return cmp.Or(activeFirst(a, b), cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), a.Opened.Compare(b.Opened))
	})
	if c.json {
		err = c.printJSON(result)
	} else {
		c.printEpisodes(result.Episodes)
	}
	if err == nil && result.Open > 0 {
		return &exitError{code: exitWarnings}
	}
	return err
}

func activeFirst(a, b domain.Episode) int {
	switch {
	case a.Active() == b.Active():
		return 0
	case a.Active():
		return -1
	default:
		return 1
	}
}

func (c *cli) printEpisodes(all []domain.Episode) {
	if len(all) == 0 {
		fmt.Fprintln(c.stdout, "No alert.")
		return
	}
	t := newTable("", "Episode", "Severity", "State", "Since", "What")
	for _, e := range all {
		what := e.Detail
		if !e.Active() {
			what = "over: " + e.Resolution
		}
		if e.AckedBy != "" {
			what += " (" + e.AckedBy + ")"
		}
		if e.Incident != "" {
			what += " (" + e.Incident + " tells people)"
		}
		t.AppendRow([]any{wrap(e.Key, 30), e.Severity, e.State, e.Opened.UTC().Format("01-02 15:04Z"), wrap(what, 34)})
	}
	fmt.Fprintln(c.stdout, t.Render())
	fmt.Fprintln(c.stdout, "Take one over: feeops alerts ack EPISODE. Each has a runbook: docs/runbooks/ALERT.md.")
}

func (c *cli) alertsAckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "ack EPISODE",
		Short: "Take an episode over: its reminders end, everybody is told",
		Long: "EPISODE is a key of alerts list. An episode that is told in a group is taken over alone; name the group's key of the message\n" +
			"to take all of them over. The name is FEEOPS_ACTOR, or else USER. Needs Temporal: the watch does it and tells the channels.",
		Example: "  feeops alerts ack usdc-vault/payer_low/3",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			none := fmt.Sprintf("no open alert has the key %q. Look at the keys with feeops alerts list", args[0])
			ep := domain.Episode{Key: args[0]}
			if err := c.inBooks(cmd.Context(), none, openEpisode(&ep)); err != nil {
				return err
			}
			return c.toMonitor(cmd.Context(), ops.SignalAcknowledge, ops.AcknowledgeOrder{Episode: args[0], Actor: actor()}, takenOver(ep, actor()))
		},
	}
}

// inBooks asks the books for what the watch would refuse later, when nobody looks. Books that cannot be read leave it to
// the watch: that must not keep anybody from taking an alert over.
func (c *cli) inBooks(ctx context.Context, what string, look func(context.Context, *store.Store) (bool, error)) error {
	db, _, err := c.openBooks(ctx)
	var own *exitError
	if errors.As(err, &own) {
		return err
	}
	found := false
	if err == nil {
		found, err = look(ctx, db)
		err = cmp.Or(err, db.Close())
	}
	switch {
	case err != nil:
		c.say("the books cannot be read, so the watch decides: %v", err)
		return nil
	case !found:
		return &exitError{code: exitFailed, err: errors.New(what)}
	}
	return nil
}

// takenOver says what an acknowledgement did, and what it did not: an incident pages until it is taken over itself.
func takenOver(ep domain.Episode, by string) string {
	said := ep.Key + " is taken over by " + by
	if ep.Incident != "" {
		said += ". Its incident goes on paging until it is taken over too: feeops incident ack " + ep.Incident
	}
	return said
}

// openEpisode is true for an alert that is not over, or a group of them, and fills it in from the books by its key.
func openEpisode(ep *domain.Episode) func(context.Context, *store.Store) (bool, error) {
	return func(ctx context.Context, db *store.Store) (bool, error) {
		episodes, err := db.Episodes(ctx, time.Now())
		at := slices.IndexFunc(episodes, func(e domain.Episode) bool { return e.Key == ep.Key && e.Active() })
		if err != nil || at < 0 {
			return false, err
		}
		*ep = episodes[at]
		return true, nil
	}
}

// signalled is what a command that signals the watch prints with --json.
type signalled struct {
	Workflow string `json:"workflow_id"`
	Signal   string `json:"signal"`
	Payload  any    `json:"payload"`
}

// toMonitor signals the watch and says what will come of it.
func (c *cli) toMonitor(ctx context.Context, signal string, payload any, done string) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	tc, err := dialTemporal(s)
	if err != nil {
		return err
	}
	defer tc.Close()
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if end, ok := payload.(ops.UnmuteOrder); ok { // The watch writes down what it takes; of an end it keeps no name.
		if err := auditDeed(ctx, s, "mute.end", end.ID, "ends before its time"); err != nil {
			return err
		}
	}
	if err := tc.SignalWorkflow(ctx, ops.MonitorID, "", signal, payload); err != nil {
		return fmt.Errorf("signal %s to %s at %s: %w. A worker that starts also starts the watch: feeops worker", signal, ops.MonitorID, s.Temporal.Address, err)
	}
	if c.json {
		return c.printJSON(signalled{ops.MonitorID, signal, payload})
	}
	fmt.Fprintln(c.stdout, done+".")
	return nil
}

// replayResult is alerts test --json.
type replayResult struct {
	From     time.Time        `json:"from"`
	To       time.Time        `json:"to"`
	Looks    int              `json:"looks"`
	Samples  int              `json:"samples"`
	Fired    []domain.Episode `json:"fired"`
	Messages []domain.Message `json:"messages"`
	TookMS   int64            `json:"took_ms"`
}

func (c *cli) alertsTestCommand() *cobra.Command {
	var from, write string
	var since time.Duration
	cmd := &cobra.Command{
		Use:   "test [--from samples.jsonl]",
		Short: "What would have fired: the rules over recorded or written samples",
		Long: "Runs the rules of this program, with the limits of the settings, over the samples of the store or of a file, as if every\n" +
			"message had been delivered at once, and prints what would have fired. Nothing is sent and nothing is stored.\n" +
			"A file has one JSON object a line, {\"vault\":{…}} or {\"fleet\":{…}}; --write makes one from the store to begin with.",
		Example: "  feeops alerts test\n  feeops alerts test --since 2h --write samples.jsonl\n  feeops alerts test --from samples.jsonl --json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.alertsTest(cmd.Context(), from, write, since) },
	}
	cmd.Flags().StringVar(&from, "from", "", "`file` of samples; - is standard input (default: the store)")
	cmd.Flags().StringVar(&write, "write", "", "also write the samples of the store to this `file`")
	cmd.Flags().DurationVar(&since, "since", 24*time.Hour, "how far back in the store")
	return cmd
}

func (c *cli) alertsTest(ctx context.Context, from, write string, since time.Duration) error {
	if from != "" && write != "" {
		return usageError("--write makes a file of the store's samples: --from names another source")
	}
	limits := alert.DefaultLimits()
	p, err := c.findSettings()
	switch {
	case err == nil:
		s, err := p.load()
		if err != nil {
			return err
		}
		limits = app.Limits(s)
	case from == "":
		return err // A file can be tried without any settings, with the document's figures.
	}
	bench := &replayBench{Replay: alert.NewReplay(alert.New(alert.Catalogue(), limits, nil), limits)}
	began := time.Now()
	if from != "" {
		err = bench.file(from)
	} else {
		err = c.replayStore(ctx, bench, write, since)
	}
	if err != nil {
		return err
	}
	r := replayResult{
		From: bench.from, To: bench.to, Looks: bench.Ticks, Samples: bench.Samples, Fired: bench.Fired(), Messages: bench.Messages, TookMS: time.Since(began).Milliseconds(),
	}
	if c.json {
		return c.printJSON(r)
	}
	c.printReplay(r)
	return nil
}

// replayBench is a replay that knows from when to when its samples are.
type replayBench struct {
	*alert.Replay

	from, to time.Time
}

func (b *replayBench) add(at time.Time, fleet *domain.FleetSample, vaults []domain.VaultSample) {
	if b.from.IsZero() {
		b.from = at
	}
	b.to = at
	b.Add(at, fleet, vaults)
}

func (b *replayBench) file(name string) error {
	in := io.Reader(os.Stdin)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return usageError("--from: %w", err)
		}
		defer func() { _ = f.Close() }() // It was only read.
		in = f
	}
	r := samplefile.NewReader(in)
	for {
		look, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return usageError("%s: %w", name, err)
		}
		b.add(look.At, look.Fleet, look.Vaults)
	}
}

func (c *cli) replayStore(ctx context.Context, b *replayBench, write string, since time.Duration) (err error) {
	db, _, err := c.openBooks(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, db.Close()) }()
	keep := func(domain.FleetTick) error { return nil }
	if write != "" {
		f, err := os.OpenFile(write, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return fmt.Errorf("--write: %w", err)
		}
		defer func() { err = cmp.Or(err, f.Close()) }()
		keep = samplefile.NewWriter(f).Write
	}
	now := time.Now()
	return db.EachTick(ctx, now.Add(-since), now, func(t domain.FleetTick) error {
		b.add(t.Fleet.At, &t.Fleet, t.Vaults)
		return keep(t)
	})
}

func (c *cli) printReplay(r replayResult) {
	if r.Looks == 0 {
		fmt.Fprintln(c.stdout, "No data: there are no samples.")
		return
	}
	fmt.Fprintf(c.stdout, "%d looks with %d samples, %s to %s, judged in %d ms.\n", r.Looks, r.Samples, r.From.UTC().Format(time.DateTime), r.To.UTC().Format(time.DateTime+"Z"), r.TookMS)
	if len(r.Fired) == 0 {
		fmt.Fprintln(c.stdout, "Nothing would have fired.")
		return
	}
	t := newTable("", "Opened", "For", "Severity", "Episode", "What")
	for _, e := range r.Fired {
		lasted := "open"
		if !e.Active() {
			lasted = e.Resolved.Sub(e.Opened).String()
		}
		detail := e.Detail
		if e.Incident != "" {
			detail += " (an incident: " + e.Incident + ")"
		}
		t.AppendRow([]any{e.Opened.UTC().Format("01-02 15:04:05"), lasted, e.Severity, wrap(e.Key, 28), wrap(detail, 30)})
	}
	fmt.Fprintln(c.stdout, t.Render())
	taken := 0
	for _, m := range r.Messages {
		if m.Opens || m.Quiet {
			taken++
		}
	}
	fmt.Fprintf(c.stdout, "Episodes: %d. Messages: %d. Taken by incidents: %d.\n", len(r.Fired), len(r.Messages), taken)
}
