package signer_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/fault"
	"github.com/meteora-fee-router/feeops/internal/lookuptable"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/signer"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// books are the policy's sources: they keep state and break on request.
type books struct {
	tables  map[solana.PublicKey]signer.Table
	reads   int
	named   map[solana.PublicKey]bool
	spent   []domain.Spending
	spend   error
	unread  error // Of tables.
	unnamed error // Of plans.
}

func (b *books) LookupTables(_ context.Context, addresses []solana.PublicKey) (map[solana.PublicKey]signer.Table, error) {
	b.reads++
	out := map[solana.PublicKey]signer.Table{}
	for _, a := range addresses {
		if t, ok := b.tables[a]; ok {
			out[a] = signer.Table{Authority: t.Authority, Addresses: slices.Clone(t.Addresses)}
		}
	}
	return out, b.unread
}

func (b *books) Unnamed(_ context.Context, _ solana.PublicKey, wallets []solana.PublicKey) ([]solana.PublicKey, error) {
	return slices.DeleteFunc(slices.Clone(wallets), func(w solana.PublicKey) bool { return b.named[w] }), b.unnamed
}

func (b *books) Spend(_ context.Context, s domain.Spending, _ domain.SpendCaps) error {
	if b.spend == nil {
		b.spent = append(b.spent, s)
	}
	return b.spend
}

// desk is a policy with one vault, one lookup table of its own and one investor.
type desk struct {
	*books

	p        *signer.Policy
	self     solana.PublicKey
	vault    signer.Vault
	investor solana.PublicKey // A wallet that the plan names.
	stream   solana.PublicKey
	table    solana.PublicKey
}

const rentCap = 20_000_000

func newDesk(t testing.TB) *desk {
	raw, _ := keyJSON(t)
	k, err := signer.ParseKey(raw)
	require.NoError(t, err)
	some := func(n byte) solana.PublicKey { return solana.PublicKey{n, 1, 2, 3} }
	v := signer.Vault{Program: router.ProgramLocalnet, Address: some(10), Position: some(11), CPAMM: some(12), QuoteMint: some(13), Creator: some(14)}
	v.Accounts, err = router.Derive(v.Program, v.Address, v.QuoteMint, v.Creator)
	require.NoError(t, err)
	d := &desk{self: k.PublicKey(), vault: v, investor: some(20), stream: some(21), table: some(30)}
	d.books = &books{named: map[solana.PublicKey]bool{d.investor: true}, tables: map[solana.PublicKey]signer.Table{
		d.table:  {Authority: d.self, Addresses: append(d.fixed(), d.stream, d.account(t, d.investor))},
		some(31): {Authority: some(99), Addresses: d.fixed()},
	}}
	limits := signer.Limits{Vaults: []signer.Vault{v}, MaxUnitPrice: 1_000_000, MaxFeeLamports: 100_000, MaxRentLamports: rentCap}
	d.p = signer.WithPolicy(k, limits, signer.Sources{Tables: d.books, Plans: d.books, Ledger: d.books, Now: func() time.Time { return time.Unix(1, 0) }})
	return d
}

func (d *desk) account(t testing.TB, wallet solana.PublicKey) solana.PublicKey {
	key, err := router.ATA(wallet, d.vault.QuoteMint, solana.TokenProgramID)
	require.NoError(t, err)
	return key
}

func (d *desk) call(size uint32, cursor *uint32) router.DistributeFees {
	return router.DistributeFees{
		Program: d.vault.Program, Crank: d.self, Vault: d.vault.Address, HonoraryPosition: d.vault.Position, CPAMMProgram: d.vault.CPAMM,
		Addresses: d.vault.Accounts, PageSize: size, Cursor: cursor,
	}
}

func (d *desk) fixed() []solana.PublicKey {
	var out []solana.PublicKey
	for _, m := range d.call(1, nil).Instruction().Accounts()[1:] {
		out = append(out, m.PublicKey)
	}
	return out
}

// fixedWithSelf is what fixed leaves out too.
func (d *desk) fixedWithSelf() []solana.PublicKey {
	return append([]solana.PublicKey{d.self}, d.fixed()...)
}

