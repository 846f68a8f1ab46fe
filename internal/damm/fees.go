package damm

import (
	"fmt"

	"github.com/gagliardetto/solana-go"
)

// unitLiquidity makes one base unit of fee per unit in the upper half of the fee counter: see Pool.AccrueB.
var unitLiquidity = U128{Hi: 1}

// Claimable is what a position could claim now, in base units of token A and B (CHAIN.md §3): pending plus
// liquidity·(counter − checkpoint) >> 128, each step saturating at 2^64−1.
func Claimable(pool Pool, position Position) (a, b uint64) {
	liquidity := sum3(position.Unlocked, position.Vested, position.Permanent)
	a = saturatingAdd(position.FeeAPending, mulShift128(liquidity, pool.FeeAPerLiquidity.Sub(position.FeeACheckpoint)))
	b = saturatingAdd(position.FeeBPending, mulShift128(liquidity, pool.FeeBPerLiquidity.Sub(position.FeeBCheckpoint)))
	return a, b
}

// Claim takes the fees: pending becomes zero, the checkpoints move to the pool's counters, and the result is what the
// caller has to transfer out of the pool's vaults.
func Claim(position *Position, pool Pool) (a, b uint64) {
	a, b = Claimable(pool, *position)
	position.FeeAPending, position.FeeBPending = 0, 0
	position.FeeACheckpoint, position.FeeBCheckpoint = pool.FeeAPerLiquidity, pool.FeeBPerLiquidity
	position.TotalClaimedA = saturatingAdd(position.TotalClaimedA, a)
	position.TotalClaimedB = saturatingAdd(position.TotalClaimedB, b)
	return a, b
}

// Split sorts amounts of token A and B into quote and base. Base above zero means that the router refuses to open the
// day with 6001. Error: ErrMint when neither token is the quote mint.
func (p *Pool) Split(quoteMint solana.PublicKey, a, b uint64) (quote, base uint64, err error) {
	switch quoteMint {
	case p.TokenBMint:
		return b, a, nil
	case p.TokenAMint:
		return a, b, nil
	}
	return 0, 0, fmt.Errorf("%w: quote mint %s, tokens %s and %s", ErrMint, quoteMint, p.TokenAMint, p.TokenBMint)
}

// QuoteVault is the pool's token account that holds the quote mint. Error: ErrMint.
func (p *Pool) QuoteVault(quoteMint solana.PublicKey) (solana.PublicKey, error) {
	switch quoteMint {
	case p.TokenBMint:
		return p.TokenBVault, nil
	case p.TokenAMint:
		return p.TokenAVault, nil
	}
	return solana.PublicKey{}, fmt.Errorf("%w: quote mint %s, tokens %s and %s", ErrMint, quoteMint, p.TokenAMint, p.TokenBMint)
}

// NewPool makes a pool that takes its fees in token B only, which is how a quote-only pool is set up.
func NewPool(tokenAMint, tokenBMint, tokenAVault, tokenBVault solana.PublicKey) Pool {
	return Pool{
		TokenAMint: tokenAMint, TokenBMint: tokenBMint, TokenAVault: tokenAVault, TokenBVault: tokenBVault,
		Liquidity: unitLiquidity, SqrtPrice: U128{Hi: 1}, CollectFeeMode: FeesOnlyB,
	}
}

// NewPosition makes a position with permanently locked liquidity 2^64 and no fees. With that liquidity AccrueA and
// AccrueB of its pool give the position exactly the amount named.
func NewPosition(pool, nftMint solana.PublicKey) Position {
	return Position{Pool: pool, NFTMint: nftMint, Permanent: unitLiquidity}
}

// AccrueA lets fees of token A come in: a position made by NewPosition can claim lamports more.
func (p *Pool) AccrueA(lamports uint64) {
	p.FeeAPerLiquidity = p.FeeAPerLiquidity.Add(U256{1: lamports})
}

// AccrueB is AccrueA for token B.
func (p *Pool) AccrueB(lamports uint64) {
	p.FeeBPerLiquidity = p.FeeBPerLiquidity.Add(U256{1: lamports})
}

// SetPending writes the pending fees (base units) into a position account's bytes and changes nothing else. Errors:
// ErrLength, ErrDiscriminator.
func SetPending(data []byte, a, b uint64) error {
	if err := checkAccount(data, PositionSize, discPosition); err != nil {
		return fmt.Errorf("set pending fees: %w", err)
	}
	putU64(data, atPendingA, a)
	putU64(data, atPendingB, b)
	return nil
}
