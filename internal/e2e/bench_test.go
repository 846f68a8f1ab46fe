package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
)

// BenchmarkDay1000 pays days of 1,000 investors with slots as long as on a real network (DESIGN.md §7).
func BenchmarkDay1000(b *testing.B) { day1000(b) }

// BenchmarkDay1000Dropped does so while one send in ten gets an answer and reaches nobody. The bar is 4 slots a page.
func BenchmarkDay1000Dropped(b *testing.B) {
	day1000(b, localnet.Fault{Name: "drop", PerMille: 100})
}

func day1000(b *testing.B, faults ...localnet.Fault) {
	b.Helper()
	w := newChainAt(b, localnet.DefaultSlot, specs(localnet.VaultSpec{Investors: 1_000, DuplicateRecipients: 20, PayerLamports: 50_000_000_000}))
	for _, f := range faults {
		w.node.SetFault(f)
	}
	w.startWorker()
	for b.Loop() {
		before := w.ledger("v")
		requests := total(w.node.Requests())
		run := w.start("v")
		report := w.end(run)
		b.StopTimer()
		require.Equal(b, domain.Complete, report.State, report.Reason)
		w.audited("v", before, report)
		pages := float64(report.Pages)
		cost := w.figures(run)
		b.ReportMetric(float64(report.CloseSlot-report.FirstSlot)/pages, "slots/page")
		b.ReportMetric(float64(cost.between)/float64(time.Millisecond), "temporal-ms/page")
		b.ReportMetric(float64(report.Requests), "requests/day")
		b.ReportMetric(float64(report.Requests)/pages, "requests/page")
		b.ReportMetric(float64(total(w.node.Requests())-requests), "node-requests/day")
		b.ReportMetric(float64(cost.events), "events")
		b.ReportMetric(float64(cost.bytes)/1024, "history-KiB")
		b.ReportMetric(pages, "pages")
		w.nextDay()
		b.StartTimer()
	}
}

func total(counts map[string]uint64) (sum uint64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}