// page is a guarded page of the vault; change may spoil it.
func (d *desk) page(t testing.TB, change ...func(*router.DistributeFees)) solana.Instruction {
	cursor := uint32(10)
	c := d.call(9, &cursor)
	c.Remaining = router.ReferenceRemaining([]router.Payee{{Stream: d.stream, ATA: d.account(t, d.investor)}})
	for _, f := range change {
		f(&c)
	}
	return c.Instruction()
}

func (d *desk) makes(t testing.TB, wallet solana.PublicKey) solana.Instruction {
	return lookuptable.CreateTokenAccount(d.self, wallet, d.vault.QuoteMint, d.account(t, wallet))
}

func ix(program solana.PublicKey, data []byte, accounts ...solana.PublicKey) solana.Instruction {
	metas := solana.AccountMetaSlice{}
	for _, a := range accounts {
		metas = append(metas, solana.NewAccountMeta(a, true, false))
	}
	return solana.NewInstruction(program, metas, data)
}

func price(v uint64) solana.Instruction {
	return ix(solana.ComputeBudget, binary.LittleEndian.AppendUint64([]byte{3}, v))
}

func limit(v uint32) solana.Instruction {
	return ix(solana.ComputeBudget, binary.LittleEndian.AppendUint32([]byte{2}, v))
}

func tag(kind uint32) []byte { return binary.LittleEndian.AppendUint32(nil, kind) }

func message(t testing.TB, payer solana.PublicKey, list ...solana.Instruction) []byte {
	return messageWith(t, payer, nil, list...)
}

// messageWith may use lookup tables. The library's builder writes into the instructions it is given, so it gets copies.
func messageWith(t testing.TB, payer solana.PublicKey, tables map[solana.PublicKey]solana.PublicKeySlice, list ...solana.Instruction) []byte {
	own := make([]solana.Instruction, len(list))
	for i, in := range list {
		data, err := in.Data()
		require.NoError(t, err)
		metas := solana.AccountMetaSlice{}
		for _, m := range in.Accounts() {
			one := *m
			metas = append(metas, &one)
		}
		own[i] = solana.NewInstruction(in.ProgramID(), metas, data)
	}
	opts := []solana.TransactionOption{solana.TransactionPayer(payer)}
	if tables != nil {
		opts = append(opts, solana.TransactionAddressTables(tables))
	}
	tx, err := solana.NewTransaction(own, solana.Hash{1}, opts...)
	require.NoError(t, err)
	raw, err := tx.Message.MarshalBinary()
	require.NoError(t, err)
	return raw
}

