package distribution

import (
	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// Movement is what one landed transaction did to a vault, for readers that do not pay its day. Amounts are token-balance
// deltas; what the program logged stands beside them and is never counted as money (C16).
type Movement struct {
	Result domain.PageResult // Amounts are zero when no page was turned.
	Crank  solana.PublicKey  // Who called the router, or who paid when another program called it.
	Calls  int               // Calls of this vault that stand in the transaction itself; another program's leave none.

	Pages  []router.InvestorPayoutPage // The pages turned. One whose log was cut is known by its call and has no time.
	Claims []router.QuoteFeesClaimed
	Close  *router.CreatorPayoutDayClosed // One whose log was cut has no time and no dust.
	Cut    bool                           // The logs end before the transaction does.
	Maybe  bool                           // The logs were cut and no money moved: a page was turned, or nothing.

	// Treasury is how the treasury's balance changed without any page being turned, in base units: somebody sent tokens.
	TreasuryIn, TreasuryOut domain.Amount
}

// Read takes a landed transaction apart for the vault. Errors are for people: logs that are not well formed, and money that
// left the treasury without anybody getting it.
func (v Vault) Read(tx *chain.Transaction) (Movement, error) {
	t, err := read(v, "", tx)
	m := Movement{
		Result: t.result, Crank: t.crank, Calls: len(t.calls), Pages: t.pages, Claims: t.claims, Close: t.closed, Cut: t.cut, Maybe: t.maybe != nil,
	}
	if err != nil || t.page != nil {
		return m, err
	}
	m.Result.Claimed, m.Result.Paid, m.Result.Creator, m.Result.Payouts = 0, 0, 0, nil
	if tx.Err != nil {
		return m, nil //nolint:nilerr // A transaction that failed moved nothing: that is its result.
	}
	for _, d := range tx.TokenDeltas {
		if d.Account == v.Accounts.Treasury && d.Mint == v.QuoteMint {
			m.TreasuryIn, m.TreasuryOut = domain.Amount(d.Post-min(d.Pre, d.Post)), domain.Amount(d.Pre-min(d.Pre, d.Post))
		}
	}
	return m, nil
}

// MintDecimals reads from the account of the quote mint how its amounts are written; only the mint itself knows.
func (v Vault) MintDecimals(a chain.Account) (uint8, error) { return decimals(v, a) }
