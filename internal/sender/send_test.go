package sender_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/store"
)

func custom(number uint32) *chain.TxError {
	return &chain.TxError{Instruction: 2, Custom: &number, Name: "Custom"}
}

func TestSend_FairWeatherIsOneSignatureAndFewRequests(t *testing.T) {
	b := newBench(t)
	got, err := b.s.Send(t.Context(), page("0"))
	require.NoError(t, err)
	require.True(t, got.Landed)
	require.Equal(t, uint64(5000), got.Fee)
	require.Equal(t, uint64(40_000), got.Units)
	require.LessOrEqual(t, got.Slot, got.SentSlot+2)
	require.Equal(t, 1, b.key.signed)
	i := b.intent(t, got.Signature)
	require.Equal(t, domain.IntentConfirmed, i.State)
	require.Equal(t, got.Slot, i.Slot)
	require.Equal(t, uint64(5000), i.FeeLamports)
	total := 0
	for _, n := range b.calls {
		total += n
	}
	require.LessOrEqual(t, total, 8, "%v", b.calls)

	_, err = b.s.Send(t.Context(), page("15"))
	require.NoError(t, err)
	require.Equal(t, 0, b.calls["fates"])
}

func TestSend_NothingLeavesBeforeItIsStored(t *testing.T) {
	b := newBench(t)
	b.onSend = func(sig solana.Signature) {
		b.onSend = nil
		require.Equal(t, domain.IntentPrepared, b.intent(t, sig.String()).State)
	}
	_, err := b.s.Send(t.Context(), page("0"))
	require.NoError(t, err)
	require.Nil(t, b.onSend, "it was sent")
}

func TestSend_AStoreThatFailsKeepsItIn(t *testing.T) {
	b := newBench(t)
	b.key.onSign = func() { _ = b.store.Close() }
	_, err := b.s.Send(t.Context(), page("0"))
	require.Equal(t, fault.Retry, fault.KindOf(err), "%v", err)
	require.Empty(t, b.sends)
}

func TestSend_KilledBetweenStoreAndSend(t *testing.T) {
	b := newBench(t)
	asked := 0
	b.gate.open = func() error {
		if asked++; asked == 2 { // Signed and stored; the process ends before the send.
			return errStop
		}
		return nil
	}
	_, err := b.s.Send(t.Context(), page("0"))
	require.Equal(t, fault.Wait, fault.KindOf(err))
	require.Equal(t, "stopped", fault.CodeOf(err))
	require.Empty(t, b.sends)
	require.Equal(t, 1, b.key.signed)

	b.restart()
	got, err := b.s.Send(t.Context(), page("0"))
	require.NoError(t, err)
	require.True(t, got.Landed)
	require.Equal(t, 1, b.key.signed, "the stored bytes were sent, nothing was signed again")
	require.Len(t, b.landed, 1)
}

func TestSend_NothingIsSignedBesideAnUnsettledPage(t *testing.T) {
	for _, sent := range []bool{false, true} {
		b := newBench(t)
		asked := 0
		ctx, cancel := context.WithCancel(t.Context())
		b.gate.open = func() error {
			if asked++; asked == 2 && !sent {
				return errStop
			}
			return nil
		}
		b.onSend = func(solana.Signature) { cancel() }
		first, err := b.s.Send(ctx, page("0"))
		cancel()
		require.Error(t, err)

		b.onSend = nil
		b.restart()
		b.key.onSign = func() {
			require.Equal(t, domain.IntentConfirmed, b.intent(t, first.Signature).State, "sent: %v", sent)
		}
		_, err = b.s.Send(t.Context(), page("15"))
		require.NoError(t, err)
		require.Equal(t, 2, b.key.signed)
	}
}

func TestSend_ALostReplyIsNotSentUnderASecondSignature(t *testing.T) {
	b := newBench(t)
	b.lose = 1
	got, err := b.s.Send(t.Context(), page("0"))
	require.NoError(t, err)
	require.True(t, got.Landed)
	require.Equal(t, 1, b.key.signed)
}

func TestSend_ADroppedTransactionIsSentAgainUnchanged(t *testing.T) {
	b := newBench(t)
	b.drop = 3
	got, err := b.s.Send(t.Context(), page("0"))
	require.NoError(t, err)
	require.True(t, got.Landed)
	require.Equal(t, 1, b.key.signed)
	require.Len(t, b.sends, 4)
}

func TestSend_ALateLandingIsWaitedFor(t *testing.T) {
	b := newBench(t)
	b.delay = 140
	got, err := b.s.Send(t.Context(), page("0"))
	require.NoError(t, err)
	require.True(t, got.Landed)
	require.Equal(t, 1, b.key.signed)
	require.Len(t, b.landed, 1)
}

