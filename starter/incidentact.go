package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/incident"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// deedExits are the exit codes of everything that changes an incident.
const deedExits = "Exit codes: 0 done, 4 its state does not allow it, 1 failed (no such incident, no Temporal, no worker)."

// deedResult is the --json of a change.
type deedResult struct {
	ops.IncidentAnswer

	Did   string `json:"did"`
	Actor string `json:"actor"`
}

// deedFlag is a flag that fills one field of a deed.
type deedFlag struct {
	name, usage string
	into        func(d *ops.Deed) *string
	needed      bool
}

func textOf(d *ops.Deed) *string { return &d.Text }

// deedExample shows a change with all that it needs.
func deedExample(use string, flags []deedFlag) string {
	out := "  feeops incident " + strings.Fields(use)[0] + " INC-20261125-001"
	for _, f := range flags {
		if f.needed {
			out += " --" + f.name + " '" + f.usage + "'"
		}
	}
	return out
}

// incidentDeeds are the commands that change an incident. Each is an update of the same name, or a signal.
func (c *cli) incidentDeeds() []*cobra.Command {
	deed := func(use, short, update string, positional func(*ops.Deed, []string) error, args cobra.PositionalArgs, flags ...deedFlag) *cobra.Command {
		var d ops.Deed
		cmd := &cobra.Command{
			Use: use, Short: short, Args: args, Example: deedExample(use, flags),
			Long: fmt.Sprintf("%s.\nThe same with Temporal's own CLI: temporal workflow update execute --workflow-id incident/ID --name %s --input '{\"actor\":\"…\"}'\n%s", short, update, deedExits),
			RunE: func(cmd *cobra.Command, args []string) error {
				if positional != nil {
					if err := positional(&d, args[1:]); err != nil {
						return err
					}
				}
				for _, f := range flags {
					if f.needed && strings.TrimSpace(*f.into(&d)) == "" {
						return usageError("--%s is needed: %s", f.name, f.usage)
					}
				}
				return c.deed(cmd.Context(), args[0], update, d)
			},
		}
		for _, f := range flags {
			cmd.Flags().StringVar(f.into(&d), f.name, "", f.usage)
		}
		return cmd
	}
	var severity string
	escalate := deed("escalate ID", "Make it more severe, or run the ladder again when it is critical", ops.UpdateEscalate, func(d *ops.Deed, _ []string) error {
		if severity == "" {
			return nil
		}
		s, err := domain.ParseSeverity(severity)
		d.Severity = s
		if err != nil {
			return usageError("--severity: %w", err)
		}
		return nil
	}, cobra.ExactArgs(1), deedFlag{"reason", "why", textOf, true})
	escalate.Flags().StringVar(&severity, "severity", "", "low, medium, high or critical (default: one more)")
	return []*cobra.Command{
		deed("ack ID", "Take the incident: paging stops everywhere until the acknowledgement expires", ops.UpdateAcknowledge, nil, cobra.ExactArgs(1)),
		deed("investigate ID", "Say that you work on it", ops.UpdateInvestigate, nil, cobra.ExactArgs(1)),
		deed("assign ID [PERSON]", "Hand it over to a person, or to nobody", ops.UpdateAssign, func(d *ops.Deed, rest []string) error {
			d.To = strings.Join(rest, " ")
			return nil
		}, cobra.RangeArgs(1, 2)),
		escalate,
		deed("mitigate ID", "Say that the harm is stopped, and how", ops.UpdateMitigate, nil, cobra.ExactArgs(1), deedFlag{"text", "how the harm was stopped", textOf, true}),
		deed("resolve ID", "End it", ops.UpdateResolve, nil, cobra.ExactArgs(1), deedFlag{"resolution", "what was wrong, and what was done", textOf, true}),
		deed("reopen ID", "Begin it again", ops.UpdateReopen, nil, cobra.ExactArgs(1), deedFlag{"reason", "why", textOf, true}),
		c.incidentNoteCommand(), c.incidentLinkCommand(),
	}
}

