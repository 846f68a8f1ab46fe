package signer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// Vault is a vault of the settings with the accounts that a page of it must name.
type Vault struct {
	Program   solana.PublicKey
	Address   solana.PublicKey
	Position  solana.PublicKey
	CPAMM     solana.PublicKey
	QuoteMint solana.PublicKey
	Creator   solana.PublicKey // The creator's wallet.
	Accounts  router.Addresses
}

// place names a vault: two programs may know the same address.
type place struct{ program, vault solana.PublicKey }

// vaultRules are a vault's fixed accounts in the program's order, and those that may not stand among the investors'.
type vaultRules struct {
	fixed  []solana.PublicKey
	closed []solana.PublicKey
}

func (v Vault) rules(crank solana.PublicKey) vaultRules {
	call := router.DistributeFees{
		Program: v.Program, Crank: crank, Vault: v.Address, HonoraryPosition: v.Position, CPAMMProgram: v.CPAMM, Addresses: v.Accounts, PageSize: 1,
	}
	var fixed []solana.PublicKey
	for _, meta := range call.Instruction().Accounts() {
		fixed = append(fixed, meta.PublicKey)
	}
	return vaultRules{fixed: fixed, closed: []solana.PublicKey{crank, v.Accounts.Policy, v.Accounts.Progress, v.Accounts.PositionOwner, v.Accounts.Treasury, v.Position}}
}

// routerCall lets only a guarded page of a known vault through: without a cursor a late landing pays a page twice (row
// X14), and another vault's accounts are somebody else's money.
func (p *Policy) routerCall(c call) error {
	args, err := router.DecodeInstruction(c.data)
	if err != nil {
		return err
	}
	page, ok := args.(router.DistributeFeesArgs)
	switch {
	case !ok:
		return errors.New("only distribute_fees is allowed")
	case page.Cursor == nil:
		return errors.New("distribute_fees without a cursor could pay a page twice")
	case page.PageSize == 0 || page.PageSize > router.MaxPageSize:
		return fmt.Errorf("page size %d is outside 1 to %d", page.PageSize, router.MaxPageSize)
	case len(c.accounts) < router.FixedAccounts:
		return fmt.Errorf("%d accounts, and distribute_fees has at least %d", len(c.accounts), router.FixedAccounts)
	case c.accounts[router.AccountCrank] != p.PublicKey():
		return errors.New("the crank is not this key")
	}
	rules, known := p.vaults[place{c.program, c.accounts[router.AccountVault]}]
	if !known {
		return fmt.Errorf("%s is no vault that this key pays for", c.accounts[router.AccountVault])
	}
	for i, want := range rules.fixed {
		if c.accounts[i] != want {
			return fmt.Errorf("account %d is %s, and the vault's is %s", i, c.accounts[i], want)
		}
	}
	rest := c.accounts[router.FixedAccounts:]
	if len(rest) > 2*router.MaxPageSize {
		return fmt.Errorf("%d accounts of investors, and a page has at most %d", len(rest), 2*router.MaxPageSize)
	}
	for _, key := range rest {
		if slices.Contains(rules.closed, key) {
			return fmt.Errorf("%s stands among the investors' accounts", key)
		}
	}
	return nil
}

// Plans tells whom the stored plans name.
type Plans interface {
	// Unnamed gives those wallets that no plan of a vault with the quote mint names.
	Unnamed(ctx context.Context, mint solana.PublicKey, wallets []solana.PublicKey) ([]solana.PublicKey, error)
}

// Positions of the accounts of the associated token program's create instructions.
const (
	ataPayer = iota
	ataAccount
	ataWallet
	ataMint
	ataSystem
	ataToken
	ataAccounts
)

// accountCall lets through the making of token accounts for a vault's mint: create (no data or 0) and create idempotent
// (1). Whoever gets an account can close it and keep its rent, so the wallets are held against the plans. Recovering
// nested accounts moves tokens.
func (p *Policy) accountCall(c call, seen *tally) error {
	if len(c.data) > 1 || (len(c.data) == 1 && c.data[0] > 1) {
		return errors.New("of the associated token program only the creation of accounts is allowed")
	}
	if len(c.accounts) != ataAccounts {
		return fmt.Errorf("creating a token account takes %d accounts, not %d", ataAccounts, len(c.accounts))
	}
	mint, wallet := c.accounts[ataMint], c.accounts[ataWallet]
	creators, known := p.mints[mint]
	switch {
	case c.accounts[ataPayer] != p.PublicKey():
		return errors.New("the payer of a token account is not this key")
	case c.accounts[ataSystem] != solana.SystemProgramID || c.accounts[ataToken] != solana.TokenProgramID:
		return errors.New("the programs of a token account are not the system and the token program")
	case !known:
		return fmt.Errorf("%s is the quote mint of no vault that this key pays for", mint)
	}
	want, err := router.ATA(wallet, mint, solana.TokenProgramID)
	if err != nil {
		return err
	}
	if c.accounts[ataAccount] != want {
		return fmt.Errorf("%s is not the token account of %s", c.accounts[ataAccount], wallet)
	}
	if !creators[wallet] {
		seen.payees[mint] = append(seen.payees[mint], wallet)
	}
	return seen.budget.rentOf(tokenAccountBytes)
}

// planned holds the wallets that get a token account against the plans.
func (p *Policy) planned(ctx context.Context, payees map[solana.PublicKey][]solana.PublicKey) error {
	if p.sources.Plans == nil {
		return nil
	}
	for mint, wallets := range payees {
		unnamed, err := p.sources.Plans.Unnamed(ctx, mint, wallets)
		if err != nil {
			return fault.Newf(fault.Retry, CodeLedger, "the plans cannot be read: %w", err).WithNext("Repair the store; nothing leaves without it")
		}
		if len(unnamed) > 0 {
			return fmt.Errorf("no plan names %s, who would get a token account of mint %s", unnamed[0], mint)
		}
	}
	return nil
}
