package routerprog

import (
	"fmt"
	"sync"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/router"
)

// vaultKey is what a vault's addresses follow from.
type vaultKey struct{ program, vault, quote, creator solana.PublicKey }

// vaultAddresses are the program's addresses and the local day account.
type vaultAddresses struct {
	router.Addresses
	day solana.PublicKey
}

type tokenKey struct{ wallet, mint solana.PublicKey }

// derivations remembers derived addresses: finding one costs several hashes and curve checks, and a page
// needs one per investor. It holds pure results only, so concurrent simulations may share it.
type derivations struct {
	mu     sync.Mutex
	vaults map[vaultKey]vaultAddresses
	tokens map[tokenKey]solana.PublicKey
}

func newDerivations() *derivations {
	return &derivations{vaults: map[vaultKey]vaultAddresses{}, tokens: map[tokenKey]solana.PublicKey{}}
}

func (d *derivations) vault(k vaultKey) (vaultAddresses, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if a, ok := d.vaults[k]; ok {
		return a, nil
	}
	addresses, err := router.Derive(k.program, k.vault, k.quote, k.creator)
	if err != nil {
		return vaultAddresses{}, err
	}
	day, err := DayAddress(k.program, k.vault)
	if err != nil {
		return vaultAddresses{}, err
	}
	a := vaultAddresses{addresses, day}
	d.vaults[k] = a
	return a, nil
}

func (d *derivations) ata(wallet, mint solana.PublicKey) (solana.PublicKey, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k := tokenKey{wallet, mint}
	if a, ok := d.tokens[k]; ok {
		return a, nil
	}
	a, err := router.ATA(wallet, mint, solana.TokenProgramID)
	if err != nil {
		return solana.PublicKey{}, err
	}
	d.tokens[k] = a
	return a, nil
}

// DayAddress is where the local router keeps the list of a reference day. The real program has no such
// account; it stands for whatever would hold the registered list on chain.
func DayAddress(program, vault solana.PublicKey) (solana.PublicKey, error) {
	key, _, err := solana.FindProgramAddress([][]byte{[]byte("day"), vault[:]}, program)
	if err != nil {
		return solana.PublicKey{}, fmt.Errorf("derive day account of vault %s: %w", vault, err)
	}
	return key, nil
}
