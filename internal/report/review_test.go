package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/distribution"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// twoDays are yesterday's day, which lies outside the window of 24 h, and today's: 5 pages, 1,500 paid, 400 to the creator.
func twoDays() (*history, daybooks) {
	h := newHistory()
	yesterday, today := h.now-26*3_600, h.now-2*3_600
	h.turn(day{at: yesterday, pages: 5, claimed: 2_000, creator: 450})
	h.turn(day{at: today, pages: 5, claimed: 2_000, creator: 400})
	books := daybooks{
		bookedDay("2026-11-22", yesterday, domain.Figures{Claimed: 2_000, Paid: 1_500, Creator: 450, DustOut: 50}),
		bookedDay("2026-11-23", today, domain.Figures{Claimed: 2_000, Paid: 1_500, Creator: 400, DustIn: 50, DustOut: 150}),
	}
	return h, books
}

func TestD19_SumsAreIntegersAndEqualTheBooks(t *testing.T) {
	h, books := twoDays()
	got := h.reviewed(t, books, nil)
	v := got.Vaults[0]
	require.Equal(t, OK, got.Verdict, "%+v %+v", got.Advice, v.Gaps)
	require.True(t, v.Complete)
	require.Equal(t, Flow{Claimed: 2_000, Paid: 1_500, Creator: 400, Logged: 1_500}, v.Flow)
	require.Equal(t, domain.Amount(1_900), v.Distributed)
	require.Len(t, v.Days, 1, "yesterday is not today")
	d := v.Days[0]
	require.Equal(t, domain.Day("2026-11-23"), d.Day)
	require.Equal(t, []any{true, true, 5, sumsExact, booksEqual}, []any{d.Closed, d.Whole, d.Pages, d.Sums, d.Books})
	require.Equal(t, []domain.Amount{50, 150}, []domain.Amount{*d.DustIn, *d.DustOut})
	require.EqualValues(t, 6, v.Token.Decimals, "the mint itself says how its amounts are written")
	require.Equal(t, uint64(25_000), v.FeeLamports)
	require.Equal(t, []MintFlow{{Token: v.Token, Distributed: 1_900, Flow: v.Flow}}, got.Totals)
}

func TestD13_TheWindowIsAParameterOrTheChainsOwnDay(t *testing.T) {
	h, books := twoDays()
	now := time.Unix(h.now, 0)
	r := &Reviewer{Chain: h, Books: books}
	two := r.Review(t.Context(), []distribution.Vault{h.v}, func(string) string { return "" }, Span{Window: NewWindow("48 h", now.Add(-48*time.Hour), now.Add(time.Second), now, time.UTC)})
	require.Len(t, two.Vaults[0].Days, 2)
	require.Equal(t, domain.Day("2026-11-22"), two.Vaults[0].Days[0].Day, "oldest first")
	require.Equal(t, domain.Amount(4_000), two.Vaults[0].Flow.Claimed)
	require.Equal(t, sumsExact, two.Vaults[0].Days[1].Sums)
	require.Contains(t, two.Vaults[0].Note, "knows nothing of this vault before", "whether the node cut its list, nobody can tell")

	latest := r.Review(t.Context(), []distribution.Vault{h.v}, func(string) string { return "" }, Span{Window: NewWindow("now", now, now, now, time.UTC), Latest: true})
	require.Len(t, latest.Vaults[0].Days, 1)
	require.Equal(t, domain.Day("2026-11-23"), latest.Vaults[0].Days[0].Day)
	require.Equal(t, domain.Amount(2_000), latest.Vaults[0].Flow.Claimed)

	named := r.Review(t.Context(), []distribution.Vault{h.v}, func(string) string { return "" }, Span{Window: NewWindow("now", now, now, now, time.UTC), Day: "2026-11-22"})
	require.Equal(t, domain.Day("2026-11-22"), named.Vaults[0].Days[0].Day)
	require.Len(t, named.Vaults[0].Days, 1)
	lost := r.Review(t.Context(), []distribution.Vault{h.v}, func(string) string { return "" }, Span{Window: NewWindow("now", now, now, now, time.UTC), Day: "2026-11-01"})
	require.Contains(t, lost.Vaults[0].Gaps[0].Text, "know no opening of day 2026-11-01")
	require.Equal(t, Fail, lost.Verdict)

	past := r.Review(t.Context(), []distribution.Vault{h.v}, func(string) string { return "" }, Span{Window: NewWindow("yesterday", now.Add(-48*time.Hour), now.Add(-24*time.Hour), now, time.UTC)})
	require.Len(t, past.Vaults[0].Days, 1)
	require.Equal(t, domain.Day("2026-11-22"), past.Vaults[0].Days[0].Day)
	require.Equal(t, booksEqual, past.Vaults[0].Days[0].Books)
	require.True(t, past.Complete)

	fresh := newHistory()
	never := (&Reviewer{Chain: fresh, Books: daybooks{}}).Review(t.Context(), []distribution.Vault{fresh.v}, func(string) string { return "" }, Span{Window: NewWindow("now", now, now, now, time.UTC), Latest: true})
	require.Contains(t, never.Vaults[0].Note, "never run")
	require.Equal(t, OK, never.Verdict)
}

