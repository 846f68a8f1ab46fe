package e2e

import (
	"math"
	"slices"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank/programs"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// ledger is a vault's state at one moment, read from the chain's accounts alone. It knows nothing of the worker's books.
type ledger struct {
	slot     uint64
	atas     map[solana.PublicKey]uint64
	creator  uint64
	treasury uint64
	pool     uint64 // The pool's token account that fees are claimed from.
	accrued  uint64 // What came into it since, set by the test that let it.
	progress router.Progress
	policy   router.Policy
	streams  []streamflow.Stream // Valid ones in registered order.
}

func (w *world) ledger(short string) ledger { return w.ledgerAt(short, bank.Processed) }

func (w *world) ledgerAt(short string, c bank.Commitment) ledger {
	w.t.Helper()
	v, b := w.vault(short), w.node.Bank()
	tokens := func(key solana.PublicKey) uint64 {
		account, exists := b.Account(key, c)
		if !exists {
			return 0
		}
		held, ok := programs.DecodeTokenAccount(&account)
		require.True(w.t, ok)
		return held.Amount
	}
	out := ledger{
		slot: b.Slot(c), atas: map[solana.PublicKey]uint64{}, creator: tokens(v.Addresses.Creator),
		treasury: tokens(v.Addresses.Treasury), pool: tokens(v.PoolVault),
	}
	for _, i := range v.Investors {
		out.atas[i.ATA] = tokens(i.ATA)
		account, exists := b.Account(i.Stream, c)
		if !exists {
			continue
		}
		s, reason := streamflow.Check(account.Owner, []solana.PublicKey{streamflow.ProgramMainnet}, account.Data, v.StreamMint)
		if reason == streamflow.Valid {
			out.streams = append(out.streams, s)
		}
	}
	var err error
	out.progress, err = v.Progress(b, c)
	require.NoError(w.t, err)
	account, _ := b.Account(v.Addresses.Policy, c)
	out.policy, err = router.DecodePolicy(account.Owner, v.ProgramID, account.Data)
	require.NoError(w.t, err)
	return out
}

// call is one distribute_fees instruction that landed without error.
type call struct {
	signature solana.Signature
	signer    solana.PublicKey
	slot      uint64
	args      router.DistributeFeesArgs
	remaining int
	turned    *router.InvestorPayoutPage // nil: it succeeded and did nothing.
}

// calls lists every router call of a vault since a slot, oldest first, failed ones left out.
func (w *world) calls(short string, since uint64) []call {
	w.t.Helper()
	v := w.vault(short)
	var out []call
	for _, r := range w.node.Bank().SignaturesFor(v.Addresses.Progress, solana.Signature{}, solana.Signature{}, math.MaxInt, bank.Processed) {
		if r.Err != nil || r.Slot < since {
			continue
		}
		for _, in := range r.Tx.Message.Instructions {
			if r.Keys[in.ProgramIDIndex] != v.ProgramID {
				continue
			}
			args, err := router.DecodeInstruction(in.Data)
			require.NoError(w.t, err)
			c := call{signature: r.Signature, signer: r.Keys[0], slot: r.Slot, args: args.(router.DistributeFeesArgs), remaining: len(in.Accounts) - router.FixedAccounts}
			events, _, err := router.ParseEvents(r.Logs, v.ProgramID)
			require.NoError(w.t, err)
			for _, e := range events {
				if page, ok := e.Event.(router.InvestorPayoutPage); ok {
					c.turned = &page
				}
			}
			out = append(out, c)
		}
	}
	slices.Reverse(out)
	return out
}

// turned are the calls that turned a page.
func (w *world) turned(short string, since uint64) []call {
	return slices.DeleteFunc(w.calls(short, since), func(c call) bool { return c.turned == nil })
}

// verdict is what the chain's balances say of a day.
type verdict struct {
	PaidTwice, Missed, Wrong     int
	Claimed, Paid, Creator, Dust uint64
}

// judge recomputes a reference day from the balances and streams before it and compares every investor's growth. It is
// the test's own arithmetic over router's rules: no manifest, event amount or report is looked at.
func (w *world) judge(short string, before ledger) verdict {
	w.t.Helper()
	after := w.ledgerAt(short, bank.Finalized)
	require.True(w.t, after.progress.DayComplete, "the finalized chain says that the day is complete")
	terms := before.policy.Terms(before.pool+before.accrued-after.pool, before.progress.CarryOverDust)
	shares := make([]router.Share, len(before.streams))
	for i, s := range before.streams {
		shares[i] = router.Share{Recipient: s.Recipient, Locked: s.Locked(after.progress.LastDistributionTS)}
	}
	opening, err := router.OpenDay(terms, shares)
	require.NoError(w.t, err)
	expected := map[solana.PublicKey]uint64{}
	distributed, at := uint64(0), uint32(0)
	sizes := map[uint32]bool{}
	for _, c := range w.turned(short, before.slot) {
		require.Equal(w.t, at, c.turned.PageStart, "pages follow each other without gap and repeat")
		end := min(int(at+c.args.PageSize), len(shares))
		page, err := router.PayPage(opening, terms, shares[at:end], distributed)
		require.NoError(w.t, err)
		for _, p := range page.Payouts {
			expected[p.Recipient] += p.Paid
		}
		distributed, at = page.Cumulative, at+c.args.PageSize
		sizes[c.args.PageSize] = true
	}
	out := verdict{Claimed: terms.Claimed, Creator: after.creator - before.creator, Dust: after.progress.CarryOverDust}
	for _, i := range w.vault(short).Investors {
		got, want := after.atas[i.ATA]-before.atas[i.ATA], expected[i.Wallet]
		delete(expected, i.Wallet)
		if i.Wallet != w.vault(short).CreatorWallet {
			before.atas[i.ATA] = after.atas[i.ATA] // A recipient with several streams counts once.
		}
		out.Paid += got
		switch {
		case got == want:
		case got == 0:
			out.Missed++
		case want > 0 && got >= 2*want:
			out.PaidTwice++
		default:
			out.Wrong++
		}
	}
	for size := range sizes {
		if len(sizes) > 1 {
			break
		}
		day, err := router.ReferenceDay(terms, shares, size)
		require.NoError(w.t, err)
		require.Equal(w.t, day.Distributed, out.Paid, "the whole day as the reference computes it")
		require.Equal(w.t, day.DustOut, out.Dust)
	}
	require.Equal(w.t, opening.Creator, out.Creator, "the creator's part")
	require.Equal(w.t, terms.Claimed+terms.DustIn, out.Paid+out.Creator+out.Dust, "conservation: what came in is what went out and what stayed")
	require.Equal(w.t, before.treasury+terms.Claimed, after.treasury+out.Paid+out.Creator, "nothing left the treasury another way")
	return out
}

// audited asserts that a day is complete, that the chain's balances are right to the base unit, and that the report
// says the same.
func (w *world) audited(short string, before ledger, report domain.DayReport) verdict {
	w.t.Helper()
	require.Equal(w.t, domain.Complete, report.State, "%s %v", report.Reason, report.Result.Notes)
	got := w.judge(short, before)
	require.Zero(w.t, got.PaidTwice, "paid twice")
	require.Zero(w.t, got.Missed, "missed")
	require.Zero(w.t, got.Wrong, "wrong amounts")
	require.True(w.t, report.Result.Clean(), "%v", report.Result.Notes)
	require.Equal(w.t, domain.Figures{
		Claimed: domain.Amount(got.Claimed), Paid: domain.Amount(got.Paid), Creator: domain.Amount(got.Creator),
		DustIn: domain.Amount(before.progress.CarryOverDust), DustOut: domain.Amount(got.Dust),
	}, report.Result.Figures, "the report says what the chain says")
	return got
}

// ours asserts that every turned page was signed by the vault's own payer.
func (w *world) ours(v localnet.Vault, calls []call) {
	w.t.Helper()
	for _, c := range calls {
		require.Equal(w.t, payer(v), c.signer)
	}
}
