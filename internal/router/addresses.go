package router

import (
	"fmt"

	"github.com/gagliardetto/solana-go"
)

// Known deployments of the Fee Router (CHAIN.md §1). Which one a vault uses is a setting.
var (
	ProgramDevnet   = solana.MustPublicKeyFromBase58("6LHfK4a941ABKnyCfyhUiGhVdQR6z7q8Xnb8uxVb3Zfc")
	ProgramLocalnet = solana.MustPublicKeyFromBase58("Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS")
)

const (
	seedPolicy        = "policy"
	seedProgress      = "progress"
	seedVault         = "vault"
	seedPositionOwner = "investor_fee_pos_owner"
)

// Addresses are the accounts that follow from a vault, its quote mint and its creator (CHAIN.md §1, rows C01–C03).
type Addresses struct {
	Policy        solana.PublicKey
	Progress      solana.PublicKey
	PositionOwner solana.PublicKey
	Treasury      solana.PublicKey // Token account of PositionOwner for the quote mint.
	Creator       solana.PublicKey // Token account of the creator's wallet for the quote mint.

	PolicyBump        uint8
	ProgressBump      uint8
	PositionOwnerBump uint8
	TreasuryBump      uint8
	CreatorBump       uint8
}

// Derive finds all addresses of a vault. It fails only when no valid program address exists for a seed, which no real
// key has ever shown.
func Derive(program, vault, quoteMint, creatorWallet solana.PublicKey) (Addresses, error) {
	var a Addresses
	var err error
	if a.Policy, a.PolicyBump, err = find(program, []byte(seedPolicy), vault[:]); err != nil {
		return Addresses{}, fmt.Errorf("derive policy of vault %s: %w", vault, err)
	}
	if a.Progress, a.ProgressBump, err = find(program, []byte(seedProgress), vault[:]); err != nil {
		return Addresses{}, fmt.Errorf("derive progress of vault %s: %w", vault, err)
	}
	a.PositionOwner, a.PositionOwnerBump, err = find(program, []byte(seedVault), vault[:], []byte(seedPositionOwner))
	if err != nil {
		return Addresses{}, fmt.Errorf("derive position owner of vault %s: %w", vault, err)
	}
	if a.Treasury, a.TreasuryBump, err = findATA(a.PositionOwner, quoteMint, solana.TokenProgramID); err != nil {
		return Addresses{}, fmt.Errorf("derive treasury of vault %s: %w", vault, err)
	}
	if a.Creator, a.CreatorBump, err = findATA(creatorWallet, quoteMint, solana.TokenProgramID); err != nil {
		return Addresses{}, fmt.Errorf("derive creator account of vault %s: %w", vault, err)
	}
	return a, nil
}

// ATA is the associated token account of a wallet, which may itself be a program address. The token program is part of
// the seeds: a Token-2022 mint has another address than an SPL Token mint.
func ATA(wallet, mint, tokenProgram solana.PublicKey) (solana.PublicKey, error) {
	key, _, err := findATA(wallet, mint, tokenProgram)
	if err != nil {
		return solana.PublicKey{}, fmt.Errorf("derive token account of %s for mint %s: %w", wallet, mint, err)
	}
	return key, nil
}

func findATA(wallet, mint, tokenProgram solana.PublicKey) (solana.PublicKey, uint8, error) {
	return find(solana.SPLAssociatedTokenAccountProgramID, wallet[:], tokenProgram[:], mint[:])
}

func find(program solana.PublicKey, seeds ...[]byte) (solana.PublicKey, uint8, error) {
	return solana.FindProgramAddress(seeds, program)
}