func TestD14_ListsArePagedToTheCutOffAndNoFurther(t *testing.T) {
	h, books := twoDays()
	got := h.reviewed(t, books, func(r *Reviewer) { r.Page = 2 })
	require.True(t, got.Complete)
	require.Equal(t, 5, got.Vaults[0].Signatures)
	require.Equal(t, 3, h.requests, "5 of the window and one that is older, 2 a page")
	require.EqualValues(t, 5, h.fetched.Load(), "nothing outside the window is read")
}

func TestD14_AListThatBreaksOffIsAGap(t *testing.T) {
	h, books := twoDays()
	h.breakAt = 2
	got := h.reviewed(t, books, nil)
	v := got.Vaults[0]
	require.False(t, got.Complete)
	require.Equal(t, Warn, got.Verdict)
	require.Equal(t, "list", v.Gaps[0].Kind)
	require.Contains(t, v.Gaps[0].Text, "broke off after")
	require.Equal(t, 4, v.Signatures, "what was seen is reported")
	require.NotEqual(t, sumsExact, v.Days[0].Sums)
	require.Equal(t, booksUnknown, v.Days[0].Books, "half a day is not held against the books")

	h, books = twoDays()
	h.breakAt = 1
	got = h.reviewed(t, books, nil)
	require.Equal(t, Fail, got.Verdict, "nothing was seen at all")
}

func TestD14_ANodeThatCutItsHistoryIsFound(t *testing.T) {
	h, books := twoDays()
	h.pruned = 7 // Yesterday and the first two pages of today.
	got := h.reviewed(t, books, nil)
	v := got.Vaults[0]
	require.False(t, got.Complete)
	kinds := []string{}
	for _, g := range v.Gaps {
		kinds = append(kinds, g.Kind)
	}
	require.Equal(t, []string{"opening", "opening"}, kinds, "the list ends in mid-day, and the books know the opening")
	require.Equal(t, sumsUnknown, v.Days[0].Sums)
}

func TestD15_ATimeThatIsNotKnownNeverEndsTheReview(t *testing.T) {
	h, books := twoDays()
	h.land(h.now-3_600, h.v.Payer, func(tx *chain.Transaction) {
		tx.Err = chain.ParseTxError(json.RawMessage(`{"InstructionError":[0,{"Custom":6020}]}`))
	})
	h.nullTime = true
	got := h.reviewed(t, books, nil)
	v := got.Vaults[0]
	require.True(t, v.Complete, "%+v", v.Gaps)
	require.Equal(t, Flow{Claimed: 2_000, Paid: 1_500, Creator: 400, Logged: 1_500}, v.Flow, "the program's own time ends it at yesterday")
	require.Equal(t, 6, v.Signatures)
	require.Zero(t, v.NoTime)
	require.Positive(t, h.timeReads, "the failed one says nothing: its slot does")

	for every := 2; every < 5; every++ {
		h, books = twoDays()
		h.nullEvery = every
		v = h.reviewed(t, books, func(r *Reviewer) { r.Page, r.AtOnce = 8, 3 }).Vaults[0]
		require.Equal(t, Flow{Claimed: 2_000, Paid: 1_500, Creator: 400, Logged: 1_500}, v.Flow, "one of %d without a time, among others that have one", every)
		require.True(t, v.Complete)
	}

	h, books = twoDays()
	h.land(h.now-3_600, h.v.Payer, func(tx *chain.Transaction) {
		tx.Err = chain.ParseTxError(json.RawMessage(`{"InstructionError":[0,{"Custom":6020}]}`))
	})
	h.nullTime, h.noSlots = true, true
	v = h.reviewed(t, books, nil).Vaults[0]
	require.Equal(t, 1, v.NoTime, "nobody knows when: it is counted, and said")
	require.Equal(t, domain.Amount(2_000), v.Flow.Claimed)
}

