package distribution

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

func TestDiffer(t *testing.T) {
	entry := func(stream, recipient string, amount domain.Amount) domain.Entry {
		return domain.Entry{Stream: stream, Recipient: recipient, Expected: amount}
	}
	before := domain.Manifest{
		Day: "2026-01-01", Hash: "one", Claimable: 100, Pool: 70, Creator: 30,
		Entries:     []domain.Entry{entry("stays", "a", 10), entry("gone", "b", 20), entry("moves", "c", 5), entry("grows", "d", 1), entry("closes", "e", 4)},
		Quarantined: []domain.Quarantined{{Stream: "returns", Reason: "wrong_mint"}},
	}
	before.Opening = &domain.Opening{Claimed: 101, Pool: 71, Creator: 30, LockedTotal: 9, Expected: []domain.Amount{10, 20, 6, 1, 4}}
	after := domain.Manifest{
		Day: "2026-01-02", Hash: "two", Claimable: 50, Pool: 40, Creator: 10, LockedTotal: 8,
		Entries:     []domain.Entry{entry("returns", "f", 7), entry("grows", "d", 3), entry("moves", "x", 6), entry("stays", "a", 10), entry("new", "g", 2)},
		Quarantined: []domain.Quarantined{{Stream: "closes", Reason: "closed"}},
	}
	require.Equal(t, Difference{
		Before:    DayTotals{Day: "2026-01-01", Manifest: "one", Exact: true, Streams: 5, LeftOut: 1, LockedTotal: 9, Claimed: 101, Pool: 71, Creator: 30, Investors: 41},
		After:     DayTotals{Day: "2026-01-02", Manifest: "two", Streams: 5, LeftOut: 1, LockedTotal: 8, Claimed: 50, Pool: 40, Creator: 10, Investors: 28},
		New:       []Change{{Stream: "returns", RecipientAfter: "f", After: amountOf(7), Note: "wrong_mint"}, {Stream: "new", RecipientAfter: "g", After: amountOf(2)}},
		Gone:      []Change{{Stream: "gone", RecipientBefore: "b", Before: amountOf(20)}, {Stream: "closes", RecipientBefore: "e", Before: amountOf(4), Note: "closed"}},
		Moved:     []Change{{Stream: "moves", RecipientBefore: "c", RecipientAfter: "x", Before: amountOf(6), After: amountOf(6)}},
		Changed:   []Change{{Stream: "grows", RecipientBefore: "d", RecipientAfter: "d", Before: amountOf(1), After: amountOf(3)}},
		Unchanged: 1,
	}, Differ(before, after))
}

func TestDiffer_AnEmptyDifferenceIsListsAndNotNull(t *testing.T) {
	b, err := json.Marshal(Differ(domain.Manifest{}, domain.Manifest{}))
	require.NoError(t, err)
	require.Contains(t, string(b), `"new":[],"gone":[],"moved":[],"changed":[],"unchanged":0`)
}

// anyList draws a plan over few streams and recipients, so that two of them overlap.
func anyList(t *rapid.T, label string) domain.Manifest {
	var m domain.Manifest
	streams := rapid.Permutation([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}).Draw(t, label+" streams")
	opened := rapid.Bool().Draw(t, label+" opened")
	if opened {
		m.Opening = &domain.Opening{}
	}
	for _, s := range streams[:rapid.IntRange(0, len(streams)).Draw(t, label+" length")] {
		amount := domain.Amount(rapid.SampledFrom([]uint64{0, 1, 2, 1 << 60}).Draw(t, label+" amount"))
		e := domain.Entry{Stream: fmt.Sprint("s", s), Recipient: fmt.Sprint("r", rapid.IntRange(0, 3).Draw(t, label+" recipient")), Expected: amount}
		if opened {
			e.Expected = 77 // A forecast that the opening made void.
			m.Opening.Expected = append(m.Opening.Expected, amount)
		}
		m.Entries = append(m.Entries, e)
	}
	return m
}

// apply changes the earlier list by a difference.
func apply(list map[string]place, d Difference) map[string]place {
	for _, c := range d.Gone {
		delete(list, c.Stream)
	}
	for _, some := range [][]Change{d.New, d.Moved, d.Changed} {
		for _, c := range some {
			list[c.Stream] = place{c.RecipientAfter, *c.After}
		}
	}
	return list
}

func TestDiffer_AppliedToTheEarlierListGivesTheLaterOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := anyList(t, "before"), anyList(t, "after")
		d := Differ(before, after)
		require.Equal(t, placesOf(after), apply(placesOf(before), d))
		require.Equal(t, placesOf(before), apply(placesOf(after), Differ(after, before)), "and back")
		require.Equal(t, len(after.Entries), len(d.New)+len(d.Moved)+len(d.Changed)+d.Unchanged, "every stream stands in one place")
		require.Equal(t, len(before.Entries), len(d.Gone)+len(d.Moved)+len(d.Changed)+d.Unchanged)
		for _, c := range d.Changed {
			require.NotEqual(t, *c.Before, *c.After)
			require.Equal(t, c.RecipientBefore, c.RecipientAfter)
		}
		for _, c := range d.Moved {
			require.NotEqual(t, c.RecipientBefore, c.RecipientAfter)
		}
	})
}

func TestDiffer_OfAPlanWithItselfIsEmpty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyDay(t)
		d := Differ(m, m)
		require.True(t, d.Empty())
		require.Equal(t, len(m.Entries), d.Unchanged)
		require.Equal(t, d.Before, d.After)
		require.LessOrEqual(t, d.Before.Investors, d.Before.Pool)
	})
}

func TestAsIfDue(t *testing.T) {
	tests := []struct {
		name     string
		progress router.Progress
		want     int64
	}{
		{"never run: now", router.Progress{}, now},
		{"complete: at the next due time", router.Progress{LastDistributionTS: now - 100, DayComplete: true}, now - 100 + domain.DaySeconds},
		{"open: at its deadline", router.Progress{LastDistributionTS: now - 100}, now - 100 + domain.DaySeconds},
		{"due already: now", router.Progress{LastDistributionTS: now - domain.DaySeconds - 5, DayComplete: true}, now},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := aVault(2)
			w := aView(v)
			w.Progress = tt.progress
			// It unlocks a base unit a second from now on: what is locked tells when it was weighed.
			s := &w.Streams[0].Stream
			s.Cliff, s.AmountPerPeriod, s.Deposited = now, 1, 1_000_000
			due := asIfDue(w)
			require.Equal(t, tt.want, due.ChainTime)
			require.Equal(t, domain.PhaseNewDay, due.Timing().Phase())
			m, err := Plan(v, due, Rules{}, due.ChainTime)
			require.NoError(t, err)
			require.EqualValues(t, 1_000_000-(tt.want-now), m.Entries[0].Locked)
			require.Equal(t, domain.DayOf(tt.want), m.Day)
			require.Equal(t, tt.progress.LastDistributionTS, m.PrevTS)
			require.Contains(t, assumptions(w)[0], "lower bound")
		})
	}
}

func TestCheckFees_AheadOfTheDayTooFewAreNoRefusal(t *testing.T) {
	v := aVault(1)
	e := Evidence{Vault: v, View: aView(v)}
	e.View.Quote = 0
	require.Equal(t, domain.CheckFail, checkFees(e).Result)
	e.Ahead = true
	require.Equal(t, domain.CheckWarn, checkFees(e).Result)
	e.View.Base = 1
	require.Equal(t, domain.CheckFail, checkFees(e).Result, "base fees do not go away by waiting")
}
