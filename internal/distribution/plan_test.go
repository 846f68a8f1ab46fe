package distribution

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

func TestPageShape(t *testing.T) {
	tests := []struct {
		name      string
		behaviour domain.Behaviour
		wanted    uint32
		entries   int
		allow     bool
		size      uint32
		tables    bool
	}{
		{"a short list does without tables", domain.Reference, 0, 18, true, 9, false},
		{"a longer one is worth tables", domain.Reference, 0, 19, true, 25, true},
		{"tables may be off", domain.Reference, 0, 500, false, 9, false},
		{"a wanted size that fits", domain.Reference, 5, 500, true, 5, false},
		{"a wanted size that needs tables", domain.Reference, 20, 500, true, 20, true},
		{"a wanted size that never fits", domain.Reference, 50, 500, true, 25, true},
		{"a wanted size without tables", domain.Reference, 50, 500, false, 9, false},
		{"a wanted size for few", domain.Reference, 50, 9, true, 9, false},
		{"published takes all at once", domain.Published, 5, 12, true, 12, false},
		{"published with tables", domain.Published, 0, 50, true, 50, true},
		{"published never above the program's bound", domain.Published, 0, 80, true, 50, true},
		{"published with nobody", domain.Published, 0, 0, true, 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			size, tables := pageShape(Vault{Behaviour: tt.behaviour, PageSize: tt.wanted}, tt.entries, tt.allow)
			require.Equal(t, tt.size, size)
			require.Equal(t, tt.tables, tables)
			require.LessOrEqual(t, size, capacity(tt.behaviour, true))
		})
	}
}

func TestUP3_PageShapeStaysWithinTheComputeThatWasMeasured(t *testing.T) {
	dear := domain.PageUnits{Investors: 12, Units: 870_000} // 17 of them fit.
	tests := []struct {
		name      string
		behaviour domain.Behaviour
		units     domain.PageUnits
		wanted    uint32
		entries   int
		size      uint32
		tables    bool
	}{
		{"nothing measured", domain.Reference, domain.PageUnits{}, 0, 60, 25, true},
		{"a cheap program", domain.Reference, domain.PageUnits{Investors: 25, Units: 330_000}, 0, 60, 25, true},
		{"a dear one", domain.Reference, dear, 0, 60, 17, true},
		{"a wanted size that is smaller", domain.Reference, dear, 11, 60, 11, true},
		{"a wanted size that is larger", domain.Reference, dear, 20, 60, 17, true},
		{"a page that short needs no tables", domain.Reference, domain.PageUnits{Investors: 9, Units: 1_400_000}, 0, 60, 8, false},
		{"a published day cannot be cut", domain.Published, dear, 0, 40, 40, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			size, tables := pageShape(Vault{Behaviour: tt.behaviour, PageSize: tt.wanted, Units: tt.units}, tt.entries, true)
			require.Equal(t, tt.size, size)
			require.Equal(t, tt.tables, tables)
		})
	}
}

func TestPlan_ExpectedAmountsAreTheProgramsOwn(t *testing.T) {
	v := aVault(23)
	v.PageSize = 7
	w := aView(v)
	limit := uint64(400_000_000)
	w.Policy.DailyCap, w.Progress.CarryOverDust = &limit, 12_345
	w.Streams[5].Stream.Recipient = w.Streams[4].Stream.Recipient // Twice in one page.
	w.Streams[20].Stream.Recipient = w.Streams[1].Stream.Recipient
	m := aPlan(t, v, w)
	var shares []router.Share
	for _, s := range w.Streams {
		shares = append(shares, router.Share{Recipient: s.Stream.Recipient, Locked: s.Stream.Locked(now)})
	}
	day, err := router.ReferenceDay(w.Policy.Terms(w.Quote, 12_345), shares, 7)
	require.NoError(t, err)
	var sum domain.Amount
	for _, e := range m.Entries {
		sum += e.Expected
	}
	require.EqualValues(t, day.Distributed, sum)
	require.EqualValues(t, day.Creator, m.Creator)
	require.EqualValues(t, day.Pool, m.Pool)
	require.Len(t, m.Pages, len(day.Pages))
	require.Zero(t, m.Entries[5].Expected, "paid with the other stream of the same recipient")
	require.NoError(t, m.Verify())
	require.Equal(t, domain.DayOf(now), m.Day)
}

