package router

import (
	"math"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type goldenDay struct {
	Name  string `json:"name"`
	Input struct {
		Claimed   string  `json:"claimed"`
		DustIn    string  `json:"dust_in"`
		ShareBPS  string  `json:"share_bps"`
		Y0        string  `json:"y0"`
		MinPayout string  `json:"min_payout"`
		Cap       *string `json:"cap"`
		PageSize  uint32  `json:"page_size"`
		Streams   []struct {
			Recipient string `json:"recipient"`
			Locked    string `json:"locked"`
		} `json:"streams"`
	} `json:"input"`
	Expected struct {
		LockedTotal  string `json:"locked_total"`
		EligibleBPS  string `json:"eligible_bps"`
		InvestorPool string `json:"investor_pool"`
		Creator      string `json:"creator"`
		Distributed  string `json:"distributed"`
		DustOut      string `json:"dust_out"`
		Pages        []struct {
			Cursor      uint32 `json:"cursor"`
			CursorAfter uint32 `json:"cursor_after"`
			Total       string `json:"total_distributed"`
			Processed   int    `json:"processed_count"`
			Dust        string `json:"dust_carried_forward"`
			Cumulative  string `json:"cumulative_day_distributed"`
			Payouts     []struct {
				Recipient string `json:"recipient"`
				Locked    string `json:"locked"`
				Weight    string `json:"weight"`
				Raw       string `json:"raw"`
				Paid      string `json:"paid"`
			} `json:"payouts"`
		} `json:"pages"`
	} `json:"expected"`
}

func TestReferenceDay_EqualsTheVectors(t *testing.T) {
	var g struct{ Cases []goldenDay }
	readJSON(t, "payouts.json", &g)
	require.Len(t, g.Cases, 12)
	for _, c := range g.Cases {
		t.Run(c.Name, func(t *testing.T) {
			in, want := c.Input, c.Expected
			terms := DayTerms{
				Claimed: number(t, in.Claimed), DustIn: number(t, in.DustIn), ShareBPS: uint16(number(t, in.ShareBPS)),
				Y0: number(t, in.Y0), MinPayout: number(t, in.MinPayout), Cap: optional(t, in.Cap),
			}
			shares := make([]Share, 0, len(in.Streams))
			for _, s := range in.Streams {
				shares = append(shares, Share{named(s.Recipient), number(t, s.Locked)})
			}
			day, err := ReferenceDay(terms, shares, in.PageSize)
			require.NoError(t, err)
			require.True(t, day.Closed)
			require.Equal(t, number(t, want.LockedTotal), day.LockedTotal)
			require.Equal(t, number(t, want.EligibleBPS), day.EligibleBPS)
			require.Equal(t, number(t, want.InvestorPool), day.Pool)
			require.Equal(t, number(t, want.Creator), day.Creator)
			require.Equal(t, number(t, want.Distributed), day.Distributed)
			require.Equal(t, number(t, want.DustOut), day.DustOut)
			require.Len(t, day.Pages, len(want.Pages))
			for n, p := range want.Pages {
				got := day.Pages[n]
				require.Equal(t, []uint32{p.Cursor, p.CursorAfter}, []uint32{got.Cursor, got.CursorAfter})
				require.Equal(t, number(t, p.Total), got.Total)
				require.Equal(t, number(t, p.Dust), got.Dust)
				require.Equal(t, number(t, p.Cumulative), got.Cumulative)
				require.Len(t, got.Payouts, p.Processed)
				payouts := make([]Payout, 0, len(p.Payouts))
				for _, q := range p.Payouts {
					payouts = append(payouts, Payout{named(q.Recipient), number(t, q.Locked), number(t, q.Weight), number(t, q.Raw), number(t, q.Paid)})
				}
				require.Equal(t, payouts, got.Payouts)
			}
		})
	}
}

func drawShares(t *rapid.T) []Share {
	recipients := rapid.IntRange(1, 40).Draw(t, "recipients")
	locked := rapid.OneOf(rapid.Uint64Range(0, 1000), rapid.Uint64Range(0, math.MaxUint64/200))
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Share {
		return Share{solana.PublicKey{0: byte(rapid.IntRange(0, recipients).Draw(t, "recipient"))}, locked.Draw(t, "locked")}
	}), 1, 150).Draw(t, "shares")
}

func drawTerms(t *rapid.T) DayTerms {
	amount := rapid.OneOf(rapid.Uint64Range(0, 10_000), rapid.Uint64Range(0, math.MaxUint64/4))
	terms := DayTerms{
		Claimed: amount.Draw(t, "claimed"), DustIn: amount.Draw(t, "dust"), ShareBPS: rapid.Uint16Range(0, maxBPS).Draw(t, "share"),
		Y0: max(1, amount.Draw(t, "y0")), MinPayout: rapid.Uint64Range(1, 100_000).Draw(t, "min"),
	}
	if rapid.Bool().Draw(t, "capped") {
		limit := max(1, amount.Draw(t, "cap"))
		terms.Cap = &limit
	}
	return terms
}

