package distribution

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

func amountOf(a domain.Amount) *domain.Amount { return &a }

// closed refuses a stream as the router does once its flag is set.
func closed(w *View, i int) {
	w.Streams[i].Stream.Closed, w.Streams[i].Reason = true, streamflow.Closed
}

// TestCounterfactual_IsTheDayInWhichEverybodyWasValid plans a day twice: with all streams valid, and with some closed.
// What the closed ones would have got is, to the base unit, what the first plan gives them.
func TestCounterfactual_IsTheDayInWhichEverybodyWasValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "investors")
		v := aVault(n)
		v.Behaviour = rapid.SampledFrom([]domain.Behaviour{domain.Reference, domain.Published}).Draw(t, "behaviour")
		v.PageSize = rapid.Uint32Range(1, 9).Draw(t, "page size")
		w := aView(v)
		w.Quote = rapid.Uint64Range(1, 1<<40).Draw(t, "claim")
		w.Progress.CarryOverDust = rapid.Uint64Range(0, 1<<20).Draw(t, "dust")
		w.Policy.MinPayout = rapid.Uint64Range(1, 1<<20).Draw(t, "minimum")
		if rapid.Bool().Draw(t, "capped") {
			limit := rapid.Uint64Range(1, 1<<40).Draw(t, "cap")
			w.Policy.DailyCap = &limit
		}
		for i := range w.Streams {
			w.Streams[i].Stream.Deposited = rapid.Uint64Range(0, 1<<40).Draw(t, "locked")
		}
		all, err := Plan(v, w, Rules{}, now)
		require.NoError(t, err)
		for i := range w.Streams {
			if rapid.Bool().Draw(t, "closed") {
				closed(&w, i)
			}
		}
		without, err := Plan(v, w, Rules{}, now)
		require.NoError(t, err)
		require.NoError(t, without.Verify())
		for _, q := range without.Quarantined {
			require.NotNil(t, q.Would)
			require.Equal(t, all.Entries[q.Index].Expected, *q.Would, "registered stream %d", q.Index)
			require.Equal(t, all.Entries[q.Index].Locked, *q.Locked)
		}
	})
}

func TestCounterfactual_OneRecipientsPaymentIsSplitByWeight(t *testing.T) {
	v := aVault(4)
	w := aView(v) // Locked are 1000, 2000, 3000, 4000.
	for _, i := range []int{2, 3} {
		w.Streams[i].Stream.Recipient = w.Streams[0].Stream.Recipient
	}
	all := aPlan(t, v, w)
	closed(&w, 0)
	closed(&w, 3)
	m := aPlan(t, v, w)
	payment := uint64(all.Entries[0].Expected) // For 1000 + 3000 + 4000.
	require.Zero(t, all.Entries[3].Expected)
	require.EqualValues(t, payment*1000/8000, *m.Quarantined[0].Would)
	require.EqualValues(t, payment*4000/8000, *m.Quarantined[1].Would)
}

func TestPartOf_NeverSharesOutMoreThanThereIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := domain.Amount(rapid.Uint64().Draw(t, "amount"))
		a, b := rapid.Uint64Range(0, 1<<63-1).Draw(t, "a"), rapid.Uint64Range(0, 1<<63-1).Draw(t, "b")
		x, y := partOf(amount, a, a+b), partOf(amount, b, a+b)
		sum, err := x.Add(y)
		require.NoError(t, err)
		require.LessOrEqual(t, sum, amount)
		if a+b > 0 {
			require.LessOrEqual(t, amount-sum, domain.Amount(1), "rounding loses less than a base unit each")
		}
	})
}

func TestPlan_WhatARefusedStreamWouldGetIsUnknownWhenItsBytesDoNotTell(t *testing.T) {
	reasons := []streamflow.Reason{streamflow.Missing, streamflow.WrongOwner, streamflow.TooShort, streamflow.NoMagic, streamflow.WrongMint, streamflow.Closed, streamflow.BadTimes}
	v := aVault(len(reasons) + 2)
	w := aView(v)
	for i, reason := range reasons {
		w.Streams[i].Reason = reason
	}
	last := len(reasons) + 1
	w.Streams[last].Key = w.Streams[last-1].Key
	m := aPlan(t, v, w)
	known := map[string]bool{}
	for _, q := range m.Quarantined {
		require.Equal(t, q.Locked == nil, q.Would == nil)
		known[q.Reason] = q.Would != nil
	}
	require.Equal(t, map[string]bool{
		"missing": false, "wrong_owner": false, "too_short": false, "no_magic": false, "duplicate": false,
		"wrong_mint": true, "closed": true, "bad_times": true,
	}, known)
}

func TestPlan_NonsenseInARefusedStreamKeepsNobodyFromBeingPaid(t *testing.T) {
	v := aVault(3)
	w := aView(v)
	w.Streams[1].Stream.Deposited = 1<<64 - 1 // With it the sum of what is locked leaves u64.
	w.Streams[1].Reason = streamflow.WrongMint
	m := aPlan(t, v, w)
	require.Nil(t, m.Quarantined[0].Would)
	require.EqualValues(t, 4_000, m.LockedTotal)
	require.NotZero(t, m.Entries[0].Expected)
	list := arrearsOf(opened(t, m), nil, []*domain.Amount{m.Quarantined[0].Locked})
	require.Len(t, list, 1)
	require.Nil(t, list[0].Would)
	require.Contains(t, list[0].Note, "cannot be computed")
}

