package router

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func publishedShares(locked ...uint64) []Share {
	out := make([]Share, 0, len(locked))
	for i, l := range locked {
		out = append(out, Share{named(string(rune('a' + i))), l})
	}
	return out
}

func TestPublished_APageAloneClosesTheDay(t *testing.T) { // Row X21.
	all := publishedShares(100, 100, 100, 100)
	in := PublishedCallInput{
		Terms: DayTerms{Claimed: 1000, ShareBPS: 10_000, Y0: 400, MinPayout: 1}, Shares: all[:2], PageSize: 2, Treasury: 1000,
	}
	alone, err := PublishedCall(in)
	require.NoError(t, err)
	require.Equal(t, OutcomeClosed, alone.Outcome)
	require.EqualValues(t, 200, alone.LockedTotal)
	require.EqualValues(t, 500, alone.Creator) // Half is locked, so the creator takes the other half for good.
	require.True(t, alone.Progress.DayComplete)

	in.Shares = all
	first, err := PublishedCall(in)
	require.NoError(t, err)
	require.Equal(t, OutcomePage, first.Outcome)
	require.EqualValues(t, 500, first.LoggedTotal)
	require.Equal(t, Progress{CurrentDayDistributed: 500, PaginationCursor: 2}, first.Progress)
}

func TestPublished_AContinuationComputesNothing(t *testing.T) { // Row C15.
	got, err := PublishedCall(PublishedCallInput{
		Progress: Progress{PaginationCursor: 2, CarryOverDust: 7, CurrentDayDistributed: 500},
		Terms:    DayTerms{ShareBPS: 10_000, Y0: 400, MinPayout: 10}, Shares: publishedShares(100, 100, 100, 100), PageSize: 2,
	})
	require.NoError(t, err)
	require.Equal(t, OutcomeClosed, got.Outcome)
	require.Zero(t, got.LoggedTotal)
	require.Zero(t, got.Creator)
	require.Equal(t, Progress{CurrentDayDistributed: 500, CarryOverDust: 7, PaginationCursor: 4, DayComplete: true}, got.Progress)
}

func TestPublished_AContinuationWithoutDustDoesNothingAtAll(t *testing.T) { // The day can then never complete.
	in := PublishedCallInput{
		Progress: Progress{PaginationCursor: 2}, Terms: DayTerms{ShareBPS: 1, Y0: 1, MinPayout: 1}, Shares: publishedShares(1, 1, 1), PageSize: 2,
	}
	got, err := PublishedCall(in)
	require.NoError(t, err)
	require.Equal(t, PublishedCallResult{Outcome: OutcomeNothing, Progress: in.Progress}, got)
}

func TestPublished_DustIsPaidToNobodyInMultiplesOfTheMinimum(t *testing.T) {
	got, err := PublishedCall(PublishedCallInput{
		Progress: Progress{CarryOverDust: 25},
		Terms:    DayTerms{Claimed: 100, ShareBPS: 10_000, Y0: 100, MinPayout: 20}, Shares: publishedShares(90, 10), PageSize: 2, Treasury: 100,
	})
	require.NoError(t, err)
	require.EqualValues(t, 90, got.Payouts[0].Paid)
	require.Zero(t, got.Payouts[1].Paid)
	require.EqualValues(t, 10, got.Payouts[1].Raw)
	require.EqualValues(t, 20, got.DustPaid) // 25 + 10 = 35: one multiple of 20 goes, 15 stay.
	require.EqualValues(t, 110, got.LoggedTotal)
	require.EqualValues(t, 15, got.Progress.CarryOverDust)
	require.EqualValues(t, 110, got.Progress.CurrentDayDistributed)
}

