package localnet_test

import (
	"fmt"
	"testing"

	"github.com/gagliardetto/solana-go"
	computebudget "github.com/gagliardetto/solana-go/programs/compute-budget"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/damm"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
	"github.com/meteora-fee-router/feeops/internal/router"
)

// page is the crank's call for the next investors, sent as any client would.
func page(t testing.TB, n *localnet.Node, v localnet.Vault, cursor, size uint32) *solana.Transaction {
	t.Helper()
	var payees []router.Payee
	for _, investor := range v.Investors {
		if !investor.Closed {
			payees = append(payees, router.Payee{Stream: investor.Stream, ATA: investor.ATA})
		}
	}
	end := min(int(cursor+size), len(payees))
	call := router.DistributeFees{
		Program: v.ProgramID, Crank: v.Payer.PublicKey(), Vault: v.Vault, HonoraryPosition: v.HonoraryPosition,
		CPAMMProgram: damm.CPAMMProgram, Addresses: v.Addresses, PageSize: size, Cursor: &cursor,
		Remaining: router.ReferenceRemaining(payees[min(int(cursor), end):end]),
	}
	return signed(t, n, v.Payer, computebudget.NewSetComputeUnitLimitInstruction(1_400_000).Build(), call.Instruction())
}

func payDay(t testing.TB, n *localnet.Node, v localnet.Vault, size uint32) {
	t.Helper()
	for cursor := uint32(0); int(cursor) < len(v.Investors); cursor += size {
		sig := send(t, n, page(t, n, v, cursor, size))
		n.Slot()
		rec, landed := n.Bank().Transaction(sig)
		require.True(t, landed)
		require.Nil(t, rec.Err, "%v", rec.Logs)
	}
}

func TestDay_OverTheWirePaysEveryoneExactly(t *testing.T) {
	n := localnet.NewForTest(t)
	v := vault(t, n, localnet.VaultSpec{Investors: 23, BelowMinimum: 2, DuplicateRecipients: 3, DustIn: 12})
	payDay(t, n, v, 8)
	progress, err := v.Progress(n.Bank(), bank.Processed)
	require.NoError(t, err)
	require.True(t, progress.DayComplete)
	require.EqualValues(t, 24, progress.PaginationCursor)
	paid, seen := uint64(0), map[solana.PublicKey]bool{}
	for _, investor := range v.Investors {
		if !seen[investor.ATA] {
			paid += held(t, n, investor.ATA)
		}
		seen[investor.ATA] = true
	}
	require.Equal(t, progress.CurrentDayDistributed, paid)
	require.Positive(t, paid)
	creator := held(t, n, v.Addresses.Creator)
	require.Equal(t, v.DailyFees+12, paid+creator+progress.CarryOverDust, "nothing appears or vanishes")
	require.Equal(t, progress.CarryOverDust, held(t, n, v.Addresses.Treasury))
	require.Zero(t, held(t, n, v.PoolVault))
}

func TestDay_ClockWarpsOnceEveryDayIsFinal(t *testing.T) {
	n := localnet.NewForTest(t, func(o *localnet.Options) { o.WarpClock = true })
	one := vault(t, n, localnet.VaultSpec{ID: "one", Investors: 4})
	two := vault(t, n, localnet.VaultSpec{ID: "two", Investors: 4})
	day := func(v localnet.Vault) int64 {
		p, err := v.Progress(n.Bank(), bank.Processed)
		require.NoError(t, err)
		return p.LastDistributionTS
	}
	payDay(t, n, one, 5)
	n.Slots(60)
	require.Less(t, n.Bank().UnixTime(bank.Processed), day(one)+3600, "the other vault has not had its day")
	payDay(t, n, two, 5)
	n.Slots(31)
	require.Less(t, n.Bank().UnixTime(bank.Processed), day(one)+3600, "the day is not final yet")
	n.Slots(2)
	now := n.Bank().UnixTime(bank.Processed)
	require.GreaterOrEqual(t, now, day(one)+86_400)
	require.Less(t, now, day(one)+86_400+60)
	quote, _ := claimable(t, n, one)
	require.Equal(t, one.DailyFees, quote)
	n.Slots(100)
	require.Less(t, n.Bank().UnixTime(bank.Processed), day(one)+86_400+120, "it waits for the due day")
	payDay(t, n, one, 5)
	require.Greater(t, day(one), day(two))
}

