package router

import (
	"crypto/ed25519"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
)

// distributeOf builds the vectors' call: vault 0, crank and streams named as in the vectors.
func distributeOf(t testing.TB, g goldenRouter, size uint32, cursor *uint32, streams int) DistributeFees {
	t.Helper()
	p := g.PDAs[0]
	a, err := Derive(g.ProgramID, p.Vault, p.QuoteMint, p.CreatorWallet)
	require.NoError(t, err)
	accounts := g.DistributeFees[0].Accounts
	keys := make([]solana.PublicKey, 0, streams)
	for _, acc := range accounts[FixedAccounts : FixedAccounts+streams] {
		keys = append(keys, acc.Pubkey)
	}
	return DistributeFees{
		Program: g.ProgramID, Crank: g.Transactions.Crank, Vault: p.Vault, HonoraryPosition: accounts[AccountHonoraryPosition].Pubkey,
		CPAMMProgram: accounts[AccountCPAMMProgram].Pubkey, Addresses: a, PageSize: size, Cursor: cursor, Remaining: PublishedRemaining(keys),
	}
}

func TestDistributeFees_EqualsTheVectors(t *testing.T) {
	g := golden(t)
	for _, v := range g.DistributeFees {
		call := distributeOf(t, g, v.PageSize, v.Cursor, 3).Instruction()
		data, err := call.Data()
		require.NoError(t, err)
		require.Equal(t, fromHex(t, v.DataHex), data)
		args, err := DecodeInstruction(data)
		require.NoError(t, err)
		require.Equal(t, DistributeFeesArgs{PageSize: v.PageSize, Cursor: v.Cursor}, args)
	}
	call := distributeOf(t, g, 1, nil, 3).Instruction()
	require.Equal(t, g.ProgramID, call.ProgramID())
	require.Equal(t, g.DistributeFees[0].Accounts, accountsOf(call.Accounts()))
}

func TestInitializeHonoraryPosition_EqualsTheVectors(t *testing.T) {
	g := golden(t)
	p, accounts := g.PDAs[0], g.Initialize[0].Accounts
	a, err := Derive(g.ProgramID, p.Vault, p.QuoteMint, p.CreatorWallet)
	require.NoError(t, err)
	for _, v := range g.Initialize {
		args := InitializeArgs{
			QuoteMint: v.QuoteMint, CreatorWallet: v.CreatorWallet, InvestorFeeShareBPS: v.ShareBPS,
			DailyCap: optional(t, v.Cap), MinPayout: number(t, v.MinPayout), Y0TotalAllocation: number(t, v.Y0),
		}
		call := InitializeHonoraryPosition{
			Program: g.ProgramID, Payer: g.Transactions.Crank, Vault: p.Vault, Pool: accounts[5].Pubkey, PoolConfig: accounts[6].Pubkey,
			QuoteVault: accounts[7].Pubkey, BaseVault: accounts[8].Pubkey, CPAMMProgram: accounts[9].Pubkey, Addresses: a, Args: args,
		}.Instruction()
		require.Equal(t, accounts, accountsOf(call.Accounts()))
		data, err := call.Data()
		require.NoError(t, err)
		require.Equal(t, fromHex(t, v.DataHex), data)
		got, err := DecodeInstruction(data)
		require.NoError(t, err)
		require.Equal(t, args, got)
	}
}

func TestTransactions_EqualTheVectorsWithSignature(t *testing.T) {
	g := golden(t)
	key := solana.PrivateKey(ed25519.NewKeyFromSeed(fromHex(t, g.Transactions.CrankSeedHex)))
	table := map[solana.PublicKey]solana.PublicKeySlice{g.Transactions.ALTKey: g.Transactions.ALTAddresses}
	cursor := uint32(0)
	tests := []struct {
		name    string
		want    string
		options []solana.TransactionOption
		reorder func(*solana.Message)
	}{
		{"legacy", g.Transactions.Legacy, nil, sortKeysAsWeb3},
		{"v0 with a lookup table", g.Transactions.V0ALT, []solana.TransactionOption{solana.TransactionAddressTables(table)}, func(*solana.Message) {}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tx, err := solana.NewTransaction([]solana.Instruction{
				solana.NewInstruction(solana.ComputeBudget, nil, fromHex(t, g.ComputeBudget.Limit)),
				solana.NewInstruction(solana.ComputeBudget, nil, fromHex(t, g.ComputeBudget.Price)),
				distributeOf(t, g, 20, &cursor, 2).Instruction(),
			}, g.Transactions.Blockhash, append(tt.options, solana.TransactionPayer(key.PublicKey()))...)
			require.NoError(t, err)
			tt.reorder(&tx.Message)
			_, err = tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &key })
			require.NoError(t, err)
			require.NoError(t, tx.VerifySignatures())
			got, err := tx.MarshalBinary()
			require.NoError(t, err)
			require.Equal(t, tt.want, base64.StdEncoding.EncodeToString(got))
		})
	}
}

// sortKeysAsWeb3 puts the keys of a legacy message into the order of @solana/web3.js, which sorts each class of
// privileges by base58 text without regard to case. The order means nothing to the chain, but the bytes and the
// signature depend on it.
func sortKeysAsWeb3(m *solana.Message) {
	before := slices.Clone(m.AccountKeys)
	signed, total := int(m.Header.NumRequiredSignatures), len(before)
	bounds := []int{1, signed - int(m.Header.NumReadonlySignedAccounts), signed, total - int(m.Header.NumReadonlyUnsignedAccounts), total}
	for i := 1; i < len(bounds); i++ {
		slices.SortFunc(m.AccountKeys[max(bounds[i-1], 1):bounds[i]], func(a, b solana.PublicKey) int {
			return strings.Compare(strings.ToLower(a.String()), strings.ToLower(b.String()))
		})
	}
	moved := func(old uint16) uint16 { return uint16(slices.Index(m.AccountKeys, before[old])) }
	for i := range m.Instructions {
		in := &m.Instructions[i]
		in.ProgramIDIndex = moved(in.ProgramIDIndex)
		for j := range in.Accounts {
			in.Accounts[j] = moved(in.Accounts[j])
		}
	}
}
