package rpc

import (
	"math"
	"sync"

	"github.com/gagliardetto/solana-go"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// Chain puts slot production and reads in an order: a request sees exactly one slot, whatever the ticker does.
// Everything that changes the ledger while clients read goes through it.
type Chain struct {
	bank    *bank.Bank
	mu      sync.RWMutex
	history *history
	hub     *hub
}

// NewChain wraps a ledger.
func NewChain(b *bank.Bank) *Chain {
	c := &Chain{bank: b, history: newHistory(), hub: newHub()}
	c.history.record(b, nil)
	return c
}

// Bank is the ledger below.
func (c *Chain) Bank() *bank.Bank { return c.bank }

// Produce makes one slot: before runs first under the same lock, so nothing can slip between the two. Subscribers have
// been handed their notifications when it returns.
func (c *Chain) Produce(before func(*bank.Bank)) bank.SlotReport {
	c.mu.Lock()
	defer c.mu.Unlock()
	if before != nil {
		before(c.bank)
	}
	report := c.bank.ProduceSlot()
	c.history.record(c.bank, report.Executed)
	c.hub.publish(c.bank, report)
	return report
}

// Write lets f change accounts or the clock between two slots.
func (c *Chain) Write(f func(*bank.Bank)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(c.bank)
}

// Rollback drops the newest unfinalized slots, as a fork does.
func (c *Chain) Rollback(slots uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.bank.Rollback(slots); err != nil {
		return err
	}
	c.history.drop(c.bank)
	c.hub.rolledBack(c.bank)
	return nil
}

// view is the ledger as one endpoint shows it: at its tip, or some slots in the past when the endpoint is stale.
type view struct {
	bank    *bank.Bank
	history *history
	past    bool
	tip     uint64 // the newest slot shown, when past
}

// slot is the newest one of a commitment.
func (v view) slot(c bank.Commitment) uint64 {
	if !v.past {
		return v.bank.Slot(c)
	}
	behind := uint64(0)
	switch c {
	case bank.Confirmed:
		behind = 1
	case bank.Finalized:
		behind = 32
	}
	return v.history.at(v.tip - min(v.tip, behind)).slot
}

func (v view) height(c bank.Commitment) uint64 {
	if !v.past {
		return v.bank.BlockHeight(c)
	}
	return v.history.at(v.slot(c)).height
}

func (v view) account(key solana.PublicKey, c bank.Commitment) (bank.Account, bool) {
	if v.past {
		if old, changed := v.history.account(key, v.slot(c)); changed {
			return old.account, old.exists
		}
		c = bank.Processed
	}
	return v.bank.Account(key, c)
}

func (v view) programAccounts(owner solana.PublicKey, c bank.Commitment) []bank.KeyedAccount {
	if !v.past {
		return v.bank.ProgramAccounts(owner, c)
	}
	return v.history.programAccounts(v.bank, owner, v.slot(c))
}

func (v view) latestBlockhash(c bank.Commitment) (solana.Hash, uint64) {
	if !v.past {
		return v.bank.LatestBlockhash(c)
	}
	old := v.history.at(v.slot(c))
	return old.hash, old.lastValid
}

func (v view) blockhashValid(h solana.Hash, c bank.Commitment) bool {
	if v.past && !v.history.knows(h, v.slot(c)) {
		return false
	}
	return v.bank.IsBlockhashValid(h, c)
}

// transaction finds a landed transaction as far as this view has seen the chain.
func (v view) transaction(sig solana.Signature, c bank.Commitment) (*bank.Record, bool) {
	rec, found := v.bank.Transaction(sig)
	if !found || rec.Slot > v.slot(c) {
		return nil, false
	}
	return rec, true
}

func (v view) signaturesFor(addr solana.PublicKey, before, until solana.Signature, limit int, c bank.Commitment) []*bank.Record {
	if !v.past {
		return v.bank.SignaturesFor(addr, before, until, limit, c)
	}
	// The ledger counts the limit from its own tip, so a stale view asks for all and counts again.
	tip, out := v.slot(c), []*bank.Record{}
	for _, rec := range v.bank.SignaturesFor(addr, before, until, math.MaxInt, bank.Processed) {
		if rec.Slot <= tip && len(out) < limit {
			out = append(out, rec)
		}
	}
	return out
}