func TestPolicy_SignsTheRoutersDayAndNothingElse(t *testing.T) {
	d := newDesk(t)
	self, other := d.self, solana.PublicKey{9}
	zero := uint32(0)
	ata, alt := solana.SPLAssociatedTokenAccountProgramID, solana.AddressLookupTableProgramID
	page, cheap := d.page(t), limit(300_000)
	with := func(f func(*router.DistributeFees)) solana.Instruction { return d.page(t, f) }
	create, _, err := lookuptable.Create(self, self, 7)
	require.NoError(t, err)
	foreignCreate, _, err := lookuptable.Create(other, self, 7)
	require.NoError(t, err)
	many := make([]solana.PublicKey, 28)
	var ten []solana.Instruction
	for i := range 10 {
		wallet := solana.PublicKey{77, byte(i)}
		d.named[wallet] = true
		ten = append(ten, d.makes(t, wallet))
	}
	wrongAccount := lookuptable.CreateTokenAccount(self, d.investor, d.vault.QuoteMint, other)
	wrongMint, err := router.ATA(d.investor, other, solana.TokenProgramID)
	require.NoError(t, err)
	tests := []struct {
		name  string
		payer solana.PublicKey
		list  []solana.Instruction
		want  string // Empty: signed.
	}{
		{"a guarded page", self, []solana.Instruction{limit(90_000), price(1_000_000), page}, ""},
		{"page 0 is guarded too", self, []solana.Instruction{with(func(c *router.DistributeFees) { c.Cursor = &zero })}, ""},
		{"token accounts of investor and creator", self, []solana.Instruction{d.makes(t, d.investor), d.makes(t, d.vault.Creator)}, ""},
		{"eight token accounts", self, ten[:8], ""},
		{"a lookup table", self, []solana.Instruction{cheap, create, lookuptable.Extend(d.table, self, self, many), lookuptable.Deactivate(d.table, self)}, ""},
		{"a table closed to this key", self, []solana.Instruction{lookuptable.Close(d.table, self, self)}, ""},

		{"no cursor", self, []solana.Instruction{with(func(c *router.DistributeFees) { c.Cursor = nil })}, "without a cursor"},
		{"two pages", self, []solana.Instruction{page, with(func(c *router.DistributeFees) { c.Cursor = &zero })}, "2 router calls"},
		{"empty page", self, []solana.Instruction{with(func(c *router.DistributeFees) { c.PageSize = 0 })}, "page size"},
		{"page of 51", self, []solana.Instruction{with(func(c *router.DistributeFees) { c.PageSize = 51 })}, "page size"},
		{"another vault", self, []solana.Instruction{with(func(c *router.DistributeFees) { c.Vault = other })}, "no vault that this key pays for"},
		{"another policy account", self, []solana.Instruction{with(func(c *router.DistributeFees) { c.Addresses.Policy = other })}, "account 1 is"},
		{"another position", self, []solana.Instruction{with(func(c *router.DistributeFees) { c.HonoraryPosition = other })}, "account 5 is"},
		{"another treasury", self, []solana.Instruction{with(func(c *router.DistributeFees) { c.Addresses.Treasury = other })}, "account 6 is"},
		{"another creator account", self, []solana.Instruction{with(func(c *router.DistributeFees) { c.Addresses.Creator = other })}, "account 7 is"},
		{"another exchange", self, []solana.Instruction{with(func(c *router.DistributeFees) { c.CPAMMProgram = other })}, "account 8 is"},
		{"the treasury as an investor", self, []solana.Instruction{with(func(c *router.DistributeFees) {
			c.Remaining = router.ReferenceRemaining([]router.Payee{{Stream: d.stream, ATA: d.vault.Accounts.Treasury}})
		})}, "stands among the investors"},
		{"too few accounts", self, []solana.Instruction{ix(d.vault.Program, router.DistributeFeesArgs{PageSize: 1, Cursor: &zero}.Encode(), self)}, "1 accounts"},
		{"initialize", self, []solana.Instruction{router.InitializeHonoraryPosition{Program: d.vault.Program, Payer: self}.Instruction()}, "only distribute_fees"},
		{"unknown router call", self, []solana.Instruction{ix(d.vault.Program, []byte("12345678"), self)}, "discriminator"},
		{"a router that is not configured", self, []solana.Instruction{with(func(c *router.DistributeFees) { c.Program = router.ProgramDevnet })}, "allow-list"},
		{"a transfer of SOL", self, []solana.Instruction{ix(solana.SystemProgramID, append(tag(2), make([]byte, 8)...), self, other)}, "allow-list"},
		{"a transfer of tokens", self, []solana.Instruction{ix(solana.TokenProgramID, []byte{3, 1, 0, 0, 0, 0, 0, 0, 0}, self, other)}, "allow-list"},
		{"a durable nonce, which would keep a page good for ever", self, []solana.Instruction{ix(solana.SystemProgramID, tag(4), other, solana.SysVarRecentBlockHashesPubkey, self), page}, "allow-list"},
		{"an account that is given to a program", self, []solana.Instruction{ix(solana.SystemProgramID, append(tag(1), make([]byte, 32)...), self)}, "allow-list"},
		{"a delegate for a token account", self, []solana.Instruction{ix(solana.TokenProgramID, []byte{4, 255, 255, 255, 255, 255, 255, 255, 255}, other, other, self)}, "allow-list"},
		{"a memo", self, []solana.Instruction{page, ix(solana.MemoProgramID, []byte("hello"), self)}, "allow-list"},
		{"a page with more bytes than the program reads", self, []solana.Instruction{ix(d.vault.Program, append(router.DistributeFeesArgs{PageSize: 1, Cursor: &zero}.Encode(), 0), d.fixedWithSelf()...)}, "bytes"},
		{"a page for investors by the thousand", self, []solana.Instruction{with(func(c *router.DistributeFees) {
			for range 2*router.MaxPageSize + 1 {
				c.Remaining = append(c.Remaining, solana.NewAccountMeta(d.stream, false, false))
			}
		})}, "a page has at most"},
		{"the fee payer among the investors", self, []solana.Instruction{with(func(c *router.DistributeFees) {
			c.Remaining = append(c.Remaining, solana.NewAccountMeta(self, true, false))
		})}, "stands among the investors"},
		{"a transfer behind a page", self, []solana.Instruction{page, ix(solana.SystemProgramID, tag(2), self, other)}, "allow-list"},

		{"a token account of a stranger", self, []solana.Instruction{d.makes(t, other)}, "no plan names"},
		{"a token account at another address", self, []solana.Instruction{wrongAccount}, "is not the token account"},
		{"a token account of another mint", self, []solana.Instruction{lookuptable.CreateTokenAccount(self, d.investor, other, wrongMint)}, "quote mint of no vault"},
		{"ten token accounts", self, ten, "rent"},
		{"a token account with other programs", self, []solana.Instruction{ix(ata, []byte{1}, self, d.account(t, d.investor), d.investor, d.vault.QuoteMint, solana.SystemProgramID, other)}, "programs"},
		{"a token account that misses accounts", self, []solana.Instruction{ix(ata, []byte{1}, self)}, "takes 6 accounts"},
		{"recover nested", self, []solana.Instruction{ix(ata, []byte{2}, self)}, "creation"},

		{"a table closed to a stranger", self, []solana.Instruction{lookuptable.Close(d.table, self, other)}, "rent"},
		{"a table of a stranger", self, []solana.Instruction{foreignCreate}, "signatures"},
		{"a table that names a stranger without his signature", self, []solana.Instruction{ix(alt, tag(0), d.table, other, self)}, "authority"},
		{"a table paid by nobody", self, []solana.Instruction{ix(alt, tag(2), d.table, self)}, "payer"},
		{"a table frozen", self, []solana.Instruction{ix(alt, tag(1), d.table, self)}, "not allowed"},
		{"a table extended by other bytes than it says", self, []solana.Instruction{ix(alt, append(tag(2), make([]byte, 9)...), d.table, self, self)}, "has bytes for others"},
		{"a table cut short", self, []solana.Instruction{ix(alt, []byte{2}, d.table, self, self)}, "too short"},

		{"somebody else pays", other, []solana.Instruction{page}, "fee payer"},
		{"somebody else signs too", self, []solana.Instruction{with(func(c *router.DistributeFees) { c.Crank = other })}, "signatures"},
		{"price above the cap", self, []solana.Instruction{price(1_000_001), page}, "above the cap"},
		{"fee above the cap", self, []solana.Instruction{price(1_000_000), limit(95_001), page}, "above the cap"},
		{"fee at the cap", self, []solana.Instruction{price(1_000_000), limit(95_000), page}, ""},
		{"a price without a limit counts for the whole transaction", self, []solana.Instruction{price(100_000), page}, "above the cap"},
		{"two prices", self, []solana.Instruction{price(1), price(2), page}, "stands twice"},
		{"the old request for units and an extra fee", self, []solana.Instruction{ix(solana.ComputeBudget, []byte{0, 1, 0, 0, 0, 255, 255, 255, 255})}, "unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := message(t, tt.payer, tt.list...)
			sig, err := d.p.Sign(t.Context(), raw)
			if tt.want == "" {
				require.NoError(t, err)
				require.True(t, sig.Verify(self, raw))
				return
			}
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, fault.Human, fault.KindOf(err))
			require.Equal(t, signer.CodeRefused, fault.CodeOf(err))
			require.True(t, sig.IsZero())
		})
	}
}

