package bank_test

import (
	"fmt"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/router"
	"github.com/meteora-fee-router/feeops/internal/streamflow"
)

// vault is a world with one vault, ready for its first day.
type vault struct {
	*world
	spec         bank.VaultSpec
	at           router.Addresses
	quote        solana.PublicKey
	position     solana.PublicKey
	pool         solana.PublicKey
	poolVault    solana.PublicKey
	payees       []router.Payee
	recipients   []solana.PublicKey
	terms        router.DayTerms
	unguarded    bool
	lookup       bool // send v0 with a table that holds all
	units        uint32
	pricePerPage uint64 // makes equal pages different transactions
}

type streamSpec struct {
	recipient string
	locked    uint64
}

func investors(n int) []streamSpec {
	list := make([]streamSpec, n)
	for i := range list {
		list[i] = streamSpec{fmt.Sprint("r", i), 1_000_000 + uint64(i)}
	}
	return list
}

// newVault makes a vault whose position can claim terms.Claimed.
func newVault(t require.TestingT, behaviour bank.Behaviour, terms router.DayTerms, streams []streamSpec) *vault {
	v := &vault{
		world: newWorld(t), terms: terms, position: pub("position"), pool: pub("pool"), poolVault: pub("poolvault"),
		lookup: true, units: 1_400_000,
	}
	v.quote = v.mint("quote", 6)
	v.mint("base", 9)
	v.spec = bank.VaultSpec{Vault: pub("vault"), ProgramID: router.ProgramDevnet, Behaviour: behaviour}
	var err error
	v.at, err = router.Derive(router.ProgramDevnet, v.spec.Vault, v.quote, pub("creator"))
	require.NoError(t, err)
	v.owned(v.at.Policy, router.Policy{
		Vault: v.spec.Vault, QuoteMint: v.quote, CreatorWallet: pub("creator"), InvestorFeeShareBPS: terms.ShareBPS,
		DailyCap: terms.Cap, MinPayout: terms.MinPayout, Y0TotalAllocation: terms.Y0, Bump: v.at.PolicyBump,
	}.Encode(), router.ProgramDevnet)
	v.setProgress(router.Progress{Vault: v.spec.Vault, CarryOverDust: terms.DustIn, Bump: v.at.ProgressBump})
	v.tokens(v.at.PositionOwner, v.quote, terms.DustIn)
	v.tokens(pub("creator"), v.quote, 0)
	v.tokensAt(v.poolVault, damm.PoolAuthority, v.quote, 1<<60)
	v.tokensAt(pub("basevault"), damm.PoolAuthority, pub("base"), 1<<60)
	v.accrue(0, terms.Claimed)
	for i, s := range streams {
		stream := v.stream(fmt.Sprint("stream", i), s.recipient, s.locked)
		ata, err := router.ATA(pub(s.recipient), v.quote, solana.TokenProgramID)
		require.NoError(t, err)
		if _, there := v.b.Account(ata, bank.Processed); !there {
			v.tokens(pub(s.recipient), v.quote, 0)
		}
		v.payees = append(v.payees, router.Payee{Stream: stream, ATA: ata})
		v.recipients = append(v.recipients, pub(s.recipient))
		v.spec.Streams = append(v.spec.Streams, stream)
	}
	v.b.RegisterVault(v.spec)
	return v
}

func (v *vault) owned(at solana.PublicKey, data []byte, owner solana.PublicKey) {
	v.b.SetAccount(at, bank.Account{Lamports: v.b.MinimumRent(len(data)), Owner: owner, Data: data})
}

func (v *vault) setProgress(p router.Progress) {
	v.owned(v.at.Progress, p.Encode(), router.ProgramDevnet)
}

func (v *vault) progress() router.Progress {
	a, ok := v.b.Account(v.at.Progress, bank.Processed)
	require.True(v.t, ok)
	p, err := router.DecodeProgress(a.Owner, router.ProgramDevnet, a.Data)
	require.NoError(v.t, err)
	return p
}

