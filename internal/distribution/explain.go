package distribution

import (
	"context"
	"fmt"
	"slices"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// Explanation says why an investor's stream got what it got on a day, step by step, from the books and from the chain
// (C10). Amounts are base units of the quote mint, locked ones of the stream's mint.
type Explanation struct {
	Vault       string        `json:"vault"`
	Day         domain.Day    `json:"day"`
	Stream      string        `json:"stream"`
	Recipient   string        `json:"recipient"`
	Account     string        `json:"account,omitempty"` // Token account.
	Exact       bool          `json:"exact"`             // False: the day is not open yet, the figures are a forecast.
	Locked      domain.Amount `json:"locked"`
	LockedTotal domain.Amount `json:"locked_total"`
	EligibleBPS uint64        `json:"eligible_bps"`
	Claimed     domain.Amount `json:"claimed"`
	DustIn      domain.Amount `json:"dust_in"`
	Pool        domain.Amount `json:"pool"`
	Weight      uint64        `json:"weight"` // Parts per million of the locked total, all his streams of the page together.
	Raw         domain.Amount `json:"raw"`    // Before minimum and cap.
	MinPayout   domain.Amount `json:"min_payout"`
	Cap         string        `json:"cap"`
	PageCapped  bool          `json:"page_capped"` // The daily cap cut his page.
	Cursor      uint32        `json:"cursor"`      // Of his page.
	Planned     domain.Amount `json:"planned"`
	Paid        domain.Amount `json:"paid"` // By our books.
	Reason      domain.Reason `json:"reason"`
	Note        string        `json:"note,omitempty"`
	Signature   string        `json:"signature,omitempty"`
	OnChain     string        `json:"on_chain"` // What his account gained in that transaction, or why that is unknown.
	Agree       bool          `json:"agree"`    // Books and chain say the same.
}

// Explain answers for a wallet or a stream. day "" is the vault's latest planned day. Errors name what was not found.
func (s *Service) Explain(ctx context.Context, id, investor string, day domain.Day) ([]Explanation, error) {
	v, err := s.vault(id)
	if err != nil {
		return nil, err
	}
	m, found, err := s.dayOf(ctx, id, day)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fault.Newf(fault.Human, "manifest/missing", "no day of vault %s is in the books%s", id, onDay(day)).
			WithNext("Look at the days with feeops status, or run feeops distribute with --dry-run for the next one")
	}
	outcomes, err := s.Store.Outcomes(ctx, id, m.Day)
	if err != nil {
		return nil, fmt.Errorf("outcomes of %s for %s: %w", id, m.Day, err)
	}
	pages, err := s.Store.Pages(ctx, id, m.Day)
	if err != nil {
		return nil, fmt.Errorf("pages of %s for %s: %w", id, m.Day, err)
	}
	if m, err = asTurned(m, cutsOf(m, pages)); err != nil {
		return nil, vaultFault(v, "arithmetic", err, "")
	}
	var out []Explanation
	for i, e := range m.Entries {
		if e.Recipient != investor && e.Stream != investor {
			continue
		}
		x, err := explainEntry(m, i)
		if err != nil {
			return nil, err
		}
		s.fromBooks(ctx, v, &x, outcomes)
		out = append(out, x)
	}
	for _, q := range m.Quarantined {
		if q.Recipient == investor || q.Stream == investor {
			out = append(out, Explanation{
				Vault: id, Day: m.Day, Stream: q.Stream, Recipient: q.Recipient, Exact: m.Opening != nil, Reason: domain.ReasonQuarantined, Note: q.Reason,
				Cap: limit(m.Terms.DailyCap), OnChain: "0: it is not on the day's list", Agree: true,
			})
		}
	}
	if len(out) == 0 {
		return nil, fault.Newf(fault.Human, "investor/unknown", "%s is no recipient and no stream of vault %s on %s", investor, id, m.Day).
			WithNext("Give the wallet or the stream's address; the list is in feeops distribute --dry-run --json")
	}
	return out, nil
}

