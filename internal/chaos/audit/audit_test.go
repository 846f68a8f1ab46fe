package audit_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	computebudget "github.com/gagliardetto/solana-go/programs/compute-budget"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/chaos/audit"
	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// paid is a chain on which days of a vault are turned by hand, and an auditor that watches.
type paid struct {
	t       *rapid.T
	node    *localnet.Node
	vault   localnet.Vault
	auditor *audit.Auditor
	size    uint32
	listed  int
}

func build(t *testing.T, r *rapid.T, capped bool) *paid {
	t.Helper()
	node, err := localnet.Start(t.Context(), localnet.Options{Manual: true, GenesisTime: localnet.TestGenesis(), Seed: rapid.Uint64().Draw(r, "seed")})
	require.NoError(r, err)
	spec := localnet.VaultSpec{
		ID: "v", Investors: rapid.IntRange(8, 16).Draw(r, "investors"), DuplicateRecipients: rapid.IntRange(0, 2).Draw(r, "duplicates"),
		ClosedStreams: rapid.IntRange(0, 1).Draw(r, "closed"), BelowMinimum: rapid.IntRange(0, 1).Draw(r, "below"),
		DustIn: rapid.Uint64Range(0, 9999).Draw(r, "dust"),
	}
	if capped && rapid.Bool().Draw(r, "cap") {
		limit := rapid.Uint64Range(20_000_000, 80_000_000).Draw(r, "limit")
		spec.DailyCap = &limit
	}
	if spec.DustIn > 0 {
		spec.LastDistribution = localnet.TestGenesis().Unix() - 90_000
	}
	v, err := node.AddVault(spec)
	require.NoError(r, err)
	node.Slots(2)
	p := &paid{t: r, node: node, vault: v, listed: spec.Investors - spec.ClosedStreams}
	p.size = rapid.Uint32Range(1, uint32(min(p.listed-1, 9))).Draw(r, "size") // At least two pages.
	p.auditor = audit.New(node.Bank(), audit.Subject{
		Program: v.ProgramID, Vault: v.Vault, Policy: v.Addresses.Policy, Progress: v.Addresses.Progress, Treasury: v.Addresses.Treasury,
		Creator: v.Addresses.Creator, Pool: v.PoolVault, Mint: v.QuoteMint, StreamMint: v.StreamMint, Streams: v.Streams, Payer: v.Payer.PublicKey(),
	})
	return p
}

func (p *paid) close() { require.NoError(p.t, p.node.Close()) }

// page turns a page with the vault's own key and returns whether it landed without error.
func (p *paid) page(cursor *uint32, from uint32) bool {
	var list []router.Payee
	for _, i := range p.vault.Investors {
		if !i.Closed {
			list = append(list, router.Payee{Stream: i.Stream, ATA: i.ATA})
		}
	}
	v := p.vault
	call := router.DistributeFees{
		Program: v.ProgramID, Crank: v.Payer.PublicKey(), Vault: v.Vault, HonoraryPosition: v.HonoraryPosition, CPAMMProgram: damm.CPAMMProgram,
		Addresses: v.Addresses, PageSize: p.size, Cursor: cursor,
		Remaining: router.ReferenceRemaining(list[min(int(from), len(list)):min(int(from+p.size), len(list))]),
	}
	hash, _ := p.node.Bank().LatestBlockhash(bank.Processed)
	limit := computebudget.NewSetComputeUnitLimitInstruction(1_400_000).Build()
	tx, err := solana.NewTransaction([]solana.Instruction{limit, call.Instruction()}, hash, solana.TransactionPayer(v.Payer.PublicKey()))
	require.NoError(p.t, err)
	_, err = tx.Sign(func(solana.PublicKey) *solana.PrivateKey { return &v.Payer })
	require.NoError(p.t, err)
	raw, err := tx.MarshalBinary()
	require.NoError(p.t, err)
	sig, err := p.node.Bank().Submit(raw, bank.SubmitOptions{})
	require.NoError(p.t, err)
	p.node.Slots(2)
	record, found := p.node.Bank().Transaction(sig)
	require.True(p.t, found)
	return record.Err == nil
}

func (p *paid) day() {
	for cursor := uint32(0); int(cursor) < p.listed; cursor += p.size {
		require.True(p.t, p.page(&cursor, cursor))
	}
}

func (p *paid) nextDay() {
	p.node.AdvanceClock(24*time.Hour + time.Minute)
	p.node.Slots(2)
}

// give moves base units from the treasury to an account, or back, behind the program's back.
func (p *paid) give(account solana.PublicKey, amount int64) {
	p.change(account, amount)
	p.change(p.vault.Addresses.Treasury, -amount)
}

