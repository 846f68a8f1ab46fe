package store

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

func openFile(t testing.TB) (*Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "feeops.db")
	s, err := Open(t.Context(), "file:"+path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s, path
}

func TestWrite_AFullDiskStoresNothingAndSaysSo(t *testing.T) {
	s, _ := openFile(t)
	ctx := t.Context()
	var pages int64
	require.NoError(t, s.w.NewRaw("PRAGMA page_count").Scan(ctx, &pages))
	require.NoError(t, s.w.NewRaw("PRAGMA max_page_count = ?", pages).Scan(ctx, &pages))
	big := []domain.Outcome{{Note: strings.Repeat("x", 1<<20)}}
	err := s.SaveOutcomes(ctx, "alpha", "2026-03-01", big)
	require.ErrorIs(t, err, ErrFull)
	require.ErrorContains(t, err, "nothing was stored")
	left, err := s.Outcomes(ctx, "alpha", "2026-03-01")
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestWrite_ALockedDatabaseSaysSo(t *testing.T) {
	s, path := openFile(t)
	ctx := t.Context()
	other, err := connectSQLite(path, 1, busyTimeout, "&_txlock=immediate")
	require.NoError(t, err)
	defer func() { require.NoError(t, other.Close()) }()
	tx, err := other.BeginTx(ctx, nil)
	require.NoError(t, err)
	var ms int64
	require.NoError(t, s.w.NewRaw("PRAGMA busy_timeout = 50").Scan(ctx, &ms))
	require.ErrorIs(t, s.SaveOutcomes(ctx, "alpha", "2026-03-01", nil), ErrLocked)
	_, err = s.Outcomes(ctx, "alpha", "2026-03-01")
	require.NoError(t, err, "readers do not wait for a writer")
	require.NoError(t, tx.Rollback())
	require.NoError(t, s.SaveOutcomes(ctx, "alpha", "2026-03-01", nil))
}

func TestSQLite_IsSetUpToLoseNothing(t *testing.T) {
	s, _ := openFile(t)
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		var got string
		require.NoError(t, s.w.NewRaw("PRAGMA "+name).Scan(t.Context(), &got))
		require.Equal(t, want, got, name)
	}
	_, err := s.r.NewRaw("DELETE FROM intents").Exec(t.Context())
	require.Error(t, err, "the reading connections cannot write")
}

func TestMigrations_GoDownAndUpAgain(t *testing.T) {
	s, path := openFile(t)
	ctx := t.Context()
	require.NoError(t, s.SaveOutcomes(ctx, "alpha", "2026-03-01", []domain.Outcome{{Stream: "s"}}))
	require.NoError(t, s.Close())
	db, err := connectSQLite(path, 1, busyTimeout, "")
	require.NoError(t, err)
	provider, err := newProvider(gooseSQLite, db)
	require.NoError(t, err)
	_, err = provider.DownTo(ctx, 0)
	require.NoError(t, err)
	require.NoError(t, migrate(ctx, gooseSQLite, db))
	require.NoError(t, db.Close())
	again, err := Open(ctx, "file:"+path)
	require.NoError(t, err)
	left, err := again.Outcomes(ctx, "alpha", "2026-03-01")
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, again.Close())
}

