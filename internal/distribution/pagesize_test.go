package distribution

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func approve(t *testing.T, db *store.Store, size uint32) domain.PageOrder {
	t.Helper()
	o, err := db.ApprovePageSize(t.Context(), domain.PageOrder{Vault: "v1", Size: size, Before: 4, Actor: "ada", Reason: "fast pages", At: time.Unix(now, 0)})
	require.NoError(t, err)
	return o
}

func TestW10_ADayUnderWayKeepsItsSizeAndTheNextTakesTheApprovedOne(t *testing.T) {
	db, err := store.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	v := aVault(20)
	v.PageSize = 4
	s := New(Params{Store: db, Vaults: map[string]Vault{v.ID: v}, Now: func() time.Time { return time.Unix(now, 0) }})
	first := aView(v)
	p, err := s.prepareNew(t.Context(), v, first, Prepared{})
	require.NoError(t, err)
	require.EqualValues(t, 4, p.Manifest.PageSize)

	// The day is opened, and an operator approves another size while it is paid.
	require.NoError(t, db.SetOpening(t.Context(), v.ID, p.Manifest.Day, *opened(t, p.Manifest).Opening))
	order := approve(t, db, 7)
	open := first
	open.ChainTime, open.Progress.LastDistributionTS, open.Progress.PaginationCursor = now+60, now, 8
	for range 2 {
		p, err = s.prepareOpen(t.Context(), v, open, Prepared{})
		require.NoError(t, err)
		require.EqualValues(t, 4, p.Manifest.PageSize, "its pages are cut already")
	}
	held, _, err := db.PageOrder(t.Context(), v.ID)
	require.NoError(t, err)
	require.Equal(t, order, held, "still waiting for a new day")

	next := open
	next.ChainTime = now + domain.DaySeconds
	for range 2 {
		p, err = s.prepareNew(t.Context(), v, next, Prepared{})
		require.NoError(t, err)
		require.EqualValues(t, 7, p.Manifest.PageSize)
		require.Len(t, p.Manifest.Pages, 3)
	}
	held, _, err = db.PageOrder(t.Context(), v.ID)
	require.NoError(t, err)
	require.Equal(t, domain.PageApplied, held.State)
	require.Equal(t, domain.DayOf(next.ChainTime), held.Since)

	// Taken back in the middle of that day: it ends as it began, and the day after has the settings' size again.
	require.NoError(t, db.EndPageOrder(t.Context(), store.PageVerdict{Seq: order.Seq, State: domain.PageTakenBack, Actor: "bob", At: time.Unix(now, 0), Note: "worse"}))
	stored, found, err := db.Manifest(t.Context(), v.ID, held.Since)
	require.NoError(t, err)
	require.True(t, found)
	require.EqualValues(t, 7, stored.PageSize)
	after := next
	after.ChainTime, after.Progress.LastDistributionTS = next.ChainTime+domain.DaySeconds, next.ChainTime
	p, err = s.prepareNew(t.Context(), v, after, Prepared{})
	require.NoError(t, err)
	require.EqualValues(t, 4, p.Manifest.PageSize)
}

func TestW10_APlanThatMayStillLandOutlivesAnApproval(t *testing.T) {
	db, err := store.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	v := aVault(20)
	v.PageSize = 4
	s := New(Params{Store: db, Vaults: map[string]Vault{v.ID: v}, Now: func() time.Time { return time.Unix(now, 0) }})
	w := aView(v)
	p, err := s.prepareNew(t.Context(), v, w, Prepared{})
	require.NoError(t, err)
	require.NoError(t, db.InsertIntent(t.Context(), domain.Intent{
		Signature: "sig", Vault: v.ID, Day: p.Manifest.Day, Kind: domain.IntentPage, Key: "page/0", State: domain.IntentPrepared, Raw: []byte{1}, Blockhash: "b", LastValid: 9, CreatedAt: time.Unix(now, 0), UpdatedAt: time.Unix(now, 0),
	}))
	approve(t, db, 7)
	p, err = s.prepareNew(t.Context(), v, w, Prepared{})
	require.NoError(t, err)
	require.EqualValues(t, 4, p.Manifest.PageSize)
	held, _, err := db.PageOrder(t.Context(), v.ID)
	require.NoError(t, err)
	require.Equal(t, domain.PageApproved, held.State, "no day was planned with it")
}
