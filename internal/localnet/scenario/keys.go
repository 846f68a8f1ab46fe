// Package scenario builds vaults on the local chain: every account the fee router, its clients and its checks look at,
// from one seed, so that the same options give the same addresses and amounts.
package scenario

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"

	"github.com/gagliardetto/solana-go"
)

// source derives keys and numbers from a chain's seed and a name.
type source [sha256.Size]byte

func newSource(seed uint64, name string) source {
	return sha256.Sum256(append(binary.LittleEndian.AppendUint64([]byte("feeops localnet "), seed), name...))
}

// within is a source for one thing among others of the same name.
func (s source) within(name string, index int) source {
	return sha256.Sum256(append(binary.LittleEndian.AppendUint64(s[:], uint64(index)), name...))
}

// keypair is a real one: nothing on the local chain is worth stealing.
func (s source) keypair(name string) solana.PrivateKey {
	seed := s.within(name, 0)
	return solana.PrivateKey(ed25519.NewKeyFromSeed(seed[:]))
}

func (s source) address(name string) solana.PublicKey { return s.keypair(name).PublicKey() }

func (s source) numbers(name string) *rand.Rand { return rand.New(rand.NewChaCha8(s.within(name, 0))) }

// Faucet is the funded account that pays airdrops on the chain of a seed.
func Faucet(seed uint64) solana.PrivateKey { return newSource(seed, "faucet").keypair("wallet") }

// QuoteMint is the one mint with which all vaults of a chain pay, as USDC is on a real one.
func QuoteMint(seed uint64) solana.PublicKey { return newSource(seed, "quote").address("mint") }

// ForeignCrank is a stranger who turns pages when the fault of that name asks for it.
func ForeignCrank(seed uint64) solana.PrivateKey {
	return newSource(seed, "stranger").keypair("wallet")
}
