package damm

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"math/big"
	"os"
	"strconv"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// goldenDAMM is testdata/damm.json: accounts made with the official SDK, and what it says can be claimed.
type goldenDAMM struct {
	ProgramID     solana.PublicKey `json:"program_id"`
	PoolAuthority solana.PublicKey `json:"pool_authority"`
	PDAs          []struct {
		NFTMint    solana.PublicKey `json:"nft_mint"`
		Position   solana.PublicKey `json:"position"`
		NFTAccount solana.PublicKey `json:"position_nft_account"`
	} `json:"position_pda_examples"`
	Cases []struct {
		Name        string   `json:"name"`
		Position    string   `json:"position_b64"`
		Pool        string   `json:"pool_b64"`
		Liquidity   []string `json:"liquidity"`
		FeeA        string   `json:"pool_fee_a_per_liquidity"`
		FeeB        string   `json:"pool_fee_b_per_liquidity"`
		CheckpointA string   `json:"checkpoint_a"`
		CheckpointB string   `json:"checkpoint_b"`
		PendingA    string   `json:"pending_a"`
		PendingB    string   `json:"pending_b"`
		Mode        uint8    `json:"collect_fee_mode"`
		UnclaimedA  string   `json:"unclaimed_fee_a"`
		UnclaimedB  string   `json:"unclaimed_fee_b"`
	} `json:"cases"`
}

func golden(t testing.TB) goldenDAMM {
	t.Helper()
	raw, err := os.ReadFile("testdata/damm.json")
	require.NoError(t, err)
	var g goldenDAMM
	require.NoError(t, json.Unmarshal(raw, &g))
	require.Len(t, g.Cases, 4)
	return g
}

func bytesOf(t testing.TB, text string) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err)
	return data
}

func words(values ...uint64) *big.Int {
	out := new(big.Int)
	for i := len(values) - 1; i >= 0; i-- {
		out.Lsh(out, 64).Or(out, new(big.Int).SetUint64(values[i]))
	}
	return out
}

func TestAccounts_DecodeTheVectors(t *testing.T) {
	g := golden(t)
	require.Equal(t, CPAMMProgram, g.ProgramID)
	require.Equal(t, PoolAuthority, g.PoolAuthority)
	for _, c := range g.Cases {
		t.Run(c.Name, func(t *testing.T) {
			p, err := DecodePosition(bytesOf(t, c.Position))
			require.NoError(t, err)
			pool, err := DecodePool(bytesOf(t, c.Pool))
			require.NoError(t, err)
			require.Equal(t, c.Liquidity, []string{
				words(p.Unlocked.Lo, p.Unlocked.Hi).String(), words(p.Vested.Lo, p.Vested.Hi).String(), words(p.Permanent.Lo, p.Permanent.Hi).String(),
			})
			require.Equal(t, c.FeeA, words(pool.FeeAPerLiquidity[:]...).String())
			require.Equal(t, c.FeeB, words(pool.FeeBPerLiquidity[:]...).String())
			require.Equal(t, c.CheckpointA, words(p.FeeACheckpoint[:]...).String())
			require.Equal(t, c.CheckpointB, words(p.FeeBCheckpoint[:]...).String())
			require.Equal(t, c.PendingA, strconv.FormatUint(p.FeeAPending, 10))
			require.Equal(t, c.PendingB, strconv.FormatUint(p.FeeBPending, 10))
			require.EqualValues(t, c.Mode, pool.CollectFeeMode)

			a, b := Claimable(pool, p)
			require.Equal(t, c.UnclaimedA, strconv.FormatUint(a, 10))
			require.Equal(t, c.UnclaimedB, strconv.FormatUint(b, 10))
			require.Equal(t, bytesOf(t, c.Position), p.Encode())
			require.Equal(t, bytesOf(t, c.Pool), pool.Encode())
		})
	}
}

