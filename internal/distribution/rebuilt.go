package distribution

import (
	"fmt"
	"slices"
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

func reversed(list []turned) []turned {
	slices.Reverse(list)
	return list
}

// daysOf cuts a history into days: a page at cursor 0 begins one. So does a page behind a close, or of another 24 hours:
// with an opening that the history does not show, it must not be taken for a page of the day before.
func daysOf(all []turned) [][]turned {
	var days [][]turned
	for _, got := range all {
		if len(days) == 0 || begins(days[len(days)-1], got) {
			days = append(days, nil)
		}
		days[len(days)-1] = append(days[len(days)-1], got)
	}
	return days
}

func begins(day []turned, got turned) bool {
	opened, at := day[0].at(), got.at()
	return got.pages[0].PageStart == 0 || day[len(day)-1].result.Closed || opened != 0 && at != 0 && !ofDay(at, opened)
}

// rebuiltDay makes the books of one day from its pages. why is not empty when they are not all there: what is missing
// would read as investors who got nothing.
func rebuiltDay(v Vault, pages []turned) (_ RebuiltDay, why string) {
	r := domain.DayReport{
		Vault: v.ID, Behaviour: v.Behaviour, State: domain.CompleteUnreconciled, Token: v.Token, Signatures: []string{}, Rebuilt: true,
		Reason: "rebuilt from the chain: the payments are those of its token balances, what was planned is not known",
	}
	out := RebuiltDay{}
	first, last := pages[0], pages[len(pages)-1]
	opened := first.at()
	if opened == 0 {
		return RebuiltDay{Report: r}, fmt.Sprintf("the page of transaction %s has neither a log nor a block time", first.result.Signature)
	}
	r.Day = domain.DayOf(opened)
	reached := uint32(0)
	for _, t := range pages {
		for _, p := range t.pages {
			if p.PageStart != reached {
				return RebuiltDay{Report: r}, fmt.Sprintf("the pages from cursor %d to %d are not in the history", reached, p.PageStart)
			}
			reached = p.PageEnd
		}
		out.take(v, r.Day, t)
		r.Pages += len(t.pages)
		r.Signatures = append(r.Signatures, t.result.Signature)
		r.Result.Claimed, r.Result.Paid, r.Result.Creator = r.Result.Claimed+t.result.Claimed, r.Result.Paid+t.result.Paid, r.Result.Creator+t.result.Creator
		if t.crank == v.Payer {
			r.FeeLamports += t.result.FeeLamports
		} else { // A stranger's, or ours of before a change of the key: the chain does not know the difference.
			r.Result.Notes = append(r.Result.Notes, fmt.Sprintf("page at cursor %d was signed by %s, which is not the vault's fee payer of now: %s", t.pages[0].PageStart, t.crank, t.result.Signature))
		}
	}
	r.FirstSlot, r.CloseSlot = first.result.Slot, last.result.Slot
	r.StartedAt, r.EndedAt = time.Unix(opened, 0).UTC(), time.Unix(max(opened, last.at()), 0).UTC()
	if !last.result.Closed {
		r.State, r.CloseSlot = domain.Failed, 0
		r.Reason = fmt.Sprintf("rebuilt from the chain: its pages end at cursor %d and the day was never closed", reached)
	}
	if r.Investors = len(out.Outcomes); last.closed != nil {
		r.Investors = max(r.Investors, int(last.closed.TotalInvestorsProcessed))
	}
	if last.closed != nil && v.Behaviour != domain.Published && last.closed.FinalDustAmount+last.closed.TotalDayDistributed > 0 {
		r.Result.DustOut = domain.Amount(last.closed.FinalDustAmount)
		if spent := r.Result.Paid + r.Result.Creator + r.Result.DustOut; spent >= r.Result.Claimed { // claimed + dust in = paid + creator + dust out.
			r.Result.DustIn = spent - r.Result.Claimed
		}
	}
	out.Report = r
	return out, ""
}

// take adds what a transaction moved.
func (d *RebuiltDay) take(v Vault, day domain.Day, t turned) {
	page := t.result
	page.Day, page.Finalized, page.Ours = day, true, t.crank == v.Payer
	page.Cursor = t.pages[0].PageStart
	if !page.Ours {
		page.Note = fmt.Sprintf("signed by %s, which is not the vault's fee payer of now", t.crank)
	}
	d.Pages = append(d.Pages, page)
	type place struct {
		index  int
		stream string
	}
	places := map[string]place{}
	for _, p := range t.pages {
		for i, payee := range t.payees(p.PageStart) {
			if _, seen := places[payee.ATA.String()]; !seen && v.Behaviour != domain.Published {
				places[payee.ATA.String()] = place{int(p.PageStart) + i, payee.Stream.String()}
			}
		}
	}
	for _, paid := range page.Payouts {
		at, known := places[paid.ATA]
		if !known { // Another program called the router: whose stream it was is not in the transaction's own accounts.
			at.index = -1
		}
		recipient := paid.Recipient
		if recipient == "" || recipient == (solana.PublicKey{}).String() {
			recipient = paid.ATA
		}
		d.Outcomes = append(d.Outcomes, domain.Outcome{
			Index: at.index, Stream: at.stream, Recipient: recipient, Paid: paid.Amount, Signature: paid.Signature, Reason: domain.ReasonRebuilt,
			Note: "rebuilt from the chain; what was planned is not known",
		})
	}
}

// missingDates lists the dates between the first day that was found and the newest one on which no day was opened.
func (r *Rebuilt) missingDates() {
	if len(r.Days) == 0 {
		return
	}
	seen := map[domain.Day]bool{r.Newest: true}
	for _, d := range r.Days {
		seen[d.Report.Day] = true
	}
	for _, g := range r.Gaps {
		seen[g.Day] = true
	}
	at, err := time.Parse(time.DateOnly, string(r.Days[0].Report.Day))
	for ; err == nil && domain.DayOf(at.Unix()) < r.Newest; at = at.AddDate(0, 0, 1) {
		if day := domain.DayOf(at.Unix()); !seen[day] {
			r.Gaps = append(r.Gaps, Gap{day, "no page was turned by what the history shows: the vault was not paid on that date, or the history is not served"})
		}
	}
}
