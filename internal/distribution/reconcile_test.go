package distribution

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// aDay is an opened day of 10 investors in pages of 4, the last but one below the minimum.
func aDay(t testing.TB) domain.Manifest {
	t.Helper()
	v := aVault(11)
	v.PageSize = 4
	w := aView(v)
	w.Streams[8].Stream.Deposited = 0
	w.Streams[9].Reason = streamflow.Closed
	w.Streams[3].Stream.Recipient = w.Streams[2].Stream.Recipient
	w.Progress.CarryOverDust = 77
	return opened(t, aPlan(t, v, w))
}

func TestReconcile(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(m *domain.Manifest, l *Ledger)
		want  domain.Reconciliation // Counts only.
		note  string
	}{
		{"as planned", func(*domain.Manifest, *Ledger) {}, domain.Reconciliation{}, ""},
		{"turned by a stranger, rightly", func(_ *domain.Manifest, l *Ledger) { l.Pages[1].Ours = false }, domain.Reconciliation{}, "foreign crank"},
		{"a page was turned twice", func(_ *domain.Manifest, l *Ledger) { l.Pages = append(l.Pages, l.Pages[1]) }, domain.Reconciliation{Mismatches: 6, PaidTwice: 4}, "paid 2 times"},
		{"an investor was missed", func(_ *domain.Manifest, l *Ledger) {
			p := &l.Pages[0]
			p.Paid -= p.Payouts[0].Amount
			p.Payouts = p.Payouts[1:]
		}, domain.Reconciliation{Mismatches: 1, Missed: 1}, "got nothing instead of"},
		{"an investor got one unit less", func(_ *domain.Manifest, l *Ledger) { l.Pages[0].Payouts[1].Amount--; l.Pages[0].Paid-- }, domain.Reconciliation{Mismatches: 2}, "instead of"},
		{"a payout to nobody of the list", func(_ *domain.Manifest, l *Ledger) {
			l.Pages[0].Payouts = append(l.Pages[0].Payouts, domain.Payout{ATA: "stranger", Amount: 5})
			l.Pages[0].Paid += 5
		}, domain.Reconciliation{Mismatches: 2}, "who is not on it"},
		{"a page that was never planned", func(_ *domain.Manifest, l *Ledger) { l.Pages[1].Cursor = 5 }, domain.Reconciliation{Mismatches: 1, Missed: 4}, "never planned"},
		{"the creator got too much", func(_ *domain.Manifest, l *Ledger) { l.Pages[2].Creator++ }, domain.Reconciliation{Mismatches: 2}, "the creator got"},
		{"the claim is another", func(_ *domain.Manifest, l *Ledger) { l.Pages[0].Claimed++ }, domain.Reconciliation{Mismatches: 2}, "the opening says"},
		{"the dust is gone", func(_ *domain.Manifest, l *Ledger) { l.Treasury-- }, domain.Reconciliation{Mismatches: 1}, "less than the dust"},
		{"the dust account lies", func(_ *domain.Manifest, l *Ledger) { l.Dust++; l.Treasury++ }, domain.Reconciliation{Mismatches: 1}, "dust out"},
		{"the day ended early", func(_ *domain.Manifest, l *Ledger) { l.Pages, l.Complete = l.Pages[:2], false }, domain.Reconciliation{Missed: 1}, "got nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := aDay(t)
			l := paidOut(m)
			tt.spoil(&m, &l)
			r, outcomes := Reconcile(m, l)
			notes := fmt.Sprint(r.Notes)
			require.Equal(t, tt.want.PaidTwice, r.PaidTwice, notes)
			require.Equal(t, tt.want.Missed, r.Missed, notes)
			require.Equal(t, tt.want.Clean(), r.Clean(), notes)
			if tt.want.Missed == 0 {
				require.Equal(t, tt.want.Mismatches, r.Mismatches, notes)
			}
			require.Contains(t, notes, tt.note)
			require.Len(t, outcomes, 11, "an outcome for everybody")
		})
	}
}

func TestReconcile_EveryOutcomeHasItsReason(t *testing.T) {
	m := aDay(t)
	_, outcomes := Reconcile(m, paidOut(m))
	got := map[domain.Reason]int{}
	for _, o := range outcomes {
		got[o.Reason]++
	}
	require.Equal(t, map[domain.Reason]int{domain.ReasonPaid: 8, domain.ReasonShared: 1, domain.ReasonNothing: 1, domain.ReasonQuarantined: 1}, got)

	l := paidOut(m)
	l.Pages, l.Complete = l.Pages[:1], false
	_, outcomes = Reconcile(m, l)
	require.Equal(t, domain.ReasonNotReached, outcomes[4].Reason)

	limit := domain.Amount(1)
	m.Terms.DailyCap = &limit
	require.Equal(t, domain.ReasonCapped, nothingBecause(m, 0))
	m.Terms.DailyCap = nil
	require.Equal(t, domain.ReasonBelowMinimum, nothingBecause(m, 0))
}

func TestReconcile_PublishedRecordsWhatIsOwed(t *testing.T) {
	v := aVault(3)
	v.Behaviour = domain.Published
	m := opened(t, aPlan(t, v, aView(v)))
	r, outcomes := Reconcile(m, Ledger{Complete: true, Treasury: m.Opening.Pool, Pages: []domain.PageResult{{Claimed: m.Opening.Claimed, Creator: m.Opening.Creator, Closed: true, Ours: true}}})
	require.True(t, r.Clean(), "%v", r.Notes)
	for _, o := range outcomes {
		require.Equal(t, domain.ReasonNoTransfer, o.Reason)
		require.NotZero(t, o.Planned)
		require.Zero(t, o.Paid)
	}
}

