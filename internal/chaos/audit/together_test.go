package audit_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chaos/audit"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

func TestTogether_WhatAllPoolsEarnedIsWhatIsLeft(t *testing.T) {
	node, err := localnet.Start(t.Context(), localnet.Options{Manual: true, GenesisTime: localnet.TestGenesis(), Seed: 7})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, node.Close()) })
	var auditors []*audit.Auditor
	var verdicts []audit.Verdict
	for _, id := range []string{"a", "b"} {
		_, err := node.AddVault(localnet.VaultSpec{ID: id, Investors: 3})
		require.NoError(t, err)
	}
	vaults := node.Vaults()
	require.Equal(t, vaults[0].QuoteMint, vaults[1].QuoteMint, "they earn one mint")
	for _, v := range vaults {
		auditors = append(auditors, audit.New(node.Bank(), audit.Subject{Progress: v.Addresses.Progress, Policy: v.Addresses.Policy, Treasury: v.Addresses.Treasury, Creator: v.Addresses.Creator, Pool: v.PoolVault, Mint: v.QuoteMint, SharedMint: true}))
		verdicts = append(verdicts, audit.Verdict{})
	}
	require.NoError(t, node.AccrueFees("a", 1_000, 0))
	require.NoError(t, node.AccrueFees("b", 5, 0))
	require.Empty(t, audit.Together(auditors, verdicts))
	verdicts[1].Days = []audit.Day{{Claimed: 1}}
	require.Len(t, audit.Together(auditors, verdicts), 1, "a claim that took nothing out of a pool")
	verdicts[1].Days = nil
	account, _ := node.Bank().Account(vaults[0].PoolVault, bank.Processed)
	changed := *account.Clone()
	binary.LittleEndian.PutUint64(changed.Data[64:], binary.LittleEndian.Uint64(changed.Data[64:])-1)
	node.Bank().SetAccount(vaults[0].PoolVault, changed)
	require.Len(t, audit.Together(auditors, verdicts), 1, "one base unit is gone")
}
