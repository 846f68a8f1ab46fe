package distribution

import (
	"bytes"
	"testing"

	bin "github.com/gagliardetto/binary"
	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/programs/token"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/chain"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/router"
)

func tokens(t *testing.T, at, mint solana.PublicKey, amount uint64) chain.Account {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, bin.NewBinEncoder(&b).Encode(token.Account{Mint: mint, Amount: amount, State: token.Initialized}))
	return chain.Account{Key: at, Exists: true, Owner: solana.TokenProgramID, Data: b.Bytes()}
}

// rehearsal is a page of a plan with its simulated outcome: every investor gets what the plan says, times a rate.
func rehearsal(t *testing.T, v Vault, m domain.Manifest, cursor uint32, after router.Progress, perMille uint64) Rehearsal {
	t.Helper()
	keys := []solana.PublicKey{v.Accounts.Progress, v.Accounts.Treasury, v.Accounts.Creator}
	before := chain.Snapshot{Accounts: map[solana.PublicKey]chain.Account{}}
	was := router.Progress{Vault: v.Address, PaginationCursor: cursor}
	if cursor == 0 {
		was.CurrentDayDistributed = 1 << 50 // Yesterday's sum still stands there.
	}
	put := func(p router.Progress) chain.Account {
		return chain.Account{Key: v.Accounts.Progress, Exists: true, Owner: v.Program, Data: p.Encode()}
	}
	before.Accounts[v.Accounts.Progress] = put(was)
	sim := chain.SimResult{Accounts: []chain.Account{put(after)}}
	plan := pageAt(m, cursor, m.PageSize)
	for i := int(plan.Cursor); i < int(plan.Cursor)+plan.Count; i++ {
		ata := solana.MustPublicKeyFromBase58(m.Entries[i].ATA)
		keys = append(keys, ata)
		before.Accounts[ata] = tokens(t, ata, v.QuoteMint, 5)
		sim.Accounts = append(sim.Accounts, tokens(t, ata, v.QuoteMint, 5+uint64(m.Entries[i].Expected)*perMille/1000))
	}
	got, err := judge(v, m, page{size: m.PageSize, plan: plan}, keys, before, sim)
	require.NoError(t, err)
	return got
}

func TestX21_RehearsalIsHeldAgainstThePlan(t *testing.T) {
	v := aVault(10)
	v.PageSize = 4
	m := aPlan(t, v, aView(v))
	at := func(cursor uint32, complete bool) router.Progress {
		return router.Progress{Vault: v.Address, PaginationCursor: cursor, DayComplete: complete}
	}
	tests := []struct {
		name     string
		cursor   uint32
		after    router.Progress
		perMille uint64
		code     string
		replan   bool
	}{
		{"as planned", 0, at(4, false), 1000, "", false},
		{"the last page closes", 8, at(12, true), 1000, "", false},
		{"a little vesting since the snapshot", 0, at(4, false), 995, "", false},
		{"page 1 would close the day", 0, at(4, true), 1000, "preflight/closes_early", false},
		{"the last page would not close", 8, at(12, false), 1000, "preflight/stays_open", false},
		{"nothing would be turned", 0, at(0, false), 0, "preflight/cursor", false},
		{"investors would be skipped", 0, at(8, false), 1000, "preflight/cursor", false},
		{"another sum than planned", 0, at(4, false), 980, "preflight/amount", true},
		{"twice the sum", 0, at(4, false), 2000, "preflight/amount", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := rehearsal(t, v, m, tt.cursor, tt.after, tt.perMille)
			require.Equal(t, tt.code == "", got.OK, got.Reason)
			require.Equal(t, tt.code, got.Code)
			require.Equal(t, tt.replan, got.Replan)
			require.Equal(t, tt.code == "", got.Reason == "")
		})
	}
}

func TestX21_AnOpenDayIsHeldAgainstItsExactFigures(t *testing.T) {
	v := aVault(10)
	v.PageSize = 4
	m := opened(t, aPlan(t, v, aView(v)))
	for i := range m.Entries {
		m.Entries[i].Expected = 0 // The forecast of a plan that was lost knows nothing of the claim.
	}
	got := rehearsal(t, v, m, 4, router.Progress{Vault: v.Address, PaginationCursor: 8}, 1000)
	require.Equal(t, "preflight/amount", got.Code)
	for i := range m.Entries {
		m.Entries[i].Expected = m.Opening.Expected[i]
	}
	require.True(t, rehearsal(t, v, m, 4, router.Progress{Vault: v.Address, PaginationCursor: 8}, 1000).OK)
}

func TestX21_ANewDayUnderACapIsHeldAgainstItsOwnSum(t *testing.T) {
	v := aVault(10)
	v.PageSize = 4
	w := aView(v)
	limit := uint64(10_000_000)
	w.Policy.DailyCap = &limit
	m := aPlan(t, v, w)
	require.True(t, rehearsal(t, v, m, 0, router.Progress{Vault: v.Address, PaginationCursor: 4}, 1000).OK)
}

func TestX25_APageBehindAStrangersIsHeldAgainstItsOwnSum(t *testing.T) {
	v := aVault(10)
	v.PageSize = 4
	m := opened(t, aPlan(t, v, aView(v)))
	require.True(t, rehearsal(t, v, m, 5, router.Progress{Vault: v.Address, PaginationCursor: 9}, 1000).OK)
	require.Equal(t, "preflight/amount", rehearsal(t, v, m, 5, router.Progress{Vault: v.Address, PaginationCursor: 9}, 500).Code)
}

func TestX21_APublishedProgramPaysNobody(t *testing.T) {
	v := aVault(3)
	v.Behaviour = domain.Published
	m := aPlan(t, v, aView(v))
	closed := router.Progress{Vault: v.Address, PaginationCursor: 3, DayComplete: true}
	require.True(t, rehearsal(t, v, m, 0, closed, 0).OK)
	require.Equal(t, "preflight/behaviour", rehearsal(t, v, m, 0, closed, 1000).Code)
}

func TestNear(t *testing.T) {
	for _, tt := range []struct {
		a, b domain.Amount
		want bool
	}{{0, 0, true}, {100, 99, true}, {99, 100, true}, {100, 98, false}, {1, 0, false}, {0, 1, false}, {1 << 63, 1<<63 - 1, true}, {10, 1 << 63, false}} {
		require.Equal(t, tt.want, near(tt.a, tt.b), "%d %d", tt.a, tt.b)
	}
}
