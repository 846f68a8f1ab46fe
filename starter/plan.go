package main

import (
	"context"
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// planRow is one vault in distribute --dry-run --json. Amounts are a forecast until the first page has opened the day.
type planRow struct {
	ID          string               `json:"id"`
	Behaviour   domain.Behaviour     `json:"behaviour"`
	State       domain.State         `json:"state"` // ready, or why nothing would be started.
	Reason      string               `json:"reason,omitempty"`
	Day         domain.Day           `json:"day"`
	Due         int64                `json:"due"`
	UntilDue    int64                `json:"until_due_seconds"`
	Hold        int64                `json:"hold_until,omitempty"` // distribution.drift_reset: a scheduled run waits on purpose until then.
	Investors   int                  `json:"investors"`
	Pages       int                  `json:"pages"`
	PageSize    uint32               `json:"page_size"`
	Claimable   domain.Amount        `json:"claimable"`
	Pool        domain.Amount        `json:"pool"`
	Creator     domain.Amount        `json:"creator"`
	DustIn      domain.Amount        `json:"dust_in"`
	Token       domain.Token         `json:"token"`
	Manifest    string               `json:"manifest"`
	Entries     []domain.Entry       `json:"entries"`
	Quarantined []domain.Quarantined `json:"quarantined"`
	Checks      domain.Checks        `json:"checks"`
	tomorrowRow

	underWay bool // A run of the vault exists.
}

func (p planRow) payable() bool {
	return !p.underWay && (p.State == domain.Ready || p.State == domain.Running)
}

// plans looks at every vault as the run would.
func (d *desk) plans(ctx context.Context, ids []string) ([]planRow, error) {
	rows := make([]planRow, 0, len(ids))
	for _, id := range ids {
		e, err := d.service.Inspect(ctx, id)
		if err != nil {
			return nil, err
		}
		rows = append(rows, planOf(e, d.funded.Evaluate(ctx, e)))
	}
	return rows, nil
}

// planOf says what a run would do now. A failed check refuses; so does a stop; not due is neither.
func planOf(e distribution.Evidence, checks domain.Checks) planRow {
	m, t := e.Manifest, e.View.Timing()
	row := planRow{
		ID: e.Vault.ID, Behaviour: e.Vault.Behaviour, State: domain.Ready, Day: m.Day, Due: t.Due(), UntilDue: int64(t.UntilDue().Seconds()),
		Investors: len(m.Entries) + len(m.Quarantined), Pages: len(m.Pages), PageSize: m.PageSize, Claimable: m.Claimable, Pool: m.Pool, Creator: m.Creator,
		DustIn: m.Terms.DustIn, Token: m.Token, Manifest: m.Hash, Entries: m.Entries, Quarantined: m.Quarantined, Checks: checks,
	}
	if row.Quarantined == nil {
		row.Quarantined = []domain.Quarantined{}
	}
	switch blocking := checks.Blocking(); {
	case len(e.Flags) > 0 || e.FlagsErr != nil:
		row.State, row.Reason = domain.Stopped, "a safety flag is set: nothing is sent"
		if len(e.Flags) > 0 {
			row.Reason = fmt.Sprintf("%s by %s: %s", e.Flags[0].Kind, e.Flags[0].Actor, e.Flags[0].Reason)
		}
	case e.BooksOpen:
		row.State, row.Reason = domain.Running, "the chain closed this day and our books of it are open: a run would reconcile it and pay nothing"
	case t.Phase() == domain.PhaseComplete:
		row.State, row.Reason = domain.NotDue, fmt.Sprintf("not due: the next day may open in %s", t.UntilDue())
		if row.Hold = e.Rules.Hold(e.View); row.Hold > 0 {
			row.Reason += ": " + e.Rules.Reset.Text(t, row.Hold)
		}
	case !e.Ahead && t.Phase() == domain.PhaseNewDay && e.View.Base == 0 && e.View.Quote < uint64(max(1, e.Rules.MinClaimable)):
		row.State, row.Reason = domain.NoFees, "no fees to claim: an empty day would use up the vault's 24 hours"
	case len(blocking) > 0:
		b := blocking[0]
		row.State, row.Reason = domain.Failed, fmt.Sprintf("check %s %s is %s: %s. %s", b.Row, b.Name, b.Result, b.Observed, b.Next)
	case t.Phase() == domain.PhaseContinue:
		row.State, row.Reason = domain.Running, fmt.Sprintf("the day is open at cursor %d and would be continued", e.View.Progress.PaginationCursor)
	}
	return row
}

// payableOf picks the vaults that may be started, and the exit code when there are none.
func payableOf(plans []planRow) (payable []planRow, code int) {
	code = exitNotDue
	for _, p := range plans {
		switch {
		case p.payable():
			payable = append(payable, p)
		case p.State != domain.NotDue:
			code = exitRefused
		}
	}
	return payable, code
}

func (c *cli) showPlans(plans []planRow) error {
	payable, code := payableOf(plans)
	if len(payable) == len(plans) {
		code = exitOK
	}
	if c.json {
		if err := c.printJSON(distributeResult{OK: code == exitOK, DryRun: true, Plans: plans}); err != nil {
			return err
		}
	} else {
		for _, p := range plans {
			c.printPlan(p)
		}
	}
	if code != exitOK && len(payable) < len(plans) {
		return &exitError{code: code}
	}
	return nil
}

func (c *cli) printPlan(p planRow) {
	fmt.Fprintf(c.stdout, "%s  day %s  %s  %s\n", p.ID, p.Day, p.State, p.Reason)
	fmt.Fprintf(c.stdout, "  claims %s, pool %s, creator %s, dust in %s\n", p.Token.Format(p.Claimable), p.Token.Format(p.Pool), p.Token.Format(p.Creator), p.Token.Format(p.DustIn))
	fmt.Fprintf(c.stdout, "  %d investors in %d pages of %d, %d left out, manifest %.12s\n", p.Investors, p.Pages, p.PageSize, len(p.Quarantined), p.Manifest)
	for _, q := range p.Quarantined {
		fmt.Fprintf(c.stdout, "  left out: %s (%s)\n", q.Stream, q.Reason)
	}
	c.printTomorrow(p)
	c.printChecks(p.Checks)
}