// anyDay draws a day with shared recipients, dust, a minimum and perhaps a cap.
func anyDay(t *rapid.T) domain.Manifest {
	n := rapid.IntRange(1, 30).Draw(t, "investors")
	v := aVault(n)
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
		w.Streams[i].Stream.Recipient = w.Streams[rapid.IntRange(0, i).Draw(t, "recipient")].Stream.Recipient
	}
	m, err := Plan(v, w, Rules{}, now)
	if err != nil {
		t.Fatal(err)
	}
	o := domain.Opening{TS: now, Claimed: m.Claimable, Pool: m.Pool, Creator: m.Creator, LockedTotal: m.LockedTotal}
	for _, e := range m.Entries {
		o.Locked, o.Expected = append(o.Locked, e.Locked), append(o.Expected, e.Expected)
	}
	m.Opening = &o
	return m
}

func TestReconcile_AnExactDayIsCleanAndConserves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyDay(t)
		r, outcomes := Reconcile(m, paidOut(m))
		if !r.Clean() || r.Claimed+r.DustIn != r.Paid+r.Creator+r.DustOut {
			t.Fatalf("not clean: %v", r.Notes)
		}
		if len(outcomes) != len(m.Entries) {
			t.Fatalf("%d outcomes for %d entries", len(outcomes), len(m.Entries))
		}
	})
}

func TestReconcile_AnySingleChangeIsSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyDay(t)
		l := paidOut(m)
		type place struct{ page, payout int }
		var places []place
		for i, page := range l.Pages {
			for j := range page.Payouts {
				places = append(places, place{i, j})
			}
		}
		if len(places) == 0 {
			return // Nobody was paid, so there is nothing to change.
		}
		at := rapid.SampledFrom(places).Draw(t, "which")
		payout := &l.Pages[at.page].Payouts[at.payout]
		was := payout.Amount
		payout.Amount = domain.Amount(rapid.Uint64Range(0, 1<<41).Filter(func(a uint64) bool { return domain.Amount(a) != was }).Draw(t, "amount"))
		l.Pages[at.page].Paid += payout.Amount - was
		if r, _ := Reconcile(m, l); r.Clean() {
			t.Fatalf("%d instead of %d was not seen", payout.Amount, was)
		}
	})
}

func TestWhole_AGapInTheHistoryIsNotAnInvestorWithoutPay(t *testing.T) {
	page := func(cursor, end uint32) historyEntry {
		return historyEntry{domain.PageResult{Cursor: cursor}, end}
	}
	for name, tt := range map[string]struct {
		give   []historyEntry
		cursor uint32
		ok     bool
	}{
		"planned pages":        {[]historyEntry{page(0, 4), page(4, 8)}, 8, true},
		"a stranger's sizes":   {[]historyEntry{page(0, 4), page(4, 9), page(9, 13)}, 13, true},
		"nothing at all":       {nil, 8, false},
		"the first is missing": {[]historyEntry{page(4, 8)}, 8, false},
		"one in the middle":    {[]historyEntry{page(0, 4), page(8, 12)}, 12, false},
		"the newest":           {[]historyEntry{page(0, 4)}, 8, false},
	} {
		t.Run(name, func(t *testing.T) {
			pages, err := whole(Vault{ID: "v1"}, tt.give, tt.cursor)
			require.Equal(t, tt.ok, err == nil)
			if tt.ok {
				require.Len(t, pages, len(tt.give))
				return
			}
			require.Equal(t, fault.Retry, fault.KindOf(err))
		})
	}
}

func TestAsTurned_AmountsFollowTheCutsThatWereMade(t *testing.T) {
	m := aDay(t)
	same, err := asTurned(m, []historyEntry{{domain.PageResult{Cursor: 0}, 4}, {domain.PageResult{Cursor: 4}, 8}, {domain.PageResult{Cursor: 8}, 12}})
	require.NoError(t, err)
	require.Equal(t, m, same)
	// The two streams of one recipient, entries 2 and 3, fall into different pages now.
	cut, err := asTurned(m, []historyEntry{{domain.PageResult{Cursor: 0}, 3}, {domain.PageResult{Cursor: 3}, 7}, {domain.PageResult{Cursor: 7}, 11}})
	require.NoError(t, err)
	require.Equal(t, []domain.PagePlan{{Cursor: 0, Count: 3}, {Cursor: 3, Count: 4}, {Cursor: 7, Count: 3}}, cut.Pages)
	require.Zero(t, m.Opening.Expected[3])
	require.NotZero(t, cut.Opening.Expected[3])
	r, _ := Reconcile(cut, paidOut(cut))
	require.True(t, r.Clean(), "%v", r.Notes)
	// A lost day: what nobody turned is cut as planned.
	lost, err := asTurned(m, []historyEntry{{domain.PageResult{Cursor: 0}, 5}})
	require.NoError(t, err)
	require.Equal(t, []domain.PagePlan{{Cursor: 0, Count: 5}, {Cursor: 5, Count: 4}, {Cursor: 9, Count: 1}}, lost.Pages)
}