func TestD18_WhatIsNotServedIsListedAndTheReviewIsIncomplete(t *testing.T) {
	h, books := twoDays()
	lost := h.txs[7].Signature
	h.missing[lost] = true
	got := h.reviewed(t, books, nil)
	v := got.Vaults[0]
	require.False(t, got.Complete)
	require.Equal(t, []string{lost.String()}, v.Missing)
	require.Equal(t, domain.Amount(1_200), v.Flow.Paid, "the others are counted")
	require.Equal(t, booksUnknown, v.Days[0].Books)
	kinds := map[string]bool{}
	for _, g := range v.Gaps {
		kinds[g.Kind] = true
	}
	require.Equal(t, map[string]bool{"transaction": true, "pages": true}, kinds)
	require.Contains(t, string(got.Sheet().Markdown()), "NOT complete")
}

func TestD18_APageThatTheListHidesIsFoundByItsCursors(t *testing.T) {
	h, books := twoDays()
	h.txs = append(h.txs[:7:7], h.txs[8:]...)
	v := h.reviewed(t, books, nil).Vaults[0]
	require.False(t, v.Complete)
	require.Contains(t, v.Gaps[0].Text, "pages from cursor 4 to 6")

	h, books = twoDays()
	h.txs = h.txs[:9] // The closing page.
	v = h.reviewed(t, books, nil).Vaults[0]
	require.False(t, v.Complete)
	require.Contains(t, v.Gaps[0].Text, "pages from cursor 8 to 10 of the open day")

	h, books = twoDays()
	h.txs = h.txs[:5] // The whole day.
	v = h.reviewed(t, books, nil).Vaults[0]
	require.False(t, v.Complete)
	require.Contains(t, v.Gaps[0].Text, "the books know day 2026-11-23")
	v = h.reviewed(t, nil, nil).Vaults[0]
	require.Contains(t, v.Gaps[0].Text, "the chain opened a day", "also without books")
}

func TestD16_WhatIsNotFinalIsCountedApart(t *testing.T) {
	h, books := twoDays()
	h.notFinal[h.txs[9].Signature] = true
	h.progress.PaginationCursor, h.progress.DayComplete = 8, false // As the finalized chain stands.
	v := h.reviewed(t, books[:1], nil).Vaults[0]
	require.True(t, v.Complete, "%+v", v.Gaps)
	require.Equal(t, 1, v.NotFinal)
	require.Equal(t, domain.Amount(1_200), v.Flow.Paid, "money counts when it is final")
	require.Equal(t, sumsOpen, v.Days[0].Sums)
}

func TestD17_OnlyTheRoutersOwnFrameCounts(t *testing.T) {
	h, books := twoDays()
	liar := key('x', 9)
	h.land(h.now-60, liar, func(tx *chain.Transaction) {
		tx.Logs = []string{
			"Program " + liar.String() + " invoke [1]",
			router.LogLine(router.QuoteFeesClaimed{Vault: h.v.Address, ClaimedAmount: 1 << 40, Timestamp: h.now - 60}),
			router.LogLine(router.InvestorPayoutPage{Vault: h.v.Address, PageEnd: 2, TotalDistributed: 1 << 40, Timestamp: h.now - 60}),
			"Program " + liar.String() + " success",
		}
	})
	got := h.reviewed(t, books, nil)
	require.Equal(t, domain.Amount(2_000), got.Vaults[0].Flow.Claimed)
	require.Equal(t, 1, got.Vaults[0].Other)
	require.Equal(t, OK, got.Verdict)
}

func TestD17_CutLogsFallBackToCallAndBalances(t *testing.T) {
	h := newHistory()
	at := h.now - 3_600
	h.turn(day{at: at, pages: 3, claimed: 2_000, creator: 400, cut: map[int]bool{0: true, 1: true, 2: true}})
	books := daybooks{bookedDay("2026-11-23", at, domain.Figures{Claimed: 2_000, Paid: 900, Creator: 400, DustOut: 700})}
	v := h.reviewed(t, books, nil).Vaults[0]
	require.True(t, v.Complete, "%+v", v.Gaps)
	require.Equal(t, 3, v.Cut)
	require.Equal(t, []domain.Amount{2_000, 900, 400}, []domain.Amount{v.Flow.Claimed, v.Flow.Paid, v.Flow.Creator})
	require.Zero(t, v.Flow.Logged, "nothing of it was logged")
	d := v.Days[0]
	require.True(t, d.Closed)
	require.Equal(t, domain.Amount(700), *d.DustOut, "the progress account knows what was carried over")
	require.Equal(t, booksEqual, d.Books)
	require.Equal(t, sumsExact, d.Sums)
}

