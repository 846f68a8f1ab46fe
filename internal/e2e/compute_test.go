package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
)

func TestUP3_APlanIsCutToTheComputeLimitBeforeTheDayOpens(t *testing.T) {
	t.Parallel()
	w := newChain(t, specs(localnet.VaultSpec{Investors: 60}))
	w.node.Bank().SetRouterUnits(500)
	w.startWorker()
	before := w.ledger("v")
	report := w.pay("v")
	w.audited("v", before, report)
	require.Equal(t, 4, report.Pages, "planned anew after the rehearsal")
	require.Equal(t, []uint32{17, 17, 17, 17}, w.sizes("v", before.slot), "and turned as planned")

	w.nextDay()
	before = w.ledger("v")
	w.audited("v", before, w.pay("v"))
	require.Equal(t, []uint32{18, 18, 18, 18}, w.sizes("v", before.slot), "the next plan follows what a longer page took, without a rehearsal that fails")

	w.node.Bank().SetRouterUnits(100)
	for range 2 {
		w.nextDay()
		before = w.ledger("v")
		w.audited("v", before, w.pay("v"))
	}
	require.Equal(t, []uint32{25, 25, 25}, w.sizes("v", before.slot), "pages grow again when the program takes less")
}

func TestUP3_APageThatGetsTooDearInMidDayIsHalvedAndNobodyIsPaidTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 60}))
	before := w.ledger("v")
	run := w.start("v")
	w.cursor("v", 25)
	w.node.Bank().SetRouterUnits(500)
	report := w.end(run)
	w.audited("v", before, report)
	require.Equal(t, domain.Complete, report.State)
	require.Equal(t, []uint32{25, 12, 17, 17}, w.sizes("v", before.slot), "halved once, and then as long as the measured page allows")
}

func TestUP3_ADayThatWasHalvedGoesOnWithAnotherWorker(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 60}))
	before := w.ledger("v")
	run := w.start("v")
	w.cursor("v", 25)
	w.node.Bank().SetRouterUnits(500)
	w.cursor("v", 37)
	w.stopWorker()
	w.startWorker()
	w.audited("v", before, w.end(run))
	require.Equal(t, []uint32{25, 12, 17, 17}, w.sizes("v", before.slot))
}

func TestUP3_APublishedDayThatCannotBeCutIsRefusedBeforeItOpens(t *testing.T) {
	t.Parallel()
	w := newChain(t, specs(localnet.VaultSpec{Investors: 40, Behaviour: bank.Published}), with(recorded))
	w.node.Bank().SetRouterUnits(500)
	w.startWorker()
	report := w.pay("v")
	require.Equal(t, domain.Failed, report.State)
	require.Contains(t, report.Reason, "a page of 40 investors needs more than the 1400000 compute units")
	v := w.vault("v")
	p, err := v.Progress(w.node.Bank(), bank.Processed)
	require.NoError(t, err)
	require.Zero(t, p.LastDistributionTS, "the day was not opened")
}
