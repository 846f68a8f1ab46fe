package domain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

func TestTotalArrears_UnknownIsCountedAndNeverAddedAsNothing(t *testing.T) {
	usdc, sol := domain.Token{Mint: "u", Decimals: 6}, domain.Token{Mint: "s", Decimals: 9}
	amount := func(a domain.Amount) *domain.Amount { return &a }
	list := []domain.Arrear{
		{Vault: "a", Token: usdc, State: domain.ArrearOpen, Would: amount(5)},
		{Vault: "b", Token: usdc, State: domain.ArrearOpen, Would: amount(7)},
		{Vault: "a", Token: usdc, State: domain.ArrearOpen},
		{Vault: "a", Token: usdc, State: domain.ArrearSettled, Would: amount(1)},
		{Vault: "a", Token: sol, State: domain.ArrearOpen, Would: amount(2)},
		{Vault: "a", Token: usdc, State: domain.ArrearOpen, Would: amount(6)},
	}
	got, err := domain.TotalArrears(list)
	require.NoError(t, err)
	require.Equal(t, []domain.ArrearTotal{
		{Vault: "a", Token: usdc, State: domain.ArrearOpen, Count: 3, Amount: 11, Unknown: 1},
		{Vault: "b", Token: usdc, State: domain.ArrearOpen, Count: 1, Amount: 7},
		{Vault: "a", Token: usdc, State: domain.ArrearSettled, Count: 1, Amount: 1},
		{Vault: "a", Token: sol, State: domain.ArrearOpen, Count: 1, Amount: 2},
	}, got)
	_, err = domain.TotalArrears([]domain.Arrear{{Would: amount(1<<64 - 1)}, {Would: amount(1)}})
	require.ErrorIs(t, err, domain.ErrOverflow)
	got, err = domain.TotalArrears(nil)
	require.NoError(t, err)
	require.NotNil(t, got, "an empty list, not null")
}