func TestPolicy_LooksIntoLookupTables(t *testing.T) {
	d := newDesk(t)
	own := map[solana.PublicKey]solana.PublicKeySlice{d.table: d.tables[d.table].Addresses}
	raw := messageWith(t, d.self, own, limit(90_000), d.page(t))
	require.Equal(t, byte(0x80), raw[0], "a versioned message")
	for range 3 {
		_, err := d.p.Check(t.Context(), raw)
		require.NoError(t, err)
	}
	require.Equal(t, 1, d.reads, "what a table holds is read once: it only grows")

	t.Run("a table that holds a stranger's treasury", func(t *testing.T) {
		d := newDesk(t)
		lying := d.tables[d.table]
		lying.Addresses = slices.Clone(lying.Addresses)
		lying.Addresses[slices.Index(lying.Addresses, d.vault.Accounts.Treasury)] = solana.PublicKey{9}
		d.tables[d.table] = lying
		_, err := d.p.Check(t.Context(), messageWith(t, d.self, own, d.page(t)))
		require.ErrorContains(t, err, "account 6 is")
	})
	t.Run("a table of a stranger", func(t *testing.T) {
		foreign := solana.PublicKey{31, 1, 2, 3}
		_, err := d.p.Check(t.Context(), messageWith(t, d.self, map[solana.PublicKey]solana.PublicKeySlice{foreign: d.tables[foreign].Addresses}, d.page(t)))
		require.ErrorContains(t, err, "not to this key")
		require.NotEqual(t, fault.Retry, fault.KindOf(err))
	})
	t.Run("a table that grew", func(t *testing.T) {
		before := d.reads
		grown := d.tables[d.table]
		grown.Addresses = append(grown.Addresses, solana.PublicKey{60})
		d.tables[d.table] = grown
		more := d.page(t, func(c *router.DistributeFees) {
			c.Remaining = append(c.Remaining, solana.NewAccountMeta(solana.PublicKey{60}, false, false))
		})
		_, err := d.p.Check(t.Context(), messageWith(t, d.self, map[solana.PublicKey]solana.PublicKeySlice{d.table: grown.Addresses}, more))
		require.NoError(t, err)
		require.Equal(t, before+1, d.reads)
	})
	t.Run("a table that no endpoint knows yet is asked for again", func(t *testing.T) {
		_, err := d.p.Sign(t.Context(), messageWith(t, d.self, map[solana.PublicKey]solana.PublicKeySlice{{50}: d.fixed()}, d.page(t)))
		require.Equal(t, fault.Retry, fault.KindOf(err))
		d.unread = fault.New(fault.Retry, "rpc/unavailable", errors.New("down"))
		_, err = d.p.Sign(t.Context(), messageWith(t, d.self, map[solana.PublicKey]solana.PublicKeySlice{{51}: d.fixed()}, d.page(t)))
		require.Equal(t, "rpc/unavailable", fault.CodeOf(err))
		require.Equal(t, fault.Retry, fault.KindOf(err))
	})
	for _, version := range []byte{0x81, 0xff, 0x7f} {
		other := bytes.Clone(raw)
		other[0] = version
		_, err := d.p.Check(t.Context(), other)
		require.Error(t, err, "version byte %x", version)
	}
}