func (s *Service) dayOf(ctx context.Context, id string, day domain.Day) (domain.Manifest, bool, error) {
	if day == "" {
		return s.Store.LatestManifest(ctx, id)
	}
	return s.Store.Manifest(ctx, id, day)
}

func onDay(day domain.Day) string {
	if day == "" {
		return ""
	}
	return " for " + string(day)
}

// explainEntry runs the program's arithmetic for one entry again and keeps its steps.
func explainEntry(m domain.Manifest, i int) (Explanation, error) {
	e := m.Entries[i]
	at := slices.IndexFunc(m.Pages, func(p domain.PagePlan) bool { return i < int(p.Cursor)+p.Count })
	plan := m.Pages[at]
	cursor := plan.Cursor
	x := Explanation{
		Vault: m.Vault, Day: m.Day, Stream: e.Stream, Recipient: e.Recipient, Account: e.ATA, Exact: m.Opening != nil, Cursor: cursor,
		DustIn: m.Terms.DustIn, MinPayout: m.Terms.MinPayout, Cap: limit(m.Terms.DailyCap), Planned: m.Planned(i), Claimed: m.Claimable, Locked: e.Locked,
	}
	locked := func(j int) domain.Amount { return m.Entries[j].Locked }
	if m.Opening != nil {
		x.Claimed, x.Locked = m.Opening.Claimed, m.Opening.Locked[i]
		locked = func(j int) domain.Amount { return m.Opening.Locked[j] }
	}
	shares := make([]router.Share, len(m.Entries))
	for j := range m.Entries {
		recipient, err := solana.PublicKeyFromBase58(m.Entries[j].Recipient)
		if err != nil {
			return x, fmt.Errorf("manifest of %s: entry %d: recipient %q: %w", m.Vault, j, m.Entries[j].Recipient, err)
		}
		shares[j] = router.Share{Recipient: recipient, Locked: uint64(locked(j))}
	}
	terms := dayTerms(m.Behaviour, m.Terms, x.Claimed)
	opening, err := router.OpenDay(terms, shares)
	if err != nil {
		return x, fmt.Errorf("explain %s of %s: %w", e.Stream, m.Vault, err)
	}
	var before uint64
	for j := range int(cursor) {
		before += uint64(m.Planned(j))
	}
	page, err := router.PayPage(opening, terms, shares[cursor:int(cursor)+plan.Count], before)
	if err != nil {
		return x, fmt.Errorf("explain %s of %s: %w", e.Stream, m.Vault, err)
	}
	x.LockedTotal, x.EligibleBPS, x.Pool = domain.Amount(opening.LockedTotal), opening.EligibleBPS, domain.Amount(opening.Pool)
	x.PageCapped = page.Capped
	for _, p := range page.Payouts {
		if p.Recipient == shares[i].Recipient {
			x.Weight, x.Raw = p.Weight, domain.Amount(p.Raw)
		}
	}
	return x, nil
}

// fromBooks adds what our books say was paid and holds it against the transaction on the chain.
func (s *Service) fromBooks(ctx context.Context, v Vault, x *Explanation, outcomes []domain.Outcome) {
	x.Reason, x.OnChain = domain.ReasonNotReached, "unknown: the day is not reconciled yet"
	for _, o := range outcomes {
		if o.Stream == x.Stream {
			x.Paid, x.Reason, x.Note, x.Signature = o.Paid, o.Reason, o.Note, o.Signature
		}
	}
	switch {
	case x.Reason == domain.ReasonShared:
		x.OnChain, x.Agree = "0: it is part of the payment for the recipient's other stream of the page", true
		return
	case x.Signature == "":
		return
	}
	tx, err := s.transaction(ctx, x.Signature)
	if err != nil {
		x.OnChain = "unknown: " + err.Error()
		return
	}
	var gained uint64
	for _, d := range tx.TokenDeltas {
		if d.Account.String() == x.Account && d.Mint == v.QuoteMint && d.Post > d.Pre {
			gained = d.Post - d.Pre
		}
	}
	x.OnChain = fmt.Sprint(gained)
	x.Agree = gained == uint64(x.Paid)
}
