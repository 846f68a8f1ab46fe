package monitor

import (
	"context"

	"github.com/gagliardetto/solana-go"
	"golang.org/x/sync/errgroup"

	"github.com/meteora-fee-router/feeops/internal/chain"
)

const (
	chunkKeys    = 100 // getMultipleAccounts takes no more (CHAIN.md §4).
	chunksAtOnce = 4
	// prefixBytes are enough of a program, a program's data account and a mint; a program itself may have megabytes.
	prefixBytes = 96
	// budget is how many accounts one look may read: forty requests for a thousand vaults, less some for what is learned
	// on the way. A larger fleet has a larger one, since progress and treasury are read at every look.
	budgetLeast    = 3_500
	budgetPerVault = 3
)

// chunk is one request, and so one slot. A vault's accounts always lie in one chunk.
type chunk struct {
	keys   []solana.PublicKey
	has    map[solana.PublicKey]bool
	vaults []int // Indexes of the vaults whose day it reads.
	slow   []int // And of those whose slow accounts it reads too.
	prefix uint64

	snap chain.Snapshot
	err  error
}

func newChunk(prefix uint64) *chunk {
	c := &chunk{has: map[solana.PublicKey]bool{}, prefix: prefix}
	c.add(solana.SysVarClockPubkey) // Every slot has its own time.
	return c
}

// fits says whether the keys can still be added.
func (c *chunk) fits(keys ...solana.PublicKey) bool {
	n := len(c.keys)
	for _, k := range keys {
		if !c.has[k] {
			n++
		}
	}
	return n <= chunkKeys
}

func (c *chunk) add(keys ...solana.PublicKey) {
	for _, k := range keys {
		if !c.has[k] {
			c.has[k] = true
			c.keys = append(c.keys, k)
		}
	}
}

// rotation is after how many looks every slow account has been read once.
func rotation(vaults, slow int) int {
	left := max(budgetLeast, budgetPerVault*vaults) - 2*vaults
	return max(1, (slow+left-1)/left)
}

// cut plans the requests of one look: the vaults with their turn of slow accounts, then what the fleet shares.
func (m *Monitor) cut() (vaults, shared []*chunk) {
	payers := m.payers()
	rounds := rotation(len(m.Vaults), 3*len(m.Vaults)+len(payers))
	now := m.turn % rounds
	m.turn++
	var c *chunk
	for i, v := range m.Vaults {
		keys := []solana.PublicKey{v.Progress, v.Treasury}
		slow := i%rounds == now
		if slow {
			keys = append(keys, v.Policy, v.Position)
			if pool, known := m.pools[v.Position]; known {
				keys = append(keys, pool)
			}
		}
		if c == nil || !c.fits(keys...) {
			c = newChunk(0)
			vaults = append(vaults, c)
		}
		c.add(keys...)
		c.vaults = append(c.vaults, i)
		if slow {
			c.slow = append(c.slow, i)
		}
	}
	var common []solana.PublicKey
	for i, p := range payers {
		if i%rounds == now {
			common = append(common, p)
		}
	}
	for _, v := range m.Vaults {
		if _, known := m.decimals[v.QuoteMint]; !known {
			common = append(common, v.QuoteMint)
		}
		common = append(common, v.Program)
		if data, known := m.code[v.Program]; known {
			common = append(common, data)
		}
	}
	return vaults, pack(common, prefixBytes)
}

// payers are the fee payers, each once, in the order of the vaults.
func (m *Monitor) payers() []solana.PublicKey {
	var out []solana.PublicKey
	seen := map[solana.PublicKey]bool{}
	for _, v := range m.Vaults {
		if !v.Payer.IsZero() && !seen[v.Payer] {
			seen[v.Payer] = true
			out = append(out, v.Payer)
		}
	}
	return out
}

// pack fills chunks with keys that need not lie together.
func pack(keys []solana.PublicKey, prefix uint64) []*chunk {
	var out []*chunk
	for _, k := range keys {
		last := len(out) - 1
		if last < 0 || !out[last].fits(k) {
			out = append(out, newChunk(prefix))
			last++
		}
		out[last].add(k)
	}
	return out
}

// read makes the requests, some at once. A chunk that fails says so and spoils no other.
func (m *Monitor) read(ctx context.Context, chunks ...[]*chunk) {
	var g errgroup.Group
	g.SetLimit(chunksAtOnce)
	for _, list := range chunks {
		for _, c := range list {
			g.Go(func() error {
				c.snap, c.err = m.Chain.Snapshot(ctx, c.keys, chain.ReadOptions{Head: c.prefix})
				return nil
			})
		}
	}
	_ = g.Wait() // Each chunk keeps its own error.
}

// found is an account with the slot at which it was read.
type found struct {
	chain.Account

	slot uint64
}

// gather joins what the chunks have read.
func gather(lists ...[]*chunk) map[solana.PublicKey]found {
	out := map[solana.PublicKey]found{}
	for _, list := range lists {
		for _, c := range list {
			if c.err != nil {
				continue
			}
			for k, a := range c.snap.Accounts {
				out[k] = found{a, c.snap.MaxSlot}
			}
		}
	}
	return out
}
