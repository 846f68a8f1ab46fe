package domain

import "time"

// Payout is a token-balance delta that the chain shows for one recipient's account in one transaction.
type Payout struct {
	Recipient string `json:"recipient"`
	ATA       string `json:"ata"`
	Amount    Amount `json:"amount"`
	Signature string `json:"signature"`
}

// PageResult is a page that the chain turned, with what it really moved.
type PageResult struct {
	Vault       string   `json:"vault"`
	Day         Day      `json:"day"`
	Cursor      uint32   `json:"cursor"`
	Signature   string   `json:"signature"`
	Ours        bool     `json:"ours"` // False: a foreign crank turned it (X25).
	Slot        uint64   `json:"slot"`
	Finalized   bool     `json:"finalized"`
	Paid        Amount   `json:"paid"`
	Creator     Amount   `json:"creator"`
	Claimed     Amount   `json:"claimed"`
	Closed      bool     `json:"closed"`
	FeeLamports uint64   `json:"fee_lamports"` // What the transaction cost its payer.
	Payouts     []Payout `json:"payouts,omitempty"`
	Note        string   `json:"note,omitempty"` // Whose it is, when it is not plainly ours.
}

// Reason says why an investor got what he got, also for nothing.
type Reason string

// Reasons of an outcome.
const (
	ReasonPaid         Reason = "paid"
	ReasonBelowMinimum Reason = "below_minimum" // His share was under min_payout and went into the dust.
	ReasonNothing      Reason = "nothing_locked"
	ReasonCapped       Reason = "daily_cap" // Reduced or emptied by the vault's daily cap.
	ReasonQuarantined  Reason = "quarantined"
	ReasonNotReached   Reason = "not_reached"     // The day ended before his page.
	ReasonRebuilt      Reason = "rebuilt"         // Paid, as the chain shows it; the books of that day were lost, and with them what was planned.
	ReasonNoTransfer   Reason = "no_transfer"     // The published program logs the transfer and does not make it (C16).
	ReasonMismatch     Reason = "mismatch"        // The chain moved another amount than planned.
	ReasonShared       Reason = "paid_with_other" // Paid with another stream of the same recipient in the same page.
)

// Outcome is one investor stream's result of a day: planned against what the chain's balances show.
type Outcome struct {
	Index     int    `json:"index"`
	Stream    string `json:"stream"`
	Recipient string `json:"recipient"`
	Planned   Amount `json:"planned"`
	Paid      Amount `json:"paid"`
	Signature string `json:"signature,omitempty"`
	Reason    Reason `json:"reason"`
	Note      string `json:"note,omitempty"`
}

// Figures are a day's totals in base units of the quote mint, all from token-balance deltas.
type Figures struct {
	Claimed Amount `json:"claimed"`
	Paid    Amount `json:"paid"`
	Creator Amount `json:"creator"`
	DustIn  Amount `json:"dust_in"`
	DustOut Amount `json:"dust_out"`
}

// Reconciliation compares the plan with the chain, per investor and in total.
type Reconciliation struct {
	Figures
	Mismatches  int      `json:"mismatches"`
	PaidTwice   int      `json:"paid_twice"`
	Missed      int      `json:"missed"`
	Quarantined int      `json:"quarantined"`
	Residual    Amount   `json:"residual"` // What the treasury held after the close.
	Notes       []string `json:"notes,omitempty"`
}

// Clean is true when the books equal the chain to the base unit.
func (r Reconciliation) Clean() bool { return r.Mismatches == 0 && r.PaidTwice == 0 && r.Missed == 0 }

// DayReport is the stored end of a run: what an operator needs even if the workflow is gone.
type DayReport struct {
	Vault       string         `json:"vault"`
	Day         Day            `json:"day"`
	Behaviour   Behaviour      `json:"behaviour"`
	State       State          `json:"state"`
	Investors   int            `json:"investors"`
	Pages       int            `json:"pages"`
	Result      Reconciliation `json:"result"`
	Token       Token          `json:"token"`
	Signatures  []string       `json:"signatures"`
	FirstSlot   uint64         `json:"first_slot"` // Slot seen when the first page was sent.
	CloseSlot   uint64         `json:"close_slot"` // Slot that closed the day.
	Requests    uint64         `json:"requests"`
	FeeLamports uint64         `json:"fee_lamports"`
	WorkflowID  string         `json:"workflow_id"`
	RunID       string         `json:"run_id"`
	StartedAt   time.Time      `json:"started_at"`
	EndedAt     time.Time      `json:"ended_at"`
	Reason      string         `json:"reason,omitempty"`       // Why it ended so, when it is not complete.
	Manifest    string         `json:"manifest"`               // Hash.
	Rebuilt     bool           `json:"rebuilt,omitempty"`      // Made from the chain's history after the books were lost: nothing was reconciled.
	Held        int64          `json:"held_seconds,omitempty"` // How long it waited on purpose after it was due: distribution.drift_reset.
}

// Operation is one measured step (F01).
type Operation struct {
	Name       string        `json:"name"`
	Vault      string        `json:"vault,omitempty"`
	WorkflowID string        `json:"workflow_id,omitempty"`
	RunID      string        `json:"run_id,omitempty"`
	Attempt    int32         `json:"attempt,omitempty"`
	Started    time.Time     `json:"started"`
	Duration   time.Duration `json:"duration"`
	Requests   uint64        `json:"requests"` // RPC requests it made.
	OK         bool          `json:"ok"`
	Code       string        `json:"code,omitempty"`
}
