package bank_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/router"
)

func TestPublished_LogsInvestorsAndPaysOnlyTheCreator(t *testing.T) {
	v := newVault(t, bank.Published, plainTerms(), investors(5))
	r := v.page(0, 20)
	events := v.events(r)
	require.Len(t, events, 3)
	page, closed := events[1].(router.InvestorPayoutPage), events[2].(router.CreatorPayoutDayClosed)
	require.NotZero(t, page.TotalDistributed)
	require.Contains(t, strings.Join(r.Logs, "\n"), "Program log: Transferring")
	require.Zero(t, v.paid("r0"))
	require.Equal(t, closed.CreatorPayout, v.paid("creator"))
	require.Equal(t, 5_000_000-closed.CreatorPayout, v.balance(v.at.Treasury), "the investors' money stays behind")
	require.EqualValues(t, 300+30_000+12_000*5, r.UnitsConsumed)
}

func TestPublished_ContinuationsClaimNothingAndPayNothing(t *testing.T) {
	v := newVault(t, bank.Published, plainTerms(), investors(5))
	v.terms.DustIn = 0
	first := v.events(v.page(0, 2))[1].(router.InvestorPayoutPage)
	require.NotZero(t, first.TotalDistributed)
	v.setProgressDust(7) // Without dust a continuation has nothing at all and does not even move the cursor.
	second := v.events(v.page(2, 2))[0].(router.InvestorPayoutPage)
	require.EqualValues(t, 7, second.TotalDistributed, "dust that goes to nobody")
	v.setProgressDust(7)
	v.page(4, 2)
	require.True(t, v.progress().DayComplete)
	require.Zero(t, v.paid("creator"), "the last call claimed nothing")
}

func (v *vault) setProgressDust(dust uint64) {
	p := v.progress()
	p.CarryOverDust = dust
	v.setProgress(p)
}

func TestPublished_ASliceOfThePageClosesTheDayEarly(t *testing.T) {
	v := newVault(t, bank.Published, plainTerms(), investors(6))
	d := v.call(0, 2)
	d.Remaining = d.Remaining[:2]
	require.Nil(t, v.send(d).Err)
	require.True(t, v.progress().DayComplete)
	v.fails(v.call(2, 2), 6020)
}

func TestPublished_TheLockLimitHoldsFiftyStreams(t *testing.T) {
	for n, want := range map[int]string{50: "null", 51: `"TooManyAccountLocks"`} {
		v := newVault(t, bank.Published, plainTerms(), investors(n))
		r, err := v.b.Simulate(v.raw(v.call(0, 50)), bank.SimulateOptions{SigVerify: true})
		require.NoError(t, err)
		require.Equal(t, want, failure(t, r.Err))
	}
}

func TestPublished_AtTheCapTheCursorStandsStill(t *testing.T) {
	limit := uint64(100)
	terms := plainTerms()
	terms.Cap = &limit
	v := newVault(t, bank.Published, terms, investors(6))
	v.page(0, 2)
	require.EqualValues(t, 100, v.progress().CurrentDayDistributed)
	v.setProgressDust(50)
	before := v.progress()
	v.page(2, 2)
	require.Equal(t, before, v.progress())
	v.b.AdvanceClock(24 * time.Hour)
	v.page(0, 2)
	require.EqualValues(t, 2, v.progress().PaginationCursor)
}

func TestReference_AtTheCapPagesAdvanceAndPayNothing(t *testing.T) {
	limit := uint64(100)
	terms := plainTerms()
	terms.Cap = &limit
	v := newVault(t, bank.Reference, terms, investors(6))
	v.page(0, 2)
	v.page(2, 2)
	v.page(4, 2)
	p := v.progress()
	require.True(t, p.DayComplete)
	require.LessOrEqual(t, p.CurrentDayDistributed, limit)
	require.EqualValues(t, 6, p.PaginationCursor)
	require.LessOrEqual(t, v.paid("r4")+v.paid("r5"), uint64(1), "what flooring left of the cap")
	require.Equal(t, p.CarryOverDust, v.balance(v.at.Treasury))
}

func TestPublished_OneBadStreamAbortsThePage(t *testing.T) {
	v := newVault(t, bank.Published, plainTerms(), investors(4))
	v.b.DeleteAccount(v.spec.Streams[3])
	v.fails(v.call(0, 2), 6034)
}