func TestD20_BaseFeesAreSeen(t *testing.T) {
	h := newHistory()
	h.land(h.now-60, h.v.Payer, func(tx *chain.Transaction) {
		h.call(tx, 0, 2, router.QuoteFeesClaimed{Vault: h.v.Address, ClaimedAmount: 5, BaseAmount: 3, Timestamp: h.now - 60},
			router.InvestorPayoutPage{Vault: h.v.Address, PageEnd: 2, Timestamp: h.now - 60})
		tx.TokenDeltas = []chain.TokenDelta{{Account: h.v.Accounts.Treasury, Mint: h.v.QuoteMint, Post: 5}}
	})
	h.progress = router.Progress{LastDistributionTS: h.now - 60, PaginationCursor: 2}
	got := h.reviewed(t, nil, nil)
	require.Equal(t, uint64(3), got.Vaults[0].BaseFees)
	require.Equal(t, Fail, got.Verdict)
}

func TestD21_ATransactionCountsOnceHoweverOftenItIsListed(t *testing.T) {
	h, books := twoDays()
	h.overlap = 3 // An endpoint that is a few transactions ahead repeats the end of the page before.
	v := h.reviewed(t, books, nil).Vaults[0]
	require.Equal(t, 5, v.Signatures)
	require.Equal(t, Flow{Claimed: 2_000, Paid: 1_500, Creator: 400, Logged: 1_500}, v.Flow)
}

func TestD23_FailuresAreCountedByCode(t *testing.T) {
	h, books := twoDays()
	fail := func(raw string, program solana.PublicKey) {
		h.land(h.now-30, h.v.Payer, func(tx *chain.Transaction) {
			tx.Err = chain.ParseTxError(json.RawMessage(raw))
			tx.Err.Program = program
		})
	}
	fail(`{"InstructionError":[2,{"Custom":6005}]}`, h.v.Program)
	fail(`{"InstructionError":[2,{"Custom":6005}]}`, h.v.Program)
	fail(`{"InstructionError":[2,{"Custom":6020}]}`, solana.PublicKey{})
	fail(`{"InstructionError":[2,{"Custom":6005}]}`, key('x', 1))
	fail(`"BlockhashNotFound"`, solana.PublicKey{})
	got := h.reviewed(t, books, nil)
	v := got.Vaults[0]
	for i := range v.Failed {
		v.Failed[i].Newest = ""
	}
	require.ElementsMatch(t, []FailedCode{
		{Code: "router/6005", Name: "InvalidPaginationCursor", Count: 2},
		{Code: "router/6020", Name: "DayAlreadyComplete", Count: 1},
		{Code: "custom/6005", Program: key('x', 1).String(), Count: 1},
		{Code: "tx/BlockhashNotFound", Count: 1},
	}, v.Failed)
	require.Equal(t, "router/6005", v.Failed[0].Code, "the most frequent first")
	require.Equal(t, Warn, got.Verdict)
	require.Equal(t, domain.Amount(2_000), v.Flow.Claimed, "a failed transaction moved nothing")
}

func TestD24_ADifferenceOfOneBaseUnitIsSeen(t *testing.T) {
	for name, change := range map[string]func(h *history, books daybooks){
		"an investor got one more":     func(h *history, _ daybooks) { h.txs[6].TokenDeltas[0].Post++; h.txs[6].TokenDeltas[2].Post-- },
		"the creator got one less":     func(h *history, _ daybooks) { h.txs[9].TokenDeltas[2].Post--; h.txs[9].TokenDeltas[3].Post++ },
		"the books say another claim":  func(_ *history, b daybooks) { b[1].Report.Result.Claimed++ },
		"the books say another payout": func(_ *history, b daybooks) { b[1].Report.Result.Paid-- },
		"the books say other dust":     func(_ *history, b daybooks) { b[1].Report.Result.DustOut++ },
	} {
		t.Run(name, func(t *testing.T) {
			h, books := twoDays()
			change(h, books)
			got := h.reviewed(t, books, nil)
			require.Equal(t, Fail, got.Verdict, "%+v", got.Vaults[0].Days)
			require.NotEqual(t, []string{sumsExact, booksEqual}, []string{got.Vaults[0].Days[0].Sums, got.Vaults[0].Days[0].Books})
			require.NotEmpty(t, got.Advice)
		})
	}
}

