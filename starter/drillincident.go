package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/spf13/cobra"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/devstack"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/worker/app"
)

// incidentDrillResult is drill incident --json.
type incidentDrillResult struct {
	OK       bool            `json:"ok"`
	Incident string          `json:"incident"`
	Severity domain.Severity `json:"severity"`
	Vault    string          `json:"vault"`
	OpenedMS int64           `json:"opened_ms"` // From the day's failure to the running incident.
	Steps    []drillStep     `json:"steps"`
	Evidence []evidenceCheck `json:"evidence"`
	Error    string          `json:"error,omitempty"`
}

// drillStep is one thing that the drill did, and what it saw.
type drillStep struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	MS     int64  `json:"ms"`
}

func (c *cli) drillIncidentCommand() *cobra.Command {
	return &cobra.Command{
		Use: "incident", Short: "Make a vault fail and play its incident to the end", Args: cobra.NoArgs,
		Example: "  feeops drill incident\n  feeops drill incident --json",
		Long: "Takes the running development stack, or starts one of its own. It empties a fee payer on the local chain, starts the vault's day,\n" +
			"waits for the incident, takes, notes and resolves it, is refused where it must be, verifies the evidence, and fills the payer again.\n" +
			"It never touches a real network: only a local chain lets a payer be emptied.\n" +
			"Exit codes: 0 every step was right, 1 one was not, 4 this is no local chain, or a stop is in force.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.drillIncident(cmd.Context()) },
	}
}

// incidentDrill plays one incident on one stack.
type incidentDrill struct {
	cli      *cli
	settings config.Settings
	store    *store.Store
	door     app.Door
	rpc      string
	vault    config.Vault
	payer    solana.PublicKey
	lamports uint64 // What the payer held before.
	failedAt time.Time
	incident domain.Incident
	result   incidentDrillResult
}

func (c *cli) drillIncident(ctx context.Context) (err error) {
	p, err := c.findSettings()
	if err != nil {
		stack, _, startErr := c.startStack(ctx, oneVault(), func(line string) { c.say("%s", line) })
		if startErr != nil {
			return startErr
		}
		defer func() { err = errors.Join(err, c.stopStack(stack, err != nil)) }()
		p = place{path: stack.Config, env: devstack.Environment(c.env)}
	}
	d := &incidentDrill{cli: c, result: incidentDrillResult{Steps: []drillStep{}, Evidence: []evidenceCheck{}}}
	if d.settings, err = p.load(); err != nil {
		return err
	}
	if d.store, err = store.Open(ctx, d.settings.Store.DSN.Reveal()); err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	defer func() { err = cmp.Or(err, d.store.Close()) }()
	tc, err := dialTemporal(d.settings)
	if err != nil {
		return err
	}
	defer tc.Close()
	d.door = app.Door{Client: tc, Queue: d.settings.Temporal.TaskQueue}
	return d.run(ctx)
}

// oneVault is the smallest stack.
func oneVault() chainFlags {
	f := demoChain()
	f.vaults, f.investors = 1, 12
	return f
}

func (d *incidentDrill) run(ctx context.Context) error {
	err := d.prepare(ctx)
	if err != nil {
		return err
	}
	defer d.refill(context.WithoutCancel(ctx))
	for _, step := range []struct {
		name string
		do   func(context.Context) (string, error)
	}{
		{"the day fails", d.fail},
		{"the incident opens", d.opens},
		{"resolving what nobody took is refused", d.refused},
		{"acknowledged", d.act(ops.UpdateAcknowledge, ops.Deed{}, domain.IncidentAcknowledged)},
		{"investigated", d.act(ops.UpdateInvestigate, ops.Deed{}, domain.IncidentInvestigating)},
		{"a note is on the timeline", d.note},
		{"the evidence is as it was written", d.verify},
		{"resolved", d.act(ops.UpdateResolve, ops.Deed{Text: "a drill: the fee payer was empty, and was filled again"}, domain.IncidentResolved)},
		{"the post-mortem has it all", d.draft},
	} {
		began := time.Now()
		var detail string
		detail, err = step.do(ctx)
		s := drillStep{Name: step.name, OK: err == nil, Detail: detail, MS: time.Since(began).Milliseconds()}
		if err != nil {
			s.Detail = err.Error()
		}
		d.result.Steps = append(d.result.Steps, s)
		if !d.cli.json {
			fmt.Fprintf(d.cli.stdout, "%-4s %-40s %6d ms  %s\n", map[bool]string{true: "ok", false: "FAIL"}[s.OK], s.Name, s.MS, s.Detail)
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", step.name, err)
			d.result.Error = err.Error()
			break
		}
	}
	d.result.OK = err == nil
	if d.cli.json {
		return errors.Join(err, d.cli.printJSON(d.result))
	}
	return err
}

// prepare refuses what the drill must not touch, and chooses the first vault whose day can be started.
func (d *incidentDrill) prepare(ctx context.Context) error {
	if len(d.settings.RPC.Endpoints) == 0 || len(d.settings.Vaults) == 0 {
		return usageError("the drill needs an endpoint and a vault")
	}
	d.rpc = d.settings.RPC.Endpoints[0].URL.Reveal()
	var counts map[string]uint64
	if err := localAdmin(ctx, d.rpc, "localnet_requestCounts", []any{}, &counts); err != nil {
		return &exitError{code: exitRefused, err: fmt.Errorf("%s is no local chain, and on no other a vault is made to fail: %w", d.settings.RPC.Endpoints[0].URL, err)}
	}
	for _, v := range d.settings.Vaults {
		if v.Enabled && !live(ctx, d.door.Client, v.ID) {
			d.vault = v
			break
		}
	}
	if d.vault.ID == "" {
		return &exitError{code: exitRefused, err: errors.New("every vault has a run under way: wait for one to end")}
	}
	flags, err := d.store.Safety(ctx, d.vault.ID)
	if err != nil {
		return err
	}
	if len(flags) > 0 {
		return &exitError{code: exitRefused, err: fmt.Errorf("%s by %s is in force (%s): lift it first", flags[0].Kind, flags[0].Actor, flags[0].Reason)}
	}
	d.result.Vault = d.vault.ID
	if d.payer, err = payerOf(d.settings)(d.vault); err != nil {
		return err
	}
	if d.payer.IsZero() {
		return fmt.Errorf("the fee payer's key of %s cannot be read", d.vault.ID)
	}
	return localAdmin(ctx, d.rpc, "localnet_setLamports", []any{d.payer.String(), 1}, &d.lamports)
}
