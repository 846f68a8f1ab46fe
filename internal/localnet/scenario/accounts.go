package scenario

import (
	"fmt"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
)

// QuoteDecimals are those of every quote mint here; BaseDecimals those of a project's token.
const (
	QuoteDecimals = 6
	BaseDecimals  = 9
)

// ledger writes accounts as genesis does.
type ledger struct{ *bank.Bank }

func (l ledger) put(key, owner solana.PublicKey, data []byte) {
	l.SetAccount(key, bank.Account{Lamports: l.MinimumRent(len(data)), Owner: owner, Data: data})
}

func (l ledger) wallet(key solana.PublicKey, lamports uint64) {
	l.SetAccount(key, bank.Account{Lamports: lamports, Owner: solana.SystemProgramID})
}

// mint creates a mint unless it exists; the authority may freeze, as USDC's issuer may.
func (l ledger) mint(key, authority solana.PublicKey, decimals uint8) {
	if _, exists := l.Account(key, bank.Processed); exists {
		return
	}
	l.put(key, solana.TokenProgramID, programs.Mint{
		Authority: &authority, FreezeAuthority: &authority, Decimals: decimals, Initialized: true,
	}.Encode())
}

// token creates a token account with a balance that is issued anew: the mint's supply stays the sum of all balances.
func (l ledger) token(key, owner, mint solana.PublicKey, amount uint64, state uint8) error {
	l.put(key, solana.TokenProgramID, programs.TokenAccount{Mint: mint, Owner: owner, State: state}.Encode())
	return l.issue(key, mint, amount)
}

// issue adds base units to a token account and to its mint's supply.
func (l ledger) issue(key, mint solana.PublicKey, amount uint64) error {
	if amount == 0 {
		return nil
	}
	held, _ := l.Account(key, bank.Processed)
	token, ok := programs.DecodeTokenAccount(&held)
	if !ok {
		return fmt.Errorf("issue tokens to %s: it is no token account", key)
	}
	minted, _ := l.Account(mint, bank.Processed)
	supply, ok := programs.DecodeMint(&minted)
	if !ok {
		return fmt.Errorf("issue tokens of mint %s: it is no mint", mint)
	}
	if token.Amount+amount < amount || supply.Supply+amount < amount {
		return fmt.Errorf("issue %d base units of mint %s: more than 64 bits hold", amount, mint)
	}
	token.Amount += amount
	supply.Supply += amount
	l.put(key, solana.TokenProgramID, token.Encode())
	l.put(mint, solana.TokenProgramID, supply.Encode())
	return nil
}
