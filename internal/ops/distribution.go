package ops

import (
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// DailyInput starts DailyDistribution. The zero value of every field but Vault is what the temporal CLI's user wants.
type DailyInput struct {
	Vault   string `json:"vault"`              // Vault id of the settings.
	WaitDue bool   `json:"wait_due,omitempty"` // Sleep until the day is due instead of ending as not_due (P02).
	Actor   string `json:"actor,omitempty"`    // Who started it, for the record.
}

// Order is the payload of the stop, pause and resume signals.
type Order struct {
	Reason string `json:"reason"`
	Actor  string `json:"actor"`
}

// Plan is what a workflow keeps of a day's manifest; the lists stay in the store.
type Plan struct {
	Vault       string           `json:"vault"`
	Day         domain.Day       `json:"day"`
	Hash        string           `json:"hash"`
	Behaviour   domain.Behaviour `json:"behaviour"`
	State       domain.State     `json:"state"` // Ready, or why no page may be sent: not_due, complete, no_fees, …
	Reason      string           `json:"reason,omitempty"`
	Timing      domain.Timing    `json:"timing"`
	Investors   int              `json:"investors"`
	Quarantined int              `json:"quarantined"`
	NeedATA     int              `json:"need_ata"`
	PageSize    uint32           `json:"page_size"`
	Pages       int              `json:"pages"`
	Cursor      uint32           `json:"cursor"` // Where this run starts: 0 on a new day, the chain's cursor otherwise (X06).
	Claimable   domain.Amount    `json:"claimable"`
	Pool        domain.Amount    `json:"pool"`
	Creator     domain.Amount    `json:"creator"`
	Token       domain.Token     `json:"token"`
	Tables      bool             `json:"tables,omitempty"`
	Continued   bool             `json:"continued,omitempty"`     // The chain's day was open when the run began.
	Closed      bool             `json:"closed,omitempty"`        // The chain closed the day; only its books are open.
	PageDelay   time.Duration    `json:"page_delay_ns,omitempty"` // Pause between pages; none near the deadline (X09).
	Hold        int64            `json:"hold,omitempty"`          // Unix seconds of the chain's clock until which a run that waits goes on waiting, on purpose.
}

// PageInput names one call of the day. The cursor is always sent, 0 included (X14).
type PageInput struct {
	Vault  string     `json:"vault"`
	Day    domain.Day `json:"day"`
	Hash   string     `json:"hash"`
	Cursor uint32     `json:"cursor"`
}

// PageResult says what the chain's cursor says after a page.
type PageResult struct {
	Signature string        `json:"signature,omitempty"`
	Ours      bool          `json:"ours"` // False: somebody else turned it (X25).
	Cursor    uint32        `json:"cursor"`
	Slot      uint64        `json:"slot"`
	SentSlot  uint64        `json:"sent_slot,omitempty"`
	Paid      domain.Amount `json:"paid"`
	Closed    bool          `json:"closed"`
}

// DayRef names a vault's day.
type DayRef struct {
	Vault string     `json:"vault"`
	Day   domain.Day `json:"day"`
	Hash  string     `json:"hash"`
}

// ReportInput is the end of a run, saved by an activity because a failing workflow loses its result.
type ReportInput struct {
	Report domain.DayReport `json:"report"`
	Actor  string           `json:"actor,omitempty"`  // Who started the run.
	Orders []TakenOrder     `json:"orders,omitempty"` // What the run was told, for the audit log.
}

// TakenOrder is an order that a run has taken.
type TakenOrder struct {
	Order

	Name string    `json:"name"` // stop, pause, resume.
	At   time.Time `json:"at"`
}

// DailyStatus answers the status query.
type DailyStatus struct {
	Vault     string        `json:"vault"`
	Day       domain.Day    `json:"day,omitempty"`
	Step      string        `json:"step"`
	State     domain.State  `json:"state"`
	Reason    string        `json:"reason,omitempty"`
	Cursor    uint32        `json:"cursor"`
	Page      int           `json:"page"`  // Pages turned.
	Pages     int           `json:"pages"` // Pages planned.
	Paid      domain.Amount `json:"paid"`
	Token     domain.Token  `json:"token"`
	Investors int           `json:"investors"`
	Due       int64         `json:"due,omitempty"`
	Deadline  int64         `json:"deadline,omitempty"`
	Started   time.Time     `json:"started"`
	PagesAt   time.Time     `json:"pages_at,omitempty"` // When the first page was sent, for an estimate of the end.
	Approval  *ApprovalView `json:"approval,omitempty"` // What a person has to approve, or has approved.
}

// FleetInput starts FleetDistribution; no vaults means all that are enabled.
type FleetInput struct {
	Vaults  []string `json:"vaults,omitempty"`
	WaitDue bool     `json:"wait_due,omitempty"`
	Actor   string   `json:"actor,omitempty"`
	AtOnce  int      `json:"at_once,omitempty"` // Days that are open at the same time; 0, or more than it, is FleetAtOnce.
}

// Bounds of a fleet run. Temporal refuses a workflow more than 2,000 open children, and ends one with more than 51,200
// events of history; a vault costs up to nine. A report of FleetMost rows stays below the 2 MiB of a result.
const (
	FleetAtOnce = 1_000
	FleetPart   = 1_000 // Vaults of one history.
	FleetMost   = 5_000
)

// Room is how many days are open at the same time.
func (in FleetInput) Room() int {
	if in.AtOnce < 1 {
		return FleetAtOnce
	}
	return min(in.AtOnce, FleetAtOnce)
}

// FleetReport is the fleet's result, one row a vault.
type FleetReport struct {
	Rows []FleetRow `json:"rows"`
}

// FleetRow is one vault's end in a fleet run.
type FleetRow struct {
	Vault  string       `json:"vault"`
	Day    domain.Day   `json:"day,omitempty"`
	State  domain.State `json:"state"`
	Reason string       `json:"reason,omitempty"`
}
