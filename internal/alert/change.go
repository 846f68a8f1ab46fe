package alert

import (
	"fmt"
)

func foreignCrank(c *Case) Verdict {
	v := c.Vault
	if v.Books == nil || v.Track == nil {
		return Unknown
	}
	s := v.Track.Stranger
	return truth(v.Books.Foreign > 0 || s != nil && v.At.Sub(s.At) < markLife)
}

// foreignMark is one a day: what the samples inferred and what the reconciliation found later are the same event.
func foreignMark(c *Case) string {
	if s := c.Vault.Track.Stranger; s != nil && c.Vault.Books.Foreign == 0 {
		return fmt.Sprint(s.LastTS)
	}
	return fmt.Sprint(c.Vault.Day.LastTS)
}

func foreignDetail(c *Case) string {
	if n := c.Vault.Books.Foreign; n > 0 {
		return fmt.Sprintf("Pages of the newest day that somebody else's transactions turned: %d. The reconciliation holds them against the plan.", n)
	}
	s := c.Vault.Track.Stranger
	return fmt.Sprintf("The cursor went from %d to %d while no run was under way and no signature of ours was open.", s.From, s.To)
}

func policyChanged(c *Case) Verdict {
	if c.Vault.Track == nil {
		return Unknown
	}
	p := c.Vault.Track.Policy
	return truth(p != nil && c.Vault.At.Sub(p.At) < markLife)
}

func policyMark(c *Case) string {
	return fmt.Sprint(c.Vault.Track.Policy.Slot, c.Vault.Track.Policy.To)
}

func policyDetail(c *Case) string {
	p := c.Vault.Track.Policy
	return fmt.Sprintf("The policy account changed before slot %d, from %.12s to %.12s. The next plan would follow the new terms.", p.Slot, p.From, p.To)
}

func programUpgraded(c *Case) Verdict {
	if c.Vault.Track == nil {
		return Unknown
	}
	p := c.Vault.Track.Program
	return truth(p != nil && c.Vault.At.Sub(p.At) < markLife)
}

func programMark(c *Case) string { return c.Vault.Track.Program.To }

func programOf(c *Case) string { return c.Vault.Track.Program.To }

func programDetail(c *Case) string {
	p := c.Vault.Track.Program
	return fmt.Sprintf("The router program changed before slot %d: it was %s and is %s. Send nothing before somebody has read the new program.", p.Slot, p.From, p.To)
}
