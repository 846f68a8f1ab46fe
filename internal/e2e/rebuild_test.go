package e2e

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
)

// TestRebuild_BooksOfManyDaysComeFromTheChain loses the store after four days with a date between them on which nobody was
// paid. The newest day gets its books from a run, the others from the history, to the base unit and for every recipient;
// the date without a day is a gap and not filled in.
func TestRebuild_BooksOfManyDaysComeFromTheChain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 14, MissingATAs: 1, ClosedStreams: 1, DuplicateRecipients: 2}), pageSize(4), with(func(s *config.Settings) { s.Distribution.MaxInvalidStreamsPercent = 20 }))
	var reports []domain.DayReport
	paid := map[domain.Day]map[string]uint64{} // Day, token account.
	for n := range 4 {
		if n > 0 {
			w.nextDay()
		}
		if n == 2 {
			w.nextDay() // Nobody pays on this one.
		}
		before := w.ledger("v")
		report := w.pay("v")
		reports = append(reports, report)
		after, gained := w.ledger("v"), map[string]uint64{}
		for ata, amount := range after.atas {
			if amount > before.atas[ata] {
				gained[ata.String()] = amount - before.atas[ata]
			}
		}
		paid[report.Day] = gained
		w.audited("v", before, report) // It uses the ledger up.
	}
	newest := reports[3]

	w.stopWorker()
	w.settings.Store.DSN = config.NewURL("file:" + filepath.Join(t.TempDir(), "new.db"))
	w.startWorker()
	require.Equal(t, domain.Complete, w.pay("v").State, "the newest day gets its books, with its plan, from a run")
	desk, db := w.desk(), w.store()
	v := desk.Vaults[w.slug("v")]
	v.Payer = payer(w.vault("v"))
	desk.Vaults[w.slug("v")] = v
	since := time.Now().AddDate(0, 0, -7)
	past, err := desk.Past(t.Context(), w.slug("v"), since)
	require.NoError(t, err)
	require.Len(t, past.Days, 3)
	require.Equal(t, newest.Day, past.Newest)
	require.NotNil(t, past.Reaches)
	done, err := desk.Rebuild(t.Context(), db, past)
	require.NoError(t, err)
	require.Len(t, done, 3)
	for i, d := range past.Days {
		require.Equal(t, reports[i].Day, d.Report.Day)
		stored, found, err := db.Report(t.Context(), w.slug("v"), d.Report.Day)
		require.NoError(t, err)
		require.True(t, found)
		require.True(t, stored.Rebuilt)
		require.Equal(t, domain.CompleteUnreconciled, stored.State)
		require.Equal(t, reports[i].Result.Figures, stored.Result.Figures, "the figures are those of the lost books")
		require.Equal(t, reports[i].Signatures, stored.Signatures)
		require.Equal(t, reports[i].Pages, stored.Pages)
		require.Empty(t, stored.Result.Notes)
		pages, err := db.Pages(t.Context(), w.slug("v"), d.Report.Day)
		require.NoError(t, err)
		got := map[string]uint64{}
		for _, p := range pages {
			require.True(t, p.Ours)
			for _, o := range p.Payouts {
				got[o.ATA] += uint64(o.Amount)
			}
		}
		require.Equal(t, paid[d.Report.Day], got, "every recipient's payment is the chain's")
		outcomes, err := db.Outcomes(t.Context(), w.slug("v"), d.Report.Day)
		require.NoError(t, err)
		var sum domain.Amount
		for _, o := range outcomes {
			require.Equal(t, domain.ReasonRebuilt, o.Reason)
			require.NotEmpty(t, o.Stream)
			sum += o.Paid
		}
		require.Equal(t, stored.Result.Paid, sum)
	}
	require.Len(t, past.Gaps, 1, "the date on which nobody was paid: %v", past.Gaps)
	require.Greater(t, past.Gaps[0].Day, reports[1].Day)
	require.Less(t, past.Gaps[0].Day, reports[2].Day)

	again, err := desk.Past(t.Context(), w.slug("v"), since)
	require.NoError(t, err)
	done, err = desk.Rebuild(t.Context(), db, again)
	require.NoError(t, err)
	require.Empty(t, done, "books that are there stay as they are")
	last, _, err := db.Report(t.Context(), w.slug("v"), newest.Day)
	require.NoError(t, err)
	require.Equal(t, domain.Complete, last.State)
	require.False(t, last.Rebuilt)
	w.nextDay()
	before := w.ledger("v")
	w.audited("v", before, w.pay("v"))
}
