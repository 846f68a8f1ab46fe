package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/store"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// arrears reads a vault's catch-up list.
func (w *world) arrears(short string) []domain.Arrear {
	w.t.Helper()
	list, err := w.store().Arrears(context.Background(), w.slug(short))
	require.NoError(w.t, err)
	return list
}

// wouldPay computes by the program's arithmetic what a stream had got on a day, had no stream been closed.
func (w *world) wouldPay(short string, day domain.Day, stream string) domain.Amount {
	w.t.Helper()
	m, found, err := w.store().Manifest(context.Background(), w.slug(short), day)
	require.NoError(w.t, err)
	require.True(w.t, found)
	var shares []router.Share
	at := -1
	for i, investor := range w.vault(short).Investors {
		account, exists := w.node.Bank().Account(investor.Stream, bank.Processed)
		require.True(w.t, exists)
		s, err := streamflow.Decode(account.Data)
		require.NoError(w.t, err)
		s.Closed = false
		shares = append(shares, router.Share{Recipient: s.Recipient, Locked: s.Locked(m.Opening.TS)})
		if investor.Stream.String() == stream {
			at = i
		}
	}
	require.NotEqual(w.t, -1, at)
	terms := router.DayTerms{Claimed: uint64(m.Opening.Claimed), DustIn: uint64(m.Terms.DustIn), ShareBPS: m.Terms.ShareBPS, Y0: uint64(m.Terms.Y0), MinPayout: uint64(m.Terms.MinPayout)}
	result, err := router.ReferenceDay(terms, shares, m.PageSize)
	require.NoError(w.t, err)
	return domain.Amount(result.Pages[at/int(m.PageSize)].Payouts[at%int(m.PageSize)].Paid)
}

func TestCatchUp_AQuarantinedInvestorIsRememberedAndTestedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 20, ClosedStreams: 1}), pageSize(5))
	first := w.pay("v")
	require.Equal(t, domain.Complete, first.State, first.Reason)
	list := w.arrears("v")
	require.Len(t, list, 1)
	require.Equal(t, domain.ReasonQuarantined, list[0].Reason)
	require.Equal(t, domain.ArrearOpen, list[0].State)
	require.Equal(t, first.Day, list[0].Day)
	require.NotZero(t, *list[0].Would)
	require.Equal(t, w.wouldPay("v", first.Day, list[0].Stream), *list[0].Would)

	w.nextDay()
	second := w.pay("v") // Closed still.
	require.Equal(t, domain.Complete, second.State, second.Reason)
	list = w.arrears("v")
	require.Len(t, list, 2, "each day its own line")
	require.Equal(t, second.Day, list[0].RetestedOn)
	require.Equal(t, "closed", list[0].Retest)
	require.Equal(t, domain.ArrearOpen, list[0].State)

	for _, i := range w.vault("v").Investors {
		if i.Stream.String() == list[0].Stream {
			w.reopenStream(i)
		}
	}
	settled, err := w.store().SettleArrear(context.Background(), store.Settlement{
		Vault: w.slug("v"), Day: second.Day, Stream: list[1].Stream, Reason: "paid by hand", Actor: "ann", At: time.Now(),
	})
	require.NoError(t, err)
	w.nextDay()
	third := w.pay("v")
	require.Equal(t, domain.Complete, third.State, third.Reason)
	require.Zero(t, third.Result.Quarantined)
	list = w.arrears("v")
	require.Len(t, list, 2)
	require.Equal(t, domain.ArrearEligible, list[0].State)
	require.Equal(t, third.Day, list[0].RetestedOn)
	require.Equal(t, settled, list[1], "what is settled is not tested")
}

func TestCatchUp_WhoAStrangerPaidAfterUsLeavesTheListOfALostDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3), with(slowly))
	before := w.ledger("v")
	_, resume := w.paused("v", 3)
	turned := len(w.turned("v", before.slot))
	w.advance(time.Duration(domain.DaySeconds-60) * time.Second)
	lost := resume()
	require.Equal(t, domain.Failed, lost.State)
	list := w.arrears("v")
	require.Len(t, list, 12-3*turned)
	m, _, err := w.store().Manifest(context.Background(), w.slug("v"), lost.Day)
	require.NoError(t, err)
	planned := map[string]domain.Amount{}
	for i, e := range m.Entries {
		planned[e.Stream] = m.Planned(i)
	}
	for _, a := range list {
		require.Equal(t, domain.ReasonNotReached, a.Reason)
		require.Equal(t, planned[a.Stream], *a.Would)
		require.Equal(t, domain.ArrearOpen, a.State)
	}

	w.crank("v", uint32(3*turned), 3)
	w.nextDay()
	w.slots(35) // What is not final is not believed.
	next := w.pay("v")
	require.Equal(t, domain.Complete, next.State, next.Reason)
	list = w.arrears("v")
	require.Len(t, list, 12-3*turned-3, "nobody may pay them again by hand")
	for _, a := range list {
		require.Equal(t, lost.Day, a.Day)
		require.Equal(t, domain.ArrearEligible, a.State)
		require.Equal(t, next.Day, a.RetestedOn)
	}
}

// reopenStream undoes closeStream.
func (w *world) reopenStream(i localnet.Investor) {
	w.t.Helper()
	account, exists := w.node.Bank().Account(i.Stream, bank.Processed)
	require.True(w.t, exists)
	s, err := streamflow.Decode(account.Data)
	require.NoError(w.t, err)
	s.Closed = false
	changed := account.Clone()
	changed.Data = s.Encode()
	w.node.Bank().SetAccount(i.Stream, *changed)
}
