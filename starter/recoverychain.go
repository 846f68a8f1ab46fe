package main

import (
	"fmt"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
)

// recoveryDay is a vault's day in the books, beside what the chain moved while it was paid.
type recoveryDay struct {
	Vault        string        `json:"vault"`
	Day          domain.Day    `json:"day"`
	Paid         domain.Amount `json:"paid"`
	Creator      domain.Amount `json:"creator"`
	ChainPaid    domain.Amount `json:"chain_paid"`
	ChainCreator domain.Amount `json:"chain_creator"`
}

// balances are what the chain holds for the investors and the creator of each vault.
type balances struct{ investors, creator uint64 }

func (r *recoveryRig) balances() map[string]balances {
	b := r.chain.node.Bank()
	held := func(key solana.PublicKey) uint64 {
		account, there := b.Account(key, bank.Processed)
		if !there {
			return 0
		}
		token, _ := programs.DecodeTokenAccount(&account)
		return token.Amount
	}
	out := map[string]balances{}
	for _, v := range r.chain.vaults {
		one := balances{creator: held(v.Addresses.Creator)}
		for _, i := range v.Investors {
			one.investors += held(i.ATA)
		}
		out[v.ID] = one
	}
	return out
}

// note remembers what the chain moved for each vault since then, under the day that it has just closed.
func (r *recoveryRig) note(before map[string]balances) error {
	after := r.balances()
	for i := range r.chain.vaults {
		v := &r.chain.vaults[i]
		p, err := v.Progress(r.chain.node.Bank(), bank.Processed)
		if err != nil {
			return fmt.Errorf("vault %s: its progress: %w", v.ID, err)
		}
		r.days = append(r.days, recoveryDay{
			Vault: v.ID, Day: domain.DayOf(p.LastDistributionTS),
			ChainPaid: domain.Amount(after[v.ID].investors - before[v.ID].investors), ChainCreator: domain.Amount(after[v.ID].creator - before[v.ID].creator),
		})
	}
	return nil
}