// TestManifest_APlanOfAnEarlierVersionStillVerifies holds a plan as it was written before plans knew what a quarantined
// stream would get.
func TestManifest_APlanOfAnEarlierVersionStillVerifies(t *testing.T) {
	const written = `{"vault":"v1","day":"2026-01-01","behaviour":"reference","program":"p","address":"a","token":{"mint":"m","decimals":6},"slot":1,"chain_time":2,"prev_ts":0,` +
		`"terms":{"share_bps":7000,"y0":"1","min_payout":"1","dust_in":"0"},"claimable":"5","locked_total":"0","pool":"0","creator":"5","entries":null,` +
		`"quarantined":[{"index":0,"stream":"s","recipient":"r","reason":"closed"}],"page_size":9,"pages":null,"hash":""}`
	sum := sha256.Sum256([]byte(written))
	var m domain.Manifest
	require.NoError(t, json.Unmarshal([]byte(strings.Replace(written, `"hash":""`, `"hash":"`+hex.EncodeToString(sum[:])+`"`, 1)), &m))
	require.NoError(t, m.Verify())
	m.Quarantined[0].Would = amountOf(1)
	require.Error(t, m.Verify(), "what it would get is part of the plan")
}

func TestArrearsOf(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(m *domain.Manifest, l *Ledger)
		want  map[string]domain.Reason // By stream.
	}{
		{"a good day: the quarantined one", func(*domain.Manifest, *Ledger) {}, map[string]domain.Reason{key('s', 9).String(): domain.ReasonQuarantined}},
		{"nobody was left out", func(m *domain.Manifest, _ *Ledger) { m.Quarantined = nil }, map[string]domain.Reason{}},
		{"a second mention is no second claim", func(m *domain.Manifest, _ *Ledger) {
			m.Quarantined[0].Reason, m.Quarantined[0].Locked = duplicate, nil
		}, map[string]domain.Reason{}},
		{"a lost day: everybody behind the last page to whom something was due", func(_ *domain.Manifest, l *Ledger) { l.Pages, l.Complete = l.Pages[:2], false }, map[string]domain.Reason{
			key('s', 9).String(): domain.ReasonQuarantined, key('s', 10).String(): domain.ReasonNotReached,
		}},
		{"one whom his page paid nothing", func(_ *domain.Manifest, l *Ledger) { l.Pages[0].Payouts = l.Pages[0].Payouts[1:] }, map[string]domain.Reason{
			key('s', 9).String(): domain.ReasonQuarantined, key('s', 0).String(): domain.ReasonMismatch,
		}},
		{"a wrong amount is an incident", func(_ *domain.Manifest, l *Ledger) { l.Pages[0].Payouts[0].Amount-- }, map[string]domain.Reason{key('s', 9).String(): domain.ReasonQuarantined}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := aDay(t)
			l := paidOut(m)
			tt.spoil(&m, &l)
			_, outcomes := Reconcile(m, l)
			got := map[string]domain.Reason{}
			for _, a := range arrearsOf(m, outcomes, lockedOf(m)) {
				got[a.Stream] = a.Reason
				require.Equal(t, domain.ArrearOpen, a.State)
				require.Equal(t, m.Token, a.Token)
				require.NotEmpty(t, a.Note)
				require.NotZero(t, *a.Would)
				for i, e := range m.Entries {
					if e.Stream == a.Stream {
						require.Equal(t, m.Planned(i), *a.Would, "the plan's exact amount")
					}
				}
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func lockedOf(m domain.Manifest) []*domain.Amount {
	out := make([]*domain.Amount, len(m.Quarantined))
	for i, q := range m.Quarantined {
		out[i] = q.Locked
	}
	return out
}

func TestArrearsOf_PublishedInvestorsAreOwedAll(t *testing.T) {
	v := aVault(3)
	v.Behaviour = domain.Published
	m := opened(t, aPlan(t, v, aView(v)))
	_, outcomes := Reconcile(m, Ledger{Complete: true, Pages: []domain.PageResult{{Claimed: m.Opening.Claimed, Closed: true, Ours: true}}})
	list := arrearsOf(m, outcomes, nil)
	require.Len(t, list, 3)
	for i, a := range list {
		require.Equal(t, domain.ReasonNoTransfer, a.Reason)
		require.Equal(t, m.Planned(i), *a.Would)
	}
}

func TestArrearsOf_SaysWhatIsNotKnown(t *testing.T) {
	v := aVault(4)
	w := aView(v)
	w.Streams[0].Reason, w.Streams[0].Stream = streamflow.Missing, streamflow.Stream{}
	closed(&w, 1)
	m := opened(t, aPlan(t, v, w))
	list := arrearsOf(m, nil, lockedOf(m))
	require.Len(t, list, 2)
	require.Nil(t, list[0].Would)
	require.Empty(t, list[0].Recipient, "no bytes named one")
	require.Equal(t, "missing; the account's bytes tell no amount", list[0].Note)
	require.NotNil(t, list[1].Would)
	require.Equal(t, "closed; computed without 1 quarantined streams that could not be weighed", list[1].Note)
}

func TestRetest(t *testing.T) {
	const today = domain.Day("2026-01-02")
	v := aVault(3)
	w := aView(v)
	closed(&w, 1)
	arrear := func(stream solana.PublicKey, state domain.ArrearState) domain.Arrear {
		return domain.Arrear{Vault: v.ID, Day: "2026-01-01", Stream: stream.String(), State: state}
	}
	tests := []struct {
		name      string
		give      domain.Arrear
		behaviour domain.Behaviour
		state     domain.ArrearState // Empty: it is not touched.
		found     string
	}{
		{"valid again", arrear(key('s', 0), domain.ArrearOpen), domain.Reference, domain.ArrearEligible, "valid"},
		{"still closed", arrear(key('s', 1), domain.ArrearOpen), domain.Reference, domain.ArrearOpen, "closed"},
		{"closed once more", arrear(key('s', 1), domain.ArrearEligible), domain.Reference, domain.ArrearOpen, "closed"},
		{"not on the list any more", arrear(key('x', 1), domain.ArrearEligible), domain.Reference, domain.ArrearOpen, "not registered any more"},
		{"valid under a program that pays nobody", arrear(key('s', 0), domain.ArrearOpen), domain.Published, domain.ArrearOpen, "valid, and the published program pays no investor"},
		{"settled is settled", arrear(key('s', 0), domain.ArrearSettled), domain.Reference, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v.Behaviour = tt.behaviour
			got := retest([]domain.Arrear{tt.give}, v, w, today)
			if tt.state == "" {
				require.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			require.Equal(t, tt.state, got[0].State)
			require.Equal(t, tt.found, got[0].Retest)
			require.Equal(t, today, got[0].RetestedOn)
			require.Empty(t, retest(got, v, w, today), "a second look on the same day finds nothing new")
		})
	}
}

// accounts is a chain that only serves snapshots.
type accounts struct {
	Chain

	at    map[solana.PublicKey]chain.Account
	fail  error
	reads int
}

func (a *accounts) Snapshot(_ context.Context, keys []solana.PublicKey, _ chain.ReadOptions) (chain.Snapshot, error) {
	a.reads++
	out := chain.Snapshot{Accounts: map[solana.PublicKey]chain.Account{}}
	for _, k := range keys {
		out.Accounts[k] = a.at[k]
	}
	return out, a.fail
}

func TestKeepArrears_WeighsAtTheOpeningAndForgetsNothing(t *testing.T) {
	db, err := store.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	v := aVault(3)
	w := aView(v)
	// It unlocks 1 base unit a second from a minute before the opening on, and was seen at the plan, 100 s earlier.
	s := &w.Streams[1].Stream
	s.Magic, s.Start, s.Cliff, s.AmountPerPeriod, s.Closed = streamflow.Magic, now-60, now-60, 1, true
	w.Streams[1].Reason = streamflow.Closed
	m := opened(t, aPlan(t, v, w))
	require.EqualValues(t, 2_000-60, *m.Quarantined[0].Locked)
	m.Opening.TS = now + 100

	c := &accounts{at: map[solana.PublicKey]chain.Account{v.Streams[1]: {Exists: true, Owner: streamflow.ProgramMainnet, Data: s.Encode()}}}
	service := New(Params{Chain: c, Store: db})
	locked, err := service.weighQuarantined(t.Context(), v, m)
	require.NoError(t, err)
	require.EqualValues(t, 2_000-160, *locked[0], "as the streams of the list are weighed")

	for range 2 {
		require.NoError(t, service.keepArrears(t.Context(), v, m, nil))
	}
	list, err := db.Arrears(t.Context(), v.ID)
	require.NoError(t, err)
	require.Equal(t, arrearsOf(m, nil, locked), list)

	c.at = nil // Its account is gone: the plan's weight stands.
	locked, err = service.weighQuarantined(t.Context(), v, m)
	require.NoError(t, err)
	require.EqualValues(t, 2_000-60, *locked[0])

	c.fail = errors.New("the network is down")
	require.ErrorIs(t, service.keepArrears(t.Context(), v, m, nil), c.fail, "a failed read is neither nothing nor the end")
	reads := c.reads
	m.Quarantined = nil
	require.NoError(t, service.keepArrears(t.Context(), v, m, nil))
	require.Equal(t, reads, c.reads, "a day without quarantined streams asks the chain nothing")

	require.NoError(t, db.SaveArrears(t.Context(), v.ID, m.Day, list))
	w.Streams[1].Reason = streamflow.Valid
	require.NoError(t, service.retestArrears(t.Context(), v, w, "2026-01-02"))
	list, err = db.Arrears(t.Context(), v.ID)
	require.NoError(t, err)
	require.Equal(t, domain.ArrearEligible, list[0].State)
}
