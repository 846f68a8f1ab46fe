package distribution

import (
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

func checkUnchanged(e Evidence) domain.Check {
	c := domain.Check{Row: "P18", Name: "policy_unchanged", Result: domain.CheckOK, Observed: "first manifest of this vault", Threshold: "share, Y0, minimum, cap, program and its deployment as on the last day"}
	if e.Last == nil {
		return c
	}
	was, now := e.Last.Terms, e.Manifest.Terms
	c.Observed = "unchanged since " + string(e.Last.Day)
	switch {
	case e.Last.Program != e.Manifest.Program:
		c.Result, c.Observed = domain.CheckFail, fmt.Sprintf("program was %s, is %s", e.Last.Program, e.Manifest.Program)
	case changedProgram(e.Last.ProgramState, e.Manifest.ProgramState) && e.Vault.Accepted != e.Manifest.ProgramState.String():
		c.Result, c.Observed = domain.CheckFail, fmt.Sprintf("program deployment was %s, is %s (slot/upgrade authority)", e.Last.ProgramState, e.Manifest.ProgramState)
		c.Next = fmt.Sprintf("Find out who changed the program and what it does now. To pay with it, set accepted_program: %s of the vault", e.Manifest.ProgramState)
	case was.ShareBPS != now.ShareBPS || was.Y0 != now.Y0 || was.MinPayout != now.MinPayout || !sameCap(was.DailyCap, now.DailyCap):
		c.Result = domain.CheckWarn
		c.Observed = fmt.Sprintf("was share %d bps, Y0 %s, minimum %s, cap %s; is %d, %s, %s, %s", was.ShareBPS, was.Y0, was.MinPayout, limit(was.DailyCap),
			now.ShareBPS, now.Y0, now.MinPayout, limit(now.DailyCap))
		c.Next = "Make sure that the change was meant"
	}
	return c
}

// changedProgram compares two builds. One that was never recorded says nothing.
func changedProgram(was, now *domain.ProgramState) bool {
	return was != nil && now != nil && *was != *now
}

func sameCap(a, b *domain.Amount) bool {
	return (a == nil) == (b == nil) && (a == nil || *a == *b)
}

func limit(a *domain.Amount) string {
	if a == nil {
		return "none"
	}
	return a.String()
}

func checkList(e Evidence) domain.Check {
	duplicates := 0
	for _, q := range e.Manifest.Quarantined {
		if q.Reason == duplicate {
			duplicates++
		}
	}
	n := len(e.Vault.Streams)
	c := domain.Check{
		Row: "P19", Name: "investor_list", Observed: fmt.Sprintf("%d streams, %d duplicates", n, duplicates),
		Threshold: fmt.Sprintf("%d expected, no duplicates", e.Vault.Expected), Result: verdict(n == e.Vault.Expected, domain.CheckWarn),
	}
	if duplicates > 0 || n == 0 {
		c.Result, c.Next = domain.CheckFail, "Correct the vault's stream list"
	}
	return c
}

// checkTimeLeft compares the time to the rollover with the time that the pages need, at four slots each (C06).
func checkTimeLeft(e Evidence) domain.Check {
	c := domain.Check{Row: "P20", Name: "time_left", Result: domain.CheckOK, Threshold: "longer than the run needs"}
	t := e.View.Timing()
	if t.Phase() != domain.PhaseContinue {
		c.Observed = "a new day has 24 h"
		return c
	}
	left := time.Duration(t.Deadline()-t.ChainNow-e.Rules.DeadlineMargin) * time.Second
	turned := int(e.View.Progress.PaginationCursor / max(1, e.Manifest.PageSize))
	need := time.Duration(max(0, len(e.Manifest.Pages)-turned)) * 4 * e.SlotTime
	c.Observed = fmt.Sprintf("%s left before the margin, about %s needed", left, need)
	if left < need {
		c.Result, c.Next = domain.CheckFail, "What is not paid before the deadline is lost for this day: raise nobody's hopes, tell the investors, begin the next day in time"
	}
	return c
}

func checkPageFits(e Evidence) domain.Check {
	most := capacity(e.Vault.Behaviour, e.Rules.Tables)
	n := len(e.Manifest.Entries)
	c := domain.Check{
		Row: "P21", Name: "page_fits", Result: domain.CheckOK,
		Observed:  fmt.Sprintf("%d pages of %d, lookup tables %t", len(e.Manifest.Pages), e.Manifest.PageSize, e.Manifest.Tables),
		Threshold: fmt.Sprintf("at most %d a page: 1,232 bytes, 64 locks, 1.4 M compute units", most),
	}
	if u := e.Vault.Units; u.Units > 0 {
		c.Observed += fmt.Sprintf("; %d investors took %d units", u.Investors, u.Units)
		if fit := u.Fit(pageRoom); e.Vault.Behaviour != domain.Published {
			most = min(most, fit)
			c.Threshold = fmt.Sprintf("at most %d a page: 1,232 bytes, 64 locks, %d of 1.4 M compute units", most, pageRoom)
		}
	}
	switch {
	case e.Vault.Behaviour == domain.Published && n > int(most):
		c.Result = domain.CheckFail
		c.Observed = fmt.Sprintf("%d streams, and the published program needs all of them in each call", n)
		c.Next = "A page of them would close the day after it (X21). This vault cannot be paid by the published program"
	case e.Vault.PageSize > most && e.Vault.Behaviour != domain.Published: // An approved size may be below the settings'.
		c.Result, c.Next = domain.CheckWarn, fmt.Sprintf("page_size %d of the settings does not fit; %d is used", e.Vault.PageSize, e.Manifest.PageSize)
	}
	return c
}

// checkProgram looks at what the program does with investors. The published one logs their transfers and makes none
// (C16): opening its day pays the creator alone, so that needs a decision of the vault's owners.
func checkProgram(e Evidence) domain.Check {
	c := domain.Check{Row: "C16", Name: "program", Result: domain.CheckOK, Observed: string(e.Vault.Behaviour) + " behaviour", Threshold: "executable, and transfers to investors"}
	switch {
	case !e.View.ProgramSeen:
		c.Result, c.Observed, c.Next = domain.CheckFail, "no executable program at "+e.Vault.Program.String(), "Check program_id in the settings and the network of the endpoints"
	case e.Vault.Behaviour == domain.Published && e.Rules.RecordUnpaid:
		c.Result = domain.CheckWarn
		c.Observed += ": investor transfers are logged, not made; what each is owed is recorded"
	case e.Vault.Behaviour == domain.Published:
		c.Result = domain.CheckFail
		c.Observed += ": investor transfers are logged, not made; the day would pay the creator alone"
		c.Next = "Set distribution.published_unpaid_investors to record when the owners have decided so"
	}
	return c
}
