package bank

import (
	"bytes"
	"slices"
	"sync"

	"github.com/gagliardetto/solana-go"
)

// ownerIndex holds the keys of which some kept version belongs to one owner. Sorting waits for the first
// reader after a change, because thousands of accounts are created before anybody lists them.
type ownerIndex struct {
	count map[solana.PublicKey]int // versions with this owner

	mu     sync.Mutex // readers share the bank's read lock, so sorting needs its own
	sorted []solana.PublicKey
	stale  bool
}

func (o *ownerIndex) add(key solana.PublicKey) {
	o.count[key]++
	if o.count[key] == 1 {
		o.stale = true
	}
}

func (o *ownerIndex) remove(key solana.PublicKey) {
	o.count[key]--
	if o.count[key] == 0 {
		delete(o.count, key)
		o.stale = true
	}
}

// keys returns the keys in order. The slice is shared and read-only.
func (o *ownerIndex) keys() []solana.PublicKey {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stale {
		sorted := make([]solana.PublicKey, 0, len(o.count))
		for key := range o.count {
			sorted = append(sorted, key)
		}
		slices.SortFunc(sorted, func(a, b solana.PublicKey) int { return bytes.Compare(a[:], b[:]) })
		o.sorted, o.stale = sorted, false
	}
	return o.sorted
}
