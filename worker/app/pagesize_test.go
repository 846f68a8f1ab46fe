package app

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func TestW10_OnlyASizeThatATransactionTakesIsApproved(t *testing.T) {
	tests := []struct {
		name      string
		behaviour domain.Behaviour
		tables    string
		size      uint32
		want      error
	}{
		{"nobody", domain.Reference, "auto", 0, ErrPageSize},
		{"the most with tables", domain.Reference, "auto", 25, nil},
		{"more than that", domain.Reference, "auto", 26, ErrPageSize},
		{"the most without", domain.Reference, "off", 9, nil},
		{"more than that without", domain.Reference, "off", 10, ErrPageSize},
		{"a published day is one page", domain.Published, "auto", 10, ErrPageSize},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := config.Settings{Distribution: config.Distribution{LookupTables: tt.tables}}
			require.ErrorIs(t, PageSizeFits(s, config.Vault{ID: "v", Behaviour: tt.behaviour}, tt.size), tt.want)
		})
	}
}

func TestW10_AWorseSizeIsTakenBackAndToldWithItsFigures(t *testing.T) {
	db, err := store.Open(t.Context(), "file:"+filepath.Join(t.TempDir(), "feeops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	day := time.Date(2026, 3, 10, 6, 0, 0, 0, time.UTC)
	var list []report.PageJudgement
	for _, vault := range []string{"worse", "well", "early"} {
		o, err := db.ApprovePageSize(t.Context(), domain.PageOrder{Vault: vault, Size: 20, Before: 15, Actor: "ada", Reason: "fast", At: day})
		require.NoError(t, err)
		require.NoError(t, db.ApplyPageOrder(t.Context(), o.Seq, domain.DayOf(day.Unix()), "worker", day))
		o, _, err = db.PageOrder(t.Context(), vault)
		require.NoError(t, err)
		list = append(list, report.PageJudgement{Order: o, Is: &domain.PageFigures{Pages: 40}, Why: vault + " figures"})
	}
	list[0].State, list[1].State, list[2].State = domain.PageTakenBack, domain.PageKept, domain.PageApplied
	f := findings{name: "page sizes"}
	require.NoError(t, endPageOrders(t.Context(), db, &f, list, day.Add(time.Hour)))
	step := f.step()
	require.Equal(t, "warn", step.Verdict)
	require.Contains(t, step.Seen, "worse: 20 since 2026-03-10 is taken back from the next new day on, worse figures")
	require.Contains(t, step.Seen, "well: 20 since 2026-03-10 is kept, well figures")
	require.Contains(t, step.Seen, "early: 20 since 2026-03-10, early figures")
	require.Equal(t, "feeops page-size list worse", step.Next)
	_, found, err := db.PageOrder(t.Context(), "worse")
	require.NoError(t, err)
	require.False(t, found)
	kept, found, err := db.PageOrder(t.Context(), "well")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, domain.PageKept, kept.State)
	require.Equal(t, &domain.PageFigures{Pages: 40}, kept.Is)
}
