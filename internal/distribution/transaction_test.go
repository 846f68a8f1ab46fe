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

// landed is a closing page of two investors: 300 and 200 paid, 400 to the creator, 1,000 claimed.
func landed(v Vault, logs []string, extra ...solana.PublicKey) *chain.Transaction {
	keys := []solana.PublicKey{v.Payer, v.Accounts.Treasury, v.Accounts.Creator, key('a', 0), key('a', 1), v.Program, v.Address}
	cursor := uint32(4)
	accounts := make([]uint16, router.FixedAccounts, 20)
	accounts[router.AccountVault] = 6
	accounts = append(accounts, 3, 4)
	for _, k := range extra {
		if k == v.Accounts.Creator {
			accounts = append(accounts, 2)
		}
	}
	return &chain.Transaction{
		Signature: solana.Signature{7}, Slot: 9, Fee: 5_000, Logs: logs, Keys: keys,
		TokenDeltas: []chain.TokenDelta{
			{Account: v.Accounts.Treasury, Mint: v.QuoteMint, Pre: 50, Post: 150},
			{Account: v.Accounts.Creator, Owner: v.Creator, Mint: v.QuoteMint, Pre: 1, Post: 401},
			{Account: key('a', 0), Owner: key('r', 0), Mint: v.QuoteMint, Pre: 0, Post: 300},
			{Account: key('a', 1), Owner: key('r', 1), Mint: v.QuoteMint, Pre: 10, Post: 210},
			{Account: key('a', 1), Owner: key('r', 1), Mint: key('x', 0), Pre: 0, Post: 999},
		},
		Tx: &solana.Transaction{Message: solana.Message{Instructions: []solana.CompiledInstruction{{
			ProgramIDIndex: 5, Accounts: accounts, Data: router.DistributeFeesArgs{PageSize: 2, Cursor: &cursor}.Encode(),
		}}}},
	}
}

// said are the program's logs of the page, inside its own frame.
func said(v Vault, creator uint64) []string {
	return []string{
		"Program " + v.Program.String() + " invoke [1]",
		router.LogLine(router.InvestorPayoutPage{Vault: v.Address, PageStart: 4, PageEnd: 6, TotalDistributed: 500}),
		router.LogLine(router.CreatorPayoutDayClosed{Vault: v.Address, CreatorPayout: creator}),
		"Program " + v.Program.String() + " success",
	}
}

func TestC16_MoneyIsCountedByBalances(t *testing.T) {
	v := aVault(2)
	got, err := read(v, "2026-01-01", landed(v, said(v, 400)))
	require.NoError(t, err)
	require.Equal(t, domain.Amount(500), got.result.Paid)
	require.Equal(t, domain.Amount(400), got.result.Creator)
	require.Equal(t, domain.Amount(1_000), got.result.Claimed, "what left the treasury and what stayed")
	require.True(t, got.result.Closed)
	require.EqualValues(t, 4, got.result.Cursor)
	require.Equal(t, []domain.Amount{300, 200}, []domain.Amount{got.result.Payouts[0].Amount, got.result.Payouts[1].Amount})
}

func TestC16_TheCreatorMayBeAnInvestorToo(t *testing.T) {
	v := aVault(2)
	got, err := read(v, "2026-01-01", landed(v, said(v, 350)))
	require.NoError(t, err)
	require.Equal(t, domain.Amount(350), got.result.Creator)
	require.Equal(t, domain.Amount(550), got.result.Paid, "what the closing event does not explain is his payout")
}

func TestD17_CutLogsFallBackToTheCallAndTheBalances(t *testing.T) {
	v := aVault(2)
	cut := []string{"Program " + v.Program.String() + " invoke [1]", "Log truncated"}
	got, err := read(v, "2026-01-01", landed(v, cut))
	require.NoError(t, err)
	require.EqualValues(t, 4, got.result.Cursor)
	require.True(t, got.result.Closed)
	require.Equal(t, domain.Amount(400), got.result.Creator)
	require.Equal(t, domain.Amount(500), got.result.Paid)

	// When the creator is one of the page's investors, the balances cannot tell the two apart: nothing is guessed.
	got, err = read(v, "2026-01-01", landed(v, cut, v.Accounts.Creator))
	require.NoError(t, err)
	require.False(t, got.result.Closed)
}