func TestAccounts_TheVectorsKeysStandWhereTheyShould(t *testing.T) {
	g := golden(t)
	pool, err := DecodePool(bytesOf(t, g.Cases[0].Pool))
	require.NoError(t, err)
	position, err := DecodePosition(bytesOf(t, g.Cases[0].Position))
	require.NoError(t, err)
	// The same keys stand in the router's vectors as mints, vaults, pool and creator.
	require.Equal(t, "CLRjjcsVVkEMmth9yG9mxPyP73H2NfiPAtSESiLH5vH2", pool.TokenAMint.String())
	require.Equal(t, "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", pool.TokenBMint.String())
	require.Equal(t, "m68ugukzMtKRPZL4uwhR6a8AcsLRerH9Mb5VgBtnRCW", pool.TokenAVault.String())
	require.Equal(t, "3eeNAG68LU48QQBgU3dMfhrhopg1W5kMYcCHsHRExzcz", pool.TokenBVault.String())
	require.Equal(t, "47yJuRwYZf5tUkpCKW6KAYPV9fhUrTKtw7kVQdqpqzuG", pool.Creator.String())
	require.Equal(t, "5csjEKm6ap2DMJZzcCWAyZkUkDp3sYZewaVp3YqR9jS3", position.Pool.String())
	require.Equal(t, g.PDAs[0].NFTMint, position.NFTMint)
}

func TestAddresses_EqualTheVectors(t *testing.T) {
	for _, v := range golden(t).PDAs {
		position, err := PositionAddress(v.NFTMint)
		require.NoError(t, err)
		require.Equal(t, v.Position, position)
		account, err := PositionNFTAccount(v.NFTMint)
		require.NoError(t, err)
		require.Equal(t, v.NFTAccount, account)
	}
}

func TestAccounts_StrangeBytesAreRefused(t *testing.T) {
	tests := []struct {
		name           string
		position, pool []byte
		want           error
	}{
		{"nothing", nil, nil, ErrLength},
		{"a byte short", make([]byte, PositionSize-1), make([]byte, PoolSize-1), ErrLength},
		{"another account", make([]byte, PositionSize), make([]byte, PoolSize), ErrDiscriminator},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := DecodePosition(tt.position)
			require.ErrorIs(t, err, tt.want)
			_, err = DecodePool(tt.pool)
			require.ErrorIs(t, err, tt.want)
			require.ErrorIs(t, SetPending(tt.position, 1, 2), tt.want)
		})
	}
}

func TestClaim_TakesEverythingOnce(t *testing.T) {
	a, b, vaultA, vaultB := solana.SolMint, CPAMMProgram, PoolAuthority, solana.TokenProgramID
	pool := NewPool(a, b, vaultA, vaultB)
	position := NewPosition(solana.SystemProgramID, solana.MemoProgramID)
	data := position.Encode()
	require.NoError(t, SetPending(data, 0, 7))
	position, err := DecodePosition(data)
	require.NoError(t, err)
	pool.AccrueB(3_000_000)
	pool.AccrueB(math.MaxUint32)

	gotA, gotB := Claim(&position, pool)
	require.Zero(t, gotA)
	require.EqualValues(t, 3_000_007+math.MaxUint32, gotB)
	gotA, gotB = Claim(&position, pool)
	require.Zero(t, gotA+gotB)
	require.EqualValues(t, 3_000_007+math.MaxUint32, position.TotalClaimedB)

	pool.AccrueA(5)
	gotA, gotB = Claimable(pool, position)
	quote, base, err := pool.Split(b, gotA, gotB)
	require.NoError(t, err)
	require.Equal(t, []uint64{0, 5}, []uint64{quote, base})
	quote, base, err = pool.Split(a, gotA, gotB)
	require.NoError(t, err)
	require.Equal(t, []uint64{5, 0}, []uint64{quote, base})
	_, _, err = pool.Split(vaultA, 0, 0)
	require.ErrorIs(t, err, ErrMint)

	vault, err := pool.QuoteVault(b)
	require.NoError(t, err)
	require.Equal(t, vaultB, vault)
	vault, err = pool.QuoteVault(a)
	require.NoError(t, err)
	require.Equal(t, vaultA, vault)
	_, err = pool.QuoteVault(vaultA)
	require.ErrorIs(t, err, ErrMint)
}

