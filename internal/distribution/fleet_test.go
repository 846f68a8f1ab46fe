package distribution

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"sync/atomic"
	"testing"
	"time"

	bin "github.com/gagliardetto/binary"
	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/programs/token"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// ledgerChain is a chain of accounts that refuses requests for some of them.
type ledgerChain struct {
	Chain

	accounts map[solana.PublicKey]chain.Account
	bad      map[solana.PublicKey]bool
	requests atomic.Int64
}

func (c *ledgerChain) Snapshot(_ context.Context, keys []solana.PublicKey, _ chain.ReadOptions) (chain.Snapshot, error) {
	snap := chain.Snapshot{Accounts: map[solana.PublicKey]chain.Account{}, Order: keys, MinSlot: 9, MaxSlot: 9}
	c.requests.Add(1)
	for _, k := range keys {
		if c.bad[k] {
			return chain.Snapshot{}, errors.New("the node is gone")
		}
		snap.Accounts[k] = c.accounts[k]
	}
	return snap, nil
}

func (c *ledgerChain) put(k, owner solana.PublicKey, lamports uint64, data []byte) {
	c.accounts[k] = chain.Account{Key: k, Exists: true, Owner: owner, Lamports: lamports, Data: data}
}

// fleetBooks keeps plans and flags.
type fleetBooks struct {
	Store

	plans    map[string]domain.BookedDay
	flags    []domain.SafetyFlag
	manifest domain.Manifest
	err      error
}

func (b fleetBooks) NewestPlans(context.Context) (map[string]domain.BookedDay, error) {
	return maps.Clone(b.plans), b.err
}

func (b fleetBooks) AllSafety(context.Context) ([]domain.SafetyFlag, error) { return b.flags, b.err }

func (b fleetBooks) LatestManifest(context.Context, string) (domain.Manifest, bool, error) {
	return b.manifest, b.manifest.Hash != "", nil
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	data, err := bin.MarshalBin(v)
	require.NoError(t, err)
	return data
}

// aFleet is n vaults that closed their day an hour ago, on a chain whose time is now.
func aFleet(t *testing.T, n int) (map[string]Vault, []string, *ledgerChain) {
	t.Helper()
	c := &ledgerChain{accounts: map[solana.PublicKey]chain.Account{}, bad: map[solana.PublicKey]bool{}}
	clock := make([]byte, 40)
	binary.LittleEndian.PutUint64(clock[32:], uint64(now))
	c.put(solana.SysVarClockPubkey, solana.SystemProgramID, 1, clock)
	mint, authority := key('q', 0), key('m', 0)
	c.put(mint, solana.TokenProgramID, 1, encoded(t, token.Mint{MintAuthority: &authority, Decimals: 6, IsInitialized: true}))
	vaults, ids := map[string]Vault{}, []string(nil)
	for i := range n {
		v := aVault(20)
		v.ID, v.Address, v.QuoteMint, v.Payer, v.Position = fmt.Sprint("v", i), key('v', i), mint, key('f', i), key('p', i)
		v.Accounts = router.Addresses{Progress: key('g', i), Treasury: key('t', i), Policy: key('y', i)}
		c.put(v.Accounts.Progress, v.Program, 1, router.Progress{Vault: v.Address, LastDistributionTS: now - 3_600, PaginationCursor: 20, DayComplete: true}.Encode())
		c.put(v.Accounts.Treasury, solana.TokenProgramID, 1, encoded(t, token.Account{Mint: mint, Amount: uint64(i), State: token.Initialized}))
		pool := damm.NewPool(key('b', i), mint, key('x', i), key('z', i))
		pool.AccrueB(1_000)
		c.put(key('l', i), damm.CPAMMProgram, 1, pool.Encode())
		position := damm.NewPosition(key('l', i), key('n', i))
		c.put(v.Position, damm.CPAMMProgram, 1, position.Encode())
		c.put(v.Payer, solana.SystemProgramID, 5_000_000, nil)
		vaults[v.ID], ids = v, append(ids, v.ID)
	}
	return vaults, ids, c
}

func fleetOf(vaults map[string]Vault, c Chain, b fleetBooks) *Fleet {
	return NewFleet(New(Params{Chain: c, Store: b, Vaults: vaults, Now: func() time.Time { return time.Unix(now, 0) }}), b)
}

func TestD01_AFleetIsReadAHundredAccountsARequest(t *testing.T) {
	vaults, ids, c := aFleet(t, 1_000)
	got := fleetOf(vaults, c, fleetBooks{}).Standings(t.Context(), ids)
	require.LessOrEqual(t, c.requests.Load(), int64(60))
	for i, s := range got {
		require.Equal(t, ids[i], s.Vault)
		require.Equal(t, domain.Complete, s.State, s.Reason)
		require.Equal(t, uint64(i), s.Treasury.Amount)
		require.Equal(t, uint64(5_000_000), s.Payer)
		require.EqualValues(t, 6, s.Token.Decimals)
		require.Equal(t, 82_800*time.Second, s.Timing.UntilDue())
	}
}

