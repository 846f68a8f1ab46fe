package scenario_test

import (
	"math/big"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
	"github.com/meteora-fee-router/feeops/internal/localnet/scenario"
)

// Whatever a vault is made of, its mint's supply is the sum of what its accounts hold, and what accrues can be claimed.
func TestBuild_SupplyIsTheSumOfAllBalances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := bank.New(bank.Options{GenesisTime: time.Unix(1_767_225_600, 0)})
		small := rapid.IntRange(0, 2)
		spec := scenario.Spec{
			ID: "v", Investors: rapid.IntRange(11, 20).Draw(t, "investors"), DustIn: rapid.Uint64Range(0, 1<<40).Draw(t, "dust"),
			DailyFees: rapid.Uint64Range(1, 1<<60).Draw(t, "fees"), BaseFees: rapid.Uint64Range(0, 1<<60).Draw(t, "base"),
			ClosedStreams: small.Draw(t, "closed"), MissingATAs: small.Draw(t, "missing"), BelowMinimum: small.Draw(t, "below"),
			DuplicateRecipients: small.Draw(t, "duplicates"), FrozenATAs: small.Draw(t, "frozen"), ProjectMint: rapid.Bool().Draw(t, "project"),
		}
		v, err := scenario.Build(b, rapid.Uint64().Draw(t, "seed"), spec)
		require.NoError(t, err)
		more := rapid.Uint64Range(0, 1<<60).Draw(t, "more")
		require.NoError(t, v.Accrue(b, more, 0))

		sums := map[string]*big.Int{v.QuoteMint.String(): {}, v.BaseMint.String(): {}}
		supplies := map[string]*big.Int{}
		for _, found := range b.ProgramAccounts(solana.TokenProgramID, bank.Processed) {
			if token, ok := programs.DecodeTokenAccount(&found.Account); ok {
				sum := sums[token.Mint.String()]
				sum.Add(sum, new(big.Int).SetUint64(token.Amount))
			} else if mint, ok := programs.DecodeMint(&found.Account); ok {
				supplies[found.Key.String()] = new(big.Int).SetUint64(mint.Supply)
			}
		}
		for mint, sum := range sums {
			require.Zero(t, sum.Cmp(supplies[mint]), mint)
		}
		poolAccount, _ := b.Account(v.Pool, bank.Processed)
		pool, err := damm.DecodePool(poolAccount.Data)
		require.NoError(t, err)
		positionAccount, _ := b.Account(v.HonoraryPosition, bank.Processed)
		position, err := damm.DecodePosition(positionAccount.Data)
		require.NoError(t, err)
		base, quote := damm.Claimable(pool, position)
		require.Equal(t, []uint64{spec.DailyFees + more, spec.BaseFees}, []uint64{quote, base})
	})
}