func TestPlan_QuarantinesWhatWouldAbortAPage(t *testing.T) {
	v := aVault(6)
	w := aView(v)
	w.Streams[1].Reason = streamflow.Closed
	w.Streams[2].Reason = streamflow.WrongMint
	w.Streams[3].Reason = streamflow.Missing
	w.Streams[5].Key = w.Streams[0].Key
	gone := w.Recipients[w.Streams[4].Stream.Recipient]
	gone.Exists = false
	w.Recipients[w.Streams[4].Stream.Recipient] = gone
	m := aPlan(t, v, w)
	require.Len(t, m.Entries, 2)
	require.False(t, m.Entries[0].NeedsATA)
	require.True(t, m.Entries[1].NeedsATA, "a missing account is created first")
	reasons := map[int]string{}
	for _, q := range m.Quarantined {
		reasons[q.Index] = q.Reason
	}
	require.Equal(t, map[int]string{1: "closed", 2: "wrong_mint", 3: "missing", 5: "duplicate"}, reasons)
	require.EqualValues(t, 1_000+5_000, m.LockedTotal, "a refused stream has no weight")
}

func TestPlan_OfAnOpenDayIsThatOfItsOpening(t *testing.T) {
	v := aVault(3)
	w := aView(v)
	w.Progress = router.Progress{LastDistributionTS: now - 500, PaginationCursor: 9}
	m, err := Plan(v, w, Rules{}, w.Progress.LastDistributionTS)
	require.NoError(t, err)
	require.Zero(t, m.PrevTS, "what was before is not known, and the open day is not the one before")
	require.Equal(t, now-500, m.ChainTime)
}

func TestPlan_ThePublishedProgramSplitsTheClaimAlone(t *testing.T) {
	v := aVault(3)
	v.Behaviour = domain.Published
	w := aView(v)
	w.Progress.CarryOverDust = 999
	m := aPlan(t, v, w)
	require.Equal(t, m.Claimable, m.Pool+m.Creator)
	require.Len(t, m.Pages, 1)
}

func TestPageAt_CoversTheListFromAnyCursor(t *testing.T) {
	m := domain.Manifest{Entries: make([]domain.Entry, 10), PageSize: 4, Pages: domain.PlanPages(10, 4)}
	for cursor, count := range map[uint32]int{0: 4, 3: 4, 8: 2, 9: 1, 10: 0} {
		require.Equal(t, domain.PagePlan{Cursor: cursor, Count: count}, pageAt(m, cursor, m.PageSize))
	}
}

// X18: page_size is the plan's in every call, also in the last and shorter one: the program moves the cursor by it.
func TestX18_EveryCallHasThePlansPageSize(t *testing.T) {
	v := aVault(11)
	v.PageSize = 4
	m := aPlan(t, v, aView(v))
	s := &Service{}
	for _, plan := range m.Pages {
		r, err := s.pageRequest(t.Context(), v, m, plan.Cursor, m.PageSize)
		require.NoError(t, err)
		data, err := r.Instructions[0].Data()
		require.NoError(t, err)
		args, err := router.DecodeInstruction(data)
		require.NoError(t, err)
		call := args.(router.DistributeFeesArgs)
		require.EqualValues(t, 4, call.PageSize)
		require.Equal(t, plan.Cursor, *call.Cursor)
		require.Len(t, r.Instructions[0].Accounts(), router.FixedAccounts+2*plan.Count)
	}
}
