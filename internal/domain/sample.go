package domain

import "time"

// VaultSample is one vault as the watch saw it at one moment (M04). A part that is null was not read: unknown is a
// value, never a zero. Each part of the chain says at which slot it was read, because slowly changing accounts are not
// read at every tick and are carried on with the time at which they were.
type VaultSample struct {
	Vault     string    `json:"vault"`
	At        time.Time `json:"at"` // This machine's clock; what age is counted from.
	Token     Token     `json:"token"`
	Behaviour Behaviour `json:"behaviour,omitempty"`
	Streams   int       `json:"streams,omitempty"` // Registered in the settings.
	State     State     `json:"state"`
	Reason    string    `json:"reason,omitempty"`
	Error     string    `json:"error,omitempty"` // Why Day is null.

	Day     *DayFigures  `json:"day"`
	Fees    *FeeFigures  `json:"fees"`
	Policy  *PolicyPrint `json:"policy"`
	Payer   *PayerFigure `json:"payer"`
	Program *Program     `json:"program"`
	Books   *Books       `json:"books"`
	Run     *RunView     `json:"run"`
	Track   *Track       `json:"track"`
}

// DayFigures are the progress account and the treasury, both at one slot.
type DayFigures struct {
	Slot        uint64  `json:"slot"`
	Endpoint    string  `json:"endpoint,omitempty"`
	ChainTime   int64   `json:"chain_time"` // Unix seconds of the chain's clock at the slot.
	LastTS      int64   `json:"last_ts"`    // The last opening; 0 is never.
	Cursor      uint32  `json:"cursor"`
	Complete    bool    `json:"complete"`
	Distributed Amount  `json:"distributed"` // To investors, of the last opened day.
	Dust        Amount  `json:"dust"`
	Treasury    Balance `json:"treasury"`
}

// Balance has three answers: a value, no account, unknown (D08).
type Balance struct {
	State  BalanceState `json:"state"`
	Amount Amount       `json:"amount"` // 0 unless the state is value.
}

// BalanceState is how much is known of a balance.
type BalanceState string

// Answers to the question for a balance.
const (
	BalanceValue   BalanceState = "value"
	BalanceAbsent  BalanceState = "absent"
	BalanceUnknown BalanceState = "unknown"
)

// Held is what the account holds: nothing when there is no account, and false when that is not known.
func (b Balance) Held() (Amount, bool) {
	switch b.State {
	case BalanceValue:
		return b.Amount, true
	case BalanceAbsent:
		return 0, true
	default:
		return 0, false
	}
}

// FeeFigures are what the honorary position could claim.
type FeeFigures struct {
	At    time.Time `json:"at"`
	Slot  uint64    `json:"slot"`
	Quote Amount    `json:"quote"`
	Base  Amount    `json:"base"` // Anything above 0 keeps the day from opening (6001).
}

// PolicyPrint is the policy account as far as the watch needs it.
type PolicyPrint struct {
	At       time.Time `json:"at"`
	Slot     uint64    `json:"slot"`
	Hash     string    `json:"hash"` // SHA-256 of the account's bytes.
	DailyCap *Amount   `json:"daily_cap,omitempty"`
}

// PayerFigure is the fee payer's balance.
type PayerFigure struct {
	At       time.Time `json:"at"`
	Slot     uint64    `json:"slot"`
	Address  string    `json:"address"`
	Lamports uint64    `json:"lamports"`
}

// Program is the router program as a fingerprint.
type Program struct {
	At         time.Time     `json:"at"`
	Slot       uint64        `json:"slot"`
	Address    string        `json:"address"`
	Owner      string        `json:"owner"` // The loader.
	Executable bool          `json:"executable"`
	Build      *ProgramState `json:"build"` // Null for a loader without upgrades.
}

// Same is true when nothing of the fingerprint differs, whenever the two were read.
func (p Program) Same(other Program) bool {
	same := p.Build == nil && other.Build == nil || p.Build != nil && other.Build != nil && *p.Build == *other.Build
	return same && p.Address == other.Address && p.Owner == other.Owner && p.Executable == other.Executable
}

// Books are what the store knows of the vault. Null figures concern a day that the store has no plan of.
type Books struct {
	Pending          int          `json:"pending"` // Signatures that may still land.
	Investors        *int         `json:"investors"`
	Quarantined      *int         `json:"quarantined"`
	QuarantinedWould *Amount      `json:"quarantined_would"` // What they would have got, as far as it is known.
	Owed             *Amount      `json:"owed"`              // What the open day has still to pay.
	Foreign          int          `json:"foreign"`           // Pages of the newest day that somebody else turned.
	Flags            []SafetyFlag `json:"flags,omitempty"`
	Last             *LastRun     `json:"last"` // The newest report.
}

