package router

import (
	"fmt"

	"github.com/gagliardetto/solana-go"
)

const (
	maxBPS = 10_000
	// WeightPrecision is the fixed-point one of weights and of the cap's scale.
	WeightPrecision = 1_000_000
)

// Share is one stream's part of the day: who gets it and how much is still locked (base units of the streams' mint).
type Share struct {
	Recipient solana.PublicKey
	Locked    uint64
}

// DayTerms are the numbers that a day is computed from. Amounts are base units of the quote mint, Y0 of the streams'.
type DayTerms struct {
	Claimed   uint64
	DustIn    uint64
	ShareBPS  uint16
	Y0        uint64
	MinPayout uint64
	Cap       *uint64 // For investors per day; nil means none.
}

// Validate gives the code with which the program refuses such terms: 6026, 6027, 6028, 6029.
func (t DayTerms) Validate() error {
	switch {
	case t.ShareBPS > maxBPS:
		return CodeInvalidFeeShareBasisPoints
	case t.MinPayout == 0:
		return CodeInvalidMinPayoutThreshold
	case t.Y0 == 0:
		return CodeInvalidTotalAllocation
	case t.Cap != nil && *t.Cap == 0:
		return CodeInvalidDailyCap
	}
	return nil
}

// Opening is what the first call of a day fixes for all its pages.
type Opening struct {
	LockedTotal uint64 // Base units of the streams' mint.
	EligibleBPS uint64 // min(share, locked / Y0).
	FromClaim   uint64 // The investors' part of the claim.
	Pool        uint64 // FromClaim plus the dust carried in.
	Creator     uint64 // Paid once, in the closing page.
}

// Payout is one recipient's part of a page.
type Payout struct {
	Recipient solana.PublicKey
	Locked    uint64 // Sum of the recipient's streams in this page.
	Weight    uint64 // In WeightPrecision parts.
	Raw       uint64 // Before the minimum and the cap.
	Paid      uint64 // What is transferred.
}

// Page is the result of one page call.
type Page struct {
	Payouts    []Payout // In order of first appearance.
	Total      uint64   // Sum of Paid.
	Dust       uint64   // Sum of Raw − Paid; rounding of the pool is not in it.
	Cumulative uint64   // Paid on this day, this page included.
	Capped     bool     // The cap cut this page.
}

// OpenDay computes what the call at cursor 0 of a new day fixes (CHAIN.md §1 "A reference day, exactly"). shares are all
// registered streams that are valid at that moment. Errors: the codes of DayTerms.Validate, 6006 on overflow.
func OpenDay(terms DayTerms, shares []Share) (Opening, error) {
	if err := terms.Validate(); err != nil {
		return Opening{}, fmt.Errorf("open day: %w", err)
	}
	var o Opening
	var err error
	for _, s := range shares {
		if o.LockedTotal, err = add(o.LockedTotal, s.Locked); err != nil {
			return Opening{}, fmt.Errorf("open day: total locked: %w", err)
		}
	}
	o.EligibleBPS = eligibleBPS(o.LockedTotal, terms.Y0, terms.ShareBPS)
	if o.FromClaim, err = mulDiv(terms.Claimed, o.EligibleBPS, maxBPS); err != nil {
		return Opening{}, fmt.Errorf("open day: investors' part: %w", err)
	}
	if o.Pool, err = add(o.FromClaim, terms.DustIn); err != nil {
		return Opening{}, fmt.Errorf("open day: pool: %w", err)
	}
	o.Creator = terms.Claimed - o.FromClaim
	return o, nil
}

// PayPage computes one page of an open day. page holds the page's streams with the locked amounts of the opening;
// distributedSoFar is what earlier pages of the day paid. Errors: 6006 on overflow, which cannot happen when page is
// part of the list that the day was opened with.
func PayPage(o Opening, terms DayTerms, page []Share, distributedSoFar uint64) (Page, error) {
	payouts, err := aggregate(page)
	if err != nil {
		return Page{}, fmt.Errorf("pay page: %w", err)
	}
	out := Page{Payouts: payouts}
	var raw uint64
	for i := range payouts {
		p := &payouts[i]
		if err := weigh(p, o.LockedTotal, o.Pool, terms.MinPayout); err != nil {
			return Page{}, fmt.Errorf("pay page: recipient %s: %w", p.Recipient, err)
		}
		if raw, err = add(raw, p.Raw); err != nil {
			return Page{}, fmt.Errorf("pay page: sum: %w", err)
		}
		out.Total += p.Paid // At most raw, which did not overflow.
	}
	if err := out.applyCap(terms.Cap, distributedSoFar); err != nil {
		return Page{}, fmt.Errorf("pay page: cap: %w", err)
	}
	out.Dust = raw - out.Total
	if out.Cumulative, err = add(distributedSoFar, out.Total); err != nil {
		return Page{}, fmt.Errorf("pay page: day's sum: %w", err)
	}
	return out, nil
}

// applyCap scales a page that does not fit into what is left of the cap. The scale is floored, so the page stays below.
func (p *Page) applyCap(limit *uint64, distributed uint64) error {
	if limit == nil {
		return nil
	}
	left := *limit - min(*limit, distributed)
	if p.Total <= left {
		return nil
	}
	scale, err := mulDiv(left, WeightPrecision, p.Total)
	if err != nil {
		return err
	}
	p.Capped, p.Total = true, 0
	for i := range p.Payouts {
		if p.Payouts[i].Paid, err = mulDiv(p.Payouts[i].Paid, scale, WeightPrecision); err != nil {
			return err
		}
		p.Total += p.Payouts[i].Paid
	}
	return nil
}

// weigh fills weight, raw and paid from the aggregated locked amount. With nothing locked all weights are 0.
func weigh(p *Payout, lockedTotal, pool, minPayout uint64) error {
	if lockedTotal == 0 {
		return nil
	}
	var err error
	if p.Weight, err = mulDiv(p.Locked, WeightPrecision, lockedTotal); err != nil {
		return err
	}
	if p.Raw, err = mulDiv(pool, p.Weight, WeightPrecision); err != nil {
		return err
	}
	if p.Raw >= minPayout {
		p.Paid = p.Raw
	}
	return nil
}

// aggregate adds up the streams of one recipient within a page; across pages they stay apart, as in the program.
func aggregate(page []Share) ([]Payout, error) {
	out := make([]Payout, 0, len(page))
	at := make(map[solana.PublicKey]int, len(page))
	for _, s := range page {
		i, seen := at[s.Recipient]
		if !seen {
			at[s.Recipient] = len(out)
			out = append(out, Payout{Recipient: s.Recipient, Locked: s.Locked})
			continue
		}
		sum, err := add(out[i].Locked, s.Locked)
		if err != nil {
			return nil, fmt.Errorf("locked of recipient %s: %w", s.Recipient, err)
		}
		out[i].Locked = sum
	}
	return out, nil
}
