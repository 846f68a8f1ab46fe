package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// rivalry is one round of workers that plan the same pages at the same time and share fee payers.
type rivalry struct {
	round   string
	handles []*store.Store
	spent   uint64 // Cap of each payer.
}

// move is one attempt of a worker: sign a page, and when that was allowed, settle the signature so.
type move struct {
	vault, page, payer int
	fee                uint64
	settle             []domain.IntentState
}

// fates are ways in which a signature may end, or stay open.
var fates = [][]domain.IntentState{
	nil,
	{domain.IntentSent},
	{domain.IntentSent, domain.IntentConfirmed},
	{domain.IntentSent, domain.IntentConfirmed, domain.IntentFinalized},
	{domain.IntentSent, domain.IntentConfirmed, domain.IntentSent, domain.IntentExpired},
	{domain.IntentExpired},
	{domain.IntentSent, domain.IntentFailed},
}

// rivals lets several workers, each with a handle of its own as another process or host would have, do any moves side by
// side. While a page's signature may land no other one is stored, and no payer passes its cap, whatever the order.
func rivals(t *testing.T, open func(*testing.T) *store.Store) {
	handles, round := []*store.Store{open(t), open(t), open(t)}, 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		r := rivalry{round: fmt.Sprint("r", round), handles: handles, spent: rapid.Uint64Range(5, 40).Draw(rt, "cap")}
		one := rapid.Custom(func(rt *rapid.T) move {
			return move{
				vault: rapid.IntRange(0, 1).Draw(rt, "vault"), page: rapid.IntRange(0, 1).Draw(rt, "page"), payer: rapid.IntRange(0, 1).Draw(rt, "payer"),
				fee: rapid.Uint64Range(1, 9).Draw(rt, "fee"), settle: rapid.SampledFrom(fates).Draw(rt, "fate"),
			}
		})
		plans := rapid.SliceOfN(rapid.SliceOfN(one, 1, 4), len(handles), len(handles)).Draw(rt, "plans")
		errs := make([]error, len(handles))
		var group sync.WaitGroup
		for worker, moves := range plans {
			group.Go(func() {
				for n, m := range moves {
					errs[worker] = errors.Join(errs[worker], r.make(t, worker, n, m))
				}
			})
		}
		group.Wait()
		require.NoError(rt, errors.Join(errs...))
	})
}

// make makes a move and looks at once whether the rules still hold. A refusal is an answer.
func (r rivalry) make(t *testing.T, worker, n int, m move) error {
	ctx, s := t.Context(), r.handles[worker]
	i := Intent(fmt.Sprintf("%s-w%d-%d", r.round, worker, n), fmt.Sprint("page/", m.page), n)
	i.Vault = fmt.Sprintf("%s-v%d", r.round, m.vault)
	payer := fmt.Sprintf("%s-p%d", r.round, m.payer)
	since := i.CreatedAt.Add(-time.Hour)
	err := s.InsertIntentWithin(ctx, i, store.Budget{Payer: payer, MaxFee: m.fee, Since: since, Cap: r.spent})
	if errors.Is(err, store.ErrOpenIntent) || errors.Is(err, store.ErrBudget) {
		return nil
	}
	if err != nil {
		return err
	}
	open, err := s.OpenIntents(ctx, i.Vault)
	if err != nil {
		return err
	}
	for _, other := range open {
		if other.Key == i.Key && other.Signature != i.Signature {
			return fmt.Errorf("%s was stored while %s may still land", i.Signature, other.Signature)
		}
	}
	spent, err := s.FeesSince(ctx, payer, since)
	if err != nil {
		return err
	}
	if spent > r.spent {
		return fmt.Errorf("%s may spend %d, its cap is %d", payer, spent, r.spent)
	}
	for _, state := range m.settle {
		u := store.IntentUpdate{State: state, Slot: 7, At: At(n)}
		if state == domain.IntentConfirmed || state == domain.IntentFinalized {
			u.FeeLamports = m.fee
		}
		if err := s.SettleIntent(ctx, i.Signature, u); err != nil {
			return err
		}
	}
	return nil
}

// oneState shows that a reader sees a page with just its payouts while a writer replaces both.
func oneState(t *testing.T, open func(*testing.T) *store.Store) {
	ctx, w, r := t.Context(), open(t), open(t)
	version := func(n int) domain.PageResult {
		p := page(0, "sig", domain.Amount(n))
		p.Paid = domain.Amount(n)
		return p
	}
	require.NoError(t, w.SavePage(ctx, version(1)))
	var group sync.WaitGroup
	var failed error
	done := make(chan struct{})
	group.Go(func() {
		defer close(done)
		for n := 2; n < 80 && failed == nil; n++ {
			failed = w.SavePage(ctx, version(n))
		}
	})
	for looking := true; looking; {
		select {
		case <-done:
			looking = false
		default:
		}
		pages, err := r.Pages(ctx, vault, day)
		require.NoError(t, err)
		require.Len(t, pages, 1)
		require.Equal(t, version(int(pages[0].Paid)), pages[0])
	}
	group.Wait()
	require.NoError(t, failed)
}