// accrue sets what the position can claim of base and quote.
func (v *vault) accrue(base, quote uint64) {
	pool := damm.NewPool(pub("base"), v.quote, pub("basevault"), v.poolVault)
	pool.AccrueA(base)
	pool.AccrueB(quote)
	position := damm.NewPosition(v.pool, pub("nft"))
	v.owned(v.pool, pool.Encode(), damm.CPAMMProgram)
	v.owned(v.position, position.Encode(), damm.CPAMMProgram)
}

// stream writes a stream that locks the amount until far in the future.
func (v *vault) stream(name, recipient string, locked uint64) solana.PublicKey {
	s := streamflow.Stream{
		Magic: streamflow.Magic, Recipient: pub(recipient), Mint: v.quote, Start: 4_000_000_000, Cliff: 4_000_000_000,
		End: 5_000_000_000, Deposited: locked, Period: 1,
	}
	v.owned(pub(name), s.Encode(), streamflow.ProgramMainnet)
	return pub(name)
}

// remaining are the accounts of a page as the behaviour wants them.
func (v *vault) remaining(cursor, size uint32) []*solana.AccountMeta {
	if v.spec.Behaviour == bank.Published {
		return router.PublishedRemaining(v.spec.Streams)
	}
	n := uint32(len(v.payees))
	return router.ReferenceRemaining(v.payees[min(cursor, n):min(cursor+size, n)])
}

func (v *vault) call(cursor, size uint32) router.DistributeFees {
	d := router.DistributeFees{
		Program: router.ProgramDevnet, Crank: v.payer.PublicKey(), Vault: v.spec.Vault, HonoraryPosition: v.position,
		CPAMMProgram: damm.CPAMMProgram, Addresses: v.at, PageSize: size, Cursor: &cursor, Remaining: v.remaining(cursor, size),
	}
	if v.unguarded {
		d.Cursor = nil
	}
	return d
}

// raw signs a call, with a lookup table that holds all its accounts if asked.
func (v *vault) raw(d router.DistributeFees) []byte {
	v.pricePerPage++
	call := d.Instruction()
	list := []solana.Instruction{limit(v.units), price(v.pricePerPage), call}
	if !v.lookup {
		return v.build(list, nil)
	}
	var keys solana.PublicKeySlice
	for _, meta := range call.Accounts() {
		if !meta.IsSigner && !keys.Has(meta.PublicKey) {
			keys = append(keys, meta.PublicKey)
		}
	}
	table := pub("pagetable")
	v.setTable(table, keys)
	v.b.ProduceSlot()
	tables := map[solana.PublicKey]solana.PublicKeySlice{table: keys}
	return v.build(list, []solana.TransactionOption{solana.TransactionAddressTables(tables)})
}

func (v *vault) send(d router.DistributeFees) *bank.Record { return v.land(v.raw(d)) }

func (v *vault) page(cursor, size uint32) *bank.Record {
	r := v.send(v.call(cursor, size))
	require.Nil(v.t, r.Err, "%v", r.Logs)
	return r
}

func (v *vault) fails(d router.DistributeFees, code uint32) *bank.Record {
	before := v.progress()
	r := v.send(d)
	require.Equal(v.t, fmt.Sprintf(`{"InstructionError":[2,{"Custom":%d}]}`, code), failure(v.t, r.Err), "%v", r.Logs)
	require.Equal(v.t, before, v.progress())
	return r
}

func (v *vault) events(r *bank.Record) []router.Event {
	list, truncated, err := router.ParseEvents(r.Logs, router.ProgramDevnet)
	require.NoError(v.t, err)
	require.False(v.t, truncated)
	out := make([]router.Event, len(list))
	for i, e := range list {
		out[i] = e.Event
	}
	return out
}

func (v *vault) paid(recipient string) uint64 {
	ata, err := router.ATA(pub(recipient), v.quote, solana.TokenProgramID)
	require.NoError(v.t, err)
	return v.balance(ata)
}
