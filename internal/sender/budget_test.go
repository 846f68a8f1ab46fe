package sender_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/sender"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func TestBudget_TheDaysFeesEndAtTheCapBeforeAnythingIsSigned(t *testing.T) {
	b := newBench(t)
	b.opts.MaxFeePerDay = 12_000
	b.restart()
	for _, cursor := range []string{"0", "15"} {
		_, err := b.s.Send(t.Context(), page(cursor))
		require.NoError(t, err)
	}
	sent := len(b.sends)
	b.restart()
	_, err := b.s.Send(t.Context(), page("30"))
	require.Equal(t, sender.CodeBudget, fault.CodeOf(err), "%v", err)
	require.Equal(t, fault.Human, fault.KindOf(err))
	require.ErrorContains(t, err, "spent 10000 lamports")
	require.ErrorContains(t, err, "5000 more")
	require.ErrorContains(t, err, "cap is 12000")
	require.Equal(t, 2, b.key.signed)
	require.Len(t, b.sends, sent)

	other := page("0")
	other.Vault = "v2"
	_, err = b.s.Send(t.Context(), other)
	require.Equal(t, sender.CodeBudget, fault.CodeOf(err), "the payer's other vaults spend from the same cap")

	b.mu.Lock()
	b.now = b.now.Add(24 * time.Hour)
	b.mu.Unlock()
	_, err = b.s.Send(t.Context(), page("30"))
	require.NoError(t, err)
}

func TestBudget_WhatMayStillLandCountsAtItsMost(t *testing.T) {
	b := newBench(t)
	b.opts.MaxFeePerDay, b.opts.MaxUnitPrice, b.fees = 25_000, 1_000_000, []uint64{200_000}
	b.restart()
	// 40,000 units with margin are 46,300; at 0.2 lamports each 9,260.
	ctx, cancel := context.WithCancel(t.Context())
	b.drop = 1
	b.onSleep = cancel
	_, err := b.s.Send(ctx, page("0"))
	require.Equal(t, fault.Unknown, fault.KindOf(err))
	spent, err := b.store.FeesSince(t.Context(), b.key.PublicKey().String(), time.Time{})
	require.NoError(t, err)
	require.Equal(t, uint64(14_260), spent)
	b.onSleep = nil
	other := page("0")
	other.Vault = "v2"
	_, err = b.s.Send(t.Context(), other)
	require.Equal(t, sender.CodeBudget, fault.CodeOf(err), "%v", err)

	// The first one lands for less: then the second one may go.
	_, err = b.s.Settle(t.Context(), "v1")
	require.NoError(t, err)
	_, err = b.s.Send(t.Context(), other)
	require.NoError(t, err)
}

func TestBudget_AnExpiredSignatureCostsNothing(t *testing.T) {
	b := newBench(t)
	b.opts.MaxFeePerDay = 5_000
	b.restart()
	b.drop = 1_000_000
	_, err := b.s.Send(t.Context(), page("0"))
	require.Equal(t, sender.CodeExpired, fault.CodeOf(err), "%v", err)
	b.drop = 0
	_, err = b.s.Send(t.Context(), page("0"))
	require.NoError(t, err)
}

func TestBudget_TheCapHoldsAlthoughAnotherVaultSpendsInTheSameMoment(t *testing.T) {
	b := newBench(t)
	b.opts.MaxFeePerDay = 9_000
	b.restart()
	b.key.onSign = func() { // Between this one's look at the sum and its own insertion.
		b.key.onSign = nil
		other := domain.Intent{Signature: "other", Vault: "v2", Day: "2026-03-01", Kind: domain.IntentPage, Key: "page/0", State: domain.IntentPrepared, Raw: []byte{1}, CreatedAt: b.Now()}
		require.NoError(t, b.store.InsertIntentWithin(context.Background(), other, store.Budget{Payer: b.key.PublicKey().String(), MaxFee: 5_000}))
	}
	_, err := b.s.Send(t.Context(), page("0"))
	require.Equal(t, sender.CodeBudget, fault.CodeOf(err), "%v", err)
	require.Equal(t, fault.Human, fault.KindOf(err))
	require.Empty(t, b.sends)
	open, err := b.store.OpenIntents(t.Context(), "v1")
	require.NoError(t, err)
	require.Empty(t, open, "the signature was thrown away")
}

func TestSend_MoreComputeThanATransactionMayUseIsForAHuman(t *testing.T) {
	b := newBench(t)
	b.simErr, b.simUnits = &chain.TxError{Instruction: 2, Name: "ProgramFailedToComplete"}, 1_400_000
	_, err := b.s.Send(t.Context(), page("0"))
	require.Equal(t, sender.CodeMoreUnits, fault.CodeOf(err), "%v", err)
	require.Equal(t, fault.Human, fault.KindOf(err), "no limit can help, so asking again cannot either")
	require.Zero(t, b.key.signed)
}
