package distribution

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

func TestMovement_EventsStandBesideTheBalances(t *testing.T) {
	v := aVault(2)
	logs := said(v, 400)
	claim := router.QuoteFeesClaimed{Vault: v.Address, ClaimedAmount: 999, BaseAmount: 3}
	stranger := router.QuoteFeesClaimed{Vault: key('x', 0), ClaimedAmount: 1}
	logs = append([]string{logs[0], router.LogLine(stranger), router.LogLine(claim)}, logs[1:]...)
	m, err := v.Read(landed(v, logs))
	require.NoError(t, err)
	require.Equal(t, []router.QuoteFeesClaimed{claim}, m.Claims, "another vault's events are not this one's")
	require.Equal(t, []domain.Amount{1_000, 500, 400}, []domain.Amount{m.Result.Claimed, m.Result.Paid, m.Result.Creator})
	require.Len(t, m.Pages, 1)
	require.Equal(t, uint64(400), m.Close.CreatorPayout)
	require.Equal(t, 1, m.Calls)
	require.False(t, m.Cut)
}

func TestMovement_ATransferThatOnlyNamesTheVaultMovesNothingOfIt(t *testing.T) {
	v := aVault(2)
	tx := landed(v, []string{"Program " + key('x', 9).String() + " invoke [1]", "Program " + key('x', 9).String() + " success"})
	tx.TokenDeltas = tx.TokenDeltas[2:] // Tokens of the same mint between strangers.
	m, err := v.Read(tx)
	require.NoError(t, err)
	require.Empty(t, m.Pages)
	require.Zero(t, m.Result.Claimed)
	require.Zero(t, m.Result.Paid)
	require.Empty(t, m.Result.Payouts)
	require.Zero(t, m.TreasuryIn)

	tx.TokenDeltas = []chain.TokenDelta{{Account: v.Accounts.Treasury, Mint: v.QuoteMint, Pre: 5, Post: 12}}
	m, err = v.Read(tx)
	require.NoError(t, err)
	require.Equal(t, domain.Amount(7), m.TreasuryIn, "tokens that somebody sent are not a claim")
	require.Zero(t, m.Result.Claimed)
}

func TestMovement_AFailedTransactionMovedNothing(t *testing.T) {
	v := aVault(2)
	tx := landed(v, said(v, 400))
	tx.Err = &chain.TxError{Instruction: 1, Name: "Custom"}
	m, err := v.Read(tx)
	require.NoError(t, err)
	require.Empty(t, m.Pages)
	require.Empty(t, m.Claims)
	require.Nil(t, m.Close)
	require.Zero(t, m.TreasuryIn+m.TreasuryOut)
	require.Equal(t, uint64(5_000), m.Result.FeeLamports)
}
