package bench

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/bench/peer"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// chainOnly is a lab without Temporal and worker, which the script does not need, and without its waits.
func chainOnly(t *testing.T) *lab {
	t.Helper()
	node, err := localnet.Start(context.Background(), localnet.Options{SlotDuration: 10 * time.Millisecond, Seed: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, node.Close()) })
	node.Slots(40)
	return &lab{node: node, sleep: func(context.Context, time.Duration) error { return nil }}
}

func TestScript_PaysTheFirstDayAndSendsNothingOnTheSecond(t *testing.T) {
	l := chainOnly(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got, err := l.script(ctx, 2, 25, bank.Reference)
	require.NoError(t, err)
	require.Equal(t, 10, got.PageSize, "20 pairs do not fit its transaction")
	first := got.First
	require.Equal(t, []int{2, 50, 6, 6}, []int{first.Complete, first.Covered, first.Sent, first.Pages})
	require.Equal(t, peer.SaidCompleted, first.Said)
	require.Greater(t, first.Requests, 25.0, "one request for each investor, and those of the pages")
	require.Positive(t, first.SlotsPerPage)
	next := got.Next
	require.Equal(t, []int{0, 0, 0, 0}, []int{next.Complete, next.Covered, next.Sent, next.Pages}, "row X06")
	require.Equal(t, peer.SaidCompleted, next.Said, "and says it is done")
}

func TestScript_ClosesAPublishedDayAfterItsFirstPage(t *testing.T) {
	l := chainOnly(t)
	v, err := l.add("v", 25, bank.Published)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	day, err := l.scriptDay(ctx, []localnet.Vault{v}, 10)
	require.NoError(t, err)
	require.Equal(t, []int{1, 10, 4, 1}, []int{day.Complete, day.Covered, day.Sent, day.Pages}, "row X21")
	require.Contains(t, day.Said, "Failed after 3 attempts")
}
