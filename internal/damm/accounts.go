// Package damm reads Meteora DAMM v2 (cp-amm) pools and positions as far as the honorary position needs it: which fees
// can be claimed, and in which token (CHAIN.md §3). It is pure, without any I/O.
package damm

import (
	"errors"
	"fmt"

	"github.com/gagliardetto/solana-go"
)

var (
	// CPAMMProgram is Meteora DAMM v2. (The address CPMMoo8L… found in some documents is Raydium's.)
	CPAMMProgram = solana.MustPublicKeyFromBase58("cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG")
	// PoolAuthority signs for the token vaults of every pool.
	PoolAuthority = solana.MustPublicKeyFromBase58("HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC")
)

const (
	// PositionSize is the length of a position account in bytes.
	PositionSize = 408
	// PoolSize is the length of a pool account in bytes.
	PoolSize = 1112
)

// What is wrong with bytes that claim to be cp-amm's.
var (
	ErrLength        = errors.New("length is wrong")
	ErrDiscriminator = errors.New("discriminator is not the expected one")
	ErrMint          = errors.New("pool does not hold the mint")
)

// CollectFeeMode says in which token a pool takes its fees.
type CollectFeeMode uint8

// The modes. Only FeesOnlyB, with the quote mint as token B, keeps base fees out of a position for certain.
const (
	FeesBothTokens CollectFeeMode = iota
	FeesOnlyB
	FeesCompounding
)

// Position is a liquidity position. Fees are base units of the pool's tokens, Liquidity is cp-amm's Q64 figure.
type Position struct {
	Pool           solana.PublicKey
	NFTMint        solana.PublicKey
	FeeACheckpoint U256
	FeeBCheckpoint U256
	FeeAPending    uint64
	FeeBPending    uint64
	Unlocked       U128
	Vested         U128
	Permanent      U128
	TotalClaimedA  uint64
	TotalClaimedB  uint64
}

// Pool is the part of a pool that fees depend on.
type Pool struct {
	TokenAMint       solana.PublicKey
	TokenBMint       solana.PublicKey
	TokenAVault      solana.PublicKey
	TokenBVault      solana.PublicKey
	Liquidity        U128
	SqrtPrice        U128
	CollectFeeMode   CollectFeeMode
	FeeAPerLiquidity U256
	FeeBPerLiquidity U256
	Creator          solana.PublicKey
}

// Offsets in the accounts; the tests hold them against vectors made with the official SDK.
const (
	atPositionPool    = 8
	atPositionNFT     = 40
	atCheckpointA     = 72
	atCheckpointB     = 104
	atPendingA        = 136
	atPendingB        = 144
	atUnlocked        = 152
	atVested          = 168
	atPermanent       = 184
	atTotalClaimedA   = 200
	atTotalClaimedB   = 208
	atTokenAMint      = 168
	atTokenBMint      = 200
	atTokenAVault     = 232
	atTokenBVault     = 264
	atLiquidity       = 360
	atSqrtPrice       = 456
	atCollectFeeMode  = 484
	atFeeAPerLiquid   = 488
	atFeeBPerLiquid   = 520
	atPoolCreator     = 648
	positionPDASeed   = "position"
	positionNFTSeed   = "position_nft_account"
	sizeDiscriminator = 8
)

var (
	discPosition = [sizeDiscriminator]byte{0xaa, 0xbc, 0x8f, 0xe4, 0x7a, 0x40, 0xf7, 0xd0}
	discPool     = [sizeDiscriminator]byte{0xf1, 0x9a, 0x6d, 0x04, 0x11, 0xb1, 0x6d, 0xbc}
)

// DecodePosition reads a position account. Whether it belongs to cp-amm the caller checks by its owner. Errors:
// ErrLength, ErrDiscriminator.
func DecodePosition(data []byte) (Position, error) {
	if err := checkAccount(data, PositionSize, discPosition); err != nil {
		return Position{}, fmt.Errorf("decode position: %w", err)
	}
	return Position{
		Pool: key(data, atPositionPool), NFTMint: key(data, atPositionNFT),
		FeeACheckpoint: u256(data, atCheckpointA), FeeBCheckpoint: u256(data, atCheckpointB),
		FeeAPending: u64(data, atPendingA), FeeBPending: u64(data, atPendingB),
		Unlocked: u128(data, atUnlocked), Vested: u128(data, atVested), Permanent: u128(data, atPermanent),
		TotalClaimedA: u64(data, atTotalClaimedA), TotalClaimedB: u64(data, atTotalClaimedB),
	}, nil
}