// A page that hands on exactly what it claimed leaves the treasury as it was. Read as a page that moved nothing, it once
// kept a day from its books for ever.
func TestD17_APageThatPaysWhatItClaimedIsStillAPage(t *testing.T) {
	v := aVault(2)
	cut := []string{"Program " + v.Program.String() + " invoke [1]", "Log truncated"}
	balanced := func(logs []string) *chain.Transaction {
		tx := landed(v, logs)
		tx.TokenDeltas[0].Post = tx.TokenDeltas[0].Pre
		return tx
	}
	got, err := read(v, "2026-01-01", balanced(cut))
	require.NoError(t, err)
	require.NotNil(t, got.page)
	require.Nil(t, got.maybe)
	require.Equal(t, domain.Amount(900), got.result.Claimed)
	require.Equal(t, domain.Amount(500), got.result.Paid)

	claimed := func(amount uint64) *chain.Transaction {
		logs := []string{cut[0], router.LogLine(router.QuoteFeesClaimed{Vault: v.Address, ClaimedAmount: amount}), cut[1]}
		tx := balanced(logs)
		tx.TokenDeltas = tx.TokenDeltas[:1]
		return tx
	}
	got, err = read(v, "2026-01-01", claimed(7))
	require.NoError(t, err)
	require.NotNil(t, got.page, "a claim tells too")
	for name, still := range map[string]*chain.Transaction{"a claim of nothing": claimed(0), "another mint": balanced(cut), "a stranger's account": balanced(cut), "a payee who paid": balanced(cut)} {
		switch name {
		case "another mint":
			still.TokenDeltas = still.TokenDeltas[4:]
		case "a stranger's account":
			still.TokenDeltas = []chain.TokenDelta{{Account: key('z', 1), Mint: v.QuoteMint, Post: 5}}
		case "a payee who paid":
			still.TokenDeltas = []chain.TokenDelta{{Account: key('a', 1), Mint: v.QuoteMint, Pre: 5}, {Account: v.Accounts.Treasury, Mint: v.QuoteMint, Pre: 5, Post: 5}}
		}
		got, err = read(v, "2026-01-01", still)
		require.NoError(t, err)
		require.Nil(t, got.page, name)
		require.NotNil(t, got.maybe, name)
	}
}

func TestC07_ASuccessWithoutAPageTurnedNothing(t *testing.T) {
	v := aVault(2)
	tx := landed(v, []string{"Program " + v.Program.String() + " invoke [1]", "Program " + v.Program.String() + " success"})
	tx.TokenDeltas = nil
	got, err := read(v, "2026-01-01", tx)
	require.NoError(t, err)
	require.Nil(t, got.page)
	require.Equal(t, "turned no page", got.String())

	foreign := said(v, 400)
	foreign[0], foreign[3] = "Program "+key('x', 9).String()+" invoke [1]", "Program "+key('x', 9).String()+" success"
	got, err = read(v, "2026-01-01", landed(v, foreign))
	require.NoError(t, err)
	require.Nil(t, got.page, "any program can log anything")
}

func TestTreasuryThatLosesMoneyIsForAHuman(t *testing.T) {
	v := aVault(2)
	tx := landed(v, said(v, 400))
	tx.TokenDeltas[0].Pre = 5_000
	_, err := read(v, "2026-01-01", tx)
	require.ErrorContains(t, err, "that nobody got")
}

func TestC16_AmountsBeyondASignedNumberAreCounted(t *testing.T) {
	v := aVault(2)
	tx := landed(v, said(v, 400))
	const much = uint64(1)<<63 + 11
	tx.TokenDeltas[2].Post = much // One investor gets more than half of all that 64 bits can count.
	got, err := read(v, "2026-01-01", tx)
	require.NoError(t, err, "nothing was lost")
	require.Equal(t, domain.Amount(much+100+400+200), got.result.Claimed)
	tx.TokenDeltas[0].Pre, tx.TokenDeltas[0].Post = much+700, 100
	got, err = read(v, "2026-01-01", tx)
	require.NoError(t, err)
	require.Zero(t, got.result.Claimed, "all of it was the treasury's own")
}

func TestFlow_WhatCameInIsWhatStayedAndWhatWentOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		had := rapid.Uint64Range(0, 1<<62).Draw(t, "the treasury had")
		in := rapid.Uint64Range(0, 1<<62).Draw(t, "came in")
		lost := rapid.Uint64Range(0, had+in).Draw(t, "lost")
		out := rapid.Uint64Range(0, had+in-lost).Draw(t, "went out")
		var f flow
		f.treasury(had, had+in-lost-out)
		f.paid(domain.Amount(out))
		claimed, gone := f.claimed()
		require.Equal(t, int64(in)-int64(lost), int64(claimed)-int64(gone))
		require.True(t, claimed == 0 || gone == 0)
	})
}
