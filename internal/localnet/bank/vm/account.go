// Package vm runs one transaction's instructions against a set of accounts, as a validator's runtime does:
// invoke frames, privileges, compute meter, logs and inner instructions. It knows no slots and no queue.
package vm

import "github.com/gagliardetto/solana-go"

// Account is one version of an account. A value handed out by the bank is shared: whoever wants to
// change it clones it first, otherwise older slots would change with it.
type Account struct {
	Lamports   uint64
	Data       []byte
	Owner      solana.PublicKey
	Executable bool
	RentEpoch  uint64
}

// Clone returns a deep copy.
func (a *Account) Clone() *Account {
	c := *a
	c.Data = append([]byte(nil), a.Data...)
	return &c
}

// State is the working copy that one transaction sees. Nothing of it reaches the ledger unless the
// caller commits Changed, so dropping a State is the whole of a transaction's rollback.
type State struct {
	base func(solana.PublicKey) *Account
	work map[solana.PublicKey]*Account
}

// NewState reads through base, which returns nil for an account that does not exist.
func NewState(base func(solana.PublicKey) *Account) *State {
	return &State{base: base, work: map[solana.PublicKey]*Account{}}
}

// Read returns the account for reading only, or nil when it does not exist.
func (s *State) Read(key solana.PublicKey) *Account {
	if a, ok := s.work[key]; ok {
		return a
	}
	return s.base(key)
}

// Mut returns an account that may be changed. A missing one becomes an empty system account.
func (s *State) Mut(key solana.PublicKey) *Account {
	if a, ok := s.work[key]; ok {
		return a
	}
	a := &Account{}
	if old := s.base(key); old != nil {
		a = old.Clone()
	}
	s.work[key] = a
	return a
}

// Changed returns the working copies that Mut handed out. An account without lamports is gone: the
// runtime deletes it, data and all.
func (s *State) Changed() map[solana.PublicKey]*Account { return s.work }

// MinimumRent is the rent-exempt balance in lamports of an account with dataLen bytes: two years at
// 3480 lamports per byte-year, with 128 bytes of overhead.
func MinimumRent(dataLen int) uint64 { return (128 + uint64(dataLen)) * 6960 }
