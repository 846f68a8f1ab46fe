package report

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

func TestW10_AnApprovedSizeIsKeptOrTakenBackByItsOwnPages(t *testing.T) {
	const week = 7 * 24 * time.Hour
	figures := func(pages, failed int, median, each time.Duration) domain.PageFigures {
		return domain.PageFigures{Pages: pages, Failed: failed, Median: median, PerInvestor: each}
	}
	before := figures(100, 0, 10*time.Second, time.Second)
	longer, shorter := domain.PageOrder{Size: 15, Before: 10}, domain.PageOrder{Size: 10, Before: 15}
	tests := []struct {
		name    string
		order   domain.PageOrder
		was, is domain.PageFigures
		age     time.Duration
		want    domain.PageOrderState
		why     string
	}{
		{"too early to say, however bad", longer, before, figures(20, 80, time.Hour, time.Hour), trialLeast - 1, domain.PageApplied, "5 days"},
		{"too few pages", longer, before, figures(19, 0, time.Second, time.Second), week, domain.PageApplied, "insufficient data"},
		{"faster is kept", longer, before, figures(70, 0, 12*time.Second, 800*time.Millisecond), week, domain.PageKept, "not worse"},
		{"a tenth more is no difference", longer, before, figures(70, 0, 16*time.Second, 1100*time.Millisecond), week, domain.PageKept, "not worse"},
		{"more than a tenth is worse", longer, before, figures(70, 0, 17*time.Second, 1101*time.Millisecond), week, domain.PageTakenBack, "takes longer"},
		{"faster and failing is worse", longer, before, figures(97, 3, time.Second, time.Millisecond), week, domain.PageTakenBack, "fail more often"},
		{"two points are no difference", longer, before, figures(98, 2, 10*time.Second, time.Second), week, domain.PageKept, "not worse"},
		{"nothing but failures is worse", longer, before, figures(0, 20, 0, 0), week, domain.PageTakenBack, "all of 20 attempts failed"},
		{"shorter pages that end failures may take longer", shorter, figures(80, 20, 10*time.Second, time.Second), figures(100, 0, 9*time.Second, 2*time.Second), week, domain.PageKept, "cured"},
		{"shorter pages that are no longer slow may take longer", shorter, figures(50, 0, 31*time.Second, time.Second), figures(50, 0, 25*time.Second, 2*time.Second), week, domain.PageKept, "cured"},
		{"shorter pages that only take longer are worse", shorter, before, figures(50, 0, 9*time.Second, 2*time.Second), week, domain.PageTakenBack, "takes longer"},
		{"nothing to compare with, and well", longer, domain.PageFigures{}, figures(50, 0, 9*time.Second, time.Second), week, domain.PageKept, "no figures from before"},
		{"nothing to compare with, and slow", longer, domain.PageFigures{}, figures(50, 0, 31*time.Second, time.Second), week, domain.PageTakenBack, "no figures from before"},
		{"nothing to compare with, and failing", longer, figures(19, 0, time.Second, time.Second), figures(90, 10, time.Second, time.Second), week, domain.PageTakenBack, "no figures from before"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := judgePages(tt.order, tt.was, tt.is, tt.age)
			require.Equal(t, tt.want, got.State, got.Why)
			require.Contains(t, got.Why, tt.why)
		})
	}
}

func TestW10_PagesCountBeforeOrAfterTheFirstDayOfTheirVaultsOrder(t *testing.T) {
	s := newStore(t)
	applied := time.Date(2026, 3, 10, 6, 0, 0, 0, time.UTC)
	put := func(name, vault string, n int, from time.Time, took time.Duration, ok bool) {
		for i := range n {
			require.NoError(t, s.RecordOperation(t.Context(), domain.Operation{
				Name: name, Vault: vault, Started: from.Add(time.Duration(i) * time.Minute), Duration: took, OK: ok, RunID: fmt.Sprint(name, vault, from, i),
			}))
		}
	}
	put(pageStep, "v", 30, applied.Add(-24*time.Hour), 10*time.Second, true)
	put(pageStep, "v", 30, applied.Add(-96*time.Hour), time.Second, true) // At the size before that.
	put(pageStep, "v", 25, applied, 30*time.Second, true)
	put(pageStep, "v", 1, applied.Add(time.Hour), time.Second, false)
	put(pageStep, "other", 50, applied, time.Hour, false)
	put(lastStep, "v", 50, applied, time.Hour, false)
	put(pageStep, "v", 50, applied.Add(8*24*time.Hour), time.Hour, false) // After the moment that is judged.

	order := domain.PageOrder{Seq: 3, Vault: "v", Size: 20, Before: 10, State: domain.PageApplied, AppliedAt: applied}
	trial := NewPageTrial(order, []domain.PageOrder{
		order,
		{Seq: 2, State: domain.PageTakenBack, EndedAt: applied.Add(-time.Hour)}, // No day was planned with it.
		{Seq: 1, State: domain.PageKept, AppliedAt: applied.Add(-72 * time.Hour), EndedAt: applied.Add(-2 * time.Hour)},
	}, 40)
	require.Equal(t, applied.Add(-72*time.Hour), trial.From)
	list, err := New(Params{Books: s}).JudgePages(t.Context(), applied.Add(7*24*time.Hour), []PageTrial{trial})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, &domain.PageFigures{Pages: 30, Median: 10 * time.Second, PerInvestor: time.Second}, list[0].Was)
	require.Equal(t, &domain.PageFigures{Pages: 25, Failed: 1, Median: 30 * time.Second, PerInvestor: 1500 * time.Millisecond}, list[0].Is)
	require.Equal(t, domain.PageTakenBack, list[0].State)
}