func TestSend_OnlyAProvedExpiryFreesThePage(t *testing.T) {
	b := newBench(t)
	b.drop = 1_000_000
	b.noFates = true
	fates := 0
	b.onSleep = func() {
		// As long as nobody testifies, the sender must wait, however long ago the last block was.
		if fates++; fates == 1000 {
			b.mu.Lock()
			b.noFates = false
			b.mu.Unlock()
		}
	}
	first, err := b.s.Send(t.Context(), page("0"))
	require.Equal(t, fault.Retry, fault.KindOf(err))
	require.Equal(t, "sender/expired", fault.CodeOf(err))
	require.False(t, first.Landed)
	require.Greater(t, fates, 999)
	require.Equal(t, domain.IntentExpired, b.intent(t, first.Signature).State)

	b.drop = 0
	second, err := b.s.Send(t.Context(), page("0"))
	require.NoError(t, err)
	require.NotEqual(t, first.Signature, second.Signature)
	require.Len(t, b.landed, 1)
}

func TestSend_TheCallerGoesAndTheNextOneSettles(t *testing.T) {
	b := newBench(t)
	b.delay = 60
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	b.onSleep = func() {
		if n++; n == 3 {
			cancel()
		}
	}
	first, err := b.s.Send(ctx, page("0"))
	require.Equal(t, fault.Unknown, fault.KindOf(err))
	require.ErrorContains(t, err, first.Signature)
	require.ErrorContains(t, err, "may land up to block 1150")
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, domain.IntentSent, b.intent(t, first.Signature).State)

	b.onSleep = nil
	b.restart()
	second, err := b.s.Send(t.Context(), page("0"))
	require.NoError(t, err)
	require.Equal(t, first.Signature, second.Signature)
	require.Equal(t, 1, b.key.signed)
}

func TestSend_AFailureMustBeFinalBeforeItIsSignedAgain(t *testing.T) {
	b := newBench(t)
	b.landErr = custom(6007)
	first, err := b.s.Send(t.Context(), page("0"))
	require.Equal(t, fault.Human, fault.KindOf(err))
	require.Equal(t, "router/6007", fault.CodeOf(err))
	require.True(t, first.Landed)
	i := b.intent(t, first.Signature)
	require.Equal(t, domain.IntentConfirmed, i.State)
	require.Equal(t, "router/6007", i.Err)

	b.landErr = nil
	b.key.onSign = func() {
		require.Equal(t, domain.IntentFailed, b.intent(t, first.Signature).State, "a rollback could still turn the failure into a success")
	}
	second, err := b.s.Send(t.Context(), page("0"))
	require.NoError(t, err)
	require.NotEqual(t, first.Signature, second.Signature)
}

func TestSend_TheGateIsAskedBeforeSigningAndBeforeEverySend(t *testing.T) {
	t.Run("closed: nothing is signed", func(t *testing.T) {
		b := newBench(t)
		b.gate.open = func() error { return errStop }
		_, err := b.s.Send(t.Context(), page("0"))
		require.Equal(t, "stopped", fault.CodeOf(err))
		require.Zero(t, b.key.signed)
	})
	t.Run("unreadable counts as closed", func(t *testing.T) {
		b := newBench(t)
		b.gate.open = func() error { return errors.New("disk error") }
		_, err := b.s.Send(t.Context(), page("0"))
		require.Equal(t, fault.Wait, fault.KindOf(err))
		require.Zero(t, b.key.signed)
	})
	t.Run("closed in flight: no more sends, but watched to the end", func(t *testing.T) {
		b := newBench(t)
		b.delay = 50
		b.onSend = func(solana.Signature) { b.gate.open = func() error { return errStop } }
		got, err := b.s.Send(t.Context(), page("0"))
		require.NoError(t, err)
		require.True(t, got.Landed)
		require.Len(t, b.sends, 1)
	})
}

func TestSend_TheNextPageFollowsAConfirmedOneWithoutAskingForItAgain(t *testing.T) {
	b := newBench(t)
	_, err := b.s.Send(t.Context(), page("0"))
	require.NoError(t, err)
	before := b.calls["statuses"]
	b.blind = 1
	_, err = b.s.Send(t.Context(), page("15"))
	require.NoError(t, err)
	require.LessOrEqual(t, b.calls["statuses"]-before, 3)
}

