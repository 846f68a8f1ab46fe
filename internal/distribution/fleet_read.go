package distribution

import (
	"context"
	"fmt"
	"slices"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
	"golang.org/x/sync/errgroup"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/domain"
)

const (
	fleetChunk   = 99 // getMultipleAccounts takes 100 keys (CHAIN.md §4), and each chunk brings its own clock.
	fleetAtOnce  = 4
	dayKeys      = 2 // Progress and treasury of one vault lie in one chunk: they are judged together.
	fleetPerDays = fleetChunk / dayKeys
)

// fleetView is a vault as the fleet's reading sees it: without its streams.
type fleetView struct {
	View
	err error
}

// look reads the vaults in two rounds: what their addresses name, then the pools that their positions name.
func (f *Fleet) look(ctx context.Context, vaults []Vault) map[string]*fleetView {
	out := make(map[string]*fleetView, len(vaults))
	for _, v := range vaults {
		out[v.ID] = &fleetView{}
	}
	var days [][]solana.PublicKey
	for part := range slices.Chunk(vaults, fleetPerDays) {
		keys := make([]solana.PublicKey, 0, dayKeys*len(part))
		for _, v := range part {
			keys = append(keys, v.Accounts.Progress, v.Accounts.Treasury)
		}
		days = append(days, keys)
	}
	first := f.read(ctx, append(days, spread(sharedKeys(vaults))...))
	var second keySet
	for _, v := range vaults {
		if view := out[v.ID]; view.takeDay(v, first) {
			second.add(view.pool(v, first))
			if v.Behaviour == domain.Published && !view.Progress.DayComplete {
				second.add(v.Accounts.Policy) // Its cursor stands still at the cap (C11).
			}
		}
	}
	more := f.read(ctx, spread(second.keys))
	for _, v := range vaults {
		if view := out[v.ID]; view.err == nil {
			view.takeFees(v, first, more)
		}
	}
	return out
}

// sharedKeys are what need not lie together; several vaults share mints and fee payers.
func sharedKeys(vaults []Vault) []solana.PublicKey {
	var set keySet
	for _, v := range vaults {
		set.add(v.Position)
		set.add(v.QuoteMint)
		set.add(v.Payer)
	}
	return set.keys
}

// keySet keeps keys in order, each once; the zero key is none.
type keySet struct {
	keys []solana.PublicKey
	has  map[solana.PublicKey]bool
}

func (s *keySet) add(k solana.PublicKey) {
	if s.has == nil {
		s.has = map[solana.PublicKey]bool{}
	}
	if !k.IsZero() && !s.has[k] {
		s.has[k] = true
		s.keys = append(s.keys, k)
	}
}

func spread(keys []solana.PublicKey) [][]solana.PublicKey {
	return slices.Collect(slices.Chunk(keys, fleetChunk))
}

// glimpse is one account with what its own request knew: a slot, the chain's time, or why it failed.
type glimpse struct {
	chain.Account
	slot  uint64
	clock int64
	err   error
}

// read makes one request a chunk, some at once. A larger snapshot would be read twice, to get it all at one slot, and
// nothing here needs that.
func (f *Fleet) read(ctx context.Context, chunks [][]solana.PublicKey) map[solana.PublicKey]glimpse {
	found := make([]map[solana.PublicKey]glimpse, len(chunks))
	var group errgroup.Group
	group.SetLimit(fleetAtOnce)
	for i, keys := range chunks {
		group.Go(func() error {
			found[i] = f.readChunk(ctx, keys)
			return nil
		})
	}
	_ = group.Wait() // Each account keeps its own error.
	out := map[solana.PublicKey]glimpse{}
	for _, part := range found {
		for k, g := range part {
			out[k] = g
		}
	}
	return out
}

func (f *Fleet) readChunk(ctx context.Context, keys []solana.PublicKey) map[solana.PublicKey]glimpse {
	out := make(map[solana.PublicKey]glimpse, len(keys))
	snap, err := f.Chain.Snapshot(ctx, append(slices.Clone(keys), solana.SysVarClockPubkey), chain.ReadOptions{Commitment: rpc.CommitmentConfirmed})
	var clock chain.Clock
	if err == nil {
		clock, err = chain.DecodeClock(snap.Accounts[solana.SysVarClockPubkey].Data)
	}
	for _, k := range keys {
		if err != nil {
			out[k] = glimpse{err: err}
			continue
		}
		out[k] = glimpse{Account: snap.Accounts[k], slot: snap.MaxSlot, clock: clock.UnixTime}
	}
	return out
}

// takeDay reads progress and treasury; false when the vault is unknown.
func (w *fleetView) takeDay(v Vault, seen map[solana.PublicKey]glimpse) bool {
	progress, treasury := seen[v.Accounts.Progress], seen[v.Accounts.Treasury]
	if w.err = firstOf(progress.err, treasury.err); w.err != nil {
		w.err = fmt.Errorf("read vault %s: %w", v.ID, w.err)
		return false
	}
	w.MinSlot, w.MaxSlot, w.ChainTime = progress.slot, progress.slot, progress.clock
	w.Progress, w.err = decodeProgress(v, progress.Account)
	w.Treasury = tokenView(treasury.Account, v.Accounts.Treasury, v.QuoteMint)
	return w.err == nil
}

// pool is where the vault's position says that its pool is; the zero key when it does not.
func (w *fleetView) pool(v Vault, seen map[solana.PublicKey]glimpse) solana.PublicKey {
	position, err := damm.DecodePosition(seen[v.Position].Data)
	if err != nil {
		return solana.PublicKey{} // Said by takeFees.
	}
	return position.Pool
}

// takeFees reads what can be claimed, the payer and the mint's decimals. What cannot be read makes the vault unknown,
// because its state hangs on it.
func (w *fleetView) takeFees(v Vault, first, second map[solana.PublicKey]glimpse) {
	at := first[v.Position]
	pool := second[w.pool(v, first)]
	w.PayerLamports = first[v.Payer].Lamports
	err := firstOf(at.err, pool.err, first[v.Payer].err, first[v.QuoteMint].err, second[v.Accounts.Policy].err)
	if err == nil {
		w.Decimals, err = decimals(v, first[v.QuoteMint].Account)
	}
	if err == nil && second[v.Accounts.Policy].Exists {
		w.Policy, err = decodePolicy(v, second[v.Accounts.Policy].Account)
	}
	var position damm.Position
	if err == nil {
		position, err = decodePosition(v, at.Account)
	}
	if err == nil {
		w.Quote, w.Base, err = claimable(v, position, pool.Account)
	}
	if err != nil {
		w.err = fmt.Errorf("read vault %s: %w", v.ID, err)
	}
}
