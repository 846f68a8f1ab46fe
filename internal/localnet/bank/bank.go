// Package bank is the in-memory ledger of the local chain: accounts, transactions, slots and programs. It
// has no network, no goroutines and no wall clock: whoever owns it calls ProduceSlot. All methods are safe
// for concurrent use. It is a tool for demo, development and tests (CHAIN.md §5).
package bank

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/routerprog"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

const (
	defaultSlot = 400 * time.Millisecond
	// finalizedDepth is how many blocks lie between the tip and the root.
	finalizedDepth = 32
	// hashAge is for how many blocks after its own a blockhash is accepted.
	hashAge = 150
	// keptBlocks is how far back block times are known: two days of 400 ms slots, as on a real node.
	keptBlocks = 432_000
)

// Bank is one chain.
type Bank struct {
	mu       sync.RWMutex
	seed     uint64
	step     time.Duration
	advance  time.Duration // AdvanceClock's share of the next slot
	blocks   []block       // consecutive heights
	lastSlot uint64        // never falls, not even by a rollback
	root     uint64        // height of the finalized block

	accounts *accounts
	queue    queue
	hashes   map[solana.Hash]uint64 // blockhash → height, recent ones
	landed   map[solana.Signature]*Record
	seen     map[solana.Hash]struct{} // message hashes of transactions whose blockhash may be alive
	byKey    map[solana.PublicKey][]*Record

	programs map[solana.PublicKey]vm.Program
	vaults   *routerprog.Registry
}

// New returns a chain that stands at slot 0.
func New(o Options) *Bank {
	if o.SlotDuration <= 0 {
		o.SlotDuration = defaultSlot
	}
	b := &Bank{
		seed: o.Seed, step: o.SlotDuration, accounts: newAccounts(),
		hashes: map[solana.Hash]uint64{}, landed: map[solana.Signature]*Record{}, seen: map[solana.Hash]struct{}{},
		byKey: map[solana.PublicKey][]*Record{}, vaults: routerprog.NewRegistry(),
	}
	b.queue.init()
	b.install(o.Programs)
	first := block{clock: o.GenesisTime, hash: b.derive("block", 0)}
	b.blocks = []block{first}
	b.hashes[first.hash] = 0
	b.accounts.put(solana.SysVarClockPubkey, 0, clockAccount(first))
	return b
}

// derive gives the seed's own pseudo-random values. Nothing of them is secret.
func (b *Bank) derive(label string, n uint64) solana.Hash {
	buf := binary.LittleEndian.AppendUint64([]byte("feeops localnet "+label), b.seed)
	return sha256.Sum256(binary.LittleEndian.AppendUint64(buf, n))
}

// Genesis is the genesis hash of the chain.
func (b *Bank) Genesis() solana.Hash { return b.derive("genesis", 0) }

// Identity is the public key of the only node.
func (b *Bank) Identity() solana.PublicKey { return solana.PublicKey(b.derive("identity", 0)) }

// MinimumRent is the rent-exempt balance in lamports of an account with dataLen bytes.
func (b *Bank) MinimumRent(dataLen int) uint64 { return vm.MinimumRent(dataLen) }

// RegisterVault sets the vault's registered list of streams, which a real program would keep on chain.
// A changed list counts from the next opening of a day on.
func (b *Bank) RegisterVault(spec VaultSpec) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.vaults.Set(spec)
}

// Vaults returns the registered vaults in order of registration.
func (b *Bank) Vaults() []VaultSpec {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.vaults.All()
}

// Account reads an account. The data is shared: do not change it.
func (b *Bank) Account(key solana.PublicKey, c Commitment) (Account, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if a := b.accounts.at(key, b.at(c).slot); a != nil {
		return *a, true
	}
	return Account{}, false
}

// ProgramAccounts lists the accounts of an owner, sorted by key.
func (b *Bank) ProgramAccounts(owner solana.PublicKey, c Commitment) []KeyedAccount {
	b.mu.RLock()
	defer b.mu.RUnlock()
	index, slot := b.accounts.owners[owner], b.at(c).slot
	if index == nil {
		return nil
	}
	keys := index.keys()
	list := make([]KeyedAccount, 0, len(keys))
	for _, key := range keys {
		if a := b.accounts.at(key, slot); a != nil && a.Owner == owner {
			list = append(list, KeyedAccount{key, *a})
		}
	}
	return list
}

// SetAccount writes an account outside any transaction. It is visible at every commitment at once and
// survives a rollback.
func (b *Bank) SetAccount(key solana.PublicKey, a Account) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accounts.replace(key, a.Clone())
}

// DeleteAccount removes an account at every commitment.
func (b *Bank) DeleteAccount(key solana.PublicKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accounts.replace(key, nil)
}

// Rollback drops the newest blocks above the root, as a fork switch does: their transactions are
// forgotten as if never seen and the accounts are restored. The new fork starts with an empty block in the
// next slot, so slot numbers and the clock go on; block heights fall.
func (b *Bank) Rollback(slots uint64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	tip := b.tip()
	if slots > tip.height-b.root {
		return fmt.Errorf("roll back %d slots from slot %d: only %d lie above the finalized one; roll back at most that many",
			slots, tip.slot, tip.height-b.root)
	}
	for ; slots > 0; slots-- {
		b.pop()
	}
	b.open(tip.clock)
	return nil
}

// pop removes the newest block and all that it did.
func (b *Bank) pop() {
	last := b.tip()
	b.blocks = b.blocks[:len(b.blocks)-1]
	delete(b.hashes, last.hash)
	for _, key := range last.touched {
		b.accounts.drop(key, last.slot)
	}
	for i := len(last.records) - 1; i >= 0; i-- {
		r := last.records[i]
		delete(b.landed, r.Signature)
		delete(b.seen, r.hash)
		for _, key := range r.Keys {
			b.byKey[key] = b.byKey[key][:len(b.byKey[key])-1]
		}
	}
}
