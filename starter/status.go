package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// statusRow is a vault in status --json. Times are unix seconds of the chain's clock; until_due is signed (D06).
type statusRow struct {
	ID        string         `json:"id"`
	State     domain.State   `json:"state"`
	Reason    string         `json:"reason,omitempty"`
	Day       domain.Day     `json:"day,omitempty"`
	Live      bool           `json:"live"` // A run is under way.
	Due       int64          `json:"due"`
	UntilDue  int64          `json:"until_due_seconds"`
	Hold      int64          `json:"hold_until,omitempty"` // distribution.drift_reset: a scheduled run waits on purpose until then.
	Deadline  int64          `json:"deadline"`
	Cursor    uint32         `json:"cursor"`
	Investors int            `json:"investors"`
	Percent   int            `json:"percent"`
	Treasury  treasuryJSON   `json:"treasury"`
	Payer     *uint64        `json:"payer_lamports"` // null: the key cannot be read here.
	Claimable *domain.Amount `json:"claimable"`      // null: could not be read.
	Token     domain.Token   `json:"token"`
	Slot      uint64         `json:"slot"`
}

// treasuryJSON has three answers: a value, no account, unknown (D08).
type treasuryJSON struct {
	State  string         `json:"state"` // value, absent, unknown
	Amount *domain.Amount `json:"amount"`
}

type statusResult struct {
	Verdict  string      `json:"verdict"`  // ok, warn, fail
	Temporal string      `json:"temporal"` // ok, or why it is unknown whether runs are under way.
	Vaults   []statusRow `json:"vaults"`
	Page     string      `json:"web_page,omitempty"` // The page of the worker on this machine, if one answers.
}

func (c *cli) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status [VAULT…]",
		Short: "Where each vault's day stands, by the chain's clock",
		Long: "Reads the chain and the store, and asks Temporal for runs that are under way. Nothing is sent and no key is needed.\n" +
			"Exit codes: 0 all well, 3 something wants attention, 1 something failed or cannot be read.",
		Example: "  feeops status\n  feeops status treasury-usdc --json",
		RunE:    func(cmd *cobra.Command, args []string) error { return c.status(cmd.Context(), args) },
	}
}

func (c *cli) status(ctx context.Context, names []string) (err error) {
	d, err := c.openDesk(ctx)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, d.close(ctx)) }()
	ids, err := d.chosen(names)
	if err != nil {
		return err
	}
	tc, err := dialTemporal(d.settings)
	if err != nil {
		return err
	}
	defer tc.Close()
	result := statusResult{Temporal: "ok", Vaults: make([]statusRow, len(ids))}
	if err := ping(ctx, tc); err != nil {
		result.Temporal = "unreachable at " + d.settings.Temporal.Address + ": runs under way are not shown"
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8) // Enough to hide latency, few enough for a provider's limit.
	for i, id := range ids {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			s := d.service.Standing(ctx, id)
			if result.Temporal == "ok" {
				s = withRun(ctx, tc, s)
			}
			result.Vaults[i] = statusOf(s)
		})
	}
	wg.Go(func() { result.Page = findPage(ctx, d.settings) })
	wg.Wait()
	var code int
	result.Verdict, code = judgeStatus(result.Vaults)
	if result.Temporal != "ok" && code == exitOK {
		result.Verdict, code = "warn", exitWarnings
	}
	if err := c.showStatus(result); err != nil {
		return err
	}
	if code != exitOK {
		return &exitError{code: code}
	}
	return nil
}

// ping finds out quickly whether Temporal answers.
func ping(ctx context.Context, tc client.Client) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	_, err := tc.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err //nolint:wrapcheck // Only whether it answers matters.
}

// withRun adds what a live run says of itself. A run that cannot be asked now is still a run.
func withRun(ctx context.Context, tc client.Client, s distribution.Standing) distribution.Standing {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if !live(ctx, tc, s.Vault) {
		return s
	}
	now, err := queryStatus(ctx, tc, ops.DailyID(s.Vault), "")
	if err != nil {
		return s.Join(domain.Stuck, "a run is under way, and no worker answers for it: start one with feeops worker")
	}
	return s.Join(now.State, now.Reason)
}

// live is true when a run of the vault is under way.
func live(ctx context.Context, tc client.Client, vault string) bool {
	e, err := tc.DescribeWorkflowExecution(ctx, ops.DailyID(vault), "")
	return err == nil && e.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
}

