package distribution

import (
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// signatureFee is the base fee of a transaction with one signature, in lamports (CHAIN.md §4).
const signatureFee = 5_000

// tokenAccountRent is the rent-exempt minimum of a 165-byte token account, in lamports.
const tokenAccountRent = 2_039_280

// checkTreasury compares what the treasury must still pay with what it holds. Before the opening nothing is owed from
// it but carried dust; on a continuation everything unpaid must be there (P09).
func checkTreasury(e Evidence) domain.Check {
	c := domain.Check{Row: "P09", Name: "treasury", Threshold: "exists, right mint, not frozen, holds what is still owed"}
	t := e.View.Treasury
	owed := e.owed()
	switch {
	case !t.Exists:
		c.Result, c.Observed, c.Next = domain.CheckFail, "no account at "+t.Address.String(), "Create the treasury token account of the position owner"
	case !t.Valid || t.Owner != e.Vault.Accounts.PositionOwner:
		c.Result, c.Observed = domain.CheckFail, "not a token account of the quote mint owned by the position owner"
	case t.Frozen:
		c.Result, c.Observed, c.Next = domain.CheckFail, "frozen", "Ask the mint's freeze authority"
	default:
		c.Result = verdict(t.Amount >= uint64(owed), domain.CheckFail)
		c.Observed = fmt.Sprintf("holds %d, owes %d base units", t.Amount, owed)
	}
	return c
}

// owed is what the treasury must hold now for the open day to be paid in full.
func (e Evidence) owed() domain.Amount {
	if e.View.Timing().Phase() != domain.PhaseContinue || e.Vault.Behaviour == domain.Published {
		return e.Manifest.Terms.DustIn
	}
	o := e.Manifest.Opening
	if o == nil {
		return 0 // The day's figures are not known here; the reconciliation will.
	}
	total := o.Pool + o.Creator
	return total - min(total, domain.Amount(e.View.Progress.CurrentDayDistributed))
}

func checkPayer(e Evidence) domain.Check {
	need := e.fees()
	have := e.View.PayerLamports
	c := domain.Check{
		Row: "P14", Name: "fee_payer", Observed: fmt.Sprintf("%s holds %d lamports", e.Vault.Payer, have),
		Threshold: fmt.Sprintf("%d lamports for this day and %d in reserve", need, e.Rules.PayerReserve),
		Result:    verdict(have >= need+e.Rules.PayerReserve, domain.CheckWarn),
	}
	switch {
	case e.Vault.Payer.IsZero():
		c.Result, c.Observed, c.Next = domain.CheckUnknown, "the fee payer's key cannot be read here", "Look from the worker's machine, or set signer.keypair_path"
		return c
	case have < need:
		c.Result = domain.CheckFail
	}
	if c.Result != domain.CheckOK {
		c.Next = "Send SOL to the fee payer"
	}
	return c
}

// fees estimates a day's cost in lamports, doubled for transactions that must be signed again.
func (e Evidence) fees() uint64 {
	pages := uint64(len(e.Manifest.Pages))
	perPage := uint64(signatureFee) + e.Rules.UnitPriceCap*1_400_000/1_000_000
	var rent uint64
	for _, entry := range e.Manifest.Entries {
		if entry.NeedsATA {
			rent += tokenAccountRent + signatureFee
		}
	}
	return 2*pages*perPage + rent
}

func checkTokenAccounts(e Evidence) domain.Check {
	c := domain.Check{Row: "P15", Name: "token_accounts", Threshold: "creator's account ready; investors' accounts not frozen, missing ones are created first"}
	missing, bad := 0, 0
	for _, entry := range e.Manifest.Entries {
		if entry.NeedsATA {
			missing++
		}
	}
	for _, view := range e.View.Recipients {
		if view.Exists && (!view.Valid || view.Frozen) {
			bad++
		}
	}
	creator := e.View.CreatorToken
	switch {
	case !creator.Exists:
		c.Result, c.Observed, c.Next = domain.CheckWarn, "creator's token account is missing", "It is created before the first page"
	case !creator.Valid || creator.Frozen:
		c.Result, c.Observed, c.Next = domain.CheckFail, "creator's token account cannot receive", "The closing page would fail: let the creator repair it"
	case bad > 0:
		c.Result, c.Observed = domain.CheckFail, fmt.Sprintf("%d investors' token accounts are frozen or of another mint", bad)
		c.Next = "A page with such an account fails as a whole: thaw it before the day is opened"
	case missing > 0:
		c.Result, c.Observed = domain.CheckWarn, fmt.Sprintf("%d investors have no token account yet", missing)
		c.Next = "They are created before the first page, at the fee payer's cost"
	default:
		c.Result, c.Observed = domain.CheckOK, "all present"
	}
	return c
}

// checkFees refuses to open a day without fees: it would use up the vault's 24 hours and never complete (C12), and a
// day with base fees, which the program refuses with 6001.
func checkFees(e Evidence) domain.Check {
	w := e.View
	c := domain.Check{
		Row: "P16", Name: "claimable_fees", Observed: fmt.Sprintf("quote %d, base %d base units", w.Quote, w.Base),
		Threshold: fmt.Sprintf("quote at least %d, base 0", max(1, e.Rules.MinClaimable)), Result: domain.CheckOK,
	}
	switch {
	case w.Timing().Phase() != domain.PhaseNewDay:
		c.Threshold = "not needed: no day is opened"
	case w.Base > 0:
		c.Result, c.Next = domain.CheckFail, "Base fees make the program refuse the day (6001): the position must collect quote fees only"
	case w.Quote < uint64(max(1, e.Rules.MinClaimable)):
		c.Result, c.Next = domain.CheckFail, "Wait for fees: an empty day would use up the vault's 24 hours"
	}
	return c
}

func checkClock(e Evidence) domain.Check {
	drift := e.Wall.Unix() - e.View.ChainTime
	if drift < 0 {
		drift = -drift
	}
	c := domain.Check{
		Row: "P17", Name: "clock_drift", Observed: fmt.Sprintf("%s between this machine and the chain", time.Duration(drift)*time.Second),
		Threshold: fmt.Sprintf("at most %s", time.Duration(e.Rules.ClockSkewWarn)*time.Second), Result: verdict(drift <= e.Rules.ClockSkewWarn, domain.CheckWarn),
	}
	if c.Result != domain.CheckOK {
		c.Next = "The chain's clock decides; set this machine's"
	}
	return c
}