// Put writes the position's fields over an account's PositionSize bytes and leaves the others as they are.
func (p *Position) Put(data []byte) {
	copy(data, discPosition[:])
	copy(data[atPositionPool:], p.Pool[:])
	copy(data[atPositionNFT:], p.NFTMint[:])
	putU256(data, atCheckpointA, p.FeeACheckpoint)
	putU256(data, atCheckpointB, p.FeeBCheckpoint)
	putU64(data, atPendingA, p.FeeAPending)
	putU64(data, atPendingB, p.FeeBPending)
	putU128(data, atUnlocked, p.Unlocked)
	putU128(data, atVested, p.Vested)
	putU128(data, atPermanent, p.Permanent)
	putU64(data, atTotalClaimedA, p.TotalClaimedA)
	putU64(data, atTotalClaimedB, p.TotalClaimedB)
}

// Encode gives the account's bytes with zeros in all fields that Position does not hold.
func (p *Position) Encode() []byte {
	data := make([]byte, PositionSize)
	p.Put(data)
	return data
}

// DecodePool reads a pool account. Whether it belongs to cp-amm the caller checks by its owner. Errors: ErrLength,
// ErrDiscriminator.
func DecodePool(data []byte) (Pool, error) {
	if err := checkAccount(data, PoolSize, discPool); err != nil {
		return Pool{}, fmt.Errorf("decode pool: %w", err)
	}
	return Pool{
		TokenAMint: key(data, atTokenAMint), TokenBMint: key(data, atTokenBMint),
		TokenAVault: key(data, atTokenAVault), TokenBVault: key(data, atTokenBVault),
		Liquidity: u128(data, atLiquidity), SqrtPrice: u128(data, atSqrtPrice),
		CollectFeeMode:   CollectFeeMode(data[atCollectFeeMode]),
		FeeAPerLiquidity: u256(data, atFeeAPerLiquid), FeeBPerLiquidity: u256(data, atFeeBPerLiquid),
		Creator: key(data, atPoolCreator),
	}, nil
}

// Put writes the pool's fields over an account's PoolSize bytes and leaves the others as they are.
func (p *Pool) Put(data []byte) {
	copy(data, discPool[:])
	copy(data[atTokenAMint:], p.TokenAMint[:])
	copy(data[atTokenBMint:], p.TokenBMint[:])
	copy(data[atTokenAVault:], p.TokenAVault[:])
	copy(data[atTokenBVault:], p.TokenBVault[:])
	putU128(data, atLiquidity, p.Liquidity)
	putU128(data, atSqrtPrice, p.SqrtPrice)
	data[atCollectFeeMode] = uint8(p.CollectFeeMode)
	putU256(data, atFeeAPerLiquid, p.FeeAPerLiquidity)
	putU256(data, atFeeBPerLiquid, p.FeeBPerLiquidity)
	copy(data[atPoolCreator:], p.Creator[:])
}

// Encode gives the account's bytes with zeros in all fields that Pool does not hold.
func (p *Pool) Encode() []byte {
	data := make([]byte, PoolSize)
	p.Put(data)
	return data
}

// PositionAddress is the position of an NFT mint.
func PositionAddress(nftMint solana.PublicKey) (solana.PublicKey, error) {
	return derive(positionPDASeed, nftMint)
}

// PositionNFTAccount is the token account that holds a position's NFT when the pool creates it.
func PositionNFTAccount(nftMint solana.PublicKey) (solana.PublicKey, error) {
	return derive(positionNFTSeed, nftMint)
}

func derive(seed string, nftMint solana.PublicKey) (solana.PublicKey, error) {
	address, _, err := solana.FindProgramAddress([][]byte{[]byte(seed), nftMint[:]}, CPAMMProgram)
	if err != nil {
		return solana.PublicKey{}, fmt.Errorf("derive %s of mint %s: %w", seed, nftMint, err)
	}
	return address, nil
}

func checkAccount(data []byte, size int, want [sizeDiscriminator]byte) error {
	if len(data) != size {
		return fmt.Errorf("%w: %d bytes, want %d", ErrLength, len(data), size)
	}
	if tag := [sizeDiscriminator]byte(data[:sizeDiscriminator]); tag != want {
		return fmt.Errorf("%w: %x, want %x", ErrDiscriminator, tag, want)
	}
	return nil
}

func key(data []byte, at int) (k solana.PublicKey) {
	copy(k[:], data[at:])
	return k
}