// findPage is the address of the worker's page, when a worker on this machine answers.
func findPage(ctx context.Context, s config.Settings) string {
	if !s.Worker.Web.Enabled {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	address := "http://" + nearby(s.Worker.Listen)
	if err := askReady(ctx, address+"/healthz"); err != nil {
		return "" // No worker runs here; that is no fault of the vaults.
	}
	return address + "/"
}

func statusOf(s distribution.Standing) statusRow {
	row := statusRow{
		ID: s.Vault, State: s.State, Reason: s.Reason, Day: s.Day, Live: s.Live, Due: s.Timing.Due(), UntilDue: int64(s.Timing.UntilDue() / time.Second),
		Hold: s.Hold, Deadline: s.Timing.Deadline(), Cursor: s.Cursor, Investors: s.Entries, Percent: s.Percent, Token: s.Token, Slot: s.Slot,
		Treasury: treasuryJSON{State: "unknown"},
	}
	switch {
	case s.Slot == 0: // Nothing could be read.
		return row
	case !s.Treasury.Exists:
		row.Treasury.State = "absent"
	default:
		amount := domain.Amount(s.Treasury.Amount)
		row.Treasury = treasuryJSON{State: "value", Amount: &amount}
	}
	row.Claimable = &s.Claimable
	if s.PayerKnown {
		row.Payer = &s.Payer
	}
	return row
}

// judgeStatus is the overall verdict: one vault that cannot be read is not "ok" (D04, D11).
func judgeStatus(rows []statusRow) (verdict string, code int) {
	bad := []domain.State{domain.UnknownState, domain.Failed, domain.CompleteUnreconciled}
	warn := []domain.State{domain.Overdue, domain.Stuck, domain.NoFees, domain.Paused, domain.Stopped, domain.Isolated, domain.WaitingApproval}
	has := func(states []domain.State) bool {
		return slices.ContainsFunc(rows, func(r statusRow) bool { return slices.Contains(states, r.State) })
	}
	switch {
	case has(bad):
		return "fail", exitFailed
	case has(warn):
		return "warn", exitWarnings
	default:
		return "ok", exitOK
	}
}

func (c *cli) showStatus(r statusResult) error {
	if c.json {
		return c.printJSON(r)
	}
	t := newTable("", "Vault", "State", "Day", "Next due", "Progress", "Treasury", "To claim", "Payer SOL")
	for _, row := range r.Vaults {
		row.Token.Symbol = "" // The line is full; --json has it.
		t.AppendRow([]any{row.ID, row.State, row.Day, due(row), fmt.Sprintf("%d/%d", min(int(row.Cursor), row.Investors), row.Investors), treasury(row), claimable(row), sol(row.Payer)})
	}
	rightFrom(t, 5, 8)
	fmt.Fprintln(c.stdout, t.Render())
	for _, row := range r.Vaults {
		if row.Reason != "" {
			fmt.Fprintf(c.stdout, "%s: %s\n", row.ID, row.Reason)
		}
	}
	if r.Temporal != "ok" {
		fmt.Fprintln(c.stdout, "Temporal:", r.Temporal)
	}
	fmt.Fprintf(c.stdout, "Overall: %s\n", r.Verdict)
	if r.Page != "" {
		fmt.Fprintln(c.stdout, "Page:", r.Page)
	}
	return nil
}

// due is signed: an overdue day says by how much (D06, M20).
func due(r statusRow) string {
	left := time.Duration(r.UntilDue) * time.Second
	switch {
	case r.Slot == 0:
		return "unknown"
	case r.Due == 0:
		return "now (first day)"
	case left <= 0:
		return "overdue " + (-left).String()
	default:
		return "in " + left.String()
	}
}

func treasury(r statusRow) string {
	if r.Treasury.Amount == nil {
		return r.Treasury.State
	}
	return r.Token.Format(*r.Treasury.Amount)
}

func claimable(r statusRow) string {
	if r.Claimable == nil {
		return "unknown"
	}
	return r.Token.Format(*r.Claimable)
}

func sol(lamports *uint64) string {
	if lamports == nil {
		return "unknown"
	}
	return domain.Token{Decimals: 3}.Format(domain.Amount(*lamports / 1_000_000)) // Rounded down: SOL here is fuel.
}
