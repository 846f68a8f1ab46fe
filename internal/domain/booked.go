package domain

import "time"

// BookedDay is what the books hold of one day of a vault: its plan and the end of its newest run.
type BookedDay struct {
	Vault  string     `json:"vault"`
	Day    Day        `json:"day"`
	Hash   string     `json:"hash,omitempty"`   // Of the plan; empty: no plan is stored.
	Opened *int64     `json:"opened"`           // Chain time of the opening, unix seconds; null: not opened, or not known.
	Report *DayReport `json:"report,omitempty"` // Nil: no run has come to its end.
}

// Closed is true when the chain closed the day and its books were made.
func (b BookedDay) Closed() bool {
	return b.Report != nil && (b.Report.State == Complete || b.Report.State == CompleteUnreconciled)
}

// IntentCost counts the transactions of one vault's day, by kind and fate, and sums what they cost.
type IntentCost struct {
	Vault       string      `json:"vault"`
	Day         Day         `json:"day"`
	Kind        IntentKind  `json:"kind"`
	State       IntentState `json:"state"`
	Count       int         `json:"count"`
	FeeLamports uint64      `json:"fee_lamports"` // Base and priority fees; an expired one cost nothing.
}

// Effort is what the activities of one run took.
type Effort struct {
	Steps    int    `json:"steps"`   // Attempts, whatever their end.
	Retries  int    `json:"retries"` // Of them not the first attempt of their step.
	Failures int    `json:"failures"`
	Requests uint64 `json:"requests"` // RPC requests.
}

// HourLoad is the RPC requests of one hour.
type HourLoad struct {
	Hour     time.Time `json:"hour"`
	Requests uint64    `json:"requests"`
}

// StatementLine is one line of an investor's statement: one stream on one day.
type StatementLine struct {
	Vault     string `json:"vault"`
	Day       Day    `json:"day"`
	Stream    string `json:"stream,omitempty"`
	Recipient string `json:"recipient,omitempty"`
	Planned   Amount `json:"planned"`
	// Paid is what the chain's balances show, in base units of Token; null: the day's books were not made, so it is unknown.
	Paid      *Amount `json:"paid"`
	Token     Token   `json:"token"`
	Reason    Reason  `json:"reason"`
	Signature string  `json:"signature,omitempty"`
	Note      string  `json:"note,omitempty"`
	// Arrear says where the catch-up list stands, for a line of it; Would is what the line would have got.
	Arrear ArrearState `json:"arrear,omitempty"`
	Would  *Amount     `json:"would,omitempty"`
}

// Volume is how large the store is and what it holds.
type Volume struct {
	Bytes     uint64 `json:"bytes"`      // Of the database, indexes included.
	VaultDays int    `json:"vault_days"` // Reports of days.
	First     Day    `json:"first"`      // The oldest day with a report; empty: there is none.
	Last      Day    `json:"last"`
}
