package router

import (
	"fmt"
	"math"
	"math/bits"
)

// PublishedCallInput is one call of distribute_fees under the published behaviour, after the timing step and the
// cursor guard have let it run.
type PublishedCallInput struct {
	Progress Progress // After StartDay when the call opens a day.
	Terms    DayTerms // Claimed is this call's claim, 0 on a continuation. DustIn is not read: the account holds the dust.
	Shares   []Share  // All streams passed, in order, with the amounts locked now; one bad stream fails before this.
	PageSize uint32
	Treasury uint64 // The treasury's balance after the claim, base units of the quote mint.
}

// PublishedOutcome says how far a published call got. Only OutcomeClosed ends the day.
type PublishedOutcome uint8

// The outcomes of a call that succeeds.
const (
	OutcomeNothing    PublishedOutcome = iota + 1 // No stream passed, or neither claim nor dust: nothing changes.
	OutcomeCapReached                             // The cap was used up before: the cursor stays, the day cannot complete.
	OutcomeNoEligible                             // Nothing locked in the page: the cursor moves, no event, no close.
	OutcomePage                                   // The page was counted, the list goes on.
	OutcomeClosed                                 // The page reached the end of the streams passed: the creator is paid.
)

// String names the outcome in snake case.
func (o PublishedOutcome) String() string {
	names := [...]string{"unknown", "nothing", "cap_reached", "no_eligible", "page", "closed"}
	if int(o) < len(names) {
		return names[o]
	}
	return names[0]
}

// PublishedCallResult is what one call leaves behind. Payouts are logged and never transferred: the only transfer of
// the published program is Creator.
type PublishedCallResult struct {
	Outcome     PublishedOutcome
	Progress    Progress
	LockedTotal uint64
	Pool        uint64 // The investors' part of this call's claim; carried dust is not in it.
	Payouts     []Payout
	LoggedTotal uint64 // total_distributed of the page event, dust "payout" included.
	DustPaid    uint64 // The part of LoggedTotal that is dust "paid" to nobody.
	PageStart   uint32
	PageEnd     uint32
	Processed   uint32 // Distinct recipients in the page.
	Creator     uint64 // Transferred; not 0 only with OutcomeClosed.
}

