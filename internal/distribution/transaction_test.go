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