func (c *cli) incidentNoteCommand() *cobra.Command {
	return &cobra.Command{
		Use: "note ID TEXT…", Short: "Write a line on the timeline and into the war room", Args: cobra.MinimumNArgs(2),
		Example: "  feeops incident note INC-20261125-001 'the endpoint answers again'",
		Long:    "Taken in every state. " + deedExits,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.signalIncident(cmd.Context(), args[0], ops.SignalNote, ops.Deed{Text: strings.Join(args[1:], " ")})
		},
	}
}

func (c *cli) incidentLinkCommand() *cobra.Command {
	return &cobra.Command{
		Use: "link ID URL [TEXT]", Short: "Add a link to the incident", Args: cobra.RangeArgs(2, 3),
		Example: "  feeops incident link INC-20261125-001 https://status.example.org 'status of the provider'",
		RunE: func(cmd *cobra.Command, args []string) error {
			if u, err := url.Parse(args[1]); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
				return usageError("%q: want an address http://… or https://…", args[1])
			}
			return c.signalIncident(cmd.Context(), args[0], ops.SignalLink, ops.Deed{URL: args[1], Text: or(strings.Join(args[2:], " "), args[1])})
		},
	}
}

// deedPatience is how long a change waits for a worker.
const deedPatience = 30 * time.Second

// door opens the store, finds the incident and reaches Temporal.
func (c *cli) incidentDoor(ctx context.Context, id string) (d incidentDesk, i domain.Incident, door app.Door, err error) {
	if d, err = c.openIncidents(ctx); err != nil {
		return d, i, door, err
	}
	if id != "" {
		i, err = d.one(ctx, id)
	}
	var tc client.Client
	if err == nil {
		tc, err = dialTemporal(d.settings)
	}
	if err == nil {
		if pingErr := ping(ctx, tc); pingErr != nil {
			tc.Close()
			err = fmt.Errorf("temporal at %s does not answer: %w. Reading still works: feeops incident show", d.settings.Temporal.Address, pingErr)
		}
	}
	if err != nil {
		return d, i, door, errors.Join(err, d.store.Close())
	}
	return d, i, app.Door{Client: tc, Queue: d.settings.Temporal.TaskQueue}, nil
}

func (c *cli) deed(ctx context.Context, id, update string, deed ops.Deed) (err error) {
	d, i, door, err := c.incidentDoor(ctx, id)
	if err != nil {
		return err
	}
	defer func() { door.Client.Close(); err = cmp.Or(err, d.store.Close()) }()
	deed.Actor, deed.Channel = actor(), "cli"
	answer, err := updateIncident(ctx, door, i.ID, update, deed)
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(deedResult{IncidentAnswer: answer, Did: update, Actor: deed.Actor})
	}
	fmt.Fprintf(c.stdout, "%s is %s, %s; held by %s, assigned to %s.\n", answer.ID, answer.State, answer.Severity, or(answer.Holder, "nobody"), or(answer.Assignee, "nobody"))
	if !answer.Saved {
		c.say("The store has not taken it yet; the incident's workflow tries on.")
	}
	return nil
}

// updateIncident asks an incident's workflow for a change. One that does not run is started from the store first.
func updateIncident(ctx context.Context, door app.Door, id, update string, deed ops.Deed) (ops.IncidentAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, deedPatience)
	defer cancel()
	answer, err := door.Update(ctx, id, update, deed)
	switch {
	case err == nil:
		return answer, nil
	case fault.CodeOf(err) == "incident/refused":
		return answer, &exitError{code: exitRefused, err: plainReason(err)}
	case ctx.Err() != nil:
		return answer, fmt.Errorf("%s of %s: no worker has answered in %s. Start one with feeops worker; the change may still be made", update, id, deedPatience)
	}
	return answer, fmt.Errorf("%s of %s: %w", update, id, plainReason(err))
}

