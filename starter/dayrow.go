package main

import (
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// dayRow is one vault's day in demo --json. Names and meaning are a contract (DESIGN.md §6).
type dayRow struct {
	ID          string           `json:"id"`
	Behaviour   domain.Behaviour `json:"behaviour"`
	State       domain.State     `json:"state"`
	Day         domain.Day       `json:"day"`
	Investors   int              `json:"investors"`
	Pages       int              `json:"pages"`
	Claimed     domain.Amount    `json:"claimed"`
	Paid        domain.Amount    `json:"paid"`
	Creator     domain.Amount    `json:"creator"`
	DustIn      domain.Amount    `json:"dust_in"`
	DustOut     domain.Amount    `json:"dust_out"`
	Quarantined int              `json:"quarantined"`
	Mismatches  int              `json:"mismatches"`
	PaidTwice   int              `json:"paid_twice"`
	Missed      int              `json:"missed"`
	Signatures  []string         `json:"signatures"`
	WorkflowID  string           `json:"workflow_id"`
	RunID       string           `json:"run_id"`
	DurationMS  int64            `json:"duration_ms"`
	Slots       uint64           `json:"slots"`
	RPCRequests uint64           `json:"rpc_requests"`

	Reason string `json:"reason,omitempty"` // Why the day is not complete.

	token domain.Token
}

// demoResult is the object of demo --json: one row per vault and day.
type demoResult struct {
	OK         bool     `json:"ok"`
	Vaults     []dayRow `json:"vaults"`
	TemporalUI string   `json:"temporal_ui"`
	RPCURL     string   `json:"rpc_url"`
	DurationMS int64    `json:"duration_ms"`

	page string // The worker's own page, while the stack runs.
}

// newDayRow takes a row from a report. Slots count from the first page sent to the slot that closed the day.
func newDayRow(id string, behaviour domain.Behaviour, r domain.DayReport) dayRow {
	row := dayRow{
		ID: id, Behaviour: r.Behaviour, State: r.State, Day: r.Day, Investors: r.Investors, Pages: r.Pages,
		Claimed: r.Result.Claimed, Paid: r.Result.Paid, Creator: r.Result.Creator, DustIn: r.Result.DustIn, DustOut: r.Result.DustOut,
		Quarantined: r.Result.Quarantined, Mismatches: r.Result.Mismatches, PaidTwice: r.Result.PaidTwice, Missed: r.Result.Missed,
		Signatures: r.Signatures, WorkflowID: r.WorkflowID, RunID: r.RunID, RPCRequests: r.Requests,
		token: r.Token, Reason: r.Reason,
	}
	if row.Behaviour == "" {
		row.Behaviour = behaviour // A run that failed before its plan did not say.
	}
	if row.Signatures == nil {
		row.Signatures = []string{}
	}
	if !r.StartedAt.IsZero() && r.EndedAt.After(r.StartedAt) {
		row.DurationMS = r.EndedAt.Sub(r.StartedAt).Milliseconds()
	}
	if r.FirstSlot > 0 && r.CloseSlot > r.FirstSlot {
		row.Slots = r.CloseSlot - r.FirstSlot
	}
	return row
}

// good is a day that is complete and equals the chain to the base unit.
func (r dayRow) good() bool {
	return r.State == domain.Complete && r.Mismatches == 0 && r.PaidTwice == 0 && r.Missed == 0
}

// reconciliationTable compares the plan with the chain, one line a vault, for the rows of one day.
func reconciliationTable(rows []dayRow) string {
	t := newTable("Reconciliation of "+string(rows[0].Day)+amountsIn(rows), "Vault", "State", "Claimed", "Paid", "Creator", "Dust in", "Dust out", "Quar.", "Mism.")
	for _, r := range rows {
		bare := r.token
		bare.Symbol = ""
		t.AppendRow([]any{r.ID, r.State, bare.Format(r.Claimed), bare.Format(r.Paid), bare.Format(r.Creator), bare.Format(r.DustIn), bare.Format(r.DustOut), r.Quarantined, r.Mismatches + r.PaidTwice + r.Missed})
	}
	rightFrom(t, 3, 9)
	return t.Render()
}

// runsTable says how the days were paid.
func runsTable(rows []dayRow) string {
	t := newTable("", "Vault", "Day", "Investors", "Pages", "Slots", "Seconds", "RPC requests", "Workflow")
	for _, r := range rows {
		t.AppendRow([]any{r.ID, r.Day, r.Investors, r.Pages, r.Slots, fmt.Sprintf("%d.%d", r.DurationMS/1000, r.DurationMS%1000/100), r.RPCRequests, r.WorkflowID})
	}
	rightFrom(t, 3, 7)
	return t.Render()
}

func amountsIn(rows []dayRow) string {
	if symbol := rows[0].token.Symbol; symbol != "" {
		return ", in " + symbol
	}
	return ""
}
