package distribution

import (
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// One transaction that turned all pages is taken apart into the pages that were planned, whoever is on several of them.
func TestSplit_OneTransactionWithManyPagesReconciles(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(2, 24).Draw(r, "investors")
		v := aVault(n)
		v.PageSize = uint32(rapid.IntRange(1, 9).Draw(r, "page size"))
		w := aView(v)
		for i := range w.Streams { // Some recipients hold several streams, in and across pages.
			if rapid.IntRange(0, 3).Draw(r, "shares a recipient") == 0 {
				w.Streams[i].Stream.Recipient = w.Streams[0].Stream.Recipient
			}
		}
		m := opened(t, aPlan(t, v, w))
		ledger := paidOut(m)
		whole := turned{result: domain.PageResult{Vault: m.Vault, Signature: "one", Closed: true}}
		sums := map[string]domain.Amount{}
		var order []string
		for _, page := range ledger.Pages {
			whole.pages = append(whole.pages, router.InvestorPayoutPage{PageStart: page.Cursor, PageEnd: page.Cursor + m.PageSize})
			whole.result.Claimed += page.Claimed
			whole.result.Creator += page.Creator
			for _, p := range page.Payouts {
				if sums[p.ATA] == 0 {
					order = append(order, p.ATA)
				}
				sums[p.ATA] += p.Amount
			}
		}
		for _, ata := range order {
			whole.result.Payouts = append(whole.result.Payouts, domain.Payout{ATA: ata, Amount: sums[ata], Signature: "one"})
			whole.result.Paid += sums[ata]
		}
		whole.page = &whole.pages[len(whole.pages)-1]
		ledger.Pages = nil
		for _, e := range whole.split(m) {
			ledger.Pages = append(ledger.Pages, e.PageResult)
		}
		result, _ := Reconcile(m, ledger)
		require.True(r, result.Clean(), "%v", result.Notes)
	})
}

// Pages after the cap pay nobody. With cut logs only their place tells that they were turned.
func TestCloseGaps_PagesThatPaidNobodyAreFoundByTheirPlace(t *testing.T) {
	v := aVault(9)
	v.PageSize = 3
	m := opened(t, aPlan(t, v, aView(v)))
	for i := 3; i < 9; i++ {
		m.Opening.Expected[i] = 0
	}
	entry := func(at uint32) historyEntry { return historyEntry{domain.PageResult{Cursor: at}, at + 3} }
	known, maybes := []historyEntry{entry(0)}, []historyEntry{entry(6), entry(3)}
	require.Len(t, closeGaps(m, known, maybes), 3)

	m.Opening.Expected[4] = 7 // Somebody there was owed money and got none: that is not known to be a turned page.
	require.Len(t, closeGaps(m, known, maybes), 1)
}

// A creator who is also an investor is paid into one account by the closing page: that is no other amount than planned.
func TestX21_CreatorWhoIsAnInvestorIsNotMistaken(t *testing.T) {
	v := aVault(3)
	w := aView(v)
	w.Streams[1].Stream.Recipient = v.Creator
	w.Recipients[v.Creator] = TokenView{Address: v.Accounts.Creator, Exists: true, Valid: true, Owner: v.Creator}
	m := aPlan(t, v, w)
	account := func(p router.Progress) chain.Account {
		return chain.Account{Key: v.Accounts.Progress, Exists: true, Owner: v.Program, Data: p.Encode()}
	}
	keys := []solana.PublicKey{v.Accounts.Progress, v.Accounts.Treasury, v.Accounts.Creator}
	before := chain.Snapshot{Accounts: map[solana.PublicKey]chain.Account{v.Accounts.Progress: account(router.Progress{Vault: v.Address})}}
	sim := chain.SimResult{Accounts: []chain.Account{account(router.Progress{Vault: v.Address, PaginationCursor: m.PageSize, DayComplete: true})}}
	for _, e := range m.Entries {
		ata := solana.MustPublicKeyFromBase58(e.ATA)
		got := uint64(e.Expected)
		if ata == v.Accounts.Creator {
			got += uint64(m.Creator)
		}
		keys = append(keys, ata)
		before.Accounts[ata] = tokens(t, ata, v.QuoteMint, 5)
		sim.Accounts = append(sim.Accounts, tokens(t, ata, v.QuoteMint, 5+got))
	}
	r, err := judge(v, m, page{size: m.PageSize, plan: m.Pages[0]}, keys, before, sim)
	require.NoError(t, err)
	require.True(t, r.OK, r.Reason)
}