func TestPolicy_CountsWhatASignatureCanCost(t *testing.T) {
	d := newDesk(t)
	raw := message(t, d.self, limit(10_000), price(1_000_000), d.makes(t, d.investor))
	_, err := d.p.Sign(t.Context(), raw)
	require.NoError(t, err)
	require.Len(t, d.spent, 1)
	require.Equal(t, d.self.String(), d.spent[0].Payer)
	require.Equal(t, time.Unix(1, 0), d.spent[0].At)
	require.EqualValues(t, 5_000+10_000, d.spent[0].Fee)
	require.EqualValues(t, 2_039_280, d.spent[0].Rent, "the rent of a token account on chain")

	d.spend = fmt.Errorf("store: spend: %w: 9 lamports", store.ErrSpend)
	sig, err := d.p.Sign(t.Context(), raw)
	require.Equal(t, signer.CodeSpend, fault.CodeOf(err))
	require.Equal(t, fault.Human, fault.KindOf(err))
	require.True(t, sig.IsZero(), "beyond the cap no signature leaves")
	d.spend = errors.New("disk full")
	sig, err = d.p.Sign(t.Context(), raw)
	require.Equal(t, signer.CodeLedger, fault.CodeOf(err))
	require.Equal(t, fault.Retry, fault.KindOf(err))
	require.True(t, sig.IsZero())
	d.spend, d.unnamed = nil, errors.New("disk full")
	_, err = d.p.Sign(t.Context(), raw)
	require.Equal(t, fault.Retry, fault.KindOf(err), "a plan that cannot be read is no plan that names nobody")
}

