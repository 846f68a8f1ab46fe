package alert

import (
	"fmt"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// owed is what the open day has still to pay; nil is unknown.
func owed(c *Case) *domain.Amount {
	if b := c.Vault.Books; b != nil {
		return b.Owed
	}
	return nil
}

// waiting is what an opening would claim; nil is unknown.
func waiting(c *Case) *domain.Amount {
	if f := c.Vault.Fees; f != nil {
		return &f.Quote
	}
	return nil
}

// money is what the open day owes, or else what waits for the next one.
func money(c *Case) *domain.Amount {
	if c.phase == domain.PhaseContinue {
		return owed(c)
	}
	return waiting(c)
}

func treasuryEmpty(c *Case) Verdict {
	if c.work != Firing {
		return c.work
	}
	due := owed(c)
	held, known := c.Vault.Day.Treasury.Held()
	if due == nil || !known {
		return Unknown
	}
	return truth(held == 0 && *due > 0)
}

func treasuryDetail(c *Case) string {
	word := "holds nothing"
	if c.Vault.Day.Treasury.State == domain.BalanceAbsent {
		word = "does not exist"
	}
	return fmt.Sprintf("The treasury %s, and %s is still to be paid from cursor %d on.", word, c.Vault.Token.Format(*owed(c)), c.Vault.Day.Cursor)
}

func payerLow(c *Case) Verdict {
	if c.Vault.Payer == nil {
		return Unknown
	}
	return truth(c.Vault.Payer.Lamports/2 < c.Limits.PayerReserve)
}

func payerWorse(c *Case) domain.Severity {
	if c.Vault.Payer.Lamports < c.Limits.PayerReserve {
		return domain.SeverityHigh
	}
	return domain.SeverityMedium
}

func payerDetail(c *Case) string {
	sol := domain.Token{Symbol: "SOL", Decimals: 9}
	return fmt.Sprintf("Fee payer %s holds %s; the reserve is %s. Send SOL to it.", c.Vault.Payer.Address, sol.Format(domain.Amount(c.Vault.Payer.Lamports)), sol.Format(domain.Amount(c.Limits.PayerReserve)))
}

func payerOf(c *Case) string { return c.Vault.Payer.Address }

func baseFee(c *Case) Verdict {
	if c.Vault.Fees == nil {
		return Unknown
	}
	return truth(c.Vault.Fees.Base > 0)
}

func baseFeeDetail(c *Case) string {
	return fmt.Sprintf("%s base units of base fees can be claimed: the program refuses to open a day with 6001 until they are gone.", c.Vault.Fees.Base)
}

func quarantined(c *Case) Verdict {
	b := c.Vault.Books
	if b == nil || b.Quarantined == nil {
		return Unknown
	}
	return truth(*b.Quarantined > 0)
}

func quarantinedDetail(c *Case) string {
	out := fmt.Sprintf("The newest plan leaves out %d", *c.Vault.Books.Quarantined)
	if c.Vault.Streams > 0 {
		out += fmt.Sprintf(" of %d", c.Vault.Streams)
	}
	return out + " registered streams: they get nothing."
}

func quarantinedMoney(c *Case) *domain.Amount { return c.Vault.Books.QuarantinedWould }

// mismatch asks whether a run is under way: between the close and the report the books are always open.
func mismatch(c *Case) Verdict {
	v := c.Vault
	switch {
	case v.Books == nil || v.Run != nil && v.Run.Live:
		return Unknown
	case v.Books.Last != nil && v.Books.Last.State == domain.CompleteUnreconciled:
		return Firing
	case v.Run == nil:
		return Unknown
	default:
		return truth(v.State == domain.CompleteUnreconciled)
	}
}

func mismatchWorse(c *Case) domain.Severity {
	if last := c.Vault.Books.Last; last != nil && last.State == domain.CompleteUnreconciled && (last.PaidTwice > 0 || last.Mismatches > 0) {
		return domain.SeverityCritical
	}
	return domain.SeverityHigh
}

func mismatchDetail(c *Case) string {
	if last := c.Vault.Books.Last; last != nil && last.State == domain.CompleteUnreconciled {
		return fmt.Sprintf("%s: %d mismatches, %d paid twice, %d missed. %s", last.Day, last.Mismatches, last.PaidTwice, last.Missed, last.Reason)
	}
	return "The day is closed on chain and its books are not made: start it again to make them."
}