// LastRun is the end of a vault's newest run.
type LastRun struct {
	RunID      string    `json:"run_id,omitempty"`
	Day        Day       `json:"day"`
	State      State     `json:"state"`
	Reason     string    `json:"reason,omitempty"`
	Ended      time.Time `json:"ended"`
	Mismatches int       `json:"mismatches"`
	PaidTwice  int       `json:"paid_twice"`
	Missed     int       `json:"missed"`
}

// RunView is what Temporal says of a vault's run.
type RunView struct {
	RunID  string    `json:"run_id,omitempty"` // Of the newest run.
	Live   bool      `json:"live"`
	State  State     `json:"state,omitempty"` // Of a live run, as its search attribute says.
	Failed time.Time `json:"failed,omitzero"` // When the newest run ended by failing; zero when it did not.
}

// Track is what the watch remembers from sample to sample. Every mark says what happened and when, and stays for a day,
// so that a rule that looks a little later still sees it.
type Track struct {
	Seen     time.Time `json:"seen"` // When the figures below were read last.
	LastTS   int64     `json:"last_ts"`
	Cursor   uint32    `json:"cursor"`
	Complete bool      `json:"complete"`
	Capped   bool      `json:"capped,omitempty"` // The published program goes no further at its cap: such a day is not lost.
	Owed     *Amount   `json:"owed"`
	Pending  int       `json:"pending"`
	Live     *bool     `json:"live"`           // Whether a run was under way then.
	Ended    time.Time `json:"ended,omitzero"` // End of the newest report then.
	Progress int64     `json:"progress"`       // Chain time at which the cursor was seen to move last, or the opening (M10).
	Lost     *LostDay  `json:"lost,omitempty"` // A day that ended unfinished.
	Stranger *Stranger `json:"stranger,omitempty"`
	Policy   *Changed  `json:"policy,omitempty"`
	Program  *Changed  `json:"program,omitempty"`
}

// LostDay is a day that reached its deadline before it was complete (C06).
type LostDay struct {
	At     time.Time `json:"at"` // When it was seen.
	LastTS int64     `json:"last_ts"`
	Cursor uint32    `json:"cursor"`
	Owed   *Amount   `json:"owed"`
}

// Stranger is progress of the chain that none of our signatures made (X25).
type Stranger struct {
	At     time.Time `json:"at"`
	LastTS int64     `json:"last_ts"`
	From   uint32    `json:"from"`
	To     uint32    `json:"to"`
}

// Changed is something that should not change by itself and did.
type Changed struct {
	At   time.Time `json:"at"`
	Slot uint64    `json:"slot"`
	From string    `json:"from"`
	To   string    `json:"to"`
}

// Age is how old the sample is. What is older than the watch's limit is stale: it says what was, not what is.
func (s VaultSample) Age(now time.Time) time.Duration { return now.Sub(s.At) }

// Stale is true for a sample that is older than limit, and for one without the chain's figures.
func (s VaultSample) Stale(now time.Time, limit time.Duration) bool {
	return s.Day == nil || s.Age(now) > limit
}

// Timing is the vault's place in its day, judged by the chain's clock; false when it is unknown.
func (s VaultSample) Timing() (Timing, bool) {
	if s.Day == nil {
		return Timing{}, false
	}
	return s.Day.Timing(), true
}

// Timing judges the figures by the chain's clock.
func (d DayFigures) Timing() Timing {
	return Timing{ChainNow: d.ChainTime, LastTS: d.LastTS, Complete: d.Complete}
}

// Open is true while the chain's day is open: pages are left, and its deadline is not reached.
func (d DayFigures) Open() bool { return d.Timing().Phase() == PhaseContinue }

// Progress is how much of the day's list is done, in investors and in percent of the day that the figures belong to,
// clamped to 0–100 (D07). It is 0 when a new day may start, and false when the number of investors is unknown.
func (s VaultSample) Progress() (done, of, percent int, known bool) {
	of = s.Streams
	if s.Books != nil && s.Books.Investors != nil {
		of = *s.Books.Investors
	}
	if s.Day == nil || of <= 0 {
		return 0, of, 0, false
	}
	switch s.Day.Timing().Phase() {
	case PhaseNewDay:
		return 0, of, 0, true
	case PhaseComplete:
		return of, of, 100, true
	default:
		done = min(int(s.Day.Cursor), of)
		return done, of, done * 100 / of, true
	}
}
