//go:build postgres

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/store/pgtest"
)

// TestPostgreSQL_DayPaidByTwoWorkersBackupAllLostRestoreNextDayPaid is TestRecovery_DayPaidBackupAllLostRestoreNextDayPaid
// with a database server and two workers, one of which comes back on another database.
func TestPostgreSQL_DayPaidByTwoWorkersBackupAllLostRestoreNextDayPaid(t *testing.T) {
	dsn := pgtest.NewDatabase(t)
	w := newChain(t, specs(localnet.VaultSpec{Investors: 18}), pageSize(3), backedUp, with(func(s *config.Settings) {
		s.Incidents.EvidenceDir = t.TempDir()
		s.Store.DSN = config.NewURL(dsn)
	}))
	stopOne, stopTwo := w.another("one"), w.another("two")
	before := w.ledger("v")
	first := w.pay("v")
	one := w.audited("v", before, first)
	made := w.backup()
	require.NotZero(t, made.Rows)
	db := w.store()
	state, err := db.VerifyAudit(t.Context())
	require.NoError(t, err)
	_, drill := w.drillRun()
	require.Equal(t, 100, drill.Score, drill.Steps)
	stopOne()
	stopTwo()

	w.settings.Store.DSN = config.NewURL(pgtest.NewDatabase(t))
	w.restore(time.Now().Add(time.Second))
	restored, err := w.store().VerifyAudit(t.Context())
	require.NoError(t, err)
	require.Equal(t, state, restored, "the audit log is unbroken")
	w.books("v", first.Day, one.Paid)
	w.startWorker()
	stopThree := w.another("three")
	defer stopThree()
	w.nextDay()
	before = w.ledger("v")
	second := w.pay("v")
	w.books("v", second.Day, w.audited("v", before, second).Paid)
}
