package domain

import "time"

// IntentKind says what a transaction is for.
type IntentKind string

// Kinds of transactions that the operations send.
const (
	IntentPage     IntentKind = "page"     // Moves money: one page of a day.
	IntentAccounts IntentKind = "accounts" // Creates missing token accounts (idempotent).
	IntentTable    IntentKind = "table"    // Creates or extends a lookup table.
)

// IntentState is what is known of a signature. A signature that was not found is not failed: it may still land.
type IntentState string

// States of a signature.
const (
	IntentPrepared  IntentState = "prepared"  // Stored, perhaps not sent: the process may have died in between.
	IntentSent      IntentState = "sent"      // Handed to a node at least once.
	IntentConfirmed IntentState = "confirmed" // Seen in a confirmed slot, with or without an error; can be rolled back.
	IntentFinalized IntentState = "finalized" // Seen in a finalized slot.
	IntentFailed    IntentState = "failed"    // Landed with an error and final: it changed nothing but the fee.
	IntentExpired   IntentState = "expired"   // Proved never to land: block height passed its last valid one and nobody knows it.
)

// Settled is true when nothing can happen to the signature any more.
func (s IntentState) Settled() bool {
	return s == IntentFinalized || s == IntentFailed || s == IntentExpired
}

// Landed is true when it stands in a slot, however deep.
func (s IntentState) Landed() bool { return s == IntentConfirmed || s == IntentFinalized }

// Intent is a signed transaction, stored before it is sent (DESIGN.md §1.3).
type Intent struct {
	Signature   string      `json:"signature"`
	Vault       string      `json:"vault"`
	Day         Day         `json:"day"`
	Kind        IntentKind  `json:"kind"`
	Key         string      `json:"key"` // What it does, such as "page/40": two intents with one key must never both land unguarded.
	State       IntentState `json:"state"`
	Raw         []byte      `json:"-"` // The signed bytes, to send again unchanged.
	Blockhash   string      `json:"blockhash"`
	LastValid   uint64      `json:"last_valid"` // Block height after which it cannot land.
	Slot        uint64      `json:"slot,omitempty"`
	Err         string      `json:"err,omitempty"` // The chain's error when it landed and failed.
	FeeLamports uint64      `json:"fee_lamports,omitempty"`
	Units       uint64      `json:"units,omitempty"`
	UnitPrice   uint64      `json:"unit_price,omitempty"` // Micro-lamports per compute unit.
	CreatedAt   time.Time   `json:"created_at"`
	UpdatedAt   time.Time   `json:"updated_at"`
}

// Table is an address lookup table of a vault, as the chain holds it.
type Table struct {
	Vault     string   `json:"vault"`
	Address   string   `json:"address"`
	Authority string   `json:"authority"`
	Addresses []string `json:"addresses"`
	Slot      uint64   `json:"slot"` // Last extended; its newest addresses are usable one slot later.
	Active    bool     `json:"active"`

	Deactivated uint64 `json:"deactivated,omitempty"` // Slot of its deactivation; 0 while it is active.
	UsedOn      Day    `json:"used_on,omitempty"`     // The last day whose pages needed it; empty: not known.
}