func TestD11_AChunkThatFailsLeavesOnlyItsOwnVaultsUnknown(t *testing.T) {
	vaults, ids, c := aFleet(t, 200)
	c.bad[vaults["v3"].Accounts.Progress] = true // The first 49 share its request.
	got := fleetOf(vaults, c, fleetBooks{}).Standings(t.Context(), append(ids, "stranger"))
	unknown := 0
	for _, s := range got[:200] {
		if s.State == domain.UnknownState {
			require.Contains(t, s.Reason, "the node is gone")
			require.Zero(t, s.Slot, "nothing of it may be shown as read")
			unknown++
		}
	}
	require.Equal(t, 49, unknown)
	require.Contains(t, got[200].Reason, "not in the settings")
}

func TestFleet_WhatCannotBeDecodedIsUnknownAndNotNothing(t *testing.T) {
	vaults, ids, c := aFleet(t, 4)
	delete(c.accounts, vaults["v0"].Position)
	delete(c.accounts, vaults["v1"].Accounts.Progress)
	delete(c.accounts, vaults["v2"].Accounts.Treasury)
	got := fleetOf(vaults, c, fleetBooks{}).Standings(t.Context(), ids)
	require.Equal(t, domain.UnknownState, got[0].State)
	require.Contains(t, got[0].Reason, "position")
	require.Equal(t, domain.UnknownState, got[1].State)
	require.Contains(t, got[1].Reason, "no policy or progress account")
	require.Equal(t, domain.Complete, got[2].State)
	require.False(t, got[2].Treasury.Exists, "an account that is not there is absent, not empty")
	require.True(t, got[3].Treasury.Exists)
}

func TestFleet_BooksAndFlagsAreJoined(t *testing.T) {
	vaults, ids, c := aFleet(t, 5)
	opened, other := now-3_600, now-99
	plan := func(ts *int64, r *domain.DayReport) domain.BookedDay {
		return domain.BookedDay{Day: "2025-12-31", Hash: "h", Opened: ts, Report: r}
	}
	books := fleetBooks{
		plans: map[string]domain.BookedDay{
			"v0": plan(&opened, &domain.DayReport{State: domain.CompleteUnreconciled, Reason: "1 mismatch"}),
			"v1": plan(&opened, nil),
			"v2": plan(&other, nil),
			"v3": plan(nil, nil),
		},
		flags:    []domain.SafetyFlag{{Kind: domain.SafetyIsolate, Vault: "v4", Actor: "ann", Reason: "odd"}},
		manifest: domain.Manifest{Hash: "h", Opening: &domain.Opening{TS: opened}},
	}
	got := fleetOf(vaults, c, books).Standings(t.Context(), ids)
	require.Equal(t, domain.CompleteUnreconciled, got[0].State)
	require.Equal(t, "1 mismatch", got[0].Reason)
	require.Equal(t, domain.CompleteUnreconciled, got[1].State, "planned by us, and no run came to its end")
	require.Equal(t, domain.Complete, got[2].State, "our newest plan is of another day")
	require.Equal(t, domain.CompleteUnreconciled, got[3].State, "the whole plan tells what its head does not know")
	require.Equal(t, domain.Isolated, got[4].State)

	books.err = errors.New("disk gone")
	for _, s := range fleetOf(vaults, c, books).Standings(t.Context(), ids) {
		require.Equal(t, domain.UnknownState, s.State)
		require.Contains(t, s.Reason, "disk gone")
	}
}

func TestByDue_OpenDaysComeFirstAndWhatIsNotKnownBeforeThem(t *testing.T) {
	vaults, ids, c := aFleet(t, 150) // Closed an hour ago; v100 and on share no request with v0 to v99.
	stands := func(id string, last int64, complete bool) {
		v := vaults[id]
		c.put(v.Accounts.Progress, v.Program, 1, router.Progress{Vault: v.Address, LastDistributionTS: last, PaginationCursor: 5, DayComplete: complete}.Encode())
	}
	stands("v1", now-3_601, true)                  // Due a second before the others.
	stands("v2", now-100_000, true)                // Overdue.
	stands("v3", 0, false)                         // Never run: due now and for ever.
	stands("v4", now-50_000, false)                // Open.
	stands("v5", now-80_000, false)                // Open, and lost earlier.
	stands("v6", now-90_000, false)                // Lost already: a new day is due.
	c.bad[vaults["v120"].Accounts.Progress] = true // 98 to 146 share its request.
	got := fleetOf(vaults, c, fleetBooks{}).ByDue(t.Context(), append(ids, "stranger"))
	require.Len(t, got, 151)
	require.ElementsMatch(t, append(ids[98:147:147], "stranger"), got[:50])
	require.Equal(t, []string{"v5", "v4", "v3", "v2", "v6", "v1", "v0", "v7"}, got[50:58])
	require.Equal(t, "v149", got[150], "equal ones keep their order")

	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	for _, v := range vaults {
		c.bad[v.Accounts.Progress] = true
	}
	require.Equal(t, ids, fleetOf(vaults, c, fleetBooks{}).ByDue(stopped, ids), "a chain that does not answer leaves the order of the settings")
}
