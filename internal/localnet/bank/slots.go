package bank

import (
	"crypto/sha256"
	"encoding/binary"
	"sort"
	"time"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank/vm"
)

// slotsPerEpoch is mainnet's; the local chain starts in epoch 0.
const slotsPerEpoch = 432_000

// block is one produced slot. Slots that a rollback dropped leave a gap between parent and slot, so a
// block's height is less than its slot from then on.
type block struct {
	slot, parent, height uint64
	hash                 solana.Hash
	clock                time.Time
	touched              []solana.PublicKey // until finalized
	records              []*Record
}

func (b *Bank) tip() *block { return &b.blocks[len(b.blocks)-1] }

// byHeight returns the block of a height, or the oldest one that is kept.
func (b *Bank) byHeight(height uint64) *block {
	first := b.blocks[0].height
	return &b.blocks[max(height, first)-first]
}

// at returns the block that a commitment reads.
func (b *Bank) at(c Commitment) *block {
	depth := uint64(0)
	switch c {
	case Confirmed:
		depth = 1
	case Finalized:
		depth = finalizedDepth
	}
	tip := b.tip().height
	return b.byHeight(max(tip-min(depth, tip), b.root)) // A root never moves back.
}

// open appends an empty block and finalizes what has become old enough.
func (b *Bank) open(clock time.Time) *block {
	parent := b.tip()
	b.lastSlot++
	next := block{slot: b.lastSlot, parent: parent.slot, height: parent.height + 1, clock: clock.Add(b.step + b.advance)}
	b.advance = 0
	buf := append([]byte("block"), parent.hash[:]...)
	buf = binary.LittleEndian.AppendUint64(buf, next.slot)
	next.hash = sha256.Sum256(binary.LittleEndian.AppendUint64(buf, b.seed))
	b.blocks = append(b.blocks, next)
	tip := b.tip()
	b.write(tip, solana.SysVarClockPubkey, clockAccount(*tip))
	b.hashes[tip.hash] = tip.height
	if tip.height >= finalizedDepth && tip.height-finalizedDepth > b.root {
		b.finalize(tip.height - finalizedDepth)
	}
	return tip
}

// write stores an account version that transactions of the block made.
func (b *Bank) write(at *block, key solana.PublicKey, account *vm.Account) {
	b.accounts.put(key, at.slot, account)
	at.touched = append(at.touched, key)
}

// finalize moves the root and drops what nobody can ask for any more.
func (b *Bank) finalize(height uint64) {
	for b.root < height {
		b.root++
		rooted := b.byHeight(b.root)
		for _, key := range rooted.touched {
			b.accounts.prune(key, rooted.slot)
		}
		rooted.touched = nil
	}
	if old := b.root; old > 2*hashAge {
		expired := b.byHeight(old - 2*hashAge)
		delete(b.hashes, expired.hash)
		for _, r := range expired.records {
			delete(b.seen, r.hash)
		}
		expired.records = nil // They stay findable by signature and address.
	}
	if len(b.blocks) > keptBlocks+keptBlocks/8 {
		b.blocks = append([]block(nil), b.blocks[len(b.blocks)-keptBlocks:]...)
	}
}

// clockAccount is the Clock sysvar as of a block.
func clockAccount(at block) *vm.Account {
	data := binary.LittleEndian.AppendUint64(make([]byte, 0, 40), at.slot)
	epoch := at.slot / slotsPerEpoch
	data = binary.LittleEndian.AppendUint64(data, uint64(at.clock.Unix())) // Epoch start; nothing here reads it.
	data = binary.LittleEndian.AppendUint64(data, epoch)
	data = binary.LittleEndian.AppendUint64(data, epoch+1)
	data = binary.LittleEndian.AppendUint64(data, uint64(at.clock.Unix()))
	return &vm.Account{Lamports: vm.MinimumRent(40), Data: data, Owner: sysvarOwner}
}

// Slot is the slot of the newest block at a commitment.
func (b *Bank) Slot(c Commitment) uint64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.at(c).slot
}

// BlockHeight counts the blocks below the newest one; slots that a rollback dropped are not counted.
func (b *Bank) BlockHeight(c Commitment) uint64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.at(c).height
}

// AdvanceClock moves the next slot's clock by d, which may be negative.
func (b *Bank) AdvanceClock(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance += d
}

// UnixTime is Clock.unix_timestamp in seconds.
func (b *Bank) UnixTime(c Commitment) int64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.at(c).clock.Unix()
}

// BlockTime is the clock of a slot in seconds; false for a slot without a block and for one long gone.
func (b *Bank) BlockTime(slot uint64) (int64, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	i := sort.Search(len(b.blocks), func(i int) bool { return b.blocks[i].slot >= slot })
	if i == len(b.blocks) || b.blocks[i].slot != slot {
		return 0, false
	}
	return b.blocks[i].clock.Unix(), true
}

// LatestBlockhash returns the newest blockhash at a commitment and the last block height at which a
// transaction with it can land.
func (b *Bank) LatestBlockhash(c Commitment) (hash solana.Hash, lastValidBlockHeight uint64) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	at := b.at(c)
	return at.hash, at.height + hashAge
}

// IsBlockhashValid says whether the block at a commitment knows the hash and still accepts it.
func (b *Bank) IsBlockhashValid(h solana.Hash, c Commitment) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.hashAlive(h, b.at(c).height)
}

// hashAlive is the age rule for a block of the given height.
func (b *Bank) hashAlive(h solana.Hash, height uint64) bool {
	born, ok := b.hashes[h]
	return ok && born <= height && height-born <= hashAge
}