func TestReferenceDay_ConservesEveryBaseUnitAndKeepsTheCap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, shares := drawTerms(t), drawShares(t)
		day, err := ReferenceDay(terms, shares, rapid.Uint32Range(1, MaxPageSize).Draw(t, "page"))
		require.NoError(t, err)
		require.Equal(t, terms.Claimed+terms.DustIn, day.Distributed+day.Creator+day.DustOut+day.Stranded)
		var paid, recipients uint64
		for _, page := range day.Pages {
			var total uint64
			for _, p := range page.Payouts {
				require.LessOrEqual(t, p.Paid, p.Raw)
				require.True(t, p.Paid == 0 || p.Raw >= terms.MinPayout)
				total += p.Paid
				recipients++
			}
			require.Equal(t, total, page.Total)
			paid += total
			require.Equal(t, paid, page.Cumulative)
			if terms.Cap != nil {
				require.LessOrEqual(t, paid, *terms.Cap)
			}
		}
		require.Equal(t, paid, day.Distributed)
		require.LessOrEqual(t, recipients, uint64(len(shares)))
	})
}

func TestReferenceDay_PageSizeDoesNotChangePayoutsOfSingleStreams(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms, shares := drawTerms(t), drawShares(t)
		terms.Cap = nil // A cap scales each page on its own, so there the split matters.
		for i := range shares {
			shares[i].Recipient = solana.PublicKey{0: byte(i)} // Streams of one recipient add up within a page only.
		}
		whole, err := ReferenceDay(terms, shares, MaxPageSize)
		require.NoError(t, err)
		split, err := ReferenceDay(terms, shares, rapid.Uint32Range(1, MaxPageSize).Draw(t, "page"))
		require.NoError(t, err)
		all := func(d DayResult) (out []Payout) {
			for _, p := range d.Pages {
				out = append(out, p.Payouts...)
			}
			return out
		}
		require.Equal(t, all(whole), all(split))
		require.Equal(t, whole.DustOut, split.DustOut)
	})
}

func TestReferenceDay_NothingToDistributeLeavesTheDayOpen(t *testing.T) {
	terms := DayTerms{Claimed: 500, DustIn: 7, ShareBPS: 7000, Y0: 10, MinPayout: 1}
	day, err := ReferenceDay(terms, nil, 20)
	require.NoError(t, err)
	require.Equal(t, DayResult{Opening: Opening{Pool: 7, Creator: 500}, DustOut: 7, Stranded: 500}, day)
	day, err = ReferenceDay(DayTerms{ShareBPS: 7000, Y0: 10, MinPayout: 1}, []Share{{named("a"), 5}}, 20)
	require.NoError(t, err)
	require.False(t, day.Closed)
	require.Empty(t, day.Pages)
}

func TestArithmetic_OverflowIsAnErrorAndNeverAWrap(t *testing.T) {
	ok := DayTerms{Claimed: 10, ShareBPS: 10_000, Y0: 1, MinPayout: 1}
	huge := []Share{{named("a"), math.MaxUint64}, {named("b"), 1}}
	_, err := OpenDay(ok, huge)
	require.ErrorIs(t, err, CodeArithmeticOverflow)
	rich := ok
	rich.Claimed, rich.DustIn = math.MaxUint64, 1
	_, err = OpenDay(rich, huge[:1])
	require.ErrorIs(t, err, CodeArithmeticOverflow)
	opening, err := OpenDay(ok, huge[:1])
	require.NoError(t, err)
	require.EqualValues(t, 10_000, opening.EligibleBPS) // locked·10000/y0 needs more than 64 bits here.
	_, err = PayPage(opening, ok, []Share{{named("a"), math.MaxUint64}, {named("a"), 1}}, 0)
	require.ErrorIs(t, err, CodeArithmeticOverflow)
	_, err = PayPage(opening, ok, huge[:1], math.MaxUint64)
	require.ErrorIs(t, err, CodeArithmeticOverflow)
	_, err = CloseDay(opening, opening.Pool+1)
	require.ErrorIs(t, err, CodeArithmeticOverflow)
}

func TestTerms_AreRefusedWithTheProgramsCodes(t *testing.T) {
	zero := uint64(0)
	good := DayTerms{ShareBPS: 10_000, Y0: 1, MinPayout: 1}
	tests := []struct {
		name string
		edit func(*DayTerms)
		want Code
	}{
		{"share above 100 %", func(d *DayTerms) { d.ShareBPS = 10_001 }, CodeInvalidFeeShareBasisPoints},
		{"minimum of 0", func(d *DayTerms) { d.MinPayout = 0 }, CodeInvalidMinPayoutThreshold},
		{"allocation of 0", func(d *DayTerms) { d.Y0 = 0 }, CodeInvalidTotalAllocation},
		{"cap of 0", func(d *DayTerms) { d.Cap = &zero }, CodeInvalidDailyCap},
	}
	require.NoError(t, good.Validate())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			terms := good
			tt.edit(&terms)
			_, err := ReferenceDay(terms, nil, 1)
			require.ErrorIs(t, err, tt.want)
		})
	}
	for _, size := range []uint32{0, MaxPageSize + 1} {
		_, err := ReferenceDay(good, nil, size)
		require.ErrorIs(t, err, CodeInvalidPaginationCursor)
	}
}
