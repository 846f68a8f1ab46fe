package sender_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

// TestSend_NoKeyIsEverSignedWhileAnEarlierSignatureCanStillLand is the promise of DESIGN.md §1.3 under everything that
// goes wrong at once: drops, late landings, lost replies, blindness, stops, failures, rollbacks, callers that leave and
// processes that die. It looks at every new signature in the moment of signing, from the ledger's point of view.
func TestSend_NoKeyIsEverSignedWhileAnEarlierSignatureCanStillLand(t *testing.T) {
	db := newBench(t).store
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		b, request := benchOn(db), page("0")
		b.slot += uint64(n) * 100_000 // Other blockhashes, so other signatures than in the stories before.
		request.Vault = fmt.Sprintf("v%d", n)
		b.key.onSign = func() { noneCanLand(t, b, request.Vault) }
		for range rapid.IntRange(1, 12).Draw(t, "attempts") {
			b.mu.Lock()
			b.drop = rapid.IntRange(0, 3).Draw(t, "drop")
			b.lose = rapid.IntRange(0, 2).Draw(t, "lose")
			b.blind = rapid.IntRange(0, 4).Draw(t, "blind")
			b.delay = rapid.SampledFrom([]uint64{0, 0, 1, 20, 140, 149, 150}).Draw(t, "delay")
			b.landErr = nil
			if rapid.IntRange(0, 4).Draw(t, "fails") == 0 {
				b.landErr = custom(6007)
			}
			b.mu.Unlock()
			closesAt := rapid.IntRange(0, 12).Draw(t, "gate closes at")
			asked := 0
			b.gate.open = func() error {
				if asked++; asked == closesAt {
					return errStop
				}
				return nil
			}
			ctx, cancel := context.WithCancel(context.Background())
			leavesAt, slept := rapid.IntRange(1, 400).Draw(t, "caller leaves at"), 0
			b.onSleep = func() {
				if slept++; slept >= leavesAt {
					cancel()
				}
			}
			got, err := b.s.Send(ctx, request)
			cancel()
			if err == nil {
				require.True(t, got.Landed)
				_, still := b.landed[solana.MustSignatureFromBase58(got.Signature)]
				require.True(t, still, "a success is on the chain")
			}
			if rapid.Bool().Draw(t, "dies") {
				b.restart()
			}
			if rapid.IntRange(0, 3).Draw(t, "rolls back") == 0 {
				b.rollback(uint64(rapid.IntRange(1, 31).Draw(t, "slots")))
			}
		}
	})
}

// noneCanLand fails when an earlier signature of the page has succeeded without the store calling it settled, or can
// still land: it is in the air, or its last block is ahead and it has not failed for good.
func noneCanLand(t *rapid.T, b *bench, vault string) {
	intents, err := b.store.Intents(context.Background(), vault, "2026-03-01")
	require.NoError(t, err)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, i := range intents {
		sig := solana.MustSignatureFromBase58(i.Signature)
		at, landed := b.landed[sig]
		final := landed && at.slot+32 <= b.slot
		_, flying := b.inAir[sig]
		switch {
		case flying && !landed:
			t.Fatalf("%s (%s) is in the air", sig, i.State)
		case landed && !final:
			t.Fatalf("%s (%s) has landed and can be rolled back and land again", sig, i.State)
		case final && at.err == nil && i.State != domain.IntentFinalized:
			t.Fatalf("%s has paid and is called %s", sig, i.State)
		case !landed && b.slot <= i.LastValid:
			t.Fatalf("%s (%s) can still land up to %d, now %d", sig, i.State, i.LastValid, b.slot)
		}
	}
}
