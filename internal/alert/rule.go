package alert

import (
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// Verdict is what a condition says of one subject.
type Verdict uint8

// The verdicts. The zero value is the one that changes nothing.
const (
	Unknown Verdict = iota // What the condition looks at was not read.
	Clear
	Firing
)

// Fleet is the subject of alerts that concern no single vault.
const Fleet = "fleet"

// Rule is a line of the catalogue.
type Rule struct {
	ID       string
	Severity domain.Severity // At least; worse may raise it.
	Title    string          // What people read first.
	When     string          // The condition in words.
	Ends     string          // What ends it, in words.
	Hold     time.Duration   // How long the condition must hold before it is an episode.
	Quiet    time.Duration   // How long it must be gone before the episode is over.
	Event    bool            // Something that happened: it ends when somebody takes it over, or after a day.
	Weaker   []string        // Alerts of the same subject that are not told while this one is open.
	Next     string          // The next safe command; VAULT stands for the vault.
	AtRisk   string          // Which money, in words; where there is none, why.
	Incident string          // Why a critical episode opens an incident; empty: it opens none.

	vault  func(*Case) Verdict         // One of these two.
	fleet  func(*Case) []Sighting      //
	all    bool                        // For fleet rules: the money of every vault is at risk.
	detail func(*Case) string          // For vault rules: what was seen.
	risk   func(*Case) *domain.Amount  // Money that waits or may be lost; nil is none, its result nil is unknown.
	worse  func(*Case) domain.Severity // May raise the severity.
	cause  func(*Case) string          // What the vaults of one message have in common; nil is the alert alone.
	mark   func(*Case) string          // Names an event.
	over   func(*Case) string          // Why it is over; nil says that the condition is gone.
}

// Runbook is the path of the runbook in the repository.
func (r *Rule) Runbook() string { return "docs/runbooks/" + r.ID + ".md" }

// PerVault is true for a rule that looks at each vault.
func (r *Rule) PerVault() bool { return r.vault != nil }

// Sighting is a fleet rule's verdict on one subject.
type Sighting struct {
	Subject string
	Verdict Verdict
	Detail  string
}

// Limits are the settings that conditions look at.
type Limits struct {
	Stale        time.Duration // Older samples say nothing.
	Stuck        time.Duration // Without progress of the cursor (M10).
	Overdue      time.Duration // After the due time (M12).
	Reset        domain.DriftReset
	Repeat       time.Duration // Least time between two messages of an episode (M14).
	MaxMute      time.Duration // Longest mute.
	ClockSkew    time.Duration // Either way (P17).
	MinClaimable domain.Amount // Below it a day is not opened.
	PayerReserve uint64        // Lamports that stay with the fee payer (P14).
	Workers      int           // That should ask for work.
}

// DefaultLimits are the document's figures.
func DefaultLimits() Limits {
	return Limits{
		Stale: 3 * time.Minute, Stuck: 30 * time.Minute, Overdue: domain.OverdueAfter, Repeat: time.Hour, MaxMute: 24 * time.Hour,
		ClockSkew: time.Minute, MinClaimable: 1, PayerReserve: 10_000_000, Workers: 1,
	}
}

// Case is everything that a condition may look at.
type Case struct {
	Now    time.Time
	Since  time.Time // When the watch began.
	Limits Limits
	Fleet  *domain.FleetSample // Nil before the first look.
	Vault  *domain.VaultSample // For vault rules: fresh, and with the chain's figures.

	timing domain.Timing
	phase  domain.Phase
	work   Verdict // Whether the open day has anything left to pay; Clear when none is open.
	held   Verdict // Whether somebody holds the vault: a stop, a pause, an isolation.
}

// at prepares the case for a vault.
func (c *Case) at(v *domain.VaultSample) {
	c.Vault = v
	c.timing = v.Day.Timing()
	c.phase = c.timing.Phase()
	c.work, c.held = c.hasWork(), c.isHeld()
}

// hasWork is Firing while an open day has somebody to pay. A day that was opened without fees has nobody, and one that
// the published program has stopped at its cap pays nobody any more.
func (c *Case) hasWork() Verdict {
	v := c.Vault
	if c.phase != domain.PhaseContinue {
		return Clear
	}
	if v.Day.Cursor == 0 {
		switch held, known := v.Day.Treasury.Held(); {
		case !known:
			return Unknown
		case held == 0:
			return Clear
		}
	}
	if v.Behaviour == domain.Published {
		if v.Policy == nil {
			return Unknown
		}
		if c.capped() {
			return Clear
		}
	}
	return Firing
}

func (c *Case) capped() bool {
	return domain.Look{Cap: c.Vault.Policy.DailyCap, Distributed: c.Vault.Day.Distributed}.Capped()
}

func (c *Case) isHeld() Verdict {
	b, r := c.Vault.Books, c.Vault.Run
	switch {
	case b != nil && len(b.Flags) > 0:
		return Firing
	case r != nil && r.Live && (r.State == domain.Paused || r.State == domain.Stopped || r.State == domain.Isolated):
		return Firing
	case b == nil || r == nil:
		return Unknown
	default:
		return Clear
	}
}

// truth is Firing or Clear.
func truth(fires bool) Verdict {
	if fires {
		return Firing
	}
	return Clear
}