// TestMigrations_SecurityKeepsTheLogOfAnOlderProgram opens a store of the schema before the spending caps and receipts.
func TestMigrations_SecurityKeepsTheLogOfAnOlderProgram(t *testing.T) {
	s, path := openFile(t)
	ctx := t.Context()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i, action := range []string{"day.start", "day.end", "safety.stop"} {
		require.NoError(t, s.Audit(ctx, AuditEntry{At: at.Add(time.Duration(i) * time.Minute), Actor: "ann", Action: action, Subject: "alpha", Detail: "d"}))
	}
	before, err := s.VerifyAudit(ctx)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	db, err := connectSQLite(path, 1, busyTimeout, "")
	require.NoError(t, err)
	provider, err := newProvider(gooseSQLite, db)
	require.NoError(t, err)
	_, err = provider.DownTo(ctx, 11)
	require.NoError(t, err)
	var tables int64
	require.NoError(t, db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE name IN ('spendings', 'receipts', 'audit_by_time')").Scan(&tables))
	require.Zero(t, tables, "the older program has none of them")
	require.NoError(t, db.Close())

	again, err := Open(ctx, "file:"+path)
	require.NoError(t, err)
	after, err := again.VerifyAudit(ctx)
	require.NoError(t, err)
	require.Equal(t, before, after, "every entry, with its hash")
	fees, rent, err := again.SpentSince(ctx, "p", time.Time{})
	require.NoError(t, err)
	require.Zero(t, fees+rent, "what was signed before is not known, and is not counted")
	caps := domain.SpendCaps{Total: 10}
	require.NoError(t, again.Spend(ctx, domain.Spending{Payer: "p", Message: "m", At: at, Fee: 10}, caps))
	require.ErrorIs(t, again.Spend(ctx, domain.Spending{Payer: "p", Message: "n", At: at, Fee: 1}, caps), ErrSpend)
	require.NoError(t, again.SaveReceipt(ctx, "alpha", "2026-03-01", at.Add(time.Hour), []byte("{}")))
	last, found, err := again.LastAudit(ctx, "receipt.issue")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, int64(4), last.Seq, "the log goes on where it ended")
	require.NoError(t, again.Close())
}

func TestWrite_ACancelledContextStoresNothing(t *testing.T) {
	s, _ := openFile(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.SaveOutcomes(ctx, "alpha", "2026-03-01", []domain.Outcome{{Stream: "s"}}), context.Canceled)
	left, err := s.Outcomes(t.Context(), "alpha", "2026-03-01")
	require.NoError(t, err)
	require.Empty(t, left)
}

func FuzzColumns(f *testing.F) {
	f.Add("18446744073709551615", []byte{0, 255})
	f.Add("2026-03-01T12:00:00.000000001Z", []byte("x"))
	f.Fuzz(func(t *testing.T, text string, raw []byte) {
		var n number
		if n.Scan(text) == nil {
			back, err := n.Value()
			require.NoError(t, err)
			require.Equal(t, strings.TrimLeft(text, "0"), strings.TrimLeft(back.(string), "0"))
		}
		var m moment
		if m.Scan(text) == nil {
			back, err := m.Value()
			require.NoError(t, err)
			var again moment
			require.NoError(t, again.Scan(back))
			require.Equal(t, m, again)
		}
		var b blob
		_ = b.Scan(text)
		encoded, err := blob(raw).Value()
		require.NoError(t, err)
		require.NoError(t, b.Scan(encoded))
		require.Equal(t, string(raw), string(b))
	})
}

// A stop waits for the transaction that is under way, and not for the writes of this process that queue behind it.
func TestSetSafety_WaitsForNoQueue(t *testing.T) {
	s, _ := openFile(t)
	stop := domain.SafetyFlag{Kind: domain.SafetyStop, Reason: "r", Actor: "a", At: time.Now()}

	t.Run("the only connection for writes is taken", func(t *testing.T) {
		taken, err := s.w.Conn(t.Context())
		require.NoError(t, err)
		require.NoError(t, s.SetSafety(t.Context(), stop))
		flags, err := s.AllSafety(t.Context())
		require.NoError(t, err)
		require.Len(t, flags, 1)
		require.NoError(t, taken.Close())
	})
	t.Run("a transaction is under way", func(t *testing.T) {
		began, release, ended := make(chan struct{}), make(chan struct{}), make(chan error, 2)
		go func() {
			ended <- s.write(context.Background(), "hold", func(bun.Tx) error {
				close(began)
				<-release
				return nil
			})
		}()
		<-began
		other := stop
		other.Vault = "alpha"
		set := make(chan error, 1)
		go func() { set <- s.SetSafety(context.Background(), other) }()
		select {
		case err := <-set:
			require.FailNow(t, "two transactions at once", "%v", err)
		case <-time.After(20 * time.Millisecond): // It is looking for its gap.
		}
		close(release)
		require.NoError(t, <-set)
		require.NoError(t, <-ended)
	})
	t.Run("whoever waits may give up", func(t *testing.T) {
		began, release, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			ended <- s.write(context.Background(), "hold", func(bun.Tx) error {
				close(began)
				<-release
				return nil
			})
		}()
		<-began
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		require.Error(t, s.SetSafety(ctx, stop))
		close(release)
		require.NoError(t, <-ended)
	})
}