func (p *paid) change(key solana.PublicKey, by int64) {
	a, exists := p.node.Bank().Account(key, bank.Processed)
	require.True(p.t, exists)
	c := a.Clone()
	binary.LittleEndian.PutUint64(c.Data[64:], uint64(int64(binary.LittleEndian.Uint64(c.Data[64:]))+by))
	p.node.Bank().SetAccount(key, *c)
}

func (p *paid) balance(key solana.PublicKey) uint64 {
	a, _ := p.node.Bank().Account(key, bank.Processed)
	return binary.LittleEndian.Uint64(a.Data[64:])
}

// someone draws an investor who got money.
func (p *paid) someone() (solana.PublicKey, uint64) {
	var list []solana.PublicKey
	for _, i := range p.vault.Investors {
		if p.balance(i.ATA) > 2 {
			list = append(list, i.ATA)
		}
	}
	require.NotEmpty(p.t, list)
	at := rapid.SampledFrom(list).Draw(p.t, "who")
	return at, p.balance(at)
}

func TestJudge_AnHonestDayIsClean(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := build(t, r, true)
		defer p.close()
		days := rapid.IntRange(1, 2).Draw(r, "days")
		for n := range days {
			if n > 0 {
				p.nextDay()
			}
			p.day()
		}
		v := p.auditor.Judge()
		require.True(r, v.Clean(), "%v", v.Notes)
		require.Empty(r, v.Notes)
		require.Len(r, v.Days, days)
		for _, d := range v.Days {
			require.True(r, d.Complete)
			require.Zero(r, d.Unreached)
			require.Equal(r, d.Claimed+d.DustIn, d.Paid+d.Creator+d.DustOut)
		}
	})
}

func TestJudge_FindsWhatWasInjected(t *testing.T) {
	tests := []struct {
		name   string
		inject func(p *paid, who solana.PublicKey, got uint64)
		want   func(v audit.Verdict) bool
	}{
		{"a double payment", func(p *paid, who solana.PublicKey, got uint64) {
			p.change(p.vault.Addresses.Treasury, int64(got)) // It may hold less than that, and a payment is one anyway.
			p.give(who, int64(got))
		}, func(v audit.Verdict) bool { return v.PaidTwice == 1 && v.Missed == 0 && v.Wrong == 0 }},
		{"a missed one", func(p *paid, who solana.PublicKey, got uint64) { p.give(who, -int64(got)) }, func(v audit.Verdict) bool { return v.Missed == 1 && v.PaidTwice == 0 && v.Wrong == 0 }},
		{"one base unit too few", func(p *paid, who solana.PublicKey, _ uint64) { p.give(who, -1) }, func(v audit.Verdict) bool { return v.Wrong == 1 && v.PaidTwice == 0 && v.Missed == 0 }},
		{"one base unit too many", func(p *paid, who solana.PublicKey, _ uint64) {
			p.change(p.vault.Addresses.Treasury, 1)
			p.give(who, 1)
		}, func(v audit.Verdict) bool { return v.Wrong == 1 && v.PaidTwice == 0 && v.Missed == 0 }},
		{"money that left the treasury", func(p *paid, _ solana.PublicKey, _ uint64) {
			p.change(p.vault.Addresses.Treasury, 5)
		}, func(v audit.Verdict) bool { return v.Conservation == 1 && v.Wrong == 0 }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				p := build(t, r, false) // A cap can leave payments of one base unit, and one too few is then one missed.
				defer p.close()
				p.day()
				who, got := p.someone()
				test.inject(p, who, got)
				v := p.auditor.Judge()
				require.False(r, v.Clean())
				require.True(r, test.want(v), "%+v", v)
			})
		})
	}
}

func TestJudge_AnUnturnedPageIsUnreachedAndAPageWithoutCursorIsNoted(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := build(t, r, true)
		defer p.close()
		first := uint32(0)
		require.True(r, p.page(&first, 0))
		v := p.auditor.Judge()
		require.True(r, v.Clean(), "%v", v.Notes)
		require.False(r, v.Days[0].Complete)
		require.True(r, p.page(nil, p.size), "the program takes a page without a cursor")
		v = p.auditor.Judge()
		require.Equal(r, 1, v.Unguarded)
		require.False(r, v.Clean())
	})
}

func TestJudge_SilentSuccessMovesNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := build(t, r, true)
		defer p.close()
		first := uint32(0)
		require.True(r, p.page(&first, 0))
		require.True(r, p.page(&first, 0), "an earlier cursor succeeds and does nothing")
		v := p.auditor.Judge()
		require.True(r, v.Clean(), "%s", strings.Join(v.Notes, "; "))
		require.Equal(r, 1, v.Days[0].Pages)
	})
}
