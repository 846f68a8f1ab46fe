package e2e

import (
	"context"
	"testing"

	"github.com/gagliardetto/solana-go"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

// tables are a vault's lookup tables as the store knows them.
func (w *world) tables(short string) []domain.Table {
	w.t.Helper()
	list, err := w.store().Tables(context.Background(), w.slug(short))
	require.NoError(w.t, err)
	return list
}

// sizes are the page sizes of the calls that turned a page since a slot.
func (w *world) sizes(short string, since uint64) (sizes []uint32) {
	for _, c := range w.turned(short, since) {
		sizes = append(sizes, c.args.PageSize)
	}
	return sizes
}

func TestTables_ADayIsPaidWithoutThemWhenTheyCannotBeMade(t *testing.T) {
	t.Parallel()
	w := newChain(t, specs(localnet.VaultSpec{Investors: 30}))
	w.node.Bank().DeleteAccount(solana.AddressLookupTableProgramID)
	w.startWorker()
	before := w.ledger("v")
	report := w.pay("v")
	w.audited("v", before, report)
	require.Equal(t, 2, report.Pages, "planned with tables")
	require.Equal(t, []uint32{9, 9, 9, 25}, w.sizes("v", before.slot), "turned without, until three are left")
}

func TestTables_ThatAreGoneInMidDayCostLongerTimeAndNobodysMoney(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 60}))
	before := w.ledger("v")
	run := w.start("v")
	w.cursor("v", 25)
	for _, table := range w.tables("v") {
		w.node.Bank().DeleteAccount(solana.MustPublicKeyFromBase58(table.Address))
	}
	w.audited("v", before, w.end(run))
	sizes := w.sizes("v", before.slot)
	require.Contains(t, sizes, uint32(25), "the first page had its table")
	require.Contains(t, sizes, uint32(9), "the others did without")
	require.Empty(t, w.tables("v"), "the store knows that they are gone")

	w.nextDay()
	before = w.ledger("v")
	w.audited("v", before, w.pay("v"))
	require.Equal(t, []uint32{25, 25, 25}, w.sizes("v", before.slot), "the next day has new ones")
}

func TestTables_NobodyNeedsAnyMoreGiveTheirRentBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 130, DailyFees: 1_000_000_000}), with(func(s *config.Settings) { s.Distribution.MaxInvalidStreamsPercent = 20 }))
	before := w.ledger("v")
	w.audited("v", before, w.pay("v"))
	require.Len(t, w.tables("v"), 2)
	last := w.tables("v")[0]
	if len(w.tables("v")[1].Addresses) < len(last.Addresses) {
		last = w.tables("v")[1]
	}
	// Everybody in the second table leaves.
	held := map[string]bool{}
	for _, address := range last.Addresses {
		held[address] = true
	}
	for _, i := range w.vault("v").Investors {
		if held[i.Stream.String()] || held[i.ATA.String()] {
			w.node.Bank().DeleteAccount(i.Stream)
		}
	}
	for range 8 {
		w.nextDay()
	}
	require.Equal(t, domain.Complete, w.pay("v").State)
	require.Len(t, w.tables("v"), 2, "taken out of use, and not closed yet")
	off := 0
	for _, table := range w.tables("v") {
		if !table.Active {
			require.Equal(t, last.Address, table.Address)
			off++
		}
	}
	require.Equal(t, 1, off)

	w.node.Slots(520)
	w.nextDay()
	address := solana.MustPublicKeyFromBase58(last.Address)
	rent, found := w.node.Bank().Account(address, bank.Confirmed)
	require.True(t, found)
	payerBefore, _ := w.node.Bank().Account(payer(w.vault("v")), bank.Confirmed)
	report := w.pay("v")
	require.Equal(t, domain.Complete, report.State)
	require.Len(t, w.tables("v"), 1)
	_, found = w.node.Bank().Account(address, bank.Confirmed)
	require.False(t, found, "closed")
	payerAfter, _ := w.node.Bank().Account(payer(w.vault("v")), bank.Confirmed)
	require.Greater(t, payerAfter.Lamports+report.FeeLamports+100_000, payerBefore.Lamports+rent.Lamports, "the rent came back to the fee payer")
}