func TestPolicy_AKeyServiceThatIsDownUsesUpNoCap(t *testing.T) {
	server, address := startVault(t)
	key, err := signer.OpenTransit(t.Context(), transitOptions(server.URL))
	require.NoError(t, err)
	d := newDesk(t)
	p := signer.WithPolicy(key, signer.Limits{Vaults: []signer.Vault{d.vault}}, signer.Sources{Ledger: d.books})
	d.self = address
	server.Seal()
	for range 5 {
		_, err := p.Sign(t.Context(), message(t, address, d.page(t)))
		require.Equal(t, signer.CodeSealed, fault.CodeOf(err))
	}
	require.Empty(t, d.spent)
	before := len(server.Requests())
	_, err = p.Sign(t.Context(), message(t, address, ix(solana.SystemProgramID, tag(2), address)))
	require.Equal(t, signer.CodeRefused, fault.CodeOf(err))
	require.Len(t, server.Requests(), before, "what the policy refuses never reaches the key")
}

// allowed are messages that the policy signs, one of each kind.
func (d *desk) allowed(t testing.TB) [][]byte {
	create, table, err := lookuptable.Create(d.self, d.self, 7)
	require.NoError(t, err)
	own := map[solana.PublicKey]solana.PublicKeySlice{d.table: d.tables[d.table].Addresses}
	return [][]byte{
		message(t, d.self, limit(90_000), price(1_000), d.page(t)),
		messageWith(t, d.self, own, limit(90_000), price(1_000), d.page(t)),
		message(t, d.self, limit(90_000), price(0), d.makes(t, d.investor), d.makes(t, d.vault.Creator)),
		message(t, d.self, limit(20_000), price(7), create),
		message(t, d.self, limit(20_000), price(7), lookuptable.Extend(table, d.self, d.self, []solana.PublicKey{d.stream, d.investor})),
		message(t, d.self, lookuptable.Deactivate(table, d.self)),
		message(t, d.self, lookuptable.Close(table, d.self, d.self)),
	}
}

// TestPolicy_AChangedTransactionIsRefusedOrStillHarmless changes every bit, and then bytes and accounts at random, of
// transactions that would be signed. What still passes is judged anew by rules written a second time below.
func TestPolicy_AChangedTransactionIsRefusedOrStillHarmless(t *testing.T) {
	d := newDesk(t)
	messages := d.allowed(t)
	for i, raw := range messages {
		_, err := d.p.Check(t.Context(), raw)
		require.NoError(t, err, "message %d", i)
		require.NoError(t, d.harmless(raw), "message %d", i)
	}
	known := append(d.fixed(), d.self, d.investor, d.stream, d.table, solana.PublicKey{9}, solana.SystemProgramID, solana.TokenProgramID)
	var refused, passed int
	judge := func(t require.TestingT, raw []byte) {
		if _, err := d.p.Check(context.Background(), raw); err != nil {
			refused++
			return
		}
		passed++
		require.NoError(t, d.harmless(raw))
	}
	for _, raw := range messages { // Every single bit.
		for i := range len(raw) * 8 {
			one := bytes.Clone(raw)
			one[i/8] ^= 1 << (i % 8)
			judge(t, one)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		raw := bytes.Clone(rapid.SampledFrom(messages).Draw(t, "message"))
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(raw)-1).Draw(t, "at")
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				raw[at] ^= rapid.ByteRange(1, 255).Draw(t, "bits")
			case 1: // An account: somewhere after the header, on the grid of keys.
				grid := 4 + 32*rapid.IntRange(0, (len(raw)-36)/32).Draw(t, "account")
				if raw[0]&0x80 != 0 {
					grid++
				}
				copy(raw[min(grid, len(raw)-32):], rapid.SampledFrom(known).Draw(t, "key").Bytes())
			case 2:
				raw = slices.Delete(raw, at, at+1)
			case 3:
				raw = slices.Insert(raw, at, rapid.Byte().Draw(t, "byte"))
			}
		}
		judge(t, raw)
	})
	require.NotZero(t, refused)
	require.NotZero(t, passed, "a blockhash or a stream may change")
	t.Logf("%d refused, %d passed", refused, passed)
}