func TestPublished_OtherCalls(t *testing.T) {
	limit := uint64(60)
	terms := DayTerms{Claimed: 100, ShareBPS: 10_000, Y0: 100, MinPayout: 1, Cap: &limit}
	tests := []struct {
		name string
		in   PublishedCallInput
		want PublishedOutcome
		then Progress
	}{
		{
			"the page is logged as what is left of the cap",
			PublishedCallInput{Terms: terms, Shares: publishedShares(60, 40), PageSize: 1, Treasury: 100, Progress: Progress{CurrentDayDistributed: 10}},
			OutcomePage,
			Progress{CurrentDayDistributed: 60, PaginationCursor: 1},
		},
		{
			"a used-up cap leaves the cursor",
			PublishedCallInput{Terms: terms, Shares: publishedShares(60, 40), PageSize: 1, Progress: Progress{CurrentDayDistributed: 60, PaginationCursor: 1}},
			OutcomeCapReached,
			Progress{CurrentDayDistributed: 60, PaginationCursor: 1},
		},
		{
			"a last page with nothing locked does not close the day",
			PublishedCallInput{Terms: terms, Shares: publishedShares(60, 0), PageSize: 1, Progress: Progress{PaginationCursor: 1}},
			OutcomeNoEligible,
			Progress{PaginationCursor: 2},
		},
		{"no stream", PublishedCallInput{Terms: terms, PageSize: 1}, OutcomeNothing, Progress{}},
		{
			"no fee and no dust",
			PublishedCallInput{Terms: DayTerms{MinPayout: 1, Y0: 1}, Shares: publishedShares(1), PageSize: 1},
			OutcomeNothing,
			Progress{},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := PublishedCall(tt.in)
			require.NoError(t, err)
			require.Equal(t, tt.want.String(), got.Outcome.String())
			require.Equal(t, tt.then, got.Progress)
		})
	}
}

func TestPublished_Refusals(t *testing.T) {
	terms := DayTerms{Claimed: 100, ShareBPS: 5000, Y0: 100, MinPayout: 1}
	tests := []struct {
		name string
		in   PublishedCallInput
		want Code
	}{
		{"page size 0", PublishedCallInput{Terms: terms, Shares: publishedShares(1)}, CodeInvalidPaginationCursor},
		{"cursor past the streams passed", PublishedCallInput{Terms: terms, Shares: publishedShares(1), PageSize: 1, Progress: Progress{PaginationCursor: 1}}, CodeInvalidPaginationCursor},
		{"treasury below the creator's part", PublishedCallInput{Terms: terms, Shares: publishedShares(100), PageSize: 1, Treasury: 49}, CodeInsufficientFunds},
		{"dust overflow", PublishedCallInput{
			Terms: DayTerms{Claimed: 100, ShareBPS: 10_000, Y0: 100, MinPayout: 101}, Shares: publishedShares(100), PageSize: 1,
			Progress: Progress{CarryOverDust: math.MaxUint64},
		}, CodeArithmeticOverflow},
		{"broken policy", PublishedCallInput{Terms: DayTerms{Claimed: 1, Y0: 1}, Shares: publishedShares(1), PageSize: 1}, CodeInvalidMinPayoutThreshold},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := PublishedCall(tt.in)
			require.ErrorIs(t, err, tt.want)
		})
	}
}

func TestPublished_FirstPageAgreesWithTheReferenceWithoutDust(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, shares := drawTerms(t), drawShares(t)
		terms.DustIn, terms.Cap = 0, nil
		terms.Claimed = max(terms.Claimed, 1)
		size := rapid.Uint32Range(1, MaxPageSize).Draw(t, "page")
		day, err := ReferenceDay(terms, shares, size)
		require.NoError(t, err)
		got, err := PublishedCall(PublishedCallInput{Terms: terms, Shares: shares, PageSize: size, Treasury: terms.Claimed})
		require.NoError(t, err)
		if got.Outcome == OutcomeNoEligible {
			require.Zero(t, day.Pages[0].Total)
			return
		}
		require.Equal(t, day.Pages[0].Payouts, got.Payouts)
		require.Equal(t, day.Pages[0].Total+got.DustPaid, got.LoggedTotal)
		require.Equal(t, day.Pages[0].Dust, got.DustPaid+got.Progress.CarryOverDust)
	})
}
