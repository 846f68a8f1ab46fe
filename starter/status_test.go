package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

// D08, D11: what could not be read is null and "unknown", and never nothing.
func TestStatus_WhatCouldNotBeReadIsUnknownEverywhere(t *testing.T) {
	row := statusOf(distribution.Standing{Vault: "v", State: domain.UnknownState, Reason: "no endpoint answered"})
	require.Nil(t, row.Claimable)
	require.Nil(t, row.Payer)
	require.Nil(t, row.Treasury.Amount)
	for _, shown := range []string{due(row), treasury(row), claimable(row), sol(row.Payer)} {
		require.Equal(t, "unknown", shown)
	}
	read := statusOf(distribution.Standing{Vault: "v", State: domain.NoFees, Slot: 5, PayerKnown: true})
	require.Zero(t, *read.Claimable, "nothing to claim is a figure")
	require.Equal(t, "absent", treasury(read))
}
