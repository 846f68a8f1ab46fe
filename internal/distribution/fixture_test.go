package distribution

import (
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// now is the chain's time in these tests: 2026-01-01T00:00:00Z.
const now = int64(1_767_225_600)

// key gives a recognisable address.
func key(kind byte, n int) solana.PublicKey {
	return solana.PublicKey{kind, byte(n >> 8), byte(n), 1}
}

func aVault(streams int) Vault {
	v := Vault{
		ID: "v1", Behaviour: domain.Reference, Program: router.ProgramLocalnet, Address: key('v', 0), QuoteMint: key('q', 0), Creator: key('c', 0),
		Position: key('p', 0), StreamMint: key('q', 0), Expected: streams, Payer: key('f', 0),
		Accounts: router.Addresses{Progress: key('g', 0), PositionOwner: key('o', 0), Treasury: key('t', 0), Creator: key('c', 1)},
	}
	for i := range streams {
		v.Streams = append(v.Streams, key('s', i))
	}
	return v
}

// aView is a vault that never ran, with fees, and streams that lock 1000, 2000, … base units until long after now.
func aView(v Vault) View {
	w := View{
		MinSlot: 100, MaxSlot: 100, ChainTime: now,
		Policy: router.Policy{InvestorFeeShareBPS: 7_000, MinPayout: 1_000, Y0TotalAllocation: 1},
		Quote:  1_000_000_000, PayerLamports: 10_000_000_000, Decimals: 6, ProgramSeen: true,
		Treasury:     TokenView{Address: v.Accounts.Treasury, Exists: true, Valid: true, Owner: v.Accounts.PositionOwner},
		CreatorToken: TokenView{Address: v.Accounts.Creator, Exists: true, Valid: true, Owner: v.Creator},
		Recipients:   map[solana.PublicKey]TokenView{},
	}
	for i, s := range v.Streams {
		recipient := key('r', i)
		w.Streams = append(w.Streams, StreamView{Key: s, Stream: streamflow.Stream{
			Recipient: recipient, Mint: v.StreamMint, Start: now - 10, Cliff: now + 1_000_000, End: now + 2_000_000, Period: 1, Deposited: uint64(1_000 * (i + 1)),
		}})
		w.Recipients[recipient] = TokenView{Address: key('a', i), Exists: true, Valid: true, Owner: recipient}
	}
	return w
}

func aPlan(t testing.TB, v Vault, w View) domain.Manifest {
	t.Helper()
	m, err := Plan(v, w, Rules{Tables: true}, w.ChainTime)
	require.NoError(t, err)
	return m
}

// opened gives the manifest the opening that its forecast foresaw.
func opened(t testing.TB, m domain.Manifest) domain.Manifest {
	t.Helper()
	o := domain.Opening{TS: now, Claimed: m.Claimable, Pool: m.Pool, Creator: m.Creator, LockedTotal: m.LockedTotal}
	for _, e := range m.Entries {
		o.Locked, o.Expected = append(o.Locked, e.Locked), append(o.Expected, e.Expected)
	}
	m.Opening = &o
	return m
}

// paidOut is the ledger of a day that went exactly as planned.
func paidOut(m domain.Manifest) Ledger {
	l := Ledger{Complete: true}
	var paid domain.Amount
	for n, plan := range m.Pages {
		page := domain.PageResult{Vault: m.Vault, Cursor: plan.Cursor, Signature: "sig" + string(rune('a'+n)), Ours: true}
		for i := int(plan.Cursor); i < int(plan.Cursor)+plan.Count; i++ {
			amount := m.Opening.Expected[i]
			if amount == 0 {
				continue
			}
			page.Payouts = append(page.Payouts, domain.Payout{Recipient: m.Entries[i].Recipient, ATA: m.Entries[i].ATA, Amount: amount, Signature: page.Signature})
			page.Paid += amount
		}
		if n == 0 {
			page.Claimed = m.Opening.Claimed
		}
		if n == len(m.Pages)-1 {
			page.Creator, page.Closed = m.Opening.Creator, true
		}
		paid += page.Paid
		l.Pages = append(l.Pages, page)
	}
	l.Dust = m.Opening.Pool - paid
	l.Treasury = l.Dust
	return l
}