// PublishedCall models one call as the published program computes it (CHAIN.md §1 "Two behaviours", rows C11, C12,
// C15, C16, X21; details from the program's published source):
//   - locked_total is a saturating sum over all streams passed, not over the page;
//   - the pool comes from this call's claim alone, so a continuation computes 0 for everybody;
//   - a payout below the minimum becomes dust and joins carry_over_dust; when the sum reaches min_payout, whole
//     multiples of min_payout leave it, are added to the logged total and go to nobody;
//   - what flooring loses is not counted anywhere and stays in the treasury;
//   - a used-up cap returns before the cursor moves; a page above what is left is logged as exactly what is left, while
//     the dust is reduced as if it had been paid in full;
//   - a page whose streams have nothing locked moves the cursor and returns before the close, so a day whose last page
//     is such a page never completes;
//   - the close comes when the cursor reaches the number of streams passed, and pays claim − pool of that call.
//
// Errors: 6005 for a bad page size or a cursor at or past the end of the streams passed, the codes of DayTerms.Validate,
// 6006 on overflow, 6018 when the treasury holds less than the creator's part.
func PublishedCall(in PublishedCallInput) (PublishedCallResult, error) {
	out := PublishedCallResult{Outcome: OutcomeNothing, Progress: in.Progress}
	if err := CheckPageSize(in.PageSize); err != nil {
		return PublishedCallResult{}, fmt.Errorf("published call: page size %d: %w", in.PageSize, err)
	}
	cursor, count := in.Progress.PaginationCursor, uint64(len(in.Shares))
	if count == 0 || in.Terms.Claimed == 0 && in.Progress.CarryOverDust == 0 {
		return out, nil
	}
	if uint64(cursor) >= count {
		return PublishedCallResult{}, fmt.Errorf("published call: cursor %d of %d: %w", cursor, count, CodeInvalidPaginationCursor)
	}
	if err := in.Terms.Validate(); err != nil {
		return PublishedCallResult{}, fmt.Errorf("published call: %w", err)
	}
	creator, err := out.split(in)
	if err != nil {
		return PublishedCallResult{}, fmt.Errorf("published call: %w", err)
	}
	if in.Terms.Cap != nil && *in.Terms.Cap <= in.Progress.CurrentDayDistributed {
		out.Outcome = OutcomeCapReached
		return out, nil
	}
	if cursor > math.MaxUint32-in.PageSize {
		return PublishedCallResult{}, fmt.Errorf("published call: cursor %d: %w", cursor, CodeArithmeticOverflow)
	}
	out.Progress.PaginationCursor = cursor + in.PageSize
	out.PageStart, out.PageEnd = cursor, cursor+in.PageSize
	page := in.Shares[cursor:min(uint64(out.PageEnd), count)]
	if !anyLocked(page) {
		out.Outcome = OutcomeNoEligible
		return out, nil
	}
	if err := out.pay(in, page); err != nil {
		return PublishedCallResult{}, fmt.Errorf("published call at cursor %d: %w", cursor, err)
	}
	out.Outcome = OutcomePage
	if uint64(out.PageEnd) < count {
		return out, nil
	}
	if creator > in.Treasury {
		return PublishedCallResult{}, fmt.Errorf("published call: creator %d, treasury %d: %w", creator, in.Treasury, CodeInsufficientFunds)
	}
	out.Outcome, out.Creator, out.Progress.DayComplete = OutcomeClosed, creator, true
	return out, nil
}

// split computes pool and creator from this call's claim.
func (out *PublishedCallResult) split(in PublishedCallInput) (creator uint64, err error) {
	for _, s := range in.Shares {
		out.LockedTotal = saturatingAdd(out.LockedTotal, s.Locked)
	}
	share := eligibleBPS(out.LockedTotal, in.Terms.Y0, in.Terms.ShareBPS)
	if out.Pool, err = mulDiv(in.Terms.Claimed, share, maxBPS); err != nil {
		return 0, err
	}
	return in.Terms.Claimed - out.Pool, nil
}

// pay counts the page: payouts, dust, cap, and the account's new sums.
func (out *PublishedCallResult) pay(in PublishedCallInput, page []Share) error {
	payouts, err := aggregate(page)
	if err != nil {
		return err
	}
	var paid, dust uint64
	for i := range payouts {
		p := &payouts[i]
		if err := weigh(p, out.LockedTotal, out.Pool, in.Terms.MinPayout); err != nil {
			return err
		}
		if paid, err = add(paid, p.Paid); err != nil {
			return err
		}
		if dust, err = add(dust, p.Raw-p.Paid); err != nil {
			return err
		}
	}
	if dust, err = add(dust, in.Progress.CarryOverDust); err != nil {
		return err
	}
	out.DustPaid = dust - dust%in.Terms.MinPayout
	if out.LoggedTotal, err = add(paid, out.DustPaid); err != nil {
		return err
	}
	if in.Terms.Cap != nil {
		out.LoggedTotal = min(out.LoggedTotal, *in.Terms.Cap-in.Progress.CurrentDayDistributed)
	}
	if out.Progress.CurrentDayDistributed, err = add(in.Progress.CurrentDayDistributed, out.LoggedTotal); err != nil {
		return err
	}
	out.Progress.CarryOverDust = dust - out.DustPaid
	out.Payouts, out.Processed = payouts, uint32(len(payouts))
	return nil
}

func anyLocked(page []Share) bool {
	for _, s := range page {
		if s.Locked > 0 {
			return true
		}
	}
	return false
}

func saturatingAdd(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return math.MaxUint64
	}
	return sum
}
