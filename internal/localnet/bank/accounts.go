package bank

import (
	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

// version is an account as of a slot; a nil account means that it was deleted there.
type version struct {
	slot    uint64
	account *vm.Account
}

// accounts keeps, per key, the versions since the finalized root, oldest first. Versions are shared and
// never changed, so a slot costs only what its transactions touched.
type accounts struct {
	versions map[solana.PublicKey][]version
	owners   map[solana.PublicKey]*ownerIndex
}

func newAccounts() *accounts {
	return &accounts{versions: map[solana.PublicKey][]version{}, owners: map[solana.PublicKey]*ownerIndex{}}
}

// at returns the account as of a slot, or nil.
func (a *accounts) at(key solana.PublicKey, slot uint64) *vm.Account {
	list := a.versions[key]
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].slot <= slot {
			return list[i].account
		}
	}
	return nil
}

// put adds the version of a slot that is at or above every earlier one.
func (a *accounts) put(key solana.PublicKey, slot uint64, account *vm.Account) {
	list := a.versions[key]
	a.link(key, account)
	if n := len(list); n > 0 && list[n-1].slot == slot {
		a.unlink(key, list[n-1].account)
		list[n-1].account = account
		return
	}
	a.versions[key] = append(list, version{slot, account})
}

// replace drops every version: the write holds at each commitment and survives a rollback.
func (a *accounts) replace(key solana.PublicKey, account *vm.Account) {
	for _, v := range a.versions[key] {
		a.unlink(key, v.account)
	}
	delete(a.versions, key)
	if account != nil {
		a.versions[key] = []version{{0, account}}
		a.link(key, account)
	}
}

// prune forgets what no commitment can read any more once root is finalized.
func (a *accounts) prune(key solana.PublicKey, root uint64) {
	list, keep := a.versions[key], 0
	for keep+1 < len(list) && list[keep+1].slot <= root {
		a.unlink(key, list[keep].account)
		keep++
	}
	if keep > 0 {
		list = append([]version(nil), list[keep:]...)
		a.versions[key] = list
	}
	if len(list) == 1 && list[0].account == nil && list[0].slot <= root {
		delete(a.versions, key)
	}
}

// drop removes the versions of the slots from first on.
func (a *accounts) drop(key solana.PublicKey, first uint64) {
	list := a.versions[key]
	n := len(list)
	for n > 0 && list[n-1].slot >= first {
		a.unlink(key, list[n-1].account)
		n--
	}
	if n == 0 {
		delete(a.versions, key)
		return
	}
	a.versions[key] = list[:n:n]
}

func (a *accounts) link(key solana.PublicKey, account *vm.Account) {
	if account == nil {
		return
	}
	index := a.owners[account.Owner]
	if index == nil {
		index = &ownerIndex{count: map[solana.PublicKey]int{}}
		a.owners[account.Owner] = index
	}
	index.add(key)
}

func (a *accounts) unlink(key solana.PublicKey, account *vm.Account) {
	if account != nil {
		a.owners[account.Owner].remove(key)
	}
}
