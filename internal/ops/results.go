package ops

import "github.com/meteora-fee-router/feeops/internal/domain"

// GateResult says whether anything may be sent for a vault now (DESIGN.md §1.4).
type GateResult struct {
	Open  bool                `json:"open"`
	Flags []domain.SafetyFlag `json:"flags,omitempty"`
}

// ChecksResult is the whole list; it is short (P01–P21), so the history may carry it.
type ChecksResult struct {
	Checks domain.Checks `json:"checks"`
}

// AccountsResult counts the token accounts and lookup tables that were created before the first page.
type AccountsResult struct {
	Created    int      `json:"created"`
	Tables     int      `json:"tables"`
	Signatures []string `json:"signatures,omitempty"`
	Bare       string   `json:"bare,omitempty"` // Why the pages do without lookup tables, shorter than planned.
}

// TidyResult counts lookup tables that no page needs any more.
type TidyResult struct {
	Deactivated int      `json:"deactivated"`
	Closed      int      `json:"closed"`
	Signatures  []string `json:"signatures,omitempty"`
}

// PreflightResult is the simulation of page 1 against the plan (X21).
type PreflightResult struct {
	OK     bool          `json:"ok"`
	Reason string        `json:"reason,omitempty"`
	Code   string        `json:"code,omitempty"`
	Units  uint64        `json:"units"`
	Paid   domain.Amount `json:"paid"`
	Closes bool          `json:"closes"`
	Replan bool          `json:"replan,omitempty"` // The list changed since the snapshot: plan again.
}

// OpeningResult is what the first page fixed on chain.
type OpeningResult struct {
	TS      int64         `json:"ts"`
	Claimed domain.Amount `json:"claimed"`
	Pool    domain.Amount `json:"pool"`
	Creator domain.Amount `json:"creator"`
}

// FinalityResult says that every signature of the day is finalized, or what was lost.
type FinalityResult struct {
	Finalized int      `json:"finalized"`
	Lost      []string `json:"lost,omitempty"` // Rolled back and expired: their pages must be looked at again.
	Cursor    uint32   `json:"cursor"`
	Complete  bool     `json:"complete"`
	CloseSlot uint64   `json:"close_slot"`
}

// ReconcileResult carries totals; outcomes by investor are in the store.
type ReconcileResult struct {
	Result      domain.Reconciliation `json:"result"`
	Signatures  []string              `json:"signatures"`
	FeeLamports uint64                `json:"fee_lamports"`
	FirstSlot   uint64                `json:"first_slot"` // Slot of the first page.
	CloseSlot   uint64                `json:"close_slot"`
}

// SaveResult completes the report with what the store knows of the run.
type SaveResult struct {
	Requests  uint64 `json:"requests"`             // RPC requests of all the run's activities.
	NoReceipt string `json:"no_receipt,omitempty"` // Why a complete day has no receipt.
}

// ListInput is empty for all enabled vaults, or names some.
type ListInput struct {
	Vaults []string `json:"vaults,omitempty"`
}

// ListResult names the vaults, the most urgent first; in the order of the settings where that is not known.
type ListResult struct {
	Vaults []string `json:"vaults"`
}