func TestX25_PagesOfStrangersAndTokensFromNowhereAreNamed(t *testing.T) {
	h := newHistory()
	at := h.now - 3_600
	h.turn(day{at: at, pages: 3, claimed: 2_000, creator: 400, signers: map[int]solana.PublicKey{1: key('x', 1)}})
	h.land(at+50, key('x', 2), func(tx *chain.Transaction) {
		tx.TokenDeltas = []chain.TokenDelta{{Account: h.v.Accounts.Treasury, Mint: h.v.QuoteMint, Pre: 700, Post: 777}}
	})
	h.land(at+60, h.v.Payer, func(tx *chain.Transaction) { h.call(tx, 0, 2) })
	v := h.reviewed(t, nil, nil).Vaults[0]
	require.Equal(t, 1, v.Foreign)
	require.Equal(t, domain.Amount(77), v.TreasuryIn)
	require.Equal(t, domain.Amount(2_000), v.Flow.Claimed, "a gift is not a claim")
	require.Equal(t, 1, v.Nothing)
	require.Equal(t, booksNone, v.Days[0].Books)
	kinds := map[string]int{}
	for _, l := range v.Transactions {
		kinds[l.Kind]++
	}
	require.Equal(t, map[string]int{"page": 3, "treasury": 1, "nothing": 1}, kinds)
}

func TestReview_APageTurnedTwiceIsCritical(t *testing.T) {
	h, books := twoDays()
	again := *h.txs[7]
	again.Signature = solana.Signature{99}
	h.txs = append(h.txs[:8:8], append([]*chain.Transaction{&again}, h.txs[8:]...)...)
	got := h.reviewed(t, books, nil)
	require.Equal(t, Fail, got.Verdict)
	rules := map[string]bool{}
	for _, a := range got.Advice {
		rules[a.Rule] = true
	}
	require.True(t, rules["review/page_twice"], "%+v", got.Advice)
}

func TestReview_PublishedDaysAreLoggedAndNotPaid(t *testing.T) {
	h := newHistory()
	h.v.Behaviour = domain.Published
	h.turn(day{at: h.now - 60, pages: 1, claimed: 2_000, creator: 400})
	tx := h.txs[0]
	tx.TokenDeltas = tx.TokenDeltas[2:]
	tx.TokenDeltas[1].Post += 300
	got := h.reviewed(t, nil, nil)
	require.Equal(t, OK, got.Verdict, "%+v", got.Advice)
	require.Equal(t, Flow{Claimed: 2_000, Creator: 400, Logged: 300}, got.Vaults[0].Flow)
	require.Equal(t, sumsNot, got.Vaults[0].Days[0].Sums)
}

func TestReview_AStateThatCannotBeReadIsAGapAndBooksToo(t *testing.T) {
	h, books := twoDays()
	h.noState = true
	got := h.reviewed(t, books, nil)
	require.False(t, got.Complete)
	require.Equal(t, "state", got.Vaults[0].Gaps[0].Kind)
	require.Contains(t, got.Vaults[0].Token.Format(1), "base units", "amounts are not written in units that nobody knows")

	h, _ = twoDays()
	got = h.reviewed(t, nil, func(r *Reviewer) { r.Books = noBooks{} })
	require.False(t, got.Complete)
	require.Equal(t, booksUnknown, got.Vaults[0].Days[0].Books)
}

type noBooks struct{}

func (noBooks) BookedDays(context.Context, string, domain.Day, domain.Day) ([]domain.BookedDay, error) {
	return nil, errors.New("disk gone")
}

func TestReview_EndingItIsAGap(t *testing.T) {
	h, books := twoDays()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	now := time.Unix(h.now, 0)
	got := (&Reviewer{Chain: h, Books: books, AtOnce: 1}).Review(ctx, []distribution.Vault{h.v}, func(string) string { return "" }, Span{Window: NewWindow("24 h", now.Add(-24*time.Hour), now, now, time.UTC)})
	require.False(t, got.Complete)
}

func TestReview_EveryFormatSaysTheSame(t *testing.T) {
	h, books := twoDays()
	got := h.reviewed(t, books, nil)
	got.Vaults[0].Name = "=evil|name"
	for _, format := range sheet.Formats() {
		body, err := sheet.Render(got, format)
		require.NoError(t, err)
		for _, figure := range []string{"2000", "1500", "400"} {
			require.Contains(t, string(body), figure, "%s: %s", format, fmt.Sprint(figure))
		}
	}
}
