package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func pageOrders(t *testing.T, open func(*testing.T) *store.Store) {
	ctx := context.Background()
	s := open(t)
	_, found, err := s.PageOrder(ctx, vault)
	require.NoError(t, err)
	require.False(t, found)
	give := func(size uint32, seconds int) domain.PageOrder {
		return domain.PageOrder{Vault: vault, Size: size, Before: 20, Actor: "ada", Reason: "pages are slow", At: At(seconds)}
	}
	for name, bad := range map[string]domain.PageOrder{
		"no vault": {Size: 5, Actor: "ada", Reason: "r", At: At(1)}, "a page of nobody": give(0, 1), "above the program's bound": give(51, 1),
		"no reason": {Vault: vault, Size: 5, Actor: "ada", At: At(1)}, "nobody": {Vault: vault, Size: 5, Reason: "r", At: At(1)},
	} {
		_, err := s.ApprovePageSize(ctx, bad)
		require.ErrorIs(t, err, store.ErrInvalid, name)
	}

	first, err := s.ApprovePageSize(ctx, give(15, 1))
	require.NoError(t, err)
	require.EqualValues(t, 1, first.Seq)
	require.Equal(t, domain.PageApproved, first.State)
	_, err = s.ApprovePageSize(ctx, give(10, 2))
	require.ErrorIs(t, err, store.ErrPageOrder, "one at a time: two would mix their figures")
	other := give(10, 2)
	other.Vault = "beta"
	_, err = s.ApprovePageSize(ctx, other)
	require.NoError(t, err, "vaults do not wait for each other")
	keep := store.PageVerdict{Seq: 1, State: domain.PageKept, Actor: "weekly-maintenance", At: At(9), Note: "not worse", Was: &domain.PageFigures{Pages: 30, Median: time.Second}, Is: &domain.PageFigures{Pages: 40, Failed: 1}}
	require.ErrorIs(t, s.EndPageOrder(ctx, keep), store.ErrPageOrder, "no day was planned with it")

	require.NoError(t, s.ApplyPageOrder(ctx, 1, day, "worker", At(3)))
	require.NoError(t, s.ApplyPageOrder(ctx, 1, "2026-03-02", "worker", At(4)), "the next day is planned with it too")
	got, found, err := open(t).PageOrder(ctx, vault)
	require.NoError(t, err)
	require.True(t, found)
	first.State, first.Since, first.AppliedAt = domain.PageApplied, day, At(3)
	require.Equal(t, first, got, "since its first day")
	require.ErrorIs(t, s.EndPageOrder(ctx, store.PageVerdict{Seq: 7, State: domain.PageKept, Actor: "ada", At: At(9), Note: "n"}), store.ErrNotFound)
	require.ErrorIs(t, s.EndPageOrder(ctx, store.PageVerdict{Seq: 1, State: domain.PageApplied, Actor: "ada", At: At(9), Note: "n"}), store.ErrInvalid)
	require.NoError(t, s.EndPageOrder(ctx, keep))

	second, err := s.ApprovePageSize(ctx, give(20, 10))
	require.NoError(t, err)
	require.NoError(t, s.EndPageOrder(ctx, store.PageVerdict{Seq: second.Seq, State: domain.PageTakenBack, Actor: "bob", At: At(11), Note: "changed my mind"}))
	require.NoError(t, s.ApplyPageOrder(ctx, second.Seq, day, "worker", At(12)), "a plan that was under way brings nothing back")
	got, found, err = s.PageOrder(ctx, vault)
	require.NoError(t, err)
	require.True(t, found)
	first.State, first.EndedBy, first.EndedAt, first.Note, first.Was, first.Is = domain.PageKept, "weekly-maintenance", At(9), "not worse", keep.Was, keep.Is
	require.Equal(t, first, got, "the one before counts again")
	require.NoError(t, s.EndPageOrder(ctx, store.PageVerdict{Seq: 1, State: domain.PageTakenBack, Actor: "bob", At: At(13), Note: "back to the settings"}))
	_, found, err = s.PageOrder(ctx, vault)
	require.NoError(t, err)
	require.False(t, found)

	all, err := s.PageOrders(ctx, "")
	require.NoError(t, err)
	require.Len(t, all, 3, "nothing is forgotten")
	mine, err := s.PageOrders(ctx, vault)
	require.NoError(t, err)
	require.Len(t, mine, 2)
	require.Equal(t, second.Seq, mine[0].Seq, "newest first")
	require.NotNil(t, mine[1].Is, "taking it back keeps what was measured")
	log, err := s.AuditLog(ctx, 0, 20)
	require.NoError(t, err)
	actions := make([]string, 0, len(log))
	for _, e := range log {
		actions = append(actions, e.Action)
	}
	require.Equal(t, []string{"pagesize.approve", "pagesize.approve", "pagesize.apply", "pagesize.keep", "pagesize.approve", "pagesize.back", "pagesize.back"}, actions)
}