// wantFee is the rule of CHAIN.md §3 in arbitrary precision.
func wantFee(p Position, pending uint64, counter, checkpoint U256) uint64 {
	most := new(big.Int).SetUint64(math.MaxUint64)
	clamp := func(v *big.Int) *big.Int {
		if v.Cmp(most) > 0 {
			return most
		}
		return v
	}
	liquidity := words(p.Unlocked.Lo, p.Unlocked.Hi)
	liquidity.Add(liquidity, words(p.Vested.Lo, p.Vested.Hi)).Add(liquidity, words(p.Permanent.Lo, p.Permanent.Hi))
	d := new(big.Int).Sub(words(counter[:]...), words(checkpoint[:]...))
	d.Mod(d, new(big.Int).Lsh(big.NewInt(1), 256))
	fee := clamp(new(big.Int).Rsh(d.Mul(d, liquidity), 128))
	return clamp(new(big.Int).Add(new(big.Int).SetUint64(pending), fee)).Uint64()
}

func TestClaimable_EqualsTheRuleInArbitraryPrecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.OneOf(rapid.Just(uint64(0)), rapid.Just(uint64(math.MaxUint64)), rapid.Uint64Range(0, 1000), rapid.Uint64())
		narrow := func(name string) U128 { return U128{word.Draw(t, name), word.Draw(t, name)} }
		wide := func(name string) U256 {
			return U256{word.Draw(t, name), word.Draw(t, name), word.Draw(t, name), word.Draw(t, name)}
		}
		p := Position{
			FeeACheckpoint: wide("checkpoint a"), FeeBCheckpoint: wide("checkpoint b"), FeeAPending: word.Draw(t, "pending a"),
			FeeBPending: word.Draw(t, "pending b"), Unlocked: narrow("unlocked"), Vested: narrow("vested"), Permanent: narrow("permanent"),
		}
		// Counters near their checkpoint keep the result out of saturation in a good part of the draws.
		near := U256{0, word.Draw(t, "step"), rapid.Uint64Range(0, 3).Draw(t, "big step")}
		pool := Pool{FeeAPerLiquidity: wide("counter a"), FeeBPerLiquidity: p.FeeBCheckpoint.Add(near)}
		a, b := Claimable(pool, p)
		require.Equal(t, wantFee(p, p.FeeAPending, pool.FeeAPerLiquidity, p.FeeACheckpoint), a)
		require.Equal(t, wantFee(p, p.FeeBPending, pool.FeeBPerLiquidity, p.FeeBCheckpoint), b)

		before := p
		claimedA, claimedB := Claim(&p, pool)
		require.Equal(t, []uint64{a, b}, []uint64{claimedA, claimedB})
		left, right := Claimable(pool, p)
		require.Zero(t, left)
		require.Zero(t, right)
		require.Equal(t, before.Unlocked, p.Unlocked)
	})
}

func FuzzDecodePosition(f *testing.F) {
	for _, c := range golden(f).Cases {
		f.Add(bytesOf(f, c.Position))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := DecodePosition(data)
		if err != nil {
			return
		}
		again, err := DecodePosition(p.Encode())
		if err != nil || again != p {
			t.Fatalf("%+v comes back as %+v, error %v", p, again, err)
		}
	})
}

func FuzzDecodePool(f *testing.F) {
	for _, c := range golden(f).Cases {
		f.Add(bytesOf(f, c.Pool))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := DecodePool(data)
		if err != nil {
			return
		}
		again, err := DecodePool(p.Encode())
		if err != nil || again != p {
			t.Fatalf("%+v comes back as %+v, error %v", p, again, err)
		}
	})
}

func BenchmarkClaimable(b *testing.B) {
	c := golden(b).Cases[0]
	position, pool := bytesOf(b, c.Position), bytesOf(b, c.Pool)
	b.ReportAllocs()
	for b.Loop() {
		p, err := DecodePosition(position)
		if err != nil {
			b.Fatal(err)
		}
		q, err := DecodePool(pool)
		if err != nil {
			b.Fatal(err)
		}
		if _, fee := Claimable(q, p); fee != 3_000_007 {
			b.Fatal(fee)
		}
	}
}
