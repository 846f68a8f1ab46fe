package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/ops"
)

// slowly makes time between pages, in which a test can act.
func slowly(s *config.Settings) { s.Distribution.DelayBetweenPages = 400 * time.Millisecond }

// paused starts a day and holds it in its middle.
func (w *world) paused(short string, at uint32) (run interface {
	GetID() string
	GetRunID() string
}, resume func() domain.DayReport,
) {
	w.t.Helper()
	started := w.start(short)
	w.cursor(short, at)
	w.signal(started, ops.SignalPause, "the test looks around")
	w.state(started, domain.Paused)
	p, err := w.vaultProgress(short)
	require.NoError(w.t, err)
	require.False(w.t, p, "the day is still open")
	return started, func() domain.DayReport {
		w.signal(started, ops.SignalResume, "go on")
		return w.end(started)
	}
}

func (w *world) vaultProgress(short string) (complete bool, err error) {
	v := w.vault(short)
	p, err := v.Progress(w.node.Bank(), bank.Processed)
	return p.DayComplete, err
}

func (w *world) chainCursor(short string) uint32 {
	v := w.vault(short)
	p, err := v.Progress(w.node.Bank(), bank.Processed)
	require.NoError(w.t, err)
	return p.PaginationCursor
}

func TestX17_NoOpSuccessIsNotProgress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 15}), pageSize(3), with(slowly))
	before := w.ledger("v")
	// Our second page lands late; the stranger turns it first, so ours succeeds and does nothing.
	run := w.start("v")
	w.cursor("v", 3)
	w.node.SetFault(localnet.Fault{Name: "late", Value: 25, Count: 1})
	w.until("our page is on its way", func() bool { return w.node.Requests()["sendTransaction"] >= 2 })
	stranger := w.crank("v", 3, 3)
	report := w.end(run)
	w.audited("v", before, report)
	calls := w.calls("v", before.slot)
	noops := 0
	for _, c := range calls {
		if c.turned == nil {
			noops++
			require.Equal(t, payer(w.vault("v")), c.signer)
			require.EqualValues(t, 3, *c.args.Cursor)
		}
	}
	require.Equal(t, 1, noops, "one call of ours succeeded and turned nothing")
	require.Contains(t, report.Signatures, stranger.String())
}

func TestX25_ForeignCrankIsSeenAndNotOurs(t *testing.T) {
	t.Parallel()
	t.Run("turns a middle page", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 18}), pageSize(3), with(slowly))
		before := w.ledger("v")
		_, resume := w.paused("v", 3)
		stranger := w.crank("v", w.chainCursor("v"), 3)
		report := resume()
		w.audited("v", before, report)
		require.Len(t, w.turned("v", before.slot), 6)
		require.Contains(t, report.Signatures, stranger.String())
		require.Len(t, report.Result.Notes, 1)
		require.Contains(t, report.Result.Notes[0], "foreign crank")
		require.Contains(t, report.Result.Notes[0], ", with the accounts of the plan")
		require.NotContains(t, report.Result.Notes[0], payer(w.vault("v")).String(), "it says whose signature it was")
	})
	t.Run("turns a page of another size", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 18}), pageSize(3), with(slowly))
		before := w.ledger("v")
		_, resume := w.paused("v", 3)
		w.crank("v", w.chainCursor("v"), 5)
		report := resume()
		w.audited("v", before, report)
		require.Contains(t, report.Result.Notes[0], "foreign crank")
	})
	t.Run("turns two pages at once, and we go on as planned", func(t *testing.T) {
		t.Parallel()
		limit := uint64(9_000_000)
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 18, DuplicateRecipients: 6, DailyCap: &limit}), pageSize(3), with(slowly))
		before := w.ledger("v")
		_, resume := w.paused("v", 3)
		w.crank("v", w.chainCursor("v"), 6)
		w.audited("v", before, resume())
	})
	t.Run("opens the day", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 9}), pageSize(3))
		before := w.ledger("v")
		w.crank("v", 0, 3)
		w.slots(2)
		report := w.pay("v")
		w.audited("v", before, report)
		require.Contains(t, report.Result.Notes[0], "cursor 0 was turned by a foreign crank")
	})
	t.Run("opens the day with another size", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 9, DuplicateRecipients: 4}), pageSize(3))
		before := w.ledger("v")
		w.crank("v", 0, 4)
		w.slots(2)
		report := w.pay("v")
		w.audited("v", before, report)
	})
	t.Run("closes the day", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3), with(slowly))
		before := w.ledger("v")
		_, resume := w.paused("v", 6)
		for at := w.chainCursor("v"); at < 12; at += 3 {
			w.crank("v", at, 3)
		}
		report := resume()
		w.audited("v", before, report)
		require.NotEmpty(t, report.Result.Notes)
	})
	t.Run("turns the whole day before we come", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, specs(localnet.VaultSpec{Investors: 6}), pageSize(3))
		w.crank("v", 0, 3)
		w.crank("v", 3, 3)
		w.slots(2)
		require.Equal(t, domain.NotDue, w.pay("v").State)
		require.Zero(t, w.node.Requests()["sendTransaction"])
	})
}

func TestX26_StreamClosedMidDayDoesNotChangeTheManifest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3), with(slowly))
	before := w.ledger("v")
	_, resume := w.paused("v", 3)
	w.closeStream(w.vault("v").Investors[1]) // Paid already: the list and everybody's weight stay.
	w.audited("v", before, resume())
}

func TestX11_AClosedStreamAheadKeepsTheDayOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, specs(localnet.VaultSpec{Investors: 12}), pageSize(3), with(slowly))
	before := w.ledger("v")
	started := w.start("v")
	w.cursor("v", 3)
	last := w.vault("v").Investors[11]
	account, _ := w.node.Bank().Account(last.Stream, bank.Processed)
	whole := *account.Clone()
	w.closeStream(last)
	status := w.state(started, domain.Stuck)
	require.Contains(t, status.Reason, "6007")
	require.EqualValues(t, 9, w.chainCursor("v"), "everybody before that page is paid")
	// The page is right again: a resume tries at once, and the day ends complete.
	w.node.Bank().SetAccount(last.Stream, whole)
	w.signal(started, ops.SignalResume, "the stream is repaired")
	w.audited("v", before, w.end(started))
}