func TestDay_StrangerTurnsAPage(t *testing.T) {
	n := localnet.NewForTest(t)
	v := vault(t, n, localnet.VaultSpec{Investors: 12, ClosedStreams: 1})
	n.SetFault(localnet.Fault{Name: faults.ForeignCrank, Value: 3, Count: 1})
	send(t, n, page(t, n, v, 0, 4))
	n.Slots(3)
	progress, err := v.Progress(n.Bank(), bank.Processed)
	require.NoError(t, err)
	require.EqualValues(t, 7, progress.PaginationCursor)
	for _, rec := range n.Bank().SignaturesFor(v.Addresses.Progress, solana.Signature{}, solana.Signature{}, 10, bank.Processed) {
		require.Nil(t, rec.Err, "%v", rec.Logs)
	}
}

func TestAdmin_SteersTheChainOverTheWire(t *testing.T) {
	n := localnet.NewForTest(t)
	v := vault(t, n, localnet.VaultSpec{DailyFees: 100})
	url := n.URL()
	before := n.Bank().UnixTime(bank.Processed)
	require.True(t, result[bool](t, url, "localnet_advanceClock", "[3600]"))
	require.EqualValues(t, 5, result[uint64](t, url, "localnet_produceSlots", "[5]"))
	require.GreaterOrEqual(t, n.Bank().UnixTime(bank.Processed), before+3600)
	require.True(t, result[bool](t, url, "localnet_accrueFees", `["v1","7",3]`))
	quote, base := claimable(t, n, v)
	require.Equal(t, []uint64{107, 3}, []uint64{quote, base})
	payer := n.Vaults()[0].Payer.PublicKey()
	held := result[uint64](t, url, "localnet_setLamports", fmt.Sprintf(`["%s","5"]`, payer))
	require.Positive(t, held)
	require.EqualValues(t, 5, result[uint64](t, url, "localnet_setLamports", fmt.Sprintf(`["%s",%d]`, payer, held)))
	rows := result[[]map[string]any](t, url, "localnet_vaults", "")
	require.Equal(t, v.Vault.String(), rows[0]["vault"])
	require.True(t, result[bool](t, url, "localnet_rollback", "[2]"))
	require.EqualValues(t, 6, n.Bank().Slot(bank.Processed))

	require.True(t, result[bool](t, url, "localnet_setFault", `["5xx=100%"]`))
	response, _ := post(t, url, getSlot)
	require.Equal(t, 503, response.StatusCode)
	require.True(t, result[bool](t, url, "localnet_setFault", `[{"name":"429","value":9}]`))
	require.True(t, result[bool](t, url, "localnet_clearFaults", ""))
	response, _ = post(t, url, getSlot)
	require.Equal(t, 200, response.StatusCode)
	counts := result[map[string]uint64](t, url, "localnet_requestCounts", "")
	require.EqualValues(t, 1, counts["getSlot"], "what a fault swallowed was not answered")
	require.EqualValues(t, 1, counts["localnet_rollback"])
	require.Equal(t, counts, n.Requests())

	for _, bad := range []string{`["nonsense"]`, `[{"name":"drop","per_mille":2000}]`, `[]`, `[5]`} {
		require.NotNil(t, ask(t, url, "localnet_setFault", bad).Error, bad)
	}
	require.NotNil(t, ask(t, url, "localnet_accrueFees", `["v1","1.5",0]`).Error)
	require.NotNil(t, ask(t, url, "localnet_rollback", `[900]`).Error)
}