// harmless judges a message as a person would who reads it in an explorer.
func (d *desk) harmless(raw []byte) error {
	tx, err := solana.TransactionFromBytes(append([]byte{0}, raw...))
	if err != nil {
		return err
	}
	m := tx.Message
	keys := slices.Clone(m.AccountKeys)
	for _, list := range []func(solana.MessageAddressTableLookup) []uint8{
		func(l solana.MessageAddressTableLookup) []uint8 { return l.WritableIndexes },
		func(l solana.MessageAddressTableLookup) []uint8 { return l.ReadonlyIndexes },
	} {
		for _, l := range m.AddressTableLookups {
			if l.AccountKey != d.table {
				return errors.New("another table")
			}
			for _, i := range list(l) {
				keys = append(keys, d.tables[d.table].Addresses[i])
			}
		}
	}
	var price, units, rent uint64 = 0, 1_400_000, 0
	for _, in := range m.Instructions {
		var a []solana.PublicKey
		for _, i := range in.Accounts {
			a = append(a, keys[i])
		}
		switch keys[in.ProgramIDIndex] {
		case solana.ComputeBudget:
			if in.Data[0] == 3 {
				price = binary.LittleEndian.Uint64(in.Data[1:])
			}
			if in.Data[0] == 2 {
				units = min(1_400_000, uint64(binary.LittleEndian.Uint32(in.Data[1:])))
			}
		case d.vault.Program:
			if in.Data[12] != 1 || len(in.Data) != 17 || a[0] != d.self || !slices.Equal(a[1:12], d.fixed()) {
				return errors.New("not a guarded page of the vault")
			}
		case solana.SPLAssociatedTokenAccountProgramID:
			want, _, err := solana.FindAssociatedTokenAddress(a[2], d.vault.QuoteMint)
			if err != nil || a[0] != d.self || a[1] != want || a[3] != d.vault.QuoteMint || a[2] != d.investor && a[2] != d.vault.Creator {
				return errors.New("a token account for a stranger")
			}
			rent += 2_039_280
		case solana.AddressLookupTableProgramID:
			if a[1] != d.self || in.Data[0] != 3 && a[2] != d.self {
				return errors.New("a table that is not this key's")
			}
			switch in.Data[0] {
			case 0:
				rent += 1_280_640
			case 2:
				rent += uint64(len(in.Data)-12) * 6_960
			}
		default:
			return fmt.Errorf("program %s", keys[in.ProgramIDIndex])
		}
	}
	switch {
	case m.AccountKeys[0] != d.self || m.Header.NumRequiredSignatures != 1:
		return errors.New("another payer, or other signers")
	case price > 1_000_000 || 5_000+(price*units+999_999)/1_000_000 > 100_000:
		return errors.New("too dear")
	case rent > rentCap:
		return errors.New("too much rent")
	}
	return nil
}

func FuzzPolicy(f *testing.F) {
	d := newDesk(f)
	for _, raw := range d.allowed(f) {
		f.Add(raw)
	}
	f.Add([]byte{0x80, 1, 0, 0})
	ctx := context.Background()
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := d.p.Check(ctx, raw); err != nil {
			return
		}
		require.NoError(t, d.harmless(raw))
		_, err := d.p.Check(ctx, append(bytes.Clone(raw), 0))
		require.Error(t, err, "trailing bytes")
	})
}

func TestPolicy_ZeroLimitsForbid(t *testing.T) {
	d := newDesk(t)
	raw, _ := keyJSON(t)
	k, err := signer.ParseKey(raw)
	require.NoError(t, err)
	d.self = k.PublicKey()
	p := signer.WithPolicy(k, signer.Limits{}, signer.Sources{})
	for _, raw := range d.allowed(t)[:5] {
		_, err := p.Check(t.Context(), raw)
		require.Error(t, err)
	}
}
