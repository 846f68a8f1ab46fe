package distribution

import (
	"fmt"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// How many investors fit one call within 1,232 bytes and 64 account locks, beside the price and limit instructions
// (CHAIN.md §4; the sender measures each transaction again).
const (
	pairsBare     = 9
	pairsTables   = 25
	streamsBare   = 19
	streamsTables = 50
)

// capacity is the largest page that fits, with and without lookup tables.
func capacity(b domain.Behaviour, tables bool) uint32 {
	switch {
	case b == domain.Published && tables:
		return streamsTables
	case b == domain.Published:
		return streamsBare
	case tables:
		return pairsTables
	default:
		return pairsBare
	}
}

// pageShape chooses the page size and whether lookup tables serve it. Tables cost rent and a slot or two, so a list
// that needs at most two bare pages does without, and so does one whose pages the compute limit keeps that short. The
// settings' size is 0 for automatic; a published day has all its streams in one call, whatever is wanted, because a page
// alone would close it (X21).
func pageShape(v Vault, entries int, allowTables bool) (size uint32, tables bool) {
	bare := capacity(v.Behaviour, false)
	if v.Behaviour == domain.Published {
		return uint32(max(1, min(entries, domain.MaxPageSize))), allowTables && entries > int(bare)
	}
	worth := 2 * bare
	most := uint32(pairsTables)
	if v.PageSize > 0 {
		worth, most = bare, v.PageSize
	}
	if fit := v.Units.Fit(pageRoom); fit > 0 {
		most = min(most, fit)
	}
	tables = allowTables && most > bare && entries > int(worth)
	return min(most, capacity(v.Behaviour, tables)), tables
}

// Plan builds the day's manifest from a view. Times and claims are those of the view; at is the chain time at which the
// streams are weighed: the view's own for a day to be opened, the opening's for one that the chain has already opened.
func Plan(v Vault, w View, r Rules, at int64) (domain.Manifest, error) {
	m := domain.Manifest{
		Vault: v.ID, Day: domain.DayOf(at), Behaviour: v.Behaviour, Program: v.Program.String(), Address: v.Address.String(),
		Token: v.Token, Slot: w.MaxSlot, ChainTime: w.ChainTime, PrevTS: w.Progress.LastDistributionTS,
		Terms: terms(w.Policy, w.Progress.CarryOverDust), Claimable: domain.Amount(w.Quote),
	}
	m.Token.Decimals, m.ProgramState = w.Decimals, w.Program
	if w.Timing().Phase() == domain.PhaseContinue {
		// The day is open and its plan is lost: what the chain said before the opening is not known, and the plan counts
		// as made at the opening.
		m.PrevTS, m.ChainTime = 0, at
	}
	var shares []router.Share
	seen := map[solana.PublicKey]bool{}
	for i, s := range w.Streams {
		if reason := quarantine(s, seen); reason != "" {
			m.Quarantined = append(m.Quarantined, domain.Quarantined{
				Index: i, Stream: s.Key.String(), Recipient: s.Stream.Recipient.String(), Reason: reason, Locked: asIfValid(s.Stream, reason, at),
			})
			continue
		}
		seen[s.Key] = true
		account := w.Recipients[s.Stream.Recipient]
		m.Entries = append(m.Entries, domain.Entry{
			Index: len(m.Entries), Stream: s.Key.String(), Recipient: s.Stream.Recipient.String(), ATA: account.Address.String(),
			Locked: domain.Amount(s.Stream.Locked(at)), NeedsATA: !account.Exists,
		})
		shares = append(shares, router.Share{Recipient: s.Stream.Recipient, Locked: s.Stream.Locked(at)})
	}
	m.PageSize, m.Tables = pageShape(v, len(m.Entries), r.Tables)
	m.Pages = domain.PlanPages(len(m.Entries), m.PageSize)
	figures, err := compute(dayTerms(m.Behaviour, m.Terms, m.Claimable), shares, m.Pages)
	if err != nil {
		return m, vaultFault(v, "arithmetic", fmt.Errorf("forecast: %w", err), "Look at the policy account: the program would refuse these terms too")
	}
	m.LockedTotal, m.Pool, m.Creator = domain.Amount(figures.opening.LockedTotal), domain.Amount(figures.opening.Pool), domain.Amount(figures.opening.Creator)
	for i := range m.Entries {
		m.Entries[i].Expected = figures.expected[i]
	}
	forecastQuarantined(&m)
	return m.Seal()
}

// quarantine says why a registered stream must stay out: one bad stream aborts its whole page (C13, P08).
func quarantine(s StreamView, seen map[solana.PublicKey]bool) string {
	switch {
	case s.Reason != streamflow.Valid:
		return string(s.Reason)
	case seen[s.Key]:
		return duplicate
	default:
		return ""
	}
}
