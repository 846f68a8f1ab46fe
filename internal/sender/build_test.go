package sender_test

import (
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/sender"
)

func number(kind byte, i int) solana.PublicKey {
	return solana.PublicKey{kind, byte(i), byte(i >> 8), 1}
}

// routerPage is a reference page with so many pairs, cranked and paid by the key.
func routerPage(crank solana.PublicKey, pairs int, onlyStreams bool, table string) sender.Request {
	cursor := uint32(0)
	call := router.DistributeFees{
		Program: router.ProgramLocalnet, Crank: crank, Vault: number(1, 0), HonoraryPosition: number(1, 1), CPAMMProgram: number(1, 2),
		Addresses: router.Addresses{Policy: number(1, 3), Progress: number(1, 4), PositionOwner: number(1, 5), Treasury: number(1, 6), Creator: number(1, 7)},
		PageSize:  uint32(pairs), Cursor: &cursor,
	}
	if onlyStreams {
		var streams []solana.PublicKey
		for i := range pairs {
			streams = append(streams, number(2, i))
		}
		call.Remaining = router.PublishedRemaining(streams)
	} else {
		var payees []router.Payee
		for i := range pairs {
			payees = append(payees, router.Payee{Stream: number(2, i), ATA: number(3, i)})
		}
		call.Remaining = router.ReferenceRemaining(payees)
	}
	r := sender.Request{Vault: "v1", Key: "page/0", Instructions: []solana.Instruction{call.Instruction()}}
	var keys solana.PublicKeySlice
	for i, m := range r.Instructions[0].Accounts() {
		if !m.IsSigner && (table == "all" || (table == "fixed" && i < router.FixedAccounts)) {
			keys = append(keys, m.PublicKey)
		}
	}
	if table != "" {
		r.Tables = map[solana.PublicKey]solana.PublicKeySlice{number(9, 0): keys}
	}
	return r
}

// The numbers are CHAIN.md §4's, which were made with the official JavaScript library.
func TestBuild_FitsAsManyInvestorsAsTheOfficialLibrary(t *testing.T) {
	tests := []struct {
		table   string
		streams bool
		most    int
	}{
		{"", true, 19},
		{"fixed", true, 28},
		{"all", true, 50},
		{"", false, 9},
		{"fixed", false, 14},
		{"all", false, 25},
	}
	b := newBench(t)
	for _, tt := range tests {
		raw, err := b.s.Build(t.Context(), routerPage(b.key.PublicKey(), tt.most, tt.streams, tt.table))
		require.NoError(t, err, "%+v", tt)
		require.LessOrEqual(t, len(raw), 1232)
		_, err = chain.DecodeTransaction(raw)
		require.NoError(t, err)

		if tt.most == 50 {
			continue // The program takes no larger page.
		}
		_, err = b.s.Build(t.Context(), routerPage(b.key.PublicKey(), tt.most+1, tt.streams, tt.table))
		require.Equal(t, sender.CodeTooLarge, fault.CodeOf(err), "%+v", tt)
		require.Equal(t, fault.Human, fault.KindOf(err))
		require.ErrorContains(t, err, "of 1232")
	}
}

func TestBuild_LeavesTheCallersAccountsAlone(t *testing.T) {
	b := newBench(t)
	shared := solana.NewAccountMeta(number(2, 0), false, false)
	r := page("0")
	r.Instructions = []solana.Instruction{
		solana.NewInstruction(number(7, 0), solana.AccountMetaSlice{shared}, nil),
		solana.NewInstruction(number(7, 0), solana.AccountMetaSlice{solana.NewAccountMeta(number(2, 0), true, false)}, nil),
	}
	_, err := b.s.Build(t.Context(), r)
	require.NoError(t, err)
	require.False(t, shared.IsWritable)
}

func TestUnitPrice_IsAPercentileBelowBothCaps(t *testing.T) {
	tests := []struct {
		name     string
		fees     []uint64
		max      uint64
		lamports uint64
		want     uint64
	}{
		{"no priority fee wanted", []uint64{9, 9}, 0, 0, 0},
		{"nobody competes", nil, 1000, 0, 0},
		{"three quarters of the slots paid less", []uint64{10, 20, 30, 40}, 1000, 0, 30},
		{"the price cap", []uint64{5000, 5000}, 1000, 0, 1000},
		{"the fee cap: 5,000 base and 46 for 46,300 units", []uint64{5000}, 5000, 5046, 993},
		{"the fee cap leaves nothing", []uint64{5000}, 5000, 5000, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.fees = tt.fees
			b.opts.MaxUnitPrice, b.opts.MaxFeeLamports = tt.max, tt.lamports
			b.restart()
			got, err := b.s.Send(t.Context(), page("0"))
			require.NoError(t, err)
			require.Equal(t, tt.want, b.intent(t, got.Signature).UnitPrice)
			_, err = b.s.Send(t.Context(), page("15"))
			require.NoError(t, err)
			require.LessOrEqual(t, b.calls["fees"], 1, "pages in a row share the price")
		})
	}
	b := newBench(t)
	b.opts.MaxFeeLamports = 4999
	b.restart()
	_, err := b.s.Send(t.Context(), page("0"))
	require.Equal(t, sender.CodeFeeCap, fault.CodeOf(err))
	require.Zero(t, b.key.signed)
}

func TestSend_NeverPaysAboveItsFeeCap(t *testing.T) {
	b := newBench(t)
	i := 0
	rapid.Check(t, func(t *rapid.T) {
		i++
		b.ledger = newLedger()
		b.slot += uint64(i) // Another blockhash, so another signature.
		b.fees = rapid.SliceOf(rapid.Uint64()).Draw(t, "fees")
		b.simUnits = rapid.Uint64Range(1, 1_400_000).Draw(t, "units")
		b.opts = sender.Options{Now: b.Now, Sleep: b.Sleep, MaxUnitPrice: rapid.Uint64().Draw(t, "max"), MaxFeeLamports: rapid.Uint64Range(5000, 1<<62).Draw(t, "cap")}
		b.restart()
		r := page("0")
		r.Vault = string(rune('a'+i%26)) + r.Vault + string(rune('0'+i/26))
		got, err := b.s.Send(t.Context(), r)
		require.NoError(t, err)
		price := b.intent(t, got.Signature).UnitPrice
		require.LessOrEqual(t, price, b.opts.MaxUnitPrice)
		units := min(b.simUnits+b.simUnits*15/100+300, 1_400_000)
		if price <= 1<<40 { // Above, the product passes 64 bits; the cap is then beyond all money too.
			require.LessOrEqual(t, (price*units+999_999)/1_000_000, b.opts.MaxFeeLamports-5000)
		}
	})
}
