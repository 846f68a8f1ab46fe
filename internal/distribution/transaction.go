package distribution

import (
	"fmt"
	"slices"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// turned is what a landed transaction did to a vault's day. Amounts are token-balance deltas; events only say which
// page it was (C16).
type turned struct {
	page   *router.InvestorPayoutPage // nil: no page was turned, as by the cursor guard's silent success (C07).
	closed *router.CreatorPayoutDayClosed
	result domain.PageResult

	block int64                       // Time of its block, in unix seconds; 0 is not known.
	crank solana.PublicKey            // Who called the router, or who paid for the transaction when another program called it.
	calls []pageCall                  // The router's calls of this vault that stand in the transaction itself.
	pages []router.InvestorPayoutPage // All of them: a stranger may turn several in one transaction.
	maybe *router.InvestorPayoutPage  // The logs were cut and no money moved: it turned this page, or nothing.

	claims []router.QuoteFeesClaimed
	cut    bool // The logs end before the transaction does: events may be missing.
}

// read takes a transaction apart for one vault.
func read(v Vault, day domain.Day, tx *chain.Transaction) (turned, error) {
	out := turned{result: domain.PageResult{Vault: v.ID, Day: day, Signature: tx.Signature.String(), Slot: tx.Slot, FeeLamports: tx.Fee}}
	if tx.Err != nil {
		return out, nil //nolint:nilerr // A transaction that failed moved nothing: that is its result.
	}
	out.crank, out.calls = callsOf(v, tx)
	if tx.BlockTime != nil {
		out.block = *tx.BlockTime
	}
	events, truncated, err := router.ParseEvents(tx.Logs, v.Program)
	if err != nil {
		return out, fault.Newf(fault.Human, "tx/logs", "transaction %s: %w", tx.Signature, err).WithNext("Read the transaction in an explorer before going on")
	}
	out.cut = truncated
	for _, e := range events {
		switch event := e.Event.(type) {
		case router.QuoteFeesClaimed:
			if event.Vault == v.Address {
				out.claims = append(out.claims, event)
			}
		case router.InvestorPayoutPage:
			if event.Vault == v.Address {
				out.page = &event
				out.pages = append(out.pages, event)
			}
		case router.CreatorPayoutDayClosed:
			if event.Vault == v.Address {
				out.closed = &event
			}
		}
	}
	if truncated && out.page == nil {
		if called := pageFromCall(v, out.calls); called != nil && moneyMoved(v, out, tx) {
			out.page, out.pages = called, []router.InvestorPayoutPage{*called}
		} else {
			out.maybe = called
		}
	}
	if truncated && out.closed == nil && out.page != nil && tx.Tx != nil {
		out.closed = closeFromBalance(v, out.calls, tx)
	}
	if out.page != nil {
		out.result.Cursor = out.page.PageStart
	}
	out.result.Closed = out.closed != nil
	return out, out.deltas(v, tx)
}

// at is the chain time at which the page was turned, by its log or else by its block, which may be a second before; 0 is
// not known.
func (t turned) at() int64 {
	switch {
	case t.page != nil && t.page.Timestamp != 0:
		return t.page.Timestamp
	case t.block != 0:
		return t.block + 1
	}
	return 0
}

// moneyMoved is true when money came or went: a no-op moves none. The treasury alone does not tell, because a page that
// pays out exactly what it claimed leaves it as it was: then the claim's own event does, or what its payees got.
func moneyMoved(v Vault, t turned, tx *chain.Transaction) bool {
	if slices.ContainsFunc(t.claims, func(c router.QuoteFeesClaimed) bool { return c.ClaimedAmount > 0 }) {
		return true
	}
	for _, d := range tx.TokenDeltas {
		if d.Mint != v.QuoteMint || d.Pre == d.Post {
			continue
		}
		payee := d.Account == v.Accounts.Creator || slices.ContainsFunc(t.calls, func(c pageCall) bool { return slices.Contains(c.remaining, d.Account) })
		if d.Account == v.Accounts.Treasury || payee && d.Post > d.Pre {
			return true
		}
	}
	return false
}

// pageFromCall stands in for the event when the logs were cut at 10 kB (D17): the instruction's own cursor.
func pageFromCall(v Vault, calls []pageCall) *router.InvestorPayoutPage {
	for _, c := range calls {
		if c.args.Cursor != nil {
			return &router.InvestorPayoutPage{Vault: v.Address, PageStart: *c.args.Cursor, PageEnd: *c.args.Cursor + c.args.PageSize}
		}
	}
	return nil
}

// closeFromBalance stands in for the closing event when the logs were cut: outside the closing page the creator's account
// grows only when he is one of the page's investors, and then the balances alone cannot tell.
func closeFromBalance(v Vault, calls []pageCall, tx *chain.Transaction) *router.CreatorPayoutDayClosed {
	for _, c := range calls {
		if slices.Contains(c.remaining, v.Accounts.Creator) {
			return nil
		}
	}
	for _, d := range tx.TokenDeltas {
		if d.Account == v.Accounts.Creator && d.Post > d.Pre {
			return &router.CreatorPayoutDayClosed{Vault: v.Address, CreatorPayout: d.Post - d.Pre, CreatorWallet: v.Creator}
		}
	}
	return nil
}

// deltas sorts the movements of the quote mint: out of the treasury to the creator and the investors, into it from the
// pool. The creator may be an investor too; his account's growth beyond the closing event's figure is then a payout.
func (t *turned) deltas(v Vault, tx *chain.Transaction) error {
	var f flow
	for _, d := range tx.TokenDeltas {
		if d.Mint != v.QuoteMint {
			continue
		}
		switch {
		case d.Account == v.Accounts.Treasury:
			f.treasury(d.Pre, d.Post)
		case d.Post < d.Pre:
			// The pool's vault, from which the claim came.
		case d.Account == v.Accounts.Creator:
			grown := domain.Amount(d.Post - d.Pre)
			t.result.Creator = grown
			if t.closed == nil {
				t.result.Creator = 0
			} else if uint64(grown) > t.closed.CreatorPayout {
				t.result.Creator = domain.Amount(t.closed.CreatorPayout)
			}
			if rest := grown - t.result.Creator; rest > 0 {
				t.pay(v.Creator, d.Account, rest)
			}
			f.paid(grown)
		case d.Post > d.Pre:
			t.pay(d.Owner, d.Account, domain.Amount(d.Post-d.Pre))
			f.paid(domain.Amount(d.Post - d.Pre))
		}
	}
	claimed, lost := f.claimed()
	if lost > 0 {
		return fault.Newf(fault.Human, "tx/treasury", "transaction %s: the treasury lost %d base units that nobody got", tx.Signature, lost).
			WithNext("Stop the vault and look at the transaction: money left the treasury another way")
	}
	t.result.Claimed = claimed
	return nil
}

func (t *turned) pay(recipient, account solana.PublicKey, amount domain.Amount) {
	t.result.Paid += amount
	t.result.Payouts = append(t.result.Payouts, domain.Payout{
		Recipient: recipient.String(), ATA: account.String(), Amount: amount, Signature: t.result.Signature,
	})
}

// String is for logs.
func (t turned) String() string {
	if t.page == nil {
		return "turned no page"
	}
	return fmt.Sprintf("turned page %d–%d, paid %d", t.page.PageStart, t.page.PageEnd, t.result.Paid)
}