func TestSend_TheSameKeyIsNotSignedTwice(t *testing.T) {
	b := newBench(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	sigs := map[string]bool{}
	for range 8 {
		wg.Go(func() {
			got, err := b.s.Send(t.Context(), page("0"))
			mu.Lock()
			defer mu.Unlock()
			require.NoError(t, err)
			sigs[got.Signature] = true
		})
	}
	wg.Wait()
	require.Len(t, sigs, 1)
	require.Equal(t, 1, b.key.signed)
}

func TestSend_TwoWorkersCannotBothSignAPage(t *testing.T) {
	b := newBench(t)
	other := newKey()
	// The other worker stores its signature between this one's look and its own.
	b.key.onSign = func() {
		b.key.onSign = nil
		i := domain.Intent{Signature: "other", Vault: "v1", Day: "2026-03-01", Kind: domain.IntentPage, Key: "page/0", State: domain.IntentPrepared, Raw: []byte{1}, LastValid: 1, CreatedAt: b.Now()}
		require.NoError(t, b.store.InsertIntent(context.Background(), i))
	}
	_, err := b.s.Send(t.Context(), page("0"))
	require.ErrorIs(t, err, store.ErrOpenIntent)
	require.Equal(t, fault.Retry, fault.KindOf(err))
	require.Empty(t, b.sends)
	require.Zero(t, other.signed)
}

func TestSend_WhatTheSimulationRefusesIsNotSigned(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  *chain.TxError
		kind fault.Kind
		code string
	}{
		{"day already complete", custom(6020), fault.Done, "router/6020"},
		{"a missing token account", custom(3012), fault.Retry, "account_missing"},
		{"the payer has no SOL", &chain.TxError{Instruction: -1, Name: "AccountNotFound"}, fault.Human, "payer_low"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.simErr = tt.err
			_, err := b.s.Send(t.Context(), page("0"))
			require.Equal(t, tt.kind, fault.KindOf(err))
			require.Equal(t, tt.code, fault.CodeOf(err))
			require.ErrorContains(t, err, "nothing was sent")
			require.Zero(t, b.key.signed)
		})
	}
}

func TestSendAll_FliesTogether(t *testing.T) {
	b := newBench(t)
	rs := []string{"a", "b", "c"}
	var list []domain.Intent
	got, err := b.s.SendAll(t.Context(), append(requests(rs), requests([]string{"d"})...))
	require.NoError(t, err)
	require.Len(t, got, 4)
	for _, r := range got {
		require.True(t, r.Landed)
		list = append(list, b.intent(t, r.Signature))
	}
	require.Equal(t, "page/c", list[2].Key)
	require.LessOrEqual(t, b.calls["statuses"], 3)
	require.Equal(t, 1, b.calls["blockhash"])

	_, err = b.s.SendAll(t.Context(), requests([]string{"x", "x"}))
	require.Equal(t, fault.Human, fault.KindOf(err), "two requests with one key are a mistake")
}

func TestSettle_ARolledBackPageIsInFlightAgain(t *testing.T) {
	b := newBench(t)
	got, err := b.s.Send(t.Context(), page("0"))
	require.NoError(t, err)
	b.rollback(5)
	open, err := b.s.Settle(t.Context(), "v1")
	require.NoError(t, err)
	require.Len(t, open, 1)
	require.Equal(t, domain.IntentConfirmed, open[0].State)
	require.Greater(t, open[0].Slot, got.Slot)
	require.Equal(t, 1, b.key.signed)
	require.Len(t, b.landed, 1)
}

// A status of a slot that was only processed is no verdict: when that slot is dropped, the page is sent again.
func TestSend_AProcessedSlotThatIsDroppedLeavesThePageInFlight(t *testing.T) {
	b := newBench(t)
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	sleeps, seen := 0, false
	b.onSleep = func() {
		if sleeps++; sleeps > 2_000 {
			giveUp()
		}
		if b.calls["statuses"] == 1 && !seen {
			seen = true
			require.Len(t, b.landed, 1, "it was seen as processed")
			b.rollback(5)
		}
	}
	got, err := b.s.Send(ctx, page("0"))
	require.NoError(t, err)
	require.True(t, seen)
	require.True(t, got.Landed)
	require.Equal(t, 1, b.key.signed, "the same bytes")
	require.Len(t, b.sends, 2)
}

func TestFinalize_WaitsUntilNothingCanChange(t *testing.T) {
	b := newBench(t)
	for _, c := range []string{"0", "15", "30"} {
		_, err := b.s.Send(t.Context(), page(c))
		require.NoError(t, err)
	}
	list, err := b.s.Finalize(t.Context(), "v1")
	require.NoError(t, err)
	require.Len(t, list, 3)
	for _, i := range list {
		require.Equal(t, domain.IntentFinalized, i.State)
		require.NotZero(t, i.FeeLamports)
	}
	list, err = b.s.Finalize(t.Context(), "v1")
	require.NoError(t, err)
	require.Empty(t, list)
}

func TestSend_BlindnessIsNoVerdict(t *testing.T) {
	b := newBench(t)
	b.blind = 5
	got, err := b.s.Send(t.Context(), page("0"))
	require.NoError(t, err)
	require.True(t, got.Landed)
	require.Equal(t, 1, b.key.signed)
}

func TestSend_BeatsWhileItWaits(t *testing.T) {
	b := newBench(t)
	beats := 0
	b.opts.Heartbeat = func(context.Context) { beats++ }
	b.restart()
	b.delay = 100
	began := b.Now()
	_, err := b.s.Send(t.Context(), page("0"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, beats, int(b.Now().Sub(began)/(5*time.Second)))
}
