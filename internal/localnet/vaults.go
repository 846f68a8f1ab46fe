package localnet

import (
	"fmt"
	"time"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/scenario"
)

// daySeconds is the router's day (CHAIN.md §1).
const daySeconds = 86_400

// vaultState is a vault and up to when its daily fees have come in. The list of them is guarded by the chain's lock.
type vaultState struct {
	Vault
	accruedTo int64
}

// AddVault builds a vault with all its accounts; clients see it at once at every commitment.
func (n *Node) AddVault(spec VaultSpec) (Vault, error) {
	var vault Vault
	var err error
	n.chain.Write(func(b *bank.Bank) {
		for _, v := range n.vaults {
			if v.ID == spec.ID {
				err = fmt.Errorf("vault %q exists already: ids must differ", spec.ID)
				return
			}
		}
		if vault, err = scenario.Build(b, n.options.Seed, spec); err == nil {
			n.vaults = append(n.vaults, &vaultState{vault, b.UnixTime(bank.Processed)})
		}
	})
	if err != nil {
		return Vault{}, fmt.Errorf("add vault: %w", err)
	}
	return vault, nil
}

// Vaults lists what AddVault built, in that order.
func (n *Node) Vaults() []Vault {
	var out []Vault
	n.chain.Write(func(*bank.Bank) {
		for _, v := range n.vaults {
			out = append(out, v.Vault)
		}
	})
	return out
}

// AccrueFees lets the vault's position earn fees, in base units of the quote and the base mint.
func (n *Node) AccrueFees(vaultID string, quote, base uint64) error {
	err := fmt.Errorf("accrue fees: no vault %q", vaultID)
	n.chain.Write(func(b *bank.Bank) {
		for _, v := range n.vaults {
			if v.ID == vaultID {
				err = v.Accrue(b, quote, base)
			}
		}
	})
	return err
}

// accrueDue pays in a day's fees for every due time between the last look and the chain clock d from now. It runs under
// the chain's lock, before the slot in which the vault may open its day.
func (n *Node) accrueDue(b *bank.Bank, d time.Duration) {
	now := b.UnixTime(bank.Processed) + int64((d+time.Second-1)/time.Second)
	for _, v := range n.vaults {
		days := v.daysUntil(b, now)
		for range days {
			if err := v.Accrue(b, v.DailyFees, 0); err != nil {
				n.options.Logger.Error("daily fees did not accrue", "vault", v.ID, "error", err)
			}
		}
	}
}

// maxAccruedDays bounds what a clock that jumps by years lets come in.
const maxAccruedDays = 32

// daysUntil counts the due times that were crossed since the last look and remembers this one.
func (v *vaultState) daysUntil(b *bank.Bank, now int64) int64 {
	progress, err := v.Progress(b, bank.Processed)
	if err != nil || now <= v.accruedTo {
		return 0
	}
	last, before := progress.LastDistributionTS, v.accruedTo
	v.accruedTo = now
	if last == 0 {
		return 0 // The first day's fees are there from the start.
	}
	crossed := max(now-last, 0)/daySeconds - max(before-last, 0)/daySeconds
	return min(max(crossed, 0), maxAccruedDays)
}