func (c *cli) signalIncident(ctx context.Context, id, signal string, deed ops.Deed) (err error) {
	d, i, door, err := c.incidentDoor(ctx, id)
	if err != nil {
		return err
	}
	defer func() { door.Client.Close(); err = cmp.Or(err, d.store.Close()) }()
	deed.Actor, deed.Channel = actor(), "cli"
	if err := door.Signal(ctx, i.ID, signal, deed); err != nil {
		return err
	}
	if c.json {
		return c.printJSON(deedResult{IncidentAnswer: ops.IncidentAnswer{ID: i.ID, State: i.State, Severity: i.Severity, Holder: i.AcknowledgedBy, Assignee: i.Assignee}, Did: signal, Actor: deed.Actor})
	}
	fmt.Fprintf(c.stdout, "%s: the %s was handed over.\n", i.ID, signal)
	return nil
}

// openResult is incident open --json.
type openResult struct {
	ID       string          `json:"id"`
	Severity domain.Severity `json:"severity"`
	Opened   bool            `json:"opened"` // False: it joined one that is open.
	Actor    string          `json:"actor"`
}

func (c *cli) incidentOpenCommand() *cobra.Command {
	var vault, severity, code string
	cmd := &cobra.Command{
		Use: "open TEXT…", Short: "Open an incident by hand", Args: cobra.MinimumNArgs(1),
		Long: "It is correlated like any other: one that is open for the same cause and vault takes it in. A critical one stops everything,\n" +
			"and a high one isolates the vault, unless incidents.respond is false. security/NAME as code is always critical.",
		Example: "  feeops incident open 'payouts look odd' --vault usdc-vault --severity high\n  feeops incident open 'authority changed' --code security/authority_changed",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.incidentOpen(cmd.Context(), strings.Join(args, " "), vault, severity, code)
		},
	}
	cmd.Flags().StringVar(&vault, "vault", "", "the `vault` that it concerns")
	cmd.Flags().StringVar(&severity, "severity", "medium", "low, medium, high or critical; the code may make it more")
	cmd.Flags().StringVar(&code, "code", "manual", "code of the classification")
	return cmd
}

func (c *cli) incidentOpen(ctx context.Context, text, vault, severity, code string) (err error) {
	s, err := domain.ParseSeverity(severity)
	if err != nil {
		return usageError("--severity: %w", err)
	}
	d, _, door, err := c.incidentDoor(ctx, "")
	if err != nil {
		return err
	}
	defer func() { door.Client.Close(); err = cmp.Or(err, d.store.Close()) }()
	if _, ok := d.settings.Vault(vault); !ok && vault != "" {
		return usageError("vault %q is not in the settings", vault)
	}
	now := time.Now()
	got, err := incident.Desk{Rules: app.IncidentRules(d.settings), Ledger: d.store}.Record(ctx, domain.Failure{
		Key: fmt.Sprintf("cli/%s/%d", actor(), now.UnixNano()), Vault: vault, Kind: domain.FailureStated, Code: code, Message: text, Severity: s, Actor: actor(), At: now,
	})
	if err != nil {
		return err
	}
	opened := got.Decision.Correlation == domain.CorrelateOpen
	if opened {
		err = door.Open(ctx, ops.IncidentStart{Incident: got.Incident, Failure: got.Failure, Respond: d.settings.Incidents.Respond, ReopenWindow: d.settings.Incidents.ReopenWindow})
	} else {
		err = door.Failure(ctx, got.Incident.ID, ops.FailureSignal{Failure: got.Failure, Severity: got.Decision.Severity, Vaults: got.Incident.VaultCount, Fleet: got.Incident.Vault == ""})
	}
	if err != nil {
		return fmt.Errorf("%s is recorded, and its workflow could not be reached: %w. Any command about it tries again", got.Incident.ID, err)
	}
	if c.json {
		return c.printJSON(openResult{ID: got.Incident.ID, Severity: got.Decision.Severity, Opened: opened, Actor: actor()})
	}
	fmt.Fprintf(c.stdout, "%s is open as %s.\nfeeops incident show %s\n", got.Incident.ID, got.Decision.Severity, got.Incident.ID)
	return nil
}
